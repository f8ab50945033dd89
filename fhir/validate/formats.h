#pragma once
/// The lexical forms of R4's primitive types, scanned by hand: no regular expression runs. Pure
/// functions, safe from any thread. Source: hl7.org/fhir/R4/datatypes.html.

#include <string_view>

namespace concord::validate {

/// Whether a text has the form of a primitive type.
using Format = bool (*)(std::string_view text) noexcept;

/// Whether any byte is less than `bound`, which is at most 128; eight bytes a step.
bool has_byte_below(std::string_view text, char bound) noexcept;

bool is_boolean(std::string_view text) noexcept;
bool is_integer(std::string_view text) noexcept;       ///< and fits 32 bits
bool is_unsigned_int(std::string_view text) noexcept;  ///< 0..2147483647
bool is_positive_int(std::string_view text) noexcept;  ///< 1..2147483647
bool is_decimal(std::string_view text) noexcept;
bool is_code(std::string_view text) noexcept;
bool is_id(std::string_view text) noexcept;
bool is_uri(std::string_view text) noexcept;  ///< also url; urn:uuid and urn:oid have their form
bool is_canonical(std::string_view text) noexcept;
bool is_oid(std::string_view text) noexcept;       ///< with urn:oid:
bool is_uuid_uri(std::string_view text) noexcept;  ///< with urn:uuid:, lower case
bool is_date(std::string_view text) noexcept;      ///< a day of the calendar, month or year
bool is_date_time(std::string_view text) noexcept;
bool is_instant(std::string_view text) noexcept;
bool is_time(std::string_view text) noexcept;
bool is_base64(std::string_view text) noexcept;  ///< white space allowed
/// One `div` element. What stands inside is not looked at.
bool is_xhtml_div(std::string_view text) noexcept;

/// The format of a primitive by its name; null for those that are any text (string, markdown) and
/// for names of no primitive.
Format format_of(std::string_view primitive) noexcept;

}  // namespace concord::validate
