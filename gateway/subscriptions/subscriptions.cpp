// What changes is matched in the transaction of the change.
#include "gateway/subscriptions/subscriptions.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/search/match.h"

namespace concord::subscriptions {

using store::Change;

namespace {

Error wrong(std::string element, std::string text) {
  return make_error(ErrorCode::invalid, std::move(text), "Subscription." + std::move(element));
}

Result<tree::Document> annotated(std::string body, const definitions::Definitions& definitions) {
  CONCORD_ASSIGN(tree::Document document, json::read(std::move(body), definitions.symbols()));
  tree::Builder builder(document);
  definitions::annotate(builder, definitions);
  return document;
}

Registry::Parts registry_parts(const Parts& parts, const Settings& settings) {
  Registry::Parts made;
  made.resources = parts.resources;
  made.definitions = parts.definitions;
  made.parameters = parts.parameters;
  made.topics = parts.topics;
  made.base_url = settings.base_url;
  made.clock = parts.clock;
  made.fresh = settings.fresh;
  return made;
}

}  // namespace

Subscriptions::Subscriptions(Parts parts, Settings settings)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      writing_{parts_.definitions, parts_.resources, settings_.base_url},
      registry_(registry_parts(parts_, settings_)) {}

Subscriptions::~Subscriptions() { stop(); }

Result<search::IndexValues> Subscriptions::index_of(const std::string& body) const {
  CONCORD_ASSIGN(const tree::Document document, annotated(body, *parts_.definitions));
  return parts_.parameters->extract(document, document.root());
}

/// An exchange without a Task that holds one notification.
store::NewExchange Subscriptions::notice(const Event& event, std::string_view purpose, Instant now,
                                         std::chrono::seconds give_up) const {
  store::NewExchange exchange;
  exchange.id = parts_.uuids();
  exchange.door = "subscription";
  exchange.sender = settings_.node;
  exchange.message_kind = "notification";
  exchange.content_type = "application/json";
  exchange.payload = to_text(event);
  exchange.digest = sha256(exchange.payload);
  exchange.received_at = now;
  exchange.accepted_at = now;

  store::NewItem item;
  item.id = parts_.uuids();
  item.destination = destination_of(event.subscription);
  item.channel = kChannel;
  item.format = "subscription";
  item.purpose = purpose;
  if (event.kind == Event::Kind::event) {
    item.subject = to_hex(sha256(event.type + "/" + event.id));
    item.numbered = true;
  } else {
    item.subject = purpose;
  }
  exchange.subject = item.subject;
  item.message_id = item.id;
  item.interaction = purpose;
  item.content_type = exchange.content_type;
  item.bytes = exchange.payload;
  item.digest = exchange.digest;
  item.deadline = now + give_up;
  exchange.audit.push_back({audit::Event::item_queued, now, exchange.id, item.id, settings_.node,
                            to_hex(item.digest), item.destination});
  exchange.items.push_back(std::move(item));
  return exchange;
}

// ---- a Subscription that changes ----

Result<void> Subscriptions::check(const store::ResourceRow* before, const tree::Document& after,
                                  const store::ResourceWrite& write,
                                  store::ResourceChanges& changes) {
  CONCORD_ASSIGN(const Definition definition, read_definition(after));
  if (definition.status == "off") return {};
  CONCORD_TRY(parts_.endpoints->check(definition.endpoint));
  CONCORD_TRY(registry_.compile(write.id, definition));
  if (definition.end && *definition.end <= write.updated_at) {
    return wrong("end", "it has passed already");
  }
  if (before == nullptr) {
    CONCORD_ASSIGN(const auto watches, registry_.current());
    const auto counted =
        std::count_if(watches->by_id.begin(), watches->by_id.end(),
                      [](const auto& one) { return one.second->definition.status != "off"; });
    if (static_cast<std::size_t>(counted) >= settings_.most) {
      return make_error(ErrorCode::throttled, "there are as many subscriptions as are allowed");
    }
  }
  if (definition.status == "requested") {
    Event event;
    event.kind = Event::Kind::handshake;
    event.subscription = write.id;
    event.subscription_version = write.expected_version + 1;
    event.backport = definition.backport;
    if (definition.backport) event.topic = definition.criteria;
    event.content = definition.content;
    event.mime = definition.mime;
    event.at = write.updated_at;
    changes.notices.push_back(
        notice(event, "handshake", write.updated_at, settings_.handshake_give_up));
    return {};
  }
  // The other two are the server's to say; they stay as long as what was proven stays.
  if (before != nullptr) {
    CONCORD_ASSIGN(const tree::Document old, annotated(before->body, *parts_.definitions));
    const auto known = read_definition(old);
    if (known && known->status == definition.status && same_channel(*known, definition)) return {};
  }
  return wrong("status", "requested or off may be asked for; the server makes it active");
}

// ---- any resource that changes ----

Result<bool> Subscriptions::matches(const Watch& watch, const Happening& happening) const {
  const bool deleted = happening.change == Change::deleted;
  if (watch.topic == nullptr) {
    if (deleted) return false;  // criteria are of what is there
  } else if (deleted ? !watch.topic->on_delete
                     : (happening.is_new ? !watch.topic->on_create : !watch.topic->on_update)) {
    return false;
  }
  if (!deleted) {
    return search::matches(watch.where,
                           {happening.type, happening.id, happening.at, happening.index});
  }
  if (watch.definition.filters.empty()) return true;
  if (happening.before == nullptr) return false;
  CONCORD_ASSIGN(const search::IndexValues old, index_of(happening.before->body));
  return search::matches(watch.where,
                         {happening.type, happening.id, happening.before->updated_at, &old});
}

Result<void> Subscriptions::add_notices(const Happening& happening,
                                        std::vector<store::NewExchange>& notices) {
  CONCORD_ASSIGN(const auto watches, registry_.current());
  const auto at = watches->by_type.find(happening.type);
  if (at == watches->by_type.end()) return {};
  for (const WatchPointer& watch : at->second) {
    const Definition& definition = watch->definition;
    if (definition.end && *definition.end <= happening.at) continue;
    CONCORD_ASSIGN(const bool matched, matches(*watch, happening));
    if (!matched) continue;
    if (definition.status != "active") {
      // Known here as requested: it may have become active elsewhere a moment ago.
      CONCORD_ASSIGN(const WatchPointer now, registry_.read(watch->id));
      if (now == nullptr || now->broken || now->definition.status != "active") continue;
    }
    Event event;
    event.subscription = watch->id;
    event.backport = definition.backport;
    if (definition.backport) event.topic = definition.criteria;
    event.content = definition.content;
    event.mime = definition.mime;
    event.at = happening.at;
    event.type = happening.type;
    event.id = happening.id;
    event.version = happening.version;
    event.change = happening.change;
    if (happening.is_new && event.change != Change::deleted) event.change = Change::created;
    notices.push_back(notice(event, "event", happening.at, settings_.give_up));
  }
  return {};
}

Result<void> Subscriptions::changing(const store::ResourceRow* before, const tree::Document* after,
                                     const store::ResourceWrite& write,
                                     store::ResourceChanges& changes) {
  if (write.type == "Subscription" && after != nullptr) {
    CONCORD_TRY(check(before, *after, write, changes));
  }
  Happening happening;
  happening.change = write.change;
  happening.type = write.type;
  happening.id = write.id;
  happening.version = write.expected_version + 1;
  happening.at = write.updated_at;
  happening.index = &write.index;
  happening.is_new = before == nullptr;
  happening.before = before;
  return add_notices(happening, changes.notices);
}

Result<std::vector<store::NewExchange>> Subscriptions::task_notices(const store::TaskRow& task) {
  Happening happening;
  happening.is_new = task.version == 1;
  happening.change = happening.is_new ? Change::created : Change::updated;
  happening.type = "Task";
  happening.id = task.id;
  happening.version = task.version;
  happening.at = task.updated_at;
  happening.index = &task.index;
  std::vector<store::NewExchange> notices;
  CONCORD_TRY(add_notices(happening, notices));
  return notices;
}

void Subscriptions::changed(const store::ResourceChanges& changes) {
  const bool ours = std::any_of(changes.writes.begin(), changes.writes.end(),
                                [](const auto& write) { return write.type == "Subscription"; });
  if (ours) registry_.forget_age();
  if (!changes.notices.empty() && parts_.wake) parts_.wake();
}

}  // namespace concord::subscriptions
