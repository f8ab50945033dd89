#pragma once
/// Civil time of a zone, over ICU.

#include <chrono>
#include <memory>
#include <string_view>

#include "fhir/core/instant.h"

namespace concord::agreements::detail {

/// A time zone. Immutable: safe from any thread.
class Zone {
 public:
  /// Null when ICU does not know the name.
  static std::shared_ptr<const Zone> find(std::string_view name);
  virtual ~Zone() = default;

  /// The calendar day at an instant.
  virtual std::chrono::sys_days day_at(Instant at) const = 0;
  /// The instant of `minutes` after midnight on a day; 1440 is the next midnight. A time that a
  /// clock change skips is taken as if the clock had not changed yet; of one that comes twice, the
  /// later one.
  virtual Instant instant_at(std::chrono::sys_days day, std::int32_t minutes) const = 0;
};

}  // namespace concord::agreements::detail
