#pragma once
/// What is known of values before there are any: the static side of the compiler.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/path/detail/program.h"
#include "fhir/path/function_table.h"
#include "fhir/path/value.h"

namespace concord::path::detail {

/// One possible type: an element type of the definitions, or a System type.
struct TypeRef {
  const definitions::Type* fhir = nullptr;  ///< null: `system`
  Tag system = Tag::boolean;
  friend bool operator==(const TypeRef& a, const TypeRef& b) noexcept {
    return a.fhir == b.fhir && (a.fhir != nullptr || a.system == b.system);
  }
};

/// What is known of a collection.
struct Static {
  std::vector<TypeRef> types;  ///< the possible ones, when `known`
  bool known = false;          ///< without types: always empty
  bool single = false;         ///< never more than one item
  bool ordered = true;         ///< the order of items has a meaning

  static Static unknown(bool single = false) { return {{}, false, single, true}; }
  static Static nothing() { return {{}, true, true, true}; }
  static Static system(Tag tag, bool single = true) {
    return {{{nullptr, tag}}, true, single, true};
  }
  static Static element(const definitions::Type& type, bool single) {
    return {{{&type, Tag::boolean}}, true, single, true};
  }
  void add(const TypeRef& type);
  /// The types of both; unknown when one of them is.
  static Static united(const Static& a, const Static& b);
};

/// Integer and Long; with Decimal the numbers.
constexpr bool is_whole(Tag tag) { return tag == Tag::integer || tag == Tag::long_integer; }
constexpr bool is_number(Tag tag) { return is_whole(tag) || tag == Tag::decimal; }

/// Name of the function that `.value` behind a primitive is compiled to; no text can spell it.
inline constexpr std::string_view kValueOfPrimitive = "(value)";

/// Name of what %terminologies stands for: a type_info no function but those of the service takes.
inline constexpr std::string_view kTerminologyService = "TerminologyService";

/// "String" → Tag::string; nothing for names that are no System type.
std::optional<Tag> system_type(std::string_view name) noexcept;
/// Tag::string → "String".
std::string_view system_name(Tag tag) noexcept;
/// The System type a FHIR primitive converts to; nothing for complex types but Quantity.
std::optional<Tag> converts_to(const definitions::Type& type) noexcept;

/// Why an operator has no meaning for what is known of its sides; empty when it may have one.
std::string mismatch(Code code, const Static& a, const Static& b);
/// Whether nothing it can be has a System value: complex types, resources.
bool is_complex(const Static& value);

/// Why a function cannot take such input; empty when it may.
std::string refused(Accepts accepts, const Static& input);

/// "Identifier or Reference" for messages.
std::string names_of(const Static& value);

}  // namespace concord::path::detail
