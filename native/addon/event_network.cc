// Argument checks, jobs and results of the event engine's JavaScript classes.
#include "native/addon/event_network.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "native/addon/buffers.h"
#include "native/addon/dataset.h"
#include "native/addon/job.h"
#include "native/addon/native_class.h"
#include "native/events/models.h"
#include "native/events/time.h"

namespace synfire::addon {
namespace {

using events::StateTensor;
using Clock = std::chrono::steady_clock;

constexpr IntegerRange kUnsigned{0, UINT32_MAX};
constexpr IntegerRange kCount{0, std::int64_t{1} << 53};
constexpr IntegerRange kThreads{1, ThreadTeam::kMaxThreads};

double MsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::uint32_t Index(Napi::Value value, const char* field) {
  return static_cast<std::uint32_t>(ParseInteger(value, field, kUnsigned));
}

double Number(Napi::Value value, const char* field) {
  return ParseNumber(value, field, {});
}

template <class T>
std::vector<T> VectorOf(Napi::Value value, const char* field) {
  const std::span<const T> view = ViewOf<const T>(value, field);
  return {view.begin(), view.end()};
}

template <class T>
Napi::Value ToTypedArray(Napi::Env env, const std::vector<T>& values) {
  return NewTypedArray<T>(env, std::span<const T>(values));
}

// ---- jobs

class BuildJob final : public Job {
 public:
  BuildJob(std::shared_ptr<SharedEventNetwork> shared, Napi::Value spec)
      : spec_(ParseEventNetworkSpec(spec)), lease_(std::move(shared)) {
    if (lease_->shared().network) throw Error(ErrorCode::kInternal, "The network has been built already");
  }

  void Run(JobContext& context) override {
    network_ = std::make_unique<events::EventNetwork>(std::move(spec_));
    context.ThrowIfStopped();
  }

  Napi::Value Result(Napi::Env env) override {
    lease_->shared().Set(env, std::move(network_));
    lease_.reset();
    return env.Undefined();
  }

 private:
  events::NetworkSpec spec_;
  std::optional<EventLease> lease_;
  std::unique_ptr<events::EventNetwork> network_;
};

// Runs in slices when someone watches, each about as long as the time between two reports: runs of a and of
// b are one of a + b, bit for bit.
class RunJob final : public Job {
 public:
  RunJob(EventLease lease, const Options& options, bool watched)
      : lease_(std::move(lease)), duration_ms_(options.Number("durationMs")), watched_(watched) {
    team_ = &lease_->Team(static_cast<int>(options.Integer("threads", kThreads)));
  }

  void Run(JobContext& context) override {
    events::RunControl& control = lease_->shared().control;
    control.stop = false;
    const std::stop_callback on_stop(context.stop_token(), [&control] { control.stop = true; });
    const Clock::time_point start = Clock::now();
    if (watched_) {
      RunInSlices(context);
    } else {
      Add(Advance(duration_ms_));
    }
    wall_ms_ = MsSince(start);
    if (result_.stopped) context.ThrowIfStopped();
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Object result = Napi::Object::New(env);
    result.Set("simulatedMs", result_.simulated_ms);
    result.Set("spikes", static_cast<double>(result_.spikes));
    result.Set("synapticEvents", static_cast<double>(result_.synaptic_events));
    result.Set("wallMs", wall_ms_);
    return result;
  }

 private:
  events::RunReport Advance(double ms) {
    return lease_->network().Run(ms, *team_, &lease_->shared().control);
  }

  void Add(const events::RunReport& report) {
    result_.simulated_ms += report.simulated_ms;
    result_.spikes += report.spikes;
    result_.synaptic_events += report.synaptic_events;
    result_.stopped = report.stopped;
  }

  // Slices are whole steps of dt.
  void RunInSlices(JobContext& context) {
    constexpr double kSliceWallMs = 20;
    const events::Tick step = events::TicksOf(lease_->network().spec().dt_ms);
    const events::Tick end = events::TicksOf(duration_ms_);
    events::Tick slice = std::max(step, events::TicksOf(1) / step * step);
    for (events::Tick done = 0; done < end && !result_.stopped;) {
      const events::Tick length = std::min(slice, end - done);
      const Clock::time_point start = Clock::now();
      Add(Advance(events::MsOf(length)));
      if (MsSince(start) < kSliceWallMs / 2) slice *= 2;
      done += length;
      context.Report({{"simulatedMs", result_.simulated_ms}});
    }
  }

