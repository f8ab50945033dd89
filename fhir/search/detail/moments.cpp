#include "fhir/search/detail/moments.h"

#include <algorithm>
#include <chrono>

namespace concord::search::detail {

namespace {

/// Reads a text from the front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly that many digits.
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  /// Digits of a fraction, cut to milliseconds; nothing when there is none.
  std::optional<int> fraction() {
    int value = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      if (count < 3) value = value * 10 + (rest_[count] - '0');
    }
    if (count == 0 || count > 12) return std::nullopt;
    rest_.remove_prefix(count);
    for (std::size_t at = count; at < 3; ++at) value *= 10;
    return value;
  }

 private:
  std::string_view rest_;
};

std::int64_t milliseconds(std::chrono::year_month_day day) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::sys_days(day).time_since_epoch())
      .count();
}

/// Minutes east of UTC; a search may have a space where its sender forgot to encode "+".
std::optional<int> zone(Scanner& scan) {
  if (scan.done() || scan.take('Z')) return 0;
  const bool east = scan.take('+') || scan.take(' ');
  if (!east && !scan.take('-')) return std::nullopt;
  const auto hours = scan.digits(2);
  if (!hours || !scan.take(':')) return std::nullopt;
  const auto minutes = scan.digits(2);
  if (!minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return east ? offset : -offset;
}

/// The time behind "T" of a day that begins at `midnight`.
std::optional<Span> read_time(Scanner& scan, std::int64_t midnight) {
  const auto hour = scan.digits(2);
  if (!hour || *hour > 23 || !scan.take(':')) return std::nullopt;
  const auto minute = scan.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  Span span{midnight + (*hour * 60 + *minute) * std::int64_t{60'000}, 60'000, false};
  if (scan.take(':')) {
    auto second = scan.digits(2);
    if (!second || *second > 60) return std::nullopt;
    span.low += std::min(*second, 59) * std::int64_t{1000};
    span.high = 1000;
    span.moment = true;
    if (scan.take('.')) {
      const auto fraction = scan.fraction();
      if (!fraction) return std::nullopt;
      span.low += *fraction;
      span.high = 1;
    }
  }
  const auto offset = zone(scan);
  if (!offset || !scan.done()) return std::nullopt;
  span.low -= *offset * std::int64_t{60'000};
  span.high += span.low;
  return span;
}

}  // namespace

std::optional<Span> read_span(std::string_view text) {
  using namespace std::chrono;
  Scanner scan(text);
  const auto y = scan.digits(4);
  if (!y || *y == 0) return std::nullopt;
  const year in{*y};
  if (scan.done()) return Span{milliseconds(in / 1 / 1), milliseconds((in + years{1}) / 1 / 1)};
  if (!scan.take('-')) return std::nullopt;
  const auto m = scan.digits(2);
  if (!m || *m < 1 || *m > 12) return std::nullopt;
  const year_month of = in / month{static_cast<unsigned>(*m)};
  if (scan.done()) return Span{milliseconds(of / 1), milliseconds((of + months{1}) / 1)};
  if (!scan.take('-')) return std::nullopt;
  const auto d = scan.digits(2);
  if (!d) return std::nullopt;
  const year_month_day on = of / day{static_cast<unsigned>(*d)};
  if (!on.ok()) return std::nullopt;
  const std::int64_t midnight = milliseconds(on);
  if (scan.done()) return Span{midnight, midnight + 86'400'000};
  if (!scan.take('T')) return std::nullopt;
  return read_time(scan, midnight);
}

}  // namespace concord::search::detail
