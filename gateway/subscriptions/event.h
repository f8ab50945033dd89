#pragma once
/// What is kept of a notification until it is sent, and what it becomes when it is. An event names
/// a version of a resource, which never changes, so every resend has the same bytes.
/// Pure but for reading that version. Source: hl7.org/fhir/R4/subscription.html;
/// hl7.org/fhir/uv/subscriptions-backport (R4, 1.1.0), "Notifications".

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/store/resources.h"
#include "gateway/subscriptions/definition.h"

namespace concord::definitions {
class Definitions;
}

namespace concord::subscriptions {

/// One notification to come. Plain values; the text of it is stored (README.md).
struct Event {
  enum class Kind : std::uint8_t { handshake, heartbeat, event } kind = Kind::event;
  std::string subscription;               ///< id
  std::int64_t subscription_version = 0;  ///< handshake: the version it is for
  bool backport = false;
  std::string topic;  ///< canonical; empty for criteria
  Content content = Content::empty;
  std::string mime;
  Instant at{};
  // of an event: what happened to what
  std::string type;
  std::string id;
  std::int64_t version = 0;
  store::Change change = store::Change::created;
};

std::string to_text(const Event& event);
/// Errors: internal (not what to_text() wrote).
Result<Event> read_event(std::string_view text);

/// "Subscription/<id>": the outbox's destination of a subscription.
std::string destination_of(std::string_view subscription);
/// Its id; empty when it is no such destination.
std::string_view subscription_of(std::string_view destination);

/// Bytes for the wire.
struct Body {
  std::string content_type;  ///< empty: there are none
  std::string bytes;
};

/// Where things are when notifications are written. Everything must outlive it.
struct Writing {
  const definitions::Definitions* definitions = nullptr;
  store::Resources* resources = nullptr;
  std::string base_url;  ///< "https://…/FHIR/R4"; empty: relative references
};

/// An event with its number.
struct NumberedEvent {
  std::int64_t number = 0;
  Event event;
};

/// The body of one notification. `id` names it (the outbox item), `number` is the event's, `so_far`
/// how many there were until then.
/// Errors: those of the store; internal.
Result<Body> notification(const Writing& use, const Event& event, std::string_view id,
                          std::int64_t number, std::int64_t so_far);

/// What a subscription is asked about itself.
struct Standing {
  std::string id;
  std::string status;
  std::string topic;
  std::string error;
  std::int64_t events = 0;
};

/// $status: a searchset Bundle with a SubscriptionStatus (query-status) of each, FHIR JSON.
Result<std::string> status_bundle(const Writing& use, const std::vector<Standing>& standings,
                                  std::string_view id, Instant now);
/// $events: a history Bundle with a SubscriptionStatus (query-event) and what the events are about.
Result<std::string> events_bundle(const Writing& use, const Standing& standing,
                                  const std::vector<NumberedEvent>& events, Content content,
                                  std::string_view id, Instant now);

}  // namespace concord::subscriptions
