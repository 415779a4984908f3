// The life of a spatial network: its memory, forward runs, growth and pruning, and its state.
#include "native/spatial/network.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "native/base/error.h"
#include "native/spatial/scratch.h"

namespace synfire::spatial {
namespace {

SpatialSpec Checked(SpatialSpec spec) {
  CheckSpec(spec);
  return spec;
}

constexpr std::uint32_t kNobody = 0xFFFFFFFF;
constexpr float kMostInput = 1e6f;

// Visits the rows of a grid along x by the whole team: visit(index of its first cell, what the row adds to
// codes).
template <class Visit>
void ForRows(const Grid& grid, ThreadTeam& team, Visit&& visit) {
  constexpr std::uint32_t kCellsPerTask = 1024;
  const Extent size = grid.size();
  const std::uint32_t rows = size[1] * size[2], per_task = (kCellsPerTask + size[0] - 1) / size[0];
  team.Run(static_cast<int>((rows + per_task - 1) / per_task), [&](int task, int) {
    const std::uint32_t first = static_cast<std::uint32_t>(task) * per_task;
    for (std::uint32_t row = first; row < std::min(first + per_task, rows); ++row)
      visit(std::size_t{row} * size[0], grid.Part(1, row % size[1]) | grid.Part(2, row / size[1]));
  });
}

// Visits the cells of a grid: visit(index, code).
template <class Visit>
void ForCells(const Grid& grid, ThreadTeam& team, Visit&& visit) {
  ForRows(grid, team, [&](std::size_t index, std::uint32_t row) {
    for (std::uint32_t x = 0; x < grid.size()[0]; ++x) visit(index + x, row | grid.Part(0, x));
  });
}

}  // namespace

SpatialNetwork::SpatialNetwork(SpatialSpec spec) : SpatialNetwork(std::move(spec), MakeAccelerator) {}

SpatialNetwork::SpatialNetwork(SpatialSpec spec, const AcceleratorMaker& make_accelerator)
    : spec_(Checked(std::move(spec))),
      input_(spec_.grids[0]),
      activity_(spec_.layers()),
      team_(std::make_unique<ThreadTeam>(spec_.threads)) {
  for (std::size_t i = 0; i < spec_.layers(); ++i)
    layers_.push_back(std::make_unique<Layer>(spec_, i, GridBelow(i)));
  accelerator_ = make_accelerator(spec_, layers_);
}

SpatialNetwork::~SpatialNetwork() = default;

std::uint64_t SpatialNetwork::memory_bytes() const {
  std::uint64_t bytes = values_.bytes() + sums_.bytes();
  if (accelerator_ != nullptr) bytes += accelerator_->memory_bytes();
  for (const auto& layer : layers_) bytes += layer->memory_bytes();
  for (const Activity& a : activity_)
    bytes += a.outputs.bytes() + a.errors.bytes() + a.routes.bytes() + a.state.bytes();
  return bytes;
}

const Layer& SpatialNetwork::layer(std::size_t index) const {
  TakeFromDevice();
  return *layers_[index];
}

// What has changed here since the device had it.
void SpatialNetwork::GiveToDevice() {
  if (newest_ != Newest::kHere) return;
  accelerator_->Upload(layers_);
  for (std::size_t i = 0; i < layers_.size(); ++i)
    if (!activity_[i].state.empty()) accelerator_->UploadState(samples_, i, activity_[i].state.span());
  newest_ = Newest::kBoth;
}

void SpatialNetwork::TakeFromDevice() const {
  if (accelerator_ == nullptr || newest_ != Newest::kDevice) return;
  accelerator_->Download(layers_);
  for (std::size_t i = 0; i < layers_.size() && spec_.temporal_decay > 0; ++i) {
    AlignedBuffer<float>& state = activity_[i].state;
    const std::size_t size = std::size_t{layers_[i]->grid().box_cells()} * stride_;
    if (state.size() != size) state = AlignedBuffer<float>(size);
    accelerator_->DownloadState(i, state.span());
  }
  newest_ = Newest::kBoth;
}

void SpatialNetwork::DeviceRan(std::uint32_t samples) {
  samples_ = samples;
  stride_ = StrideOf(samples);
  newest_ = Newest::kDevice;
}

void SpatialNetwork::SetThreads(int threads) {
  if (threads == team_->threads()) return;
  team_ = std::make_unique<ThreadTeam>(threads);
  scratch_.clear();
}

// Of everything by code and lane.
std::uint64_t SpatialNetwork::ActivityBytes(std::uint32_t samples, bool learns) const {
  std::uint64_t cells = input_.box_cells(), most_cells = 0;
  const std::uint64_t arrays = 1 + (learns ? 2 : 0) + (spec_.temporal_decay > 0 ? 1 : 0);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::uint64_t box = layers_[i]->grid().box_cells();
    cells += arrays * box;
    if (i + 1 < layers_.size()) most_cells = std::max(most_cells, box);
  }
  if (learns && samples > 1) cells += most_cells;
  return cells * StrideOf(samples) * sizeof(float);
}

