#include "gateway/subscriptions/event.h"

#include <array>
#include <charconv>

#include "fhir/core/uuid.h"
#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/json/value.h"
#include "fhir/xml/writer.h"
#include "gateway/subscriptions/detail/made_json.h"

namespace concord::subscriptions {
namespace {

using detail::MadeJson;
using json::Value;

constexpr std::string_view kProfiles =
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-";
constexpr std::array<std::string_view, 3> kKinds{"handshake", "heartbeat", "event"};
constexpr std::array<std::string_view, 3> kTypes{"handshake", "heartbeat", "event-notification"};

std::size_t index_of(Event::Kind kind) { return static_cast<std::size_t>(kind); }

std::int64_t number_in(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

/// Writes one Bundle.
class BundleMaker {
 public:
  BundleMaker(const Writing& use, std::string_view type, std::string_view id, Instant at)
      : use_(use), id_(id) {
    bundle_ = made_.object({{"resourceType", made_.text("Bundle")}, {"id", made_.text(id_)}});
    if (type == "history") bundle_->members.push_back({"meta", profile("notification-r4")});
    bundle_->members.push_back({"type", made_.text(std::string(type))});
    bundle_->members.push_back({"timestamp", made_.text(format_instant(at))});
    entries_ = made_.array();
  }

  /// A SubscriptionStatus as Parameters, in an entry of its own. `number` tells several apart.
  void add_status(const Standing& standing, std::string_view type, bool history,
                  const std::vector<NumberedEvent>& events, std::size_t number = 0) {
    Value* parameters = made_.array();
    const auto parameter = [&](std::string_view name, std::string_view value_name, Value* value) {
      MadeJson::add(*parameters,
                    made_.object({{"name", made_.text(std::string(name))}, {value_name, value}}));
    };
    const std::string reference = address("Subscription/" + standing.id);
    parameter("subscription", "valueReference",
              made_.object({{"reference", made_.text(reference)}}));
    if (!standing.topic.empty()) parameter("topic", "valueCanonical", made_.text(standing.topic));
    parameter("status", "valueCode", made_.text(standing.status));
    parameter("type", "valueCode", made_.text(std::string(type)));
    parameter("events-since-subscription-start", "valueString",
              made_.text(std::to_string(standing.events)));
    for (const NumberedEvent& event : events) {
      MadeJson::add(*parameters, made_.object({{"name", made_.text("notification-event")},
                                               {"part", event_part(event)}}));
    }
    if (!standing.error.empty()) {
      parameter("error", "valueCodeableConcept",
                made_.object({{"text", made_.text(standing.error)}}));
    }
    const std::string own = uuid_of(number);
    Value* resource = made_.object({{"resourceType", made_.text("Parameters")},
                                    {"id", made_.text(own)},
                                    {"meta", profile("status-r4")},
                                    {"parameter", parameters}});
    Value* entry =
        made_.object({{"fullUrl", made_.text("urn:uuid:" + own)}, {"resource", resource}});
    if (history) {
      add_request(*entry, "GET", reference + "/$status", "200");
    } else {
      entry->members.push_back({"search", made_.object({{"mode", made_.text("match")}})});
    }
    MadeJson::add(*entries_, entry);
  }

  /// What an event is about, as much as is to be said.
  Result<void> add_focus(const Event& event, Content content) {
    if (content == Content::empty) return {};
    const std::string relative = event.type + "/" + event.id;
    Value* entry = made_.object({});
    if (!use_.base_url.empty()) {
      entry->members.push_back({"fullUrl", made_.text(address(relative))});
    }
    const bool deleted = event.change == store::Change::deleted;
    if (content == Content::full_resource && !deleted) {
      CONCORD_ASSIGN(auto row, use_.resources->read_version(event.type, event.id, event.version));
      if (row && !row->body.empty()) {
        CONCORD_ASSIGN(Value * resource, made_.values().read(std::move(row->body)));
        entry->members.push_back({"resource", resource});
      }
    }
    const bool created = event.change == store::Change::created;
    add_request(*entry,
                deleted   ? "DELETE"
                : created ? "POST"
                          : "PUT",
                created ? event.type : relative,
                deleted   ? "204"
                : created ? "201"
                          : "200");
    MadeJson::add(*entries_, entry);
    return {};
  }

  void set_total(std::size_t total) {
    bundle_->members.push_back(
        {"total",
         made_.values().make(json::ValueKind::number, made_.values().keep(std::to_string(total)))});
  }

  Result<std::string> finish() {
    if (!entries_->members.empty()) bundle_->members.push_back({"entry", entries_});
    return json::write(*bundle_);
  }

 private:
  std::string address(const std::string& relative) const {
    return use_.base_url.empty() ? relative : use_.base_url + "/" + relative;
  }
  /// The same for the same notification, always.
  std::string uuid_of(std::size_t number) const {
    return uuid_v5(id_, "status-" + std::to_string(number));
  }
  Value* profile(std::string_view name) {
    Value* profiles = made_.array();
    MadeJson::add(*profiles, made_.text(std::string(kProfiles) + std::string(name)));
    return made_.object({{"profile", profiles}});
  }
  Value* event_part(const NumberedEvent& event) {
    Value* parts = made_.array();
    MadeJson::add(*parts,
                  made_.object({{"name", made_.text("event-number")},
                                {"valueString", made_.text(std::to_string(event.number))}}));
    MadeJson::add(*parts,
                  made_.object({{"name", made_.text("timestamp")},
                                {"valueInstant", made_.text(format_instant(event.event.at))}}));
    if (event.event.content != Content::empty) {
      const std::string focus = address(event.event.type + "/" + event.event.id);
      MadeJson::add(
          *parts,
          made_.object({{"name", made_.text("focus")},
                        {"valueReference", made_.object({{"reference", made_.text(focus)}})}}));
    }
    return parts;
  }
  void add_request(Value& entry, std::string_view method, const std::string& url,
                   std::string_view status) {
    entry.members.push_back({"request", made_.object({{"method", made_.text(std::string(method))},
                                                      {"url", made_.text(url)}})});
    entry.members.push_back(
        {"response", made_.object({{"status", made_.text(std::string(status))}})});
  }

  const Writing& use_;
  std::string id_;
  MadeJson made_;
  Value* bundle_ = nullptr;
  Value* entries_ = nullptr;
};

Result<Body> in_format(const Writing& use, std::string text, const std::string& mime) {
  if (mime != "application/fhir+xml") return Body{mime, std::move(text)};
  CONCORD_ASSIGN(tree::Document document, json::read(std::move(text), use.definitions->symbols()));
  tree::Builder builder(document);
  definitions::annotate(builder, *use.definitions);
  definitions::put_in_order(builder, *use.definitions);
  CONCORD_ASSIGN(std::string bytes, xml::write_fhir(document));
  return Body{mime, std::move(bytes)};
}

}  // namespace

std::string to_text(const Event& event) {
  MadeJson made;
  Value* written = made.object({{"kind", made.text(std::string(kKinds[index_of(event.kind)]))},
                                {"subscription", made.text(event.subscription)},
                                {"at", made.text(format_instant(event.at))},
                                {"content", made.text(std::string(content_name(event.content)))}});
  const auto add = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) written->members.push_back({name, made.text(text)});
  };
  add("mime", event.mime);
  if (event.backport) add("backport", "yes");
  add("topic", event.topic);
  if (event.kind == Event::Kind::handshake) {
    add("subscriptionVersion", std::to_string(event.subscription_version));
  }
  if (event.kind == Event::Kind::event) {
    add("type", event.type);
    add("id", event.id);
    add("version", std::to_string(event.version));
    add("change", std::to_string(static_cast<int>(event.change)));
  }
  return *json::write(*written);
}

