// Looking a store over: references, stored bytes, sums, index rows.
#include <limits>

#include "fhir/core/digest.h"
#include "gateway/store/postgresql/detail/counters.h"
#include "gateway/store/postgresql/detail/schema.h"
#include "gateway/store/postgresql/maintenance.h"
#include "gateway/store/sql/body.h"

namespace concord::store::postgresql {

namespace {

/// A question whose answer is how many rows are wrong.
struct Rule {
  std::string_view text;
  std::string_view sql;
};

constexpr Rule kRules[] = {
    {"messages without their payload",
     "SELECT count(*) FROM inbox i WHERE NOT EXISTS (SELECT 1 FROM payload p WHERE p.id = "
     "i.payload)"},
    {"outbox items without their exchange",
     "SELECT count(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM inbox i WHERE i.seq = "
     "o.exchange)"},
    {"outbox items without their payload",
     "SELECT count(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM payload p WHERE p.id = "
     "o.payload)"},
    {"attempts without their outbox item",
     "SELECT count(*) FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.seq = "
     "a.item)"},
    {"idempotency keys without their exchange",
     "SELECT count(*) FROM idempotency k WHERE NOT EXISTS (SELECT 1 FROM inbox i WHERE i.seq = "
     "k.exchange)"},
    {"accepted items that are not in the outbox",
     "SELECT abs((SELECT coalesce(sum(items), 0) FROM inbox) - (SELECT count(*) FROM "
     "outbox))::bigint"},
    {"counters that are not what a full count gives", kWrongCounters},
    {"Tasks of exchanges that are no resources",
     "SELECT count(*) FROM exchange_task t WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.key "
     "= t.key)"},
    {"older versions without their resource",
     "SELECT count(*) FROM resource_version v WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE "
     "r.created_nr = v.created_nr)"},
    {"older versions that are not older",
     "SELECT count(*) FROM resource_version v JOIN resource r ON r.created_nr = v.created_nr WHERE "
     "v.version >= r.version"},
    {"resources marked as deleted whose last change says otherwise",
     "SELECT count(*) FROM resource WHERE (deleted = 1) <> (change = 4)"},
    {"token rows of no current resource",
     "SELECT count(*) FROM index_token i WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.place "
     "= "
     "i.place AND r.deleted = 0)"},
    {"text rows of no current resource",
     "SELECT count(*) FROM index_text i WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.place = "
     "i.place AND r.deleted = 0)"},
    {"period rows of no current resource",
     "SELECT count(*) FROM index_period i WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.place "
     "= i.place AND r.deleted = 0)"},
    {"number rows of no current resource",
     "SELECT count(*) FROM index_number i WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.place "
     "= i.place AND r.deleted = 0)"},
    {"link rows of no current resource",
     "SELECT count(*) FROM index_link i WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.place = "
     "i.place AND r.deleted = 0)"},
};

constexpr std::size_t kFaults = 100;  ///< lines of a report
/// For one question to the server: a rule walks whole tables.
constexpr std::chrono::hours kPatience{1};

constexpr std::string_view kPayloads =
    "SELECT id, encoding, bytes, digest FROM payload WHERE id > $1 ORDER BY id LIMIT 200";
constexpr std::string_view kResources =
    "SELECT place, encoding, body, NULL::bytea FROM resource WHERE place > $1 ORDER BY place "
    "LIMIT 200";
constexpr std::string_view kVersions =
    "SELECT place, encoding, body, NULL::bytea FROM resource_version WHERE place > $1 "
    "ORDER BY place LIMIT 200";

/// Rows that cannot be read, by table and number; how many there are.
Result<std::int64_t> unreadable_rows(Connection& db, std::string_view sql, std::string_view table,
                                     std::vector<std::string>& faults) {
  std::int64_t looked = 0;
  for (std::int64_t after = std::numeric_limits<std::int64_t>::min();;) {
    CONCORD_ASSIGN(const Rows rows, db.query(sql, after));
    if (rows.empty()) return looked;
    for (int row = 0; row < rows.size(); ++row) {
      ++looked;
      after = rows.integer(row, 0);
      const auto body = sql::unpack(static_cast<int>(rows.integer(row, 1)), rows.view(row, 2));
      const bool whole =
          body && (rows.is_null(row, 3) || Blob(sha256(*body)).bytes == rows.view(row, 3));
      if (!whole && faults.size() < kFaults) {
        faults.push_back(std::string(table) + " " + std::to_string(after) +
                         ": its bytes are damaged");
      }
    }
  }
}

class DatabaseInspection final : public Inspection {
 public:
  explicit DatabaseInspection(std::unique_ptr<Connection> db) : db_(std::move(db)) {}

