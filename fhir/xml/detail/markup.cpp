#include "fhir/xml/detail/markup.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace concord::xml::detail {
namespace {

enum Class : std::uint8_t {
  kPlain = 0,
  kMarkup = 1,         // & < >
  kQuote = 2,          // " '
  kSpace = 4,          // tab, line feed, carriage return, form feed
  kNever = 8,          // other control characters
  kPerhapsNever = 16,  // may begin U+FFFE or U+FFFF
  kFormFeed = 32       // white space in attributes of the EPS serialisation, else kNever
};

constexpr auto kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t i = 0; i < 0x20; ++i) classes[i] = kNever;
  for (const char c : {'\t', '\n', '\r'}) classes[static_cast<unsigned char>(c)] = kSpace;
  classes['\f'] = kFormFeed;
  for (const char c : {'&', '<', '>'}) classes[static_cast<unsigned char>(c)] = kMarkup;
  for (const char c : {'"', '\''}) classes[static_cast<unsigned char>(c)] = kQuote;
  classes[0xEF] = kPerhapsNever;
  return classes;
}();

std::string_view reference(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    case '\t':
      return "&#x9;";
    case '\n':
      return "&#xA;";
    default:
      return "&#xD;";
  }
}

/// White space inside an attribute of the EPS serialisation: a run of tabs and form feeds is one
/// space, so is each line end. Returns how many characters it stands for.
std::size_t space_run(std::string_view text) {
  const auto blank = [](char c) { return c == '\t' || c == '\f'; };
  if (text[0] == '\r') return text.size() > 1 && text[1] == '\n' ? 2 : 1;
  if (text[0] == '\n') return 1;
  std::size_t size = 1;
  while (size < text.size() && blank(text[size])) ++size;
  return size;
}

/// The code point at `at`, which moves behind it; text is well-formed UTF-8.
char32_t next_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t point = lead & (0x3Fu >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  }
  return point;
}

struct Range {
  char32_t first, last;
};