  std::optional<EventLease> lease_;
  double duration_ms_;
  bool watched_;
  ThreadTeam* team_;
  events::RunReport result_;
  double wall_ms_ = 0;
};

// Presents samples batch by batch; stops between two batches and then says how many were presented.
class PresentJob : public Job {
 public:
  void Run(JobContext& context) override {
    const std::size_t total = samples();
    const std::size_t batch = replicas_->replicas.count();
    const std::size_t row = counted_ ? OutputSize() : 0;
    counts_.resize(total * row);
    for (std::size_t first = 0; first < total && !context.StopRequested(); first = presented_) {
      const std::size_t n = std::min(batch, total - first);
      reports_.push_back(Present(first, n, std::span(counts_).subspan(first * row, n * row)));
      presented_ = first + n;
      context.Report({{"samples", static_cast<double>(presented_)}, {"total", static_cast<double>(total)}});
    }
    counts_.resize(presented_ * row);
  }

  Napi::Value Result(Napi::Env env) override {
    lease_.reset();
    Napi::Array batches = Napi::Array::New(env, reports_.size());
    for (std::uint32_t i = 0; i < reports_.size(); ++i) {
      const events::BatchReport& report = reports_[i];
      Napi::Object batch = Napi::Object::New(env);
      batch.Set("wallMs", report.wall_ms);
      batch.Set("mergeMs", report.merge_ms);
      batch.Set("spikes", static_cast<double>(report.spikes));
      batch.Set("synapticEvents", static_cast<double>(report.synaptic_events));
      batch.Set("attempts", report.attempts);
      batches.Set(i, batch);
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("presented", static_cast<double>(presented_));
    result.Set("counts", ToTypedArray(env, counts_));
    result.Set("batches", batches);
    return result;
  }

 protected:
  PresentJob(std::shared_ptr<SharedReplicas> replicas, const Options& options)
      : replicas_(std::move(replicas)),
        lease_(replicas_->shared),
        first_sample_(static_cast<std::uint64_t>(options.Integer("firstSample", kCount))),
        output_(Index(options.Get("output"), "output")),
        counted_(options.Boolean("counts")) {
    team_ = &lease_->Team(static_cast<int>(options.Integer("threads", kThreads)));
  }

  virtual std::size_t samples() const = 0;
  virtual events::BatchReport Present(std::size_t first, std::size_t count,
                                      std::span<std::uint16_t> counts) = 0;

  static events::Merge ParseMerge(const Options& options) {
    return options.OneOf<events::Merge>("merge", {{"mean", events::Merge::kMean},
                                                  {"sum", events::Merge::kSum},
                                                  {"consensus", events::Merge::kConsensus}});
  }

  std::shared_ptr<SharedReplicas> replicas_;
  std::optional<EventLease> lease_;
  std::uint64_t first_sample_;
  std::uint32_t output_;
  ThreadTeam* team_;

 private:
  // An output that is no population fails with the first batch.
  std::size_t OutputSize() const {
    const auto& populations = lease_->network().spec().populations;
    return output_ < populations.size() ? populations[output_].size : 0;
  }

  bool counted_;
  std::vector<std::uint16_t> counts_;
  std::vector<events::BatchReport> reports_;
  std::size_t presented_ = 0;
};

class PresentImagesJob final : public PresentJob {
 public:
  PresentImagesJob(std::shared_ptr<SharedReplicas> replicas, const Options& options)
      : PresentJob(std::move(replicas), options),
        dataset_(NativeClass<DatasetObject>::Unwrap(options.Get("dataset"), "dataset").dataset()),
        reader_(*dataset_),
        indices_(options.Copy<std::uint32_t>("indices")) {
    dataset_->CheckIndices(indices_.span());
    protocol_.source = Index(options.Get("source"), "source");
    protocol_.output = output_;
    protocol_.show_ms = options.Number("showMs");
    protocol_.rest_ms = options.Number("restMs");
    protocol_.intensity = options.Number("intensity");
    protocol_.min_spikes = Index(options.Get("minSpikes"), "minSpikes");
    protocol_.learn = options.Boolean("learn");
    protocol_.merge = ParseMerge(options);
    protocol_.normalise = options.Boolean("normalise");
  }

