#pragma once
/// What agreements say about one message. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/core/instant.h"
#include "gateway/agreements/turnaround.h"

namespace concord::agreements {

/// `shadow` evaluates and records what it would have done, and changes nothing.
enum class Enforcement : std::uint8_t { shadow, enforced };

/// What a rule does to a message, by rising severity. Source: agreements.md section 3.3: J > H > R
/// > W > A; clocks and annotations accumulate.
enum class Effect : std::uint8_t { permit, annotate, warn, route, hold, reject };

/// Law and regulator, national service or contract, signed agreement, preference.
/// A lower tier may tighten, never loosen, a higher one.
enum class Tier : std::uint8_t { law = 1, national = 2, agreement = 3, preference = 4 };

enum class Party : std::uint8_t { orderer, performer };

/// How a rule came out.
enum class Outcome : std::uint8_t {
  fired,
  indeterminate,  ///< needed data is missing or could not be evaluated; never counts as a pass
  otherwise,      ///< no rule of the agreement fired
};

std::string_view enforcement_name(Enforcement);
std::string_view effect_name(Effect);
std::string_view party_name(Party);
std::string_view outcome_name(Outcome);

/// A duty to answer that the decision started.
struct Clock {
  WorkingMinutes allowance{0};
  Party owner = Party::orderer;   ///< who must act
  std::string calendar;           ///< whose opening hours were counted
  std::optional<Instant> due_at;  ///< nothing when the calendar has no opening in reach
  friend bool operator==(const Clock&, const Clock&) = default;
};

/// One rule of one agreement, for one message. Carries everything the record needs.
struct Decision {
  std::string agreement;
  std::uint32_t version = 0;
  std::string rule;  ///< rule id; "otherwise" when none fired
  Tier tier = Tier::agreement;
  Enforcement mode = Enforcement::shadow;
  Outcome outcome = Outcome::otherwise;
  Effect asked = Effect::permit;   ///< what the agreement's text says
  Effect effect = Effect::permit;  ///< what it comes to for this message
  /// Why `effect` differs from `asked`, or why the rule is indeterminate; else empty.
  std::string reason;
  std::string explanation;         ///< the agreement's own words
  std::string source;              ///< clause, law or guidance
  std::string route_to;            ///< work queue, for `route`; else empty
  std::vector<std::string> items;  ///< FHIRPath of what it is about: "Bundle.entry[1].resource"
  std::optional<Clock> clock;
  bool superseded = false;  ///< a more specific agreement has the same rule id; recorded only
  friend bool operator==(const Decision&, const Decision&) = default;

  /// Whether it counts towards the outcome.
  bool in_force() const { return mode == Enforcement::enforced && !superseded; }
};

/// Everything decided about one message, in order of precedence: tier, how narrowly the agreement
/// is drawn, later start, higher version, agreement id.
struct Decisions {
  std::vector<Decision> all;
  Effect outcome = Effect::permit;  ///< the most severe effect in force
  /// Organisations the agreements were chosen by; empty when the message does not name one.
  std::string orderer;
  std::string performer;
  friend bool operator==(const Decisions&, const Decisions&) = default;

  /// Whether the message goes on now: false for `hold` and `reject`, which no prescription can get.
  bool goes_on() const { return outcome < Effect::hold; }

  /// The decision that gave `outcome`, else the first; null when no agreement covers the parties.
  const Decision* deciding() const;

  /// What the sender hears: one issue per decision in force with an effect (warning for warn and
  /// route, information for annotate, error for hold and reject); `detail_code` is
  /// "<agreement>|<version>#<rule>", `code` "business-rule".
  std::vector<Issue> issues() const;

  /// One line: "warn by pcn-u99999-repeats-2026 v3 rule smr-1: Repeat medicines need …".
  std::string summary() const;
};

/// The record of a decision as JSON, same decision, same bytes: kept with the exchange and digested
/// into the audit log. Holds ids, codes and the agreement's own text, no value of the message.
std::string to_json(const Decisions& decisions);

}  // namespace concord::agreements
