#include "gateway/admission/pressure.h"

#include <algorithm>

namespace concord::admission {

namespace {

constexpr double kNever = 1e300;

/// From which value on each kind is refused.
using Steps = std::array<double, kKinds>;

void refuse(Verdict& verdict, double value, const Steps& steps, Reason reason) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (value >= steps[kind] && !verdict.refused[kind]) verdict.refused[kind] = reason;
  }
}

double count(std::chrono::milliseconds time) { return static_cast<double>(time.count()); }

}  // namespace

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, kKinds> kNames{"bulk", "read", "routine", "urgent"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view reason_name(Reason reason) {
  constexpr std::array<std::string_view, kReasons> kNames{"store_wait", "disk", "memory",
                                                          "queue_lag"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view reason_text(Reason reason) {
  constexpr std::array<std::string_view, kReasons> kTexts{
      "the store is slow", "the disk is nearly full", "memory is short",
      "delivery does not keep up"};
  return kTexts[static_cast<std::size_t>(reason)];
}

std::size_t Verdict::level() const {
  return static_cast<std::size_t>(
      std::count_if(refused.begin(), refused.end(), [](const auto& reason) { return reason; }));
}

Verdict judge(const Readings& readings, const Limits& limits) {
  Verdict verdict;
  if (limits.store_wait.count() > 0) {
    refuse(verdict, count(readings.store_wait) / count(limits.store_wait), {1, 1.5, 2, 4},
           Reason::store_wait);
  }
  if (readings.disk_free && limits.disk_refuse > 0) {
    // Less is worse, so the scale is turned round.
    const double refuse_at = -limits.disk_refuse;
    const bool low = *readings.disk_free < limits.disk_refuse;
    if (low) {
      refuse(verdict, -*readings.disk_free, {refuse_at, kNever, refuse_at, refuse_at / 2},
             Reason::disk);
    }
  }
  if (readings.disk_free) verdict.disk_low = *readings.disk_free < limits.disk_warn;
  if (readings.memory_used && limits.memory > 0) {
    const double rest = 1 - limits.memory;
    refuse(verdict, *readings.memory_used,
           {limits.memory, limits.memory + rest / 4, limits.memory + rest / 2,
            limits.memory + rest * 7 / 8},
           Reason::memory);
  }
  if (limits.queue_lag.count() > 0) {
    refuse(verdict, count(readings.queue_lag) / count(limits.queue_lag), {1, 2, 4, kNever},
           Reason::queue_lag);
  }
  if (limits.queue_lag_urgent.count() > 0) {
    refuse(verdict, count(readings.queue_lag) / count(limits.queue_lag_urgent),
           {kNever, kNever, kNever, 1}, Reason::queue_lag);
  }
  return verdict;
}

double pressure(Reason reason, const Readings& readings, const Limits& limits) {
  switch (reason) {
    case Reason::store_wait:
      return limits.store_wait.count() > 0 ? count(readings.store_wait) / count(limits.store_wait)
                                           : 0;
    case Reason::disk: {
      if (!readings.disk_free || limits.disk_refuse <= 0) return 0;
      // Of a full disk there is no more than of one with a millionth left.
      return limits.disk_refuse / std::max(*readings.disk_free, 1e-6);
    }
    case Reason::memory:
      return readings.memory_used && limits.memory > 0 ? *readings.memory_used / limits.memory : 0;
    case Reason::queue_lag:
      return limits.queue_lag.count() > 0 ? count(readings.queue_lag) / count(limits.queue_lag) : 0;
  }
  return 0;
}

}  // namespace concord::admission
