#include "fhir/path/detail/operators.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fhir/path/detail/state.h"
#include "fhir/path/detail/types.h"
#include "fhir/path/detail/unicode.h"
#include "fhir/path/detail/units.h"

namespace concord::path::detail {

namespace {

bool is_number(const Value& value) { return path::detail::is_number(value.tag()); }
bool are_whole(const Value& a, const Value& b) { return is_whole(a.tag()) && is_whole(b.tag()); }
bool is_temporal(Tag tag) { return tag == Tag::date || tag == Tag::date_time || tag == Tag::time; }
bool same_kind(Tag a, Tag b) { return (a == Tag::time) == (b == Tag::time); }

/// Quantities of both, an integer or decimal counting as one of unit "1".
struct Pair {
  Quantity a;
  Quantity b;
  Decimal a_value;
  Decimal b_value;
};
bool pair_of(const Value& a, const Value& b, Pair& pair) {
  const auto side = [](const Value& value, Quantity& quantity, Decimal& number) {
    if (value.tag() == Tag::quantity) {
      quantity = value.quantity();
      number = *quantity.value;
      return true;
    }
    const auto plain = number_of(value);
    if (!plain) return false;
    number = *plain;
    quantity.unit = "1";
    return true;
  };
  return side(a, pair.a, pair.a_value) && side(b, pair.b, pair.b_value);
}

std::optional<Decimal> in_unit_of_a(const Pair& pair, bool loosely = false) {
  return convert(pair.b_value, pair.b.unit, pair.b.calendar, pair.a.unit, pair.a.calendar, loosely);
}

bool near(const Decimal& a, const Decimal& b) {
  const int places = std::min(a.scale(), b.scale());
  return a.rounded(places) == b.rounded(places);
}

/// Upper to lower case, runs of white space to one blank.
std::string folded(std::string_view text) {
  std::string lowered = to_lower(text);
  std::string result;
  bool blank = false;
  for (const char c : lowered) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (is_blank && blank) continue;
    result += is_blank ? ' ' : c;
    blank = is_blank;
  }
  return result;
}

std::optional<bool> equal_system(const Value& a, const Value& b) {
  if (a.tag() == Tag::string && b.tag() == Tag::string) return a.text() == b.text();
  if (a.tag() == Tag::boolean && b.tag() == Tag::boolean) return a.boolean() == b.boolean();
  if (are_whole(a, b)) return a.integer() == b.integer();
  if (is_number(a) && is_number(b)) return *number_of(a) == *number_of(b);
  if (is_temporal(a.tag()) && is_temporal(b.tag())) {
    if (!same_kind(a.tag(), b.tag())) return false;
    const Order order = compare(a.moment(), b.moment());
    if (order == Order::unknown) return std::nullopt;
    return order == Order::equal;
  }
  if (a.tag() == Tag::quantity || b.tag() == Tag::quantity) {
    Pair pair;
    if (!pair_of(a, b, pair)) return false;
    const auto converted = in_unit_of_a(pair);
    if (converted) return pair.a_value == *converted;
    // Known not to measure the same thing: not equal. A calendar month against "mo": open.
    if (in_unit_of_a(pair, true)) return std::nullopt;
    return false;
  }
  if (a.tag() == Tag::type_info && b.tag() == Tag::type_info) {
    return a.type_info().space == b.type_info().space && a.type_info().name == b.type_info().name;
  }
  return false;
}

/// Same names, kinds and values, all the way down; walks both trees side by side without recursion.
bool equal_trees(EvalContext& context, const Value& left, const Value& right) {
  const tree::Node* a = &left.node();
  const tree::Node* b = &right.node();
  const bool foreign = &left.document() != &right.document();
  const auto same_name = [&](const tree::Node& x, const tree::Node& y) {
    if (!foreign || !(tree::is_local(x.name()) || tree::is_local(y.name())))
      return x.name() == y.name();
    return left.document().name(x) == right.document().name(y);
  };
  const auto same_value = [](const tree::Node& x, const tree::Node& y) {
    if (x.has_value() != y.has_value()) return false;
    if (x.text() == y.text()) return true;
    if (x.kind() != tree::Kind::number || y.kind() != tree::Kind::number) return false;
    const auto m = Decimal::parse(x.text());
    const auto n = Decimal::parse(y.text());
    return m && n && *m == *n;
  };
  if (!same_value(*a, *b)) return false;
  for (;;) {
    if (!context.spend()) return false;
    if ((a->first_child() == nullptr) != (b->first_child() == nullptr)) return false;
    if (a->first_child() != nullptr) {
      a = a->first_child();
      b = b->first_child();
    } else {
      while (a != &left.node() && a->next_sibling() == nullptr) {
        if (b->next_sibling() != nullptr) return false;
        a = a->parent();
        b = b->parent();
      }
      if (a == &left.node()) return true;
      a = a->next_sibling();
      b = b->next_sibling();
      if (b == nullptr) return false;
    }
    if (!same_name(*a, *b) || !same_value(*a, *b)) return false;
  }
}

constexpr int kMaxEquivalentDepth = 200;

bool equivalent_items(EvalContext& context, const Value& a, const Value& b, int depth);

/// Children of both match one to one, in any order.
bool equivalent_children(EvalContext& context, const Value& a, const Value& b, int depth) {
  if (depth > kMaxEquivalentDepth || a.node().first_child() == nullptr ||
      b.node().first_child() == nullptr) {
    return a.node().first_child() == b.node().first_child();
  }
  std::vector<const tree::Node*> open;
  for (const tree::Node& child : b.node().children()) open.push_back(&child);
  for (const tree::Node& child : a.node().children()) {
    const auto match = std::find_if(open.begin(), open.end(), [&](const tree::Node* other) {
      return context.spend() && a.document().name(child) == b.document().name(*other) &&
             equivalent_items(context, Value::of(a.document(), child),
                              Value::of(b.document(), *other), depth + 1);
    });
    if (match == open.end()) return false;
    open.erase(match);
  }
  return open.empty();
}

bool equivalent_system(const Value& a, const Value& b) {
  if (a.tag() == Tag::string && b.tag() == Tag::string) return folded(a.text()) == folded(b.text());
  if (is_number(a) && is_number(b)) return near(*number_of(a), *number_of(b));
  if (is_temporal(a.tag()) && is_temporal(b.tag())) {
    return equivalent(a.tag(), a.moment(), b.tag(), b.moment());
  }
  if (a.tag() == Tag::quantity || b.tag() == Tag::quantity) {
    Pair pair;
    if (!pair_of(a, b, pair)) return false;
    const auto converted = in_unit_of_a(pair, true);
    return converted && near(pair.a_value, *converted);
  }
  return equal_system(a, b).value_or(false);
}

bool equivalent_items(EvalContext& context, const Value& a, const Value& b, int depth) {
  const auto x = context.system_value(a);
  const auto y = context.system_value(b);
  if (x && y) return equivalent_system(*x, *y);
  if (x || y || !a.is_node() || !b.is_node()) return false;
  return equivalent_children(context, a, b, depth);
}

Computed item(std::optional<Value> value) { return {true, value}; }
Computed nothing() { return {true, std::nullopt}; }
Computed meaningless() { return {false, std::nullopt}; }

Computed integer_result(std::int64_t value, bool is_long) {
  if (is_long) return item(Value::of_long(value));
  if (value > std::numeric_limits<std::int32_t>::max() ||
      value < std::numeric_limits<std::int32_t>::min()) {
    return nothing();
  }
  return item(Value::of(value));
}

Computed compute_integers(EvalContext& context, Code code, std::int64_t a, std::int64_t b,
                          bool is_long) {
  std::int64_t result = 0;
  switch (code) {
    case Code::add:
      if (__builtin_add_overflow(a, b, &result)) return nothing();
      return integer_result(result, is_long);
    case Code::subtract:
      if (__builtin_sub_overflow(a, b, &result)) return nothing();
      return integer_result(result, is_long);
    case Code::multiply:
      if (__builtin_mul_overflow(a, b, &result)) return nothing();
      return integer_result(result, is_long);
    case Code::integer_divide:
      if (b == 0 || b == -1)
        return b == 0 ? nothing() : compute_integers(context, Code::subtract, 0, a, is_long);
      return integer_result(a / b, is_long);
    case Code::modulo:
      if (b == 0 || b == -1) return b == 0 ? nothing() : integer_result(0, is_long);
      return integer_result(a % b, is_long);
    default: {
      const auto quotient = Decimal::divide(Decimal(a), Decimal(b));
      return quotient ? item(context.decimal(*quotient)) : nothing();
    }
  }
}

Computed compute_decimals(EvalContext& context, Code code, const Decimal& a, const Decimal& b) {
  std::optional<Decimal> result;
  switch (code) {
    case Code::add:
      result = Decimal::add(a, b);
      break;
    case Code::subtract:
      result = Decimal::subtract(a, b);
      break;
    case Code::multiply:
      result = Decimal::multiply(a, b);
      break;
    case Code::divide:
      result = Decimal::divide(a, b);
      break;
    case Code::modulo:
      result = Decimal::remainder(a, b);
      break;
    default: {
      result = Decimal::integer_divide(a, b);
      if (!result) return nothing();
      if (const auto whole = result->to_int64()) return integer_result(*whole, false);
      return nothing();
    }
  }
  return result ? item(context.decimal(*result)) : nothing();
}

Computed compute_quantities(EvalContext& context, Code code, const Value& a, const Value& b) {
  Pair pair;
  if (!pair_of(a, b, pair)) return meaningless();
  if (code == Code::add || code == Code::subtract) {
    if (a.tag() != b.tag()) return meaningless();
    const bool same_unit = pair.a.unit == pair.b.unit && pair.a.calendar == pair.b.calendar;
    if (!same_unit &&
        !(is_linear(pair.a.unit, pair.a.calendar) && is_linear(pair.b.unit, pair.b.calendar))) {
      return nothing();
    }
    const auto converted = in_unit_of_a(pair);
    if (!converted) return nothing();
    const auto result = code == Code::add ? Decimal::add(pair.a_value, *converted)
                                          : Decimal::subtract(pair.a_value, *converted);
    if (!result) return nothing();
    return item(context.quantity(*result, pair.a.unit, pair.a.calendar));
  }
  if (code != Code::multiply && code != Code::divide) return meaningless();
  Decimal other = pair.b_value;
  std::string_view other_unit = pair.b.unit;
  // Two lengths are multiplied in the unit of the first.
  if (const auto converted = in_unit_of_a(pair); converted && pair.b.unit != "1" &&
                                                 is_linear(pair.a.unit, pair.a.calendar) &&
                                                 is_linear(pair.b.unit, pair.b.calendar)) {
    other = *converted;
    other_unit = pair.a.unit;
  }
  const auto unit = code == Code::multiply ? multiply_units(pair.a.unit, other_unit)
                                           : divide_units(pair.a.unit, other_unit);
  const auto result = code == Code::multiply ? Decimal::multiply(pair.a_value, other)
                                             : Decimal::divide(pair.a_value, other);
  if (!unit || !result) return nothing();
  return item(context.quantity(*result, *unit, false));
}

Computed compute_moment(EvalContext& context, Code code, const Value& a, const Value& b) {
  static_cast<void>(context);
  if (b.tag() != Tag::quantity || (code != Code::add && code != Code::subtract)) {
    return meaningless();
  }
  const Quantity& amount = b.quantity();
  const auto unit = time_unit(amount.unit, amount.calendar);
  if (!unit) return meaningless();
  const auto count = amount.value->truncated().to_int64();
  if (!count || *count == std::numeric_limits<std::int64_t>::min()) return nothing();
  const auto moved = move(a.tag(), a.moment(), code == Code::add ? *count : -*count, *unit);
  return moved ? item(Value::of(a.tag(), *moved)) : nothing();
}

}  // namespace