/// NameStartChar without the colon. Source: XML 1.0, fifth edition, section 2.3, as libxml2 reads
/// it.
constexpr Range kStarts[] = {
    {'A', 'Z'},       {'_', '_'},       {'a', 'z'},       {0xC0, 0xD6},     {0xD8, 0xF6},
    {0xF8, 0x2FF},    {0x370, 0x37D},   {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F},
    {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
/// What NameChar adds.
constexpr Range kContinues[] = {
    {'-', '.'}, {'0', '9'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};

template <std::size_t kCount>
bool in(const Range (&ranges)[kCount], char32_t point) {
  for (const Range& range : ranges) {
    if (point >= range.first && point <= range.last) return true;
  }
  return false;
}

bool starts_name(char32_t point) { return (point >= 'a' && point <= 'z') || in(kStarts, point); }
bool continues_name(char32_t point) { return starts_name(point) || in(kContinues, point); }

#ifdef __SSE2__
/// Of 16 bytes those that may need a look: markup, controls, the start of U+FFFE and U+FFFF, and
/// quotes outside of text.
[[gnu::always_inline]] inline unsigned suspects(const char* at, bool quotes) {
  const auto all = [](char c) { return _mm_set1_epi8(c); };
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const auto equals = [&](char c) { return _mm_cmpeq_epi8(bytes, all(c)); };
  __m128i found = _mm_cmpeq_epi8(_mm_min_epu8(bytes, all(0x1F)), bytes);  // below the space
  found = _mm_or_si128(found, _mm_or_si128(equals('&'), equals('<')));
  found = _mm_or_si128(found, _mm_or_si128(equals('>'), equals('\xEF')));
  if (quotes) found = _mm_or_si128(found, _mm_or_si128(equals('"'), equals('\'')));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}

/// Appends text in which nothing needs a look. False: it was not appended.
bool append_plain(Output& out, std::string_view text, bool quotes) {
  if (text.empty()) return true;
  // Looked at where it was copied to, which has room for whole blocks.
  constexpr std::size_t kBlock = 16;
  char* const to = out.draft(text, kBlock);
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    if (suspects(to + at, quotes) != 0) return false;
  }
  const unsigned left = (1u << (text.size() - at)) - 1;
  if ((suspects(to + at, quotes) & left) != 0) return false;
  out.advance(to + text.size());
  return true;
}
#endif

/// The next byte from `at` on that may need a look.
std::size_t next_suspect(std::string_view text, std::size_t at, std::uint8_t special, bool quotes) {
#ifdef __SSE2__
  for (; at + 16 <= text.size(); at += 16) {
    const unsigned mask = suspects(text.data() + at, quotes);
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#else
  static_cast<void>(quotes);
#endif
  while (at < text.size() && (kClasses[static_cast<unsigned char>(text[at])] & special) == 0) ++at;
  return at;
}

}  // namespace

bool append_escaped(Output& out, std::string_view text, Escaping escaping) {
#ifdef __SSE2__
  constexpr std::size_t kLong = 4096;  // rather not twice
  if (text.size() <= kLong && append_plain(out, text, escaping != Escaping::text)) return true;
#endif
  const std::uint8_t special =
      kMarkup | kNever | kPerhapsNever | kFormFeed |
      (escaping == Escaping::text ? 0 : static_cast<std::uint8_t>(kQuote | kSpace));
  const auto class_of = [&](std::size_t at) {
    return kClasses[static_cast<unsigned char>(text[at])];
  };
  std::size_t plain = 0;
  std::size_t at = 0;
  for (;;) {
    at = next_suspect(text, at, special, escaping != Escaping::text);
    if (at == text.size()) break;
    const std::uint8_t kind = class_of(at);
    if ((kind & special) == 0) {
      ++at;
      continue;
    }
    if (kind == kNever || (kind == kFormFeed && escaping != Escaping::attribute)) return false;
    if (kind == kPerhapsNever) {
      const std::string_view point = text.substr(at, 3);
      if (point == "\xEF\xBF\xBE" || point == "\xEF\xBF\xBF") return false;
      ++at;
      continue;
    }
    if (text[at] == '\'' && escaping == Escaping::fhir_attribute) {
      ++at;
      continue;
    }
    out.put(text.substr(plain, at - plain));
    if ((kind == kSpace || kind == kFormFeed) && escaping == Escaping::attribute) {
      out.put(' ');
      at += space_run(text.substr(at));
    } else {
      out.put(reference(text[at]));
      ++at;
    }
    plain = at;
  }
  out.put(text.substr(plain));
  return true;
}

namespace {

enum NameClass : std::uint8_t { kNoName = 0, kNamePart = 1, kNameStart = 3, kNotAscii = 7 };

constexpr auto kNameClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t i = 0; i < 26; ++i) classes['a' + i] = classes['A' + i] = kNameStart;
  for (std::size_t i = 0; i < 10; ++i) classes['0' + i] = kNamePart;
  classes['-'] = classes['.'] = kNamePart;
  classes['_'] = kNameStart;
  for (std::size_t i = 0x80; i < 0x100; ++i) classes[i] = kNotAscii;
  return classes;
}();

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty()) return false;
  std::uint8_t all = kNameClasses[static_cast<unsigned char>(text[0])];
  if ((all & 2) == 0) return false;
  std::uint8_t any = 0;
  for (const char c : text) {
    const std::uint8_t kind = kNameClasses[static_cast<unsigned char>(c)];
    all &= kind;
    any |= kind;
  }
  if ((all & 1) == 0) return false;
  if ((any & 4) == 0) return true;
  bool first = true;
  for (std::size_t at = 0; at < text.size(); first = false) {
    const char32_t point = next_point(text, at);
    if (!(first ? starts_name(point) : continues_name(point))) return false;
  }
  return !first;
}

Markup::Markup(const tree::Document& document, const WriteOptions& options, std::size_t expected)
    : document_(document),
      options_(options),
      most_depth_(std::min(options.limits.max_depth, kMostWrittenDepth)),
      out_(expected, options.limits.max_bytes) {}

void Markup::declaration() {
  if (options_.declaration) out_.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

/// Which of the limits it is that count() met.
bool Markup::over_limit(const tree::Node& node, std::size_t depth) {
  if (depth > most_depth_) {
    return fail(ErrorCode::too_long, node,
                "nested deeper than " + std::to_string(most_depth_) + " levels");
  }
  if (nodes_ > options_.limits.max_nodes) {
    return fail(ErrorCode::too_long, node,
                "more than " + std::to_string(options_.limits.max_nodes) + " elements");
  }
  return fail(ErrorCode::too_long, document_.root(),
              "more than " + std::to_string(options_.limits.max_bytes) + " bytes");
}

bool Markup::fail(ErrorCode code, const tree::Node& node, std::string text) {
  if (!error_) {
    error_ = make_error(code, std::move(text), document_.path(node), document_.position(node));
  }
  return false;
}

bool Markup::not_a_character(const tree::Node& node) {
  return fail(ErrorCode::invalid, node, "a character XML cannot carry");
}

bool Markup::fail_name(const tree::Node& node) {
  return fail(ErrorCode::invalid, node, "a name XML does not allow");
}

bool Markup::name(const tree::Node& node, std::string_view text) {
  if (!is_name(text)) return fail_name(node);
  out_.put(text);
  return true;
}

Result<std::string> Markup::finish(bool good) {
  if (good && out_.over_limit()) {
    good = fail(ErrorCode::too_long, document_.root(),
                "more than " + std::to_string(options_.limits.max_bytes) + " bytes");
  }
  if (!good) return *std::move(error_);
  return out_.take();
}

}  // namespace concord::xml::detail
