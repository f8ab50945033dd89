#include "fhir/path/detail/types.h"

#include <algorithm>
#include <array>
#include <utility>

namespace concord::path::detail {

namespace {

constexpr std::array<std::pair<std::string_view, Tag>, 9> kSystemTypes{{
    {"Boolean", Tag::boolean},
    {"Integer", Tag::integer},
    {"Long", Tag::long_integer},
    {"Decimal", Tag::decimal},
    {"String", Tag::string},
    {"Date", Tag::date},
    {"DateTime", Tag::date_time},
    {"Time", Tag::time},
    {"Quantity", Tag::quantity},
}};

/// The only System type the value can convert to; nothing when several or unknown.
std::optional<Tag> only_tag(const Static& value) {
  if (!value.known || value.types.empty()) return std::nullopt;
  std::optional<Tag> only;
  for (const TypeRef& type : value.types) {
    const auto tag = type.fhir == nullptr ? std::optional(type.system) : converts_to(*type.fhir);
    if (!tag || (only && *only != *tag)) return std::nullopt;
    only = tag;
  }
  return only;
}

bool is_temporal(Tag tag) { return tag == Tag::date || tag == Tag::date_time || tag == Tag::time; }

}  // namespace

void Static::add(const TypeRef& type) {
  if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
}

Static Static::united(const Static& a, const Static& b) {
  if (a.known && a.types.empty()) return b;
  if (b.known && b.types.empty()) return a;
  Static both = a;
  both.single = a.single && b.single;
  both.ordered = a.ordered && b.ordered;
  both.known = a.known && b.known;
  if (!both.known) both.types.clear();
  if (both.known) {
    for (const TypeRef& type : b.types) both.add(type);
  }
  return both;
}

std::optional<Tag> system_type(std::string_view name) noexcept {
  for (const auto& [text, tag] : kSystemTypes) {
    if (text == name) return tag;
  }
  return std::nullopt;
}

std::string_view system_name(Tag tag) noexcept {
  for (const auto& [text, candidate] : kSystemTypes) {
    if (candidate == tag) return text;
  }
  return tag == Tag::type_info ? "TypeInfo" : "element";
}

std::optional<Tag> converts_to(const definitions::Type& type) noexcept {
  if (!type.is_primitive()) {
    for (const definitions::Type* at = &type; at != nullptr; at = at->base()) {
      if (at->text() == "Quantity") return Tag::quantity;
    }
    return std::nullopt;
  }
  const std::string_view name = type.text();
  if (name == "boolean") return Tag::boolean;
  if (name == "integer" || name == "positiveInt" || name == "unsignedInt") return Tag::integer;
  if (name == "integer64") return Tag::long_integer;  // R5
  if (name == "decimal") return Tag::decimal;
  if (name == "date") return Tag::date;
  if (name == "dateTime" || name == "instant") return Tag::date_time;
  if (name == "time") return Tag::time;
  return Tag::string;
}

std::string names_of(const Static& value) {
  std::string text;
  for (std::size_t i = 0; i < value.types.size(); ++i) {
    if (i == 4) return text + ", …";
    if (i > 0) text += i + 1 == value.types.size() ? " or " : ", ";
    const TypeRef& type = value.types[i];
    text += type.fhir != nullptr ? type.fhir->label() : system_name(type.system);
  }
  return text;
}

bool is_complex(const Static& value) {
  return value.known && !value.types.empty() &&
         std::all_of(value.types.begin(), value.types.end(), [](const TypeRef& type) {
           // Elements of models may carry text beside their children.
           return type.fhir != nullptr && !type.fhir->is_abstract() && !type.fhir->is_model() &&
                  !converts_to(*type.fhir);
         });
}

std::string mismatch(Code code, const Static& a, const Static& b) {
  const bool takes_values = (code >= Code::multiply && code <= Code::concatenate) ||
                            (code >= Code::less && code <= Code::greater_equal);
  if (takes_values && (is_complex(a) || is_complex(b))) {
    return "the operator has no meaning for " + names_of(is_complex(a) ? a : b);
  }
  const auto x = only_tag(a);
  const auto y = only_tag(b);
  if (!x || !y) return {};
  const bool numbers = is_number(*x) && is_number(*y);
  const bool quantities =
      (*x == Tag::quantity || is_number(*x)) && (*y == Tag::quantity || is_number(*y));
  const bool strings = *x == Tag::string && *y == Tag::string;
  const bool moved = is_temporal(*x) && *y == Tag::quantity;
  bool fits = true;
  switch (code) {
    case Code::add:
      fits = quantities || strings || moved;
      break;
    case Code::subtract:
      fits = quantities || moved;
      break;
    case Code::multiply:
    case Code::divide:
      fits = quantities;
      break;
    case Code::integer_divide:
    case Code::modulo:
      fits = numbers;
      break;
    case Code::less:
    case Code::less_equal:
    case Code::greater:
    case Code::greater_equal:
      fits = quantities || strings ||
             (is_temporal(*x) && is_temporal(*y) && (*x == Tag::time) == (*y == Tag::time));
      break;
    default:
      break;
  }
  if (fits) return {};
  return "the operator has no meaning for " + names_of(a) + " and " + names_of(b);
}

std::string refused(Accepts accepts, const Static& input) {
  if (accepts == Accepts::any || !input.known || input.types.empty()) return {};
  const auto fits = [&](const TypeRef& type) {
    const auto tag = type.fhir == nullptr ? std::optional(type.system) : converts_to(*type.fhir);
    switch (accepts) {
      case Accepts::string:
        return tag && (*tag == Tag::string || (type.fhir != nullptr && *tag != Tag::quantity));
      case Accepts::number:
        return tag && (is_number(*tag) || *tag == Tag::quantity);
      case Accepts::boolean:
        return tag && *tag == Tag::boolean;
      case Accepts::temporal:
        return tag && (is_temporal(*tag) || is_number(*tag) || *tag == Tag::quantity);
      case Accepts::node:
        return type.fhir != nullptr;
      case Accepts::any:
        break;
    }
    return true;
  };
  if (std::any_of(input.types.begin(), input.types.end(), fits)) return {};
  return "cannot be called on " + names_of(input);
}

}  // namespace concord::path::detail
