#include "fhir/path/detail/temporal.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace concord::path::detail {

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::int64_t days_of(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// Parts of a moment as written.
struct Parts {
  int year;
  int month;
  int day;
  std::int64_t of_day;  ///< microseconds since midnight
};

std::int64_t floor_days(std::int64_t micros) {
  return micros >= 0 ? micros / kDay : -((-micros + kDay - 1) / kDay);
}

Parts parts_of(std::int64_t micros) {
  const std::int64_t days = floor_days(micros);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())), micros - days * kDay};
}

int last_day(int year, int month) {
  const std::chrono::year_month_day_last last{
      std::chrono::year(year),
      std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(month)))};
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

/// Reads fixed-width fields off the front of a text.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// -1 when there are not that many digits.
  int number(std::size_t width) {
    if (text_.size() < width) return -1;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return -1;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(width);
    return value;
  }
  /// The digits of a fraction of a second in microseconds; -1 when there is none.
  std::int64_t fraction() {
    std::int64_t value = 0;
    std::int64_t unit = kSecond / 10;
    std::size_t count = 0;
    while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
      value += unit * (text_[count] - '0');
      unit /= 10;
      ++count;
    }
    text_.remove_prefix(count);
    return count == 0 ? -1 : value;
  }

 private:
  std::string_view text_;
};

bool read_date(Fields& fields, Moment& moment) {
  const int year = fields.number(4);
  if (year < 1) return false;
  int month = 1;
  int day = 1;
  moment.precision = Precision::year;
  if (fields.take('-')) {
    month = fields.number(2);
    if (month < 1 || month > 12) return false;
    moment.precision = Precision::month;
    if (fields.take('-')) {
      day = fields.number(2);
      if (day < 1 || day > last_day(year, month)) return false;
      moment.precision = Precision::day;
    }
  }
  moment.micros = days_of(year, month, day) * kDay;
  return true;
}

bool read_time(Fields& fields, Moment& moment) {
  const int hour = fields.number(2);
  if (hour < 0 || hour > 23) return false;
  moment.micros += hour * kHour;
  moment.precision = Precision::hour;
  if (!fields.take(':')) return true;
  const int minute = fields.number(2);
  if (minute < 0 || minute > 59) return false;
  moment.micros += minute * kMinute;
  moment.precision = Precision::minute;
  if (!fields.take(':')) return true;
  const int second = fields.number(2);
  if (second < 0 || second > 60) return false;
  moment.micros += second * kSecond;
  moment.precision = Precision::second;
  if (fields.take('.')) {
    const std::int64_t fraction = fields.fraction();
    if (fraction < 0) return false;
    moment.micros += fraction;
    moment.precision = Precision::millisecond;
  }
  if (second == 60) moment.micros = moment.micros / kMinute * kMinute - 1;
  return true;
}

bool read_offset(Fields& fields, Moment& moment) {
  if (fields.take('Z')) {
    moment.offset_minutes = 0;
    return true;
  }
  const bool east = fields.take('+');
  if (!east && !fields.take('-')) return false;
  const int hours = fields.number(2);
  if (hours < 0 || hours > 14 || !fields.take(':')) return false;
  const int minutes = fields.number(2);
  if (minutes < 0 || minutes > 59) return false;
  const int offset = hours * 60 + minutes;
  moment.offset_minutes = static_cast<std::int16_t>(east ? offset : -offset);
  return true;
}

void write(std::string& text, int value, int width) {
  std::array<char, 8> digits{};
  for (int i = width - 1; i >= 0; --i) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  text.append(digits.data(), static_cast<std::size_t>(width));
}

/// The first microsecond after the span a value of that precision covers.
std::int64_t end_of(Moment moment) {
  const Parts p = parts_of(moment.micros);
  switch (moment.precision) {
    case Precision::year:
      return days_of(p.year + 1, 1, 1) * kDay;
    case Precision::month:
      return (p.month == 12 ? days_of(p.year + 1, 1, 1) : days_of(p.year, p.month + 1, 1)) * kDay;
    case Precision::day:
      return moment.micros + kDay;
    case Precision::hour:
      return moment.micros + kHour;
    case Precision::minute:
      return moment.micros + kMinute;
    case Precision::second:
    case Precision::millisecond:
      return moment.micros + 1;
  }
  return moment.micros;
}

std::int64_t truncated(std::int64_t micros, Precision precision) {
  const Parts p = parts_of(micros);
  const std::int64_t day = micros - p.of_day;
  switch (precision) {
    case Precision::year:
      return days_of(p.year, 1, 1) * kDay;
    case Precision::month:
      return days_of(p.year, p.month, 1) * kDay;
    case Precision::day:
      return day;
    case Precision::hour:
      return day + p.of_day / kHour * kHour;
    case Precision::minute:
      return day + p.of_day / kMinute * kMinute;
    case Precision::second:
    case Precision::millisecond:
      return micros;
  }
  return micros;
}

Order order(std::int64_t a, std::int64_t b) {
  return a < b ? Order::less : (b < a ? Order::greater : Order::equal);
}

