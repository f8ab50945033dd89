#pragma once
/// Code systems search knows by name, and hashes of texts that come again and again.

#include <cstdint>
#include <string_view>

namespace concord::search::detail {

inline constexpr std::string_view kUcum = "http://unitsofmeasure.org";
inline constexpr std::string_view kCurrencies = "urn:iso:std:iso:4217";

/// short_hash() of a text met often (a system, a type, a unit), kept for the thread; always the
/// same as short_hash().
std::int32_t known_short_hash(std::string_view text);

/// What :of-type looks for: a value together with the code of the identifier's type.
std::int64_t of_type_hash(std::string_view type_code, std::string_view value);

}  // namespace concord::search::detail
