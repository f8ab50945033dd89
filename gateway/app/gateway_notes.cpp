// What the gateway says of itself: the log of deliveries, the page of metrics.
#include "gateway/app/detail/gateway_impl.h"

namespace concord::app {

void Gateway::Impl::note_delivery(const outbox::Notice& notice) {
  using Kind = outbox::Notice::Kind;
  const std::string_view name = outbox::notice_name(notice.kind);
  if (notice.kind == Kind::delivered || notice.kind == Kind::rejected ||
      notice.kind == Kind::retried || notice.kind == Kind::dead) {
    metrics.delivery(label_of(notice.destination), name, notice.took);
  }
  if (notice.kind == Kind::delivered || notice.kind == Kind::rejected ||
      notice.kind == Kind::dead) {
    announcements.tell(notice.exchange);
  }
  if (notice.item.empty() && notice.kind != Kind::store_failed) {
    // Once for each change of a destination's state.
    const bool good = notice.kind == Kind::circuit_closed || notice.kind == Kind::resumed ||
                      notice.kind == Kind::window_opened || notice.kind == Kind::window_closed;
    log.write(good ? ops::LogLevel::info : ops::LogLevel::warning, "destination",
              {{"state", name}, {"destination", notice.destination}, {"reason", notice.reason}});
    return;
  }
  const bool quiet = notice.kind == Kind::delivered;
  log.write(quiet ? ops::LogLevel::info : ops::LogLevel::warning, "delivery",
            {{"result", name},
             {"destination", notice.destination},
             {"exchange_id", notice.exchange},
             {"item", notice.item},
             {"attempt", notice.attempt},
             {"peer_code", notice.peer_code},
             {"ms", notice.took.count()},
             {"reason", notice.reason}});
}

/// What a destination is called in a label: its configured name. Subscribers come and go and are
/// named by ids, so they share one.
std::string Gateway::Impl::label_of(std::string_view destination) const {
  return config.destinations.contains(std::string(destination)) ? std::string(destination)
                                                                : std::string("subscription");
}

void Gateway::Impl::add_destinations(ops::MetricsSnapshot& now) {
  std::map<std::string, ops::DestinationSnapshot, std::less<>> found;
  for (const auto& [name, destination] : config.destinations) found[name];
  if (const auto backlog = store->backlog()) {
    for (const store::Backlog& queue : *backlog) {
      ops::DestinationSnapshot& one = found[label_of(queue.destination)];
      one.pending += queue.pending;
      one.dead += queue.dead;
      if (!queue.oldest) continue;
      const std::chrono::duration<double> age = clock() - *queue.oldest;
      one.oldest_seconds = std::max(one.oldest_seconds, age.count());
    }
  }
  if (const auto awaited = store->watch().awaited()) {
    for (const store::Awaited& one : *awaited) {
      found[label_of(one.destination)].awaited += one.expected;
      found[label_of(one.destination)].overdue += one.overdue;
    }
  }
  for (const outbox::DestinationState& state : outbox->destinations()) {
    ops::DestinationSnapshot& one = found[label_of(state.name)];
    one.circuit_open = one.circuit_open || state.circuit_open;
    one.paused = one.paused.value_or(false) || state.pause.has_value();
    one.in_flight = one.in_flight.value_or(0) + static_cast<std::int64_t>(state.running);
    one.hung = one.hung.value_or(0) + static_cast<std::int64_t>(state.hung);
    one.leased = one.leased.value_or(0) + static_cast<std::int64_t>(state.leased);
  }
  for (auto& [name, one] : found) {
    one.name = name;
    now.destinations.push_back(std::move(one));
  }
}

/// What the entrance let in and refused, and how hard each reading presses.
void Gateway::Impl::add_admission(ops::MetricsSnapshot& now) const {
  const admission::Readings readings = admission->readings();
  for (std::size_t r = 0; r < admission::kReasons; ++r) {
    const auto reason = static_cast<admission::Reason>(r);
    now.pressures.push_back({std::string(admission::reason_name(reason)),
                             admission::pressure(reason, readings, admission->limits())});
  }
  for (std::size_t k = 0; k < admission::kKinds; ++k) {
    const auto kind = static_cast<admission::Kind>(k);
    const std::string name(admission::kind_name(kind));
    now.admissions.push_back(
        {name, "accepted", "", static_cast<std::int64_t>(admission->admitted(kind))});
    for (std::size_t r = 0; r < admission::kReasons; ++r) {
      const auto reason = static_cast<admission::Reason>(r);
      now.admissions.push_back({name, "refused", std::string(admission::reason_name(reason)),
                                static_cast<std::int64_t>(admission->refused(kind, reason))});
    }
  }
}

std::string Gateway::Impl::metrics_page() {
  ops::MetricsSnapshot now;
  const auto counts = store->counts();
  const auto head = store->audit_head();
  const auto size = store->watch().size();
  now.store_answers = counts && head && size;
  if (now.store_answers) {
    now.accepted = counts->accepted;
    now.delivered = counts->delivered;
    now.pending = counts->pending;
    now.dead = counts->dead;
    now.rejected = counts->rejected;
    now.cancelled = counts->cancelled;
    now.unmatched = counts->unmatched;
    now.audit_records = head->sequence;
    now.store_bytes = size->bytes;
    now.wal_bytes = size->wal;
  }
  add_destinations(now);
  add_admission(now);
  if (doors != nullptr) now.doors = doors->figures(clock());
  if (server != nullptr) {
    const http::ServerStats stats = server->stats();
    now.connections = static_cast<std::int64_t>(stats.connections);
    now.in_flight = static_cast<std::int64_t>(stats.in_flight);
    now.connections_refused = static_cast<std::int64_t>(stats.refused);
    now.connections_evicted = static_cast<std::int64_t>(stats.evicted);
  }
  now.log_lines_dropped = static_cast<std::int64_t>(log.dropped());
  now.version = version();
  now.ready = readiness.state() == ops::Readiness::State::ready;
  now.process = ops::process_figures();
  return metrics.text(now);
}

}  // namespace concord::app