std::optional<Decimal> number_of(const Value& value) {
  if (is_whole(value.tag())) return Decimal(value.integer());
  if (value.tag() == Tag::decimal) return value.decimal();
  return std::nullopt;
}

std::optional<bool> equal(EvalContext& context, const Value& a, const Value& b) {
  const auto x = context.system_value(a);
  const auto y = context.system_value(b);
  if (x && y) return equal_system(*x, *y);
  if (x || y || !a.is_node() || !b.is_node()) return false;
  return equal_trees(context, a, b);
}

std::optional<bool> equal(EvalContext& context, const Collection& a, const Collection& b) {
  if (a.size() != b.size()) return false;
  std::optional<bool> all = true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!context.spend()) return std::nullopt;
    const auto one = equal(context, a[i], b[i]);
    if (one == false) return false;
    if (!one) all = std::nullopt;
  }
  return all;
}

bool same(EvalContext& context, const Value& a, const Value& b) {
  return equal(context, a, b).value_or(false);
}

bool equivalent(EvalContext& context, const Value& a, const Value& b) {
  return equivalent_items(context, a, b, 0);
}

bool equivalent(EvalContext& context, const Collection& a, const Collection& b) {
  if (a.size() != b.size()) return false;
  if (a.size() == 1) return equivalent(context, a.front(), b.front());
  std::vector<const Value*> open;
  for (const Value& item : b) open.push_back(&item);
  for (const Value& item : a) {
    const auto match = std::find_if(open.begin(), open.end(), [&](const Value* other) {
      return context.spend() && equivalent(context, item, *other);
    });
    if (match == open.end()) return false;
    open.erase(match);
  }
  return true;
}

