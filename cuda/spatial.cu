// The spatial engine of a GPU; see spatial_kernels.cuh for the kernels.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "cuda/spatial.h"
#include "cuda/spatial_kernels.cuh"
#include "native/spatial/batch.h"
#include "native/spatial/grid.h"

namespace synfire::cuda {

using spatial::Extent;
using spatial::Grid;
using spatial::SlicingOf;
using spatial::StrideOf;
using spatial::Window;

namespace {

constexpr std::uint32_t kMostLaneBits = 6;

unsigned Blocks(std::size_t count, unsigned each) {
  return static_cast<unsigned>((count + each - 1) / each);
}

Extent ExtentOf(const std::uint32_t (&size)[3]) {
  return {size[0], size[1], size[2]};
}

// The raster index of every code; kNone where there is no cell.
std::vector<std::uint32_t> RasterOf(const Grid& grid) {
  std::vector<std::uint32_t> raster(grid.box_cells(), kNone);
  const Extent size = grid.size();
  std::uint32_t index = 0;
  for (std::uint32_t z = 0; z < size[2]; ++z)
    for (std::uint32_t y = 0; y < size[1]; ++y)
      for (std::uint32_t x = 0; x < size[0]; ++x) raster[grid.CodeOf(x, y, z)] = index++;
  return raster;
}

template <class T>
void CopyTo(DeviceBuffer<T>& buffer, const std::vector<T>& values) {
  buffer = DeviceBuffer<T>(values.size());
  buffer.CopyFrom(values.data(), values.size());
}

std::uint32_t CodePitch(const Window& window) {
  return (window.cells() + 3) / 4 * 4;
}

// The codes that all sites see, unless that is the usual cube or much.
std::vector<std::uint32_t> WindowCodesOf(const Window& window, const SpatialLayerArrays& arrays) {
  constexpr std::size_t kMost = std::size_t{1} << 22;
  std::vector<std::uint32_t> codes;
  if (window.size() == Extent{3, 3, 3} || std::size_t{window.cells()} * arrays.site_count > kMost)
    return codes;
  for (std::uint32_t i = 0; i < arrays.site_count; ++i) {
    const auto& position = arrays.sites[i].position;
    for (const Extent& offset : window.offsets()) {
      codes.push_back(window.Parts(0, position[0])[offset[0]] | window.Parts(1, position[1])[offset[1]] |
                      window.Parts(2, position[2])[offset[2]]);
    }
    codes.resize(codes.size() + CodePitch(window) - window.cells());
  }
  return codes;
}

// Calls run.template operator()<bits, cube>().
template <class Run>
void ForShape(const LayerView& l, Run&& run) {
  const std::uint32_t* const size = l.window.size;
  const bool cube = size[0] == 3 && size[1] == 3 && size[2] == 3;
  switch (l.rules.format.bits) {
    case 1:
      return cube ? run.template operator()<1, true>() : run.template operator()<1, false>();
    case 2:
      return cube ? run.template operator()<2, true>() : run.template operator()<2, false>();
    default:
      return cube ? run.template operator()<4, true>() : run.template operator()<4, false>();
  }
}

template <std::uint32_t bits, class Group, bool residual>
void Teach(const LayerView& l, const BatchView& b, cudaStream_t stream) {
  constexpr unsigned kGroups = kLessonBlock<Group> / Group::kSize;
  SiteMemory memory{.rows = MostRows(l), .slots = Group::kSize};
  const std::size_t bytes = kGroups * memory.Place(nullptr, l.most_neurons);
  Launch(UpdateSites<bits, Group, residual>, dim3(Blocks(l.site_count, kGroups)), kLessonBlock<Group>, bytes,
         stream, l, b);
}

template <std::uint32_t bits, bool cube, bool residual>
void UpdateAs(const LayerView& l, const BatchView& b, cudaStream_t stream) {
  const std::uint32_t weights = l.rules.format.weights;
  if (b.stride == 1) {
    Launch(UpdateSingle<bits, cube, residual>, dim3(Blocks(l.site_count, kBlock)), kBlock, 0, stream, l, b);
  } else if (cube || weights <= kWarp) {
    Teach<bits, Warp, residual>(l, b, stream);
  } else if (weights <= kBlock) {
    Teach<bits, Block<kBlock>, residual>(l, b, stream);
  } else {
    Teach<bits, Block<4 * kBlock>, residual>(l, b, stream);
  }
}

}  // namespace

struct SpatialEngine::Layer {
  explicit Layer(const SpatialLayerSpec& spec)
      : spec(spec),
        below(ExtentOf(spec.below)),
        grid(ExtentOf(spec.grid)),
        window(below, grid, ExtentOf(spec.reach)) {}

