#include "fhir/search/match.h"

#include <algorithm>
#include <string>

namespace concord::search {
namespace {

template <typename T>
bool among(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

template <typename List, typename Test>
bool any_of_key(const List& list, IndexKey key, Test&& test) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& value) { return value.key == key && test(value); });
}

bool text_meets(const Text& text, const TextIs& asked) {
  switch (asked.match) {
    case TextIs::Match::starts:
      return text.value.starts_with(asked.value);
    case TextIs::Match::equals:
      return text.value == asked.value;
    case TextIs::Match::contains:
      return text.value.find(asked.value) != std::string::npos;
    case TextIs::Match::exactly:
      return (text.exact.empty() ? text.value : text.exact) == asked.value;
  }
  return false;
}

bool has_key(const IndexValues& values, IndexKind kind, IndexKey key) {
  const auto any = [](const auto&) { return true; };
  switch (kind) {
    case IndexKind::token:
      return any_of_key(values.tokens, key, any);
    case IndexKind::text:
      return any_of_key(values.texts, key, any);
    case IndexKind::period:
      return any_of_key(values.periods, key, any);
    case IndexKind::number:
      return any_of_key(values.numbers, key, any);
    case IndexKind::link:
      return any_of_key(values.links, key, any);
  }
  return false;
}

/// What eq, ne, gt, lt, ge and le mean is the same for both kinds of interval.
template <typename Value, typename Bound>
bool compares_inside(Comparison comparison, const Value& v, Bound low, Bound high) {
  const bool equal = low <= v.low && v.high <= high;
  switch (comparison) {
    case Comparison::eq:
      return equal;
    case Comparison::ne:
      return !equal;
    case Comparison::gt:
      return v.high > high;
    case Comparison::lt:
      return v.low < low;
    case Comparison::ge:
      return v.high > high || equal;
    case Comparison::co:
      return v.low <= low && v.high >= high;
    default:
      return v.low < low || equal;
  }
}

/// One condition over one subject; a type of condition each.
struct Matcher {
  const Subject& subject;
  const Others* others;

  bool operator()(const All& all) const {
    return std::all_of(all.of.begin(), all.of.end(),
                       [this](const Condition& one) { return matches(one, subject, others); });
  }
  bool operator()(const Any& any) const {
    return std::any_of(any.of.begin(), any.of.end(),
                       [this](const Condition& one) { return matches(one, subject, others); });
  }
  bool operator()(const Not& none) const { return !matches(none.of.front(), subject, others); }
  bool operator()(const TokenIs& asked) const {
    return any_of_key(subject.values->tokens, asked.key, [&](const Token& token) {
      return (!asked.code || *asked.code == token.code) &&
             (!asked.system || *asked.system == token.system);
    });
  }
  bool operator()(const TextIs& asked) const {
    return any_of_key(subject.values->texts, asked.key,
                      [&](const Text& text) { return text_meets(text, asked); });
  }
  bool operator()(const PeriodIs& asked) const {
    return any_of_key(subject.values->periods, asked.key, [&](const Period& period) {
      return compares(asked.comparison, period, asked.low, asked.high);
    });
  }
  bool operator()(const NumberIs& asked) const {
    return any_of_key(subject.values->numbers, asked.key, [&](const Number& number) {
      return (!asked.system || *asked.system == number.system) &&
             (!asked.mark || *asked.mark == number.mark) &&
             (!asked.code || *asked.code == number.code ||
              (!asked.system && *asked.code == number.unit)) &&
             compares(asked.comparison, number, asked.low, asked.high);
    });
  }
  bool operator()(const NearIs& asked) const {
    const auto coordinate = [this](IndexKey key) -> const Number* {
      const auto at = std::find_if(subject.values->numbers.begin(), subject.values->numbers.end(),
                                   [key](const Number& number) { return number.key == key; });
      return at == subject.values->numbers.end() ? nullptr : &*at;
    };
    const Number* x = coordinate(asked.x_key);
    const Number* y = coordinate(asked.y_key);
    const Number* z = coordinate(asked.z_key);
    if (x == nullptr || y == nullptr || z == nullptr) return false;
    const double dx = x->low - asked.x, dy = y->low - asked.y, dz = z->low - asked.z;
    return asked.z_low <= z->low && z->low <= asked.z_high &&
           dx * dx + dy * dy + dz * dz <= asked.line_squared;
  }
  bool operator()(const LinkIs& asked) const {
    return any_of_key(subject.values->links, asked.key, [&](const Link& link) {
      return (asked.targets.empty() || among(asked.targets, link.target)) &&
             (asked.types.empty() || among(asked.types, link.type));
    });
  }
  bool operator()(const Present& asked) const {
    return has_key(*subject.values, asked.kind, asked.key);
  }
  bool operator()(const IdIs& asked) const { return among(asked.ids, std::string(subject.id)); }
  bool operator()(const UpdatedIs& asked) const {
    const std::int64_t at = subject.updated_at.time_since_epoch().count();
    return compares(asked.comparison, Period{0, at, at + 1}, asked.low, asked.high);
  }
  bool operator()(const Chain& chain) const {
    return others != nullptr && others->holds(subject, chain);
  }
  bool operator()(const Reverse& reverse) const {
    return others != nullptr && others->holds(subject, reverse);
  }
};

struct Asking {
  template <typename Several>
  bool any(const Several& several) const {
    return std::any_of(several.of.begin(), several.of.end(), &asks_others);
  }
  bool operator()(const All& all) const { return any(all); }
  bool operator()(const Any& some) const { return any(some); }
  bool operator()(const Not& none) const { return any(none); }
  bool operator()(const Chain&) const { return true; }
  bool operator()(const Reverse&) const { return true; }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
};

}  // namespace

bool matches(const Condition& condition, const Subject& subject, const Others* others) {
  return std::visit(Matcher{subject, others}, condition.is);
}

bool asks_others(const Condition& condition) { return std::visit(Asking{}, condition.is); }

bool compares(Comparison comparison, const Period& v, std::int64_t low, std::int64_t high) {
  switch (comparison) {
    case Comparison::sa:
      return v.low >= high;
    case Comparison::eb:
      return v.high <= low;
    case Comparison::ap:
      return v.low < high && low < v.high;
    default:
      return compares_inside(comparison, v, low, high);
  }
}

bool compares(Comparison comparison, const Number& v, double low, double high) {
  switch (comparison) {
    case Comparison::sa:
      return v.low > high;
    case Comparison::eb:
      return v.high < low;
    case Comparison::ap:
      return v.low <= high && low <= v.high;
    default:
      return compares_inside(comparison, v, low, high);
  }
}

}  // namespace concord::search
