#include "conformance/runner/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "conformance/runner/detail/members.h"
#include "conformance/runner/requirements.h"

namespace concord::runner {

namespace {

using Key = std::pair<std::string, std::string>;

void collect_claimed(const tree::Document& statement, std::map<Key, Claim>& claims) {
  const detail::Members members(statement);
  const auto claim = [&](const std::string& type, const std::string& interaction) {
    Claim& made = claims[{type, interaction}];
    made.type = type;
    made.interaction = interaction;
    made.claimed = true;
  };
  members.each(statement.root(), "rest", [&](const tree::Node& rest) {
    members.each(rest, "interaction",
                 [&](const tree::Node& one) { claim("", members.text(one, "code")); });
    members.each(rest, "operation",
                 [&](const tree::Node& one) { claim("", "$" + members.text(one, "name")); });
    members.each(rest, "resource", [&](const tree::Node& resource) {
      const std::string type = members.text(resource, "type");
      members.each(resource, "interaction",
                   [&](const tree::Node& one) { claim(type, members.text(one, "code")); });
      members.each(resource, "operation",
                   [&](const tree::Node& one) { claim(type, "$" + members.text(one, "name")); });
    });
  });
}

/// Whether an action failed for what an exchange gave: the assertions up to the next operation.
void judge(const ScriptResult& script, const std::vector<ActionResult>& actions,
           const std::string& name, const tree::Document& statement, std::map<Key, Claim>& claims) {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const ActionResult& operation = actions[i];
    if (!operation.is_operation || !operation.exchange) continue;
    if (*operation.exchange >= script.exchanges.size()) continue;
    const Exchange& exchange = script.exchanges[*operation.exchange];
    bool good = operation.outcome == Outcome::pass, asserted = false;
    for (std::size_t j = i + 1; j < actions.size() && !actions[j].is_operation; ++j) {
      asserted = true;
      good = good && actions[j].outcome != Outcome::fail && actions[j].outcome != Outcome::error;
    }
    if (!asserted) continue;
    Claim& claim = claims[{exchange.type, exchange.interaction}];
    if (claim.interaction.empty()) {
      claim.type = exchange.type;
      claim.interaction = exchange.interaction;
      claim.claimed = runner::claims(statement, exchange.type, exchange.interaction);
    }
    if (!good) {
      if (claim.failed++ == 0) claim.example = name;
    } else if (exchange.response.status / 100 == 2) {
      if (claim.worked++ == 0 && claim.failed == 0) claim.example = name;
    }
  }
}

}  // namespace

Standing standing_of(const Claim& claim) {
  if (claim.claimed && claim.failed > 0) return Standing::claimed_but_fails;
  if (claim.claimed) return claim.worked > 0 ? Standing::kept : Standing::not_tested;
  return claim.worked > 0 && claim.failed == 0 ? Standing::unclaimed_works
                                               : Standing::unclaimed_fails;
}

std::string_view standing_name(Standing standing) {
  constexpr std::string_view kNames[] = {"kept", "claimed but fails", "works unclaimed",
                                         "neither claimed nor working", "claimed, not tested"};
  return kNames[static_cast<std::size_t>(standing)];
}

std::vector<Claim> check_claims(const RunResult& run, const tree::Document& statement) {
  std::map<Key, Claim> claims;
  collect_claimed(statement, claims);
  for (const ScriptResult& script : run.scripts) {
    for (const TestResult& test : script.tests) {
      judge(script, test.actions, full_name(script, test), statement, claims);
    }
  }
  std::vector<Claim> all;
  for (auto& [key, claim] : claims) all.push_back(std::move(claim));
  return all;
}

std::string claims_text(const std::vector<Claim>& claims) {
  std::string text;
  std::map<Standing, std::size_t> counts;
  const auto list = [&](Standing wanted) {
    bool first = true;
    for (const Claim& claim : claims) {
      if (standing_of(claim) != wanted) continue;
      if (first) text += fmt::format("{}:\n", standing_name(wanted));
      first = false;
      text += fmt::format("  {} {}  {} of {} exchanges as tested, e.g. {}\n",
                          claim.type.empty() ? "system" : claim.type, claim.interaction,
                          claim.worked, claim.worked + claim.failed, claim.example);
    }
  };
  for (const Claim& claim : claims) ++counts[standing_of(claim)];
  list(Standing::claimed_but_fails);
  list(Standing::unclaimed_works);
  text += fmt::format("{} claims kept, {} claimed but fail, {} work unclaimed, {} not tested\n",
                      counts[Standing::kept], counts[Standing::claimed_but_fails],
                      counts[Standing::unclaimed_works], counts[Standing::not_tested]);
  return text;
}

}  // namespace concord::runner
