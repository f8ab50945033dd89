// Looking a store file over: pages, references, stored bytes, sums, index rows.
#include "gateway/store/sql/tally.h"
#include "gateway/store/sqlite/detail/found.h"
#include "gateway/store/sqlite/detail/payloads.h"
#include "gateway/store/sqlite/detail/resource_rows.h"
#include "gateway/store/sqlite/detail/schema.h"
#include "gateway/store/sqlite/maintenance.h"

namespace concord::store::sqlite {

namespace {

/// A question whose answer is how many rows are wrong.
struct Rule {
  const char* text;
  const char* sql;
};

constexpr Rule kRules[] = {
    {"messages without their payload",
     "SELECT count(*) FROM inbox WHERE payload NOT IN (SELECT id FROM payload)"},
    {"outbox items without their exchange",
     "SELECT count(*) FROM outbox WHERE exchange NOT IN (SELECT seq FROM inbox)"},
    {"outbox items without their payload",
     "SELECT count(*) FROM outbox WHERE payload NOT IN (SELECT id FROM payload)"},
    {"attempts without their outbox item",
     "SELECT count(*) FROM attempt WHERE item NOT IN (SELECT seq FROM outbox)"},
    {"idempotency keys without their exchange",
     "SELECT count(*) FROM idempotency WHERE exchange NOT IN (SELECT seq FROM inbox)"},
    {"accepted items that are not in the outbox",
     "SELECT abs((SELECT coalesce(sum(items), 0) FROM inbox) - (SELECT count(*) FROM outbox))"},
    {"counters that are not what a full count gives", sql::kWrongCounters},
    {"Tasks of exchanges that are no resources",
     "SELECT count(*) FROM exchange_task WHERE key NOT IN (SELECT key FROM resource)"},
    {"older versions without their resource",
     "SELECT count(*) FROM resource_version v WHERE NOT EXISTS "
     "(SELECT 1 FROM resource r WHERE r.created_nr = v.created_nr)"},
    {"older versions that are not older",
     "SELECT count(*) FROM resource_version v JOIN resource r ON r.created_nr = v.created_nr "
     "WHERE v.version >= r.version"},
    {"resources marked as deleted whose last change says otherwise",
     "SELECT count(*) FROM resource WHERE deleted <> (change = 4)"},
    {"lists of values of no current resource",
     "SELECT count(*) FROM resource_found f WHERE NOT EXISTS "
     "(SELECT 1 FROM resource r WHERE r.place = f.place AND r.deleted = 0)"},
    {"current resources without their list of values",
     "SELECT count(*) FROM resource r WHERE r.deleted = 0 AND NOT EXISTS "
     "(SELECT 1 FROM resource_found f WHERE f.place = r.place) "
     "AND (SELECT version FROM resource_index) <> 0"},
    {"token rows no current resource is found by",
     "SELECT count(*) FROM index_token i WHERE NOT EXISTS (SELECT 1 FROM found_token f WHERE "
     "f.place = i.place AND f.key = i.key AND f.code = i.code AND f.system = i.system)"},
    {"text rows no current resource is found by",
     "SELECT count(*) FROM index_text i WHERE NOT EXISTS (SELECT 1 FROM found_text f WHERE "
     "f.place = i.place AND f.key = i.key AND f.value = i.value AND f.exact = i.exact)"},
    {"period rows no current resource is found by",
     "SELECT count(*) FROM index_period i WHERE NOT EXISTS (SELECT 1 FROM found_period f WHERE "
     "f.place = i.place AND f.key = i.key AND f.low = i.low AND f.high = i.high)"},
    {"number rows no current resource is found by",
     "SELECT count(*) FROM index_number i WHERE NOT EXISTS (SELECT 1 FROM found_number f WHERE "
     "f.place = i.place AND f.key = i.key AND f.low = i.low AND f.high = i.high AND "
     "f.system = i.system AND f.code = i.code AND f.unit = i.unit AND f.mark = i.mark)"},
    {"link rows no current resource is found by",
     "SELECT count(*) FROM index_link i WHERE NOT EXISTS (SELECT 1 FROM found_link f WHERE "
     "f.place = i.place AND f.key = i.key AND f.target = i.target AND f.type = i.type)"},
};

constexpr std::size_t kFaults = 100;  ///< lines of a report

/// Rows that cannot be read, by table and number.
Result<std::int64_t> unreadable_rows(Connection& db, const char* sql, std::string_view table,
                                     std::vector<std::string>& faults) {
  std::int64_t looked = 0;
  CONCORD_ASSIGN(Query row, db.query(sql));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return looked;
    ++looked;
    const auto body = unpack(static_cast<int>(row.integer(1)), row.view(2));
    const bool whole = body && (row.is_null(3) || Blob(sha256(*body)).bytes == row.view(3));
    if (!whole && faults.size() < kFaults) {
      faults.push_back(std::string(table) + " " + std::to_string(row.integer(0)) +
                       ": its bytes are damaged");
    }
  }
}

/// Reads every list of values. There must be as many rows in the index as there are values: none is
/// a stranger (kRules), so then none is missing.
Result<std::int64_t> listed_values(Connection& db, std::vector<std::string>& faults) {
  std::int64_t listed = 0;
  {
    CONCORD_ASSIGN(Query row, db.query("SELECT place, found FROM resource_found ORDER BY place"));
    for (;;) {
      CONCORD_ASSIGN(const bool more, row.next());
      if (!more) break;
      const auto values = decode_found(row.view(1));
      if (values) {
        listed += static_cast<std::int64_t>(values->tokens.size() + values->texts.size() +
                                            values->periods.size() + values->numbers.size() +
                                            values->links.size());
      } else if (faults.size() < kFaults) {
        faults.push_back("resource_found " + std::to_string(row.integer(0)) +
                         ": its bytes are damaged");
      }
    }
  }
  CONCORD_ASSIGN(const auto rows,
                 db.number("SELECT (SELECT count(*) FROM index_token) + (SELECT count(*) FROM "
                           "index_text) + (SELECT count(*) FROM index_period) + (SELECT count(*) "
                           "FROM index_number) + (SELECT count(*) FROM index_link)"));
  if (rows.value_or(0) < listed) {
    faults.push_back(std::to_string(listed - *rows) +
                     " values of current resources are not in the index");
  }
  return rows.value_or(0);
}

}  // namespace

