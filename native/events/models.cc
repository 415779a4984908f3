// Tables and state variables of the neuron models.
#include "native/events/models.h"

#include <array>
#include <string>

#include "native/base/error.h"

namespace synfire::events {
namespace {

constexpr double kMaxMv = 1e6;
constexpr double kMinTauMs = 1e-3;
constexpr double kMaxTauMs = 1e12;
constexpr double kMaxSpanMs = 1e6;

constexpr Parameter Potential(const char* name, double fallback) {
  return {name, fallback, -kMaxMv, kMaxMv};
}
constexpr Parameter Tau(const char* name, double fallback) {
  return {name, fallback, kMinTauMs, kMaxTauMs};
}
constexpr Parameter Span(const char* name, double fallback) {
  return {name, fallback, 0, kMaxSpanMs};
}

constexpr Parameter kLifParameters[] = {
    Potential("restMv", -70),
    Potential("resetMv", -70),
    Potential("thresholdMv", -55),
    Tau("tauMs", 15),
    Span("refractoryMs", 1.5),
    Potential("driveMv", 0),
    {"thetaPlusMv", 0, 0, kMaxMv},
    Tau("tauThetaMs", 1e7),
    Span("relativeRefractoryMs", 5),
    {"relativeAmplitudeMv", 0, 0, kMaxMv},
    Tau("relativeTauMs", 3.5),
    Tau("tauExcMs", 5),
    Tau("tauInhMs", 10),
};
constexpr Choice kLifChoices[] = {{"synapse", "delta|exponential"}, {"integration", "exact|grid"}};

constexpr Parameter kConductanceLifParameters[] = {
    Potential("restMv", -65),
    Potential("resetMv", -65),
    Potential("thresholdMv", -52),
    Tau("tauMs", 100),
    Span("refractoryMs", 5),
    Potential("excReversalMv", 0),
    Potential("inhReversalMv", -100),
    Tau("tauExcMs", 1),
    Tau("tauInhMs", 2),
    {"thetaPlusMv", 0, 0, kMaxMv},
    Tau("tauThetaMs", 1e7),
};
constexpr Choice kConductanceLifChoices[] = {{"method", "euler|exponential-euler"}};

// Izhikevich 2003; the coefficients of the quadratic are fixed.
constexpr Parameter kIzhikevichParameters[] = {
    {"a", 0.02, 0, 1e3},     {"b", 0.2, -1e3, 1e3},   Potential("c", -65), Potential("d", 8),
    Potential("peakMv", 30), Potential("driveMv", 0), Tau("tauExcMs", 5),  Tau("tauInhMs", 10),
};

// Brette & Gerstner 2005.
constexpr Parameter kAdExParameters[] = {
    {"capacitancePf", 281, 1e-3, 1e9},
    {"leakNs", 30, 1e-6, 1e9},
    Potential("restMv", -70.6),
    Potential("thresholdMv", -50.4),
    {"slopeMv", 2, 1e-3, 1e6},
    Potential("peakMv", 20),
    Potential("resetMv", -70.6),
    Span("refractoryMs", 0),
    {"adaptationNs", 4, -1e6, 1e6},
    Tau("tauAdaptationMs", 144),
    {"spikeAdaptationPa", 80.5, -1e9, 1e9},
    {"drivePa", 0, -1e9, 1e9},
    Tau("tauExcMs", 5),
    Tau("tauInhMs", 10),
};

constexpr std::array<Table, 4> kTables = {{
    {"lif", kLifParameters, kLifChoices},
    {"conductance-lif", kConductanceLifParameters, kConductanceLifChoices},
    {"izhikevich", kIzhikevichParameters, {}},
    {"adex", kAdExParameters, {}},
}};

bool HasDeltaSynapses(const Settings& model) {
  return model.kind == "lif" && ChoiceOf(model, "synapse") == "delta";
}

}  // namespace

std::span<const Table> ModelTables() {
  return kTables;
}

ModelKind ModelKindOf(const Settings& model, std::string_view path) {
  std::string kinds;
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    if (model.kind == kTables[i].kind) return static_cast<ModelKind>(i);
    kinds += (i == 0 ? "" : ", ") + std::string(kTables[i].kind);
  }
  throw InvalidArgument(std::string(path) + ".model", "\"" + model.kind + "\"", "one of " + kinds);
}

bool OnGrid(const Settings& model) {
  return model.kind != "lif" || ChoiceOf(model, "integration") == "grid";
}

std::vector<std::string_view> VariablesOf(const Settings& model) {
  std::vector<std::string_view> names = {"v"};
  if (!HasDeltaSynapses(model)) names.insert(names.end(), {"ge", "gi"});
  switch (ModelKindOf(model, "population")) {
    case ModelKind::kLif:
    case ModelKind::kConductanceLif:
      names.push_back("theta");
      break;
    case ModelKind::kIzhikevich:
      names.push_back("u");
      break;
    case ModelKind::kAdEx:
      names.push_back("w");
      break;
  }
  return names;
}

double RestOf(const Settings& model, std::string_view variable) {
  const bool quadratic = model.kind == "izhikevich";
  if (variable == "v") return NumberOf(model, quadratic ? "c" : "restMv");
  if (variable == "u") return NumberOf(model, "b") * NumberOf(model, "c");
  return 0;
}

}  // namespace synfire::events
