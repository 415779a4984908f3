// Argument checks, jobs and results of the layer engine's JavaScript class.
#include "native/addon/layer_network.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "native/addon/buffers.h"
#include "native/addon/dataset.h"
#include "native/addon/job.h"
#include "native/addon/native_class.h"
#include "native/layers/epoch.h"

namespace synfire::addon {
namespace {

using layers::EpochProgress;
using layers::EpochSums;
using layers::LayerNetwork;

constexpr IntegerRange kUnsigned{0, UINT32_MAX};
constexpr IntegerRange kSteps{0, int64_t{1} << 53};

Napi::Array ToArray(Napi::Env env, const std::vector<int>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, values[i]);
  return array;
}

Napi::Array ToArray(Napi::Env env, const std::vector<layers::TensorInfo>& tensors) {
  Napi::Array array = Napi::Array::New(env, tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    Napi::Object tensor = Napi::Object::New(env);
    tensor.Set("name", tensors[i].name);
    tensor.Set("shape", ToArray(env, tensors[i].shape));
    array.Set(i, tensor);
  }
  return array;
}

const char* KindName(layers::LayerKind kind) {
  switch (kind) {
    case layers::LayerKind::kConv2d:
      return "conv2d";
    case layers::LayerKind::kDense:
      return "dense";
    case layers::LayerKind::kAvgPool2d:
      return "avgPool2d";
    case layers::LayerKind::kMaxPool2d:
      return "maxPool2d";
    case layers::LayerKind::kSumPool2d:
      return "sumPool2d";
    case layers::LayerKind::kDropout:
      return "dropout";
    case layers::LayerKind::kFlatten:
      break;
  }
  return "flatten";
}

layers::OptimizerSpec ParseOptimizer(const Options& options) {
  layers::OptimizerSpec o;
  o.kind = options.OneOf<layers::OptimizerKind>("kind", {{"sgd", layers::OptimizerKind::kSgd},
                                                         {"adam", layers::OptimizerKind::kAdam},
                                                         {"adamw", layers::OptimizerKind::kAdamW}});
  o.momentum = static_cast<float>(options.Number("momentum", {0, 0.9999999}));
  o.beta1 = static_cast<float>(options.Number("beta1", {0, 0.9999999}));
  o.beta2 = static_cast<float>(options.Number("beta2", {0, 0.9999999}));
  o.epsilon = static_cast<float>(options.Number("epsilon", {1e-20, 1}));
  o.weight_decay = static_cast<float>(options.Number("weightDecay", {0, 1e6}));
  o.decay_factor = static_cast<float>(options.Number("decayFactor", {0, 1}));
  o.clip_norm = static_cast<float>(options.Number("clipNorm", {0, 1e30}));
  return o;
}

EpochSums ParseSums(const Options& options) {
  return {options.Number("lossSum"), options.Number("correct"), options.Number("samples")};
}

void SetSums(Napi::Object object, const EpochSums& sums) {
  object.Set("lossSum", sums.loss_sum);
  object.Set("correct", sums.correct);
  object.Set("samples", sums.samples);
}

/// A run of a network over some samples of a data set; it has both to itself until its result is read.
class DatasetJob : public Job {
 protected:
  DatasetJob(std::shared_ptr<SharedNetwork> network, const Options& options)
      : dataset_(NativeClass<DatasetObject>::Unwrap(options.Get("dataset"), "dataset").dataset()),
        reader_(*dataset_),
        lease_(std::move(network)),
        indices_(options.Copy<uint32_t>("indices")) {}

  std::shared_ptr<Dataset> dataset_;
  DatasetReader reader_;
  std::optional<NetworkLease> lease_;
  AlignedBuffer<uint32_t> indices_;
};

class TrainEpochJob final : public DatasetJob {
 public:
  TrainEpochJob(std::shared_ptr<SharedNetwork> network, const Options& options)
      : DatasetJob(std::move(network), options), learning_rates_(options.Copy<double>("learningRates")) {
    if (options.Has("sampleWeights")) weights_ = options.Copy<float>("sampleWeights");
    train_.dataset = dataset_.get();
    train_.indices = indices_.span();
    train_.sample_weights = weights_.span();
    train_.seed = options.Seed("seed");
    train_.epoch = static_cast<uint32_t>(options.Integer("epoch", {0, UINT32_MAX - 1}));
    train_.first_step = options.Integer("firstStep", kSteps);
    train_.last_step = options.Integer("lastStep", kSteps);
    train_.learning_rates = learning_rates_.span();
    if (options.Has("augmentation"))
      train_.augmentation =
          ParseAugmentation(options.Child("augmentation"), dataset_->height(), dataset_->width());
    train_.sums = ParseSums(options.Child("metrics"));
  }

