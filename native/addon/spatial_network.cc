// Argument checks, jobs and results of the spatial engine's JavaScript class.
#include "native/addon/spatial_network.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/addon/buffers.h"
#include "native/addon/dataset.h"
#include "native/addon/job.h"
#include "native/addon/native_class.h"
#include "native/spatial/activations.h"
#include "native/spatial/kernels.h"
#include "native/spatial/training.h"

namespace synfire::addon {
namespace {

using Clock = std::chrono::steady_clock;
using spatial::Extent;
using spatial::LayerState;
using spatial::RunSums;
using spatial::SpatialNetwork;

constexpr IntegerRange kUnsigned{0, UINT32_MAX};
constexpr IntegerRange kCount{0, std::int64_t{1} << 53};
constexpr IntegerRange kThreads{1, ThreadTeam::kMaxThreads};
constexpr IntegerRange kBatch{1, 65536};
constexpr NumberRange kAnyNumber{-1e30, 1e30};
constexpr std::uint32_t kForwardBatch = 64;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class T>
Napi::Value ToTypedArray(Napi::Env env, const std::vector<T>& values) {
  return NewTypedArray<T>(env, std::span<const T>(values));
}

// ---- descriptions

std::uint32_t Unsigned(const Options& options, const char* name) {
  return static_cast<std::uint32_t>(options.Integer(name, kUnsigned));
}

float Number(const Options& options, const char* name) {
  return static_cast<float>(options.Number(name, kAnyNumber));
}

Napi::Array ArrayAt(const Options& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (!value.IsArray()) throw InvalidArgument(options.Env(), options.Path(name), value, "an array");
  return value.As<Napi::Array>();
}

std::vector<Extent> Extents(const Options& options, const char* name) {
  const Napi::Array list = ArrayAt(options, name);
  std::vector<Extent> extents(list.Length());
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const std::string field = options.Path(name) + "[" + std::to_string(i) + "]";
    const Napi::Value value = list.Get(i);
    if (!value.IsArray() || value.As<Napi::Array>().Length() != 3)
      throw InvalidArgument(options.Env(), field, value, "[x, y, z]");
    for (std::uint32_t axis = 0; axis < 3; ++axis) {
      const std::string of_axis = field + "[" + std::to_string(axis) + "]";
      extents[i][axis] =
          static_cast<std::uint32_t>(ParseInteger(value.As<Napi::Array>().Get(axis), of_axis, kUnsigned));
    }
  }
  return extents;
}

// Rows and columns of the map, as contexts are numbered: by interleaved bits.
std::uint32_t ContextOf(std::uint32_t row, std::uint32_t column) {
  std::uint32_t context = 0;
  for (std::uint32_t bit = 0; bit < 3; ++bit)
    context |= (column >> bit & 1) << 2 * bit | (row >> bit & 1) << (2 * bit + 1);
  return context;
}

std::vector<spatial::ActivationMap> Maps(const Options& options) {
  const Napi::Array list = ArrayAt(options, "activations");
  std::vector<spatial::ActivationMap> maps(list.Length());
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const auto kinds =
        ViewOf<const std::uint8_t>(list.Get(i), options.Path("activations"), spatial::kContexts);
    for (std::uint32_t row = 0; row < 8; ++row)
      for (std::uint32_t column = 0; column < 8; ++column)
        maps[i][ContextOf(row, column)] = kinds[row * 8 + column];
  }
  return maps;
}