void SpatialNetwork::Prepare(std::uint32_t samples, bool learns, bool continues) {
  const std::uint32_t stride = StrideOf(samples);
  const bool same = stride == stride_;
  const bool keeps_state = same && continues && samples == samples_;
  if (!same || (learns && activity_[0].errors.empty())) {
    std::uint64_t bytes = ActivityBytes(samples, learns);
    for (const auto& layer : layers_) bytes += layer->memory_bytes();
    CheckMemory(spec_, bytes);
  }
  if (!same) {
    values_ = AlignedBuffer<float>(std::size_t{input_.box_cells()} * stride);
    sums_ = {};
    scratch_.clear();
  }
  std::size_t most_cells = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Activity& a = activity_[i];
    const std::size_t size = std::size_t{layers_[i]->grid().box_cells()} * stride;
    if (!same) a = {};
    if (a.outputs.empty()) a.outputs = AlignedBuffer<float>(size);
    if (learns && a.errors.empty()) {
      a.errors = AlignedBuffer<float>(size);
      a.routes = AlignedBuffer<std::uint32_t>(size);
      std::fill(a.routes.begin(), a.routes.end(), kNoPage);
    }
    if (spec_.temporal_decay > 0) {
      if (a.state.empty()) a.state = AlignedBuffer<float>(size);
      if (!keeps_state) std::fill(a.state.begin(), a.state.end(), 0.0f);
    }
    if (i + 1 < layers_.size()) most_cells = std::max(most_cells, size);
  }
  if (learns && stride > 1 && sums_.empty()) sums_ = AlignedBuffer<float>(most_cells);
  stride_ = stride;
  samples_ = samples;
  if (!scratch_.empty()) return;
  std::uint32_t weights = 0, sides = 0, seers = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& l = *layers_[i];
    const Extent window = l.window().size(), own = l.grid().size();
    weights = std::max(weights, l.format().weights);
    sides = std::max(sides, window[0] + window[1] + window[2]);
    if (i > 0) seers = std::max(seers, own[0] + own[1] + own[2]);
  }
  for (int worker = 0; worker < team_->threads(); ++worker)
    scratch_.push_back(std::make_unique<Scratch>(weights, sides, seers, stride));
}

// Row by row and sample by sample, so that both sides stay in the first-level cache.
void SpatialNetwork::LoadInputs(std::uint32_t samples, const float* inputs) {
  const std::size_t size = this->inputs();
  const std::uint32_t width = input_.size()[0];
  ForRows(input_, *team_, [&](std::size_t index, std::uint32_t row) {
    for (std::uint32_t s = 0; s < samples; ++s) {
      const float* const from = inputs + s * size + index;
      float* const to = values_.data() + s;
      for (std::uint32_t x = 0; x < width; ++x) to[std::size_t{row | input_.Part(0, x)} * stride_] = from[x];
    }
  });
}

void SpatialNetwork::StoreOutputs(std::uint32_t samples, float* outputs) const {
  const std::size_t size = this->outputs();
  const Grid& grid = layers_.back()->grid();
  const std::uint32_t width = grid.size()[0];
  ForRows(grid, *team_, [&](std::size_t index, std::uint32_t row) {
    for (std::uint32_t s = 0; s < samples; ++s) {
      const float* const from = activity_.back().outputs.data() + s;
      float* const to = outputs + s * size + index;
      for (std::uint32_t x = 0; x < width; ++x) to[x] = from[std::size_t{row | grid.Part(0, x)} * stride_];
    }
  });
}

