// Building, planning, running and updating a layer network.
#include "native/layers/network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "native/base/error.h"
#include "native/base/philox.h"
#include "native/layers/dropout.h"
#include "native/layers/loss.h"
#include "native/layers/pooling.h"

namespace synfire::layers {
namespace {

/// Standard normal draws, two per counter (Box and Muller).
void FillNormal(uint64_t seed, uint32_t stream, double standard_deviation, std::vector<float>* out) {
  const std::array<uint32_t, 2> key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  for (size_t i = 0; i < out->size(); i += 2) {
    const auto draw =
        Philox({static_cast<uint32_t>(i / 2), static_cast<uint32_t>(i >> 33), stream, 0x1a1e1u}, key);
    const double u = (static_cast<double>(draw[0]) + 1.0) / 4294967296.0, angle = draw[1] / 4294967296.0;
    const double radius = standard_deviation * std::sqrt(-2.0 * std::log(u));
    (*out)[i] = static_cast<float>(radius * std::cos(2 * std::numbers::pi * angle));
    if (i + 1 < out->size())
      (*out)[i + 1] = static_cast<float>(radius * std::sin(2 * std::numbers::pi * angle));
  }
}

size_t Count(const std::vector<int>& shape) {
  size_t n = 1;
  for (const int s : shape) n *= static_cast<size_t>(s);
  return n;
}

/// Reorders (channel, row, column) pixels to (row, column, channel).
void ChannelsLast(const Shape& shape, const uint8_t* in, uint8_t* out) {
  const int positions = shape.height * shape.width;
  for (int c = 0; c < shape.channels; ++c)
    for (int p = 0; p < positions; ++p)
      out[static_cast<size_t>(p) * shape.channels + c] = in[static_cast<size_t>(c) * positions + p];
}

}  // namespace

LayerNetwork::LayerNetwork(NetworkSpec spec, const Kernels& kernels)
    : spec_(std::move(spec)), kernels_(kernels) {
  Build();
  ConnectLayers();
  AllocateParameters(false, false);
  InitializeWeights();
  Prepare(1, 1, std::nullopt);
}

LayerNetwork::~LayerNetwork() = default;

// ---- building
// ----------------------------------------------------------------------------------------------------

void LayerNetwork::Build() {
  const std::vector<Shape> shapes = CheckedShapes(spec_);
  input_.shape = spec_.input;
  input_.channel_stride = spec_.input.channels;
  input_.raw = true;
  if (spec_.encoder.kind == EncoderKind::kDirect) {
    input_.max_count = 255;
    input_.scale = input_.training_scale = spec_.encoder.gain / 255.0f;
  }
  Signal* below = &input_;
  Layer* below_layer = nullptr;
  bool learns_below = false;
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const LayerSpec& layer = spec_.layers[i];
    Node node{layer, shapes[i], nullptr};
    if (layer.synaptic()) {
      auto synaptic = std::make_unique<SynapticLayer>(layer, spec_, *below, shapes[i], kernels_);
      synaptic->SetBelow(below_layer, below, learns_below);
      learns_below = learns_below || synaptic->learns();
      node.synaptic = synaptic.get();
      synaptic_.push_back(synaptic.get());
      node.layer = std::move(synaptic);
    } else if (layer.kind != LayerKind::kFlatten) {
      if (!below_layer)
        throw InvalidArgument(layer.name + ".kind", "pooling or dropout",
                              "a conv2d or dense layer before it");
      node.layer = layer.kind == LayerKind::kDropout
                       ? MakeDropout(layer, spec_, *below, below_layer, static_cast<int>(i))
                       : MakePooling(layer, spec_, *below, below_layer, shapes[i]);
    }
    if (node.layer) {
      below_layer = node.layer.get();
      below = &below_layer->mutable_output();
    }
    nodes_.push_back(std::move(node));
  }
  any_learns_ = learns_below;
  readout_ = synaptic_.back();
  classes_ = readout_->spec().units;
  for (SynapticLayer* layer : synaptic_) {
    parameters_.push_back(&layer->synapse().weight());
    parameters_.push_back(&layer->bias());
  }
}

