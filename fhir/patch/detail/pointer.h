#pragma once
/// JSON Pointers. Source: RFC 6901.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::patch::detail {

/// The names a pointer goes through, escapes resolved; none for the whole document.
using Pointer = std::vector<std::string>;

/// Nothing when the text is no pointer: it does not begin with "/", or "~" stands before something
/// else than 0 or 1.
std::optional<Pointer> parse_pointer(std::string_view text);

/// The place a name of a pointer stands for in an array; nothing when it is none (a sign, a zero in
/// front, more digits than any array has members). "-" is not judged here.
std::optional<std::size_t> array_index(std::string_view name);

}  // namespace concord::patch::detail
