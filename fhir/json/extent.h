#pragma once
/// Where a JSON value ends in the text it stands in. Pure, safe from any thread.

#include <cstddef>
#include <optional>
#include <string_view>

namespace concord::json {

/// The byte behind the value that begins at or after `begin` (white space is skipped): what a node
/// was read from, byte by byte, with everything a tree does not keep. Nothing when no whole value
/// stands there. Nesting is bounded by the text alone, without recursion.
std::optional<std::size_t> value_end(std::string_view text, std::size_t begin);

}  // namespace concord::json