struct Inspection::Open {
  std::unique_ptr<Connection> db;
};

Inspection::Inspection(std::unique_ptr<Open> open) : open_(std::move(open)) {}
Inspection::Inspection(Inspection&&) noexcept = default;
Inspection& Inspection::operator=(Inspection&&) noexcept = default;
Inspection::~Inspection() = default;

Result<Inspection> Inspection::open(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return make_error(ErrorCode::not_found, "there is no store at this path");
  }
  Connection::Settings settings;
  settings.path = path;
  settings.query_only = true;
  auto open = std::make_unique<Open>();
  CONCORD_ASSIGN(open->db, Connection::open(settings));
  CONCORD_TRY(check_schema(*open->db));
  CONCORD_TRY(open->db->run("BEGIN"));  // one moment, until the connection closes
  return Inspection(std::move(open));
}

Result<std::vector<std::string>> Inspection::faults(Looked& looked) const {
  Connection& db = *open_->db;
  std::vector<std::string> faults;
  {
    CONCORD_ASSIGN(Query row, db.query("PRAGMA integrity_check(20)"));
    for (;;) {
      auto more = row.next();
      if (!more) {
        faults.push_back("pages: " + more.error().issues[0].text);
        return faults;  // nothing read through damaged pages says anything
      }
      if (!*more) break;
      if (row.view(0) != "ok") faults.push_back("pages: " + row.text(0));
    }
  }
  if (!faults.empty()) return faults;
  for (const Rule& rule : kRules) {
    CONCORD_ASSIGN(const auto wrong, db.number(rule.sql));
    if (wrong.value_or(0) != 0) faults.push_back(std::to_string(*wrong) + " " + rule.text);
  }
  CONCORD_ASSIGN(looked.payloads,
                 unreadable_rows(db, "SELECT id, encoding, bytes, digest FROM payload ORDER BY id",
                                 "payload", faults));
  CONCORD_ASSIGN(
      looked.resources,
      unreadable_rows(db, "SELECT place, encoding, body, NULL FROM resource ORDER BY place",
                      "resource", faults));
  CONCORD_ASSIGN(
      looked.versions,
      unreadable_rows(db, "SELECT place, encoding, body, NULL FROM resource_version ORDER BY place",
                      "resource_version", faults));
  CONCORD_ASSIGN(looked.index_rows, listed_values(db, faults));
  return faults;
}

Result<search::IndexValues> Inspection::index_of(std::int64_t row) const {
  Connection& db = *open_->db;
  CONCORD_ASSIGN(const auto place,
                 db.number("SELECT place FROM resource WHERE created_nr = ?", row));
  if (!place) return make_error(ErrorCode::not_found, "there is no such resource in the store");
  CONCORD_ASSIGN(Query list, db.query("SELECT found FROM resource_found WHERE place = ?", *place));
  CONCORD_ASSIGN(const bool listed, list.next());
  return listed ? decode_found(list.view(0)) : search::IndexValues{};
}

Result<bool> Inspection::in_quarantine() const {
  CONCORD_ASSIGN(const auto active,
                 open_->db->number("SELECT active FROM quarantine WHERE one = 1"));
  return active.value_or(0) != 0;
}

}  // namespace concord::store::sqlite
