#pragma once
/// What agreements become at load: expressions ready to run, everything else checked.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fhir/path/expression.h"
#include "fhir/tree/symbols.h"
#include "gateway/agreements/agreement_set.h"
#include "gateway/agreements/calendar.h"
#include "gateway/agreements/decision.h"
#include "gateway/agreements/detail/zone.h"

namespace concord::agreements::detail {

/// What an expression is evaluated for: each MedicationRequest in turn, or the whole Bundle once.
enum class Focus : std::uint8_t { medication_request, bundle };

/// The variables every expression may name, by slot. An agreement's own follow.
enum StandardSlot : std::size_t {
  kSlotFacts,
  kSlotBundle,
  kSlotOrderer,
  kSlotPerformer,
  kFirstOwnSlot
};

struct Variable {
  std::string name;
  Focus focus;
  path::Expression expression;
  std::set<std::string, std::less<>> facts;  ///< named in it, or in variables it names
};

struct ClockTerms {
  WorkingMinutes allowance;
  Party owner;
  const Calendar* calendar;
};

struct Rule {
  std::string id;
  Focus focus;
  std::string event;  ///< MessageHeader event code it is for; "any" for every message
  path::Expression when;
  std::vector<std::size_t> variables;  ///< of the agreement, in order, those it needs
  std::set<std::string, std::less<>> facts;
  Effect effect;
  Effect on_indeterminate;
  Enforcement enforcement;
  Tier tier;
  std::string route_to;
  std::optional<ClockTerms> clock;
  std::string explain;
  std::string source;
};

/// Which organisations one side of an agreement may be; `any` for platform rules.
struct Side {
  bool any = false;
  std::set<std::string, std::less<>> codes;
  bool covers(std::string_view code) const { return any || codes.contains(code); }
};

struct Agreement {
  std::string id;
  std::uint32_t version;
  Enforcement enforcement;
  Side orderer;
  Side performer;
  std::chrono::sys_days start;
  std::optional<std::chrono::sys_days> end;  ///< last day it holds
  std::vector<Variable> variables;
  std::vector<Rule> rules;
  Effect otherwise;

  /// 3: one organisation on each side; 2: both sides named; 1: one side named; 0: platform-wide.
  int specificity() const;
};

/// How a message is read before any rule: who ordered, who is to perform, what kind it is.
struct Reading {
  path::Expression event;
  path::Expression orderer;
  path::Expression performer;
};

struct Names {
  tree::Symbol entry, resource, medication_request, facts;
  std::array<tree::Symbol, 5> fact_types;  ///< FHIR type by FactType
};

}  // namespace concord::agreements::detail

namespace concord::agreements {

struct AgreementSet::Compiled {
  std::vector<detail::Agreement> agreements;
  std::map<std::string, Calendar, std::less<>> calendars;
  std::optional<detail::Reading> reading;  ///< nothing when there are no agreements
  detail::Names names{};
  const tree::Symbols* symbols = nullptr;
  std::shared_ptr<const detail::Zone> london;
};

}  // namespace concord::agreements
