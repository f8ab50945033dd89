#pragma once
/// Two texts, line by line. Pure functions.

#include <string>
#include <string_view>

namespace concord::app {

/// Lines only in `before` with "-<number> ", lines only in `after` with "+<number> ", numbers those
/// of their text; nothing when both are the same but for a line feed at the end. The shortest list
/// up to 4,000 lines that differ, beyond that all of them at once.
std::string line_diff(std::string_view before, std::string_view after);

}  // namespace concord::app
