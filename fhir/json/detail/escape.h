#pragma once
/// JSON strings, escaped as short as RFC 8259 section 7 allows.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "fhir/core/output.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace concord::json {
namespace detail {

/// 0: as it is; 'u': \u00XX; else the letter behind the backslash.
inline constexpr auto kEscapes = [] {
  std::array<char, 256> escapes{};
  for (std::size_t i = 0; i < 0x20; ++i) escapes[i] = 'u';
  escapes['\b'] = 'b';
  escapes['\t'] = 't';
  escapes['\n'] = 'n';
  escapes['\f'] = 'f';
  escapes['\r'] = 'r';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}();

/// Whether one of eight bytes is below 0x20, a quote or a backslash.
inline bool any_escape(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  const auto has_zero = [](std::uint64_t w) { return (w - kOnes) & ~w & kHighs; };
  const std::uint64_t below = (word - kOnes * 0x20) & ~word & kHighs;
  return (below | has_zero(word ^ kOnes * '"') | has_zero(word ^ kOnes * '\\')) != 0;
}

/// Copies a short text that needs no escape with two overlapping words; false: nothing is decided.
template <typename Word>
bool copy_plain_ends(char* to, std::string_view text) {
  Word front, back;
  std::memcpy(&front, text.data(), sizeof front);
  std::memcpy(&back, text.data() + text.size() - sizeof back, sizeof back);
  // Four bytes are padded with letters, which need no escape.
  constexpr std::uint64_t kLetters = sizeof(Word) == 8 ? 0 : 0x4141414100000000u;
  if (any_escape(front | kLetters) || any_escape(back | kLetters)) return false;
  std::memcpy(to, &front, sizeof front);
  std::memcpy(to + text.size() - sizeof back, &back, sizeof back);
  return true;
}

/// Copies the front of `text` that needs no escape, in steps of 16; returns how much.
inline std::size_t copy_plain_blocks(char* to, std::string_view text) {
  std::size_t at = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                control = _mm_set1_epi8(0x1F);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), block);
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#else
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (any_escape(word)) return at;
    std::memcpy(to + at, &word, 8);
  }
#endif
  return at;
}

}  // namespace detail

/// Appends `"text"`; `prefix`, which needs no escape, comes right behind the quote.
inline void append_string(Output& out, std::string_view text, std::string_view prefix = {}) {
  constexpr char kHex[] = "0123456789abcdef";
  char* to = out.reserve(text.size() + prefix.size() + 2);
  *to++ = '"';
  for (const char c : prefix) *to++ = c;
  const std::size_t size = text.size();
  if ((size >= 8 && size <= 16 && detail::copy_plain_ends<std::uint64_t>(to, text)) ||
      (size >= 4 && size < 8 && detail::copy_plain_ends<std::uint32_t>(to, text))) {
    to[size] = '"';
    out.advance(to + size + 1);
    return;
  }
  for (;;) {
    const std::size_t plain = detail::copy_plain_blocks(to, text);
    to += plain;
    text.remove_prefix(plain);
    // Up to the next escape; then blocks again.
    char escape = 0;
    std::size_t at = 0;
    while (at < text.size() &&
           (escape = detail::kEscapes[static_cast<unsigned char>(text[at])]) == 0) {
      *to++ = text[at++];
    }
    if (at == text.size()) break;
    const auto value = static_cast<unsigned char>(text[at]);
    text.remove_prefix(at + 1);
    out.advance(to);
    to = out.reserve(text.size() + 6 + 1);  // the longest escape, the rest, the quote
    *to++ = '\\';
    *to++ = escape;
    if (escape == 'u') {
      *to++ = '0';
      *to++ = '0';
      *to++ = kHex[value >> 4];
      *to++ = kHex[value & 15];
    }
  }
  *to++ = '"';
  out.advance(to);
}

}  // namespace concord::json
