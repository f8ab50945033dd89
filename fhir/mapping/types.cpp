#include "fhir/mapping/types.h"

#include <array>

namespace concord::mapping {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool digits(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return true;
}

bool whole_number(std::string_view text, bool sign) {
  if (sign && text.starts_with('-')) text.remove_prefix(1);
  return digits(text) && text.size() <= 10 && (text == "0" || text[0] != '0');
}

bool decimal_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  std::size_t at = text.find_first_of("eE");
  if (at != std::string_view::npos) {
    std::string_view exponent = text.substr(at + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!digits(exponent)) return false;
    text = text.substr(0, at);
  }
  at = text.find('.');
  const std::string_view whole = text.substr(0, at);
  if (!digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return at == std::string_view::npos || digits(text.substr(at + 1));
}

/// Whether `text` follows `pattern`, in which 9 stands for a digit.
bool follows(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (pattern[i] == '9' ? !is_digit(text[i]) : text[i] != pattern[i]) return false;
  }
  return true;
}

bool clock_time(std::string_view text) {
  if (!follows(text.substr(0, 8), "99:99:99")) return false;
  return text.size() == 8 || (text[8] == '.' && digits(text.substr(9)));
}

bool zoned(std::string_view text) {  // "10:00:00Z", "10:00:00.5+01:00"
  if (text.ends_with('Z')) return clock_time(text.substr(0, text.size() - 1));
  if (text.size() < 14) return false;
  const std::string_view zone = text.substr(text.size() - 6);
  return (follows(zone, "+99:99") || follows(zone, "-99:99")) &&
         clock_time(text.substr(0, text.size() - 6));
}

bool calendar_date(std::string_view text) {
  return follows(text, "9999-99-99") || follows(text, "9999-99") || follows(text, "9999");
}

bool moment(std::string_view text) {
  return text.size() > 11 && text[10] == 'T' && follows(text.substr(0, 10), "9999-99-99") &&
         zoned(text.substr(11));
}

struct PrimitiveRow {
  std::string_view type;
  std::string_view system;
  Primitive primitive;
  tree::Kind kind;
};

constexpr std::array<PrimitiveRow, 9> kPrimitives{{
    {"boolean", "System.Boolean", Primitive::boolean, tree::Kind::boolean},
    {"integer", "System.Integer", Primitive::integer, tree::Kind::number},
    {"positiveInt", "", Primitive::positive, tree::Kind::number},
    {"unsignedInt", "", Primitive::natural, tree::Kind::number},
    {"decimal", "System.Decimal", Primitive::decimal, tree::Kind::number},
    {"date", "System.Date", Primitive::date, tree::Kind::string},
    {"dateTime", "System.DateTime", Primitive::date_time, tree::Kind::string},
    {"instant", "", Primitive::instant, tree::Kind::string},
    {"time", "System.Time", Primitive::time, tree::Kind::string},
}};

const PrimitiveRow* row_of(const definitions::Type& type) noexcept {
  for (const PrimitiveRow& row : kPrimitives) {
    if (row.type == type.text()) return &row;
  }
  return nullptr;
}

Fit fit_primitive(Primitive from, Primitive to) noexcept {
  if (from == to || to == Primitive::text) return Fit::yes;
  if (from == Primitive::text) return Fit::text;
  const auto number = [](Primitive p) {
    return p == Primitive::integer || p == Primitive::positive || p == Primitive::natural;
  };
  const auto day = [](Primitive p) {
    return p == Primitive::date || p == Primitive::date_time || p == Primitive::instant;
  };
  if (number(from) && (to == Primitive::integer || to == Primitive::decimal)) return Fit::yes;
  if ((number(from) || from == Primitive::decimal) && (number(to) || to == Primitive::decimal)) {
    return Fit::text;
  }
  if (day(from) && to == Primitive::date_time) return Fit::yes;
  if (day(from) && day(to)) return Fit::text;
  return Fit::no;
}

}  // namespace

