#include "fhir/search/detail/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace concord::search::detail {

namespace {

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }
bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Case folded, decomposed, without marks.
std::string without_accents(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* decomposing = icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status)) return std::string(text);
  auto wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  wide.foldCase();
  const icu::UnicodeString apart = decomposing->normalize(wide, status);
  if (U_FAILURE(status)) return std::string(text);
  icu::UnicodeString bare;
  for (std::int32_t at = 0; at < apart.length(); at = apart.moveIndex32(at, 1)) {
    const UChar32 c = apart.char32At(at);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    bare.append(u_isUWhiteSpace(c) ? UChar32{' '} : c);
  }
  std::string folded;
  bare.toUTF8String(folded);
  return folded;
}

}  // namespace

std::string_view within_bounds(std::string_view text) noexcept {
  if (text.size() <= kMaxText) return text;
  std::size_t end = kMaxText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

bool storable(std::string_view text) noexcept { return text.find('\0') == std::string_view::npos; }

std::string fold(std::string_view text) {
  // Four times the bound is enough for every text whose folding fills it, and bounds the work.
  std::string_view from = text.substr(0, std::min(text.size(), 4 * kMaxText));
  while (from.size() < text.size() && !from.empty() &&
         (static_cast<unsigned char>(text[from.size()]) & 0xC0) == 0x80) {
    from.remove_suffix(1);
  }
  std::string apart;
  if (!is_ascii(from)) {
    apart = without_accents(from);
    from = apart;
  }
  std::string folded;
  folded.reserve(from.size());
  for (const char c : from) {
    if (!is_space(c)) {
      folded.push_back(lower(c));
    } else if (!folded.empty() && folded.back() != ' ') {
      folded.push_back(' ');
    }
  }
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  if (folded.size() > kMaxText) folded.resize(within_bounds(folded).size());
  return folded;
}

std::string lower_ascii(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), &lower);
  return lowered;
}

}  // namespace concord::search::detail