spatial::SpatialSpec ParseSpec(Napi::Value value) {
  using spatial::Rounding;
  const Options options(value);
  const Options rate = options.Child("learningRate"), growth = options.Child("growth");
  spatial::SpatialSpec spec;
  spec.grids = Extents(options, "grids");
  spec.reach = Extents(options, "reach");
  spec.activations = Maps(options);
  spec.bits = Unsigned(options, "bits");
  spec.capacity = Unsigned(options, "capacity");
  spec.pattern_bits = Unsigned(options, "patternBits");
  spec.rounding = options.OneOf<Rounding>(
      "rounding", {{"stochastic", Rounding::kStochastic}, {"residual", Rounding::kResidual}});
  spec.temporal_decay = Number(options, "temporalDecay");
  spec.initial_rate = Number(rate, "initial");
  spec.min_rate = Number(rate, "min");
  spec.max_rate = Number(rate, "max");
  spec.growth_threshold = Number(growth, "threshold");
  spec.grow_every = Unsigned(growth, "everyBatches");
  spec.max_neurons = static_cast<std::uint64_t>(growth.Integer("maxNeurons", kCount));
  spec.seed = options.Seed("seed");
  spec.threads = static_cast<int>(options.Integer("threads", kThreads));
  if (options.Has("device")) {
    spec.device = options.OneOf<spatial::Device>(
        "device", {{"cpu", spatial::Device::kCpu}, {"cuda", spatial::Device::kCuda}});
  }
  spec.max_memory_bytes = static_cast<std::uint64_t>(options.Integer("maxMemoryBytes", kCount));
  return spec;
}

// ---- runs

class ForwardJob final : public Job {
 public:
  ForwardJob(std::shared_ptr<SharedSpatialNetwork> shared, const Options& options)
      : lease_(std::move(shared)),
        count_(static_cast<std::size_t>(options.Integer("count", {1, 1 << 28}))),
        inputs_(options.Copy<float>("inputs", count_ * lease_->network().inputs())) {}

  void Run(JobContext& context) override {
    SpatialNetwork& network = lease_->network();
    outputs_ = AlignedBuffer<float>(count_ * network.outputs());
    for (std::size_t first = 0; first < count_; first += kForwardBatch) {
      context.ThrowIfStopped();
      const auto samples = static_cast<std::uint32_t>(std::min<std::size_t>(kForwardBatch, count_ - first));
      network.Forward(samples, inputs_.data() + first * network.inputs(),
                      outputs_.data() + first * network.outputs(), false);
    }
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    return NewTypedArray<float>(env, std::move(outputs_));
  }

 private:
  std::optional<SpatialLease> lease_;
  std::size_t count_;
  AlignedBuffer<float> inputs_, outputs_;
};

// Arrays, or samples of a data set; either is held for as long as the job lives.
class Material {
 public:
  static std::unique_ptr<Material> OfArrays(const SpatialNetwork& network, const Options& options) {
    auto material = std::make_unique<Material>();
    const auto count = static_cast<std::size_t>(options.Integer("count", {1, 1 << 28}));
    material->inputs_ = options.Copy<float>("inputs", count * network.inputs());
    material->targets_ = options.Copy<float>("targets", count * network.outputs());
    material->samples_ =
        std::make_unique<spatial::ArraySamples>(network, material->inputs_.span(), material->targets_.span());
    return material;
  }
  static std::unique_ptr<Material> OfDataset(const SpatialNetwork& network, const Options& options) {
    auto material = std::make_unique<Material>();
    material->dataset_ = NativeClass<DatasetObject>::Unwrap(options.Get("dataset"), "dataset").dataset();
    material->reader_.emplace(*material->dataset_);
    material->indices_ = options.Copy<std::uint32_t>("indices");
    material->samples_ =
        std::make_unique<spatial::DatasetSamples>(network, *material->dataset_, material->indices_.span());
    return material;
  }
  const spatial::Samples& samples() const { return *samples_; }

 private:
  AlignedBuffer<float> inputs_, targets_;
  AlignedBuffer<std::uint32_t> indices_;
  std::shared_ptr<Dataset> dataset_;
  std::optional<DatasetReader> reader_;
  std::unique_ptr<spatial::Samples> samples_;
};

using MaterialMaker = std::unique_ptr<Material> (*)(const SpatialNetwork&, const Options&);

// A run over samples that reports how far it is.
class SampleJob : public Job {
 protected:
  SampleJob(std::shared_ptr<SharedSpatialNetwork> shared, MaterialMaker make, const Options& options)
      : lease_(std::move(shared)), material_(make(lease_->network(), options)) {}

  spatial::RunCallback Watch(JobContext& context) const {
    return [this, &context](const RunSums& sums) {
      context.Report({{"samples", static_cast<double>(sums.samples)},
                      {"total", static_cast<double>(material_->samples().count())},
                      {"lossSum", sums.loss_sum},
                      {"correct", static_cast<double>(sums.correct)}});
      return !context.StopRequested();
    };
  }

