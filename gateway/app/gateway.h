#pragma once
/// The running gateway: every room wired to the others, from a configuration.

#include <cstdint>
#include <memory>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/core/uuid.h"
#include "gateway/app/config.h"
#include "gateway/ops/log.h"

namespace concord::app {

class Gateway {
 public:
  /// Loads everything, opens the store, starts delivery, then listens. Ready when it returns.
  ///
  /// Errors: invalid, malformed (agreements, maps, destinations: file, line and column), forbidden
  /// (an address that is not loopback), conflict (port or store in use), transient, internal.
  static Result<std::unique_ptr<Gateway>> start(const Config& config, ops::Log& log, Clock clock,
                                                UuidSource uuids);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  std::uint16_t http_port() const noexcept;
  /// 0 when there is none.
  std::uint16_t admin_port() const noexcept;

  /// Reads the overlays anew, compiles, runs the golden cases and puts the maps to use; see
  /// Engine::replace_maps(). What came of it is in the log. Errors: as there, and those of reading
  /// the folder; the maps in use stay.
  Result<void> reload_maps();

  /// Readiness off, then (after http.drain_seconds) closes the ports, lets running calls end, stops
  /// delivery and gives back leases. True when nothing had to be cut.
  bool stop();

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The version of this program, "0.1.0".
std::string_view version() noexcept;

}  // namespace concord::app