  Result<std::vector<std::string>> faults(Looked& looked) const override;
  Result<search::IndexValues> index_of(std::int64_t row) const override;
  Result<bool> in_quarantine() const override;

 private:
  std::unique_ptr<Connection> db_;
};

Result<std::vector<std::string>> DatabaseInspection::faults(Looked& looked) const {
  std::vector<std::string> faults;
  for (const Rule& rule : kRules) {
    CONCORD_ASSIGN(const Rows wrong, db_->query(rule.sql));
    const std::int64_t count = wrong.integer(0, 0);
    if (count != 0) faults.push_back(std::to_string(count) + " " + std::string(rule.text));
  }
  CONCORD_ASSIGN(looked.payloads, unreadable_rows(*db_, kPayloads, "payload", faults));
  CONCORD_ASSIGN(looked.resources, unreadable_rows(*db_, kResources, "resource", faults));
  CONCORD_ASSIGN(looked.versions, unreadable_rows(*db_, kVersions, "resource_version", faults));
  CONCORD_ASSIGN(
      const Rows rows,
      db_->query("SELECT (SELECT count(*) FROM index_token) + (SELECT count(*) FROM index_text) + "
                 "(SELECT count(*) FROM index_period) + (SELECT count(*) FROM index_number) + "
                 "(SELECT count(*) FROM index_link)"));
  looked.index_rows = rows.integer(0, 0);
  return faults;
}

Result<search::IndexValues> DatabaseInspection::index_of(std::int64_t row) const {
  CONCORD_ASSIGN(const Rows found,
                 db_->query("SELECT place FROM resource WHERE created_nr = $1", row));
  if (found.empty()) {
    return make_error(ErrorCode::not_found, "there is no such resource in the store");
  }
  const std::int64_t place = found.integer(0, 0);
  Batch batch;
  batch.add("SELECT key, code, system FROM index_token WHERE +place = $1", place);
  batch.add("SELECT key, value, exact FROM index_text WHERE +place = $1", place);
  batch.add("SELECT key, low, high FROM index_period WHERE +place = $1", place);
  batch.add("SELECT key, low, high, system, code, unit, mark FROM index_number WHERE +place = $1",
            place);
  batch.add("SELECT key, target, type FROM index_link WHERE +place = $1", place);
  CONCORD_ASSIGN(const std::vector<Rows> all, db_->run(batch));
  search::IndexValues values;
  const auto each = [](const Rows& rows, auto&& take) {
    for (int at = 0; at < rows.size(); ++at) {
      take(rows, at, static_cast<search::IndexKey>(rows.integer(at, 0)));
    }
  };
  const auto small = [](const Rows& rows, int at, int column) {
    return static_cast<std::int32_t>(rows.integer(at, column));
  };
  each(all[0], [&](const Rows& rows, int at, search::IndexKey key) {
    values.tokens.push_back({key, rows.integer(at, 1), small(rows, at, 2)});
  });
  each(all[1], [&](const Rows& rows, int at, search::IndexKey key) {
    values.texts.push_back({key, rows.text(at, 1), rows.text(at, 2)});
  });
  each(all[2], [&](const Rows& rows, int at, search::IndexKey key) {
    values.periods.push_back({key, rows.integer(at, 1), rows.integer(at, 2)});
  });
  each(all[3], [&](const Rows& rows, int at, search::IndexKey key) {
    values.numbers.push_back({key, rows.real(at, 1), rows.real(at, 2), small(rows, at, 3),
                              small(rows, at, 4), small(rows, at, 5), small(rows, at, 6)});
  });
  each(all[4], [&](const Rows& rows, int at, search::IndexKey key) {
    values.links.push_back({key, rows.integer(at, 1), small(rows, at, 2)});
  });
  return values;
}

Result<bool> DatabaseInspection::in_quarantine() const {
  CONCORD_ASSIGN(const Rows rows, db_->query("SELECT active FROM quarantine WHERE one = 1"));
  return !rows.empty() && rows.integer(0, 0) != 0;
}

}  // namespace

Result<std::unique_ptr<Inspection>> inspect(const Options& options) {
  Connection::Settings settings;
  settings.scans = true;
  settings.connection = options.connection;
  settings.schema = options.schema;
  settings.statement_timeout = kPatience;
  settings.lock_timeout = options.busy_timeout;
  CONCORD_ASSIGN(std::unique_ptr<Connection> db, Connection::open(settings));
  CONCORD_TRY(check_schema(*db, options.schema));
  // One moment, until the connection closes, however long the questions lie apart.
  CONCORD_TRY(
      db->script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                 "SET LOCAL idle_in_transaction_session_timeout = 0"));
  return std::unique_ptr<Inspection>(std::make_unique<DatabaseInspection>(std::move(db)));
}

}  // namespace concord::store::postgresql