 private:
  std::size_t samples() const override { return indices_.size(); }
  events::BatchReport Present(std::size_t first, std::size_t count,
                              std::span<std::uint16_t> counts) override {
    return replicas_->replicas.PresentImages(*dataset_, std::as_const(indices_).span().subspan(first, count),
                                             first_sample_ + first, protocol_, *team_, counts);
  }

  std::shared_ptr<Dataset> dataset_;
  DatasetReader reader_;
  AlignedBuffer<std::uint32_t> indices_;
  events::ImageProtocol protocol_;
};

class PresentSpikesJob final : public PresentJob {
 public:
  PresentSpikesJob(std::shared_ptr<SharedReplicas> replicas, const Options& options)
      : PresentJob(std::move(replicas), options) {
    for (const Options& sample : options.Children("samples")) {
      samples_.push_back({VectorOf<double>(sample.Get("timesMs"), "timesMs"),
                          VectorOf<std::uint32_t>(sample.Get("neurons"), "neurons"),
                          static_cast<std::uint32_t>(sample.Integer("label", kUnsigned))});
    }
    protocol_.source = Index(options.Get("source"), "source");
    protocol_.output = output_;
    protocol_.projection = Index(options.Get("projection"), "projection");
    protocol_.sample_ms = options.Number("sampleMs");
    protocol_.learn = options.Boolean("learn");
    protocol_.merge = ParseMerge(options);
  }

 private:
  std::size_t samples() const override { return samples_.size(); }
  events::BatchReport Present(std::size_t first, std::size_t count,
                              std::span<std::uint16_t> counts) override {
    return replicas_->replicas.PresentSpikes(std::span(samples_).subspan(first, count), first_sample_ + first,
                                             protocol_, *team_, counts);
  }

