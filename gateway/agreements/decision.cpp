#include "gateway/agreements/decision.h"

#include <fmt/format.h>

#include <array>

namespace concord::agreements {
namespace {

constexpr std::array<std::string_view, 2> kEnforcements{"shadow", "enforced"};
constexpr std::array<std::string_view, 6> kEffects{"permit", "annotate", "warn",
                                                   "route",  "hold",     "reject"};
constexpr std::array<std::string_view, 2> kParties{"orderer", "performer"};
constexpr std::array<std::string_view, 3> kOutcomes{"fired", "indeterminate", "otherwise"};

Severity severity_of(Effect effect) {
  if (effect >= Effect::hold) return Severity::error;
  return effect == Effect::annotate ? Severity::information : Severity::warning;
}

/// The agreement's own words, and what came between them and the effect.
std::string words_of(const Decision& decision) {
  if (decision.outcome == Outcome::indeterminate) {
    return fmt::format("Could not be judged ({}): {}", decision.reason, decision.explanation);
  }
  if (decision.reason.empty()) return decision.explanation;
  return fmt::format("{} ({})", decision.explanation, decision.reason);
}

/// Appends a JSON string. The texts are UTF-8 that YAML or the tree has checked.
void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_text(out, text);
}

void append_decision(std::string& out, const Decision& decision) {
  out += "{\"agreement\":";
  append_text(out, decision.agreement);
  fmt::format_to(std::back_inserter(out), ",\"version\":{}", decision.version);
  append_member(out, "rule", decision.rule);
  fmt::format_to(std::back_inserter(out), ",\"tier\":{}", static_cast<int>(decision.tier));
  append_member(out, "mode", enforcement_name(decision.mode));
  append_member(out, "outcome", outcome_name(decision.outcome));
  append_member(out, "asked", effect_name(decision.asked));
  append_member(out, "effect", effect_name(decision.effect));
  if (decision.superseded) out += ",\"superseded\":true";
  if (!decision.reason.empty()) append_member(out, "reason", decision.reason);
  if (!decision.explanation.empty()) append_member(out, "explanation", decision.explanation);
  if (!decision.source.empty()) append_member(out, "source", decision.source);
  if (!decision.route_to.empty()) append_member(out, "routeTo", decision.route_to);
  if (!decision.items.empty()) {
    out += ",\"items\":[";
    for (std::size_t i = 0; i < decision.items.size(); ++i) {
      if (i > 0) out += ',';
      append_text(out, decision.items[i]);
    }
    out += ']';
  }
  if (decision.clock) {
    fmt::format_to(std::back_inserter(out), ",\"clock\":{{\"workingMinutes\":{}",
                   decision.clock->allowance.count());
    append_member(out, "owner", party_name(decision.clock->owner));
    append_member(out, "calendar", decision.clock->calendar);
    if (decision.clock->due_at)
      append_member(out, "dueAt", format_instant(*decision.clock->due_at));
    out += '}';
  }
  out += '}';
}

}  // namespace

std::string_view enforcement_name(Enforcement enforcement) {
  return kEnforcements[static_cast<std::size_t>(enforcement)];
}
std::string_view effect_name(Effect effect) { return kEffects[static_cast<std::size_t>(effect)]; }
std::string_view party_name(Party party) { return kParties[static_cast<std::size_t>(party)]; }
std::string_view outcome_name(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

const Decision* Decisions::deciding() const {
  for (const Decision& decision : all) {
    if (decision.in_force() && decision.effect == outcome) return &decision;
  }
  return all.empty() ? nullptr : &all.front();
}

std::vector<Issue> Decisions::issues() const {
  std::vector<Issue> issues;
  for (const Decision& decision : all) {
    if (!decision.in_force() || decision.effect == Effect::permit) continue;
    Issue issue;
    issue.severity = severity_of(decision.effect);
    issue.expression = decision.items.empty() ? "Bundle" : decision.items.front();
    issue.text = words_of(decision);
    issue.code = "business-rule";
    issue.detail_code =
        fmt::format("{}|{}#{}", decision.agreement, decision.version, decision.rule);
    issues.push_back(std::move(issue));
  }
  return issues;
}

std::string Decisions::summary() const {
  const Decision* decision = deciding();
  if (decision == nullptr) return "permit: no agreement covers these parties";
  std::string line = fmt::format("{} by {} v{} rule {}", effect_name(outcome), decision->agreement,
                                 decision->version, decision->rule);
  if (!decision->in_force())
    line += fmt::format(" ({} only recorded)", enforcement_name(decision->mode));
  return line + ": " + words_of(*decision);
}

std::string to_json(const Decisions& decisions) {
  std::string out = "{\"outcome\":";
  append_text(out, effect_name(decisions.outcome));
  append_member(out, "orderer", decisions.orderer);
  append_member(out, "performer", decisions.performer);
  out += ",\"decisions\":[";
  for (std::size_t i = 0; i < decisions.all.size(); ++i) {
    if (i > 0) out += ',';
    append_decision(out, decisions.all[i]);
  }
  out += "]}";
  return out;
}

}  // namespace concord::agreements