Precision comparable(Precision precision) {
  return precision == Precision::millisecond ? Precision::second : precision;
}

}  // namespace

std::optional<Moment> parse_date(std::string_view text) {
  Fields fields(text);
  Moment moment;
  if (!read_date(fields, moment) || !fields.done()) return std::nullopt;
  return moment;
}

std::optional<Moment> parse_date_time(std::string_view text) {
  Fields fields(text);
  Moment moment;
  if (!read_date(fields, moment)) return std::nullopt;
  if (fields.take('T') && !fields.done()) {
    if (moment.precision != Precision::day || !read_time(fields, moment)) return std::nullopt;
    if (!fields.done() && !read_offset(fields, moment)) return std::nullopt;
  }
  if (!fields.done()) return std::nullopt;
  return moment;
}

std::optional<Moment> parse_time(std::string_view text) {
  Fields fields(text);
  Moment moment;
  if (!read_time(fields, moment) || !fields.done()) return std::nullopt;
  return moment;
}

std::string format(Tag tag, Moment moment) {
  std::string text;
  const Parts p = parts_of(moment.micros);
  if (tag != Tag::time) {
    write(text, p.year, 4);
    if (moment.precision >= Precision::month) write(text += '-', p.month, 2);
    if (moment.precision >= Precision::day) write(text += '-', p.day, 2);
    if (moment.precision <= Precision::day) return text;
    text += 'T';
  }
  write(text, static_cast<int>(p.of_day / kHour), 2);
  if (moment.precision >= Precision::minute) {
    write(text += ':', static_cast<int>(p.of_day / kMinute % 60), 2);
  }
  if (moment.precision >= Precision::second) {
    write(text += ':', static_cast<int>(p.of_day / kSecond % 60), 2);
  }
  if (moment.precision == Precision::millisecond) {
    write(text += '.', static_cast<int>(p.of_day / 1000 % 1000), 3);
    const int rest = static_cast<int>(p.of_day % 1000);
    if (rest != 0) write(text, rest, 3);
  }
  if (moment.offset_minutes == 0) {
    text += 'Z';
  } else if (moment.offset_minutes != Moment::kNoOffset) {
    const int offset = moment.offset_minutes;
    const int minutes = offset < 0 ? -offset : offset;
    text += offset < 0 ? '-' : '+';
    write(text, minutes / 60, 2);
    write(text += ':', minutes % 60, 2);
  }
  return text;
}

Order compare(Moment a, Moment b) {
  const bool a_offset = a.offset_minutes != Moment::kNoOffset;
  const bool b_offset = b.offset_minutes != Moment::kNoOffset;
  if (a_offset != b_offset) {
    // Offsets run from -12:00 to +14:00; the value without one may stand anywhere in between.
    const auto first = [](Moment m, bool known) {
      return m.micros - (known ? m.offset_minutes * kMinute : 14 * kHour);
    };
    const auto last = [](Moment m, bool known) {
      return end_of(m) - 1 - (known ? m.offset_minutes * kMinute : -12 * kHour);
    };
    if (last(a, a_offset) < first(b, b_offset)) return Order::less;
    if (last(b, b_offset) < first(a, a_offset)) return Order::greater;
    return Order::unknown;
  }
  if (a_offset) {
    a.micros -= a.offset_minutes * kMinute;
    b.micros -= b.offset_minutes * kMinute;
  }
  const Precision pa = comparable(a.precision);
  const Precision pb = comparable(b.precision);
  const Precision common = std::min(pa, pb);
  const Order found = order(truncated(a.micros, common), truncated(b.micros, common));
  return found == Order::equal && pa != pb ? Order::unknown : found;
}

bool equivalent(Tag a_tag, Moment a, Tag b_tag, Moment b) {
  if ((a_tag == Tag::time) != (b_tag == Tag::time)) return false;
  if (comparable(a.precision) != comparable(b.precision)) return false;
  return compare(a, b) == Order::equal;
}

std::optional<TimeUnit> time_unit(std::string_view unit, bool calendar) {
  struct Row {
    std::string_view word;
    std::string_view code;
    TimeUnit unit;
  };
  constexpr std::array<Row, 8> kRows{{{"year", "", TimeUnit::year},
                                      {"month", "", TimeUnit::month},
                                      {"week", "wk", TimeUnit::week},
                                      {"day", "d", TimeUnit::day},
                                      {"hour", "h", TimeUnit::hour},
                                      {"minute", "min", TimeUnit::minute},
                                      {"second", "s", TimeUnit::second},
                                      {"millisecond", "ms", TimeUnit::millisecond}}};
  for (const Row& row : kRows) {
    if (unit == row.word) return row.unit;
    if (unit.size() == row.word.size() + 1 && unit.starts_with(row.word) && unit.ends_with('s')) {
      return row.unit;
    }
    if (!calendar && !row.code.empty() && unit == row.code) return row.unit;
  }
  return std::nullopt;
}