bool SpatialNetwork::AllWithin(std::span<const float> values, float most) const {
  constexpr std::size_t kPerTask = 1 << 16;
  std::atomic<bool> all{true};
  team_->Run(static_cast<int>((values.size() + kPerTask - 1) / kPerTask), [&](int task, int) {
    const std::size_t first = static_cast<std::size_t>(task) * kPerTask;
    std::uint32_t within = 1;
    for (const float value : values.subspan(first, std::min(kPerTask, values.size() - first)))
      within &= std::abs(value) <= most;
    if (within == 0) all.store(false, std::memory_order_relaxed);
  });
  return all;
}

// Larger values would overflow on their way through many layers.
void SpatialNetwork::CheckInputs(std::uint32_t samples, const float* inputs) const {
  if (samples == 0) throw InvalidArgument("samples", "0", "at least one");
  if (AllWithin({inputs, samples * this->inputs()}, kMostInput)) return;
  throw Error(ErrorCode::kNumeric,
              "inputs hold a number that is not finite or too large; expected numbers from -1e6 to 1e6",
              "inputs", "not finite or too large", "numbers from -1e6 to 1e6");
}

void SpatialNetwork::LastOutputs(float* outputs) const {
  if (accelerator_ != nullptr) return accelerator_->LastOutputs(outputs);
  StoreOutputs(samples_, outputs);
}

void SpatialNetwork::Forward(std::uint32_t samples, const float* inputs, float* outputs, bool continues) {
  CheckInputs(samples, inputs);
  if (accelerator_ != nullptr) {
    GiveToDevice();
    accelerator_->Forward(samples, inputs, outputs, continues);
    DeviceRan(samples);
  } else {
    Prepare(samples, false, continues);
    LoadInputs(samples, inputs);
    RunForward(false);
    StoreOutputs(samples, outputs);
  }
  if (AllWithin({outputs, samples * this->outputs()}, std::numeric_limits<float>::max())) return;
  ResetState();
  throw Error(ErrorCode::kNumeric, "The outputs are not finite; expected inputs of moderate size", "inputs",
              "too large", "inputs of moderate size");
}

void SpatialNetwork::RunForward(bool learns) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    ForSlices(layer, [&](Slice slice, Scratch& scratch, int) {
      if (single()) {
        ForwardSingle(layer, slice, learns, scratch);
      } else {
        ForwardSites(layer, slice, learns, scratch);
      }
    });
  }
}

// All samples at one site after another.
void SpatialNetwork::ForwardSites(std::size_t layer, Slice slice, bool learns, Scratch& scratch) {
  const Kernels& kernels = ActiveKernels();
  Layer& l = *layers_[layer];
  Activity& a = activity_[layer];
  const float* const below = ValuesBelow(layer);
  const std::uint32_t cells = l.window().cells();
  l.ForSites(slice.first, slice.last, [&](const Site& site) {
    WindowCodes(l.window(), site.position, scratch.codes.data());
    const float* const middle = below + std::size_t{MiddleCode(l.window(), site.position)} * stride_;
    const auto load = [&](std::uint32_t first) {
      kernels.load_rows(below + first, stride_, scratch.codes.data(), cells, scratch.field.data());
    };
    // Every new pattern finds its page before any of the samples is answered.
    for (std::uint32_t first = 0; first < stride_; first += kLanes) {
      load(first);
      const std::uint32_t active = kernels.contexts(scratch.field.data(), middle + first, cells,
                                                    spec_.pattern_bits, scratch.contexts.data() + first);
      for (std::uint32_t s = first; learns && s < std::min(first + kLanes, samples_); ++s)
        if (active >> (s - first) & 1) l.Remember(site, scratch.contexts[s]);
    }
    for (std::uint32_t first = 0; first < stride_; first += kLanes) {
      if (stride_ > kLanes) load(first);
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        scratch.neurons[lane] =
            first + lane < samples_ ? l.Answerer(site, scratch.contexts[first + lane]) : kNobody;
      }
      const std::size_t at = std::size_t{site.code} * stride_ + first;
      RespondLanes(layer, scratch.contexts.data() + first, a.state.empty() ? nullptr : a.state.data() + at,
                   a.outputs.data() + at, learns ? a.errors.data() + at : nullptr, scratch);
      if (learns) std::memcpy(a.routes.data() + at, scratch.routes, sizeof(scratch.routes));
    }
  });
}