  void Run(JobContext& context) override {
    result_ = layers::TrainEpoch(lease_->network(), train_, [&](const EpochProgress& p) {
      context.Report({{"step", static_cast<double>(p.step)},
                      {"steps", static_cast<double>(p.steps)},
                      {"samples", p.sums.samples},
                      {"lossSum", p.sums.loss_sum},
                      {"correct", p.sums.correct}});
      return !context.StopRequested();
    });
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Object result = Napi::Object::New(env);
    result.Set("step", static_cast<double>(result_.step));
    result.Set("completed", result_.completed);
    SetSums(result, result_.sums);
    result.Set("seconds", result_.seconds);
    result.Set("gradientNorm", result_.gradient_norm);
    return result;
  }

 private:
  AlignedBuffer<double> learning_rates_;
  AlignedBuffer<float> weights_;
  layers::TrainEpochOptions train_;
  layers::TrainEpochResult result_;
};

class EvaluateJob final : public DatasetJob {
 public:
  EvaluateJob(std::shared_ptr<SharedNetwork> network, const Options& options)
      : DatasetJob(std::move(network), options),
        seed_(options.Seed("seed")),
        statistics_(options.Boolean("statistics", false)) {}

  void Run(JobContext& context) override {
    result_ = layers::EvaluateSamples(
        lease_->network(), *dataset_, indices_.span(), seed_, statistics_, [&](const EpochProgress& p) {
          context.Report({{"samples", p.sums.samples}, {"total", static_cast<double>(indices_.size())}});
          return !context.StopRequested();
        });
  }

  Napi::Value Result(Napi::Env env) override {
    const std::vector<layers::LayerInfo> infos = lease_->network().Layers();
    lease_.reset();
    Napi::Object result = Napi::Object::New(env);
    SetSums(result, result_.sums);
    result.Set("seconds", result_.seconds);
    result.Set("predictions", NewTypedArray<int32_t>(env, std::span<const int32_t>(result_.predictions)));
    Napi::Array list = Napi::Array::New(env);
    for (size_t i = 0; i < result_.statistics.size(); ++i) {
      const layers::LayerStatistics& s = result_.statistics[i];
      if (s.dense_macs == 0) continue;
      Napi::Object layer = Napi::Object::New(env);
      layer.Set("name", infos[i].name);
      layer.Set("spikes", s.spikes);
      layer.Set("neuronSteps", s.neuron_steps);
      layer.Set("synapticOperations", s.synaptic_operations);
      layer.Set("denseMacs", s.dense_macs);
      list.Set(list.Length(), layer);
    }
    result.Set("layers", list);
    return result;
  }

 private:
  uint64_t seed_;
  bool statistics_;
  layers::EvaluationResult result_;
};

class PredictJob final : public Job {
 public:
  PredictJob(std::shared_ptr<SharedNetwork> network, const Options& options) : lease_(std::move(network)) {
    const size_t size = lease_->network().input_size();
    count_ = static_cast<size_t>(options.Integer("count", {1, 1 << 24}));
    samples_ = options.Copy<uint8_t>("samples", count_ * size);
    seed_ = options.Seed("seed");
    first_index_ = static_cast<uint32_t>(options.Integer("firstIndex", kUnsigned, 0));
  }

  void Run(JobContext& context) override {
    LayerNetwork& network = lease_->network();
    const size_t size = network.input_size(), classes = network.classes(), batch = network.batch_capacity();
    scores_ = AlignedBuffer<float>(count_ * classes);
    std::vector<uint32_t> ids(batch);
    std::vector<const uint8_t*> pixels(batch);
    for (size_t first = 0; first < count_; first += batch) {
      context.ThrowIfStopped();
      const size_t n = std::min(batch, count_ - first);
      for (size_t i = 0; i < n; ++i) {
        ids[i] = first_index_ + static_cast<uint32_t>(first + i);
        pixels[i] = samples_.data() + (first + i) * size;
      }
      network.Evaluate({static_cast<int>(n), ids.data(), pixels.data(), nullptr, nullptr}, seed_,
                       layers::kEvaluationEpoch, scores_.data() + first * classes);
    }
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    return NewTypedArray<float>(env, std::move(scores_));
  }

