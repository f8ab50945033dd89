// A journey as steps and layers: what JSON, text and page have in common.
#include <algorithm>

#include "gateway/exchange/journey_text.h"

namespace concord::exchange {
namespace {

using store::ItemState;

std::string attempt_text(const store::AttemptMade& made, const std::string& destination) {
  std::string text =
      "attempt " + std::to_string(made.n) + " to " + destination + ": " + made.result;
  if (made.peer_code != 0) text += ", code " + std::to_string(made.peer_code);
  return text;
}

/// The instant an effect of an item counted; nothing when it did not.
std::optional<Instant> effect_at(const ExchangeJourney& journey, const std::string& item,
                                 std::string_view kind) {
  for (const store::EffectMade& effect : journey.effects) {
    if (effect.target == item && effect.kind == kind) return effect.at;
  }
  return std::nullopt;
}

LayerView transport_of(const ItemJourney& item) {
  LayerView layer{"transport", "open", {}, {}};
  const auto answered = std::find_if(item.attempts.rbegin(), item.attempts.rend(),
                                     [](const auto& made) { return made.result == "answered"; });
  const auto state = store::exchange_state(item.item.state);
  if (answered != item.attempts.rend()) {
    layer.status = "given";
    layer.at = answered->ended_at;
  } else if (state == ExchangeState::delivered) {
    layer.status = "given";  // an acknowledgement that came by itself says so
    layer.at = item.item.finished_at;
  } else if (state == ExchangeState::rejected) {
    layer.status = "refused";
    layer.at = item.item.finished_at;
  } else if (state != ExchangeState::open) {
    layer.status = "none";
  }
  return layer;
}

LayerView later_layer(const ExchangeJourney& journey, const ItemJourney& item,
                      std::string_view name) {
  const bool business = name == "business";
  const ItemState state = item.item.state;
  LayerView layer{name, "none", {}, {}};
  const auto said = effect_at(journey, item.item.id, business ? "acknowledged" : "understood");
  if (state == ItemState::acked_business ||
      (!business && (state == ItemState::acked_infrastructure || said))) {
    layer.status = "given";
    layer.at = said ? said : item.item.finished_at;
    return layer;
  }
  if (business && state == ItemState::nacked) {
    layer.status = "refused";
    layer.at = said ? said : item.item.finished_at;
    return layer;
  }
  for (const store::AwaitedAcknowledgement& awaited : item.awaited) {
    if (awaited.layer != name) continue;
    layer.status = "awaited";
    layer.due_at = awaited.due_at;
    return layer;
  }
  if (state == ItemState::pending || state == ItemState::acked_transport) layer.status = "open";
  return layer;
}

std::string dead_text(const store::DeadItem& dead) {
  std::string text = "given up: " + dead.letter.reason_class;
  if (!dead.letter.reason.empty()) text += ": " + dead.letter.reason;
  text += "; ";
  text += dead.letter.owner.empty() ? "somebody" : dead.letter.owner;
  return text + " must act by " + format_instant(dead.letter.due_at);
}

}  // namespace

std::vector<Hop> hops_of(const ExchangeJourney& journey) {
  const FoundExchange& exchange = journey.exchange;
  std::vector<Hop> hops;
  hops.push_back({exchange.received_at, std::nullopt, "receive", "",
                  "received at door " + exchange.door + " from " + exchange.sender});
  hops.push_back({exchange.accepted_at, std::nullopt, "commit", "",
                  "accepted: validated, decided, translated and stored"});
  for (const ItemJourney& item : journey.items) {
    const FoundItem& found = item.item;
    for (const store::AttemptMade& made : item.attempts) {
      hops.push_back({made.started_at, made.ended_at, "deliver", found.id,
                      attempt_text(made, found.destination)});
    }
    if (found.dead) {
      hops.push_back({found.dead->at, std::nullopt, "dead", found.id, dead_text(*found.dead)});
    }
    if (found.state == ItemState::cancelled && found.finished_at) {
      hops.push_back(
          {*found.finished_at, std::nullopt, "cancel", found.id, "taken out of the queue"});
    }
    for (const store::UnmatchedAnswer& answer : item.unmatched) {
      hops.push_back({answer.at, std::nullopt, "unmatched", found.id,
                      "an answer from " + answer.destination + " " + answer.reason});
    }
  }
  for (const store::EffectMade& effect : journey.effects) {
    const bool settled = effect.kind == "settled";
    hops.push_back({effect.at, std::nullopt, settled ? "settle" : "acknowledge", effect.target,
                    settled ? "settled: delivered, or refused for good"
                            : effect.kind + " by a later acknowledgement"});
  }
  std::stable_sort(hops.begin(), hops.end(),
                   [](const Hop& a, const Hop& b) { return a.at < b.at; });
  return hops;
}

std::vector<LayerView> layers_of(const ExchangeJourney& journey, const ItemJourney& item) {
  return {transport_of(item), later_layer(journey, item, "infrastructure"),
          later_layer(journey, item, "business")};
}

std::string standing_of(const FoundItem& item) {
  switch (item.state) {
    case ItemState::pending:
      if (!item.leased_by.empty()) return "is being sent by " + item.leased_by;
      if (item.due_at) return "waits, next attempt " + format_instant(*item.due_at);
      return "waits behind another of its workflow";
    case ItemState::acked_transport:
      return "delivered, not yet acknowledged";
    case ItemState::acked_infrastructure:
      return "delivered and understood, not yet accepted";
    case ItemState::acked_business:
      return "delivered and accepted";
    case ItemState::nacked:
      return "refused by the other side";
    case ItemState::dead:
      return "given up until a person acts";
    case ItemState::cancelled:
      return "taken out of the queue";
  }
  return {};
}

std::string standing_of(const ItemJourney& item) {
  if (item.item.state == ItemState::pending && !item.waits_for.empty()) {
    return "waits behind exchange " + item.waits_for;
  }
  return standing_of(item.item);
}

}  // namespace concord::exchange
