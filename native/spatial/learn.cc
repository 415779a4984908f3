// Learning: errors from the outputs down through the layers, then changes of weights, gains and learning
// rates.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "native/base/error.h"
#include "native/spatial/network.h"
#include "native/spatial/scratch.h"

namespace synfire::spatial {
BatchResult SpatialNetwork::Learn(const Batch& batch, bool continues) {
  CheckInputs(batch.samples, batch.inputs);
  BatchResult result;
  if (accelerator_ != nullptr) {
    GiveToDevice();
    result.loss_sum = accelerator_->Learn(batch, continues, batches_);
    DeviceRan(batch.samples);
  } else {
    result.loss_sum = LearnHere(batch, continues);
  }
  if (!std::isfinite(result.loss_sum)) {
    throw Error(ErrorCode::kNumeric, "The loss is not finite after " + std::to_string(batches_) + " batches",
                "loss", "not finite", "inputs and targets of moderate size");
  }
  batches_ += 1;
  if (spec_.grow_every > 0 && batches_ % spec_.grow_every == 0) {
    TakeFromDevice();
    for (const auto& layer : layers_) {
      const bool fits = memory_bytes() + layer->GrowthBytes() <= spec_.max_memory_bytes;
      if (fits && layer->CanGrow()) result.grown += layer->Grow(*team_);
    }
    if (result.grown > 0) newest_ = Newest::kHere;
  }
  return result;
}

// Learns nothing when the loss that it returns is not finite.
double SpatialNetwork::LearnHere(const Batch& batch, bool continues) {
  Prepare(batch.samples, true, continues);
  LoadInputs(batch.samples, batch.inputs);
  RunForward(true);
  const double loss_sum = OutputErrors(batch);
  if (!std::isfinite(loss_sum)) return loss_sum;
  for (std::size_t layer = layers_.size(); layer-- > 0;) {
    if (layer > 0) PassErrors(layer);
    ForSlices(layer, [&](Slice slice, Scratch& scratch, int) {
      if (single()) {
        UpdateSingle(layer, slice, scratch);
      } else {
        UpdateSites(layer, slice, scratch);
      }
    });
  }
  return loss_sum;
}

// Turns the outputs' slopes into errors times scale; returns the sum over samples of the mean squared error.
double SpatialNetwork::OutputErrors(const Batch& batch) {
  const Layer& l = *layers_.back();
  Activity& a = activity_.back();
  const Extent size = l.grid().size();
  const std::size_t outputs = this->outputs();
  std::vector<double> losses(static_cast<std::size_t>(SlicesOf(layers_.size() - 1).slices));
  ForSlices(layers_.size() - 1, [&](Slice slice, Scratch&, int task) {
    double loss = 0;
    l.ForCells(slice.first, slice.last, [&](std::uint32_t code, const Extent& p) {
      const std::size_t index = p[0] + std::size_t{size[0]} * (p[1] + std::size_t{size[1]} * p[2]);
      const std::size_t at = std::size_t{code} * stride_;
      for (std::uint32_t s = 0; s < samples_; ++s) {
        const float error = a.outputs[at + s] - batch.targets[s * outputs + index];
        loss += static_cast<double>(error) * error;
        const std::uint32_t route = a.routes[at + s];
        if (route == kNoPage) continue;
        a.errors[at + s] *= ClippedError(error) * l.ScaleOf(l.NeuronOf(route));
      }
    });
    losses[static_cast<std::size_t>(task)] = loss;
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum / static_cast<double>(outputs);
}

// From the errors of a layer to those of the layer below. Every cell adds up what its seers tell it in raster
// order of the seers, however many samples there are.
void SpatialNetwork::PassErrors(std::size_t layer) {
  if (single()) {
    ForSlices(layer - 1, [&](Slice slice, Scratch& scratch, int) { GatherSlice(layer, slice, scratch); });
  } else {
    team_->Run(static_cast<int>(blocks()), [&](int block, int worker) {
      ScatterBlock(layer, static_cast<std::uint32_t>(block), *scratch_[static_cast<std::size_t>(worker)]);
    });
  }
}

// Sixteen samples, all sites: no two blocks write to the same lanes.
void SpatialNetwork::ScatterBlock(std::size_t layer, std::uint32_t block, Scratch& scratch) {
  Layer& l = *layers_[layer];
  const Layer& below = *layers_[layer - 1];
  const Activity& a = activity_[layer];
  Activity& b = activity_[layer - 1];
  const std::uint32_t first = block * kLanes;
  float* const sums = sums_.data() + first;
  for (std::uint32_t code = 0; code < below.grid().box_cells(); ++code)
    std::memset(sums + std::size_t{code} * stride_, 0, kLanes * sizeof(float));

  Scatter scatter{};
  scatter.pages = scratch.answers;
  scatter.errors = sums;
  scatter.stride = stride_;
  scatter.codes = scratch.codes.data();
  scatter.cells = l.window().cells();
  const Extent size = l.grid().size();
  for (std::uint32_t z = 0; z < size[2]; ++z) {
    for (std::uint32_t y = 0; y < size[1]; ++y) {
      for (std::uint32_t x = 0; x < size[0]; ++x) {
        const std::size_t at = std::size_t{l.grid().CodeOf(x, y, z)} * stride_ + first;
        bool answered = false;
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
          const std::uint32_t route = a.routes[at + lane];
          scratch.answers[lane] = route == kNoPage ? kZeroPage : l.Page(route);
          answered |= route != kNoPage;
        }
        if (!answered) continue;
        WindowCodes(l.window(), {x, y, z}, scratch.codes.data());
        scatter.delta = a.errors.data() + at;
        ActiveKernels().scatter(l.format(), scatter);
      }
    }
  }
  for (std::uint32_t code = 0; code < below.grid().box_cells(); ++code) {
    const std::size_t at = std::size_t{code} * stride_;
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      const std::uint32_t route = b.routes[at + first + lane];
      if (route == kNoPage) continue;
      b.errors[at + first + lane] *= ClippedError(sums[at + lane]) * below.ScaleOf(below.NeuronOf(route));
    }
  }
}

// One sample, sixteen cells at a time.
void SpatialNetwork::GatherSlice(std::size_t layer, Slice slice, Scratch& scratch) {
  const Layer& l = *layers_[layer];
  const Layer& below = *layers_[layer - 1];
  const Activity& a = activity_[layer];
  Activity& b = activity_[layer - 1];
  const Window& window = l.window();
  Extent positions[kLanes];
  std::uint32_t codes[kLanes], lanes = 0;
  alignas(64) float sums[kLanes];
  Gather gather{};
  gather.delta = a.errors.data();
  gather.routes = a.routes.data();
  gather.weights = l.pages();
  gather.seers = scratch.seers.data();
  gather.places = scratch.places.data();
  gather.slots = window.slots().data();
  gather.sums = sums;
  const auto run = [&] {
    if (lanes == 0) return;
    std::uint32_t *seers = scratch.seers.data(), *places = scratch.places.data(), unit = 1;
    for (int axis = 0; axis < 3; ++axis) {
      std::uint32_t count = 0;
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const auto [first, last] = window.Seers(axis, positions[lane][axis]);
        if (first < last) count = std::max(count, last - first);
      }
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        const std::uint32_t c = positions[std::min(lane, lanes - 1)][axis];
        const auto [first, last] = window.Seers(axis, c);
        for (std::uint32_t i = 0; i < count; ++i) {
          const bool sees = lane < lanes && first + i < last;
          seers[i * kLanes + lane] = sees ? l.grid().Part(axis, first + i) : kNoPage;
          places[i * kLanes + lane] = sees ? (c - window.Start(axis, first + i)) * unit : 0;
        }
      }
      gather.counts[axis] = count;
      seers += count * kLanes;
      places += count * kLanes;
      unit *= window.size()[axis];
    }
    ActiveKernels().gather(l.format(), gather);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::uint32_t route = b.routes[codes[lane]];
      if (route == kNoPage) continue;
      b.errors[codes[lane]] *= ClippedError(sums[lane]) * below.ScaleOf(below.NeuronOf(route));
    }
    lanes = 0;
  };
  below.ForSites(slice.first, slice.last, [&](const Site& site) {
    positions[lanes] = site.position;
    codes[lanes++] = site.code;
    if (lanes == kLanes) run();
  });
  run();
}

