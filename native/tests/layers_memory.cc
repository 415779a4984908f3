// Allocations: once a network is prepared and warm, neither a training step nor an evaluation makes one.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "native/data/augment.h"
#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace {

std::atomic<int64_t> allocations{0};

void* Allocate(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* AllocateAligned(std::size_t bytes, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
}

void* OrThrow(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Every form of new and delete of the whole program: sanitizers bring forms of their own for those left out.
void* operator new(std::size_t bytes) {
  return OrThrow(Allocate(bytes));
}
void* operator new[](std::size_t bytes) {
  return OrThrow(Allocate(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return OrThrow(AllocateAligned(bytes, alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return OrThrow(AllocateAligned(bytes, alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace synfire::layers {
namespace {

constexpr int kBatch = 20;

template <class Work>
int64_t AllocationsOf(Work work) {
  const int64_t before = allocations.load();
  work();
  return allocations.load() - before;
}

struct MemoryCase {
  std::string name;
  NetworkSpec spec;
  OptimizerSpec optimizer;
};

std::vector<MemoryCase> MemoryCases() {
  std::vector<MemoryCase> cases;
  for (const LearningMode mode : {LearningMode::kRate, LearningMode::kBptt})
    for (const Precision precision : {Precision::kMixed, Precision::kFloat32})
      for (const float clip_norm : {0.0f, 0.5f}) {
        NetworkSpec spec =
            Network({1, 12, 12}, 6,
                    {Conv(8, 3, 2), Pool(LayerKind::kMaxPool2d, 2, 1), DropoutOf(0.2f),
                     Dense(64, 2, InputMode::kCumulative, 0.1f), Dense(20), LinearReadout(10)});
        spec.learning.mode = mode;
        spec.precision = precision;
        const std::string name = std::string(mode == LearningMode::kRate ? "rate" : "bptt") +
                                 (precision == Precision::kMixed ? ", mixed" : ", float32") +
                                 (clip_norm > 0 ? ", clipped" : "");
        cases.push_back({name, spec, {.clip_norm = clip_norm}});
      }
  return cases;
}

TEST("the counter of allocations counts") {
  CHECK_EQUAL(AllocationsOf([] { std::vector<int>(100); }), 1);
  CHECK_EQUAL(AllocationsOf([] { std::string(100, 'x'); }), 1);
  CHECK_EQUAL(AllocationsOf([] {}), 0);
}

TEST("a training step allocates nothing, augmentation included, nor does an evaluation") {
  const Augmentation augmentation = {.shift = 1, .rotate_degrees = 5, .elastic = 1, .elastic_sigma = 3};
  for (const MemoryCase& c : MemoryCases()) {
    LayerNetwork network(c.spec);
    RandomizeParameters(network, 1, 2.5);
    network.Prepare(kBatch, 2, c.optimizer);
    const Pictures pictures(c.spec, kBatch, 2);
    std::vector<AugmentWorkspace> workspaces;
    for (int worker = 0; worker < 2; ++worker) workspaces.emplace_back(augmentation, 12, 12);
    const InputTransform transform = [&](int worker, uint32_t id, const uint8_t* in, uint8_t* out) {
      Augment(augmentation, in, 1, 12, 12, 1, 0, id, workspaces[worker], out);
    };
    std::vector<float> scores(kBatch * 10);
    const auto work = [&] {
      network.TrainStep(pictures.batch(), 1, 0, 0.001f, transform);
      network.Evaluate(pictures.batch(), 1, 0, scores.data());
    };
    work();
    const int64_t made = AllocationsOf([&] {
      for (int repeat = 0; repeat < 3; ++repeat) work();
    });
    if (made != 0)
      test::Fail(c.name + " makes " + std::to_string(made) + " allocations", std::source_location::current());
  }
}

}  // namespace
}  // namespace synfire::layers
