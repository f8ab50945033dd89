#include "gateway/agreements/turnaround.h"

#include <algorithm>

#include "gateway/agreements/detail/zone.h"

namespace concord::agreements {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;

constexpr int kFirstOpeningDays = 60;
constexpr int kFarthestDays = 400;
constexpr int kFarthestCountDays = 3660;

Error unknown_zone(const Calendar& opening) {
  return make_error(ErrorCode::internal, "calendar " + opening.id + ": unknown time zone");
}

/// Calls `each(start, end)` for every opening span of the days [first, first + count) until it
/// returns false.
template <typename Each>
void for_each_opening(const Calendar& opening, const detail::Zone& zone, sys_days first, int count,
                      Each&& each) {
  for (int i = 0; i < count; ++i) {
    const sys_days day = first + days{i};
    for (const OpeningSpan& span : opening.spans(day)) {
      const Instant start = zone.instant_at(day, span.from);
      const Instant end = zone.instant_at(day, span.until);
      if (end > start && !each(start, end)) return;
    }
  }
}

}  // namespace

const std::vector<OpeningSpan>& Calendar::spans(sys_days day) const {
  static const std::vector<OpeningSpan> kClosed;
  if (closed_on.contains(day)) return kClosed;
  return week[std::chrono::weekday{day}.iso_encoding() - 1];
}

Result<Instant> due_at(Instant received_at, WorkingMinutes allowance, const Calendar& opening) {
  if (allowance <= WorkingMinutes{0}) {
    return make_error(ErrorCode::invalid, "a turnaround must allow more than 0 working minutes");
  }
  const auto zone = detail::Zone::find(opening.time_zone);
  if (zone == nullptr) return unknown_zone(opening);

  const sys_days first = zone->day_at(received_at);
  const Instant first_opening_by = Instant{first} + days{kFirstOpeningDays};
  milliseconds remaining = allowance;
  bool opened = false;
  std::optional<Instant> due;
  for_each_opening(opening, *zone, first, kFarthestDays, [&](Instant start, Instant end) {
    if (end <= received_at) return true;
    if (!opened && start > first_opening_by) return false;
    opened = true;
    start = std::max(start, received_at);
    if (remaining <= end - start) {
      due = start + remaining;
      return false;
    }
    remaining -= end - start;
    return true;
  });
  if (due) return *due;
  return make_error(ErrorCode::not_found,
                    opened ? "calendar " + opening.id + ": too few opening hours within 400 days"
                           : "calendar " + opening.id + ": no opening hours in the next 60 days");
}

Result<WorkingMinutes> working_minutes_between(Instant from, Instant until,
                                               const Calendar& opening) {
  if (until <= from) return WorkingMinutes{0};
  if (until - from > days{kFarthestCountDays}) {
    return make_error(ErrorCode::too_long, "working time is counted over 10 years at most");
  }
  const auto zone = detail::Zone::find(opening.time_zone);
  if (zone == nullptr) return unknown_zone(opening);
  const sys_days first = zone->day_at(from);
  const int count = static_cast<int>((zone->day_at(until) - first).count()) + 1;
  milliseconds open{0};
  for_each_opening(opening, *zone, first, count, [&](Instant start, Instant end) {
    start = std::max(start, from);
    end = std::min(end, until);
    if (end > start) open += end - start;
    return start < until;
  });
  return std::chrono::floor<WorkingMinutes>(open);
}

Result<bool> is_open(Instant at, const Calendar& opening) {
  const auto zone = detail::Zone::find(opening.time_zone);
  if (zone == nullptr) return unknown_zone(opening);
  bool open = false;
  for_each_opening(opening, *zone, zone->day_at(at), 1, [&](Instant start, Instant end) {
    open = open || (start <= at && at < end);
    return !open;
  });
  return open;
}

}  // namespace concord::agreements
