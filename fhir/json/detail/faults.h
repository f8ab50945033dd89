#pragma once
/// What is wrong with a text that is not JSON, in words.

#include <optional>
#include <string_view>

#include "fhir/json/detail/tokeniser.h"

namespace concord::json::detail {

/// A sentence without values of the text.
std::string_view fault_text(Fault fault);

/// The first \u escape from `from` on that stands for no character FHIR can carry: U+0000, or a low
/// surrogate without a high one before it (RapidJSON sees to the other half). Nothing else is
/// judged here. `from` must not lie inside an escape.
std::optional<TokenError> bad_escape(std::string_view text, std::size_t from = 0);

}  // namespace concord::json::detail
