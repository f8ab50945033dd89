#pragma once
/// UTF-8 by characters. Pure functions. Broken sequences count each byte as one character, so that
/// nothing here can fail or run past the end.

#include <cstddef>
#include <string>
#include <string_view>

namespace concord::path::detail {

void append_utf8(std::string& text, char32_t code);

/// Bytes of the character that begins at `at`, 1 to 4; `at` < text.size().
std::size_t character_size(std::string_view text, std::size_t at) noexcept;

/// The character at `at` and its size.
struct Character {
  char32_t code;
  std::size_t size;
};
Character character_at(std::string_view text, std::size_t at) noexcept;

std::size_t count_characters(std::string_view text) noexcept;

/// Byte offset of the character with that number; text.size() when there are fewer.
std::size_t offset_of(std::string_view text, std::size_t character) noexcept;

/// Simple case mapping of Latin, Greek, Cyrillic and Armenian letters; others stay.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

}  // namespace concord::path::detail
