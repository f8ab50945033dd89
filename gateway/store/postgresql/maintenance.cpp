// Schema state and quarantine of a store in a database.
#include "gateway/store/postgresql/maintenance.h"

#include "gateway/store/postgresql/detail/schema.h"

namespace concord::store::postgresql {

namespace {

Result<std::unique_ptr<Connection>> connect(const Options& options) {
  Connection::Settings settings;
  settings.connection = options.connection;
  settings.schema = options.schema;
  settings.statement_timeout = options.statement_timeout;
  settings.lock_timeout = options.busy_timeout;
  return Connection::open(settings);
}

/// Inside the open transaction. False when it was so already.
Result<bool> change_quarantine(Connection& db, bool active, Instant now) {
  CONCORD_ASSIGN(const Rows was,
                 db.query("SELECT active FROM quarantine WHERE one = 1 FOR UPDATE"));
  if (was.empty()) return make_error(ErrorCode::internal, "the store is damaged: no quarantine");
  if ((was.integer(0, 0) != 0) == active) return false;
  CONCORD_TRY(db.query("UPDATE quarantine SET active = $1 WHERE one = 1", active ? 1 : 0));
  const char* const word = active ? "quarantine begun" : "quarantine ended";
  CONCORD_TRY(
      append_alone(db, audit::Record{audit::Event::store_migrated, now, "", "", "", "", word}));
  return true;
}

Result<bool> set_quarantine(const Options& options, bool active, Instant now) {
  CONCORD_ASSIGN(const std::unique_ptr<Connection> db, connect(options));
  CONCORD_TRY(check_schema(*db, options.schema));
  CONCORD_TRY(db->script("BEGIN"));
  auto changed = change_quarantine(*db, active, now);
  if (!changed) {
    db->roll_back();
    return changed;
  }
  CONCORD_TRY(db->script("COMMIT"));
  return changed;
}

}  // namespace

Result<SchemaState> schema_state(const Options& options) {
  CONCORD_ASSIGN(const std::unique_ptr<Connection> db, connect(options));
  SchemaState state;
  state.known = schema_version();
  CONCORD_ASSIGN(state.version, version_of(*db, options.schema));
  state.pending = pending_migrations(state.version);
  return state;
}

Result<bool> begin_quarantine(const Options& options, Instant now) {
  return set_quarantine(options, true, now);
}

Result<bool> end_quarantine(const Options& options, Instant now) {
  return set_quarantine(options, false, now);
}

}  // namespace concord::store::postgresql
