#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "fhir/path/context.h"
#include "fhir/tree/builder.h"
#include "gateway/agreements/agreement_set.h"
#include "gateway/agreements/detail/compiled.h"

namespace concord::agreements {
namespace {

using detail::Agreement;
using detail::Focus;
using detail::Rule;
using path::Collection;
using path::EvalContext;
using path::Value;

/// Steps for one message and all its rules: a Bundle of the largest size under 200 rules stays far
/// below; a rule that does not end is indeterminate.
constexpr path::EvalLimits kLimits{.max_steps = 5'000'000, .max_bytes = std::size_t{32} << 20};

constexpr std::string_view kNeverBlocked = "a signed prescription is never blocked";
constexpr std::string_view kNeverRouted = "a signed prescription goes where the patient chose";

/// Whether rules may only annotate: an order for supply, or its change.
/// Source: agreements.md section 0, number 1.
bool is_prescription(std::string_view event) {
  return event == "prescription-order" || event == "prescription-order-update";
}

/// The facts as a tree, so that expressions walk them like anything else.
tree::Document facts_tree(const Facts& facts, const AgreementSet::Compiled& compiled) {
  tree::Document document(*compiled.symbols);
  tree::Builder build(document);
  build.set_name(build.root(), compiled.names.facts);
  for (const auto& [name, text] : facts.values()) {
    const FactKind* kind = find_fact(name);
    tree::Node* node = build.append(build.root(), compiled.symbols->find(name), tree::Kind::string);
    if (kind == nullptr || node == nullptr) continue;
    build.set_copy(*node, text);
    build.set_type(*node, compiled.names.fact_types[static_cast<std::size_t>(kind->type)]);
    if (kind->type == FactType::boolean) build.set_kind(*node, tree::Kind::boolean);
    if (kind->type == FactType::integer || kind->type == FactType::decimal) {
      build.set_kind(*node, tree::Kind::number);
    }
  }
  return document;
}

/// How one rule came out for one focus.
enum class Truth : std::uint8_t { no, yes, unknown };
struct Verdict {
  Truth truth = Truth::unknown;
  std::string reason;
};

class Decider {
 public:
  Decider(const tree::Document& bundle, const Facts& facts, const AgreementSet::Compiled& compiled,
          Instant now)
      : bundle_(bundle),
        facts_(facts),
        compiled_(compiled),
        facts_tree_(facts_tree(facts, compiled)),
        context_(kLimits),
        now_(now) {
    context_.now = now;
  }

  Decisions run() {
    find_items();
    read_parties();
    const auto today = compiled_.london->day_at(now_);
    for (const Agreement& agreement : compiled_.agreements) {
      if (covers(agreement, today) && is_newest(agreement, today)) covering_.push_back(&agreement);
    }
    for (const Agreement* agreement : covering_) judge(*agreement);
    supersede();
    std::stable_sort(made_.begin(), made_.end(), [](const Made& a, const Made& b) {
      return a.decision.tier < b.decision.tier;
    });
    for (Made& made : made_) {
      if (made.decision.in_force()) {
        decisions_.outcome = std::max(decisions_.outcome, made.decision.effect);
      }
      decisions_.all.push_back(std::move(made.decision));
    }
    return std::move(decisions_);
  }

 private:
  struct Item {
    const tree::Node* node;
    std::string path;
  };
  struct Made {
    Decision decision;
    int specificity;
  };

  // ---- the message ---------------------------------------------------------------------------

  void find_items() {
    for (const tree::Node& entry : bundle_.root().children()) {
      if (entry.name() != compiled_.names.entry) continue;
      const tree::Node* resource = entry.child(compiled_.names.resource);
      if (resource != nullptr && resource->type() == compiled_.names.medication_request) {
        items_.push_back({resource, bundle_.path(*resource)});
      }
    }
  }

  /// The one text an expression gives; empty when there is none or they differ.
  std::string one_text(const path::Expression& expression) {
    auto found = expression.evaluate(context_, bundle_focus());
    if (!found || found->size() != 1) return {};
    const auto text = context_.text_of(found->front());
    return text ? std::string(*text) : std::string();
  }

  void read_parties() {
    if (!compiled_.reading) return;
    event_ = one_text(compiled_.reading->event);
    decisions_.orderer = one_text(compiled_.reading->orderer);
    decisions_.performer = one_text(compiled_.reading->performer);
    bind(detail::kSlotFacts, Collection::of(facts_tree_, facts_tree_.root()));
    bind(detail::kSlotBundle, bundle_focus());
    if (!decisions_.orderer.empty()) bind_text(detail::kSlotOrderer, decisions_.orderer);
    if (!decisions_.performer.empty()) bind_text(detail::kSlotPerformer, decisions_.performer);
  }

