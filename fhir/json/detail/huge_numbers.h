#pragma once
/// Numbers that are JSON but no double (1e400): RapidJSON refuses them, so it is shown a zero in
/// their place and the digits are taken from the text as received.

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace concord::json::detail {

inline constexpr std::size_t kMostHugeNumbers = 16;  ///< each is one more way through the text

/// One such number in the text.
struct HugeNumber {
  std::size_t offset = 0;
  std::size_t size = 0;
};

/// The length of the JSON number at a place, or 0. RFC 8259 section 6.
inline std::size_t number_at(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > from;
  };
  const auto take = [&](std::string_view any) {
    if (at == text.size() || any.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
  };
  take("-");
  if (!take("0") && !digits()) return 0;
  if (take(".") && !digits()) return 0;
  if (take("eE")) {
    take("+-");
    if (!digits()) return 0;
  }
  return at - begin;
}

/// Puts a zero in the place of each in a copy of the text.
inline void hide(std::span<const HugeNumber> numbers, char* text) {
  for (const HugeNumber& number : numbers) {
    std::memset(text + number.offset, ' ', number.size);
    text[number.offset] = '0';
  }
}

/// What a tokeniser took for `value` at `offset`, as it was written in `source`.
inline std::string_view as_written(std::span<const HugeNumber> numbers, std::string_view source,
                                   std::string_view value, std::size_t offset) {
  for (const HugeNumber& number : numbers) {
    if (number.offset == offset) return source.substr(offset, number.size);
  }
  return value;
}

}  // namespace concord::json::detail
