#include "fhir/validate/formats.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace concord::validate {

namespace {

/// What a byte may be part of.
enum Class : std::uint8_t { kDigit = 1, kSpace = 2, kId = 4, kBase64 = 8, kLowerHex = 16 };

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&](std::string_view bytes, int bits) {
    for (const char c : bytes) {
      auto& at = classes[static_cast<unsigned char>(c)];
      at = static_cast<std::uint8_t>(at | bits);
    }
  };
  add("0123456789", kDigit | kId | kBase64 | kLowerHex);
  add("abcdef", kLowerHex);
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", kId | kBase64);
  add("-.", kId);
  add("+/", kBase64);
  add(" \t\n\v\f\r", kSpace);
  return classes;
}();

constexpr bool is(char c, int bits) {
  return (kClasses[static_cast<unsigned char>(c)] & bits) != 0;
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_space(char c) { return is(c, kSpace); }

/// Digits in a row from `at`; moves `at` behind them.
std::size_t digits(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at - start;
}

/// Two digits at `at` within low..high; -1 when they are not.
int two(std::string_view text, std::size_t at, int low, int high) {
  if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
  const int value = (text[at] - '0') * 10 + (text[at + 1] - '0');
  return value < low || value > high ? -1 : value;
}

/// A whole number without leading zeros, at most `limit`.
bool whole(std::string_view text, std::uint64_t limit) {
  if (text.empty() || text.size() > 10 || (text[0] == '0' && text.size() > 1)) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= limit;
}

/// "hh:mm:ss" with any fraction, from `at`; moves `at` behind it. Second 60 is a leap second.
bool clock_time(std::string_view text, std::size_t& at) {
  if (two(text, at, 0, 23) < 0 || at + 8 > text.size() || text[at + 2] != ':' ||
      two(text, at + 3, 0, 59) < 0 || text[at + 5] != ':' || two(text, at + 6, 0, 60) < 0) {
    return false;
  }
  at += 8;
  if (at < text.size() && text[at] == '.') {
    ++at;
    return digits(text, at) > 0;
  }
  return true;
}

/// "Z" or "+hh:mm" up to 14:00, and nothing after.
bool zone(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  if (text[at] == 'Z') return at + 1 == text.size();
  if ((text[at] != '+' && text[at] != '-') || at + 6 != text.size() || text[at + 3] != ':') {
    return false;
  }
  const int hour = two(text, at + 1, 0, 14), minute = two(text, at + 4, 0, 59);
  return hour >= 0 && minute >= 0 && (hour < 14 || minute == 0);
}

enum class Precision { none, year, month, day };

/// A date from the start of the text; moves `at` behind it.
Precision calendar_date(std::string_view text, std::size_t& at) {
  at = 0;
  if (digits(text, at) != 4) return Precision::none;
  const int year =
      (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  if (year == 0) return Precision::none;
  if (at == text.size() || text[at] != '-') return Precision::year;
  const int month = two(text, at + 1, 1, 12);
  if (month < 0) return Precision::none;
  at += 3;
  if (at == text.size() || text[at] != '-') return Precision::month;
  constexpr std::array kDays{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int last = kDays[static_cast<std::size_t>(month - 1)];
  if (month == 2 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))) last = 28;
  if (two(text, at + 1, 1, last) < 0) return Precision::none;
  at += 3;
  return Precision::day;
}

bool lower_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is(text[i], kLowerHex)) return false;
  }
  return true;
}

/// Arcs of an object identifier.
bool arcs(std::string_view text) {
  std::size_t at = 1, count = 1;
  if (text.empty() || text[0] < '0' || text[0] > '2') return false;
  for (; at < text.size(); ++count) {
    if (text[at] != '.') return false;
    const std::size_t start = ++at;
    const std::size_t size = digits(text, at);
    if (size == 0 || (size > 1 && text[start] == '0')) return false;
  }
  return count > 1;
}

constexpr std::string_view kUuid = "urn:uuid:";
constexpr std::string_view kOid = "urn:oid:";

}  // namespace

bool has_byte_below(std::string_view text, char bound) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  const auto limit = static_cast<std::uint64_t>(static_cast<unsigned char>(bound));
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    // The high bit of each byte that is less than the bound (bounds up to 128).
    if (((word - kOnes * limit) & ~word & (kOnes * 0x80u)) != 0) return true;
  }
  for (; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < limit) return true;
  }
  return false;
}

bool is_boolean(std::string_view text) noexcept { return text == "true" || text == "false"; }

bool is_integer(std::string_view text) noexcept {
  const bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  return whole(text, minus ? 2147483648u : 2147483647u);
}

bool is_unsigned_int(std::string_view text) noexcept { return whole(text, 2147483647u); }

bool is_positive_int(std::string_view text) noexcept {
  return !text.starts_with('0') && whole(text, 2147483647u);
}

bool is_decimal(std::string_view text) noexcept {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t start = at;
  const std::size_t before = digits(text, at);
  if (before == 0 || (before > 1 && text[start] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits(text, at) == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits(text, at) == 0) return false;
  }
  return at == text.size();
}

