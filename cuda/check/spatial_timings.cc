// Times the spatial engine on the device, by CUDA events and with copies, beside the processor's engine and
// the fewest bytes that must move: spatial_timings [THREADS [CASE]]. With the number of a case, runs only
// that, only on the device.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cuda/check/support.h"
#include "cuda/runtime.h"
#include "cuda/spatial.h"
#include "native/base/cpu_features.h"
#include "native/base/device_library.h"

namespace synfire::spatial {
namespace {

constexpr int kWarmUp = 10, kTimed = 20;
constexpr std::uint8_t kTanh = 6;

/// The median milliseconds of a run by the device's clock.
template <class Run>
double DeviceMilliseconds(cudaStream_t stream, Run&& run) {
  for (int i = 0; i < kWarmUp; ++i) run();
  cuda::Event begin(0), end(0);
  std::vector<float> times(kTimed);
  for (float& time : times) {
    CUDA_CHECK(cudaEventRecord(begin.get(), stream));
    run();
    CUDA_CHECK(cudaEventRecord(end.get(), stream));
    CUDA_CHECK(cudaEventSynchronize(end.get()));
    CUDA_CHECK(cudaEventElapsedTime(&time, begin.get(), end.get()));
  }
  std::nth_element(times.begin(), times.begin() + kTimed / 2, times.end());
  return times[kTimed / 2];
}

/// The median milliseconds of a run by the wall clock, after one that is not counted.
template <class Run>
double WallMilliseconds(int count, Run&& run) {
  using Clock = std::chrono::steady_clock;
  run();
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const Clock::time_point start = Clock::now();
    run();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + count / 2, times.end());
  return times[static_cast<std::size_t>(count / 2)];
}

/// Gigabytes per second of a large copy within the device, read and written.
double CopyBandwidth() {
  constexpr std::size_t kBytes = std::size_t{2} << 30;
  const cuda::DeviceBuffer<char> from(kBytes), to(kBytes);
  const cuda::Stream stream;
  const double time = DeviceMilliseconds(stream.get(), [&] {
    CUDA_CHECK(cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice, stream.get()));
  });
  return 2.0 * kBytes / time / 1e6;
}

/// The fewest bytes: forward reads inputs, one page and what belongs to it of every neuron, and writes
/// outputs; learning reads inputs, outputs and targets once more and writes pages and neurons.
double LeastBytes(const SpatialNetwork& network, std::uint32_t samples, bool learns) {
  double bytes = 0;
  for (std::size_t i = 0; i < network.layers(); ++i) {
    const Layer& l = network.layer(i);
    const double below = i == 0 ? static_cast<double>(network.inputs()) : network.layer(i - 1).grid().cells();
    const double values = 4.0 * samples * (below + l.grid().cells());
    const double pages =
        static_cast<double>(std::min(samples, l.most_pages())) * l.neurons() * l.format().bytes;
    const double neurons = static_cast<double>(l.neurons()) * sizeof(Neuron);
    bytes += (learns ? 2 : 1) * (values + pages + neurons);
  }
  if (learns) bytes += 4.0 * samples * static_cast<double>(network.outputs());
  return bytes;
}

struct Case {
  const char* name;
  std::vector<Extent> grids, reach;
  std::uint32_t capacity, samples;
  int processor_runs;
};

SpatialSpec SpecOf(const Case& c, int threads) {
  SpatialSpec spec;
  spec.grids = c.grids;
  spec.reach = c.reach;
  spec.activations.resize(c.reach.size());
  for (ActivationMap& map : spec.activations) map.fill(kTanh);
  spec.capacity = c.capacity;
  spec.threads = threads;
  return spec;
}

cuda::SpatialEngine* engine_made = nullptr;  // the last one

/// The linked engine, whose networks' engines can be reached.
const cuda::Api& Observed() {
  static const cuda::Api api = [] {
    cuda::Api observed = *synfire_cuda_v1();
    observed.spatial_create = [](int device, const cuda::SpatialNetworkSpec* spec,
                                 cuda::SpatialEngine** engine) {
      const int status = synfire_cuda_v1()->spatial_create(device, spec, engine);
      engine_made = *engine;
      return status;
    };
    return observed;
  }();
  return api;
}

