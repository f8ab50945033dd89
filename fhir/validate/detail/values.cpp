// What a profile asks of primitive values beyond their type.
// Source: hl7.org/fhir/R4/elementdefinition.html (maxLength, minValue, maxValue and extensions).
#include <algorithm>

#include "fhir/core/decimal.h"
#include "fhir/json/reader.h"
#include "fhir/validate/detail/engine.h"

namespace concord::validate {

namespace {

using detail::ElementPlan;
using detail::ValueRule;
using tree::Node;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  }));
}

bool is_number(std::string_view type) {
  return type == "integer" || type == "decimal" || type == "positiveInt" || type == "unsignedInt";
}

bool is_moment(std::string_view type) {
  return type == "date" || type == "dateTime" || type == "instant" || type == "time";
}

/// Below, equal or above, as far as both are written; nothing when they cannot be compared.
std::optional<int> compared(std::string_view a, std::string_view b, std::string_view type) {
  if (is_number(type)) {
    const auto left = Decimal::parse(a), right = Decimal::parse(b);
    if (!left || !right) return std::nullopt;
    return *left < *right ? -1 : *right < *left ? 1 : 0;
  }
  if (!is_moment(type)) return std::nullopt;
  // Texts of one precision order as their moments do; zones are those of the texts.
  const std::size_t size = std::min(a.size(), b.size());
  const int order = a.substr(0, size).compare(b.substr(0, size));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace

/// A Quantity against a bound in the same unit; other units cannot be compared without their table.
void Engine::quantity_rule(const ElementPlan& plan, std::string_view bound, bool least,
                           const Node& node) {
  const definitions::Type* type = definitions_.type(node.type());
  if (bound.empty() || type == nullptr || type->child(value_).element == nullptr) return;
  const auto limit = json::read_plain(std::string(bound), definitions_.symbols());
  if (!limit) return;
  const tree::Symbol code = definitions_.symbols().find("code");
  const auto text = [](const Node& of, tree::Symbol name) {
    const Node* at = of.child(name);
    return at == nullptr ? std::string_view{} : at->text();
  };
  const auto value = Decimal::parse(text(node, value_));
  const auto wanted = Decimal::parse(text(limit->root(), value_));
  if (!value || !wanted || text(node, system_) != text(limit->root(), system_) ||
      text(node, code) != text(limit->root(), code)) {
    return;
  }
  if (least ? *value < *wanted : *wanted < *value) {
    context_.error(least ? "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_WRONG"
                         : "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_WRONG",
                   "invalid", node,
                   std::string(least ? "is below" : "is above") +
                       " what the profile allows (from " + plan.profile->label + ")");
  }
}

void Engine::value_rule(const ElementPlan& plan, const Node& node) {
  const ValueRule& rule = *plan.value;
  if (rule.min_type == "Quantity" || rule.max_type == "Quantity") {
    quantity_rule(plan, rule.min_value, true, node);
    quantity_rule(plan, rule.max_value, false, node);
    return;
  }
  if (!node.has_value() || node.text().empty()) return;
  const std::string said = " (from " + plan.profile->label + ")";
  const std::string_view text = node.text();
  if (rule.max_length != 0 && text.size() > rule.max_length && characters(text) > rule.max_length) {
    context_.error("Type_Specific_Checks_DT_Primitive_Length", "invalid", node,
                   "is longer than " + std::to_string(rule.max_length) + " characters" + said);
  }
  if (rule.min_length != 0 && characters(text) < rule.min_length) {
    context_.error("PRIMITIVE_TOO_SHORT", "invalid", node,
                   "is shorter than " + std::to_string(rule.min_length) + " characters" + said);
  }
  if (!rule.regex.empty()) {
    std::string quoted;
    for (const char c : rule.regex) {
      if (c == '\\' || c == '\'') quoted += '\\';
      quoted += c;
    }
    const path::Expression* expression =
        plans_.invariants().expression("$this.matchesFull('" + quoted + "')");
    if (expression != nullptr) {
      auto holds = expression->test(*evaluation_, path::Collection::of(context_.document(), node));
      if (!holds) evaluation_->reset();
      if (holds && !*holds) {
        context_.error("TYPE_SPECIFIC_CHECKS_DT_PRIMITIVE_REGEX", "invalid", node,
                       "does not have the form the profile asks for" + said);
      }
    }
  }
  const definitions::Type* type = definitions_.type(node.type());
  const std::string_view name = type == nullptr ? std::string_view{} : type->text();
  if (rule.max_decimal_places >= 0 && name == "decimal") {
    const std::size_t point = text.find('.');
    const std::size_t places = point == std::string_view::npos ? 0 : text.size() - point - 1;
    if (places > static_cast<std::size_t>(rule.max_decimal_places)) {
      context_.error(
          "TYPE_SPECIFIC_CHECKS_DT_DECIMAL_CHARS", "structure", node,
          "has more than " + std::to_string(rule.max_decimal_places) + " decimal places" + said);
    }
  }
  if (!rule.max_size.empty() && name == "base64Binary") {
    std::size_t letters = 0, padding = 0;
    for (const char c : text) {
      letters += c > ' ';
      padding += c == '=';
    }
    const std::size_t bytes = letters / 4 * 3 - std::min(padding, letters / 4 * 3);
    const auto bound = Decimal::parse(rule.max_size);
    const auto size = Decimal::parse(std::to_string(bytes));
    if (bound && size && *bound < *size) {
      context_.error("TYPE_SPECIFIC_CHECKS_DT_BASE64_TOO_LONG", "structure", node,
                     "is longer than " + std::string(rule.max_size) + " bytes" + said);
    }
  }
  const std::string_view kind = is_moment(name)     ? "DT_DT"
                                : name == "decimal" ? "Decimal"
                                                    : "Integer";
  const auto bound = [&](std::string_view value, std::string_view value_type, bool least) {
    if (value.empty() || (is_moment(name) && !is_moment(value_type)) ||
        (is_number(name) && !is_number(value_type))) {
      return;
    }
    const auto order = compared(text, value, name);
    if (!order || (least ? *order >= 0 : *order <= 0)) return;
    std::string_view id;
    if (kind == "DT_DT") {
      id = least ? "TYPE_SPECIFIC_CHECKS_DT_DT_LT" : "TYPE_SPECIFIC_CHECKS_DT_DT_GT";
    } else if (kind == "Decimal") {
      id = least ? "Type_Specific_Checks_DT_Decimal_LT" : "Type_Specific_Checks_DT_Decimal_GT";
    } else {
      id = least ? "Type_Specific_Checks_DT_Integer_LT" : "Type_Specific_Checks_DT_Integer_GT";
    }
    context_.error(id, "invalid", node,
                   std::string(least ? "is below" : "is above") +
                       " what the profile allows: " + std::string(value) + said);
  };
  bound(rule.min_value, rule.min_type, true);
  bound(rule.max_value, rule.max_type, false);
}

}  // namespace concord::validate
