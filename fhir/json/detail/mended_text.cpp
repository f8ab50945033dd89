#include "fhir/json/detail/mended_text.h"

#include <algorithm>

#include "fhir/json/detail/faults.h"

namespace concord::json::detail {
namespace {

/// Each mend is another way through the text; this bounds them all together.
constexpr std::size_t kMostBytesRead = std::size_t{128} << 20;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
/// Part of a number, literal or name somebody left without quotes.
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
}

bool looks_like_a_number(std::string_view word) {
  return (word.front() == '-' || (word.front() >= '0' && word.front() <= '9')) &&
         word.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

}  // namespace

MendedText::MendedText(std::string_view source) : source_(source) {
  mend_escapes();
  build();
}

/// Escapes RapidJSON would let through. All at once: they change nothing of the structure.
void MendedText::mend_escapes() {
  std::size_t from = 0;
  while (const auto bad = bad_escape(source_, from)) {
    if (mends_.size() == kMostMends) {
      hopeless_ = true;
      return;
    }
    mends_.push_back(
        {bad->offset, 6,
         bad->fault == Fault::escape ? Mend::Kind::no_character : Mend::Kind::surrogate});
    from = bad->offset + 6;
  }
}

void MendedText::build() {
  text_.clear();
  segments_.clear();
  std::size_t at = 0;
  const auto copy = [&](std::size_t begin, std::size_t end) {
    segments_.push_back({text_.size(), begin, false});
    text_.append(source_.substr(begin, end - begin));
  };
  const auto put = [&](std::string_view text, std::size_t original) {
    segments_.push_back({text_.size(), original, true});
    text_.append(text);
  };
  for (const Mend& mend : mends_) {
    copy(at, mend.offset);
    at = mend.offset + mend.length;
    switch (mend.kind) {
      case Mend::Kind::comma:
        put(",", mend.offset);
        break;
      case Mend::Kind::name:
      case Mend::Kind::value:
      case Mend::Kind::number:
        put("\"", mend.offset);
        copy(mend.offset, at);
        put("\"", at);
        break;
      case Mend::Kind::control: {
        constexpr char kHex[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(source_[mend.offset]);
        const char escape[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
        put({escape, sizeof escape}, mend.offset);
        break;
      }
      case Mend::Kind::no_character:
      case Mend::Kind::surrogate:
        put("\\uFFFD", mend.offset);
        break;
    }
  }
  copy(at, source_.size());
}

std::size_t MendedText::original(std::size_t offset) const noexcept {
  auto segment =
      std::upper_bound(segments_.begin(), segments_.end(), offset,
                       [](std::size_t at, const Segment& other) { return at < other.mended; });
  --segment;  // the first begins at 0
  return segment->frozen ? segment->original : segment->original + (offset - segment->mended);
}

const Mend* MendedText::find(std::size_t offset, Mend::Kind kind) const noexcept {
  auto mend = std::lower_bound(mends_.begin(), mends_.end(), offset,
                               [](const Mend& other, std::size_t at) { return other.offset < at; });
  for (; mend != mends_.end() && mend->offset == offset; ++mend) {
    if (mend->kind == kind) return &*mend;
  }
  return nullptr;
}

bool MendedText::add(std::size_t begin, std::size_t end, Mend::Kind kind) {
  if (mends_.size() >= kMostMends || (mends_.size() + 1) * source_.size() > kMostBytesRead) {
    return false;
  }
  const std::size_t offset = original(begin);
  const std::size_t length = end == begin ? 0 : original(end - 1) + 1 - offset;
  if (find(offset, kind) != nullptr) return false;  // it did not help
  const auto place =
      std::upper_bound(mends_.begin(), mends_.end(), offset,
                       [](std::size_t at, const Mend& other) { return at < other.offset; });
  mends_.insert(place, {offset, length, kind});
  build();
  return true;
}

/// Quotes around the word that reaches to, or begins at, a place where a value was expected.
bool MendedText::mend_word(std::size_t at) {
  std::size_t begin = at, end = at;
  while (begin > 0 && is_word(text_[begin - 1])) --begin;
  while (end < text_.size() && is_word(text_[end])) ++end;
  if (begin == end) return false;
  const std::string_view word = std::string_view(text_).substr(begin, end - begin);
  if (looks_like_a_number(word)) return add(begin, end, Mend::Kind::number);
  return is_letter(word.front()) && add(begin, end, Mend::Kind::value);
}

bool MendedText::mend(const TokenError& error) {
  const std::size_t at = error.offset;
  if (at >= text_.size()) return false;
  const char c = text_[at];
  switch (error.fault) {
    case Fault::comma_or_brace:
    case Fault::comma_or_bracket:
      if (is_word(c) && at > 0 && is_word(text_[at - 1])) return mend_word(at);  // 01, truest
      if (c == '"' || is_word(c)) return add(at, at, Mend::Kind::comma);
      return error.fault == Fault::comma_or_bracket && (c == '{' || c == '[') &&
             add(at, at, Mend::Kind::comma);
    case Fault::name: {
      if (!is_letter(c)) return false;
      std::size_t end = at;
      while (end < text_.size() && is_word(text_[end])) ++end;
      return add(at, end, Mend::Kind::name);
    }
    case Fault::value:
    case Fault::number:
    case Fault::huge_number:
      return mend_word(at);
    case Fault::control:
      return static_cast<unsigned char>(c) < 0x20 && add(at, at + 1, Mend::Kind::control);
    case Fault::surrogate:
      return c == '\\' && add(at, at + 6, Mend::Kind::surrogate);
    default:
      return false;
  }
}

}  // namespace concord::json::detail
