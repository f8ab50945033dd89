#pragma once
/// An open transaction, and how it ends: versions of resources and audit links are written last,
/// under the lock of the audit head, so that both follow each other in the order of commits.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/audit/record.h"
#include "gateway/store/postgresql/detail/versions.h"
#include "gateway/store/postgresql/postgresql_store.h"

namespace concord::store::postgresql {

/// What is written under the lock of the audit head.
///
/// Source of the order: every transaction that adds versions or links takes that row first, and
/// keeps it until its commit. Numbers and links are taken after it, so whoever sees a number also
/// sees every smaller one: nothing commits late behind a cursor.
class Closing {
 public:
  void append(const std::vector<audit::Record>& records) {
    records_.insert(records_.end(), records.begin(), records.end());
  }
  Versions& versions() { return versions_; }
  bool empty() const { return records_.empty() && versions_.empty(); }

  /// Adds the statements that take the lock and `numbers` numbers, and name the transaction.
  static void ask(Batch& batch, std::size_t numbers);
  /// Reads what they answered: the last three of `rows`.
  /// Errors: internal (damaged).
  Result<void> heard(const std::vector<Rows>& rows);
  /// Adds what is to be written.
  void into(Batch& batch) const;

  /// The transaction, for asking later what became of it; 0 before heard().
  std::int64_t transaction() const { return transaction_; }

 private:
  std::vector<audit::Record> records_;
  Versions versions_;
  std::vector<std::int64_t> numbers_;
  std::int64_t head_ = 0;
  Sha256 head_hash_{};
  std::int64_t transaction_ = 0;
};

/// Rows of table `turn`.
inline constexpr std::int64_t kTurns = 65536;
/// The slot of table `turn` a question hashes to.
std::int64_t slot_of(std::string_view question);
/// Takes these slots, in order: who comes second waits for the first one's commit.
void ask_turns(Batch& batch, std::vector<std::int64_t> slots);

/// What one changing call sees of its own transaction.
class Transaction {
 public:
  Transaction(Connection& db, const StepHook& on_step) : db_(&db), on_step_(&on_step) {}

  Connection& db() const { return *db_; }
  template <typename... Each>
  Result<Rows> query(std::string_view sql, const Each&... values) {
    return db_->query(sql, values...);
  }
  /// One integer of one row; nothing when there is no row, or null.
  template <typename... Each>
  Result<std::optional<std::int64_t>> number(std::string_view sql, const Each&... values) {
    CONCORD_ASSIGN(const Rows rows, db_->query(sql, values...));
    if (rows.empty() || rows.is_null(0, 0)) return std::optional<std::int64_t>{};
    return std::optional<std::int64_t>{rows.integer(0, 0)};
  }
  /// What goes with the commit; no way of its own.
  template <typename... Each>
  void later(std::string_view sql, const Each&... values) {
    last_.add(sql, values...);
  }
  Batch& last() { return last_; }
  Closing& closing() { return closing_; }
  void append(const std::vector<audit::Record>& records) { closing_.append(records); }

  /// Names the step that comes next, for crash tests.
  void step(std::string_view name) const {
    if (*on_step_) (*on_step_)(name);
  }

  /// Writes what is left and commits. After an error `committing()` says whether the COMMIT was
  /// under way: then the result is not known.
  Result<void> commit();
  bool committing() const { return committing_; }
  /// Its number, for fate_of(); 0: it had written nothing before the COMMIT, so there is none.
  std::int64_t id() const { return id_; }

 private:
  Connection* db_;
  const StepHook* on_step_;
  Batch last_;
  Closing closing_;
  bool committing_ = false;
  std::int64_t id_ = 0;
};

/// What became of a transaction whose COMMIT got no answer. Source: DEL-04 of reliability.md;
/// pg_xact_status() of PostgreSQL 15, chapter 9.27.6.
enum class Fate : std::uint8_t { committed, undone, unknown };
/// Asks a server that is there again, for at most `patience`. `life` is the server_life() of the
/// connection the transaction was made on: a server that crashed since, or another that took over,
/// may have given its number away.
Fate fate_of(std::int64_t transaction, const std::string& life,
             const Connection::Settings& settings, std::chrono::milliseconds patience);

}  // namespace concord::store::postgresql
