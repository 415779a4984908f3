// Tables of models: defaults, bounds, choices, what they say about wrong names; variables and resting values.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "native/events/models.h"
#include "native/events/settings.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

constexpr Parameter kParameters[] = {{"tauMs", 20, 0.5, 1e9}, {"gain", 1, -2, 3}};
constexpr Choice kChoices[] = {{"pairing", "all-to-all|nearest"}, {"mode", "only"}};
constexpr Table kTable = {"toy", kParameters, kChoices};

/// What Resolve throws, or an empty error.
Error ErrorOf(const Settings& settings) {
  try {
    Resolve(kTable, settings, "things[3]");
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::kInternal, "nothing thrown");
}

TEST("events settings: defaults fill what was not set") {
  const Settings resolved =
      Resolve(kTable, {.kind = "toy", .numbers = {{"gain", -2}}, .choices = {{"pairing", "nearest"}}}, "p");
  CHECK_EQUAL(resolved.kind, "toy");
  CHECK_EQUAL(NumberOf(resolved, "tauMs"), 20.0);
  CHECK_EQUAL(NumberOf(resolved, "gain"), -2.0);
  CHECK_EQUAL(ChoiceOf(resolved, "pairing"), "nearest");
  CHECK_EQUAL(ChoiceOf(resolved, "mode"), "only");
  CHECK_EQUAL(ChoiceOf(Resolve(kTable, {}, "p"), "pairing"), "all-to-all");
  CHECK(Resolve(kTable, resolved, "p").numbers == resolved.numbers);
  CHECK(Resolve(kTable, resolved, "p").choices == resolved.choices);
}

TEST("events settings: errors name the field, the value and what would be valid") {
  const Error low = ErrorOf({.numbers = {{"tauMs", 0.25}}});
  CHECK(low.code() == ErrorCode::kInvalidArgument);
  CHECK_EQUAL(low.field(), "things[3].tauMs");
  CHECK_EQUAL(low.value(), "0.25");
  CHECK_EQUAL(low.expected(), "a number from 0.5 to 1e+09");
  CHECK_EQUAL(ErrorOf({.numbers = {{"gain", 3.5}}}).field(), "things[3].gain");
  CHECK_EQUAL(ErrorOf({.numbers = {{"gain", NAN}}}).value(), "NaN");
  CHECK_EQUAL(ErrorOf({.numbers = {{"tauMs", INFINITY}}}).value(), "Infinity");

  const Error choice = ErrorOf({.choices = {{"pairing", "near"}}});
  CHECK_EQUAL(choice.field(), "things[3].pairing");
  CHECK_EQUAL(choice.value(), "\"near\"");
  CHECK_EQUAL(choice.expected(), "one of \"all-to-all\", \"nearest\"");
  CHECK_EQUAL(ErrorOf({.choices = {{"pairing", "all-to-all|nearest"}}}).field(), "things[3].pairing");
  CHECK_EQUAL(ErrorOf({.choices = {{"pairing", ""}}}).field(), "things[3].pairing");
}

TEST("events settings: unknown names are errors that list the known ones") {
  const Error unknown = ErrorOf({.numbers = {{"tau", 3}}});
  CHECK(unknown.code() == ErrorCode::kInvalidArgument);
  CHECK_EQUAL(unknown.field(), "things[3].tau");
  CHECK_EQUAL(unknown.expected(), "only names that \"toy\" has: tauMs, gain, pairing, mode");
  CHECK_EQUAL(ErrorOf({.choices = {{"pair", "nearest"}}}).field(), "things[3].pair");
}

TEST("events settings: a number in the place of a choice is told what it should be, and the reverse") {
  CHECK_EQUAL(ErrorOf({.numbers = {{"mode", 1}}}).expected(), "one of \"only\"");
  CHECK_EQUAL(ErrorOf({.choices = {{"gain", "high"}}}).expected(), "a number from -2 to 3");
}

TEST("events settings: looking up what is not there is an internal error") {
  const Settings resolved = Resolve(kTable, {}, "p");
  CHECK_THROWS(NumberOf(resolved, "tau"), ErrorCode::kInternal);
  CHECK_THROWS(ChoiceOf(resolved, "tauMs"), ErrorCode::kInternal);
}

TEST("events settings: numbers are shown by the shortest text that means them") {
  CHECK_EQUAL(ShownNumber(0.1), "0.1");
  CHECK_EQUAL(ShownNumber(-70), "-70");
  CHECK_EQUAL(ShownNumber(1.0 / 3), "0.3333333333333333");
  CHECK_EQUAL(ShownNumber(-INFINITY), "-Infinity");
}

Settings Model(const std::string& kind, std::map<std::string, std::string, std::less<>> choices = {}) {
  const Settings settings = {.kind = kind, .choices = std::move(choices)};
  return Resolve(ModelTables()[static_cast<std::size_t>(ModelKindOf(settings, "p"))], settings,
                 "p.parameters");
}