void Time(const Case& c, int threads, double bandwidth) {
  SpatialNetwork there(SpecOf(c, threads), On(Observed())), here(SpecOf(c, threads));
  const std::uint32_t samples = c.samples;
  const std::vector<float> inputs = Numbers(samples * there.inputs(), 1),
                           targets = Numbers(samples * there.outputs(), 2);
  std::vector<float> outputs(samples * there.outputs());
  const Batch batch{samples, inputs.data(), targets.data()};
  const auto forward = [&](SpatialNetwork& network) {
    return [&] { network.Forward(samples, inputs.data(), outputs.data(), false); };
  };
  const auto learn = [&](SpatialNetwork& network) { return [&] { network.Learn(batch, false); }; };
  const double learn_copies = WallMilliseconds(5, learn(there)),
               forward_copies = WallMilliseconds(5, forward(there));
  const double learn_here = c.processor_runs == 0 ? 0 : WallMilliseconds(c.processor_runs, learn(here));
  const double forward_here = c.processor_runs == 0 ? 0 : WallMilliseconds(c.processor_runs, forward(here));
  cuda::SpatialEngine& engine = *engine_made;
  engine.Prepare(samples, true, false);
  engine.CopyIn(inputs.data(), targets.data(), 100);
  const double learn_there = DeviceMilliseconds(engine.stream(), [&] { engine.RunLearn(); });
  const double forward_there = DeviceMilliseconds(engine.stream(), [&] { engine.RunForward(); });
  const auto print = [&](const char* what, double there_ms, double copies, double here_ms, bool learns) {
    const double floor = LeastBytes(here, samples, learns) / bandwidth / 1e6;
    std::printf("%-26s %5u %-8s %9.4f %9.4f %9.3f %7.1fx %9.4f %6.1fx\n", c.name, samples, what, there_ms,
                copies, here_ms, here_ms / there_ms, floor, there_ms / floor);
    std::fflush(stdout);
  };
  print("forward", forward_there, forward_copies, forward_here, false);
  print("learn", learn_there, learn_copies, learn_here, true);
}

int Main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : HardwareThreads();
  const double bandwidth = CopyBandwidth();
  std::printf("copy within the device: %.0f GB/s; processor: %d threads, %s\n", bandwidth, threads,
              IsaName(ActiveIsa()));
  std::printf("%-26s %5s %-8s %9s %9s %9s %8s %9s %7s\n", "ms", "batch", "", "device", "+copies", "processor",
              "ratio", "floor", "over");
  const Extent million{125, 125, 64}, small{16, 16, 16}, cube{1, 1, 1};
  const std::vector<Extent> digits{{28, 28, 1}, {14, 14, 8}, {7, 7, 8}, {10, 1, 1}};
  const std::vector<Extent> digits_reach{{2, 2, 0}, {1, 1, 8}, {4, 4, 8}};
  std::vector<Case> cases{{"1,000,000 neurons", {million, million}, {cube}, 256, 1, 5},
                          {"1,000,000 neurons", {million, million}, {cube}, 256, 64, 2},
                          {"4,096 neurons", {small, small}, {cube}, 256, 64, 10},
                          {"28x28-14x14x8-7x7x8-10", digits, digits_reach, 512, 64, 10},
                          {"28x28-14x14x8-7x7x8-10", digits, digits_reach, 512, 1024, 5}};
  if (argc > 2) {
    cases = {cases.at(static_cast<std::size_t>(std::atoi(argv[2])))};
    cases[0].processor_runs = 0;
  }
  for (const Case& c : cases) Time(c, threads, bandwidth);
  return 0;
}

}  // namespace
}  // namespace synfire::spatial

int main(int argc, char** argv) {
  return synfire::spatial::Report(synfire::spatial::Main, argc, argv);
}
