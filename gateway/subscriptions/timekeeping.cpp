// What happens though nothing changes: heartbeats, ends, and the answers to questions.
#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/value.h"
#include "gateway/subscriptions/subscriptions.h"

namespace concord::subscriptions {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr int kTicksPerSweep = 10;
constexpr std::size_t kMostEvents = 100;

bool among(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// Whether two bodies say the same but for meta.
bool same_but_meta(const std::string& left, const std::string& right) {
  json::Values values;
  const auto a = values.read(left), b = values.read(right);
  if (!a || !b) return false;
  for (json::Value* value : {*a, *b}) {
    std::erase_if(value->members, [](const json::Member& one) { return one.name == "meta"; });
  }
  return json::equal(**a, **b);
}

}  // namespace

Result<void> Subscriptions::start() {
  CONCORD_TRY(list_topics());
  timer_ = std::jthread([this](const std::stop_token& stop) { keep_time(stop); });
  return {};
}

void Subscriptions::stop() {
  timer_.request_stop();
  if (timer_.joinable()) timer_.join();
}

/// Each topic as a Basic, written when it is not there as it should be.
Result<void> Subscriptions::list_topics() {
  for (const Topic& topic : *parts_.topics) {
    const std::string id = topic_id(topic);
    CONCORD_ASSIGN(const auto there, parts_.resources->read("Basic", id));
    const std::int64_t version = there ? there->version : 0;
    const Instant now = parts_.clock();
    store::ResourceWrite write;
    CONCORD_ASSIGN(write.body, as_basic(topic, version + 1, now));
    const bool gone = there && there->change == store::Change::deleted;
    if (there && !gone && same_but_meta(there->body, write.body)) continue;
    write.change = there && !gone ? store::Change::updated : store::Change::created;
    write.type = "Basic";
    write.id = id;
    write.expected_version = version;
    write.updated_at = now;
    CONCORD_ASSIGN(write.index, index_of(write.body));
    store::ResourceChanges changes;
    changes.audit.push_back(
        {version == 0 ? audit::Event::resource_created : audit::Event::resource_updated, now, "",
         "", settings_.node, to_hex(sha256(write.body)),
         "Basic/" + id + "/" + std::to_string(version + 1)});
    changes.writes.push_back(std::move(write));
    // A version conflict: another gateway wrote the same a moment ago.
    CONCORD_TRY(parts_.resources->write(std::move(changes)));
  }
  return {};
}

void Subscriptions::keep_time(const std::stop_token& stop) {
  for (int tick = 0; !stop.stop_requested(); ++tick) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kTick, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const auto watches = registry_.current();
    if (!watches) continue;
    const Instant now = parts_.clock();
    for (const auto& [id, watch] : (*watches)->by_id) {
      const Definition& definition = watch->definition;
      if (definition.status != "active" && definition.status != "requested") continue;
      if (definition.end && *definition.end <= now) {
        // Should the store not answer, the next tick tries again.
        static_cast<void>(set_status(id, definition.status, 0, "off", ""));
      } else if (definition.status == "active" && definition.heartbeat.count() > 0) {
        beat(*watch, now);
      }
    }
    if (tick % kTicksPerSweep != 0) continue;
    const auto backlog = parts_.store->backlog();
    if (!backlog) continue;
    std::vector<std::string> leftovers;
    for (const store::Backlog& queue : *backlog) {
      const std::string_view id = subscription_of(queue.destination);
      if (id.empty() || queue.pending == 0) continue;
      const auto at = (*watches)->by_id.find(id);
      const std::string_view status =
          at == (*watches)->by_id.end() ? "off" : std::string_view(at->second->definition.status);
      if (status != "active" && status != "requested") leftovers.push_back(queue.destination);
    }
    const std::lock_guard lock(mutex_);
    leftovers_ = std::move(leftovers);
  }
}

/// A heartbeat of each period, from whichever gateway is first: the key is the period's number.
void Subscriptions::beat(const Watch& watch, Instant now) {
  const auto period = std::chrono::milliseconds(watch.definition.heartbeat);
  if (now < watch.updated_at + period) return;
  const std::int64_t number = now.time_since_epoch() / period;
  const std::string destination = destination_of(watch.id);
  if (const auto last = beats_.find(watch.id); last != beats_.end() && last->second == number) {
    return;
  }
  Event event;
  event.kind = Event::Kind::heartbeat;
  event.subscription = watch.id;
  event.backport = watch.definition.backport;
  if (event.backport) event.topic = watch.definition.criteria;
  event.mime = watch.definition.mime;
  event.at = Instant(period * number);
  store::NewExchange exchange = notice(event, "heartbeat", now, watch.definition.heartbeat);
  exchange.keys.push_back({"heartbeat", destination, std::to_string(number)});
  exchange.keys_until = now + 2 * period;
  const auto committed = parts_.store->commit(std::move(exchange));
  if (!committed) return;
  beats_[watch.id] = number;
  if (!committed->replayed && parts_.wake) parts_.wake();
}

// ---- operations ----

Result<Standing> Subscriptions::standing_of(const Watch& watch) {
  Standing standing;
  standing.id = watch.id;
  standing.status = watch.definition.status;
  if (watch.definition.backport) standing.topic = watch.definition.criteria;
  standing.error = watch.definition.error;
  CONCORD_ASSIGN(standing.events, parts_.store->last_number(destination_of(watch.id)));
  return standing;
}

Result<std::string> Subscriptions::status(const StatusQuestion& question) {
  registry_.forget_age();
  CONCORD_ASSIGN(const auto watches, registry_.current());
  std::vector<Standing> standings;
  for (const auto& [id, watch] : watches->by_id) {
    if (!question.ids.empty() && !among(question.ids, id)) continue;
    if (!question.statuses.empty() && !among(question.statuses, watch->definition.status)) continue;
    CONCORD_ASSIGN(standings.emplace_back(), standing_of(*watch));
  }
  if (standings.empty() && question.ids.size() == 1 &&
      !watches->by_id.contains(question.ids.front())) {
    return make_error(ErrorCode::not_found, "there is no Subscription of this id");
  }
  return status_bundle(writing_, standings, parts_.uuids(), parts_.clock());
}

Result<std::string> Subscriptions::events(const EventsQuestion& question) {
  CONCORD_ASSIGN(const WatchPointer watch, registry_.read(question.id));
  if (watch == nullptr) {
    return make_error(ErrorCode::not_found, "there is no Subscription of this id");
  }
  CONCORD_ASSIGN(const Standing standing, standing_of(*watch));
  CONCORD_ASSIGN(const std::vector<store::NumberedItem> items,
                 parts_.store->numbered_items(destination_of(watch->id), question.from,
                                              question.until, kMostEvents));
  std::vector<NumberedEvent> events;
  for (const store::NumberedItem& item : items) {
    CONCORD_ASSIGN(Event event, read_event(item.bytes));
    events.push_back({item.number, std::move(event)});
  }
  return events_bundle(writing_, standing, events,
                       question.content.value_or(watch->definition.content), parts_.uuids(),
                       parts_.clock());
}

}  // namespace concord::subscriptions