 private:
  std::optional<NetworkLease> lease_;
  size_t count_ = 0;
  AlignedBuffer<uint8_t> samples_;
  uint64_t seed_ = 0;
  uint32_t first_index_ = 0;
  AlignedBuffer<float> scores_;
};

}  // namespace

LayerNetworkObject::LayerNetworkObject(const Napi::CallbackInfo& info)
    : env_(info.Env()), shared_(std::make_shared<SharedNetwork>(ParseNetworkSpec(info[0]))) {}

Napi::Value LayerNetworkObject::Parameters(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), shared_->network.Parameters());
}

Napi::Value LayerNetworkObject::Tensors(const Napi::CallbackInfo& info) {
  const NetworkLease lease(shared_);
  return ToArray(info.Env(), lease.network().Tensors());
}

Napi::Value LayerNetworkObject::Layers(const Napi::CallbackInfo& info) {
  const std::vector<layers::LayerInfo> infos = shared_->network.Layers();
  Napi::Array array = Napi::Array::New(info.Env(), infos.size());
  for (uint32_t i = 0; i < infos.size(); ++i) {
    const layers::LayerInfo& l = infos[i];
    const bool flat = l.shape.height == 1 && l.shape.width == 1;
    Napi::Object layer = Napi::Object::New(info.Env());
    layer.Set("name", l.name);
    layer.Set("kind", KindName(l.kind));
    layer.Set("outputShape",
              ToArray(info.Env(), flat ? std::vector<int>{l.shape.channels}
                                       : std::vector<int>{l.shape.channels, l.shape.height, l.shape.width}));
    layer.Set("parameters", l.parameters);
    layer.Set("macs", l.macs);
    layer.Set("neurons", l.neurons);
    array.Set(i, layer);
  }
  return array;
}

Napi::Value LayerNetworkObject::ReadTensor(const Napi::CallbackInfo& info) {
  const NetworkLease lease(shared_);
  const std::string name = info[0].ToString();
  const size_t size = lease.network().TensorSize(name);
  const Napi::Value values = info[1].IsUndefined() ? Napi::Float32Array::New(info.Env(), size) : info[1];
  lease.network().ReadTensor(name, ViewOf<float>(values, "output", size).data());
  return values;
}

Napi::Value LayerNetworkObject::WriteTensor(const Napi::CallbackInfo& info) {
  const NetworkLease lease(shared_);
  const auto values = ViewOf<const float>(info[1], "values");
  lease.network().WriteTensor(info[0].ToString(), values.data(), values.size());
  return info.Env().Undefined();
}

Napi::Value LayerNetworkObject::Prepare(const Napi::CallbackInfo& info) {
  const Options options(info[0]);
  const int batch = static_cast<int>(options.Integer("batchSize", {1, 65536}));
  const int threads = static_cast<int>(options.Integer("threads", {1, ThreadTeam::kMaxThreads}));
  std::optional<layers::OptimizerSpec> optimizer;
  if (options.Has("optimizer")) optimizer = ParseOptimizer(options.Child("optimizer"));
  const NetworkLease lease(shared_);
  Napi::Object plan = Napi::Object::New(info.Env());
  plan.Set("peakBytes", static_cast<double>(lease.network().Prepare(batch, threads, optimizer)));
  return plan;
}

Napi::Value LayerNetworkObject::State(const Napi::CallbackInfo& info) {
  const NetworkLease lease(shared_);
  Napi::Object state = Napi::Object::New(info.Env());
  state.Set("optimizerStep", static_cast<double>(lease.network().optimizer_step()));
  return state;
}

Napi::Value LayerNetworkObject::SetState(const Napi::CallbackInfo& info) {
  const NetworkLease lease(shared_);
  lease.network().set_optimizer_step(Options(info[0]).Integer("optimizerStep", kSteps));
  return info.Env().Undefined();
}

Napi::Value LayerNetworkObject::TrainEpoch(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<TrainEpochJob>(shared_, Options(info[0])), info[1]);
}

Napi::Value LayerNetworkObject::Evaluate(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<EvaluateJob>(shared_, Options(info[0])), info[1]);
}

