#pragma once
/// Which types of value fit which elements. Internal to the room.

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/path/value.h"
#include "fhir/tree/node.h"

namespace concord::mapping {

/// The families of primitive types, by what text they hold.
enum class Primitive : std::uint8_t {
  text,  ///< string, code, uri, id … and every primitive not named below
  boolean,
  integer,
  positive,
  natural,  ///< unsignedInt
  decimal,
  date,
  date_time,
  instant,
  time,
};

/// What is known of a value when the map is compiled. Nothing set: nothing is known.
struct Shape {
  const definitions::Type* type = nullptr;
  /// Several possible types: a choice element, or several results of an expression.
  std::span<const definitions::ElementType> choices = {};
  std::string_view system = {};  ///< "System.String" for what an expression makes
  bool literal = false;          ///< a constant of the map
  bool broken = false;           ///< an error was told already: fits everywhere, silently

  bool known() const noexcept { return type != nullptr || !system.empty(); }
};

/// Whether a value may be written to an element.
enum class Fit : std::uint8_t {
  yes,
  text,  ///< if its text has the form of the type: looked at when the map runs
  look,  ///< its type is not known before the map runs
  no,
};

Primitive primitive_of(const definitions::Type& type) noexcept;
Primitive primitive_of_system(std::string_view system) noexcept;

/// How values of a primitive type are written in JSON.
tree::Kind kind_of(const definitions::Type& type) noexcept;

/// Whether the text has the form of the primitive (the shape of dates and numbers; not whether a
/// day exists, which is the validator's question).
bool has_form(Primitive primitive, std::string_view text) noexcept;

/// Whether a value of `from` may be written to an element of type `to`.
Fit fit(const Shape& from, const definitions::Type& to) noexcept;

/// A FHIR type for a value an expression made ("System.Date" → "date").
std::string_view fhir_name_of_system(std::string_view system) noexcept;
std::string_view system_name_of(path::Tag tag) noexcept;

/// Whether a type is another one or derived from it, by name: types of two releases of FHIR that
/// have one name count as the same.
bool is_a(const definitions::Type& type, const definitions::Type& other) noexcept;

/// Part of a logical model, not of FHIR.
inline bool is_model(const definitions::Type& type) noexcept {
  return type.text().find(':') != std::string_view::npos;
}

/// "Patient", "LineItem.quantity", "String": for messages.
std::string_view label_of(const Shape& shape) noexcept;

}  // namespace concord::mapping
