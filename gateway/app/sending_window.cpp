#include "gateway/app/sending_window.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "gateway/agreements/turnaround.h"

namespace concord::app {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

Error wrong(std::string_view what) {
  return make_error(ErrorCode::invalid,
                    std::string(what) +
                        "; times of the week are written \"Mon-Fri 08:00-18:30, Sat 09:00-12:00\"");
}

std::optional<std::size_t> day_of(std::string_view word) {
  const auto found = std::find(kDays.begin(), kDays.end(), word);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kDays.begin());
}

/// "08:30" in minutes after midnight; 24:00 is one.
std::optional<std::int16_t> minutes_of(std::string_view word) {
  if (word.size() != 5 || word[2] != ':') return std::nullopt;
  const auto number = [&](std::size_t at) -> int {
    int value = -1;
    const auto [end, error] = std::from_chars(word.data() + at, word.data() + at + 2, value);
    return error == std::errc() && end == word.data() + at + 2 ? value : -1;
  };
  const int minutes = number(0) * 60 + number(3);
  if (number(0) < 0 || number(3) < 0 || number(3) > 59 || minutes > 1440) return std::nullopt;
  return static_cast<std::int16_t>(minutes);
}

/// The two sides of "a-b"; both the same when there is no hyphen.
std::pair<std::string_view, std::string_view> sides(std::string_view range) {
  const std::size_t hyphen = range.find('-');
  if (hyphen == std::string_view::npos) return {range, range};
  return {range.substr(0, hyphen), range.substr(hyphen + 1)};
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// One "days hours".
Result<void> read_part(std::string_view part, agreements::Calendar& window) {
  const std::size_t space = part.find(' ');
  if (space == std::string_view::npos) return wrong("days and hours are expected");
  const auto [first_word, last_word] = sides(part.substr(0, space));
  const auto first = day_of(first_word);
  const auto last = day_of(last_word);
  if (!first || !last) return wrong("a day is one of Mon Tue Wed Thu Fri Sat Sun");
  const auto [from_word, until_word] = sides(trimmed(part.substr(space)));
  const auto from = minutes_of(from_word);
  const auto until = minutes_of(until_word);
  if (!from || !until) return wrong("hours go from 00:00 to 24:00");
  if (*from >= *until) return wrong("hours must end after they begin, on the same day");
  for (std::size_t day = *first;; day = (day + 1) % kDays.size()) {
    window.week[day].push_back({*from, *until});
    if (day == *last) return {};
  }
}

/// Sorts the spans of each day and joins those that touch.
Result<void> settle(agreements::Calendar& window) {
  for (auto& spans : window.week) {
    std::sort(spans.begin(), spans.end(),
              [](const auto& a, const auto& b) { return a.from < b.from; });
    std::vector<agreements::OpeningSpan> joined;
    for (const agreements::OpeningSpan& span : spans) {
      if (!joined.empty() && span.from < joined.back().until) return wrong("hours overlap");
      if (!joined.empty() && span.from == joined.back().until) {
        joined.back().until = span.until;
      } else {
        joined.push_back(span);
      }
    }
    spans = std::move(joined);
  }
  return {};
}

}  // namespace

Result<agreements::Calendar> read_window(std::string_view text) {
  agreements::Calendar window;
  window.id = "window";
  window.time_zone = "Europe/London";
  while (true) {
    const std::size_t comma = text.find(',');
    CONCORD_TRY(read_part(trimmed(text.substr(0, comma)), window));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  CONCORD_TRY(settle(window));
  return window;
}

std::function<outbox::Opening(Instant)> opening_of(agreements::Calendar window) {
  return [window = std::move(window)](Instant now) -> outbox::Opening {
    const Instant minute = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1);
    // A zone that ICU does not know opens nothing: better late than at the wrong time.
    return {agreements::is_open(now, window).value_or(false), minute};
  };
}

}  // namespace concord::app
