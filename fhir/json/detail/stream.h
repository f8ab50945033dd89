#pragma once
/// RapidJSON's input stream for parsing in place, with its two hot scans done 16 unaligned bytes a
/// step: white space between tokens, and strings up to the next quote or escape. RapidJSON's own
/// scans walk byte by byte to an aligned address first, which is most of the way for short names.

#include <rapidjson/reader.h>

#include <bit>
#include <cstddef>

#include "fhir/json/detail/tokeniser.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace concord::json::detail {

/// Follows GenericInsituStringStream; the text is followed by kPadding zero bytes.
struct Stream {
  using Ch = char;

  explicit Stream(char* text) : src(text), head(text) {}

  char Peek() const { return *src; }
  char Take() { return *src++; }
  std::size_t Tell() const { return static_cast<std::size_t>(src - head); }

  char* PutBegin() { return dst = src; }
  void Put(char c) { *dst++ = c; }
  std::size_t PutEnd(char* begin) { return static_cast<std::size_t>(dst - begin); }
  void Flush() {}

  char* src;
  char* dst = nullptr;
  char* head;
};

/// Found by RapidJSON's reader in place of its own.
inline void SkipWhitespace(Stream& stream) {
  char* at = stream.src;
  if (*at > ' ') return;
  const auto is_white = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  if (!is_white(*at)) return;
  ++at;
#if defined(__SSE2__)
  if (*at <= ' ') {
    const __m128i space = _mm_set1_epi8(' '), line = _mm_set1_epi8('\n'),
                  carriage = _mm_set1_epi8('\r'), tab = _mm_set1_epi8('\t');
    for (;; at += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i white =
          _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, space), _mm_cmpeq_epi8(block, line)),
                       _mm_or_si128(_mm_cmpeq_epi8(block, carriage), _mm_cmpeq_epi8(block, tab)));
      const unsigned other = static_cast<unsigned>(_mm_movemask_epi8(white)) ^ 0xFFFFu;
      if (other != 0) {
        at += std::countr_zero(other);
        break;
      }
    }
  }
#else
  while (is_white(*at)) ++at;
#endif
  stream.src = at;
}

/// Moves on to the next quote, backslash or control character, and the text passed with it to where
/// the string is written once an escape made it shorter.
inline void scan_string(Stream& stream) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                control = _mm_set1_epi8(0x1F);
  char* src = stream.src;
  const auto specials = [&](__m128i block) {
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
    return static_cast<unsigned>(_mm_movemask_epi8(special));
  };
  if (src == stream.dst) {
    for (;; src += 16) {
      const unsigned found = specials(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src)));
      if (found != 0) {
        src += std::countr_zero(found);
        break;
      }
    }
    stream.src = stream.dst = src;
    return;
  }
  // The written part ends before `src`, so a block stored there touches nothing not yet read.
  char* dst = stream.dst;
  for (;; src += 16, dst += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src));
    const unsigned found = specials(block);
    if (found != 0) {
      const int plain = std::countr_zero(found);
      for (int i = 0; i < plain; ++i) *dst++ = *src++;
      break;
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), block);
  }
  stream.src = src;
  stream.dst = dst;
#else
  while (static_cast<unsigned char>(*stream.src) >= 0x20 && *stream.src != '"' &&
         *stream.src != '\\') {
    *stream.dst++ = *stream.src++;
  }
#endif
}

}  // namespace concord::json::detail

RAPIDJSON_NAMESPACE_BEGIN

template <>
struct StreamTraits<concord::json::detail::Stream> {
  enum { copyOptimization = 1 };
};

/// RapidJSON calls this before it looks at a string's next character.
template <>
template <>
inline void Reader::ScanCopyUnescapedString(concord::json::detail::Stream& in,
                                            concord::json::detail::Stream&) {
  concord::json::detail::scan_string(in);
}

RAPIDJSON_NAMESPACE_END