  SpatialLayerSpec spec;
  Grid below, grid;
  Window window;
  WindowView view{};
  DeviceBuffer<std::uint32_t> tables;
  DeviceBuffer<std::uint8_t> activations;
  DeviceBuffer<SiteEntry> sites;
  DeviceBuffer<std::uint32_t> codes;  ///< of the cells that each site sees, where there is little
  DeviceBuffer<std::uint8_t> wants;
  std::uint32_t most_neurons = 1;  ///< of one site
  DeviceBuffer<std::uint32_t> ids;
  DeviceBuffer<Neuron> neurons;
  DeviceBuffer<std::uint8_t> weights;
  DeviceBuffer<std::int16_t> residuals;
  // By code and lane.
  DeviceBuffer<float> outputs, errors;
  DeviceBuffer<std::uint32_t> routes;
  /// The newest one and the one before: sites may be answered twice in a batch.
  DeviceBuffer<float> state, old_state;
};

SpatialEngine::SpatialEngine(int device, const SpatialNetworkSpec& spec)
    : device_(device), pattern_bits_(spec.pattern_bits), decay_(spec.temporal_decay) {
  CUDA_CHECK(cudaSetDevice(device_));
  for (std::uint32_t i = 0; i < spec.layer_count; ++i) {
    layers_.push_back(std::make_unique<Layer>(spec.layers[i]));
    MakeTables(i, spec.layers[i]);
  }
  const Grid &input = layers_.front()->below, &output = layers_.back()->grid;
  inputs_ = input.cells();
  input_codes_ = input.box_cells();
  outputs_ = output.cells();
  output_codes_ = output.box_cells();
  CopyTo(input_raster_, RasterOf(input));
  CopyTo(output_raster_, RasterOf(output));
  batch_ = DeviceBuffer<std::uint32_t>(sizeof(BatchState) / sizeof(std::uint32_t));
}

SpatialEngine::~SpatialEngine() {
  cudaSetDevice(device_);
}

void SpatialEngine::MakeTables(std::uint32_t layer, const SpatialLayerSpec& spec) {
  Layer& l = *layers_[layer];
  WindowView& view = l.view;
  std::vector<std::uint32_t> tables;
  const std::uint32_t** const ends[] = {view.parts, view.middles, view.starts, view.seers, view.own};
  std::vector<std::size_t> begins;
  for (int axis = 0; axis < 3; ++axis) {
    const std::uint32_t over = l.grid.size()[axis], under = l.below.size()[axis];
    view.size[axis] = l.window.size()[axis];
    begins.push_back(tables.size());
    tables.insert(tables.end(), l.window.Parts(axis, 0), l.window.Parts(axis, 0) + over * view.size[axis]);
    begins.push_back(tables.size());
    for (std::uint32_t c = 0; c < over; ++c) tables.push_back(l.window.MiddlePart(axis, c));
    begins.push_back(tables.size());
    for (std::uint32_t c = 0; c < over; ++c) tables.push_back(l.window.Start(axis, c));
    begins.push_back(tables.size());
    for (std::uint32_t c = 0; c < under; ++c) {
      const auto range = l.window.Seers(axis, c);
      tables.insert(tables.end(), range.begin(), range.end());
    }
    begins.push_back(tables.size());
    for (std::uint32_t c = 0; c < over; ++c) tables.push_back(l.grid.Part(axis, c));
  }
  view.cells = l.window.cells();
  const std::size_t offsets = tables.size();
  for (const Extent& offset : l.window.offsets()) tables.insert(tables.end(), offset.begin(), offset.end());
  const std::size_t slots = tables.size();
  tables.insert(tables.end(), l.window.slots().begin(), l.window.slots().end());
  CopyTo(l.tables, tables);
  for (std::size_t i = 0; i < begins.size(); ++i) ends[i % 5][i / 5] = l.tables.data() + begins[i];
  view.offsets = l.tables.data() + offsets;
  view.slots = l.tables.data() + slots;
  CopyTo(l.activations, std::vector<std::uint8_t>(spec.activations, spec.activations + spatial::kContexts));
}

// ---- memory

void SpatialEngine::Upload(std::uint32_t layer, const SpatialLayerArrays& arrays) {
  CUDA_CHECK(cudaSetDevice(device_));
  Layer& l = *layers_[layer];
  const LayerRules& rules = l.spec.rules;
  const std::size_t pages = std::size_t{arrays.neuron_count} * rules.most_pages;
  if (l.neurons.size() != arrays.neuron_count || l.weights.empty()) {
    l.neurons = {};
    l.weights = {};
    l.residuals = {};
    l.neurons = DeviceBuffer<Neuron>(arrays.neuron_count);
    l.weights = DeviceBuffer<std::uint8_t>(pages * rules.format.bytes);
    if (l.spec.keeps_residuals) l.residuals = DeviceBuffer<std::int16_t>(pages * rules.format.weights);
  }
  l.neurons.CopyFrom(arrays.neurons, arrays.neuron_count);
  l.weights.CopyFrom(arrays.weights, l.weights.size());
  l.residuals.CopyFrom(arrays.residuals, l.residuals.size());
  l.sites = DeviceBuffer<SiteEntry>(arrays.site_count);
  l.sites.CopyFrom(arrays.sites, arrays.site_count);
  l.most_neurons = 1;
  for (std::uint32_t i = 0; i < arrays.site_count; ++i)
    l.most_neurons = std::max<std::uint32_t>(l.most_neurons, arrays.sites[i].count);
  l.wants = DeviceBuffer<std::uint8_t>(arrays.site_count);
  CopyTo(l.codes, WindowCodesOf(l.window, arrays));
  l.view.codes = l.codes.data();
  l.view.code_pitch = CodePitch(l.window);
  if (layer + 1 == layers_.size()) {
    std::vector<std::uint8_t> silent;
    if (arrays.site_count < outputs_) {
      silent.resize(output_codes_);
      for (std::uint32_t code = 0; code < output_codes_; ++code)
        silent[code] = l.grid.Contains(l.grid.PositionOf(code));
      for (std::uint32_t i = 0; i < arrays.site_count; ++i) silent[arrays.sites[i].code] = 0;
    }
    CopyTo(silent_, silent);
  }
  l.ids = DeviceBuffer<std::uint32_t>(arrays.ids == nullptr ? 0 : arrays.neuron_count);
  l.ids.CopyFrom(arrays.ids, l.ids.size());
  // Sites that have fallen silent are not visited: what they said last must not stay.
  l.outputs.Clear();
  l.errors.Clear();
  l.routes.Clear(0xFF);
}

void SpatialEngine::Download(std::uint32_t layer, const SpatialLayerArrays& arrays) {
  CUDA_CHECK(cudaSetDevice(device_));
  stream_.Wait();
  const Layer& l = *layers_[layer];
  l.neurons.CopyTo(arrays.neurons, l.neurons.size());
  l.weights.CopyTo(arrays.weights, l.weights.size());
  l.residuals.CopyTo(arrays.residuals, l.residuals.size());
}

void SpatialEngine::UploadState(std::uint32_t samples, std::uint32_t layer, const float* state) {
  Prepare(samples, false, true);
  Layer& l = *layers_[layer];
  l.state.CopyFrom(state, l.state.size());
  l.old_state.CopyFrom(state, l.old_state.size());
}

void SpatialEngine::DownloadState(std::uint32_t layer, float* state) {
  CUDA_CHECK(cudaSetDevice(device_));
  stream_.Wait();
  layers_[layer]->state.CopyTo(state, layers_[layer]->state.size());
}

void SpatialEngine::ResetState() {
  CUDA_CHECK(cudaSetDevice(device_));
  for (const auto& l : layers_) {
    l->state.Clear();
    l->old_state.Clear();
  }
}

std::uint64_t SpatialEngine::memory_bytes() const {
  std::uint64_t bytes = input_raster_.bytes() + output_raster_.bytes() + input_rows_.bytes() +
                        target_rows_.bytes() + output_rows_.bytes() + values_.bytes() + targets_.bytes() +
                        differences_.bytes() + silent_.bytes() + losses_.bytes();
  for (const auto& l : layers_) {
    bytes += l->tables.bytes() + l->sites.bytes() + l->ids.bytes() + l->neurons.bytes() + l->weights.bytes() +
             l->residuals.bytes() + l->outputs.bytes() + l->errors.bytes() + l->state.bytes() +
             l->old_state.bytes() + l->routes.bytes() + l->codes.bytes() + l->wants.bytes();
  }
  return bytes;
}

void SpatialEngine::Prepare(std::uint32_t samples, bool learns, bool continues) {
  CUDA_CHECK(cudaSetDevice(device_));
  const std::uint32_t stride = StrideOf(samples);
  const bool same = stride == stride_;
  const bool keeps_state = same && continues && samples == samples_;
  const auto ensure = [&](auto& buffer, std::size_t size) {
    if (buffer.size() == size) return;
    buffer = {};
    buffer = std::remove_reference_t<decltype(buffer)>(size);
  };
  ensure(values_, std::size_t{input_codes_} * stride);
  if (input_rows_.size() < std::size_t{samples} * inputs_)
    ensure(input_rows_, std::size_t{samples} * inputs_);
  if (output_rows_.size() < std::size_t{samples} * outputs_)
    ensure(output_rows_, std::size_t{samples} * outputs_);
  for (const auto& l : layers_) {
    const std::size_t size = std::size_t{l->grid.box_cells()} * stride;
    if (!same) {
      l->errors = {};
      l->routes = {};
    }
    ensure(l->outputs, size);
    if (learns && l->errors.empty()) {
      ensure(l->errors, size);
      ensure(l->routes, size);
      l->routes.Clear(0xFF);
    }
    if (decay_ > 0) {
      ensure(l->state, size);
      ensure(l->old_state, size);
      if (!keeps_state) {
        l->state.Clear();
        l->old_state.Clear();
      }
    }
  }
  if (learns) {
    ensure(targets_, std::size_t{output_codes_} * stride);
    ensure(differences_, targets_.size());
    if (target_rows_.size() < std::size_t{samples} * outputs_)
      ensure(target_rows_, std::size_t{samples} * outputs_);
    const auto slices = static_cast<std::size_t>(SlicingOf(output_codes_, stride).slices);
    ensure(losses_, slices);
    if (host_losses_.size() != slices) host_losses_ = PinnedBuffer<double>(slices);
  }
  samples_ = samples;
  stride_ = stride;
}

LayerView SpatialEngine::ViewOf(std::uint32_t layer, bool learns) const {
  const Layer& l = *layers_[layer];
  LayerView view{};
  view.rules = l.spec.rules;
  view.window = l.view;
  view.activations = l.activations.data();
  view.sites = l.sites.data();
  view.site_count = static_cast<std::uint32_t>(l.sites.size());
  view.most_neurons = l.most_neurons;
  view.ids = l.ids.data();
  view.neurons = l.neurons.data();
  view.weights = l.weights.data();
  view.residuals = l.residuals.data();
  view.below = layer == 0 ? values_.data() : layers_[layer - 1]->outputs.data();
  view.outputs = l.outputs.data();
  view.errors = l.errors.data();
  view.routes = l.routes.data();
  view.wants = l.wants.data();
  view.old_state = l.old_state.data();
  view.state = l.state.data();
  if (learns && layer + 1 == layers_.size()) {
    view.targets = targets_.data();
    view.differences = differences_.data();
  }
  return view;
}

BatchView SpatialEngine::View() const {
  std::uint32_t lane_bits = 0;  // the largest power of two of lanes, up to 64, that divides the stride
  while (lane_bits < kMostLaneBits && stride_ % (2u << lane_bits) == 0) ++lane_bits;
  return {samples_, stride_, lane_bits, pattern_bits_, decay_, reinterpret_cast<BatchState*>(batch_.data())};
}

// ---- runs

void SpatialEngine::Forward(std::uint32_t samples, const float* inputs, float* outputs, bool continues) {
  Prepare(samples, false, continues);
  CopyIn(inputs, nullptr, 0);
  RunForward();
  StoreOutputs();
  stream_.Wait();
  output_rows_.CopyTo(outputs, std::size_t{samples} * outputs_);
}

double SpatialEngine::Learn(std::uint32_t samples, const float* inputs, const float* targets, bool continues,
                            std::uint64_t batches) {
  Prepare(samples, true, continues);
  CopyIn(inputs, targets, batches);
  RunLearn();
  stream_.Wait();
  double sum = 0;
  for (std::size_t slice = 0; slice < host_losses_.size(); ++slice) sum += host_losses_.data()[slice];
  return sum / static_cast<double>(outputs_);
}

void SpatialEngine::LastOutputs(float* outputs) {
  CUDA_CHECK(cudaSetDevice(device_));
  StoreOutputs();
  stream_.Wait();
  output_rows_.CopyTo(outputs, std::size_t{samples_} * outputs_);
}

void SpatialEngine::CopyIn(const float* inputs, const float* targets, std::uint64_t batches) {
  input_rows_.CopyFrom(inputs, std::size_t{samples_} * inputs_);
  if (targets == nullptr) return;
  target_rows_.CopyFrom(targets, std::size_t{samples_} * outputs_);
  const BatchState state{static_cast<std::uint32_t>(batches), 0};
  std::uint32_t words[2];
  std::memcpy(words, &state, sizeof(state));
  batch_.CopyFrom(words, 2);
}

void SpatialEngine::RunForward() {
  TurnIn(input_raster_.data(), input_codes_, inputs_, input_rows_.data(), values_.data());
  Answer(false);
}

void SpatialEngine::RunLearn() {
  TurnIn(input_raster_.data(), input_codes_, inputs_, input_rows_.data(), values_.data());
  TurnIn(output_raster_.data(), output_codes_, outputs_, target_rows_.data(), targets_.data());
  Answer(true);
  const auto last = static_cast<std::uint32_t>(layers_.size() - 1);
  CopySilent();
  SumLosses();
  for (std::uint32_t layer = last + 1; layer-- > 0;) {
    if (layer > 0) PassErrors(layer);
    Update(layer);
  }
  CUDA_CHECK(cudaStreamWaitEvent(stream_.get(), joined_.get(), 0));
}

void SpatialEngine::TurnIn(const std::uint32_t* raster, std::uint32_t codes, std::uint32_t cells,
                           const float* rows, float* lanes) {
  if (stride_ == 1) {
    Launch(TurnInSingle, dim3(Blocks(codes, kBlock)), kBlock, 0, stream_.get(), raster, codes, rows, lanes);
    return;
  }
  constexpr std::size_t kTileBytes = kWarp * (kWarp + 1) * sizeof(float);
  Launch(cuda::TurnIn, dim3(Blocks(codes, kWarp), Blocks(stride_, kWarp)), kWarp * kTurnRows, kTileBytes,
         stream_.get(), View(), raster, codes, cells, rows, lanes);
}

void SpatialEngine::StoreOutputs() {
  const float* const lanes = layers_.back()->outputs.data();
  if (stride_ == 1) {
    Launch(TurnOutSingle, dim3(Blocks(output_codes_, kBlock)), kBlock, 0, stream_.get(),
           output_raster_.data(), output_codes_, lanes, output_rows_.data());
    return;
  }
  constexpr std::size_t kTileBytes = kWarp * (kWarp + 1) * sizeof(float);
  Launch(TurnOut, dim3(Blocks(output_codes_, kWarp), Blocks(stride_, kWarp)), kWarp * kTurnRows, kTileBytes,
         stream_.get(), View(), output_raster_.data(), output_codes_, outputs_, lanes, output_rows_.data());
}

void SpatialEngine::Answer(bool learns) {
  const BatchView b = View();
  for (std::uint32_t layer = 0; layer < layers_.size(); ++layer) {
    std::swap(layers_[layer]->state, layers_[layer]->old_state);
    const LayerView l = ViewOf(layer, learns);
    if (l.site_count == 0) continue;
    const dim3 grid(Blocks(std::size_t{l.site_count} << b.lane_bits, kBlock), stride_ >> b.lane_bits);
    ForShape(l, [&]<std::uint32_t bits, bool cube>() {
      if (!learns) {
        Launch(cuda::Answer<bits, cube, Mode::kForward>, grid, kBlock, 0, stream_.get(), l, b);
      } else if (stride_ == 1) {
        Launch(cuda::Answer<bits, cube, Mode::kAlone>, grid, kBlock, 0, stream_.get(), l, b);
      } else {
        constexpr std::size_t kSeenBytes = kBlock / kWarp * spatial::kContexts * sizeof(std::uint32_t);
        Launch(cuda::Answer<bits, cube, Mode::kLearn>, grid, kBlock, 0, stream_.get(), l, b);
        Launch(AnswerNew<bits, cube>, dim3(Blocks(l.site_count, kBlock)), kBlock, kSeenBytes, stream_.get(),
               l, b);
      }
    });
  }
}

void SpatialEngine::CopySilent() {
  if (silent_.empty()) return;
  const BatchView b = View();
  const dim3 grid(Blocks(std::size_t{output_codes_} << b.lane_bits, kBlock), stride_ >> b.lane_bits);
  Launch(cuda::CopySilent, grid, kBlock, 0, stream_.get(), b, silent_.data(), output_codes_, targets_.data(),
         differences_.data());
}

// Beside the updates, which need not know the sum.
void SpatialEngine::SumLosses() {
  CUDA_CHECK(cudaEventRecord(forked_.get(), stream_.get()));
  CUDA_CHECK(cudaStreamWaitEvent(side_.get(), forked_.get(), 0));
  const spatial::Slicing slicing = SlicingOf(output_codes_, stride_);
  Launch(cuda::SumLosses, dim3(Blocks(static_cast<std::size_t>(slicing.slices) * kLossLanes, kBlock)), kBlock,
         kLossBytes, side_.get(), View(), slicing, differences_.data(), losses_.data());
  CUDA_CHECK(cudaMemcpyAsync(host_losses_.data(), losses_.data(), losses_.bytes(), cudaMemcpyDeviceToHost,
                             side_.get()));
  CUDA_CHECK(cudaEventRecord(joined_.get(), side_.get()));
}

void SpatialEngine::PassErrors(std::uint32_t layer) {
  const BatchView b = View();
  const LayerView l = ViewOf(layer, true), below = ViewOf(layer - 1, true);
  if (below.site_count == 0) return;
  const dim3 grid(Blocks(std::size_t{below.site_count} << b.lane_bits, kBlock), stride_ >> b.lane_bits);
  Launch(cuda::PassErrors, grid, kBlock, 0, stream_.get(), l, below, b);
}

void SpatialEngine::Update(std::uint32_t layer) {
  const BatchView b = View();
  const LayerView l = ViewOf(layer, true);
  if (l.site_count == 0) return;
  ForShape(l, [&]<std::uint32_t bits, bool cube>() {
    if (l.residuals == nullptr) {
      UpdateAs<bits, cube, false>(l, b, stream_.get());
    } else {
      UpdateAs<bits, cube, true>(l, b, stream_.get());
    }
  });
}

}  // namespace synfire::cuda