// One sample at sixteen sites at a time.
void SpatialNetwork::ForwardSingle(std::size_t layer, Slice slice, bool learns, Scratch& scratch) {
  const Kernels& kernels = ActiveKernels();
  Layer& l = *layers_[layer];
  Activity& a = activity_[layer];
  const float* const below = ValuesBelow(layer);
  const Window& window = l.window();
  Site sites[kLanes];
  std::uint32_t lanes = 0;
  const auto run = [&] {
    if (lanes == 0) return;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const Site& site = sites[lane];
      PlaceWindow(window, site.position, lane, scratch.parts.data());
      scratch.middle[lane] = below[MiddleCode(window, site.position)];
      if (!a.state.empty()) scratch.state[lane] = a.state[site.code];
    }
    RepeatWindow(window, lanes, scratch.parts.data());
    kernels.load_cells(below, {scratch.parts.data(), window.size(), window.offsets().data(), window.cells()},
                       scratch.field.data());
    const std::uint32_t active = kernels.contexts(scratch.field.data(), scratch.middle, window.cells(),
                                                  spec_.pattern_bits, scratch.lane_contexts);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      if (learns && lane < lanes && (active >> lane & 1))
        l.Remember(sites[lane], scratch.lane_contexts[lane]);
      scratch.neurons[lane] = lane < lanes ? l.Answerer(sites[lane], scratch.lane_contexts[lane]) : kNobody;
    }
    RespondLanes(layer, scratch.lane_contexts, a.state.empty() ? nullptr : scratch.state, scratch.output,
                 learns ? scratch.slope : nullptr, scratch);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::uint32_t code = sites[lane].code;
      a.outputs[code] = scratch.output[lane];
      if (!a.state.empty()) a.state[code] = scratch.state[lane];
      if (!learns) continue;
      a.errors[code] = scratch.slope[lane];
      a.routes[code] = scratch.routes[lane];
    }
    lanes = 0;
  };
  l.ForSites(slice.first, slice.last, [&](const Site& site) {
    sites[lanes++] = site;
    if (lanes == kLanes) run();
  });
  run();
}

// What scratch.neurons answer to scratch.field, and the numbers of their pages.
void SpatialNetwork::RespondLanes(std::size_t layer, const std::uint8_t* contexts, float* state,
                                  float* output, float* slope, Scratch& scratch) {
  const Layer& l = *layers_[layer];
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const std::uint32_t n = scratch.neurons[lane];
    scratch.stored[lane] = n == kNobody ? 0 : l.neuron(n).stored;
  }
  ActiveKernels().ranks(scratch.stored, contexts, scratch.ranks);
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const std::uint32_t n = scratch.neurons[lane];
    const bool silent = scratch.stored[lane] == 0;
    const std::uint32_t route = silent ? kNoPage : n * l.most_pages() + scratch.ranks[lane];
    scratch.routes[lane] = route;
    scratch.kinds[lane] = l.activations()[contexts[lane]];
    scratch.answers[lane] = silent ? kZeroPage : l.Page(route);
    scratch.scale[lane] = silent ? 0 : l.ScaleOf(n);
  }
  Response response{};
  response.field = scratch.field.data();
  response.pages = scratch.answers;
  response.scale = scratch.scale;
  response.kinds = scratch.kinds;
  response.decay = spec_.temporal_decay;
  response.state = state;
  response.output = output;
  response.slope = slope;
  ActiveKernels().respond(l.format(), response);
}

std::vector<std::uint32_t> SpatialNetwork::Grow() {
  TakeFromDevice();
  std::vector<std::uint32_t> counts;
  std::uint64_t bytes = memory_bytes();
  for (const auto& layer : layers_) {
    layer->CheckGrowth();
    bytes += layer->GrowthBytes();
  }
  CheckMemory(spec_, bytes);
  for (const auto& layer : layers_) counts.push_back(layer->Grow(*team_));
  newest_ = Newest::kHere;
  return counts;
}

