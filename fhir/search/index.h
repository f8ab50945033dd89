#pragma once
/// What a resource is found by: the values of its search parameters, reduced to numbers and short
/// texts a database can index. Plain values; the stores know nothing more of FHIR.
/// Source: hl7.org/fhir/R4/search.html.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace concord::search {

/// Which values are meant: one number for each (resource type, expression, kind of value), the same
/// in every process and release, so it can be stored. Parameters with the same expression share it.
using IndexKey = std::int32_t;

/// The first eight bytes of the SHA-256 of a text: stands for it in an index.
std::int64_t index_hash(std::string_view text);
/// The first four; never 0, which stands for "none".
std::int32_t short_hash(std::string_view text);
/// What a resource is known by in links: index_hash("Patient/123").
std::int64_t resource_hash(std::string_view type, std::string_view id);
/// A resource type ("Patient") as a number: its short_hash().
inline std::int32_t type_number(std::string_view type) { return short_hash(type); }

/// Coding, Identifier, code, boolean, ContactPoint.
struct Token {
  IndexKey key = 0;
  std::int64_t code = 0;    ///< index_hash() of the code or value
  std::int32_t system = 0;  ///< short_hash() of the system; 0: it has none
  friend bool operator==(const Token&, const Token&) = default;
};

/// String, HumanName and Address part by part, uri.
struct Text {
  IndexKey key = 0;
  std::string value;  ///< as compared: without case and accents; a uri as it is. At most 1 KiB
  std::string exact;  ///< as written; empty when `value` is. At most 1 KiB
  friend bool operator==(const Text&, const Text&) = default;
};

/// A point or stretch of time: [low, high) in milliseconds since 1970 UTC. A date is its whole day.
/// An open end is the least or greatest number.
struct Period {
  IndexKey key = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
  friend bool operator==(const Period&, const Period&) = default;
};

/// Number or Quantity: [low, high]. A value is a point (5.40 is 5.4 to 5.4: how exactly it was
/// written does not matter when it is found); a Range and a value with a comparator ("<5") are
/// wider, an open end is infinite.
/// Source: hl7.org/fhir/R4/search.html#number, #quantity.
struct Number {
  IndexKey key = 0;
  double low = 0;
  double high = 0;
  std::int32_t system = 0;  ///< short_hash() of the unit's system; 0: it has none
  std::int32_t code = 0;    ///< short_hash() of the unit's code, or of the unit when it has none
  std::int32_t unit = 0;    ///< short_hash() of the unit as people read it; 0: it is the code
  /// In a row of a composite: short_hash() of the system of the token it stands beside (whose code
  /// is part of the key); 0: that has none.
  std::int32_t mark = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

/// Reference or canonical.
struct Link {
  IndexKey key = 0;
  std::int64_t target = 0;  ///< resource_hash(), or index_hash() of an absolute url without version
  std::int32_t type = 0;    ///< type_number() of the target; 0: not known
  friend bool operator==(const Link&, const Link&) = default;
};

/// Everything one version of one resource is found by, besides its id and the time of its change.
/// No value stands in it twice.
struct IndexValues {
  std::vector<Token> tokens;
  std::vector<Text> texts;
  std::vector<Period> periods;
  std::vector<Number> numbers;
  std::vector<Link> links;

  bool empty() const noexcept {
    return tokens.empty() && texts.empty() && periods.empty() && numbers.empty() && links.empty();
  }
  friend bool operator==(const IndexValues&, const IndexValues&) = default;
};

/// Which list of IndexValues a key belongs to.
enum class IndexKind : std::uint8_t { token, text, period, number, link };

}  // namespace concord::search
