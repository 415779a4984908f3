// Named numbers and choices of neuron models and plasticity rules: one table says name, default and bounds.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace synfire::events {

/// One number of a model or rule. Bounds are inclusive; the unit is part of the name (tauMs, thresholdMv).
struct Parameter {
  const char* name;
  double fallback;
  double min;
  double max;
};

/// One named choice; `names` are separated by '|' and the first is the default ("additive|multiplicative").
struct Choice {
  const char* name;
  const char* names;
};

/// The table of one kind of model or rule.
struct Table {
  const char* kind;
  std::span<const Parameter> parameters;
  std::span<const Choice> choices;
};

/// What a user set. Names that a table does not have are errors.
struct Settings {
  std::string kind = {};
  std::map<std::string, double, std::less<>> numbers = {};
  std::map<std::string, std::string, std::less<>> choices = {};
};

/// The settings with every default filled in. `path` prefixes field names in errors.
/// Throws Error{kInvalidArgument} for unknown names, numbers that are not finite or out of bounds, and
/// unknown choices.
Settings Resolve(const Table& table, const Settings& settings, const std::string& path);

/// A number as errors show it: the shortest text that means it, NaN and Infinity as JavaScript writes them.
std::string ShownNumber(double value);

/// Look-ups in resolved settings; a missing name is a mistake in the engine (Error{kInternal}).
double NumberOf(const Settings& settings, std::string_view name);
const std::string& ChoiceOf(const Settings& settings, std::string_view name);

}  // namespace synfire::events
