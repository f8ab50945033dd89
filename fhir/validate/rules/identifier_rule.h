#pragma once
// What the rules on identifiers share: a value beside a system, a check, a policy.

#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate::rules {

/// Values of one type (Identifier, Coding) whose `system` is a given one.
class IdentifierRule : public Rule {
 public:
  struct Row {
    std::string_view id;
    std::string_view type;    ///< "Identifier"
    std::string_view member;  ///< "value"
    std::string_view system;
    Policy IdentifierPolicy::*policy;
    Result<void> (*check)(std::string_view value);
  };
  explicit IdentifierRule(const Row& row) : row_(row) {}

  std::string_view id() const override { return row_.id; }
  Runs runs() const override { return Runs::always; }
  void prepare(const definitions::Definitions& definitions) override {
    system_ = definitions.symbols().find("system");
    member_ = definitions.symbols().find(row_.member);
  }
  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == row_.type) plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const tree::Node& node, Context& context) {
    const auto& rule = *static_cast<const IdentifierRule*>(data);
    const tree::Node* system = node.child(rule.system_);
    if (system == nullptr || system->text() != rule.row_.system) return;
    const Policy policy = context.options().identifiers.*rule.row_.policy;
    if (policy == Policy::accept) return;
    const tree::Node* value = node.child(rule.member_);
    if (value == nullptr || !value->has_value()) return;
    const Result<void> good = rule.row_.check(value->text());
    if (good) return;
    const auto& issues = good.error().issues;
    context.apply(policy, rule.row_.id, "value", *value,
                  issues.empty() ? "is not valid" : issues.front().text);
  }

  Row row_;
  tree::Symbol system_ = tree::Symbol::kNone;
  tree::Symbol member_ = tree::Symbol::kNone;
};

}  // namespace concord::validate::rules
