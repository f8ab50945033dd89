#pragma once
/// Texts as searches compare them. Pure functions, safe from any thread.
/// Source: hl7.org/fhir/R4/search.html#string.

#include <cstddef>
#include <string>
#include <string_view>

namespace concord::search::detail {

/// Bytes of a text an index keeps; what lies behind is not searched.
inline constexpr std::size_t kMaxText = 1024;

/// The first kMaxText bytes, cut between characters.
std::string_view within_bounds(std::string_view text) noexcept;

/// Whether every database takes it: no zero character.
bool storable(std::string_view text) noexcept;

/// Without case, accents (NFKD without non-spacing marks) and surplus white space, within bounds.
std::string fold(std::string_view text);

/// ASCII letters in lower case, nothing else changed.
std::string lower_ascii(std::string_view text);

}  // namespace concord::search::detail
