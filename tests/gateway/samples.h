#pragma once
/// Sample values for the tests of store, outbox and exchange. Invented; no patient data.

#include <atomic>
#include <string>

#include "fhir/core/digest.h"
#include "gateway/store/store.h"

namespace concord::test {

inline Instant at(std::int64_t seconds) {
  return Instant{std::chrono::seconds{1'790'000'000 + seconds}};
}

/// A clock that stands still until it is told to go on. Safe from any thread.
class FakeClock {
 public:
  Clock clock() {
    return [this] { return Instant{std::chrono::milliseconds{now_.load()}}; };
  }
  Instant now() const { return Instant{std::chrono::milliseconds{now_.load()}}; }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{at(0).time_since_epoch().count()};
};

/// An item for `destination` with everything derived from `name`.
inline store::NewItem sample_item(const std::string& name, const std::string& destination = "spine",
                                  const std::string& subject = "") {
  store::NewItem item;
  item.id = "item-" + name;
  item.destination = destination;
  item.channel = "fake";
  item.format = "plain";
  item.purpose = "request";
  item.subject = subject;
  item.message_id = "MESSAGE-" + name;
  item.interaction = "SAMPLE_IN01";
  item.content_type = "application/xml";
  item.bytes = "<message id=\"" + name + "\"/>" + std::string(2000, '.');
  item.digest = sha256(item.bytes);
  item.deadline = at(72 * 3600);
  return item;
}

/// An exchange with one item, everything derived from `name`.
inline store::NewExchange sample_exchange(const std::string& name,
                                          const std::string& destination = "spine",
                                          const std::string& subject = "") {
  store::NewExchange exchange;
  exchange.id = "exchange-" + name;
  exchange.door = "http";
  exchange.sender = "X99001";
  exchange.request_id = "request-" + name;
  exchange.message_kind = "sample-order";
  exchange.subject = subject;
  exchange.content_type = "application/fhir+json";
  exchange.payload = "{\"name\":\"" + name + "\"}" + std::string(3000, ' ');
  exchange.digest = sha256(exchange.payload);
  exchange.received_at = at(0);
  exchange.accepted_at = at(0);
  exchange.keys = {{"request-id", "X99001", "request-" + name},
                   {"message-id", "X99001", "message-" + name}};
  exchange.keys_until = at(90 * 24 * 3600);
  exchange.answer = "answer of " + name;
  exchange.decision = "{\"outcome\":\"permit\"}";
  exchange.task = {"task-" + name, exchange.id, 1, "requested", "{\"resourceType\":\"Task\"}",
                   at(0)};
  exchange.items.push_back(sample_item(name, destination, subject));
  exchange.audit.push_back({audit::Event::exchange_accepted, at(0), exchange.id, "", "X99001",
                            to_hex(exchange.digest), ""});
  exchange.audit.push_back({audit::Event::item_queued, at(0), exchange.id, exchange.items[0].id,
                            "node", to_hex(exchange.items[0].digest), destination});
  return exchange;
}

inline store::LeaseRequest sample_lease(const std::string& destination, Instant now,
                                        std::size_t limit = 10) {
  return {destination, "node", limit, now, now + std::chrono::seconds{60}};
}

/// A settlement of a leased item.
inline store::Settlement sample_settlement(const store::Item& item, store::ItemState state,
                                           Instant now) {
  store::Settlement settlement;
  settlement.item = item.id;
  settlement.fence = item.fence;
  settlement.now = now;
  settlement.attempt = store::Attempt{now, now, "answered", 200, "<answer/>", "application/xml"};
  settlement.state = state;
  settlement.next_at = now + std::chrono::seconds{5};
  settlement.audit.push_back(
      {audit::Event::item_delivered, now, item.exchange, item.id, "node", "", ""});
  return settlement;
}

}  // namespace concord::test
