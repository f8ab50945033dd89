#include "fhir/search/detail/positions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace concord::search::detail {

namespace {

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// Sines and squares are rounded: what lies on the edge is inside. About a nanometre.
constexpr double kRounding = 1e-15;

}  // namespace

std::optional<Point> point_at(double latitude, double longitude) {
  // Written so that a NaN fails.
  if (!(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180)) {
    return std::nullopt;
  }
  const double north = radians(latitude), east = radians(longitude);
  return Point{std::cos(north) * std::cos(east), std::cos(north) * std::sin(east), std::sin(north)};
}

Cap cap_around(double latitude, double metres) {
  const double angle = metres / kEarthRadius;
  if (!(angle < std::numbers::pi)) return {5, -1, 1};  // the farthest is 2 away
  const double line = 2 * std::sin(angle / 2) + kRounding;
  const double north = radians(latitude), half = std::numbers::pi / 2;
  Cap cap;
  cap.line_squared = line * line;
  cap.z_low = north - angle <= -half ? -1 : std::sin(north - angle) - kRounding;
  cap.z_high = north + angle >= half ? 1 : std::sin(north + angle) + kRounding;
  return cap;
}

}  // namespace concord::search::detail