std::optional<Moment> move(Tag tag, Moment moment, std::int64_t count, TimeUnit unit) {
  // Ten thousand years in milliseconds: past that no result can be in range.
  constexpr std::int64_t kMost = 10'000LL * 366 * 86'400'000;
  if (count > kMost || count < -kMost) return std::nullopt;
  if (unit == TimeUnit::week) {
    count *= 7;
    unit = TimeUnit::day;
  }
  if (tag == Tag::time) {
    if (unit < TimeUnit::hour) return std::nullopt;
    std::int64_t step = kHour;
    if (unit == TimeUnit::minute) step = kMinute;
    if (unit == TimeUnit::second) step = kSecond;
    if (unit == TimeUnit::millisecond) step = 1000;
    const std::int64_t period = kDay / step;
    moment.micros = ((moment.micros + count % period * step) % kDay + kDay) % kDay;
    moment.micros = truncated(moment.micros, moment.precision);
    return moment;
  }
  // A unit finer than the value is counted in the value's own unit.
  const auto coarser = [&](std::int64_t factor, TimeUnit to) {
    count /= factor;
    unit = to;
  };
  if (unit == TimeUnit::millisecond && moment.precision < Precision::second) {
    coarser(1000, TimeUnit::second);
  }
  if (unit == TimeUnit::second && moment.precision < Precision::second) {
    coarser(60, TimeUnit::minute);
  }
  if (unit == TimeUnit::minute && moment.precision < Precision::minute) {
    coarser(60, TimeUnit::hour);
  }
  if (unit == TimeUnit::hour && moment.precision < Precision::hour) coarser(24, TimeUnit::day);
  if (unit == TimeUnit::day && moment.precision == Precision::month) coarser(30, TimeUnit::month);
  if (unit == TimeUnit::day && moment.precision == Precision::year) coarser(365, TimeUnit::year);
  if (unit == TimeUnit::month && moment.precision == Precision::year) coarser(12, TimeUnit::year);

  if (unit == TimeUnit::year || unit == TimeUnit::month) {
    const Parts p = parts_of(moment.micros);
    const std::int64_t months = unit == TimeUnit::year ? count * 12 : count;
    const std::int64_t total = static_cast<std::int64_t>(p.year) * 12 + (p.month - 1) + months;
    if (total < 12 || total >= 120'000) return std::nullopt;
    const int year = static_cast<int>(total / 12);
    const int month = static_cast<int>(total % 12) + 1;
    moment.micros = days_of(year, month, std::min(p.day, last_day(year, month))) * kDay + p.of_day;
    return moment;
  }
  std::int64_t step = kDay;
  if (unit == TimeUnit::hour) step = kHour;
  if (unit == TimeUnit::minute) step = kMinute;
  if (unit == TimeUnit::second) step = kSecond;
  if (unit == TimeUnit::millisecond) {
    step = 1000;
    moment.precision = Precision::millisecond;
  }
  if (count > kMost * 1000 / step || count < -(kMost * 1000 / step)) return std::nullopt;
  moment.micros += count * step;
  const int year = parts_of(moment.micros).year;
  if (year < 1 || year > 9999) return std::nullopt;
  return moment;
}

std::optional<Bounded> boundary(Tag tag, Moment moment, std::optional<int> digits, bool high) {
  const bool is_time = tag == Tag::time;
  if (!digits) digits = is_time ? 9 : (tag == Tag::date ? 8 : 17);
  Precision wanted{};
  switch (*digits + (is_time ? 8 : 0)) {
    case 4:
      wanted = Precision::year;
      break;
    case 6:
      wanted = Precision::month;
      break;
    case 8:
      wanted = Precision::day;
      break;
    case 10:
      wanted = Precision::hour;
      break;
    case 12:
      wanted = Precision::minute;
      break;
    case 14:
      wanted = Precision::second;
      break;
    case 17:
      wanted = Precision::millisecond;
      break;
    default:
      return std::nullopt;
  }
  if (is_time && *digits < 2) return std::nullopt;
  if (tag == Tag::date && wanted > Precision::day) return std::nullopt;
  // FHIR knows no time without minutes: an hour alone means its first minute.
  if (moment.precision == Precision::hour) moment.precision = Precision::minute;
  if (moment.precision < wanted && high) {
    if (moment.precision == Precision::second) {
      moment.micros = moment.micros / kSecond * kSecond + kSecond - 1000;
    } else {
      moment.micros = end_of(moment) - 1000;
    }
  }
  moment.micros = truncated(moment.micros, wanted);
  if (wanted <= Precision::second) moment.micros = moment.micros / kSecond * kSecond;
  moment.precision = wanted;
  if (!is_time && wanted > Precision::day && moment.offset_minutes == Moment::kNoOffset) {
    moment.offset_minutes = high ? -12 * 60 : 14 * 60;
  }
  return Bounded{tag, moment};
}

int precision_digits(Tag tag, Precision precision) {
  constexpr std::array<int, 7> kDigits{4, 6, 8, 10, 12, 14, 17};
  return kDigits[static_cast<std::size_t>(precision)] - (tag == Tag::time ? 8 : 0);
}

Moment from_instant(Instant at, std::int16_t offset_minutes) {
  return {at.time_since_epoch().count() * 1000 + offset_minutes * kMinute, offset_minutes,
          Precision::millisecond};
}

}  // namespace concord::path::detail
