#include "gateway/store/postgresql/detail/group.h"

#include <algorithm>

#include "fhir/search/index.h"
#include "gateway/store/postgresql/detail/group_rows.h"
#include "gateway/store/postgresql/detail/resources.h"

namespace concord::store::postgresql {

namespace {

using Of = Column::Of;

constexpr std::string_view kKeys =
    "SELECT k.n, i.exchange, i.digest, b.id, b.answer "
    "FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (scope, party, value, n) "
    "JOIN idempotency i ON i.value = k.value AND i.party = k.party AND i.scope = k.scope "
    "JOIN inbox b ON b.seq = i.exchange";

constexpr std::string_view kOpen =
    "SELECT k.destination, k.subject FROM unnest($1::text[], $2::text[]) AS k (destination, "
    "subject) WHERE EXISTS (SELECT 1 FROM outbox o WHERE o.destination = k.destination "
    "AND o.subject = k.subject AND o.state IN (0, 5))";

constexpr std::string_view kLastNumbers =
    "SELECT k.destination, (SELECT max(o.number) FROM outbox o WHERE o.destination = "
    "k.destination AND o.number > 0) FROM unnest($1::text[]) AS k (destination)";

/// What a guard's search may take: others wait behind it.
constexpr std::chrono::milliseconds kGuardTime{1000};

std::int64_t claim_of(std::string_view kind, std::initializer_list<std::string_view> parts) {
  std::string text(kind);
  for (const std::string_view part : parts) {
    text += '\0';
    text += part;
  }
  return search::index_hash(text);
}

std::size_t index_bytes(const search::IndexValues* index) {
  if (index == nullptr) return 0;
  std::size_t bytes =
      (index->tokens.size() + index->periods.size() + index->links.size() + index->numbers.size()) *
      40;
  for (const search::Text& text : index->texts) bytes += 40 + text.value.size() + text.exact.size();
  return bytes;
}

void sort_once(std::vector<std::int64_t>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace

bool KnownTables::holds(const Sha256& digest) const {
  const std::lock_guard lock(mutex_);
  return digests_.contains(digest);
}

void KnownTables::add(const std::vector<Sha256>& digests) {
  const std::lock_guard lock(mutex_);
  digests_.insert(digests.begin(), digests.end());
}

std::string subject_question(std::string_view destination, std::string_view subject) {
  std::string text(destination);
  text += '\0';
  return text.append(subject);
}

PackedExchange packed(const NewExchange& exchange) {
  PackedExchange packed;
  packed.asked = &exchange;
  packed.payload = sql::pack(exchange.payload);
  packed.lineage = sql::pack(exchange.lineage);
  for (const NewItem& item : exchange.items) packed.items.push_back(sql::pack(item.bytes));
  if (!exchange.task.id.empty()) {
    const TaskRow& task = exchange.task;
    packed.task = NewVersion{search::resource_hash("Task", task.id),
                             "Task",
                             task.id,
                             task.version,
                             Change::created,
                             task.updated_at,
                             sql::pack(task.body),
                             &task.index};
  }
  return packed;
}

void prepare(Call& call, const ResourceChanges& changes) {
  call.asked_writes = &changes.writes;
  call.audit = &changes.audit;
  for (const ResourceWrite& write : changes.writes) {
    call.writes.push_back(NewVersion{search::resource_hash(write.type, write.id), write.type,
                                     write.id, write.expected_version + 1, write.change,
                                     write.updated_at, sql::pack(write.body), &write.index});
    call.bytes += write.body.size() + index_bytes(&write.index);
  }
  for (const NewExchange& notice : changes.notices) prepare(call, notice);
  call.guards = &changes.guards;
  for (const Guard& guard : changes.guards) {
    const std::int64_t question = sql::guard_hash(guard);
    call.turns.push_back(question & (kTurns - 1));
    call.claims.push_back(question);
  }
  for (const NewVersion& write : call.writes) {
    call.claims.push_back(claim_of("resource", {write.type, write.id}));
  }
}

void prepare(Call& call, const NewExchange& exchange) {
  PackedExchange& made = call.exchanges.emplace_back(packed(exchange));
  call.bytes += exchange.payload.size() + exchange.lineage.size() + exchange.decision.size();
  for (const NewItem& item : exchange.items) call.bytes += item.bytes.size();
  if (made.task) {
    call.bytes += exchange.task.body.size() + index_bytes(made.task->index);
    call.claims.push_back(claim_of("resource", {"Task", exchange.task.id}));
  }
  for (const Key& key : exchange.keys) {
    call.claims.push_back(claim_of("key", {key.scope, key.party, key.value}));
  }
  for (const NewExchange& notice : exchange.notices) prepare(call, notice);
}

Result<void> Group::run(const std::vector<Call*>& calls) {
  rows_ = std::make_shared<Tables>();
  CONCORD_TRY(look(calls));
  for (std::size_t at = 0; at < calls.size(); ++at) decide(*calls[at], at);

  Batch batch;
  rows_->into(batch);
  closing_.into(batch);
  batch.add("COMMIT");
  step("commit");
  committing_ = true;
  auto done = db_.run(batch);
  if (!done) {
    committing_ = db_.lost();
    return std::move(done).error();
  }
  committing_ = false;
  return {};
}

Result<void> Group::look(const std::vector<Call*>& calls) {
  std::vector<std::int64_t> slots;
  std::vector<std::int64_t> resources;
  Column scopes(Of::text), parties(Of::text), values(Of::text);
  Column destinations(Of::text), subjects(Of::text);
  Column tables(Of::bytea);
  std::set<std::string_view> counted;  // destinations whose items are numbered
  std::size_t exchanges = 0, items = 0, payloads = 0, versions = 0;
  bool guarded = false;
  for (std::size_t c = 0; c < calls.size(); ++c) {
    const Call& call = *calls[c];
    for (const NewVersion& write : call.writes) resources.push_back(write.key);
    versions += call.writes.size();
    slots.insert(slots.end(), call.turns.begin(), call.turns.end());
    guarded = guarded || !call.turns.empty();
    for (std::size_t e = 0; e < call.exchanges.size(); ++e) {
      const NewExchange& exchange = *call.exchanges[e].asked;
      ++exchanges;
      items += exchange.items.size();
      payloads += 1 + exchange.items.size();
      if (call.exchanges[e].task) ++versions;
      for (std::size_t k = 0; k < exchange.keys.size(); ++k) {
        asked_keys_.push_back({c, e, k});
        scopes.add(std::string_view(exchange.keys[k].scope));
        parties.add(std::string_view(exchange.keys[k].party));
        values.add(std::string_view(exchange.keys[k].value));
      }
      for (const NewItem& item : exchange.items) {
        if (item.numbered && counted.insert(item.destination).second) {
          slots.push_back(slot_of(subject_question(item.destination, "#number")));
        }
        if (item.subject.empty()) continue;
        slots.push_back(slot_of(subject_question(item.destination, item.subject)));
        destinations.add(std::string_view(item.destination));
        subjects.add(std::string_view(item.subject));
      }
      if (exchange.lineage.empty()) continue;
      ++payloads;
      for (const SharedBytes& table : exchange.lineage_tables) {
        if (tables_.holds(table.digest)) continue;
        tables.add(Blob(table.digest));
        ++payloads;
      }
    }
  }
  sort_once(slots);
  sort_once(resources);

  step("lookup");
  Batch batch;
  db_.first("BEGIN");
  ask_turns(batch, slots);
  std::size_t at_resources = 0, at_keys = 0, at_open = 0, at_tables = 0, at_last = 0;
  if (!resources.empty()) {
    at_resources = batch.size();
    ask_current(batch, resources);
  }
  if (!scopes.empty()) at_keys = batch.add(kKeys, scopes, parties, values);
  if (!subjects.empty()) at_open = batch.add(kOpen, destinations, subjects);
  if (!counted.empty()) {
    Column asked(Of::text);
    for (const std::string_view destination : counted) asked.add(destination);
    at_last = batch.add(kLastNumbers, asked);
  }
  if (!tables.empty()) {
    at_tables =
        batch.add("SELECT digest FROM lineage_table WHERE digest = ANY($1::bytea[])", tables);
  }
  const std::size_t at_numbers = batch.size();
  if (exchanges > 0) {
    batch.add("SELECT nextval('inbox_seq') FROM generate_series(1, $1)", exchanges);
    batch.add("SELECT nextval('outbox_seq') FROM generate_series(1, $1)", items);
    batch.add("SELECT nextval('payload_id') FROM generate_series(1, $1)", payloads);
  }
  if (!guarded) Closing::ask(batch, versions);
  CONCORD_ASSIGN(const std::vector<Rows> rows, db_.run(batch));
  if (!guarded) CONCORD_TRY(closing_.heard(rows));
  if (!resources.empty()) current_ = current_of(rows[at_resources]);
  if (!scopes.empty()) hear_keys(rows[at_keys]);
  if (!subjects.empty()) {
    const Rows& open = rows[at_open];
    for (int row = 0; row < open.size(); ++row) {
      open_.insert(subject_question(open.view(row, 0), open.view(row, 1)));
    }
  }
  if (!counted.empty()) {
    const Rows& last = rows[at_last];
    for (int row = 0; row < last.size(); ++row) {
      last_numbers_[last.text(row, 0)] = last.is_null(row, 1) ? 0 : last.integer(row, 1);
    }
  }
  if (!tables.empty()) {
    for (int row = 0; row < rows[at_tables].size(); ++row) {
      CONCORD_ASSIGN(const Sha256 digest, rows[at_tables].digest(row, 0));
      stored_tables_.insert(digest);
      new_tables_.push_back(digest);
    }
  }
  const auto numbers = [&rows](std::size_t at) {
    std::vector<std::int64_t> all;  // taken from the end
    for (int row = rows[at].size() - 1; row >= 0; --row) all.push_back(rows[at].integer(row, 0));
    std::sort(all.rbegin(), all.rend());
    return all;
  };
  if (exchanges > 0) {
    inbox_numbers_ = numbers(at_numbers);
    outbox_numbers_ = numbers(at_numbers + 1);
    payload_numbers_ = numbers(at_numbers + 2);
  }
  return guarded ? look_at_guards(calls, versions) : Result<void>{};
}

/// Searches take ways to the server of their own. They come before the lock of the audit head, so
/// that others need not wait for them.
Result<void> Group::look_at_guards(const std::vector<Call*>& calls, std::size_t versions) {
  step("guards");
  for (Call* call : calls) {
    if (call->guards == nullptr || !keeps_versions(*call)) continue;
    for (std::size_t g = 0; g < call->guards->size(); ++g) {
      PostgresqlRunner runner(db_);
      runner.stop_after(kGuardTime);
      const auto holds = sql::guard_holds((*call->guards)[g], sql::kPostgresql, runner);
      if (!holds) {
        // The server ends what is too much for it. Time that went by without its doing says
        // nothing of the criteria: the network stood still, and the call may come again.
        if (holds.error().code == ErrorCode::too_costly && db_.last_state() != state::kCanceled) {
          return make_error(ErrorCode::transient, "the store took too long");
        }
        return holds.error();
      }
      if (*holds) continue;
      broken_guards_[call] = g;
      break;
    }
  }
  Batch batch;
  batch.add("SELECT set_config('statement_timeout', $1, true)",
            std::to_string(db_.statement_timeout().count()));
  Closing::ask(batch, versions);
  CONCORD_ASSIGN(const std::vector<Rows> rows, db_.run(batch));
  return closing_.heard(rows);
}

void Group::hear_keys(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) {
    known_[static_cast<std::size_t>(rows.integer(row, 0)) - 1] = {
        rows.integer(row, 1), rows.text(row, 3), rows.text(row, 4), rows.text(row, 2)};
  }
}

bool Group::keeps_versions(Call& call) const {
  for (std::size_t w = 0; w < call.writes.size(); ++w) {
    const auto found = current_.find(call.writes[w].key);
    const std::int64_t version = found == current_.end() ? 0 : found->second.version;
    if (version != (*call.asked_writes)[w].expected_version) {
      call.written = {ResourcesWritten::End::version_conflict, w};
      return false;
    }
  }
  return true;
}

Result<std::optional<const Group::Known*>> Group::known(const NewExchange& exchange,
                                                        std::size_t call, std::size_t at) const {
  const Known* found = nullptr;
  const auto first = std::find_if(asked_keys_.begin(), asked_keys_.end(), [&](const KeyOf& key) {
    return key.call == call && key.exchange == at;
  });
  const auto from = static_cast<std::size_t>(first - asked_keys_.begin());
  for (std::size_t k = 0; k < exchange.keys.size(); ++k) {
    const auto one = known_.find(from + k);
    if (one == known_.end()) continue;
    CONCORD_TRY(same_content(one->second.digest, exchange.digest, exchange.keys[k].scope));
    if (found != nullptr && found->exchange != one->second.exchange) return two_exchanges();
    found = &one->second;
  }
  if (found == nullptr) return std::optional<const Known*>{};
  return std::optional<const Known*>{found};
}

void Group::decide(Call& call, std::size_t at) {
  call.result = {};
  call.written = {};
  if (call.answers_exchange) {
    const PackedExchange& exchange = call.exchanges.front();
    const auto before = known(*exchange.asked, at, 0);
    if (!before) {
      call.result = before.error();
    } else if (*before) {
      call.committed = {true, (**before)->id, (**before)->answer};
    } else {
      for (const PackedExchange& one : call.exchanges) write(one);  // it, and its notices
      call.committed = {false, exchange.asked->id, exchange.asked->answer};
    }
    return;
  }
  if (!keeps_versions(call)) return;
  if (const auto broken = broken_guards_.find(&call); broken != broken_guards_.end()) {
    call.written = {ResourcesWritten::End::guard_conflict, broken->second};
    return;
  }
  write(call, at);
}

void Group::write(const Call& call, std::size_t at) {
  for (const NewVersion& write : call.writes) {
    const auto found = current_.find(write.key);
    closing_.versions().add(
        write, found == current_.end() ? std::nullopt : std::optional<Current>(found->second));
  }
  for (std::size_t e = 0; e < call.exchanges.size(); ++e) {
    // A message these changes brought before is not sent twice.
    const auto before = known(*call.exchanges[e].asked, at, e);
    if (before && !*before) write(call.exchanges[e]);
  }
  if (call.audit != nullptr) closing_.append(*call.audit);
}

}  // namespace concord::store::postgresql