std::vector<std::uint32_t> SpatialNetwork::Prune(float threshold, PruneBy by) {
  TakeFromDevice();
  newest_ = Newest::kHere;
  std::vector<std::uint32_t> counts;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    counts.push_back(layers_[i]->Prune(threshold, by, *team_));
    if (counts.back() == 0) continue;
    // Sites that fall silent are not visited any more: what they said last must not stay.
    Activity& a = activity_[i];
    std::fill(a.outputs.begin(), a.outputs.end(), 0.0f);
    std::fill(a.errors.begin(), a.errors.end(), 0.0f);
    std::fill(a.routes.begin(), a.routes.end(), kNoPage);
  }
  return counts;
}

void SpatialNetwork::ResetState() {
  if (accelerator_ != nullptr) accelerator_->ResetState();
  for (Activity& a : activity_) std::fill(a.state.begin(), a.state.end(), 0.0f);
}

NetworkState SpatialNetwork::Export() const {
  TakeFromDevice();
  NetworkState state;
  state.batches = batches_;
  for (const auto& layer : layers_) state.layers.push_back(layer->Export());
  if (spec_.temporal_decay == 0) return state;
  state.samples = samples_;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    std::vector<float>& temporal = state.temporal.emplace_back();
    const Activity& a = activity_[i];
    if (a.state.empty()) continue;
    temporal.resize(std::size_t{layers_[i]->grid().cells()} * samples_);
    ForCells(layers_[i]->grid(), *team_, [&](std::size_t index, std::uint32_t code) {
      std::copy_n(a.state.data() + std::size_t{code} * stride_, samples_, temporal.data() + index * samples_);
    });
  }
  return state;
}

void SpatialNetwork::Import(const NetworkState& state) {
  const auto refuse = [](const std::string& name, const std::string& value, const std::string& expected) {
    throw Error(ErrorCode::kCheckpoint,
                "The checkpoint's " + name + " is " + value + "; expected " + expected, name, value,
                expected);
  };
  constexpr std::uint32_t kMostSamples = 65536;
  if (state.layers.size() != layers_.size())
    refuse("layers", std::to_string(state.layers.size()), std::to_string(layers_.size()));
  if (state.samples > kMostSamples) refuse("samples", std::to_string(state.samples), "at most 65536");
  const std::size_t states = spec_.temporal_decay > 0 ? layers_.size() : 0;
  if (!state.temporal.empty() && state.temporal.size() != states)
    refuse("temporal states", std::to_string(state.temporal.size()), std::to_string(states));
  for (std::size_t i = 0; i < state.temporal.size(); ++i) {
    const std::size_t size = std::size_t{layers_[i]->grid().cells()} * state.samples;
    const std::vector<float>& temporal = state.temporal[i];
    const std::string name = "layers." + std::to_string(i) + ".temporal";
    if (temporal.size() != size)
      refuse(name, std::to_string(temporal.size()) + " values", std::to_string(size) + " values");
    for (const float value : temporal)
      if (!std::isfinite(value)) refuse(name, "not finite", "finite values");
  }
  std::uint64_t bytes = ActivityBytes(std::max(state.samples, 1u), false);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i]->CheckState(state.layers[i], "layers." + std::to_string(i));
    bytes += layers_[i]->BytesOf(state.layers[i]);
  }
  CheckMemory(spec_, bytes);
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i]->Import(state.layers[i]);
  batches_ = state.batches;
  for (Activity& a : activity_) a = {};
  if (accelerator_ != nullptr) accelerator_->ResetState();
  newest_ = Newest::kHere;
  stride_ = 0;
  samples_ = 0;
  if (state.temporal.empty() || state.samples == 0) return;
  Prepare(state.samples, false, false);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    ForCells(layers_[i]->grid(), *team_, [&](std::size_t index, std::uint32_t code) {
      std::copy_n(state.temporal[i].data() + index * samples_, samples_,
                  activity_[i].state.data() + std::size_t{code} * stride_);
    });
  }
}

}  // namespace synfire::spatial