  Napi::Object Sums(Napi::Env env, const RunSums& sums) const {
    Napi::Object result = Napi::Object::New(env);
    result.Set("samples", static_cast<double>(sums.samples));
    result.Set("lossSum", sums.loss_sum);
    result.Set("correct", static_cast<double>(sums.correct));
    result.Set("seconds", seconds_);
    return result;
  }

  std::optional<SpatialLease> lease_;
  std::unique_ptr<Material> material_;
  double seconds_ = 0;
};

class TrainJob final : public SampleJob {
 public:
  TrainJob(std::shared_ptr<SharedSpatialNetwork> shared, MaterialMaker make, const Options& options)
      : SampleJob(std::move(shared), make, options),
        batch_size_(static_cast<std::uint32_t>(options.Integer("batchSize", kBatch))),
        keeps_state_(options.Boolean("keepState", false)) {}

  void Run(JobContext& context) override {
    const Clock::time_point start = Clock::now();
    report_ =
        spatial::Train(lease_->network(), material_->samples(), batch_size_, keeps_state_, Watch(context));
    seconds_ = SecondsSince(start);
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Object result = Sums(env, report_.sums);
    result.Set("batches", static_cast<double>(report_.losses.size()));
    result.Set("grown", static_cast<double>(report_.grown));
    result.Set("losses", ToTypedArray(env, report_.losses));
    return result;
  }

 private:
  std::uint32_t batch_size_;
  bool keeps_state_;
  spatial::TrainReport report_;
};

class EvaluateJob final : public SampleJob {
 public:
  EvaluateJob(std::shared_ptr<SharedSpatialNetwork> shared, const Options& options)
      : SampleJob(std::move(shared), Material::OfDataset, options) {}

  void Run(JobContext& context) override {
    const Clock::time_point start = Clock::now();
    report_ = spatial::Evaluate(lease_->network(), material_->samples(), Watch(context));
    seconds_ = SecondsSince(start);
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Object result = Sums(env, report_.sums);
    result.Set("predictions", ToTypedArray(env, report_.predictions));
    return result;
  }

 private:
  spatial::EvaluationReport report_;
};

// Growth or pruning: how many neurons each layer had before and has now.
class ChangeJob final : public Job {
 public:
  using Change = std::function<void(SpatialNetwork&)>;

  ChangeJob(std::shared_ptr<SharedSpatialNetwork> shared, Change change)
      : lease_(std::move(shared)), change_(std::move(change)) {}

  void Run(JobContext&) override {
    const Clock::time_point start = Clock::now();
    before_ = Counts();
    change_(lease_->network());
    after_ = Counts();
    seconds_ = SecondsSince(start);
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Object result = Napi::Object::New(env);
    result.Set("before", ToTypedArray(env, before_));
    result.Set("after", ToTypedArray(env, after_));
    result.Set("seconds", seconds_);
    return result;
  }

 private:
  std::vector<std::uint32_t> Counts() const {
    const SpatialNetwork& network = lease_->network();
    std::vector<std::uint32_t> counts;
    for (std::size_t i = 0; i < network.layers(); ++i) counts.push_back(network.layer(i).neurons());
    return counts;
  }

  std::optional<SpatialLease> lease_;
  Change change_;
  std::vector<std::uint32_t> before_, after_;
  double seconds_ = 0;
};

// ---- state

// Arrays of one layer by name: visit(name, vector, columns).
template <class State, class Visit>
void ForArrays(State& layer, Visit&& visit) {
  visit("sites", layer.codes, 1);
  visit("stored", layer.stored, 1);
  visit("gains", layer.gains, 1);
  visit("rates", layer.rates, 1);
  visit("contributions", layer.contributions, 1);
  visit("ids", layer.ids, 1);
  visit("births", layer.births, 2);
  visit("weights", layer.weights, 1);
  visit("residuals", layer.residuals, 1);
}

std::string NameOf(std::size_t layer, const char* name) {
  return "layers." + std::to_string(layer) + "." + name;
}

