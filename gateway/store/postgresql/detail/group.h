#pragma once
/// Calls that share one transaction: everything they must know is asked in one way to the server,
/// everything they write goes in a second one, with the commit.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "gateway/store/done.h"
#include "gateway/store/postgresql/detail/transaction.h"
#include "gateway/store/store.h"

namespace concord::store::postgresql {

/// Tables of lineage that are known to be stored. Safe from any thread.
class KnownTables {
 public:
  bool holds(const Sha256& digest) const;
  void add(const std::vector<Sha256>& digests);

 private:
  mutable std::mutex mutex_;
  std::set<Sha256> digests_;
};

/// An exchange made ready outside the transaction.
struct PackedExchange {
  const NewExchange* asked = nullptr;  ///< outlives the call
  sql::Packed payload;
  sql::Packed lineage;
  std::vector<sql::Packed> items;
  std::optional<NewVersion> task;
};

/// One waiting call, and what became of it.
struct Call {
  std::vector<NewVersion> writes;
  const std::vector<ResourceWrite>* asked_writes = nullptr;
  const std::vector<Guard>* guards = nullptr;
  std::vector<std::int64_t> turns;  ///< of the guards
  std::vector<PackedExchange> exchanges;
  bool answers_exchange = false;  ///< commit(): what is known of its keys is its answer
  const std::vector<audit::Record>* audit = nullptr;
  /// What no two calls of a group, or of two groups of this process, may have in common.
  std::vector<std::int64_t> claims;
  std::size_t bytes = 0;  ///< about how much it writes

  Result<void> result;
  ResourcesWritten written;
  Committed committed;
  Done done;
};

/// Fills a call. What is given outlives it.
void prepare(Call& call, const ResourceChanges& changes);
void prepare(Call& call, const NewExchange& exchange);

/// One transaction over several calls.
class Group {
 public:
  Group(Connection& db, const StepHook& on_step, KnownTables& tables)
      : db_(db), on_step_(on_step), tables_(tables) {}

  /// Sets the results of all calls and commits. After an error nothing is stored, unless the
  /// COMMIT was under way (see `committing()`), and all results are to be thought of as not set.
  Result<void> run(const std::vector<Call*>& calls);

  bool committing() const { return committing_; }
  std::int64_t transaction() const { return closing_.transaction(); }
  /// After a commit: what is stored now.
  void remember() { tables_.add(new_tables_); }

 private:
  struct Known {
    std::int64_t exchange = 0;
    std::string id;
    std::string answer;
    std::string digest;
  };
  struct KeyOf {
    std::size_t call = 0;
    std::size_t exchange = 0;
    std::size_t key = 0;
  };

  Result<void> look(const std::vector<Call*>& calls);
  void hear_keys(const Rows& rows);
  Result<void> look_at_guards(const std::vector<Call*>& calls, std::size_t versions);
  void decide(Call& call, std::size_t at);
  bool keeps_versions(Call& call) const;
  /// Nothing when the exchange is new. Errors: conflict.
  Result<std::optional<const Known*>> known(const NewExchange& exchange, std::size_t call,
                                            std::size_t at) const;
  void write(const Call& call, std::size_t at);
  void write(const PackedExchange& exchange);
  void write_item(const PackedExchange& exchange, std::int64_t seq, std::size_t at);
  void write_lineage(const PackedExchange& exchange, std::int64_t seq);
  std::int64_t write_payload(const sql::Packed& packed, const Sha256& digest,
                             std::string_view content_type);
  void step(std::string_view name) const {
    if (on_step_) on_step_(name);
  }
  static std::int64_t take(std::vector<std::int64_t>& numbers);

  Connection& db_;
  const StepHook& on_step_;
  KnownTables& tables_;
  Closing closing_;
  bool committing_ = false;

  std::unordered_map<std::int64_t, Current> current_;
  std::vector<KeyOf> asked_keys_;
  std::unordered_map<std::size_t, Known> known_;  ///< by place in asked_keys_
  std::unordered_set<std::string> open_;          ///< subjects with an unfinished item
  std::unordered_map<const Call*, std::size_t> broken_guards_;
  std::set<Sha256> stored_tables_;
  std::vector<Sha256> new_tables_;
  std::vector<std::int64_t> inbox_numbers_, outbox_numbers_, payload_numbers_;
  std::unordered_map<std::string, std::int64_t> last_numbers_;  ///< of items, by destination

  struct Tables;
  std::shared_ptr<Tables> rows_;
};

/// What one (destination, subject) is known by in `open_` and in table `turn`.
std::string subject_question(std::string_view destination, std::string_view subject);

}  // namespace concord::store::postgresql