// Changes the pages of the first `lanes` of scratch.routes by scratch.step times the gradient; leaves
// scratch.dots.
void SpatialNetwork::Change(std::size_t layer, std::uint32_t lanes, const float* gradient, Scratch& scratch) {
  Layer& l = *layers_[layer];
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const bool used = lane < lanes;
    const std::uint32_t route = used ? scratch.routes[lane] : 0;
    scratch.pages[lane] = used ? l.Page(route) : nullptr;
    scratch.residuals[lane] = used ? l.Residual(route) : nullptr;
    scratch.ids[lane] = used ? l.IdOf(l.NeuronOf(route)) : 0;
    scratch.stream[lane] = l.index() << 8 | route % l.most_pages();
    if (!used) scratch.step[lane] = 0;
  }
  Update update{};
  update.gradient = gradient;
  update.step = scratch.step;
  update.pages = scratch.pages;
  update.residuals = l.keeps_residuals() ? scratch.residuals : nullptr;
  update.ids = scratch.ids;
  update.stream = scratch.stream;
  update.batch = static_cast<std::uint32_t>(batches_);
  update.key[0] = static_cast<std::uint32_t>(spec_.seed);
  update.key[1] = static_cast<std::uint32_t>(spec_.seed >> 32);
  update.lanes = lanes;
  update.dots = scratch.dots;
  ActiveKernels().update(l.format(), update);
}

