#pragma once
/// UTF-8, checked before anything is parsed. Pure functions, safe from any thread.

#include <cstddef>
#include <string_view>

namespace concord {

/// The offset of the first byte that is not part of well-formed UTF-8 (overlong forms, surrogates
/// and values above U+10FFFF are not), or npos when all of it is. ASCII runs at 16 bytes a step.
/// Source: Unicode 15, table 3-7.
std::size_t invalid_utf8_at(std::string_view text) noexcept;

}  // namespace concord
