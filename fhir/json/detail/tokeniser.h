#pragma once
/// The seam between what knows JSON text and what knows FHIR JSON. A tokeniser is any function
///
///   template <typename Events> TokenError tokenise(char* text, std::size_t size, Events& events);
///
/// over a writable copy of well-formed UTF-8 (with kPadding zero bytes behind it) that may decode
/// strings in place, calls in the order of the text
///
///   events.key(std::string_view name, std::size_t offset)
///   events.string(std::string_view value, offset)    events.number(std::string_view as written,
///   offset) events.boolean(bool, offset)                     events.null(offset)
///   events.begin_object(offset)                      events.end_object()
///   events.begin_array(offset)                       events.end_array()
///
/// and stops as soon as one of them returns false. Views live as long as `text`; offsets are those
/// of the first byte of the token (the quote of a string). It keeps no recursion on the depth of
/// the text; how deep is too deep is decided by the events.

#include <cstddef>
#include <cstdint>

namespace concord::json::detail {

inline constexpr std::size_t kPadding = 16;

/// Why a text is not JSON.
enum class Fault : std::uint8_t {
  none,
  stopped,  ///< an event returned false
  empty,
  after_end,
  value,
  name,
  colon,
  comma_or_brace,
  comma_or_bracket,
  escape,
  surrogate,
  unterminated,
  control,
  number,
  huge_number,
  other,
};

struct TokenError {
  Fault fault = Fault::none;
  std::size_t offset = 0;
};

}  // namespace concord::json::detail