/// Rows of gradient that the loss hands to the readout.
int LayerNetwork::RowsPerOutput() const {
  return spec_.readout == Readout::kMeanCount ? 1 : readout_->updates();
}

void LayerNetwork::ConnectLayers() {
  Reader reader;
  reader.rows = RowsPerOutput();
  reader.row_of_step.assign(spec_.timesteps, 0);
  reader.rate_weight.assign(spec_.timesteps, 1);
  if (reader.rows > 1)
    for (int t = 0; t < spec_.timesteps; ++t) reader.row_of_step[t] = t / readout_->spec().update_every;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node)
    if (node->layer) reader = node->layer->Connect(reader, spec_.learning.mode);
}

void LayerNetwork::InitializeWeights() {
  for (size_t i = 0; i < synaptic_.size(); ++i) {
    Parameter& weight = synaptic_[i]->synapse().weight();
    std::vector<float> user(Count(weight.shape));
    FillNormal(spec_.seed, static_cast<uint32_t>(i), synaptic_[i]->spec().init_std, &user);
    synaptic_[i]->synapse().Import(user.data(), weight.value);
  }
}

void LayerNetwork::AllocateParameters(bool training, bool keep_gradients) {
  storage_.resize(parameters_.size());
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Parameter& p = *parameters_[i];
    Storage& s = storage_[i];
    if (s.value.empty()) s.value = AlignedBuffer<float>(p.size);
    const bool dense_weight = i % 2 == 0 && synaptic_[i / 2]->synapse().needs_batch_gradient();
    const bool trained = training && (p.trained || keep_gradients);
    s.gradient = AlignedBuffer<float>(trained && (!dense_weight || keep_gradients) ? p.size : 0);
    const bool momentum =
        optimizer_ && (optimizer_->kind != OptimizerKind::kSgd || optimizer_->momentum != 0);
    s.m = AlignedBuffer<float>(trained && momentum ? p.size : 0);
    s.v = AlignedBuffer<float>(trained && optimizer_ && optimizer_->kind != OptimizerKind::kSgd ? p.size : 0);
    p.value = s.value.data();
    p.gradient = s.gradient.data();
    p.m = s.m.data();
    p.v = s.v.data();
  }
}

size_t LayerNetwork::Prepare(int batch, int threads, const std::optional<OptimizerSpec>& optimizer,
                             bool keep_gradients) {
  if (batch < 1 || batch > 65536)
    throw InvalidArgument("batchSize", std::to_string(batch), "an integer from 1 to 65536");
  if (threads < 1 || threads > ThreadTeam::kMaxThreads)
    throw InvalidArgument("threads", std::to_string(threads),
                          "an integer from 1 to " + std::to_string(ThreadTeam::kMaxThreads));
  optimizer_ = optimizer;
  keep_gradients_ = keep_gradients || (optimizer && optimizer->clip_norm > 0);
  extent_ = {batch, threads, spec_.timesteps, optimizer.has_value(), spec_.learning.mode};
  AllocateParameters(optimizer.has_value(), keep_gradients_);
  optimizer_step_ = 0;
  ReservePlan();
  if (!team_ || team_->threads() != threads) team_ = std::make_unique<ThreadTeam>(threads);
  Refresh(initialized_);
  initialized_ = true;
  size_t bytes = plan_->bytes();
  for (const Storage& s : storage_) bytes += s.value.bytes() + s.gradient.bytes() + s.m.bytes() + s.v.bytes();
  return bytes;
}

