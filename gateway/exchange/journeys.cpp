#include "gateway/exchange/journeys.h"

#include <algorithm>

#include "fhir/json/reader.h"
#include "gateway/audit/word.h"
#include "gateway/exchange/settle.h"

namespace concord::exchange {
namespace {

using store::ItemState;
using tree::Node;

constexpr std::size_t kMostWords = 50;

std::string_view member(const tree::Document& document, const Node& of, std::string_view name) {
  const Node* found = of.child(document.find(name));
  return found == nullptr ? std::string_view{} : found->text();
}

/// "warn by pcn-u99999-repeats-2026 v3 rule smr-1 (shadow): Repeat medicines need …".
std::string words_of(const tree::Document& document, const Node& decision) {
  const auto of = [&](std::string_view name) { return member(document, decision, name); };
  std::string line;
  line.append(of("effect")).append(" by ").append(of("agreement"));
  line.append(" v").append(of("version")).append(" rule ").append(of("rule"));
  if (of("mode") == "shadow") line += " (shadow: only recorded)";
  if (of("superseded") == "true") line += " (superseded)";
  if (!of("explanation").empty()) line.append(": ").append(of("explanation"));
  if (!of("reason").empty()) line.append(" (").append(of("reason")).append(")");
  return line;
}

DecisionView decision_of(const std::string& record, const tree::Symbols& symbols) {
  DecisionView view;
  const auto document = json::read_plain(record, symbols);
  if (!document) return view;
  const Node& root = document->root();
  view.outcome = member(*document, root, "outcome");
  for (const Node* one = root.child(document->find("decisions"));
       one != nullptr && view.words.size() < kMostWords; one = one->next_same()) {
    view.words.push_back(words_of(*document, *one));
  }
  if (view.words.empty() && !view.outcome.empty()) {
    view.words.push_back(view.outcome + ": no agreement covers these parties");
  }
  return view;
}

std::string lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

Result<void> check_word(const PersonsWord& word) {
  CONCORD_TRY(audit::check_word(word.by, word.why, "why"));
  if (word.second_approver.empty()) return {};
  CONCORD_TRY(audit::check_name(word.second_approver,
                                "the second approver has 2 to 64 printable characters",
                                "secondApprover"));
  if (lowered(word.second_approver) == lowered(word.by)) {
    return make_error(ErrorCode::invalid, "the second approver has to be another person",
                      "secondApprover");
  }
  return {};
}

std::string detail_of(const PersonsWord& word) {
  return word.second_approver.empty() ? word.why
                                      : word.why + "; second approver " + word.second_approver;
}

HandledItem handled(const ExchangeJourney& journey, const ItemJourney& item) {
  HandledItem one;
  one.exchange = journey.exchange.id;
  one.item = item.item.id;
  one.task = item.item.task;
  one.destination = item.item.destination;
  one.message_id = item.item.message_id;
  one.accepted_at = journey.exchange.accepted_at;
  return one;
}

Error none_dead(const ExchangeJourney& journey) {
  std::string states;
  for (const ItemJourney& item : journey.items) {
    if (!states.empty()) states += ", ";
    states += store::exchange_state_name(store::exchange_state(item.item.state));
  }
  return make_error(ErrorCode::conflict, "no item of this exchange is a dead letter: it is " +
                                             (states.empty() ? "without items" : states));
}

/// What one failed change is to a caller who asked for many.
bool is_of_this_item(const Error& error) {
  return error.code == ErrorCode::conflict || error.code == ErrorCode::not_found;
}

std::string text_of(const Error& error) {
  return error.issues.empty() ? std::string(error_row(error.code).name) : error.issues.front().text;
}

}  // namespace

Journeys::Journeys(Parts parts, Settings settings)
    : parts_(std::move(parts)), settings_(settings), turns_(settings.per_second, settings.burst) {}

Result<ExchangePage> Journeys::search(const ExchangeSearch& search) const {
  return parts_.store->exchanges().search(search);
}

Result<std::optional<ExchangeJourney>> Journeys::find(std::string_view id) const {
  CONCORD_ASSIGN(auto found, parts_.store->exchanges().journey(id));
  if (found) return found;
  ExchangeSearch by_task;
  by_task.task = std::string(id);
  by_task.limit = 1;
  CONCORD_ASSIGN(const ExchangePage page, parts_.store->exchanges().search(by_task));
  if (page.exchanges.empty()) return std::optional<ExchangeJourney>{};
  return parts_.store->exchanges().journey(page.exchanges.front().id);
}

Result<std::optional<JourneyView>> Journeys::journey(std::string_view id) const {
  CONCORD_ASSIGN(auto found, find(id));
  if (!found) return std::optional<JourneyView>{};
  JourneyView view;
  view.decision = decision_of(found->decision, *parts_.symbols);
  view.journey = *std::move(found);
  view.seen_at = parts_.clock();
  if (parts_.destination) {
    for (const ItemJourney& item : view.journey.items) {
      const std::string& name = item.item.destination;
      if (const auto state = parts_.destination(name)) view.destinations[name] = *state;
    }
  }
  return std::optional<JourneyView>{std::move(view)};
}

Result<ExchangeJourney> Journeys::wanted(std::string_view id) const {
  CONCORD_ASSIGN(auto found, find(id));
  if (!found) return make_error(ErrorCode::not_found, "there is no exchange of this id");
  return *std::move(found);
}

Result<void> Journeys::ready(const PersonsWord& word) const {
  if (parts_.settler == nullptr) {
    return make_error(ErrorCode::forbidden, "the store is open for reading only");
  }
  return check_word(word);
}

std::string Journeys::against_replay(const ExchangeJourney& journey, const ItemJourney& item,
                                     Instant now) const {
  if (!item.superseded_by.empty()) {
    return "superseded: exchange " + item.superseded_by + " of the same workflow was delivered";
  }
  if (now - journey.exchange.accepted_at > settings_.alone) {
    return "accepted more than " +
           std::to_string(std::chrono::floor<std::chrono::days>(settings_.alone).count()) +
           " days ago";
  }
  return {};
}

bool Journeys::take_turn(Instant now) {
  const std::scoped_lock lock(mutex_);
  return turns_.take(now);
}

Result<Handled> Journeys::replay(std::string_view id, const PersonsWord& word, bool dry_run) {
  if (!dry_run) CONCORD_TRY(ready(word));
  CONCORD_ASSIGN(const ExchangeJourney journey, wanted(id));
  Handled all;
  all.dry_run = dry_run;
  const Instant now = parts_.clock();
  Error refusal = make_error(ErrorCode::conflict, "");
  refusal.issues.clear();
  for (const ItemJourney& item : journey.items) {
    if (item.item.state != ItemState::dead) continue;
    HandledItem& one = all.items.emplace_back(handled(journey, item));
    one.end = HandledItem::End::would_be;
    one.reason = against_replay(journey, item, now);
    if (one.reason.empty() || !word.second_approver.empty()) continue;
    one.end = HandledItem::End::refused;
    refusal.issues.push_back(
        make_error(ErrorCode::conflict, one.reason + "; a second approver is needed")
            .issues.front());
  }
  if (all.items.empty()) return none_dead(journey);
  if (dry_run) return all;
  if (!refusal.issues.empty()) return refusal;
  for (HandledItem& one : all.items) {
    if (!take_turn(now)) {
      return make_error(ErrorCode::throttled, "too many replays at once; try again in a second");
    }
    CONCORD_TRY(parts_.settler->replay(one.item, word.by, now, detail_of(word)));
    one.end = HandledItem::End::done;
    if (parts_.wake) parts_.wake();
  }
  return all;
}

Result<Handled> Journeys::replay_found(ExchangeSearch search, const PersonsWord& word,
                                       bool dry_run) {
  if (!dry_run) CONCORD_TRY(ready(word));
  const bool asked = !search.sender.empty() || !search.destination.empty() ||
                     !search.message_kind.empty() || !search.subject.empty() ||
                     !search.task.empty() || !search.request_id.empty() ||
                     !search.message_id.empty() || search.since || search.before;
  if (!asked) {
    return make_error(ErrorCode::invalid,
                      "a replay of many asks for more than the state: a destination, a sender, a "
                      "kind, a time");
  }
  if (search.states.empty()) search.states = {ExchangeState::dead};
  if (search.states != std::vector{ExchangeState::dead}) {
    return make_error(ErrorCode::invalid, "only dead letters are replayed", "state");
  }
  CONCORD_ASSIGN(const ExchangePage page, parts_.store->exchanges().search(search));
  Handled all;
  all.dry_run = dry_run;
  all.next = page.next;
  for (const FoundExchange& found : page.exchanges) {
    CONCORD_ASSIGN(const auto journey, parts_.store->exchanges().journey(found.id));
    if (!journey) continue;
    for (const ItemJourney& item : journey->items) {
      if (item.item.state != ItemState::dead ||
          (!search.destination.empty() && item.item.destination != search.destination)) {
        continue;
      }
      const Instant now = parts_.clock();
      HandledItem one = handled(*journey, item);
      one.reason = against_replay(*journey, item, now);
      if (!one.reason.empty() && word.second_approver.empty()) {
        one.reason += "; a second approver is needed";
      } else if (dry_run) {
        one.end = HandledItem::End::would_be;
      } else if (!take_turn(now)) {
        // What was replayed is found no more: the same page again holds the rest.
        all.next = search.cursor;
        all.wait = std::chrono::seconds{1};
        return all;
      } else if (auto done = parts_.settler->replay(one.item, word.by, now, detail_of(word));
                 done) {
        one.end = HandledItem::End::done;
        if (parts_.wake) parts_.wake();
      } else if (is_of_this_item(done.error())) {
        one.reason = text_of(done.error());
      } else {
        return std::move(done).error();
      }
      all.items.push_back(std::move(one));
    }
  }
  return all;
}

Result<Handled> Journeys::cancel(std::string_view id, const PersonsWord& word, bool dry_run) {
  if (!dry_run) CONCORD_TRY(ready(word));
  CONCORD_ASSIGN(const ExchangeJourney journey, wanted(id));
  Handled all;
  all.dry_run = dry_run;
  for (const ItemJourney& item : journey.items) {
    if (item.item.state != ItemState::dead) continue;
    HandledItem& one = all.items.emplace_back(handled(journey, item));
    one.end = HandledItem::End::would_be;
  }
  if (all.items.empty()) return none_dead(journey);
  if (dry_run) return all;
  for (HandledItem& one : all.items) {
    CONCORD_TRY(parts_.settler->cancel(one.item, word.by, parts_.clock(), detail_of(word)));
    one.end = HandledItem::End::done;
    if (parts_.wake) parts_.wake();
  }
  return all;
}

}  // namespace concord::exchange
