#pragma once
/// The Store over PostgreSQL. accept.cpp, deliver.cpp, settle.cpp, status.cpp, prove.cpp,
/// resources.cpp and search.cpp hold its calls.

#include <functional>
#include <memory>

#include "gateway/store/postgresql/detail/exchanges.h"
#include "gateway/store/postgresql/detail/pool.h"
#include "gateway/store/postgresql/detail/resources.h"
#include "gateway/store/postgresql/detail/transaction.h"
#include "gateway/store/postgresql/detail/writer.h"
#include "gateway/store/store.h"

namespace concord::store::postgresql {

class PostgresqlStore final : public Store, private Watch {
 public:
  PostgresqlStore(const Options& options, Connection::Settings reading,
                  Connection::Settings writing, Clock clock);

  Result<std::optional<Earlier>> earlier(const std::vector<Key>& keys,
                                         const Sha256& digest) override;
  Result<Committed> commit(NewExchange exchange) override;
  Result<std::optional<ExchangeRow>> exchange(std::string_view id) override;
  Result<std::optional<TaskRow>> task(std::string_view id) override;
  Result<std::optional<LineageRow>> lineage(std::string_view exchange) override;
  Result<std::size_t> forget_keys(Instant now, std::size_t limit) override;

  Result<std::vector<Item>> lease(const LeaseRequest& request) override;
  Result<std::optional<Instant>> next_due(std::string_view destination) override;
  Result<std::size_t> release(std::string_view node, Instant now) override;
  Result<std::size_t> release_unheld(std::string_view node, const std::vector<std::string>& held,
                                     Instant now) override;
  Result<std::size_t> recover(std::string_view node, Instant now) override;
  Result<void> begin(std::string_view item, std::int64_t fence) override;
  Result<void> settle(Settlement settlement) override;
  std::vector<Result<void>> settle_all(std::vector<Settlement> settlements) override;
  Result<bool> acknowledge(Acknowledged acknowledged) override;
  Result<std::optional<Item>> item(std::string_view id) override;
  Result<std::vector<Item>> items(std::string_view exchange) override;
  Result<std::optional<Item>> item_by_message(std::string_view destination,
                                              std::string_view message_id) override;
  Result<std::vector<Attempt>> attempts(std::string_view item) override;
  Result<std::int64_t> last_number(std::string_view destination) override;
  Result<std::vector<NumberedItem>> numbered_items(std::string_view destination, std::int64_t from,
                                                   std::int64_t until, std::size_t limit) override;
  Result<void> keep_unmatched(Unmatched unmatched) override;
  Result<void> replay(std::string_view item, Instant now, Instant deadline,
                      std::optional<TaskChange> task, std::vector<audit::Record> audit) override;
  Result<void> cancel(std::string_view item, Instant now, std::optional<TaskChange> task,
                      std::vector<audit::Record> audit) override;

  Result<std::vector<Pause>> pauses() override;
  Result<bool> pause(Pause pause) override;
  Result<bool> resume(Resume resume) override;

  Resources& resources() override { return resources_; }
  Exchanges& exchanges() override { return exchanges_; }

  Result<StatusesRecorded> record_statuses(const std::vector<StatusRow>& rows,
                                           std::vector<audit::Record> audit) override;
  Result<std::vector<StatusRow>> current_statuses(const StatusQuery& query, Instant now) override;

  Result<Counts> counts() override;
  Result<std::vector<Backlog>> backlog() override;
  Watch& watch() override { return *this; }
  Result<std::vector<audit::Link>> audit_links(std::int64_t after, std::size_t limit) override;
  Result<audit::Head> audit_head() override;
  Result<void> check() override;

 private:
  Result<std::int64_t> wrong_counters() override;
  Result<void> sum_up() override;
  Result<bool> note_difference(std::int64_t difference, const audit::Record& record) override;
  Result<std::vector<Overdue>> overdue(Instant now, std::size_t limit) override;
  Result<bool> escalate(const Escalation& escalation) override;
  Result<std::vector<Awaited>> awaited() override;
  Result<Size> size() override;

  /// The work of one call in a transaction of its own. May be run again after a rollback, so it
  /// sets its outputs afresh.
  using Work = std::function<Result<void>(Transaction&)>;
  /// Runs `work` and returns once it is durable, or undone.
  /// `refused` says after an error whether the server answered: then it was there, and said no.
  /// Errors: those of `work`; transient.
  Result<void> write(const Work& work, bool* refused = nullptr);
  Result<void> write(Call& call);
  Result<std::size_t> end_leases(std::string_view sql, std::string_view node, Instant now);

  Connection::Settings writing_;
  StepHook on_step_;
  Pool readers_;
  std::unique_ptr<Pool> workers_;   ///< none in a store opened for reading
  std::unique_ptr<Writer> writer_;  ///< likewise
  PostgresqlResources resources_;
  PostgresqlExchanges exchanges_;
};

}  // namespace concord::store::postgresql