template <class T>
Napi::Value Tensor(Napi::Env env, const std::vector<T>& values, std::size_t columns = 1) {
  Napi::Object tensor = Napi::Object::New(env);
  Napi::Array shape = Napi::Array::New(env);
  shape.Set(0u, static_cast<double>(values.size() / columns));
  if (columns > 1) shape.Set(1u, static_cast<double>(columns));
  AlignedBuffer<T> copy(values.size());
  std::copy(values.begin(), values.end(), copy.begin());
  tensor.Set("shape", shape);
  tensor.Set("data", NewTypedArray<T>(env, std::move(copy)));
  return tensor;
}

class ExportJob final : public Job {
 public:
  explicit ExportJob(std::shared_ptr<SharedSpatialNetwork> shared) : lease_(std::move(shared)) {}

  void Run(JobContext&) override { state_ = lease_->network().Export(); }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Object result = Napi::Object::New(env);
    result.Set("batches", Tensor<std::uint64_t>(env, {state_.batches}));
    for (std::size_t i = 0; i < state_.layers.size(); ++i) {
      const LayerState& layer = state_.layers[i];
      result.Set(NameOf(i, "nextId"), Tensor<std::uint32_t>(env, {layer.next_id}));
      ForArrays(layer, [&](const char* name, const auto& values, std::size_t columns) {
        result.Set(NameOf(i, name), Tensor(env, values, columns));
      });
      if (!state_.temporal.empty()) result.Set(NameOf(i, "temporal"), Tensor(env, state_.temporal[i]));
    }
    if (!state_.temporal.empty()) result.Set("samples", Tensor<std::uint32_t>(env, {state_.samples}));
    return result;
  }

 private:
  std::optional<SpatialLease> lease_;
  spatial::NetworkState state_;
};

template <class T>
void ReadTensor(const Options& state, const std::string& name, std::vector<T>& values) {
  if (!state.Has(name.c_str()))
    throw Error(ErrorCode::kCheckpoint, "The checkpoint's " + name + " is missing; expected an array", name,
                "missing", "an array");
  const std::span<const T> view = state.Child(name.c_str()).View<const T>("data");
  values.assign(view.begin(), view.end());
}

template <class T>
T ReadNumber(const Options& state, const std::string& name) {
  std::vector<T> values;
  ReadTensor(state, name, values);
  if (values.size() == 1) return values[0];
  throw Error(ErrorCode::kCheckpoint, "The checkpoint's " + name + " is no single number; expected one", name,
              std::to_string(values.size()) + " numbers", "one number");
}

class ImportJob final : public Job {
 public:
  ImportJob(std::shared_ptr<SharedSpatialNetwork> shared, const Options& state) : lease_(std::move(shared)) {
    const SpatialNetwork& network = lease_->network();
    const bool temporal = network.spec().temporal_decay > 0;
    state_.batches = ReadNumber<std::uint64_t>(state, "batches");
    if (temporal) state_.samples = ReadNumber<std::uint32_t>(state, "samples");
    state_.layers.resize(network.layers());
    for (std::size_t i = 0; i < network.layers(); ++i) {
      LayerState& layer = state_.layers[i];
      layer.next_id = ReadNumber<std::uint32_t>(state, NameOf(i, "nextId"));
      ForArrays(layer, [&](const char* name, auto& values, std::size_t) {
        ReadTensor(state, NameOf(i, name), values);
      });
      if (temporal) ReadTensor(state, NameOf(i, "temporal"), state_.temporal.emplace_back());
    }
  }

  void Run(JobContext&) override { lease_->network().Import(state_); }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    return env.Undefined();
  }

 private:
  std::optional<SpatialLease> lease_;
  spatial::NetworkState state_;
};

// ---- functions

Napi::Value SpatialActivations(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const char* name : spatial::kActivationNames) names.Set(names.Length(), name);
  return names;
}