Result<Event> read_event(std::string_view text) {
  const auto damaged = [] { return make_error(ErrorCode::internal, "a stored event is damaged"); };
  json::Values values;
  auto read = values.read(std::string(text));
  if (!read || !(*read)->is(json::ValueKind::object)) return damaged();
  const auto member = [&](std::string_view name) {
    const json::Member* found = (*read)->find(name);
    return found == nullptr ? std::string_view() : found->value->text;
  };
  Event event;
  for (const Event::Kind kind : {Event::Kind::handshake, Event::Kind::heartbeat}) {
    if (member("kind") == kKinds[index_of(kind)]) event.kind = kind;
  }
  event.subscription = member("subscription");
  const auto at = parse_instant(member("at"));
  const auto content = content_named(member("content"));
  if (event.subscription.empty() || !at || !content) return damaged();
  event.at = *at;
  event.content = *content;
  event.mime = member("mime");
  event.backport = member("backport") == "yes";
  event.topic = member("topic");
  if (event.kind == Event::Kind::handshake) {
    event.subscription_version = number_in(member("subscriptionVersion"));
  }
  if (event.kind == Event::Kind::event) {
    event.type = member("type");
    event.id = member("id");
    event.version = number_in(member("version"));
    const std::int64_t change = number_in(member("change"));
    if (event.version < 1 || change < 1 || change > 4) return damaged();
    event.change = static_cast<store::Change>(change);
  }
  return event;
}

