#include "gateway/store/postgresql/postgresql_store.h"

#include <thread>

#include "gateway/store/postgresql/detail/postgresql_store.h"
#include "gateway/store/postgresql/detail/schema.h"

namespace concord::store::postgresql {

namespace {

constexpr int kTries = 5;

Connection::Settings settings_of(const Options& options) {
  Connection::Settings settings;
  settings.connection = options.connection;
  settings.schema = options.schema;
  settings.statement_timeout = options.statement_timeout;
  settings.lock_timeout = options.busy_timeout;
  return settings;
}

}  // namespace

PostgresqlStore::PostgresqlStore(const Options& options, Connection::Settings reading,
                                 Connection::Settings writing, Clock clock)
    : writing_(writing),
      on_step_(options.on_step),
      readers_(std::move(reading), options.readers, options.busy_timeout),
      resources_(
          readers_, [this](Call& call) { return write(call); },
          [this](const Work& work) { return write(work); }, std::move(clock)),
      exchanges_(readers_) {
  if (options.read_only) return;
  workers_ = std::make_unique<Pool>(writing, options.workers, options.busy_timeout);
  writer_ =
      std::make_unique<Writer>(Writer::Settings{std::move(writing), options.writers, options.batch,
                                                options.queue, options.on_step, options.on_group});
}

Result<void> PostgresqlStore::write(Call& call) {
  if (!writer_) return make_error(ErrorCode::forbidden, "the store is open for reading only");
  return writer_->run(call);
}

Result<void> PostgresqlStore::write(const Work& work, bool* refused) {
  if (!workers_) return make_error(ErrorCode::forbidden, "the store is open for reading only");
  for (int tries = 1;; ++tries) {
    if (refused != nullptr) *refused = false;
    CONCORD_ASSIGN(const Pool::Lease db, workers_->take());
    db->first("BEGIN");
    Transaction transaction(*db, on_step_);
    auto done = work(transaction);
    if (done) done = transaction.commit();
    if (done) {
      if (on_step_) on_step_("committed");
      return {};
    }
    if (transaction.committing() && transaction.id() != 0) {
      const Fate fate =
          fate_of(transaction.id(), db->server_life(), writing_, writing_.statement_timeout);
      if (fate == Fate::committed) return {};
      if (fate == Fate::unknown) return done;
    }
    if (refused != nullptr) *refused = !db->lost();
    const std::string state(db->last_state());
    const bool raced = state == state::kSerialization || state == state::kDeadlock ||
                       state == state::kUniqueViolation;
    if (tries == kTries || !(raced || (db->lost() && !db->silent()))) return done;
    std::this_thread::sleep_for(std::chrono::milliseconds(raced ? 1 << tries : 0));
  }
}

Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock) {
  const Connection::Settings settings = settings_of(options);
  Connection::Settings migrating = settings;
  migrating.scans = true;
  CONCORD_ASSIGN(const std::unique_ptr<Connection> db, Connection::open(migrating));
  if (options.read_only) {
    CONCORD_TRY(check_schema(*db, options.schema));
  } else {
    CONCORD_TRY(migrate(*db, options.schema, clock()));
  }
  Connection::Settings writing = settings;
  writing.writes = true;
  return std::unique_ptr<Store>(
      std::make_unique<PostgresqlStore>(options, settings, writing, clock));
}

}  // namespace concord::store::postgresql
