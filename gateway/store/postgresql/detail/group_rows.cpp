#include "gateway/store/postgresql/detail/group_rows.h"

namespace concord::store::postgresql {

namespace {
using Of = Column::Of;
constexpr std::string_view kLineageType = "application/vnd.concord.lineage";
}  // namespace

Group::Tables::Tables()
    : payload("payload", {{"id", Of::bigint},
                          {"digest", Of::bytea},
                          {"content_type", Of::text},
                          {"encoding", Of::integer},
                          {"bytes", Of::bytea}}),
      inbox("inbox", {{"seq", Of::bigint},
                      {"id", Of::text},
                      {"door", Of::text},
                      {"sender", Of::text},
                      {"request_id", Of::text},
                      {"message_kind", Of::text},
                      {"subject", Of::text},
                      {"payload", Of::bigint},
                      {"received_at", Of::bigint},
                      {"accepted_at", Of::bigint},
                      {"items", Of::integer},
                      {"decision", Of::bytea},
                      {"answer", Of::bytea}}),
      idempotency("idempotency", {{"scope", Of::text},
                                  {"party", Of::text},
                                  {"value", Of::text},
                                  {"exchange", Of::bigint},
                                  {"digest", Of::bytea},
                                  {"until", Of::bigint}}),
      exchange_task("exchange_task",
                    {{"key", Of::bigint}, {"exchange", Of::bigint}, {"status", Of::text}}),
      outbox("outbox",
             {{"seq", Of::bigint},      {"id", Of::text},           {"exchange", Of::bigint},
              {"task", Of::text},       {"destination", Of::text},  {"channel", Of::text},
              {"format", Of::text},     {"purpose", Of::text},      {"subject", Of::text},
              {"message_id", Of::text}, {"interaction", Of::text},  {"payload", Of::bigint},
              {"state", Of::integer},   {"attempt", Of::integer},   {"due_at", Of::bigint},
              {"fence", Of::bigint},    {"created_at", Of::bigint}, {"deadline", Of::bigint},
              {"slot", Of::integer},    {"number", Of::bigint}}),
      lineage("lineage", {{"exchange", Of::bigint}, {"payload", Of::bigint}}),
      lineage_table("lineage_table", {{"digest", Of::bytea}, {"payload", Of::bigint}},
                    " ON CONFLICT DO NOTHING"),
      lineage_uses("lineage_uses", {{"exchange", Of::bigint}, {"digest", Of::bytea}}) {}

void Group::Tables::into(Batch& batch) const {
  for (const Insert* table : {&payload, &inbox, &idempotency, &exchange_task, &outbox, &lineage,
                              &lineage_table, &lineage_uses}) {
    table->into(batch);
  }
}

Result<void> same_content(std::string_view digest, const Sha256& content,
                          const std::string& scope) {
  if (digest == Blob(content).bytes) return {};
  Error error = make_error(ErrorCode::conflict,
                           "this " + scope + " was used before for a message with other content");
  error.log_detail = "idempotency key of scope " + scope;
  return error;
}

Error two_exchanges() {
  return make_error(ErrorCode::conflict,
                    "the identities of this message belong to two earlier messages");
}

std::int64_t Group::take(std::vector<std::int64_t>& numbers) {
  const std::int64_t number = numbers.back();
  numbers.pop_back();
  return number;
}

std::int64_t Group::write_payload(const sql::Packed& packed, const Sha256& digest,
                                  std::string_view content_type) {
  const std::int64_t id = take(payload_numbers_);
  rows_->payload.row(id, Blob(digest), content_type, std::int64_t{packed.encoding},
                     Blob(packed.bytes));
  return id;
}

void Group::write(const PackedExchange& packed) {
  const NewExchange& exchange = *packed.asked;
  const auto text = [](const std::string& value) { return std::string_view(value); };
  const std::int64_t seq = take(inbox_numbers_);
  const std::int64_t payload =
      write_payload(packed.payload, exchange.digest, exchange.content_type);
  rows_->inbox.row(seq, text(exchange.id), text(exchange.door), text(exchange.sender),
                   text(exchange.request_id), text(exchange.message_kind), text(exchange.subject),
                   payload, exchange.received_at, exchange.accepted_at,
                   static_cast<std::int64_t>(exchange.items.size()), Blob(exchange.decision),
                   Blob(exchange.answer));
  for (const Key& key : exchange.keys) {
    rows_->idempotency.row(text(key.scope), text(key.party), text(key.value), seq,
                           Blob(exchange.digest), exchange.keys_until);
  }
  if (packed.task) {
    closing_.versions().add(*packed.task, std::nullopt);
    rows_->exchange_task.row(packed.task->key, seq, text(exchange.task.status));
  }
  for (std::size_t at = 0; at < exchange.items.size(); ++at) write_item(packed, seq, at);
  write_lineage(packed, seq);
  closing_.append(exchange.audit);
}

void Group::write_item(const PackedExchange& packed, std::int64_t seq, std::size_t at) {
  const NewExchange& exchange = *packed.asked;
  const NewItem& item = exchange.items[at];
  const auto text = [](const std::string& value) { return std::string_view(value); };
  const std::int64_t payload = write_payload(packed.items[at], item.digest, item.content_type);
  std::optional<Instant> due = exchange.accepted_at;
  std::optional<std::int64_t> slot;
  if (!item.subject.empty()) {
    const std::string question = subject_question(item.destination, item.subject);
    slot = slot_of(question);
    if (!open_.insert(question).second) due = std::nullopt;  // it waits behind another
  }
  rows_->outbox.row(take(outbox_numbers_), text(item.id), seq, text(exchange.task.id),
                    text(item.destination), text(item.channel), text(item.format),
                    text(item.purpose), text(item.subject), text(item.message_id),
                    text(item.interaction), payload, std::int64_t{0}, std::int64_t{0}, due,
                    std::int64_t{0}, exchange.accepted_at, item.deadline, slot,
                    item.numbered ? ++last_numbers_[item.destination] : std::int64_t{0});
}

void Group::write_lineage(const PackedExchange& packed, std::int64_t seq) {
  const NewExchange& exchange = *packed.asked;
  if (exchange.lineage.empty()) return;
  rows_->lineage.row(seq, write_payload(packed.lineage, sha256(exchange.lineage), kLineageType));
  for (const SharedBytes& table : exchange.lineage_tables) {
    if (!tables_.holds(table.digest) && stored_tables_.insert(table.digest).second) {
      rows_->lineage_table.row(Blob(table.digest),
                               write_payload(sql::pack(*table.bytes), table.digest, kLineageType));
      new_tables_.push_back(table.digest);
    }
    rows_->lineage_uses.row(seq, Blob(table.digest));
  }
}

}  // namespace concord::store::postgresql
