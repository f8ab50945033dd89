#pragma once
/// What kinds of element there are to an index, and which parameters can be found by which.
/// Source: hl7.org/fhir/R4/search.html#table.

#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/search/index.h"

namespace concord::search::detail {

/// SearchParameter.type.
enum class Kind : std::uint8_t {
  token,
  string,
  date,
  number,
  quantity,
  reference,
  uri,
  composite,
  special
};

std::optional<Kind> kind_of(std::string_view type) noexcept;
std::string_view kind_name(Kind kind) noexcept;
/// Where the values of a parameter stand; not of composites.
IndexKind index_kind(Kind kind) noexcept;

/// Types that are indexed alike.
enum class Shape : std::uint8_t {
  nothing,
  boolean,
  code,
  text,  ///< string, markdown, id
  uri,
  canonical,
  number,  ///< decimal, integer
  coding,
  concept_,  ///< CodeableConcept
  identifier,
  contact,
  name,
  address,
  time,  ///< date, dateTime, instant
  period,
  timing,
  quantity,  ///< also Age, Duration, Count, Distance
  money,
  range,
  reference,
  resource,
  position,  ///< Location.position
};

/// `nothing` for types no parameter is found by.
Shape shape_of(const definitions::Type& type) noexcept;
/// Whether values of that shape are found by parameters of that kind.
bool fits(Kind kind, Shape shape) noexcept;

/// Sets of shapes, as bits.
using ShapeSet = std::uint32_t;
constexpr ShapeSet bit(Shape shape) noexcept { return 1u << static_cast<unsigned>(shape); }
constexpr bool has(ShapeSet set, Shape shape) noexcept { return (set & bit(shape)) != 0; }

}  // namespace concord::search::detail
