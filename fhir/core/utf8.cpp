#include "fhir/core/utf8.h"

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace concord {
namespace {

/// Bytes of ASCII at the front of [at, end).
const unsigned char* skip_ascii(const unsigned char* at, const unsigned char* end) {
#if defined(__SSE2__)
  while (end - at >= 64) {
    const auto* block = reinterpret_cast<const __m128i*>(at);
    const __m128i all =
        _mm_or_si128(_mm_or_si128(_mm_loadu_si128(block), _mm_loadu_si128(block + 1)),
                     _mm_or_si128(_mm_loadu_si128(block + 2), _mm_loadu_si128(block + 3)));
    if (_mm_movemask_epi8(all) != 0) break;
    at += 64;
  }
#endif
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
    at += 8;
  }
  while (at != end && *at < 0x80) ++at;
  return at;
}

bool continues(unsigned char c) { return (c & 0xC0) == 0x80; }

/// Length of the well-formed sequence at `at` that begins with a byte above 0x7F; 0 when it is
/// none.
std::size_t sequence_length(const unsigned char* at, const unsigned char* end) {
  const unsigned char lead = at[0];
  const auto left = end - at;
  if (lead < 0xC2 || lead > 0xF4 || left < 2) return 0;
  const unsigned char second = at[1];
  if (lead < 0xE0) return continues(second) ? 2 : 0;
  if (lead < 0xF0) {
    const unsigned char least = lead == 0xE0 ? 0xA0 : 0x80;  // no overlong form
    const unsigned char most = lead == 0xED ? 0x9F : 0xBF;   // no surrogate
    return second >= least && second <= most && left >= 3 && continues(at[2]) ? 3 : 0;
  }
  const unsigned char least = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xF4 ? 0x8F : 0xBF;  // at most U+10FFFF
  return second >= least && second <= most && left >= 4 && continues(at[2]) && continues(at[3]) ? 4
                                                                                                : 0;
}

}  // namespace

std::size_t invalid_utf8_at(std::string_view text) noexcept {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = begin + text.size();
  for (const unsigned char* at = begin;;) {
    at = skip_ascii(at, end);
    if (at == end) return std::string_view::npos;
    do {
      const std::size_t length = sequence_length(at, end);
      if (length == 0) return static_cast<std::size_t>(at - begin);
      at += length;
    } while (at != end && *at >= 0x80);
  }
}

}  // namespace concord