bool is_code(std::string_view text) noexcept {
  if (text.empty()) return false;
  bool space_before = true;
  for (const char c : text) {
    const bool space = is_space(c);
    if (space && space_before) return false;
    space_before = space;
  }
  return !space_before;
}

bool is_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is(c, kId); });
}

bool is_uri(std::string_view text) noexcept {
  if (text.empty() ||
      (has_byte_below(text, '!') && std::any_of(text.begin(), text.end(), is_space))) {
    return false;
  }
  if (text[0] != 'u' && text[0] != 'o') return true;
  text = text.substr(0, text.find('#'));
  if (text.starts_with(kUuid)) return lower_uuid(text.substr(kUuid.size()));
  if (text.starts_with(kOid)) return arcs(text.substr(kOid.size()));
  return !text.starts_with("uuid:") && !text.starts_with("oid:");
}

bool is_canonical(std::string_view text) noexcept {
  return is_uri(text.substr(0, std::min(text.find('|'), text.size()))) &&
         std::none_of(text.begin(), text.end(), is_space);
}

bool is_oid(std::string_view text) noexcept {
  return text.starts_with(kOid) && arcs(text.substr(kOid.size()));
}

bool is_uuid_uri(std::string_view text) noexcept {
  return text.starts_with(kUuid) && lower_uuid(text.substr(kUuid.size()));
}

bool is_date(std::string_view text) noexcept {
  std::size_t at = 0;
  return calendar_date(text, at) != Precision::none && at == text.size();
}

bool is_date_time(std::string_view text) noexcept {
  std::size_t at = 0;
  const Precision precision = calendar_date(text, at);
  if (precision == Precision::none) return false;
  if (at == text.size()) return true;
  if (precision != Precision::day || text[at] != 'T') return false;
  return clock_time(text, ++at) && zone(text, at);
}

bool is_instant(std::string_view text) noexcept {
  std::size_t at = 0;
  if (calendar_date(text, at) != Precision::day || at == text.size() || text[at] != 'T') {
    return false;
  }
  return clock_time(text, ++at) && zone(text, at);
}

bool is_time(std::string_view text) noexcept {
  std::size_t at = 0;
  return clock_time(text, at) && at == text.size();
}

bool is_base64(std::string_view text) noexcept {
  std::size_t symbols = 0, padding = 0;
  for (std::size_t at = 0; at < text.size();) {
    // Signatures and attachments are long runs of symbols: eight a step.
    constexpr std::size_t kStep = 8;
    if (padding == 0 && at + kStep <= text.size()) {
      const auto of = [&](std::size_t i) {
        return kClasses[static_cast<unsigned char>(text[at + i])];
      };
      const int common = kBase64 & of(0) & of(1) & of(2) & of(3) & of(4) & of(5) & of(6) & of(7);
      if (common != 0) {
        symbols += kStep;
        at += kStep;
        continue;
      }
    }
    const char c = text[at++];
    if (is(c, kBase64)) {
      if (padding > 0) return false;
      ++symbols;
    } else if (c == '=') {
      ++padding;
    } else if (!is_space(c)) {
      return false;
    }
  }
  return symbols > 0 && padding <= 2 && (symbols + padding) % 4 == 0;
}

bool is_xhtml_div(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  std::string_view name = "div";
  if (!text.starts_with('<')) return false;
  text.remove_prefix(1);
  // A prefix bound to the XHTML namespace is the same element.
  const std::size_t end = text.find_first_of(" \t\r\n/>");
  if (end == std::string_view::npos) return false;
  const std::string_view tag = text.substr(0, end);
  const std::size_t colon = tag.find(':');
  if ((colon == std::string_view::npos ? tag : tag.substr(colon + 1)) != name) return false;
  return text.ends_with("/>") ||
         (text.ends_with('>') && text.substr(0, text.size() - 1).ends_with(tag));
}

Format format_of(std::string_view primitive) noexcept {
  struct Row {
    std::string_view name;
    Format format;
  };
  constexpr std::array kRows{
      Row{"boolean", &is_boolean},
      Row{"integer", &is_integer},
      Row{"unsignedInt", &is_unsigned_int},
      Row{"positiveInt", &is_positive_int},
      Row{"decimal", &is_decimal},
      Row{"code", &is_code},
      Row{"id", &is_id},
      Row{"uri", &is_uri},
      Row{"url", &is_uri},
      Row{"canonical", &is_canonical},
      Row{"oid", &is_oid},
      Row{"uuid", &is_uuid_uri},
      Row{"date", &is_date},
      Row{"dateTime", &is_date_time},
      Row{"instant", &is_instant},
      Row{"time", &is_time},
      Row{"base64Binary", &is_base64},
      Row{"xhtml", &is_xhtml_div},
  };
  for (const Row& row : kRows) {
    if (row.name == primitive) return row.format;
  }
  return nullptr;
}

}  // namespace concord::validate
