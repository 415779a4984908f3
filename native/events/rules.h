// All plasticity rules: listed once, found by kind, visited as objects of their own class.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "native/base/error.h"
#include "native/events/rules/diehl_cook.h"
#include "native/events/rules/pair.h"
#include "native/events/rules/reward.h"
#include "native/events/rules/soft_bound.h"
#include "native/events/rules/teaching.h"
#include "native/events/rules/triplet.h"
#include "native/events/rules/vogels.h"

namespace synfire::events {

template <template <class> class... Rules>
struct RuleList {
  static constexpr std::array<Table, sizeof...(Rules)> kTables = {Rules<double>::kTable...};

  /// Calls visitor(rule) with a Rule<Real> made from the settings; false when no rule fits them.
  template <class Real, class Visitor>
  static bool Visit(const Settings& resolved, Visitor& visitor) {
    return (VisitIf<Rules<Real>>(resolved, visitor) || ...);
  }

 private:
  template <class Rule, class Visitor>
  static bool VisitIf(const Settings& resolved, Visitor& visitor) {
    if (resolved.kind != Rule::kTable.kind || !Rule::Fits(resolved)) return false;
    visitor(Rule(resolved));
    return true;
  }
};

/// The list. A kind that is split into several classes has them side by side.
using AllRules = RuleList<Pair, PairPreCentred, SoftBound, Triplet, Reward, Teaching, DiehlCook, Vogels>;

/// One table per class of rule; classes of one kind repeat its table.
inline std::span<const Table> RuleTables() {
  return AllRules::kTables;
}

/// Throws Error{kInvalidArgument} (field `path`.kind) for an unknown kind.
inline const Table& RuleTableOf(std::string_view kind, const std::string& path) {
  std::string kinds;
  std::string_view last;
  for (const Table& table : RuleTables()) {
    if (kind == table.kind) return table;
    if (last != table.kind) kinds += (kinds.empty() ? "" : ", ") + std::string(table.kind);
    last = table.kind;
  }
  throw InvalidArgument(path + ".kind", "\"" + std::string(kind) + "\"", "one of " + kinds);
}

/// The settings of a rule with every default filled in, checked as Resolve does, and wMin < wMax.
inline Settings ResolveRule(const Settings& rule, const std::string& path) {
  Settings resolved = Resolve(RuleTableOf(rule.kind, path), rule, path);
  const double w_max = NumberOf(resolved, "wMax");
  if (NumberOf(resolved, "wMin") < w_max) return resolved;
  throw InvalidArgument(path + ".wMax", std::to_string(w_max), "a number above wMin");
}

/// Calls visitor(rule) with the rule object that resolved settings describe. Visitors return nothing.
template <class Real, class Visitor>
void VisitRule(const Settings& resolved, Visitor&& visitor) {
  if (AllRules::Visit<Real>(resolved, visitor)) return;
  throw Error(ErrorCode::kInternal, "no plasticity rule is called " + resolved.kind);
}

}  // namespace synfire::events