Napi::Value EncodeMorton(const Napi::CallbackInfo& info) {
  const auto positions = ViewOf<const std::uint16_t>(info[0], "positions");
  if (positions.size() % 3 != 0)
    throw InvalidArgument(info.Env(), "positions", info[0], "three coordinates for each position");
  const std::size_t count = positions.size() / 3;
  const Napi::Value codes =
      info[1].IsUndefined() ? NewTypedArray<std::uint64_t>(info.Env(), AlignedBuffer<std::uint64_t>(count))
                            : info[1];
  spatial::ActiveKernels().encode(positions.data(), count,
                                  ViewOf<std::uint64_t>(codes, "codes", count).data());
  return codes;
}

}  // namespace

SpatialNetworkObject::SpatialNetworkObject(const Napi::CallbackInfo& info)
    : shared_(std::make_shared<SharedSpatialNetwork>(ParseSpec(info[0]))) {}

Napi::Value SpatialNetworkObject::Batches(const Napi::CallbackInfo& info) {
  const SpatialLease lease(shared_);
  return Napi::Number::New(info.Env(), static_cast<double>(lease.network().batches()));
}

Napi::Value SpatialNetworkObject::MemoryBytes(const Napi::CallbackInfo& info) {
  const SpatialLease lease(shared_);
  return Napi::Number::New(info.Env(), static_cast<double>(lease.network().memory_bytes()));
}

Napi::Value SpatialNetworkObject::SetThreads(const Napi::CallbackInfo& info) {
  const auto threads = static_cast<int>(ParseInteger(info[0], "threads", kThreads));
  const SpatialLease lease(shared_);
  lease.network().SetThreads(threads);
  return info.Env().Undefined();
}

Napi::Value SpatialNetworkObject::ForwardSync(const Napi::CallbackInfo& info) {
  const SpatialLease lease(shared_);
  SpatialNetwork& network = lease.network();
  const auto input = ViewOf<const float>(info[0], "input", network.inputs());
  const auto output = ViewOf<float>(info[1], "output", network.outputs());
  network.Forward(1, input.data(), output.data(), true);
  return info.Env().Undefined();
}

Napi::Value SpatialNetworkObject::Forward(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<ForwardJob>(shared_, Options(info[0])),
                  info.Env().Undefined());
}

Napi::Value SpatialNetworkObject::Train(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<TrainJob>(shared_, Material::OfArrays, Options(info[0])),
                  info[1]);
}

Napi::Value SpatialNetworkObject::TrainDataset(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<TrainJob>(shared_, Material::OfDataset, Options(info[0])),
                  info[1]);
}

Napi::Value SpatialNetworkObject::EvaluateDataset(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<EvaluateJob>(shared_, Options(info[0])), info[1]);
}

Napi::Value SpatialNetworkObject::Grow(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(),
                  std::make_unique<ChangeJob>(shared_, [](SpatialNetwork& network) { network.Grow(); }),
                  info.Env().Undefined());
}

Napi::Value SpatialNetworkObject::Prune(const Napi::CallbackInfo& info) {
  using spatial::PruneBy;
  const Options options(info[0]);
  const auto threshold = static_cast<float>(options.Number("threshold", {0, 1e30}));
  const auto by = options.OneOf<PruneBy>(
      "by", {{"saturation", PruneBy::kSaturation}, {"contribution", PruneBy::kContribution}});
  return StartJob(
      info.Env(),
      std::make_unique<ChangeJob>(shared_, [=](SpatialNetwork& network) { network.Prune(threshold, by); }),
      info.Env().Undefined());
}

Napi::Value SpatialNetworkObject::ResetState(const Napi::CallbackInfo& info) {
  const SpatialLease lease(shared_);
  lease.network().ResetState();
  return info.Env().Undefined();
}

Napi::Value SpatialNetworkObject::Statistics(const Napi::CallbackInfo& info) {
  const SpatialLease lease(shared_);
  const SpatialNetwork& network = lease.network();
  Napi::Array list = Napi::Array::New(info.Env());
  for (std::size_t i = 0; i < network.layers(); ++i) {
    const spatial::LayerStatistics s = network.layer(i).Statistics();
    Napi::Object layer = Napi::Object::New(info.Env());
    layer.Set("neurons", static_cast<double>(s.neurons));
    layer.Set("active", static_cast<double>(s.active));
    layer.Set("meanSaturation", s.mean_saturation);
    layer.Set("sparsity", s.sparsity);
    layer.Set("storedWeights", static_cast<double>(s.stored_weights));
    layer.Set("growthCandidates", static_cast<double>(s.growth_candidates));
    layer.Set("pruneCandidates", static_cast<double>(s.prune_candidates));
    layer.Set("silentSites", static_cast<double>(s.silent_sites));
    layer.Set("memoryBytes", static_cast<double>(s.memory_bytes));
    layer.Set("meanLearningRate", s.mean_rate);
    list.Set(static_cast<std::uint32_t>(i), layer);
  }
  return list;
}

