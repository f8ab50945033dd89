#include "gateway/admission/pressure.h"

#include <algorithm>

namespace concord::admission {

namespace {

constexpr double kNever = 1e300;

/// From which value on each kind is refused.
using Steps = std::array<double, kKinds>;

void refuse(Verdict& verdict, double value, const Steps& steps, std::string_view reason) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (value >= steps[kind] && verdict.refused[kind].empty()) verdict.refused[kind] = reason;
  }
}

double count(std::chrono::milliseconds time) { return static_cast<double>(time.count()); }

}  // namespace

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, kKinds> kNames{"bulk", "read", "routine", "urgent"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::size_t Verdict::level() const {
  return static_cast<std::size_t>(std::count_if(
      refused.begin(), refused.end(), [](std::string_view reason) { return !reason.empty(); }));
}

Verdict judge(const Readings& readings, const Limits& limits) {
  Verdict verdict;
  if (limits.store_wait.count() > 0) {
    refuse(verdict, count(readings.store_wait) / count(limits.store_wait), {1, 1.5, 2, 4},
           "the store is slow");
  }
  if (readings.disk_free && limits.disk_refuse > 0) {
    // Less is worse, so the scale is turned round.
    const double refuse_at = -limits.disk_refuse;
    const bool low = *readings.disk_free < limits.disk_refuse;
    if (low) {
      refuse(verdict, -*readings.disk_free, {refuse_at, kNever, refuse_at, refuse_at / 2},
             "the disk is nearly full");
    }
  }
  if (readings.disk_free) verdict.disk_low = *readings.disk_free < limits.disk_warn;
  if (readings.memory_used && limits.memory > 0) {
    const double rest = 1 - limits.memory;
    refuse(verdict, *readings.memory_used,
           {limits.memory, limits.memory + rest / 4, limits.memory + rest / 2,
            limits.memory + rest * 7 / 8},
           "memory is short");
  }
  if (limits.queue_lag.count() > 0) {
    refuse(verdict, count(readings.queue_lag) / count(limits.queue_lag), {1, 2, 4, kNever},
           "delivery does not keep up");
  }
  return verdict;
}

}  // namespace concord::admission