  Collection bundle_focus() const { return Collection::of(bundle_, bundle_.root()); }
  void bind(std::size_t slot, const Collection& value) { context_.bind(slot, value); }
  void bind_text(std::size_t slot, const std::string& text) {
    bind(slot, Collection::of(Value::of(std::string_view(text))));
  }

  // ---- which agreements ------------------------------------------------------------------------

  bool holds_on(const Agreement& agreement, std::chrono::sys_days today) const {
    return agreement.start <= today && (!agreement.end || today <= *agreement.end);
  }

  bool covers(const Agreement& agreement, std::chrono::sys_days today) const {
    return holds_on(agreement, today) && agreement.orderer.covers(decisions_.orderer) &&
           agreement.performer.covers(decisions_.performer);
  }

  /// Of the versions that hold today, the highest in each mode; a shadow version runs beside.
  bool is_newest(const Agreement& agreement, std::chrono::sys_days today) const {
    return std::none_of(
        compiled_.agreements.begin(), compiled_.agreements.end(), [&](const Agreement& other) {
          return other.id == agreement.id && other.version > agreement.version &&
                 other.enforcement == agreement.enforcement && holds_on(other, today);
        });
  }

  // ---- rules ---------------------------------------------------------------------------------

  void judge(const Agreement& agreement) {
    std::vector<bool> decided(items_.size(), false);
    bool whole_decided = false;
    bool any_rule = false;
    for (const Rule& rule : agreement.rules) {
      if (rule.event != "any" && rule.event != event_) continue;
      any_rule = true;
      if (rule.focus == Focus::bundle) {
        whole_decided = judge_bundle(agreement, rule, decided) || whole_decided;
      } else {
        judge_items(agreement, rule, decided);
      }
      const bool all =
          !items_.empty() && std::find(decided.begin(), decided.end(), false) == decided.end();
      if (whole_decided || all) return;
    }
    if (!any_rule) return;
    Decision decision = start(agreement);
    decision.rule = "otherwise";
    decision.tier = Tier::agreement;
    if (!agreement.rules.empty()) decision.tier = agreement.rules.front().tier;
    decision.outcome = Outcome::otherwise;
    decision.asked = decision.effect = agreement.otherwise;
    decision.explanation = "No rule of this agreement speaks against it.";
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!decided[i]) decision.items.push_back(items_[i].path);
    }
    made_.push_back({std::move(decision), agreement.specificity()});
  }

  bool judge_bundle(const Agreement& agreement, const Rule& rule, std::vector<bool>& decided) {
    if (!items_.empty() && std::find(decided.begin(), decided.end(), false) == decided.end()) {
      return false;
    }
    Verdict verdict = evaluate(agreement, rule, bundle_focus());
    if (verdict.truth == Truth::no) return false;
    record(agreement, rule, verdict.truth, std::move(verdict.reason), {"Bundle"});
    if (verdict.truth != Truth::yes) return false;
    decided.assign(decided.size(), true);
    return true;
  }