  std::vector<events::SpikeSample> samples_;
  events::TeachingProtocol protocol_;
};

// ---- checkpoints

template <class T>
Napi::Value TensorData(Napi::Env env, const StateTensor& tensor, napi_typedarray_type type) {
  auto buffer = Napi::ArrayBuffer::New(env, tensor.bytes.size());
  if (!tensor.bytes.empty()) std::memcpy(buffer.Data(), tensor.bytes.data(), tensor.bytes.size());
  return Napi::TypedArrayOf<T>::New(env, tensor.bytes.size() / sizeof(T), buffer, 0, type);
}

Napi::Value TensorData(Napi::Env env, const StateTensor& tensor) {
  switch (tensor.type) {
    case StateTensor::Type::kFloat32:
      return TensorData<float>(env, tensor, napi_float32_array);
    case StateTensor::Type::kFloat64:
      return TensorData<double>(env, tensor, napi_float64_array);
    case StateTensor::Type::kInt64:
      return TensorData<std::int64_t>(env, tensor, napi_bigint64_array);
    case StateTensor::Type::kUint64:
      return TensorData<std::uint64_t>(env, tensor, napi_biguint64_array);
    case StateTensor::Type::kUint32:
      break;
  }
  return TensorData<std::uint32_t>(env, tensor, napi_uint32_array);
}

StateTensor::Type TensorType(const Options& options, Napi::Value data) {
  if (data.IsTypedArray()) {
    switch (data.As<Napi::TypedArray>().TypedArrayType()) {
      case napi_float32_array:
        return StateTensor::Type::kFloat32;
      case napi_float64_array:
        return StateTensor::Type::kFloat64;
      case napi_bigint64_array:
        return StateTensor::Type::kInt64;
      case napi_biguint64_array:
        return StateTensor::Type::kUint64;
      case napi_uint32_array:
        return StateTensor::Type::kUint32;
      default:
        break;
    }
  }
  throw InvalidArgument(options.Env(), options.Path("data"), data,
                        "a Float32Array, Float64Array, BigInt64Array, BigUint64Array or Uint32Array");
}

StateTensor ParseTensor(const std::string& name, const Options& options) {
  const Napi::Value data = options.Get("data");
  StateTensor tensor{name, TensorType(options, data), {}, {}};
  const auto array = data.As<Napi::TypedArray>();
  const Napi::Value shape = options.Get("shape");
  std::uint64_t elements = 1;
  for (std::uint32_t i = 0; shape.IsArray() && i < shape.As<Napi::Array>().Length(); ++i) {
    const auto size = ParseInteger(shape.As<Napi::Array>().Get(i), options.Path("shape"), kUnsigned);
    tensor.shape.push_back(static_cast<std::uint64_t>(size));
    elements *= tensor.shape.back();
  }
  if (!shape.IsArray() || elements != array.ElementLength()) {
    throw InvalidArgument(options.Env(), options.Path("shape"), shape,
                          "sizes with a product of " + std::to_string(array.ElementLength()));
  }
  const auto* bytes = static_cast<const std::byte*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  if (elements > 0) tensor.bytes.assign(bytes, bytes + array.ByteLength());
  return tensor;
}

Napi::Value EstimateEventNetwork(const Napi::CallbackInfo& info) {
  const events::NetworkSpec spec = ParseEventNetworkSpec(info[0]);
  return Napi::Number::New(info.Env(), static_cast<double>(events::EventNetwork::EstimateBytes(spec)));
}

}  // namespace

// ---- who uses a network

ExternalMemory::ExternalMemory(Napi::Env env, std::uint64_t bytes)
    : env_(env), bytes_(static_cast<std::int64_t>(bytes)) {
  Napi::MemoryManagement::AdjustExternalMemory(env_, bytes_);
}

ExternalMemory::~ExternalMemory() {
  Napi::MemoryManagement::AdjustExternalMemory(env_, -bytes_);
}

void SharedEventNetwork::Set(Napi::Env env, std::unique_ptr<events::EventNetwork> built) {
  network = std::move(built);
  memory.emplace(env, network->Memory().total_bytes);
}

ThreadTeam& EventLease::Team(int threads) const {
  std::optional<ThreadTeam>& team = shared().team;
  if (!team || team->threads() != threads) team.emplace(threads);
  return *team;
}

// ---- EventNetwork

EventNetworkObject::EventNetworkObject(const Napi::CallbackInfo& info)
    : shared_(std::make_shared<SharedEventNetwork>()) {
  if (info[0].IsUndefined()) return;
  shared_->Set(info.Env(), std::make_unique<events::EventNetwork>(ParseEventNetworkSpec(info[0])));
}

EventLease EventNetworkObject::Lease() const {
  EventLease lease(shared_);
  if (!shared_->network) throw Error(ErrorCode::kInternal, "The network has not been built");
  return lease;
}

Napi::Value EventNetworkObject::Build(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<BuildJob>(shared_, info[0]), info.Env().Undefined());
}

Napi::Value EventNetworkObject::TimeMs(const Napi::CallbackInfo& info) {
  const events::Tick now = shared_->control.now.load(std::memory_order_relaxed);
  return Napi::Number::New(info.Env(), events::MsOf(std::max<events::Tick>(now, 0)));
}

Napi::Value EventNetworkObject::Describe(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const events::NetworkSpec& spec = lease.network().spec();
  Napi::Array on_grid = Napi::Array::New(info.Env());
  for (const events::PopulationSpec& population : spec.populations) {
    const bool neurons = population.kind == events::PopulationKind::kNeurons;
    on_grid.Set(on_grid.Length(), neurons && events::OnGrid(population.model));
  }
  Napi::Array synapses = Napi::Array::New(info.Env());
  for (std::uint32_t i = 0; i < spec.projections.size(); ++i)
    synapses.Set(i, static_cast<double>(lease.network().SynapseCount(i)));
  Napi::Object description = Napi::Object::New(info.Env());
  description.Set("onGrid", on_grid);
  description.Set("synapses", synapses);
  return description;
}

Napi::Value EventNetworkObject::Run(const Napi::CallbackInfo& info) {
  const Options options(info[0]);
  return StartJob(info.Env(), std::make_unique<RunJob>(Lease(), options, !info[1].IsUndefined()), info[1]);
}

Napi::Value EventNetworkObject::Reset(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().Reset(static_cast<std::uint64_t>(ParseInteger(info[0], "sample", kCount)));
  lease.Noted();
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::AddSpikes(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().AddSpikes(Index(info[0], "population"), ViewOf<const double>(info[1], "timesMs"),
                            ViewOf<const std::uint32_t>(info[2], "neurons"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::SetRates(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().SetRates(Index(info[0], "population"), ViewOf<const double>(info[1], "ratesHz"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::Variables(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  Napi::Array names = Napi::Array::New(info.Env());
  for (const std::string& name : lease.network().Variables(Index(info[0], "population")))
    names.Set(names.Length(), name);
  return names;
}

Napi::Value EventNetworkObject::State(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  return ToTypedArray(info.Env(),
                      lease.network().State(Index(info[0], "population"), info[1].ToString().Utf8Value()));
}

Napi::Value EventNetworkObject::SetState(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().SetState(Index(info[0], "population"), info[1].ToString().Utf8Value(),
                           ViewOf<const double>(info[2], "values"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::SpikeCounts(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  return ToTypedArray(info.Env(), lease.network().SpikeCounts(Index(info[0], "population")));
}

Napi::Value EventNetworkObject::Connections(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const events::Connections connections = lease.network().ConnectionsOf(Index(info[0], "projection"));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("sources", ToTypedArray(info.Env(), connections.sources));
  result.Set("targets", ToTypedArray(info.Env(), connections.targets));
  result.Set("delaysMs", ToTypedArray(info.Env(), connections.delays_ms));
  return result;
}

Napi::Value EventNetworkObject::Weights(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  return ToTypedArray(info.Env(), lease.network().Weights(Index(info[0], "projection")));
}

Napi::Value EventNetworkObject::SetWeights(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().SetWeights(Index(info[0], "projection"), ViewOf<const double>(info[1], "weights"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::Normalise(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().Normalise(Index(info[0], "projection"), Number(info[1], "total"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::Learning(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Lease().network().learning());
}

Napi::Value EventNetworkObject::SetLearning(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().SetLearning(info[0].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::Reward(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().Reward(Number(info[0], "amount"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::Teach(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  lease.network().Teach(Index(info[0], "projection"), ViewOf<const double>(info[1], "modulation"));
  return info.Env().Undefined();
}

Napi::Value EventNetworkObject::RecordSpikes(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const int recorder =
      lease.network().RecordSpikes(Index(info[0], "population"), VectorOf<std::uint32_t>(info[1], "neurons"));
  return Napi::Number::New(info.Env(), recorder);
}

Napi::Value EventNetworkObject::RecordState(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const int recorder =
      lease.network().RecordState(Index(info[0], "population"), info[1].ToString().Utf8Value(),
                                  VectorOf<std::uint32_t>(info[2], "neurons"), Number(info[3], "intervalMs"));
  return Napi::Number::New(info.Env(), recorder);
}

Napi::Value EventNetworkObject::RecordWeights(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const auto synapses = ViewOf<const std::uint32_t>(info[1], "synapses");
  const int recorder = lease.network().RecordWeights(
      Index(info[0], "projection"), {synapses.begin(), synapses.end()}, Number(info[2], "intervalMs"));
  return Napi::Number::New(info.Env(), recorder);
}

Napi::Value EventNetworkObject::RecordTraces(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const int recorder = lease.network().RecordTraces(
      Index(info[0], "projection"), info[1].ToString().Utf8Value(),
      static_cast<int>(ParseInteger(info[2], "trace", {})), VectorOf<std::uint32_t>(info[3], "neurons"),
      Number(info[4], "intervalMs"));
  return Napi::Number::New(info.Env(), recorder);
}

Napi::Value EventNetworkObject::TakeSpikes(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const events::SpikeRecord record =
      lease.network().TakeSpikes(static_cast<int>(ParseInteger(info[0], "recorder", {})));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("timesMs", ToTypedArray(info.Env(), record.times_ms));
  result.Set("neurons", ToTypedArray(info.Env(), record.neurons));
  return result;
}

Napi::Value EventNetworkObject::TakeValues(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const events::ValueRecord64 record =
      lease.network().TakeValues(static_cast<int>(ParseInteger(info[0], "recorder", {})));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("timesMs", ToTypedArray(info.Env(), record.times_ms));
  result.Set("values", ToTypedArray(info.Env(), record.values));
  result.Set("items", record.items);
  return result;
}

Napi::Value EventNetworkObject::Memory(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const events::MemoryReport report = lease.network().Memory();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("synapses", static_cast<double>(report.synapses));
  result.Set("plasticSynapses", static_cast<double>(report.plastic_synapses));
  result.Set("synapseBytes", static_cast<double>(report.synapse_bytes));
  result.Set("plasticSynapseBytes", static_cast<double>(report.plastic_synapse_bytes));
  result.Set("stateBytes", static_cast<double>(report.state_bytes));
  result.Set("totalBytes", static_cast<double>(report.total_bytes));
  return result;
}

Napi::Value EventNetworkObject::ExportState(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  Napi::Object state = Napi::Object::New(info.Env());
  for (const StateTensor& tensor : lease.network().ExportState()) {
    Napi::Array shape = Napi::Array::New(info.Env());
    for (const std::uint64_t size : tensor.shape) shape.Set(shape.Length(), static_cast<double>(size));
    Napi::Object entry = Napi::Object::New(info.Env());
    entry.Set("shape", shape);
    entry.Set("data", TensorData(info.Env(), tensor));
    state.Set(tensor.name, entry);
  }
  return state;
}

Napi::Value EventNetworkObject::ImportState(const Napi::CallbackInfo& info) {
  const EventLease lease = Lease();
  const Options state(info[0], "state");
  const Napi::Array names = info[0].As<Napi::Object>().GetPropertyNames();
  std::vector<StateTensor> tensors;
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString();
    tensors.push_back(ParseTensor(name, state.Child(name.c_str())));
  }
  lease.network().ImportState(tensors);
  lease.Noted();
  return info.Env().Undefined();
}

// ---- EventReplicas

EventReplicasObject::EventReplicasObject(const Napi::CallbackInfo& info) {
  const EventNetworkObject& network = NativeClass<EventNetworkObject>::Unwrap(info[0], "network");
  const EventLease lease = network.Lease();
  replicas_ = std::make_shared<SharedReplicas>(info.Env(), network.shared(), Index(info[1], "count"));
}

Napi::Value EventReplicasObject::Count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), replicas_->replicas.count());
}

Napi::Value EventReplicasObject::BytesPerReplica(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(replicas_->replicas.bytes_per_replica()));
}

Napi::Value EventReplicasObject::PresentImages(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<PresentImagesJob>(replicas_, Options(info[0])), info[1]);
}

Napi::Value EventReplicasObject::PresentSpikes(const Napi::CallbackInfo& info) {
  return StartJob(info.Env(), std::make_unique<PresentSpikesJob>(replicas_, Options(info[0])), info[1]);
}

void InitEventNetwork(Napi::Env env, Napi::Object exports) {
  using Network = NativeClass<EventNetworkObject>;
  using N = EventNetworkObject;
  Network::Define(env, exports,
                  {Network::Method<&N::Build>("build"),
                   Network::Getter<&N::TimeMs>("timeMs"),
                   Network::Method<&N::Describe>("describe"),
                   Network::Method<&N::Run>("run"),
                   Network::Method<&N::Reset>("reset"),
                   Network::Method<&N::AddSpikes>("addSpikes"),
                   Network::Method<&N::SetRates>("setRates"),
                   Network::Method<&N::Variables>("variables"),
                   Network::Method<&N::State>("state"),
                   Network::Method<&N::SetState>("setState"),
                   Network::Method<&N::SpikeCounts>("spikeCounts"),
                   Network::Method<&N::Connections>("connections"),
                   Network::Method<&N::Weights>("weights"),
                   Network::Method<&N::SetWeights>("setWeights"),
                   Network::Method<&N::Normalise>("normalise"),
                   Network::Getter<&N::Learning>("learning"),
                   Network::Method<&N::SetLearning>("setLearning"),
                   Network::Method<&N::Reward>("reward"),
                   Network::Method<&N::Teach>("teach"),
                   Network::Method<&N::RecordSpikes>("recordSpikes"),
                   Network::Method<&N::RecordState>("recordState"),
                   Network::Method<&N::RecordWeights>("recordWeights"),
                   Network::Method<&N::RecordTraces>("recordTraces"),
                   Network::Method<&N::TakeSpikes>("takeSpikes"),
                   Network::Method<&N::TakeValues>("takeValues"),
                   Network::Method<&N::Memory>("memory"),
                   Network::Method<&N::ExportState>("exportState"),
                   Network::Method<&N::ImportState>("importState")});
  using Replicas = NativeClass<EventReplicasObject>;
  using R = EventReplicasObject;
  Replicas::Define(
      env, exports,
      {Replicas::Getter<&R::Count>("count"), Replicas::Getter<&R::BytesPerReplica>("bytesPerReplica"),
       Replicas::Method<&R::PresentImages>("presentImages"),
       Replicas::Method<&R::PresentSpikes>("presentSpikes")});
  exports.Set("eventModels", NativeFunction<&EventModels>(env, "eventModels"));
  exports.Set("eventRules", NativeFunction<&EventRules>(env, "eventRules"));
  exports.Set("estimateEventNetwork", NativeFunction<&EstimateEventNetwork>(env, "estimateEventNetwork"));
}

}  // namespace synfire::addon
