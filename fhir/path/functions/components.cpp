// Components of dates and times, and what lies between two of them: draft of FHIRPath 3.0
// (hl7.org/fhirpath/#extract-datedatetimetime-components, #duration, #difference).
#include <algorithm>
#include <array>
#include <chrono>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/parser.h"
#include "fhir/path/detail/temporal.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

constexpr std::int64_t kDay = 86'400'000'000;

bool is_temporal(Tag tag) { return tag == Tag::date || tag == Tag::date_time || tag == Tag::time; }

Result<std::optional<Value>> one_moment(EvalContext& context, const Collection& items,
                                        std::string_view what) {
  CONCORD_ASSIGN(const auto value, context.one_system(items, what));
  if (value && !is_temporal(value->tag())) {
    return make_error(ErrorCode::invalid, std::string(what) + " must be a date or time");
  }
  return value;
}

/// Calendar fields of a moment as written.
struct Fields {
  std::int64_t year, month, day, hour, minute, second, millisecond;
};
Fields fields_of(std::int64_t micros) {
  using namespace std::chrono;
  const std::int64_t days_since = micros >= 0 ? micros / kDay : -((-micros + kDay - 1) / kDay);
  const std::int64_t rest = micros - days_since * kDay;
  const year_month_day date{sys_days(days(days_since))};
  return {static_cast<int>(date.year()),
          static_cast<std::int64_t>(static_cast<unsigned>(date.month())),
          static_cast<std::int64_t>(static_cast<unsigned>(date.day())),
          rest / 3'600'000'000,
          rest / 60'000'000 % 60,
          rest / 1'000'000 % 60,
          rest / 1000 % 1000};
}

/// yearOf() and its like: nothing when the value does not say.
template <std::int64_t Fields::*kField, Precision kNeeds>
Result<Collection> fn_component(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto value, one_moment(context, input, "the input of a component function"));
  if (!value) return Collection();
  const bool is_calendar = kNeeds <= Precision::day;
  if (is_calendar ? value->tag() == Tag::time : value->tag() == Tag::date) {
    return make_error(ErrorCode::invalid, "the input has no such component");
  }
  if (value->moment().precision < kNeeds) return Collection();
  return Collection::of(Value::of(fields_of(value->moment().micros).*kField));
}

/// timezoneOffsetOf(): hours east of UTC.
Result<Collection> fn_offset(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto value, one_moment(context, input, "the input of timezoneOffsetOf()"));
  if (!value || value->tag() != Tag::date_time ||
      value->moment().offset_minutes == Moment::kNoOffset) {
    return Collection();
  }
  const auto hours = Decimal::divide(Decimal(value->moment().offset_minutes), Decimal(60));
  return hours ? Collection::of(context.decimal(*hours)) : Collection();
}

Result<Collection> fn_date(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto value, one_moment(context, input, "the input of dateOf()"));
  if (!value || value->tag() == Tag::time) return Collection();
  Moment moment = value->moment();
  if (moment.precision > Precision::day) {
    const auto cut = detail::boundary(Tag::date_time, moment, 8, false);
    if (!cut) return Collection();
    moment = cut->moment;
  }
  moment.offset_minutes = Moment::kNoOffset;
  return Collection::of(Value::of(Tag::date, moment));
}

Result<Collection> fn_time(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto value, one_moment(context, input, "the input of timeOf()"));
  if (!value || value->tag() == Tag::date || value->moment().precision < Precision::hour) {
    return Collection();
  }
  Moment moment = value->moment();
  moment.micros = (moment.micros % kDay + kDay) % kDay;
  moment.offset_minutes = Moment::kNoOffset;
  return Collection::of(Value::of(Tag::time, moment));
}

/// Micros that can be compared, in the offset of the first; nothing when one is not precise enough
/// or only one has an offset.
struct Both {
  std::int64_t from, to;
  Precision precision;
};
std::optional<Both> both_of(const Value& a, const Value& b) {
  const Moment x = a.moment();
  const Moment y = b.moment();
  if ((a.tag() == Tag::time) != (b.tag() == Tag::time)) return std::nullopt;
  const bool zoned = x.offset_minutes != Moment::kNoOffset;
  if (zoned != (y.offset_minutes != Moment::kNoOffset)) return std::nullopt;
  std::int64_t to = y.micros;
  if (zoned) to += (std::int64_t{x.offset_minutes} - y.offset_minutes) * 60'000'000;
  return Both{x.micros, to, std::min(x.precision, y.precision)};
}