Comparison compare_values(const Value& a, const Value& b) {
  const auto from = [](auto order) {
    return order < 0 ? Comparison::less : (order > 0 ? Comparison::greater : Comparison::equal);
  };
  if (a.tag() == Tag::string && b.tag() == Tag::string) {
    return from(a.text().compare(b.text()));  // UTF-8 keeps the order of code points
  }
  if (are_whole(a, b)) return from(a.integer() <=> b.integer());
  if (is_number(a) && is_number(b)) return from(*number_of(a) <=> *number_of(b));
  if (is_temporal(a.tag()) && is_temporal(b.tag()) && same_kind(a.tag(), b.tag())) {
    switch (compare(a.moment(), b.moment())) {
      case Order::less:
        return Comparison::less;
      case Order::equal:
        return Comparison::equal;
      case Order::greater:
        return Comparison::greater;
      case Order::unknown:
        return Comparison::unknown;
    }
  }
  if (a.tag() == Tag::quantity || b.tag() == Tag::quantity) {
    Pair pair;
    if (!pair_of(a, b, pair)) return Comparison::incomparable;
    if (!pair.a.calendar && !pair.b.calendar) {
      const auto linear = both_linear(pair.a_value, pair.a.unit, pair.b_value, pair.b.unit);
      if (linear) return from(linear->first <=> linear->second);
    }
    const auto converted = in_unit_of_a(pair);
    return converted ? from(pair.a_value <=> *converted) : Comparison::unknown;
  }
  return Comparison::incomparable;
}