using Names = std::vector<std::string_view>;

TEST("events models: tables stand in the order of ModelKind") {
  CHECK(ModelKindOf(Model("lif"), "p") == ModelKind::kLif);
  CHECK(ModelKindOf(Model("conductance-lif"), "p") == ModelKind::kConductanceLif);
  CHECK(ModelKindOf(Model("izhikevich"), "p") == ModelKind::kIzhikevich);
  CHECK(ModelKindOf(Model("adex"), "p") == ModelKind::kAdEx);
  for (const Table& table : ModelTables()) CHECK_EQUAL(Model(table.kind).kind, table.kind);
}

TEST("events models: an unknown kind is an error that lists the known ones") {
  try {
    ModelKindOf({.kind = "hodgkin-huxley"}, "populations[1]");
    CHECK(false);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidArgument);
    CHECK_EQUAL(error.field(), "populations[1].model");
    CHECK_EQUAL(error.value(), "\"hodgkin-huxley\"");
    CHECK_EQUAL(error.expected(), "one of lif, conductance-lif, izhikevich, adex");
  }
}

TEST("events models: every default lies within its bounds, and both bounds are accepted") {
  for (const Table& table : ModelTables()) {
    for (const Parameter& parameter : table.parameters) {
      CHECK(parameter.min <= parameter.fallback && parameter.fallback <= parameter.max);
      for (const double value : {parameter.min, parameter.max}) {
        const Settings set = {.kind = table.kind, .numbers = {{parameter.name, value}}};
        CHECK_EQUAL(NumberOf(Resolve(table, set, "p"), parameter.name), value);
      }
    }
  }
}

TEST("events models: the defaults of leaky neurons are those of the definitions") {
  const Settings lif = Model("lif");
  CHECK_EQUAL(NumberOf(lif, "restMv"), -70.0);
  CHECK_EQUAL(NumberOf(lif, "thresholdMv"), -55.0);
  CHECK_EQUAL(NumberOf(lif, "tauMs"), 15.0);
  CHECK_EQUAL(NumberOf(lif, "refractoryMs"), 1.5);
  CHECK_EQUAL(NumberOf(lif, "relativeRefractoryMs"), 5.0);
  CHECK_EQUAL(NumberOf(lif, "relativeTauMs"), 3.5);
  CHECK_EQUAL(ChoiceOf(lif, "synapse"), "delta");
  CHECK_EQUAL(ChoiceOf(lif, "integration"), "exact");
  const Settings conductance = Model("conductance-lif");
  CHECK_EQUAL(NumberOf(conductance, "tauMs"), 100.0);
  CHECK_EQUAL(NumberOf(conductance, "inhReversalMv"), -100.0);
  CHECK_EQUAL(ChoiceOf(conductance, "method"), "euler");
}

TEST("events models: only the exact lif is off the grid") {
  CHECK(!OnGrid(Model("lif")));
  CHECK(!OnGrid(Model("lif", {{"synapse", "exponential"}})));
  CHECK(OnGrid(Model("lif", {{"integration", "grid"}})));
  CHECK(OnGrid(Model("conductance-lif")));
  CHECK(OnGrid(Model("izhikevich")));
  CHECK(OnGrid(Model("adex")));
}

TEST("events models: state variables in stored order") {
  CHECK(VariablesOf(Model("lif")) == Names({"v", "theta"}));
  CHECK(VariablesOf(Model("lif", {{"synapse", "exponential"}})) == Names({"v", "ge", "gi", "theta"}));
  CHECK(VariablesOf(Model("conductance-lif")) == Names({"v", "ge", "gi", "theta"}));
  CHECK(VariablesOf(Model("izhikevich")) == Names({"v", "ge", "gi", "u"}));
  CHECK(VariablesOf(Model("adex")) == Names({"v", "ge", "gi", "w"}));
}

TEST("events models: values at rest") {
  Settings lif = Model("lif");
  lif.numbers["restMv"] = -61;
  lif.numbers["driveMv"] = 5;
  CHECK_EQUAL(RestOf(lif, "v"), -61.0);
  CHECK_EQUAL(RestOf(lif, "theta"), 0.0);
  CHECK_EQUAL(RestOf(Model("conductance-lif"), "v"), -65.0);
  CHECK_EQUAL(RestOf(Model("conductance-lif"), "gi"), 0.0);
  CHECK_EQUAL(RestOf(Model("izhikevich"), "v"), -65.0);
  CHECK_NEAR(RestOf(Model("izhikevich"), "u"), -13, 1e-12);
  CHECK_EQUAL(RestOf(Model("adex"), "v"), -70.6);
  CHECK_EQUAL(RestOf(Model("adex"), "w"), 0.0);
}

}  // namespace
}  // namespace synfire::events
