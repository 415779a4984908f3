// Reads the description of an event network from JavaScript, and shows the tables that it is checked by.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "native/addon/event_network.h"
#include "native/events/models.h"
#include "native/events/rules.h"

namespace synfire::addon {
namespace {

using namespace synfire::events;

constexpr IntegerRange kUnsigned{0, UINT32_MAX};
constexpr IntegerRange kCount{0, std::int64_t{1} << 53};
constexpr NumberRange kAnyNumber{-std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::infinity()};

// Any number but NaN: what is sensible is the engine's to say.
double Number(const Options& options, const char* name) {
  return options.Number(name, kAnyNumber);
}

std::uint32_t Unsigned(const Options& options, const char* name) {
  return static_cast<std::uint32_t>(options.Integer(name, kUnsigned));
}

template <class T>
std::vector<T> List(const Options& options, const char* name) {
  const std::span<const T> view = options.View<const T>(name);
  return {view.begin(), view.end()};
}

Distribution ParseDraw(const Options& options) {
  using Kind = Distribution::Kind;
  Distribution draw;
  draw.kind = options.OneOf<Kind>(
      "kind", {{"constant", Kind::kConstant}, {"uniform", Kind::kUniform}, {"normal", Kind::kNormal}});
  draw.a = Number(options, "a");
  draw.b = Number(options, "b");
  draw.min = Number(options, "min");
  draw.max = Number(options, "max");
  return draw;
}

Settings ParseSettings(const Options& options) {
  Settings settings;
  settings.kind = options.String("kind");
  const Napi::Object parameters = options.Get("parameters").ToObject();
  const Napi::Array names = parameters.GetPropertyNames();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString();
    const Napi::Value value = parameters.Get(name);
    if (value.IsNumber()) {
      settings.numbers[name] = value.As<Napi::Number>().DoubleValue();
    } else if (value.IsString()) {
      settings.choices[name] = value.As<Napi::String>().Utf8Value();
    } else {
      throw InvalidArgument(options.Env(), options.Path(name), value, "a number or a word");
    }
  }
  return settings;
}

IntrinsicPlasticity ParseIntrinsic(const Options& options) {
  IntrinsicPlasticity intrinsic;
  intrinsic.eta_mv = Number(options, "etaMv");
  intrinsic.target_rate_hz = Number(options, "targetRateHz");
  intrinsic.tau_rate_ms = Number(options, "tauRateMs");
  intrinsic.period_ms = Number(options, "periodMs");
  intrinsic.min_mv = Number(options, "minMv");
  intrinsic.max_mv = Number(options, "maxMv");
  return intrinsic;
}

PopulationSpec ParsePopulation(const Options& options) {
  PopulationSpec population;
  population.name = options.String("name");
  population.size = Unsigned(options, "size");
  population.kind = options.OneOf<PopulationKind>("kind", {{"neurons", PopulationKind::kNeurons},
                                                           {"list", PopulationKind::kSpikeList},
                                                           {"poisson", PopulationKind::kPoisson}});
  if (population.kind == PopulationKind::kNeurons) population.model = ParseSettings(options.Child("model"));
  for (const Options& start : options.Children("initial"))
    population.initial.emplace_back(start.String("variable"), ParseDraw(start.Child("draw")));
  if (options.Has("intrinsic")) population.intrinsic = ParseIntrinsic(options.Child("intrinsic"));
  population.rate_hz = Number(options, "rateHz");
  population.max_spikes_per_ms = static_cast<std::uint64_t>(options.Integer("maxSpikesPerMs", kCount));
  return population;
}

template <class Degree>
Degree ParseDegree(const Options& options) {
  return {Unsigned(options, "count"), options.Boolean("self"), options.Boolean("multiple")};
}

Connector ParseConnector(const Options& options) {
  enum class Kind { kOneToOne, kAllToAll, kProbability, kInDegree, kOutDegree, kList, kMatrix };
  switch (options.OneOf<Kind>("kind", {{"oneToOne", Kind::kOneToOne},
                                       {"allToAll", Kind::kAllToAll},
                                       {"probability", Kind::kProbability},
                                       {"inDegree", Kind::kInDegree},
                                       {"outDegree", Kind::kOutDegree},
                                       {"list", Kind::kList},
                                       {"matrix", Kind::kMatrix}})) {
    case Kind::kOneToOne:
      return OneToOne{};
    case Kind::kAllToAll:
      return AllToAll{options.Boolean("self")};
    case Kind::kProbability:
      return FixedProbability{Number(options, "probability"), options.Boolean("self")};
    case Kind::kInDegree:
      return ParseDegree<FixedInDegree>(options);
    case Kind::kOutDegree:
      return ParseDegree<FixedOutDegree>(options);
    case Kind::kList:
      return ConnectionList{List<std::uint32_t>(options, "sources"), List<std::uint32_t>(options, "targets"),
                            List<double>(options, "weights"), List<double>(options, "delaysMs")};
    case Kind::kMatrix:
      break;
  }
  return DenseMatrix{List<double>(options, "weights"), List<double>(options, "delaysMs")};
}

SynapticScaling ParseScaling(const Options& options) {
  SynapticScaling scaling;
  scaling.eta = Number(options, "eta");
  scaling.target_rate_hz = Number(options, "targetRateHz");
  scaling.tau_rate_ms = Number(options, "tauRateMs");
  scaling.period_ms = Number(options, "periodMs");
  scaling.clamp = options.Boolean("clamp");
  scaling.w_min = Number(options, "wMin");
  scaling.w_max = Number(options, "wMax");
  return scaling;
}

ProjectionSpec ParseProjection(const Options& options) {
  ProjectionSpec projection;
  projection.name = options.String("name");
  projection.source = Unsigned(options, "source");
  projection.target = Unsigned(options, "target");
  projection.connector = ParseConnector(options.Child("connector"));
  projection.weight = ParseDraw(options.Child("weight"));
  projection.delay_ms = ParseDraw(options.Child("delayMs"));
  projection.dendritic_ms = Number(options, "dendriticMs");
  projection.gain = Number(options, "gain");
  projection.receptor = options.OneOf<Receptor>(
      "receptor", {{"excitatory", Receptor::kExcitatory}, {"inhibitory", Receptor::kInhibitory}});
  if (options.Has("rule")) projection.rule = ParseSettings(options.Child("rule"));
  if (options.Has("normalisation")) {
    const Options normalisation = options.Child("normalisation");
    projection.normalisation = {Number(normalisation, "total"), Number(normalisation, "periodMs")};
  }
  if (options.Has("scaling")) projection.scaling = ParseScaling(options.Child("scaling"));
  return projection;
}

Napi::Array Words(Napi::Env env, std::string_view names) {
  Napi::Array words = Napi::Array::New(env);
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find('|', begin), names.size());
    words.Set(words.Length(), std::string(names.substr(begin, end - begin)));
    begin = end + 1;
  }
  return words;
}