Computed compute(EvalContext& context, Code code, const Value& a, const Value& b) {
  if (are_whole(a, b)) {
    const bool is_long = a.tag() != Tag::integer || b.tag() != Tag::integer;
    return compute_integers(context, code, a.integer(), b.integer(), is_long);
  }
  if (is_number(a) && is_number(b)) {
    return compute_decimals(context, code, *number_of(a), *number_of(b));
  }
  if (code == Code::add && a.tag() == Tag::string && b.tag() == Tag::string) {
    const std::size_t size = a.text().size() + b.text().size();
    if (!context.spend(size / 64)) return nothing();
    auto* at = static_cast<char*>(context.allocate(size + 1, 1));
    if (at == nullptr) return nothing();
    a.text().copy(at, a.text().size());
    b.text().copy(at + a.text().size(), b.text().size());
    return item(Value::of(std::string_view(at, size)));
  }
  if (is_temporal(a.tag())) return compute_moment(context, code, a, b);
  if (a.tag() == Tag::quantity || b.tag() == Tag::quantity) {
    return compute_quantities(context, code, a, b);
  }
  return meaningless();
}

Computed negate(EvalContext& context, const Value& a) {
  if (is_whole(a.tag())) {
    return compute_integers(context, Code::subtract, 0, a.integer(), a.tag() != Tag::integer);
  }
  if (a.tag() == Tag::decimal) return item(context.decimal(a.decimal().negated()));
  if (a.tag() == Tag::quantity) {
    const Quantity& quantity = a.quantity();
    return item(context.quantity(quantity.value->negated(), quantity.unit, quantity.calendar));
  }
  return meaningless();
}

