// Fills settings from tables, and says which name, number or choice is wrong.
#include "native/events/settings.h"

#include <charconv>
#include <cmath>

#include "native/base/error.h"

namespace synfire::events {
namespace {

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

template <class Entry>
const Entry* Find(std::span<const Entry> entries, std::string_view name) {
  for (const Entry& entry : entries)
    if (name == entry.name) return &entry;
  return nullptr;
}

// Calls visit(name) for each name of a choice.
template <class Visit>
void VisitNames(const Choice& choice, Visit&& visit) {
  std::string_view rest = choice.names;
  while (true) {
    const std::size_t bar = rest.find('|');
    visit(rest.substr(0, bar));
    if (bar == std::string_view::npos) return;
    rest.remove_prefix(bar + 1);
  }
}

std::string_view DefaultOf(const Choice& choice) {
  const std::string_view names = choice.names;
  return names.substr(0, names.find('|'));
}

bool Offers(const Choice& choice, std::string_view wanted) {
  bool found = false;
  VisitNames(choice, [&](std::string_view name) { found = found || name == wanted; });
  return found;
}

std::string NamesOf(const Table& table) {
  std::string names;
  const auto add = [&](const char* name) { names += (names.empty() ? "" : ", ") + std::string(name); };
  for (const Parameter& parameter : table.parameters) add(parameter.name);
  for (const Choice& choice : table.choices) add(choice.name);
  return names;
}

// What would be valid under this name.
std::string ExpectedOf(const Table& table, std::string_view name) {
  if (const Parameter* parameter = Find(table.parameters, name)) {
    return "a number from " + ShownNumber(parameter->min) + " to " + ShownNumber(parameter->max);
  }
  if (const Choice* choice = Find(table.choices, name)) {
    std::string names;
    VisitNames(*choice, [&](std::string_view one) { names += (names.empty() ? "" : ", ") + Quoted(one); });
    return "one of " + names;
  }
  return "only names that " + Quoted(table.kind) + " has: " + NamesOf(table);
}

}  // namespace

std::string ShownNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

Settings Resolve(const Table& table, const Settings& settings, const std::string& path) {
  Settings resolved;
  resolved.kind = table.kind;
  for (const Parameter& parameter : table.parameters) resolved.numbers[parameter.name] = parameter.fallback;
  for (const Choice& choice : table.choices) resolved.choices[choice.name] = DefaultOf(choice);
  for (const auto& [name, value] : settings.numbers) {
    const Parameter* parameter = Find(table.parameters, name);
    if (parameter == nullptr || !(value >= parameter->min && value <= parameter->max)) {
      throw InvalidArgument(path + "." + name, ShownNumber(value), ExpectedOf(table, name));
    }
    resolved.numbers[name] = value;
  }
  for (const auto& [name, value] : settings.choices) {
    const Choice* choice = Find(table.choices, name);
    if (choice == nullptr || !Offers(*choice, value)) {
      throw InvalidArgument(path + "." + name, Quoted(value), ExpectedOf(table, name));
    }
    resolved.choices[name] = value;
  }
  return resolved;
}

double NumberOf(const Settings& settings, std::string_view name) {
  const auto found = settings.numbers.find(name);
  if (found != settings.numbers.end()) return found->second;
  throw Error(ErrorCode::kInternal, settings.kind + " has no number " + std::string(name));
}

const std::string& ChoiceOf(const Settings& settings, std::string_view name) {
  const auto found = settings.choices.find(name);
  if (found != settings.choices.end()) return found->second;
  throw Error(ErrorCode::kInternal, settings.kind + " has no choice " + std::string(name));
}

}  // namespace synfire::events
