#include "gateway/store/postgresql/detail/transaction.h"

#include <algorithm>
#include <thread>

#include "fhir/search/index.h"
#include "gateway/audit/verify.h"

namespace concord::store::postgresql {

namespace {
using Of = Column::Of;
constexpr std::chrono::milliseconds kAskAgain{50};
}  // namespace

void Closing::ask(Batch& batch, std::size_t numbers) {
  batch.add("SELECT pg_current_xact_id()");
  batch.add("SELECT seq, hash FROM audit_head WHERE one = 1 FOR UPDATE");
  batch.add("SELECT nextval('change_nr') FROM generate_series(1, $1)", numbers);
}

Result<void> Closing::heard(const std::vector<Rows>& rows) {
  const Rows& id = rows[rows.size() - 3];
  const Rows& head = rows[rows.size() - 2];
  const Rows& numbers = rows[rows.size() - 1];
  if (id.empty() || head.empty()) {
    return make_error(ErrorCode::internal, "the store is damaged: no head of the audit");
  }
  transaction_ = id.integer(0, 0);
  head_ = head.integer(0, 0);
  CONCORD_ASSIGN(head_hash_, head.digest(0, 1));
  numbers_.clear();
  for (int row = 0; row < numbers.size(); ++row) numbers_.push_back(numbers.integer(row, 0));
  return {};
}

void Closing::into(Batch& batch) const {
  versions_.into(batch, numbers_);
  if (records_.empty()) return;
  Insert links("audit", {{"seq", Of::bigint}, {"body", Of::text}, {"hash", Of::bytea}});
  audit::Head head{head_, head_hash_};
  for (const audit::Record& record : records_) {
    const audit::Link link = audit::make_link(record, head.sequence + 1, head.hash);
    links.row(link.sequence, std::string_view(link.body), Blob(link.hash));
    head = {link.sequence, link.hash};
  }
  links.into(batch);
  batch.add("UPDATE audit_head SET seq = $1, hash = $2 WHERE one = 1", head.sequence,
            Blob(head.hash));
}

std::int64_t slot_of(std::string_view question) {
  return search::index_hash(question) & (kTurns - 1);
}

void ask_turns(Batch& batch, std::vector<std::int64_t> slots) {
  if (slots.empty()) return;
  Column column(Of::integer);
  for (const std::int64_t slot : slots) column.add(slot);
  batch.add("SELECT slot FROM turn WHERE slot = ANY($1::integer[]) ORDER BY slot FOR UPDATE",
            column);
}

Result<void> Transaction::commit() {
  step("head");
  if (closing_.empty()) {
    CONCORD_ASSIGN(const auto id, number("SELECT pg_current_xact_id_if_assigned()"));
    id_ = id.value_or(0);
  } else {
    Batch ask;
    Closing::ask(ask, closing_.versions().size());
    CONCORD_ASSIGN(const std::vector<Rows> rows, db_->run(ask));
    CONCORD_TRY(closing_.heard(rows));
    closing_.into(last_);
    id_ = closing_.transaction();
  }
  last_.add("COMMIT");
  step("commit");
  committing_ = true;
  auto done = db_->run(last_);
  if (!done) {
    // With an answer, the server said no and has undone everything.
    committing_ = db_->lost();
    return std::move(done).error();
  }
  return {};
}

Fate fate_of(std::int64_t transaction, const std::string& life,
             const Connection::Settings& settings, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::unique_ptr<Connection> db;
  do {
    if (db == nullptr || db->lost()) {
      auto opened = Connection::open(settings);
      if (opened) db = std::move(*opened);
    }
    if (db != nullptr && !db->lost()) {
      const auto status =
          db->query("SELECT pg_xact_status($1::text::xid8)", std::to_string(transaction));
      if (status && !status->empty() && !status->is_null(0, 0)) {
        if (status->view(0, 0) == "committed") {
          // After a crash, or on a standby that took over, another may have got the number.
          return !life.empty() && db->server_life() == life ? Fate::committed : Fate::unknown;
        }
        if (status->view(0, 0) == "aborted") return Fate::undone;
      } else if (!status && db->last_state() == "22023") {
        return Fate::undone;  // a transaction this server never saw: it took over from another
      }
    }
    std::this_thread::sleep_for(kAskAgain);
  } while (std::chrono::steady_clock::now() < until);
  return Fate::unknown;
}

}  // namespace concord::store::postgresql
