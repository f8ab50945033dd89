#pragma once
/// What operators see of destinations and do to them. Safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"
#include "gateway/outbox/outbox.h"
#include "gateway/store/store.h"

namespace concord::app {

/// "open", "paused", "window closed", "circuit open" or "held": the first that holds it back.
std::string_view state_name(const outbox::DestinationState& state);

class Destinations {
 public:
  /// Everything must outlive it.
  Destinations(store::Store& store, outbox::Outbox& outbox, const tree::Symbols& symbols,
               Clock clock)
      : store_(store), outbox_(outbox), symbols_(symbols), clock_(std::move(clock)) {}

  /// {"destinations":[{…}]}: name, state, backlog (pending, dead, oldest), circuit, window, pause,
  /// limits, attempts under way. Times are UTC. Errors: those of the store.
  Result<std::string> list() const;

  /// Both answer with list(). Saying what holds already changes nothing.
  /// Errors: not_found (no such destination), invalid (audit::check_word), those of the store.
  Result<std::string> pause(std::string_view name, std::string reason, std::string by);
  Result<std::string> resume(std::string_view name, std::string reason, std::string by);

 private:
  Result<void> check(std::string_view name, std::string_view reason, std::string_view by) const;

  store::Store& store_;
  outbox::Outbox& outbox_;
  const tree::Symbols& symbols_;
  Clock clock_;
};

}  // namespace concord::app