void LayerNetwork::ReservePlan() {
  plan_ = nullptr;  // gives the old memory back before the new is taken
  auto plan = std::make_unique<Plan>();
  const size_t workers = extent_.workers, batch = extent_.batch;
  plan->Reserve(&input_.data, batch * spec_.timesteps * input_.size());
  plan->Reserve(&picture_, workers * 2 * input_size());
  plan->Reserve(&scores_, batch * classes_);
  plan->Reserve(&sample_loss_, batch);
  plan->Reserve(&sample_correct_, batch);
  plan->Reserve(&read_step_, workers * classes_);
  plan->Reserve(&score_gradient_, workers * classes_);
  for (Node& node : nodes_)
    if (node.layer) node.layer->Reserve(*plan, extent_);
  if (extent_.training) {
    size_t largest = static_cast<size_t>(RowsPerOutput()) * readout_->neurons();
    for (const Node& node : nodes_)
      if (node.layer && node.layer.get() != readout_)
        largest = std::max(largest, static_cast<size_t>(spec_.timesteps) * node.layer->output().size());
    gradient_stride_ = largest * kChunk;
    plan->Reserve(&gradient_a_, workers * gradient_stride_);
    plan->Reserve(&gradient_b_, workers * gradient_stride_);
    update_tasks_ = 0;
    for (SynapticLayer* layer : synaptic_)
      if (layer->weight_trained()) update_tasks_ += layer->synapse().UpdateTasks();
    plan->Reserve(&task_squares_, update_tasks_);
    plan->Reserve(&task_layer_, update_tasks_);
    plan->Reserve(&task_index_, update_tasks_);
  }
  plan->Commit();
  plan_ = std::move(plan);
  if (!extent_.training) return;
  int at = 0;  // large layers first, so that the small ones fill the gaps at the end
  std::vector<int> order;
  for (size_t l = 0; l < synaptic_.size(); ++l)
    if (synaptic_[l]->weight_trained()) order.push_back(static_cast<int>(l));
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return synaptic_[a]->synapse().weight().size > synaptic_[b]->synapse().weight().size;
  });
  for (const int l : order)
    for (int t = 0; t < synaptic_[l]->synapse().UpdateTasks(); ++t, ++at) {
      task_layer_[at] = l;
      task_index_[at] = t;
    }
}

void LayerNetwork::Refresh(bool keep_scales) {
  for (SynapticLayer* layer : synaptic_) {
    if (keep_scales && layer->synapse().quantization_scale())
      layer->synapse().RefreshQuantized();
    else
      layer->synapse().Refresh();
    layer->RefreshBias();
  }
}

// ---- tensors
// -----------------------------------------------------------------------------------------------------

std::vector<LayerInfo> LayerNetwork::Layers() const {
  std::vector<LayerInfo> infos;
  for (const Node& node : nodes_) {
    LayerInfo info{node.spec.name, node.spec.kind, node.shape, 0, 0, 0};
    if (node.synaptic) {
      info.parameters = static_cast<double>(Count(node.synaptic->synapse().weight().shape));
      if (node.spec.bias) info.parameters += node.shape.channels;
      info.macs = node.synaptic->synapse().macs();
      info.neurons = node.spec.neuron ? node.shape.size() : 0;
    }
    infos.push_back(info);
  }
  return infos;
}

std::vector<LayerNetwork::Tensor> LayerNetwork::AllTensors() const {
  std::vector<Tensor> tensors;
  const auto add = [&](const std::string& prefix, float* Parameter::*member, bool is_parameter) {
    for (SynapticLayer* layer : synaptic_) {
      Parameter& w = layer->synapse().weight();
      Parameter& b = layer->bias();
      if (w.*member)
        tensors.push_back(
            {{prefix + w.name, w.shape}, w.*member, w.size, layer, Tensor::Kind::kWeight, is_parameter});
      if (b.*member)
        tensors.push_back(
            {{prefix + b.name, b.shape}, b.*member, b.size, layer, Tensor::Kind::kBias, is_parameter});
    }
  };
  add("", &Parameter::value, true);
  for (SynapticLayer* layer : synaptic_)
    if (float* scale = layer->synapse().quantization_scale())
      tensors.push_back({{layer->spec().name + ".scale", {layer->spec().units}},
                         scale,
                         0,
                         layer,
                         Tensor::Kind::kScale,
                         false});
  add("optimizer.m.", &Parameter::m, false);
  add("optimizer.v.", &Parameter::v, false);
  return tensors;
}

