#pragma once
/// Names and values as forms and queries carry them. Pure functions, safe from any thread.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concord::spine {

/// "a=1&b=x+y%21" → {a, 1}, {b, "x y!"}: a pair without '=' has an empty value, an empty pair is
/// left out, a broken escape stays as it is.
std::vector<std::pair<std::string, std::string>> read_form(std::string_view form);

}  // namespace concord::spine
