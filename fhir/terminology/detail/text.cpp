#include "fhir/terminology/detail/text.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <charconv>

#include "fhir/tree/symbols.h"

namespace concord::terminology::detail {

namespace {

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view next_part(std::string_view& rest) noexcept {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  return part;
}

}  // namespace

std::string join(std::string_view url, std::string_view version) {
  std::string text(url);
  if (!version.empty()) text.append("|").append(version);
  return text;
}

bool version_fits(std::string_view asked, std::string_view have) noexcept {
  if (asked.empty() || asked == have) return true;
  if (have.empty()) return false;
  while (!asked.empty()) {
    if (have.empty()) return false;
    const std::string_view want = next_part(asked), is = next_part(have);
    if (want != is && want != "x" && want != "*") return false;
  }
  return true;
}

std::string fold_case(std::string_view text) {
  if (!is_ascii(text)) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(status);
    if (U_SUCCESS(status)) {
      std::string folded;
      const auto wide = icu::UnicodeString::fromUTF8(
          icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
      folding->normalize(wide, status).toUTF8String(folded);
      if (U_SUCCESS(status)) return folded;
    }
  }
  std::string plain(text);
  std::transform(plain.begin(), plain.end(), plain.begin(), &lower);
  return plain;
}

std::string fold(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  const std::string folded = fold_case(text);
  for (const char c : trimmed(folded)) {
    if (!is_space(c)) {
      plain += c;
    } else if (plain.back() != ' ') {
      plain += ' ';
    }
  }
  return plain;
}

std::vector<Language> languages(std::string_view list) {
  std::vector<Language> found;
  for (const std::string_view entry : members(list)) {
    Language language;
    const std::size_t semicolon = entry.find(';');
    for (const char c : trimmed(entry.substr(0, semicolon))) language.tag += lower(c);
    if (semicolon != std::string_view::npos) {
      std::string_view q = trimmed(entry.substr(semicolon + 1));
      if (q.starts_with("q=")) {
        q.remove_prefix(2);
        double value = 1;
        if (std::from_chars(q.data(), q.data() + q.size(), value).ec == std::errc{}) {
          language.weight = std::clamp(value, 0.0, 1.0);
        }
      }
    }
    if (!language.tag.empty()) found.push_back(std::move(language));
    if (found.size() == 32) break;
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Language& a, const Language& b) { return a.weight > b.weight; });
  return found;
}

bool speaks(std::string_view asked, std::string_view have) noexcept {
  if (asked == "*") return true;
  if (asked.empty() || have.empty()) return false;
  const std::size_t common = std::min(asked.size(), have.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (lower(asked[i]) != lower(have[i])) return false;
  }
  const std::string_view longer = asked.size() > have.size() ? asked : have;
  return longer.size() == common || longer[common] == '-';
}

double weight(const std::vector<Language>& asked, std::string_view have) noexcept {
  double best = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!speaks(asked[i].tag, have)) continue;
    // The first of two with one weight is preferred, and the exact region to its language.
    const bool exact = asked[i].tag.size() == have.size();
    const double value = asked[i].weight - static_cast<double>(i) * 1e-6 - (exact ? 0 : 1e-9);
    if (asked[i].weight > 0) best = std::max(best, value);
  }
  return best;
}

std::vector<std::string_view> members(std::string_view list) {
  std::vector<std::string_view> found;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view member = trimmed(list.substr(0, comma));
    if (!member.empty()) found.push_back(member);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return found;
}

TextIndex::TextIndex(std::size_t expected) {
  std::size_t slots = 8;
  while (slots < expected * 2) slots *= 2;
  slots_.resize(slots);
  rows_.reserve(expected);
  seed_ = reinterpret_cast<std::uintptr_t>(slots_.data());
}

std::uint32_t TextIndex::hash(std::string_view text) const noexcept {
  return tree::hash_name(text, seed_);
}

bool TextIndex::add(std::string_view text, std::uint32_t number) {
  if (find(text) != kAbsent) return false;
  if ((rows_.size() + 1) * 2 > slots_.size()) grow();
  rows_.push_back({text, number});
  place(hash(text), static_cast<std::uint32_t>(rows_.size()));
  return true;
}

std::uint32_t TextIndex::find(std::string_view text) const noexcept {
  if (slots_.empty()) return kAbsent;
  const std::uint32_t hashed = hash(text);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hashed & mask; slots_[at].row != 0; at = (at + 1) & mask) {
    if (slots_[at].hash != hashed) continue;
    const Row& row = rows_[slots_[at].row - 1];
    if (tree::same_name(row.text, text)) return row.number;
  }
  return kAbsent;
}

void TextIndex::place(std::uint32_t hashed, std::uint32_t row) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hashed & mask;
  while (slots_[at].row != 0) at = (at + 1) & mask;
  slots_[at] = {hashed, row};
}

void TextIndex::grow() {
  slots_.assign(std::max<std::size_t>(8, slots_.size() * 2), {});
  if (seed_ == 0) seed_ = reinterpret_cast<std::uintptr_t>(slots_.data());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    place(hash(rows_[i].text), static_cast<std::uint32_t>(i + 1));
  }
}

}  // namespace concord::terminology::detail