std::vector<TensorInfo> LayerNetwork::Parameters() const {
  std::vector<TensorInfo> infos;
  for (const Tensor& t : AllTensors())
    if (t.is_parameter) infos.push_back(t.info);
  return infos;
}

std::vector<TensorInfo> LayerNetwork::Tensors() const {
  std::vector<TensorInfo> infos;
  for (const Tensor& t : AllTensors()) infos.push_back(t.info);
  return infos;
}

LayerNetwork::Tensor LayerNetwork::FindTensor(const std::string& name) const {
  for (const Tensor& t : AllTensors())
    if (t.info.name == name) return t;
  throw InvalidArgument("tensor", "'" + name + "'", "the name of a tensor of this network");
}

size_t LayerNetwork::TensorSize(const std::string& name) const {
  return Count(FindTensor(name).info.shape);
}

void LayerNetwork::ReadTensor(const std::string& name, float* out) const {
  const Tensor t = FindTensor(name);
  if (t.kind == Tensor::Kind::kWeight)
    const_cast<SynapticLayer*>(t.layer)->synapse().Export(t.data, out);
  else
    std::memcpy(out, t.data, Count(t.info.shape) * sizeof(float));
}

void LayerNetwork::WriteTensor(const std::string& name, const float* values, size_t count) {
  const Tensor t = FindTensor(name);
  if (count != Count(t.info.shape))
    throw InvalidArgument(name, std::to_string(count) + " values",
                          std::to_string(Count(t.info.shape)) + " values");
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(values[i]) || (t.kind == Tensor::Kind::kScale && values[i] <= 0))
      throw InvalidArgument(name + "[" + std::to_string(i) + "]", std::to_string(values[i]),
                            t.kind == Tensor::Kind::kScale ? "a number above 0" : "a finite number");
  auto* layer = const_cast<SynapticLayer*>(t.layer);
  if (t.kind == Tensor::Kind::kWeight)
    layer->synapse().Import(values, t.data);
  else
    std::memcpy(t.data, values, count * sizeof(float));
  if (t.kind == Tensor::Kind::kScale) layer->synapse().RefreshQuantized();
  if (t.is_parameter && t.kind == Tensor::Kind::kWeight) layer->synapse().Refresh();
  if (t.is_parameter && t.kind == Tensor::Kind::kBias) layer->RefreshBias();
}

void LayerNetwork::ReadGradient(const std::string& parameter, std::vector<float>* out) const {
  const Tensor t = FindTensor(parameter);
  auto* layer = const_cast<SynapticLayer*>(t.layer);
  const Parameter& p = t.kind == Tensor::Kind::kWeight ? layer->synapse().weight() : layer->bias();
  out->assign(Count(t.info.shape), 0.0f);
  if (!p.gradient) return;
  if (t.kind == Tensor::Kind::kWeight)
    layer->synapse().Export(p.gradient, out->data());
  else
    std::memcpy(out->data(), p.gradient, out->size() * sizeof(float));
}

void LayerNetwork::CheckFinite() const {
  for (const Parameter* p : parameters_)
    for (size_t i = 0; i < p->size; ++i)
      if (!std::isfinite(p->value[i]))
        throw Error(ErrorCode::kNumeric,
                    p->name +
                        " holds a value that is not finite; expected finite weights: lower the "
                        "learning rate or set clipNorm",
                    p->name);
}

void LayerNetwork::ThrowNotFinite(const std::string& what) const {
  CheckFinite();
  throw Error(ErrorCode::kNumeric,
              what + " is not finite at " + readout_->spec().name +
                  "; expected a finite loss: lower the learning rate or set clipNorm",
              readout_->spec().name);
}

// ---- running
// -----------------------------------------------------------------------------------------------------