constexpr std::array<std::int64_t, 8> kLengths{0,         0,          7 * kDay,  kDay,
                                               kDay / 24, 60'000'000, 1'000'000, 1000};

std::int64_t floored(std::int64_t value, std::int64_t by) {
  return value >= 0 ? value / by : -((-value + by - 1) / by);
}

/// Whole units that have passed (kBoundaries false), or borders of units crossed.
template <bool kBoundaries>
Result<Collection> fn_between(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto from, one_moment(context, input, "the input"));
  CONCORD_ASSIGN(const auto to, one_moment(context, args[0], "the first argument"));
  CONCORD_ASSIGN(const auto word, context.one_string(args[1], "the precision"));
  if (!from || !to || !word) return Collection();
  const auto unit = detail::time_unit(detail::calendar_unit(*word), true);
  if (!unit) return make_error(ErrorCode::invalid, "the precision must be a calendar unit");
  const auto both = both_of(*from, *to);
  if (!both) return Collection();
  using detail::TimeUnit;
  const Precision needed = *unit == TimeUnit::year     ? Precision::year
                           : *unit == TimeUnit::month  ? Precision::month
                           : *unit <= TimeUnit::day    ? Precision::day
                           : *unit == TimeUnit::hour   ? Precision::hour
                           : *unit == TimeUnit::minute ? Precision::minute
                                                       : Precision::second;
  if (from->tag() == Tag::time && needed <= Precision::day) return Collection();
  if (both->precision < needed) return Collection();
  std::int64_t count = 0;
  if (*unit <= TimeUnit::month) {
    const Fields a = fields_of(both->from);
    const Fields b = fields_of(both->to);
    count = (b.year - a.year) * 12 + b.month - a.month;
    if (!kBoundaries) {
      // The rest of the month decides whether the last one is whole.
      const auto rest = [](const Fields& f) {
        return (((f.day * 24 + f.hour) * 60 + f.minute) * 60 + f.second) * 1000 + f.millisecond;
      };
      if (count > 0 && rest(b) < rest(a)) --count;
      if (count < 0 && rest(b) > rest(a)) ++count;
    }
    if (*unit == TimeUnit::year) count = kBoundaries ? b.year - a.year : count / 12;
  } else {
    const std::int64_t length = kLengths[static_cast<std::size_t>(*unit)];
    // Weeks begin on Sundays; 1970-01-01 was a Thursday.
    const std::int64_t shift = *unit == TimeUnit::week ? 4 * kDay : 0;
    count = kBoundaries ? floored(both->to + shift, length) - floored(both->from + shift, length)
                        : (both->to - both->from) / length;
  }
  if (count > INT32_MAX || count < INT32_MIN) return Collection();
  return Collection::of(Value::of(count));
}

template <std::int64_t Fields::*kField, Precision kNeeds>
constexpr FunctionRow component(std::string_view name) {
  return {.name = name,
          .handler = &fn_component<kField, kNeeds>,
          .returns = Returns::integer,
          .accepts = Accepts::temporal,
          .pure = true};
}

constexpr FunctionRow kRows[] = {
    component<&Fields::year, Precision::year>("yearOf"),
    component<&Fields::month, Precision::month>("monthOf"),
    component<&Fields::day, Precision::day>("dayOf"),
    component<&Fields::hour, Precision::hour>("hourOf"),
    component<&Fields::minute, Precision::minute>("minuteOf"),
    component<&Fields::second, Precision::second>("secondOf"),
    component<&Fields::millisecond, Precision::second>("millisecondOf"),
    {.name = "timezoneOffsetOf",
     .handler = &fn_offset,
     .returns = Returns::decimal,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "dateOf",
     .handler = &fn_date,
     .returns = Returns::date,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "timeOf",
     .handler = &fn_time,
     .returns = Returns::time,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "duration",
     .min = 2,
     .max = 2,
     .handler = &fn_between<false>,
     .returns = Returns::integer,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "difference",
     .min = 2,
     .max = 2,
     .handler = &fn_between<true>,
     .returns = Returns::integer,
     .accepts = Accepts::temporal,
     .pure = true},
};

}  // namespace

void register_components(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
