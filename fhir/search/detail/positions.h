#pragma once
/// Places on the globe as points of a sphere of radius 1, so that how near two of them are is
/// arithmetic a database can do: no seam at the date line, none at the poles. Pure functions.

#include <optional>

namespace concord::search::detail {

/// Mean radius of the Earth in metres. Source: Moritz, Geodetic Reference System 1980 (R1).
inline constexpr double kEarthRadius = 6'371'008.8;

/// x towards 0° N 0° E, y towards 0° N 90° E, z towards the North Pole.
struct Point {
  double x = 0, y = 0, z = 0;
};

/// Degrees of WGS 84. Nothing outside of -90 to 90 and -180 to 180, and for what is no number.
std::optional<Point> point_at(double latitude, double longitude);

/// What is no farther away than a distance along the surface.
struct Cap {
  double line_squared = 0;        ///< of the straight line between its middle and its edge
  double z_low = -1, z_high = 1;  ///< of every point in it
};

/// Around the point at that latitude; `metres` not negative.
Cap cap_around(double latitude, double metres);

}  // namespace concord::search::detail