void LayerNetwork::LoadInput(const Pass& pass, const Chunk& chunk, const Batch& batch,
                             const InputTransform* transform) {
  uint8_t* picture = picture_ + static_cast<size_t>(chunk.worker) * 2 * input_size();
  for (int s = chunk.first; s < chunk.first + chunk.count; ++s) {
    const uint8_t* pixels = batch.pixels[s];
    if (transform && *transform) {
      (*transform)(chunk.worker, pass.ids[s], pixels, picture);
      pixels = picture;
    }
    if (spec_.input.channels > 1) {
      ChannelsLast(spec_.input, pixels, picture + input_size());
      pixels = picture + input_size();
    }
    kernels_.encode({spec_.encoder.kind, spec_.timesteps, spec_.encoder.deterministic_steps,
                     spec_.input.size(), spec_.encoder.kind == EncoderKind::kRate ? spec_.encoder.gain : 1.0f,
                     pass.seed, pass.epoch, pass.ids[s], pixels,
                     input_.data + static_cast<size_t>(s) * spec_.timesteps * input_.size()});
  }
}

void LayerNetwork::ForwardChunk(const Pass& pass, const Chunk& chunk) {
  for (Node& node : nodes_)
    if (node.layer) node.layer->Forward(pass, chunk);
}

/// `read_step` tells, per class, which update's membrane was read.
void LayerNetwork::ReadScores(const Chunk& chunk, int s, float* scores, int* read_step) const {
  const int n = readout_->neurons();
  if (readout_->linear_readout()) {
    std::memcpy(scores, readout_->Readout(chunk, s), classes_ * sizeof(float));
  } else if (spec_.readout == Readout::kMeanCount) {
    const Signal& out = readout_->output();
    const uint8_t* spikes = out.data + static_cast<size_t>(chunk.first + s) * spec_.timesteps * n;
    for (int c = 0; c < classes_; ++c) {
      int count = 0;
      for (int t = 0; t < spec_.timesteps; ++t) count += spikes[static_cast<size_t>(t) * n + c];
      scores[c] = static_cast<float>(count) / static_cast<float>(spec_.timesteps);
    }
  } else {
    const float* potential = readout_->Readout(chunk, s);
    const int last = readout_->updates() - 1;
    for (int c = 0; c < classes_; ++c) {
      int best = last;
      if (spec_.readout == Readout::kMaxMembrane)
        for (int k = last; k >= 0; --k)
          if (potential[static_cast<size_t>(k) * n + c] >= potential[static_cast<size_t>(best) * n + c])
            best = k;
      read_step[c] = best;
      scores[c] = potential[static_cast<size_t>(best) * n + c];
    }
  }
}

void LayerNetwork::LossGradient(int s, const float* score_gradient, const int* read_step, float* out) const {
  const int n = readout_->neurons();
  float* rows = out + static_cast<size_t>(s) * RowsPerOutput() * n;
  std::fill_n(rows, static_cast<size_t>(RowsPerOutput()) * n, 0.0f);
  const bool membrane = spec_.readout != Readout::kMeanCount;
  const float scale =
      readout_->linear_readout() || membrane ? 1.0f : 1.0f / static_cast<float>(spec_.timesteps);
  for (int c = 0; c < classes_; ++c)
    rows[(membrane ? static_cast<size_t>(read_step[c]) * n : 0) + c] = score_gradient[c] * scale;
}

void LayerNetwork::ScoreChunk(const Pass& pass, const Chunk& chunk, const Batch& batch) {
  int* read_step = read_step_ + static_cast<size_t>(chunk.worker) * classes_;
  float* score_gradient = score_gradient_ + static_cast<size_t>(chunk.worker) * classes_;
  float* gradient = pass.training ? gradient_a_ + chunk.worker * gradient_stride_ : nullptr;
  const float gradient_scale = spec_.loss.mean ? static_cast<float>(1.0 / weight_sum_) : 1.0f;
  for (int s = 0; s < chunk.count; ++s) {
    const int sample = chunk.first + s;
    float* scores = scores_ + static_cast<size_t>(sample) * classes_;
    ReadScores(chunk, s, scores, read_step);
    if (!batch.labels) continue;
    const float weight = batch.weights ? batch.weights[sample] : 1.0f;
    sample_loss_[sample] = SampleLoss(spec_.loss, scores, classes_, batch.labels[sample], weight,
                                      gradient_scale, gradient ? score_gradient : nullptr);
    sample_correct_[sample] = ArgMax(scores, classes_) == batch.labels[sample];
    if (gradient) LossGradient(s, score_gradient, read_step, gradient);
  }
}