Collection distinct(EvalContext& context, const Collection& items) {
  Members seen(context);
  Collection kept;
  for (const Value& item : items) {
    if (seen.contains(item)) continue;
    seen.add(item);
    if (!kept.add(context, item)) break;
  }
  return kept;
}

// Equal items hash alike: numbers and quantities of any unit by nothing but their kind where a
// conversion may make them equal, elements by their first level.
std::uint64_t Members::hash(const Value& item) {
  const auto value = context_.system_value(item);
  const auto mix = [](std::uint64_t a, std::uint64_t b) {
    return (a ^ b) * 0x9E3779B97F4A7C15ull + (a >> 29);
  };
  if (!value) {
    std::uint64_t result = 17;
    if (item.is_node()) {
      for (const tree::Node& child : item.node().children()) {
        if (child.kind() != tree::Kind::number && child.kind() != tree::Kind::element) {
          result = mix(result, std::hash<std::string_view>{}(child.text()));
        }
      }
    }
    return result;
  }
  switch (value->tag()) {
    case Tag::boolean:
      return value->boolean() ? 2 : 3;
    case Tag::integer:
    case Tag::long_integer:
    case Tag::decimal:
      return mix(5,
                 static_cast<std::uint64_t>(std::hash<double>{}(number_of(*value)->to_double())));
    case Tag::string:
      return mix(7, std::hash<std::string_view>{}(value->text()));
    default:
      return 11;
  }
}

void Members::place(std::uint32_t entry) {
  std::size_t at = entries_[entry].hash & (slots_.size() - 1);
  while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = entry + 1;
}

bool Members::contains(const Value& item) {
  if (slots_.empty()) {
    for (const Entry& entry : entries_) {
      if (!context_.spend() || same(context_, entry.value, item)) return true;
    }
    return false;
  }
  const std::uint64_t wanted = hash(item);
  for (std::size_t at = wanted & (slots_.size() - 1); slots_[at] != 0;
       at = (at + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[at] - 1];
    if (!context_.spend()) return true;  // the evaluation ends; stop here
    if (entry.hash == wanted && same(context_, entry.value, item)) return true;
  }
  return false;
}

void Members::add(const Value& item) {
  constexpr std::size_t kFew = 12;
  entries_.push_back({0, item});
  if (entries_.size() <= kFew) return;
  if (entries_.size() * 2 > slots_.size()) {
    if (slots_.empty()) {
      for (Entry& entry : entries_) entry.hash = hash(entry.value);
    }
    std::size_t size = 64;
    while (size < entries_.size() * 4) size *= 2;
    slots_.assign(size, 0);
    for (std::uint32_t i = 0; i + 1 < entries_.size(); ++i) place(i);
  }
  entries_.back().hash = hash(item);
  place(static_cast<std::uint32_t>(entries_.size() - 1));
}

}  // namespace concord::path::detail
