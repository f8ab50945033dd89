#pragma once
/// Markup that is itself carried as text. Pure functions, safe from any thread.

#include <string>
#include <string_view>

namespace concord::eps {

/// & < > as entities, all else as it is. Source: eps.md sections 3.2 and 18.2.
std::string escape_xml(std::string_view text);

}  // namespace concord::eps