Primitive primitive_of(const definitions::Type& type) noexcept {
  const PrimitiveRow* row = row_of(type);
  return row == nullptr ? Primitive::text : row->primitive;
}

Primitive primitive_of_system(std::string_view system) noexcept {
  for (const PrimitiveRow& row : kPrimitives) {
    if (!row.system.empty() && row.system == system) return row.primitive;
  }
  return Primitive::text;
}

tree::Kind kind_of(const definitions::Type& type) noexcept {
  if (!type.is_primitive()) return tree::Kind::element;
  const PrimitiveRow* row = row_of(type);
  return row == nullptr ? tree::Kind::string : row->kind;
}

bool has_form(Primitive primitive, std::string_view text) noexcept {
  switch (primitive) {
    case Primitive::text:
      return true;
    case Primitive::boolean:
      return text == "true" || text == "false";
    case Primitive::integer:
      return whole_number(text, true);
    case Primitive::positive:
      return whole_number(text, false) && text != "0";
    case Primitive::natural:
      return whole_number(text, false);
    case Primitive::decimal:
      return decimal_number(text);
    case Primitive::date:
      return calendar_date(text);
    case Primitive::date_time:
      return calendar_date(text) || moment(text);
    case Primitive::instant:
      return moment(text);
    case Primitive::time:
      return clock_time(text);
  }
  return false;
}

bool is_a(const definitions::Type& type, const definitions::Type& other) noexcept {
  for (const definitions::Type* at = &type; at != nullptr; at = at->base()) {
    if (at->name() == other.name()) return true;
  }
  return false;
}

Fit fit(const Shape& from, const definitions::Type& to) noexcept {
  if (from.broken) return Fit::yes;
  if (!from.choices.empty()) {
    for (const definitions::ElementType& choice : from.choices) {
      if (fit(Shape{.type = choice.type}, to) != Fit::no) return Fit::look;
    }
    return Fit::no;
  }
  if (!from.system.empty()) {
    if (from.system == "System.Quantity") {
      return to.text() == "Quantity" ? Fit::yes : Fit::no;
    }
    if (!to.is_primitive()) return Fit::no;
    return fit_primitive(primitive_of_system(from.system), primitive_of(to));
  }
  if (from.type == nullptr) return Fit::look;
  if (to.is_primitive()) {
    if (!from.type->is_primitive()) return Fit::no;
    return fit_primitive(primitive_of(*from.type), primitive_of(to));
  }
  if (from.type->is_primitive()) return is_a(*from.type, to) ? Fit::yes : Fit::no;
  if (is_a(*from.type, to)) return Fit::yes;
  return is_a(to, *from.type) ? Fit::look : Fit::no;
}

std::string_view fhir_name_of_system(std::string_view system) noexcept {
  for (const PrimitiveRow& row : kPrimitives) {
    if (!row.system.empty() && row.system == system) return row.type;
  }
  return system == "System.Quantity" ? "Quantity" : "string";
}

std::string_view system_name_of(path::Tag tag) noexcept {
  switch (tag) {
    case path::Tag::boolean:
      return "System.Boolean";
    case path::Tag::integer:
    case path::Tag::long_integer:
      return "System.Integer";
    case path::Tag::decimal:
      return "System.Decimal";
    case path::Tag::date:
      return "System.Date";
    case path::Tag::date_time:
      return "System.DateTime";
    case path::Tag::time:
      return "System.Time";
    case path::Tag::quantity:
      return "System.Quantity";
    case path::Tag::node:
    case path::Tag::string:
    case path::Tag::type_info:
      break;
  }
  return "System.String";
}

std::string_view label_of(const Shape& shape) noexcept {
  if (shape.type != nullptr) return shape.type->label();
  if (!shape.system.empty()) return shape.system.substr(shape.system.find('.') + 1);
  return shape.choices.empty() ? "an unknown type" : "a choice of types";
}

}  // namespace concord::mapping
