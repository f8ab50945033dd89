#include "conformance/runner/requirements.h"

#include <algorithm>

#include "conformance/runner/detail/members.h"

namespace concord::runner {

namespace {

bool has_code(const detail::Members& members, const tree::Node& node, std::string_view list,
              std::string_view child, std::string_view code) {
  bool found = false;
  members.each(node, list,
               [&](const tree::Node& one) { found = found || members.text(one, child) == code; });
  return found;
}

/// Fragments of hl7.org/fhir/http.html that name an interaction.
struct LinkRow {
  std::string_view fragment;
  std::string_view interaction;
  bool of_system = false;
};
constexpr LinkRow kLinks[] = {
    {"#read", "read"},
    {"#vread", "vread"},
    {"#update", "update"},
    {"#patch", "patch"},
    {"#delete", "delete"},
    {"#create", "create"},
    {"#search", "search-type"},
    {"#history", "history-instance"},
    {"#transaction", "transaction", true},
    {"#batch", "batch", true},
};

std::optional<std::string> not_claimed_by(const tree::Document& wanted,
                                          const tree::Document& statement) {
  const detail::Members members(wanted);
  std::optional<std::string> reason;
  members.each(wanted.root(), "rest", [&](const tree::Node& rest) {
    members.each(rest, "resource", [&](const tree::Node& resource) {
      const std::string type = members.text(resource, "type");
      members.each(resource, "interaction", [&](const tree::Node& interaction) {
        const std::string code = members.text(interaction, "code");
        if (!reason && !claims(statement, type, code)) {
          reason = "the server does not claim " + code + " of " + type;
        }
      });
    });
  });
  return reason;
}

}  // namespace

bool claims(const tree::Document& statement, const std::string& type,
            const std::string& interaction) {
  const detail::Members members(statement);
  bool found = false;
  const bool operation = interaction.starts_with('$');
  const std::string name = operation ? interaction.substr(1) : interaction;
  members.each(statement.root(), "rest", [&](const tree::Node& rest) {
    if (operation && has_code(members, rest, "operation", "name", name)) found = true;
    if (interaction == "capabilities") found = true;
    if (type.empty() || interaction == "batch" || interaction == "transaction" ||
        interaction == "history-system" || interaction == "search-system") {
      if (!operation) found = found || has_code(members, rest, "interaction", "code", name);
      return;
    }
    members.each(rest, "resource", [&](const tree::Node& resource) {
      if (members.text(resource, "type") != type) return;
      found = found || (operation ? has_code(members, resource, "operation", "name", name)
                                  : has_code(members, resource, "interaction", "code", name));
    });
  });
  return found;
}

std::optional<std::string> unmet(const std::vector<Condition>& conditions,
                                 const tree::Document* statement, Standard& standard,
                                 std::string& note) {
  if (statement == nullptr) return std::nullopt;
  for (const Condition& condition : conditions) {
    if (!condition.versions.empty()) {
      const std::string_view version = root_text(*statement, "fhirVersion");
      const bool fits = version.empty() ||
                        std::any_of(condition.versions.begin(), condition.versions.end(),
                                    [&](const std::string& wanted) {
                                      return version == wanted || version.starts_with(wanted + ".");
                                    });
      if (!fits) return "not for FHIR " + std::string(version);
    }
    if (condition.capability.empty()) continue;
    const auto holds = standard.holds(condition.capability, *statement);
    if (!holds) {
      note = "a required capability cannot be evaluated: " + holds.error().issues.front().text;
    } else if (!*holds) {
      return "the server does not claim: " + condition.capability;
    }
  }
  return std::nullopt;
}

std::optional<std::string> unmet(const Capability& capability, const std::set<std::string>& types,
                                 const tree::Document* statement, Standard& standard,
                                 std::string& note) {
  if (!capability.required) return std::nullopt;
  if (statement == nullptr) {
    note = "a required capability is not looked at: /metadata could not be read";
    return std::nullopt;
  }
  for (const std::string& link : capability.links) {
    for (const LinkRow& row : kLinks) {
      if (!link.ends_with(row.fragment)) continue;
      if (row.of_system && !claims(*statement, "", std::string(row.interaction))) {
        return "the server does not claim " + std::string(row.interaction);
      }
      if (row.of_system) continue;
      for (const std::string& type : types) {
        if (!claims(*statement, type, std::string(row.interaction))) {
          return "the server does not claim " + std::string(row.interaction) + " of " + type;
        }
      }
    }
  }
  if (!capability.statement.empty()) {
    if (const auto* entry = standard.registry.find("CapabilityStatement", capability.statement)) {
      const auto wanted = standard.registry.document(*entry);
      if (wanted) return not_claimed_by(**wanted, *statement);
    }
  }
  return std::nullopt;
}

}  // namespace concord::runner
