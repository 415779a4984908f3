// The neuron models: their tables of parameters, their state variables, and whether they live on the grid.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "native/events/settings.h"

namespace synfire::events {

enum class ModelKind { kLif, kConductanceLif, kIzhikevich, kAdEx };

/// All tables, in the order of ModelKind: "lif", "conductance-lif", "izhikevich", "adex".
std::span<const Table> ModelTables();

/// Throws Error{kInvalidArgument} (field `path`.model) for an unknown kind.
ModelKind ModelKindOf(const Settings& model, std::string_view path);

/// True for models that advance in steps of dt; false for those integrated exactly from event to event.
bool OnGrid(const Settings& model);

/// Names of the state variables in stored order; the first is "v". All models have "v"; current- and
/// conductance-based ones "ge" and "gi"; lif and conductance-lif "theta"; izhikevich "u"; adex "w".
std::vector<std::string_view> VariablesOf(const Settings& model);

/// The value of a variable at rest: "v" is restMv (Izhikevich's c), "u" is b * c, all others 0.
double RestOf(const Settings& model, std::string_view variable);

}  // namespace synfire::events