  void judge_items(const Agreement& agreement, const Rule& rule, std::vector<bool>& decided) {
    std::vector<std::string> fired;
    std::vector<std::string> unknown;
    std::string reason;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (decided[i]) continue;
      Verdict verdict = evaluate(agreement, rule, Collection::of(bundle_, *items_[i].node));
      if (verdict.truth == Truth::yes) {
        decided[i] = true;
        fired.push_back(items_[i].path);
      } else if (verdict.truth == Truth::unknown) {
        unknown.push_back(items_[i].path);
        if (reason.empty()) reason = std::move(verdict.reason);
      }
    }
    if (!fired.empty()) record(agreement, rule, Truth::yes, {}, std::move(fired));
    if (!unknown.empty()) {
      record(agreement, rule, Truth::unknown, std::move(reason), std::move(unknown));
    }
  }

  Verdict evaluate(const Agreement& agreement, const Rule& rule, const Collection& focus) {
    for (const std::size_t index : rule.variables) {
      const detail::Variable& variable = agreement.variables[index];
      auto value = variable.expression.evaluate(
          context_, variable.focus == Focus::bundle ? bundle_focus() : focus);
      if (!value) return {Truth::unknown, could_not(value.error(), "%" + variable.name)};
      bind(detail::kFirstOwnSlot + index, *value);
    }
    auto found = rule.when.evaluate(context_, focus);
    if (!found) return {Truth::unknown, could_not(found.error(), "the condition")};
    if (found->empty()) return {Truth::unknown, missing(rule)};
    if (found->size() > 1) return {Truth::unknown, "the condition gives several answers"};
    const auto value = context_.system_value(found->front());
    if (!value || value->tag() != path::Tag::boolean) {
      return {Truth::unknown, "the condition gives neither true nor false"};
    }
    return {value->boolean() ? Truth::yes : Truth::no, {}};
  }

  static std::string could_not(const Error& error, std::string_view what) {
    return fmt::format("{} could not be evaluated ({})", what, error_row(error.code).name);
  }

  std::string missing(const Rule& rule) const {
    std::vector<std::string_view> absent;
    for (const std::string& fact : rule.facts) {
      if (!facts_.values().contains(fact)) absent.push_back(fact);
    }
    if (absent.empty()) return "the message does not hold what the rule needs";
    return fmt::format("not known: {}", fmt::join(absent, ", "));
  }

  // ---- decisions -----------------------------------------------------------------------------

  static Decision start(const Agreement& agreement) {
    Decision decision;
    decision.agreement = agreement.id;
    decision.version = agreement.version;
    decision.mode = agreement.enforcement;
    return decision;
  }

  void record(const Agreement& agreement, const Rule& rule, Truth truth, std::string reason,
              std::vector<std::string> items) {
    const bool fired = truth == Truth::yes;
    Decision decision = start(agreement);
    decision.rule = rule.id;
    decision.tier = rule.tier;
    decision.mode = rule.enforcement;
    decision.outcome = fired ? Outcome::fired : Outcome::indeterminate;
    decision.asked = decision.effect = fired ? rule.effect : rule.on_indeterminate;
    decision.reason = std::move(reason);
    decision.explanation = rule.explain;
    decision.source = rule.source;
    decision.items = std::move(items);
    if (fired) {
      decision.route_to = rule.route_to;
      if (rule.clock) decision.clock = start_clock(*rule.clock);
    }
    if (is_prescription(event_)) soften(decision);
    made_.push_back({std::move(decision), agreement.specificity()});
  }

  static void soften(Decision& decision) {
    std::string_view reason;
    if (decision.effect >= Effect::hold) {
      decision.effect = Effect::warn;
      reason = kNeverBlocked;
    } else if (decision.effect == Effect::route) {
      decision.effect = Effect::annotate;
      reason = kNeverRouted;
    } else {
      return;
    }
    if (!decision.reason.empty()) decision.reason += "; ";
    decision.reason += reason;
  }

  Clock start_clock(const detail::ClockTerms& terms) const {
    Clock clock;
    clock.allowance = terms.allowance;
    clock.owner = terms.owner;
    clock.calendar = terms.calendar->id;
    if (auto due = due_at(now_, terms.allowance, *terms.calendar)) clock.due_at = *due;
    return clock;
  }

  /// The same rule in several signed agreements: the most narrowly drawn one counts; of equals the
  /// stricter one does by severity. Source: agreements.md section 3.3, number 3.
  void supersede() {
    for (Made& made : made_) {
      made.decision.superseded =
          made.decision.outcome != Outcome::otherwise &&
          made.decision.mode == Enforcement::enforced &&
          std::any_of(covering_.begin(), covering_.end(), [&](const Agreement* other) {
            return other->specificity() > made.specificity && replaces(*other, made.decision);
          });
    }
  }

  static bool replaces(const Agreement& agreement, const Decision& decision) {
    return agreement.id != decision.agreement &&
           std::any_of(agreement.rules.begin(), agreement.rules.end(), [&](const Rule& rule) {
             return rule.id == decision.rule && rule.enforcement == Enforcement::enforced &&
                    rule.tier <= decision.tier;
           });
  }

  const tree::Document& bundle_;
  const Facts& facts_;
  const AgreementSet::Compiled& compiled_;
  tree::Document facts_tree_;
  EvalContext context_;
  Instant now_;
  std::string event_;
  std::vector<const Agreement*> covering_;
  std::vector<Item> items_;
  std::vector<Made> made_;
  Decisions decisions_;
};

}  // namespace

Decisions decide(const tree::Document& bundle, const Facts& facts, const AgreementSet& set,
                 Instant now) {
  if (set.compiled().agreements.empty()) return {};
  return Decider(bundle, facts, set.compiled(), now).run();
}

}  // namespace concord::agreements
