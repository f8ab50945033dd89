#pragma once
/// Places: the order of changes as one number. Pure functions, safe from any thread.
///
/// A place is (milliseconds since 1970 UTC) * 2^20 + (number of the change) % 2^20. Resources in
/// the order of their places are in the order of their last change, so a value's index rows, which
/// end with the place, come in the usual order of a search without sorting, and a condition on the
/// time of change is a range of places.

#include <algorithm>
#include <cstdint>

#include "fhir/core/instant.h"

namespace concord::store::sql {

inline constexpr int kPlaceBits = 20;
/// The last millisecond a place can say: the year 2248.
inline constexpr std::int64_t kLastMillis = (std::int64_t{1} << 43) - 1;

/// The least place of a millisecond; times outside 1970 to 2248 count as the nearest end.
constexpr std::int64_t first_place(std::int64_t millis) {
  return std::clamp(millis, std::int64_t{0}, kLastMillis) << kPlaceBits;
}

/// The place of a change. `number` grows with each change of the store: two changes share a place
/// only when a million others of the same millisecond lie between them.
constexpr std::int64_t place_of(Instant changed_at, std::int64_t number) {
  return first_place(changed_at.time_since_epoch().count()) |
         (number & ((std::int64_t{1} << kPlaceBits) - 1));
}

/// When the change at a place was made.
constexpr Instant changed_at(std::int64_t place) {
  return Instant{std::chrono::milliseconds{place >> kPlaceBits}};
}

}  // namespace concord::store::sql
