#include "fhir/validate/questionnaire/comparing.h"

#include <charconv>
#include <chrono>

#include "fhir/core/decimal.h"
#include "fhir/validate/formats.h"

namespace concord::validate::questionnaire {

namespace {

/// Digits at a place; the format was looked at before.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + count, value);
  return value;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  for (const std::string_view at : texts) {
    if (at == text) return true;
  }
  return false;
}

}  // namespace

std::optional<std::int64_t> first_moment(std::string_view text) noexcept {
  if (!is_date(text) && !is_date_time(text) && !is_instant(text)) return std::nullopt;
  using namespace std::chrono;
  const int month = text.size() >= 7 ? digits(text, 5, 2) : 1;
  const int day = text.size() >= 10 ? digits(text, 8, 2) : 1;
  const year_month_day date{year(digits(text, 0, 4)),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  std::int64_t seconds =
      duration_cast<std::chrono::seconds>(sys_days(date).time_since_epoch()).count();
  std::int64_t micros = 0;
  if (text.size() >= 19) {
    seconds += digits(text, 11, 2) * 3600 + digits(text, 14, 2) * 60 + digits(text, 17, 2);
    std::size_t at = 19;
    if (at < text.size() && text[at] == '.') {
      std::int64_t scale = 100'000;
      for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        micros += (text[at] - '0') * scale;
        scale /= 10;
      }
    }
    if (at < text.size() && text[at] != 'Z') {
      const int offset = digits(text, at + 1, 2) * 3600 + digits(text, at + 4, 2) * 60;
      seconds += text[at] == '+' ? -offset : offset;
    }
  }
  return seconds * 1'000'000 + micros;
}

std::optional<std::strong_ordering> compare(std::string_view type, std::string_view a,
                                            std::string_view b) noexcept {
  if (is_one_of(type, {"decimal", "integer", "positiveInt", "unsignedInt"})) {
    const auto x = Decimal::parse(a);
    const auto y = Decimal::parse(b);
    if (!x || !y) return std::nullopt;
    return *x <=> *y;
  }
  if (is_one_of(type, {"date", "dateTime", "instant"})) {
    const auto x = first_moment(a);
    const auto y = first_moment(b);
    if (!x || !y) return std::nullopt;
    return *x <=> *y;
  }
  return a.compare(b) <=> 0;
}

}  // namespace concord::validate::questionnaire