Napi::Object ToObject(Napi::Env env, const Table& table) {
  Napi::Array parameters = Napi::Array::New(env);
  for (const Parameter& parameter : table.parameters) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", parameter.name);
    entry.Set("default", parameter.fallback);
    entry.Set("min", parameter.min);
    entry.Set("max", parameter.max);
    parameters.Set(parameters.Length(), entry);
  }
  Napi::Array choices = Napi::Array::New(env);
  for (const Choice& choice : table.choices) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", choice.name);
    entry.Set("values", Words(env, choice.names));
    choices.Set(choices.Length(), entry);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", table.kind);
  object.Set("parameters", parameters);
  object.Set("choices", choices);
  return object;
}

// Classes of rules that share a kind share its table, which is listed once.
Napi::Value ToArray(Napi::Env env, std::span<const Table> tables) {
  Napi::Array array = Napi::Array::New(env);
  std::set<std::string_view> listed;
  for (const Table& table : tables)
    if (listed.insert(table.kind).second) array.Set(array.Length(), ToObject(env, table));
  return array;
}

}  // namespace

NetworkSpec ParseEventNetworkSpec(Napi::Value value) {
  const Options options(value);
  NetworkSpec spec;
  spec.seed = options.Seed("seed");
  spec.dt_ms = Number(options, "dtMs");
  spec.precision = options.OneOf<Precision>(
      "precision", {{"float32", Precision::kFloat32}, {"float64", Precision::kFloat64}});
  spec.max_bytes = static_cast<std::uint64_t>(options.Integer("maxMemoryBytes", kCount));
  for (const Options& population : options.Children("populations"))
    spec.populations.push_back(ParsePopulation(population));
  for (const Options& projection : options.Children("projections"))
    spec.projections.push_back(ParseProjection(projection));
  return spec;
}

Napi::Value EventModels(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), ModelTables());
}

Napi::Value EventRules(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), RuleTables());
}

}  // namespace synfire::addon
