// c(system, code[, display]) : Coding; cc(text) and cc(system, code[, display]) : CodeableConcept;
// id(system, value[, type]) : Identifier; cp([system,] value) : ContactPoint;
// qty(text) and qty(value, unit[, system, code]) : Quantity.
// Source: hl7.org/fhir/R4/valueset-map-transform.html.
#include <algorithm>
#include <array>

#include "fhir/mapping/transforms/registry.h"

namespace concord::mapping {
namespace {

using transforms::Arguments;
using transforms::Host;

/// Writes arguments to children of those names; true when one of them had a text.
Result<bool> put_all(Host& host, tree::Node& node, Arguments arguments,
                     std::span<const std::string_view> names) {
  bool any = false;
  for (std::size_t i = 0; i < arguments.size() && i < names.size(); ++i) {
    CONCORD_ASSIGN(const auto text, transforms::text_of(host, arguments[i]));
    if (!text || text->empty()) continue;
    if (!host.put(node, names[i], *text)) return false;
    any = true;
  }
  return any;
}

Result<bool> coding(Host& host, tree::Node& made, Arguments arguments, const ConceptTable*) {
  constexpr std::array<std::string_view, 3> kNames{"system", "code", "display"};
  return put_all(host, made, arguments, kNames);
}

Result<bool> concept_of(Host& host, tree::Node& made, Arguments arguments, const ConceptTable*) {
  constexpr std::array<std::string_view, 1> kText{"text"};
  if (arguments.size() == 1) return put_all(host, made, arguments, kText);
  tree::Node* inner = host.make(made, "coding");
  if (inner == nullptr) return false;
  return coding(host, *inner, arguments, nullptr);
}

Result<bool> identifier(Host& host, tree::Node& made, Arguments arguments, const ConceptTable*) {
  constexpr std::array<std::string_view, 2> kNames{"system", "value"};
  CONCORD_ASSIGN(const bool any, put_all(host, made, arguments.first(2), kNames));
  if (!any || arguments.size() == 2) return any;
  constexpr std::array<std::string_view, 1> kCode{"code"};
  CONCORD_ASSIGN(const auto code, transforms::text_of(host, arguments[2]));
  if (!code || code->empty()) return true;
  tree::Node* type = host.make(made, "type");
  tree::Node* inner = type == nullptr ? nullptr : host.make(*type, "coding");
  if (inner == nullptr) return false;
  return put_all(host, *inner, arguments.subspan(2), kCode);
}

Result<bool> contact(Host& host, tree::Node& made, Arguments arguments, const ConceptTable*) {
  constexpr std::array<std::string_view, 2> kNames{"system", "value"};
  if (arguments.size() == 2) return put_all(host, made, arguments, kNames);
  CONCORD_ASSIGN(const auto value, transforms::text_of(host, arguments[0]));
  if (!value || value->empty()) return false;
  const std::string_view system = value->starts_with("http") || value->starts_with("ftp") ? "url"
                                  : value->find('@') != std::string_view::npos            ? "email"
                                                                                          : "phone";
  return host.put(made, "system", system) && host.put(made, "value", *value);
}

Result<bool> quantity(Host& host, tree::Node& made, Arguments arguments, const ConceptTable*) {
  constexpr std::array<std::string_view, 4> kNames{"value", "unit", "system", "code"};
  if (arguments.size() > 1) return put_all(host, made, arguments, kNames);
  CONCORD_ASSIGN(const auto text, transforms::text_of(host, arguments[0]));
  if (!text || text->empty()) return false;
  // "<= 5 mg": comparator, number, unit.
  std::string_view rest = *text;
  const auto trim = [&] {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
  };
  trim();
  const std::size_t number = rest.find_first_not_of("<>= ");
  if (number == std::string_view::npos) {
    return make_error(ErrorCode::invalid, "a quantity needs a number");
  }
  std::string_view comparator = rest.substr(0, number);
  while (comparator.ends_with(' ')) comparator.remove_suffix(1);
  rest.remove_prefix(number);
  const std::size_t end = std::min(rest.find_first_not_of("+-0123456789.eE"), rest.size());
  const std::string_view value = rest.substr(0, end);
  rest.remove_prefix(end);
  trim();
  if (value.find_first_of("0123456789") == std::string_view::npos) {
    return make_error(ErrorCode::invalid, "a quantity needs a number");
  }
  if (!host.put(made, "value", value)) return false;
  if (!comparator.empty() && !host.put(made, "comparator", comparator)) return false;
  return rest.empty() || host.put(made, "unit", rest);
}

}  // namespace

void register_coding(transforms::Table& table) {
  table.add({.name = "c", .min = 2, .max = 3, .type = "Coding", .fill = &coding});
  table.add({.name = "cc", .min = 1, .max = 3, .type = "CodeableConcept", .fill = &concept_of});
  table.add({.name = "id", .min = 2, .max = 3, .type = "Identifier", .fill = &identifier});
  table.add({.name = "cp", .min = 1, .max = 2, .type = "ContactPoint", .fill = &contact});
  table.add({.name = "qty", .min = 1, .max = 4, .type = "Quantity", .fill = &quantity});
}

}  // namespace concord::mapping
