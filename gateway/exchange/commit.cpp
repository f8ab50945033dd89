// Hop 9: the one commit point. Before it the sender owns the message, after it we do.
#include "gateway/exchange/answer_text.h"
#include "gateway/exchange/hops.h"
#include "gateway/exchange/task.h"
#include "gateway/exchange/task_index.h"
#include "gateway/store/store.h"

namespace concord::exchange {

namespace {

/// The identities under which a message is recognised. Source: reliability.md section 2.2.
std::vector<store::Key> keys_of(const Decoded& decoded) {
  std::vector<store::Key> keys;
  const std::string& party = decoded.caller().organisation;
  const Arrival& arrival = decoded.arrival();
  if (arrival.request_id_given && !arrival.request_id.empty()) {
    keys.push_back({"request-id", party, arrival.request_id});
  }
  const MessageFacts& message = decoded.message();
  const std::string& id = message.bundle_id.empty() ? message.header_id : message.bundle_id;
  if (!id.empty()) keys.push_back({"message-id", party, id});
  return keys;
}

store::NewItem new_item(const Translated& translated, std::string id, Instant now) {
  const Route& route = translated.route();
  const mappers::Encoded& encoded = translated.encoded();
  store::NewItem item;
  item.id = std::move(id);
  item.destination = route.destination;
  item.channel = route.channel;
  item.format = route.format;
  item.purpose = "request";
  item.subject = translated.decoded().message().subject;
  item.message_id = encoded.message_id;
  item.interaction = encoded.interaction;
  item.content_type = encoded.content_type;
  item.bytes = encoded.bytes;
  item.digest = translated.digest();
  item.deadline = now + route.give_up_after;
  return item;
}

}  // namespace

Result<Exchange> Commit::restored(std::string id, std::string_view answer) const {
  CONCORD_ASSIGN(KeptAnswer kept, read_answer(answer));
  Exchange exchange;
  exchange.id_ = std::move(id);
  exchange.task_id_ = std::move(kept.task_id);
  exchange.task_ = std::move(kept.task);
  exchange.destination_ = std::move(kept.destination);
  exchange.issues_ = std::move(kept.issues);
  exchange.replayed_ = true;
  return exchange;
}

Result<std::optional<Exchange>> Commit::earlier(const Decoded& decoded) const {
  const std::vector<store::Key> keys = keys_of(decoded);
  if (keys.empty()) return std::optional<Exchange>{};
  CONCORD_ASSIGN(auto found, store_->earlier(keys, decoded.digest()));
  if (!found) return std::optional<Exchange>{};
  CONCORD_ASSIGN(Exchange exchange, restored(std::move(found->exchange), found->answer));
  return std::optional<Exchange>{std::move(exchange)};
}

Result<Exchange> Commit::operator()(Verified&& verified, mapping::LineageRecorder::Taken lineage,
                                    const UuidSource& uuids, Instant now) const {
  const Translated& translated = verified.translated();
  const Decoded& decoded = translated.decoded();
  const std::string exchange_id = uuids();
  const std::string task_id = uuids();
  store::NewItem item = new_item(translated, uuids(), now);

  NewTask task;
  task.id = task_id;
  task.exchange_id = exchange_id;
  task.authored_at = now;
  task.deadline = item.deadline;
  task.outputs = {{"message-id", item.message_id},
                  {"interaction", item.interaction},
                  {"translated-sha256", to_hex(item.digest)}};
  CONCORD_ASSIGN(std::string task_body, make_task(task, translated, decoded.bundle().symbols()));

  KeptAnswer answer{task_id, task_body, item.destination, verified.issues()};
  store::NewExchange fresh;
  fresh.id = exchange_id;
  fresh.door = decoded.arrival().door;
  fresh.sender = decoded.caller().organisation;
  fresh.request_id = decoded.arrival().request_id;
  fresh.message_kind = decoded.message().kind;
  fresh.subject = item.subject;
  fresh.content_type = decoded.arrival().content_type;
  fresh.payload = std::string(decoded.payload());
  fresh.digest = decoded.digest();
  fresh.received_at = decoded.arrival().received_at;
  fresh.accepted_at = now;
  fresh.keys = keys_of(decoded);
  fresh.keys_until = now + keys_kept_;
  fresh.answer = write_answer(answer);
  fresh.decision = agreements::to_json(translated.permitted().decisions());
  fresh.lineage = std::move(lineage.bytes);
  for (const auto& table : lineage.tables) {
    fresh.lineage_tables.push_back(
        {table->digest(), std::shared_ptr<const std::string>(table, &table->bytes())});
  }
  CONCORD_ASSIGN(search::IndexValues index, index_task(task_body, indexing_, definitions_));
  fresh.task = {task_id, exchange_id, 1, "requested", task_body, now, std::move(index)};
  if (watch_) {
    CONCORD_ASSIGN(fresh.notices, watch_(fresh.task));
  }
  fresh.audit = {
      {audit::Event::exchange_accepted, now, exchange_id, "", fresh.sender, to_hex(fresh.digest),
       fresh.message_kind},
      {audit::Event::decision_recorded, now, exchange_id, "", node_, to_hex(sha256(fresh.decision)),
       std::string(agreements::effect_name(translated.permitted().decisions().outcome))},
      {audit::Event::item_queued, now, exchange_id, item.id, node_, to_hex(item.digest),
       item.destination},
      {audit::Event::task_changed, now, exchange_id, "", node_, to_hex(sha256(task_body)),
       "requested"}};
  fresh.items.push_back(std::move(item));

  CONCORD_ASSIGN(store::Committed committed, store_->commit(std::move(fresh)));
  if (committed.replayed) return restored(std::move(committed.exchange), committed.answer);
  Exchange exchange;
  exchange.id_ = exchange_id;
  exchange.task_id_ = task_id;
  exchange.task_ = std::move(answer.task);
  exchange.destination_ = std::move(answer.destination);
  exchange.issues_ = std::move(answer.issues);
  return exchange;
}

}  // namespace concord::exchange