std::string destination_of(std::string_view subscription) {
  return "Subscription/" + std::string(subscription);
}

std::string_view subscription_of(std::string_view destination) {
  constexpr std::string_view kPrefix = "Subscription/";
  return destination.starts_with(kPrefix) ? destination.substr(kPrefix.size()) : std::string_view();
}

Result<Body> notification(const Writing& use, const Event& event, std::string_view id,
                          std::int64_t number, std::int64_t so_far) {
  if (!event.backport) {
    // A handshake of criteria, and a notification without payload: an empty POST.
    if (event.mime.empty() || event.kind != Event::Kind::event) return Body{};
    CONCORD_ASSIGN(auto row, use.resources->read_version(event.type, event.id, event.version));
    if (!row || row->body.empty()) return Body{};
    return in_format(use, std::move(row->body), event.mime);
  }
  BundleMaker bundle(use, "history", id, event.at);
  const bool shaking = event.kind == Event::Kind::handshake;
  const Standing standing{event.subscription, shaking ? "requested" : "active", event.topic, "",
                          so_far};
  std::vector<NumberedEvent> events;
  if (event.kind == Event::Kind::event) events.push_back({number, event});
  bundle.add_status(standing, kTypes[index_of(event.kind)], true, events);
  if (event.kind == Event::Kind::event) CONCORD_TRY(bundle.add_focus(event, event.content));
  CONCORD_ASSIGN(std::string text, bundle.finish());
  return in_format(use, std::move(text), event.mime);
}

Result<std::string> status_bundle(const Writing& use, const std::vector<Standing>& standings,
                                  std::string_view id, Instant now) {
  BundleMaker bundle(use, "searchset", id, now);
  bundle.set_total(standings.size());
  std::size_t number = 0;
  for (const Standing& standing : standings) {
    bundle.add_status(standing, "query-status", false, {}, number++);
  }
  return bundle.finish();
}

Result<std::string> events_bundle(const Writing& use, const Standing& standing,
                                  const std::vector<NumberedEvent>& events, Content content,
                                  std::string_view id, Instant now) {
  BundleMaker bundle(use, "history", id, now);
  std::vector<NumberedEvent> told = events;
  for (NumberedEvent& event : told) event.event.content = content;
  bundle.add_status(standing, "query-event", true, told);
  for (const NumberedEvent& event : told) CONCORD_TRY(bundle.add_focus(event.event, content));
  return bundle.finish();
}

}  // namespace concord::subscriptions