void LayerNetwork::BackwardChunk(const Pass& pass, const Chunk& chunk) {
  float* from = gradient_a_ + chunk.worker * gradient_stride_;
  float* to = gradient_b_ + chunk.worker * gradient_stride_;
  int layers_left = 0;  // that learn, at or below the current one
  for (const SynapticLayer* layer : synaptic_) layers_left += layer->learns();
  for (auto node = nodes_.rbegin(); node != nodes_.rend() && layers_left > 0; ++node) {
    if (!node->layer) continue;
    if (node->synaptic && node->synaptic->learns()) --layers_left;
    node->layer->Backward(pass, chunk, from, layers_left > 0 ? to : nullptr);
    std::swap(from, to);
  }
}

LayerNetwork::StepResult LayerNetwork::RunBatch(const Pass& pass, const Batch& batch,
                                                const InputTransform* transform, bool encode) {
  const int chunks = (pass.samples + kChunk - 1) / kChunk;
  weight_sum_ = 0;
  for (int s = 0; s < pass.samples; ++s) weight_sum_ += batch.weights ? batch.weights[s] : 1.0;
  if (!(weight_sum_ > 0)) weight_sum_ = 1;
  team_->Run(chunks, [&](int task, int worker) {
    const int first = task * kChunk;
    const Chunk chunk{task, first, std::min(kChunk, pass.samples - first), worker};
    if (encode) LoadInput(pass, chunk, batch, transform);
    ForwardChunk(pass, chunk);
    ScoreChunk(pass, chunk, batch);
    if (pass.training && any_learns_) BackwardChunk(pass, chunk);
  });
  StepResult result;
  if (!batch.labels) return result;
  for (int s = 0; s < pass.samples; ++s) {
    result.loss_sum += sample_loss_[s];
    result.correct += sample_correct_[s];
  }
  return result;
}

LayerNetwork::StepResult LayerNetwork::TrainStep(const Batch& batch, uint64_t seed, uint32_t epoch,
                                                 float learning_rate, const InputTransform& transform) {
  const Pass pass{batch.samples, true, seed, epoch, batch.ids};
  StepResult result = RunBatch(pass, batch, &transform, true);
  if (!std::isfinite(result.loss_sum)) ThrowNotFinite("The loss");
  if (any_learns_) Update(pass, learning_rate, &result);
  return result;
}

LayerNetwork::StepResult LayerNetwork::Evaluate(const Batch& batch, uint64_t seed, uint32_t epoch,
                                                float* scores) {
  const Pass pass{batch.samples, false, seed, epoch, batch.ids};
  const StepResult result = RunBatch(pass, batch, nullptr, true);
  if (scores) std::memcpy(scores, scores_, sizeof(float) * batch.samples * classes_);
  return result;
}

LayerNetwork::StepResult LayerNetwork::RunSpikes(const uint8_t* spikes, int samples, const int32_t* labels,
                                                 bool gradients, float* scores) {
  const size_t n = input_size();
  for (int t = 0; t < spec_.timesteps; ++t)
    for (int s = 0; s < samples; ++s)
      ChannelsLast(spec_.input, spikes + (static_cast<size_t>(t) * samples + s) * n,
                   input_.data + (static_cast<size_t>(s) * spec_.timesteps + t) * n);
  const std::vector<uint32_t> ids(samples, 0);
  const Pass pass{samples, gradients, spec_.seed, 0, ids.data()};
  const Batch batch{samples, ids.data(), nullptr, labels, nullptr};
  StepResult result = RunBatch(pass, batch, nullptr, false);
  if (scores) std::memcpy(scores, scores_, sizeof(float) * samples * classes_);
  if (gradients) {
    for (SynapticLayer* layer : synaptic_) layer->StartUpdate(pass);
    result.gradient_norm = RunUpdate(UpdateMode::kGradient, {});
  }
  return result;
}

