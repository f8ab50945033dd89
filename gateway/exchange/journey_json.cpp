#include "fhir/mapping/json_lines.h"
#include "gateway/exchange/journey_text.h"

namespace concord::exchange {
namespace {

namespace lines = mapping::json_lines;

/// An object or array in the making: commas and names where they belong.
class Json {
 public:
  Json& open(char bracket) {
    comma();
    text_ += bracket;
    return *this;
  }
  Json& open(std::string_view name, char bracket) {
    lines::name(text_, name);
    text_ += bracket;
    return *this;
  }
  Json& close(char bracket) {
    text_ += bracket;
    return *this;
  }
  Json& text(std::string_view name, std::string_view value) {
    if (!value.empty()) lines::member(text_, name, value);
    return *this;
  }
  Json& at(std::string_view name, Instant value) { return text(name, format_instant(value)); }
  Json& at(std::string_view name, const std::optional<Instant>& value) {
    return value ? at(name, *value) : *this;
  }
  Json& number(std::string_view name, std::int64_t value) {
    lines::name(text_, name);
    text_ += std::to_string(value);
    return *this;
  }
  Json& flag(std::string_view name, bool value) {
    lines::member(text_, name, value);
    return *this;
  }
  Json& one(std::string_view value) {
    comma();
    lines::append(text_, value);
    return *this;
  }
  std::string done() && { return std::move(text_) + "\n"; }

 private:
  /// Between the elements of an array.
  void comma() {
    if (!text_.empty() && text_.back() != '[') text_ += ',';
  }
  std::string text_;
};

void exchange_members(Json& json, const FoundExchange& exchange) {
  json.text("id", exchange.id)
      .text("kind", exchange.message_kind)
      .text("sender", exchange.sender)
      .text("door", exchange.door)
      .text("requestId", exchange.request_id)
      .text("subject", exchange.subject)
      .at("receivedAt", exchange.received_at)
      .at("acceptedAt", exchange.accepted_at);
}

void item_members(Json& json, const FoundItem& item) {
  json.text("id", item.id)
      .text("destination", item.destination)
      .text("state", store::exchange_state_name(store::exchange_state(item.state)))
      .text("task", item.task)
      .text("messageId", item.message_id)
      .number("attempts", item.attempts)
      .at("createdAt", item.created_at)
      .at("deadline", item.deadline)
      .at("dueAt", item.due_at)
      .text("sentBy", item.leased_by)
      .at("finishedAt", item.finished_at);
  if (!item.dead) return;
  json.open("dead", '{')
      .at("at", item.dead->at)
      .text("class", item.dead->letter.reason_class)
      .text("reason", item.dead->letter.reason)
      .text("owner", item.dead->letter.owner)
      .at("dueAt", item.dead->letter.due_at)
      .close('}');
}

void item_journey(Json& json, const JourneyView& view, const ItemJourney& item) {
  json.open('{');
  item_members(json, item.item);
  json.text("standing", standing_of(item))
      .text("channel", item.channel)
      .text("format", item.format)
      .text("purpose", item.purpose)
      .text("interaction", item.interaction)
      .text("contentType", item.content_type)
      .text("subject", item.subject)
      .text("sha256", to_hex(item.digest));
  if (item.number != 0) json.number("number", item.number);
  json.text("waitsFor", item.waits_for).text("supersededBy", item.superseded_by);
  if (const auto at = view.destinations.find(item.item.destination);
      at != view.destinations.end()) {
    json.open("destinationState", '{')
        .flag("paused", at->second.paused)
        .flag("circuitOpen", at->second.circuit_open)
        .close('}');
  }
  json.open("acknowledgements", '[');
  for (const LayerView& layer : layers_of(view.journey, item)) {
    json.open('{')
        .text("layer", layer.layer)
        .text("status", layer.status)
        .at("at", layer.at)
        .at("dueAt", layer.due_at)
        .close('}');
  }
  json.close(']').open("attemptsMade", '[');
  for (const store::AttemptMade& made : item.attempts) {
    json.open('{')
        .number("n", made.n)
        .at("startedAt", made.started_at)
        .at("endedAt", made.ended_at)
        .text("result", made.result)
        .number("peerCode", made.peer_code);
    if (made.answer) json.text("answerSha256", to_hex(*made.answer));
    json.close('}');
  }
  json.close(']').open("unmatched", '[');
  for (const store::UnmatchedAnswer& answer : item.unmatched) {
    json.open('{')
        .at("at", answer.at)
        .text("destination", answer.destination)
        .text("refersTo", answer.refers_to)
        .text("reason", answer.reason)
        .close('}');
  }
  json.close(']').close('}');
}

std::string_view end_name(HandledItem::End end, bool dry_run) {
  if (end == HandledItem::End::refused) return "refused";
  return dry_run ? "would be done" : "done";
}

}  // namespace

std::string to_json(const ExchangePage& page) {
  Json json;
  json.open('{').open("exchanges", '[');
  for (const FoundExchange& exchange : page.exchanges) {
    json.open('{');
    exchange_members(json, exchange);
    json.open("items", '[');
    for (const FoundItem& item : exchange.items) {
      json.open('{');
      item_members(json, item);
      json.close('}');
    }
    json.close(']').close('}');
  }
  json.close(']').text("next", page.next).at("lookedBackTo", page.looked_back_to).close('}');
  return std::move(json).done();
}

std::string to_json(const JourneyView& view) {
  const ExchangeJourney& journey = view.journey;
  Json json;
  json.open('{');
  exchange_members(json, journey.exchange);
  json.text("contentType", journey.content_type)
      .text("sha256", to_hex(journey.digest))
      .at("seenAt", view.seen_at)
      .flag("lineage", journey.has_lineage)
      .flag("cut", journey.cut);
  json.open("decision", '{').text("outcome", view.decision.outcome).open("words", '[');
  for (const std::string& line : view.decision.words) json.one(line);
  json.close(']').close('}');
  if (!journey.task.empty()) {
    json.open("task", '{')
        .text("id", journey.task)
        .text("status", journey.task_status)
        .open("versions", '[');
    for (const store::TaskVersion& version : journey.task_versions) {
      json.open('{').number("version", version.version).at("at", version.at).close('}');
    }
    json.close(']').close('}');
  }
  json.open("hops", '[');
  for (const Hop& hop : hops_of(journey)) {
    json.open('{')
        .at("at", hop.at)
        .at("until", hop.until)
        .text("hop", hop.hop)
        .text("item", hop.item)
        .text("text", hop.text)
        .close('}');
  }
  json.close(']').open("items", '[');
  for (const ItemJourney& item : journey.items) item_journey(json, view, item);
  json.close(']').close('}');
  return std::move(json).done();
}

std::string to_json(const Handled& handled) {
  Json json;
  json.open('{').flag("dryRun", handled.dry_run).open("items", '[');
  for (const HandledItem& item : handled.items) {
    json.open('{')
        .text("result", end_name(item.end, handled.dry_run))
        .text("exchange", item.exchange)
        .text("item", item.item)
        .text("task", item.task)
        .text("destination", item.destination)
        .text("messageId", item.message_id)
        .at("acceptedAt", item.accepted_at)
        .text("reason", item.reason)
        .close('}');
  }
  json.close(']').text("next", handled.next);
  if (handled.wait.count() > 0) json.number("waitSeconds", handled.wait.count());
  json.close('}');
  return std::move(json).done();
}

}  // namespace concord::exchange