Napi::Value LayerNetworkObject::Predict(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<PredictJob>(shared_, Options(info[0])),
                  info.Env().Undefined());
}

Napi::Value LayerNetworkObject::PredictSync(const Napi::CallbackInfo& info) {
  const NetworkLease lease(shared_);
  LayerNetwork& network = lease.network();
  const auto sample = ViewOf<const uint8_t>(info[0], "sample", network.input_size());
  const auto output = ViewOf<float>(info[1], "output", static_cast<size_t>(network.classes()));
  const uint64_t seed = ParseSeed(info[2], "seed");
  const auto index = static_cast<uint32_t>(ParseInteger(info[3], "index", kUnsigned));
  const uint8_t* pixels = sample.data();
  network.Evaluate({1, &index, &pixels, nullptr, nullptr}, seed, layers::kEvaluationEpoch, output.data());
  return info.Env().Undefined();
}

Napi::Value LayerNetworkObject::ForwardRecord(const Napi::CallbackInfo& info) {
  const Options options(info[0]);
  const NetworkLease lease(shared_);
  LayerNetwork& network = lease.network();
  const auto labels = options.View<const int32_t>("labels");
  const size_t step_bytes = network.input_size() * static_cast<size_t>(network.spec().timesteps);
  const auto spikes = options.View<const uint8_t>("inputSpikes", labels.size() * step_bytes);
  const bool gradients = options.Boolean("gradients");
  const int samples = static_cast<int>(labels.size());
  for (const int32_t label : labels)
    if (label < 0 || label >= network.classes())
      throw synfire::InvalidArgument("labels", std::to_string(label),
                                     "classes from 0 to " + std::to_string(network.classes() - 1));
  const std::optional<layers::OptimizerSpec> optimizer =
      gradients ? std::optional(layers::OptimizerSpec{}) : std::nullopt;
  network.Prepare(samples, 1, optimizer, gradients);
  std::vector<float> scores(labels.size() * static_cast<size_t>(network.classes()));
  const auto result = network.RunSpikes(spikes.data(), samples, labels.data(), gradients, scores.data());

  Napi::Object record = Napi::Object::New(info.Env());
  Napi::Object by_layer = Napi::Object::New(info.Env());
  const std::vector<layers::LayerInfo> infos = network.Layers();
  for (size_t i = 0; i < infos.size(); ++i) {
    const std::vector<uint8_t> layer = network.LayerSpikes(i, samples);
    if (!layer.empty())
      by_layer.Set(infos[i].name, NewTypedArray<uint8_t>(info.Env(), std::span<const uint8_t>(layer)));
  }
  Napi::Object by_parameter = Napi::Object::New(info.Env());
  std::vector<float> gradient;
  if (gradients)
    for (const layers::TensorInfo& parameter : network.Parameters()) {
      network.ReadGradient(parameter.name, &gradient);
      by_parameter.Set(parameter.name, NewTypedArray<float>(info.Env(), std::span<const float>(gradient)));
    }
  record.Set("spikes", by_layer);
  record.Set("logits", NewTypedArray<float>(info.Env(), std::span<const float>(scores)));
  const double divisor = network.spec().loss.mean ? static_cast<double>(samples) : 1.0;
  record.Set("loss", result.loss_sum / divisor);
  record.Set("gradients", by_parameter);
  return record;
}

void InitLayerNetwork(Napi::Env env, Napi::Object exports) {
  using Class = NativeClass<LayerNetworkObject>;
  using L = LayerNetworkObject;
  Class::Define(env, exports,
                {Class::Method<&L::Parameters>("parameters"), Class::Method<&L::Layers>("layers"),
                 Class::Method<&L::Tensors>("tensors"), Class::Method<&L::ReadTensor>("readTensor"),
                 Class::Method<&L::WriteTensor>("writeTensor"), Class::Method<&L::Prepare>("prepare"),
                 Class::Method<&L::State>("state"), Class::Method<&L::SetState>("setState"),
                 Class::Method<&L::TrainEpoch>("trainEpoch"), Class::Method<&L::Evaluate>("evaluate"),
                 Class::Method<&L::Predict>("predict"), Class::Method<&L::PredictSync>("predictSync"),
                 Class::Method<&L::ForwardRecord>("forwardRecord")});
}

}  // namespace synfire::addon