// All samples at one site after another: gradients by page, then the changes of up to sixteen pages at once.
void SpatialNetwork::UpdateSites(std::size_t layer, Slice slice, Scratch& scratch) {
  const Kernels& kernels = ActiveKernels();
  Layer& l = *layers_[layer];
  const Activity& a = activity_[layer];
  const float* const below = ValuesBelow(layer);
  const PageFormat& format = l.format();
  const std::uint32_t width = scratch.width;
  std::uint32_t first_row[kContexts], route_of[kContexts], count_of[kContexts];
  Experience experiences[kContexts];
  l.ForSites(slice.first, slice.last, [&](const Site& site) {
    // Rows of sums: the pages of the site's neurons, in order.
    std::uint32_t rows = 0;
    std::fill_n(experiences, site.count, Experience{});
    for (std::uint32_t i = 0; i < site.count; ++i) {
      first_row[i] = rows;
      rows += StoredPages(l.neuron(site.first + i));
    }
    std::fill_n(count_of, rows, 0u);
    WindowCodes(l.window(), site.position, scratch.codes.data());
    for (std::uint32_t first = 0; first < samples_; first += kLanes) {
      const std::size_t at = std::size_t{site.code} * stride_ + first;
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        const std::uint32_t route = a.routes[at + lane];
        scratch.rows[lane] = 255;
        scratch.delta[lane] = 0;
        if (route == kNoPage) continue;
        const std::uint32_t n = l.NeuronOf(route), i = n - site.first;
        const std::uint32_t row = first_row[i] + (route - n * l.most_pages());
        const float delta = a.errors[at + lane] / l.ScaleOf(n);
        if (count_of[row]++ == 0) {
          route_of[row] = route;
          std::memset(scratch.sums.data() + std::size_t{row} * width, 0, width * sizeof(float));
        }
        scratch.rows[lane] = static_cast<std::uint8_t>(row);
        scratch.delta[lane] = delta;
        Experience& e = experiences[i];
        e.samples += 1;
        e.errors += std::abs(delta);
        e.outputs += std::abs(a.outputs[at + lane]);
      }
      kernels.load_rows(below + first, stride_, scratch.codes.data(), l.window().cells(),
                        scratch.field.data());
      kernels.accumulate(scratch.field.data(), scratch.delta, scratch.rows, format.weights, width,
                         scratch.sums.data());
    }
    std::uint32_t lanes = 0;
    const auto change = [&] {
      if (lanes == 0) return;
      Change(layer, lanes, scratch.gradient.data(), scratch);
      for (std::uint32_t lane = 0; lane < lanes; ++lane)
        experiences[l.NeuronOf(scratch.routes[lane]) - site.first].dots += scratch.dots[lane];
      lanes = 0;
    };
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (count_of[row] == 0) continue;
      const float* const sums = scratch.sums.data() + std::size_t{row} * width;
      for (std::uint32_t k = 0; k < format.weights; ++k) scratch.gradient[k * kLanes + lanes] = sums[k];
      scratch.routes[lanes] = route_of[row];
      scratch.step[lanes] = l.StepOf(l.NeuronOf(route_of[row]));
      if (++lanes == kLanes) change();
    }
    change();
    for (std::uint32_t i = 0; i < site.count; ++i) l.Settle(site.first + i, experiences[i], samples_);
  });
}

// One sample: the gradient of a page is what it saw, times its error.
void SpatialNetwork::UpdateSingle(std::size_t layer, Slice slice, Scratch& scratch) {
  Layer& l = *layers_[layer];
  const Activity& a = activity_[layer];
  const Window& window = l.window();
  std::uint32_t lanes = 0;
  std::uint32_t codes[kLanes];
  const auto run = [&] {
    if (lanes == 0) return;
    RepeatWindow(window, lanes, scratch.parts.data());
    ActiveKernels().load_cells(ValuesBelow(layer),
                               {scratch.parts.data(), window.size(), window.offsets().data(), window.cells()},
                               scratch.field.data());
    Change(layer, lanes, scratch.field.data(), scratch);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const float delta = scratch.delta[lane];
      const Experience e{1, std::abs(delta), std::abs(a.outputs[codes[lane]]), delta * scratch.dots[lane]};
      l.Settle(l.NeuronOf(scratch.routes[lane]), e, samples_);
    }
    lanes = 0;
  };
  l.ForSites(slice.first, slice.last, [&](const Site& site) {
    const std::uint32_t route = a.routes[site.code];
    for (std::uint32_t n = site.first; n < site.first + site.count; ++n)
      if (route == kNoPage || n != l.NeuronOf(route)) l.Settle(n, {}, samples_);
    if (route == kNoPage) return;
    const std::uint32_t n = l.NeuronOf(route);
    PlaceWindow(window, site.position, lanes, scratch.parts.data());
    const float delta = a.errors[site.code] / l.ScaleOf(n);
    codes[lanes] = site.code;
    scratch.routes[lanes] = route;
    scratch.delta[lanes] = delta;
    scratch.step[lanes] = l.StepOf(n) * delta;
    if (++lanes == kLanes) run();
  });
  run();
}

}  // namespace synfire::spatial
