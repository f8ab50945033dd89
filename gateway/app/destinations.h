#pragma once
/// What operators see of destinations and do to them: GET /destination, POST
/// /destination/{name}/$pause and $resume. Safe from any thread.

#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"
#include "gateway/http/message.h"
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

  /// Both answer with list(). `reason` and `by` are 1 to 200 and 1 to 64 characters, neither of
  /// them a control. Saying what holds already changes nothing.
  /// Errors: not_found (no such destination), invalid (reason, by), those of the store.
  Result<std::string> pause(std::string_view name, std::string reason, std::string by);
  Result<std::string> resume(std::string_view name, std::string reason, std::string by);

  /// The answer to a request for one of these addresses; nothing: it is for somebody else. $pause
  /// and $resume take {"reason":"…","by":"…"} as application/json, which no page of another origin
  /// can send. Errors: those above, unsupported (method, content type), malformed (the body).
  std::optional<Result<http::Response>> handle(http::Request& request);

 private:
  Result<void> check(std::string_view name, std::string_view reason, std::string_view by) const;
  Result<http::Response> order(http::Request& request);

  store::Store& store_;
  outbox::Outbox& outbox_;
  const tree::Symbols& symbols_;
  Clock clock_;
};

/// Whether a reason and a name may be kept. Errors: invalid.
Result<void> check_order(std::string_view reason, std::string_view by);

}  // namespace concord::app
