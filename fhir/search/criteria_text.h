#pragma once
/// Conditions as text, for tests and for people who look for the reason of an answer. Pure.

#include <string>

#include "fhir/search/criteria.h"
#include "fhir/search/parameters.h"

namespace concord::search {

/// "all(token 1a2b code 3c4d, not(text 5e6f starts))": keys and hashes in hexadecimal. Texts and
/// ids that were asked for are left out unless `with_values`: a log must not have them.
std::string to_text(const Condition& condition, bool with_values = false);

/// "reverse iterate Observation [1a2b] -> Patient".
std::string to_text(const Include& include);

}  // namespace concord::search