std::vector<uint8_t> LayerNetwork::LayerSpikes(size_t index, int samples) const {
  const Node& node = nodes_.at(index);
  if (!node.layer || !node.layer->output().data || (node.synaptic && !node.spec.neuron)) return {};
  const Signal& signal = node.layer->output();
  const Shape& shape = signal.shape;
  std::vector<uint8_t> out;
  for (int t = 0; t < spec_.timesteps; ++t)
    for (int s = 0; s < samples; ++s) {
      const uint8_t* row = signal.data + (static_cast<size_t>(s) * spec_.timesteps + t) * signal.size();
      for (int c = 0; c < shape.channels; ++c)
        for (int p = 0; p < shape.height * shape.width; ++p)
          out.push_back(row[static_cast<size_t>(p) * signal.channel_stride + c]);
    }
  return out;
}

void LayerNetwork::AddStatistics(int samples, std::vector<LayerStatistics>* statistics) const {
  statistics->resize(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i)
    for (int s = 0; s < samples && nodes_[i].layer; ++s) nodes_[i].layer->AddStatistics(s, (*statistics)[i]);
}

// ---- update
// ------------------------------------------------------------------------------------------------------

/// Runs one mode of all update tasks; returns the norm of the gradients when they are formed for storing.
double LayerNetwork::RunUpdate(UpdateMode mode, const UpdateRule& rule) {
  if (mode != UpdateMode::kApply) {
    for (SynapticLayer* layer : synaptic_) {
      if (!layer->weight_trained()) continue;
      Synapse& synapse = layer->synapse();
      if (synapse.PrepareTasks() > 0)
        team_->Run(synapse.PrepareTasks(), [&](int task, int) { synapse.Prepare(task); });
    }
  }
  team_->Run(update_tasks_, [&](int task, int worker) {
    SynapticLayer* layer = synaptic_[task_layer_[task]];
    const UpdateStep step{mode, RuleFor(rule, layer->spec().learning_rate_scale)};
    task_squares_[task] = layer->synapse().Update(step, task_index_[task], worker);
  });
  double squares = 0;
  for (int t = 0; t < update_tasks_; ++t) squares += task_squares_[t];
  for (SynapticLayer* layer : synaptic_)
    if (layer->bias().trained)
      squares += layer->UpdateBias({mode, RuleFor(rule, layer->spec().learning_rate_scale)});
  if (mode == UpdateMode::kGradient) return std::sqrt(squares);
  for (SynapticLayer* layer : synaptic_) {
    if (layer->weight_trained()) layer->synapse().FinishUpdate();
    if (layer->bias().trained) layer->RefreshBias();
  }
  return 0;
}

UpdateRule LayerNetwork::RuleFor(const UpdateRule& rule, float scale) const {
  UpdateRule scaled = rule;
  scaled.learning_rate *= scale;
  return scaled;
}

void LayerNetwork::Update(const Pass& pass, float learning_rate, StepResult* result) {
  const OptimizerSpec& o = *optimizer_;
  ++optimizer_step_;
  const double step = static_cast<double>(optimizer_step_);
  UpdateRule rule{o.kind,
                  learning_rate,
                  o.momentum,
                  o.beta1,
                  o.beta2,
                  o.epsilon,
                  static_cast<float>(1.0 / (1.0 - std::pow(o.beta1, step))),
                  static_cast<float>(1.0 / (1.0 - std::pow(o.beta2, step))),
                  o.weight_decay,
                  o.decay_factor,
                  1.0f};
  for (SynapticLayer* layer : synaptic_) layer->StartUpdate(pass);
  if (!keep_gradients_) {
    RunUpdate(UpdateMode::kFused, rule);
    return;
  }
  result->gradient_norm = RunUpdate(UpdateMode::kGradient, rule);
  if (o.clip_norm > 0 && result->gradient_norm > o.clip_norm)
    rule.gradient_scale = static_cast<float>(o.clip_norm / result->gradient_norm);
  RunUpdate(UpdateMode::kApply, rule);
}

}  // namespace synfire::layers