Napi::Value SpatialNetworkObject::Neurons(const Napi::CallbackInfo& info) {
  const SpatialLease lease(shared_);
  const SpatialNetwork& network = lease.network();
  const IntegerRange range{0, static_cast<std::int64_t>(network.layers()) - 1};
  const spatial::Layer& layer =
      network.layer(static_cast<std::size_t>(ParseInteger(info[0], "layer", range)));
  std::vector<std::uint32_t> ids, parents, stored_weights;
  std::vector<std::uint16_t> positions;
  std::vector<std::uint8_t> first_contexts;
  std::vector<float> saturation, contribution, gains, rates;
  layer.ForSites(0, layer.grid().box_cells(), [&](const spatial::Site& site) {
    for (std::uint32_t n = site.first; n < site.first + site.count; ++n) {
      const spatial::Neuron& neuron = layer.neuron(n);
      ids.push_back(layer.IdOf(n));
      parents.push_back(layer.ParentOf(ids.back()));
      for (const std::uint32_t c : site.position) positions.push_back(static_cast<std::uint16_t>(c));
      first_contexts.push_back(static_cast<std::uint8_t>(spatial::FirstContext(neuron)));
      stored_weights.push_back(spatial::StoredPages(neuron) * layer.format().weights);
      saturation.push_back(layer.Saturation(n));
      contribution.push_back(spatial::ContributionOf(neuron));
      gains.push_back(neuron.gain);
      rates.push_back(layer.RateOf(n));
    }
  });
  Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("ids", ToTypedArray(env, ids));
  result.Set("parents", ToTypedArray(env, parents));
  result.Set("positions", ToTypedArray(env, positions));
  result.Set("firstContexts", ToTypedArray(env, first_contexts));
  result.Set("storedWeights", ToTypedArray(env, stored_weights));
  result.Set("saturation", ToTypedArray(env, saturation));
  result.Set("contribution", ToTypedArray(env, contribution));
  result.Set("gains", ToTypedArray(env, gains));
  result.Set("learningRates", ToTypedArray(env, rates));
  return result;
}

Napi::Value SpatialNetworkObject::ExportState(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<ExportJob>(shared_), info.Env().Undefined());
}

Napi::Value SpatialNetworkObject::ImportState(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<ImportJob>(shared_, Options(info[0])), info.Env().Undefined());
}

void InitSpatialNetwork(Napi::Env env, Napi::Object exports) {
  using Class = NativeClass<SpatialNetworkObject>;
  using S = SpatialNetworkObject;
  exports.Set("spatialActivations", NativeFunction<&SpatialActivations>(env, "spatialActivations"));
  exports.Set("encodeMorton", NativeFunction<&EncodeMorton>(env, "encodeMorton"));
  Class::Define(
      env, exports,
      {Class::Getter<&S::Batches>("batches"), Class::Getter<&S::MemoryBytes>("memoryBytes"),
       Class::Method<&S::SetThreads>("setThreads"), Class::Method<&S::ForwardSync>("forwardSync"),
       Class::Method<&S::Forward>("forward"), Class::Method<&S::Train>("train"),
       Class::Method<&S::TrainDataset>("trainDataset"), Class::Method<&S::EvaluateDataset>("evaluateDataset"),
       Class::Method<&S::Grow>("grow"), Class::Method<&S::Prune>("prune"),
       Class::Method<&S::ResetState>("resetState"), Class::Method<&S::Statistics>("statistics"),
       Class::Method<&S::Neurons>("neurons"), Class::Method<&S::ExportState>("exportState"),
       Class::Method<&S::ImportState>("importState")});
}

}  // namespace synfire::addon
