#pragma once
/// The doors of the configuration, tied to the exchange, the log and the metrics.

#include <functional>
#include <memory>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"
#include "gateway/app/config.h"
#include "gateway/doors/files/file_door.h"
#include "gateway/exchange/exchange.h"
#include "gateway/ops/log.h"
#include "gateway/ops/metrics.h"

namespace concord::app {

/// Safe from any thread.
class Doors {
 public:
  /// Everything must outlive the doors.
  struct Parts {
    std::function<Result<exchange::Answer>(exchange::Arrival)> submit;
    std::function<bool()> may_take;
    const tree::Symbols* symbols = nullptr;
    ops::Log* log = nullptr;
    ops::Metrics* metrics = nullptr;
    Clock clock;
  };

  /// Opens and starts every door that has a folder; `config` must outlive them. Errors: invalid (a
  /// folder that cannot be used).
  static Result<std::unique_ptr<Doors>> open(const Config& config, Parts parts);
  /// Takes nothing further; what is being taken comes to its end.
  void stop();
  /// For the metrics.
  std::vector<ops::DoorSnapshot> figures(Instant now) const;

 private:
  std::vector<std::unique_ptr<doors::files::FileDoor>> doors_;
};

}  // namespace concord::app
