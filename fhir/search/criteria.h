#pragma once
/// What is asked for, without FHIR: conditions over IndexValues, made by Parameters::parse() and
/// answered by a store. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fhir/search/index.h"

namespace concord::search {

/// The prefixes of FHIR. v is a stored interval, p the one asked for.
/// Source: hl7.org/fhir/R4/search.html#prefix.
enum class Comparison : std::uint8_t {
  eq,  ///< p.low <= v.low and v.high <= p.high
  ne,  ///< not eq
  gt,  ///< v.high > p.high
  lt,  ///< v.low < p.low
  ge,  ///< gt or eq
  le,  ///< lt or eq
  sa,  ///< v begins after p has ended: v.low >= p.high for times, v.low > p.high for numbers
  eb,  ///< v has ended before p begins: v.high <= p.low for times, v.high < p.low for numbers
  ap,  ///< they overlap: v.low < p.high and v.high > p.low for times, <= and >= for numbers. For
       ///< prefix ap the maker has widened p by a tenth; a moment asked for with eq comes as it is
  co,  ///< v covers p: v.low <= p.low and v.high >= p.high. No prefix, but part of eq for times
};

struct Condition;

/// All of them; empty: everything.
struct All {
  std::vector<Condition> of;
};
/// One of them at least; empty: nothing.
struct Any {
  std::vector<Condition> of;
};
/// Resources for which the one condition in it does not hold.
struct Not {
  std::vector<Condition> of;  ///< exactly one
};

/// A token of that key with that code and that system; at least one of the two is given.
struct TokenIs {
  IndexKey key = 0;
  std::optional<std::int64_t> code;
  std::optional<std::int32_t> system;  ///< 0: a token without system
};

struct TextIs {
  enum class Match : std::uint8_t {
    starts,    ///< `value` begins with it
    equals,    ///< `value` is it
    contains,  ///< it stands anywhere in `value`
    exactly,   ///< as written it is it
  };
  IndexKey key = 0;
  Match match = Match::starts;
  std::string value;  ///< never empty
  std::string
      folded{};  ///< only for `exactly`: what `Text::value` of such a text is, to find it by
};

struct PeriodIs {
  IndexKey key = 0;
  Comparison comparison = Comparison::eq;
  std::int64_t low = 0;
  std::int64_t high = 0;
};

struct NumberIs {
  IndexKey key = 0;
  Comparison comparison = Comparison::eq;
  double low = 0;
  double high = 0;
  std::optional<std::int32_t> system;
  std::optional<std::int32_t> code;  ///< without `system`: of its code or of its unit
  std::optional<std::int32_t> mark{};
};

/// A position no farther from another one than a straight line through the globe is long; on a
/// sphere that line and the great circle above it decide alike. Positions are points of a sphere of
/// radius 1, each coordinate a number of its own key. Source: hl7.org/fhir/R4/location.html#search.
struct NearIs {
  IndexKey x_key = 0, y_key = 0, z_key = 0;
  double x = 0, y = 0, z = 0;  ///< of the place asked for
  double line_squared = 0;
  double z_low = -1, z_high = 1;  ///< of every position that is near: a band of latitude
};

/// A link of that key to one of these targets, or to a resource of one of these types; empty lists
/// ask nothing.
struct LinkIs {
  IndexKey key = 0;
  std::vector<std::int64_t> targets;
  std::vector<std::int32_t> types;
};

/// There is a value of that key.
struct Present {
  IndexKind kind = IndexKind::token;
  IndexKey key = 0;
};

/// One of these ids.
struct IdIs {
  std::vector<std::string> ids;
};

/// The time of the last change, as a point.
struct UpdatedIs {
  Comparison comparison = Comparison::eq;
  std::int64_t low = 0;  ///< as Period
  std::int64_t high = 0;
};

/// A link of one of these keys leads to a stored resource of one of these types that meets `inner`.
struct Chain {
  std::vector<IndexKey> keys;
  std::vector<std::string> types;  ///< never empty
  std::vector<Condition> inner;    ///< exactly one
};

/// A stored resource of `type` that meets `inner` has a link of one of these keys to this one.
struct Reverse {
  std::string type;
  std::vector<IndexKey> keys;
  std::vector<Condition> inner;  ///< exactly one
};

struct Condition {
  std::variant<All, Any, Not, TokenIs, TextIs, PeriodIs, NumberIs, NearIs, LinkIs, Present, IdIs,
               UpdatedIs, Chain, Reverse>
      is;
};

/// One key of an order. Resources without a value come last.
struct SortKey {
  enum class By : std::uint8_t {
    id,
    updated,
    value,
    target,  ///< "Patient/123" of the stored resource a link leads to; other links are no value
  };
  By by = By::updated;
  IndexKind kind = IndexKind::text;
  /// Of a value: the least of all values of these keys when ascending, the greatest when not.
  std::vector<IndexKey> keys;
  bool descending = false;
  /// Of tokens by value: codes (as Token::code) in their order; a code that is not among them is no
  /// value. Empty: the order of their hashes, which says nothing to people.
  std::vector<std::int64_t> codes{};
  /// Of targets: type_number() of those that count; empty: all.
  std::vector<std::int32_t> types{};
};

/// Resources to be added to those found.
/// Source: hl7.org/fhir/R4/search.html#revinclude.
struct Include {
  bool reverse = false;            ///< _revinclude
  bool iterate = false;            ///< follows from included resources too
  std::string source_type;         ///< whose links are followed; empty with `*`: every type
  std::vector<IndexKey> keys;      ///< empty: every link
  std::vector<std::string> types;  ///< of the targets; empty: every type
};

}  // namespace concord::search
