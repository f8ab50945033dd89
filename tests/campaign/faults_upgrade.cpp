// The rolling upgrade: a store with the previous schema and messages under way, and a gateway of
// this version that brings it up to date while others go on.
//
// The previous schema is made by undoing the last migration (tests/support/previous_schema.h).
#include <sqlite3.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/campaign/faults.h"
#include "tests/support/previous_schema.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;

constexpr int kTries = 20;  ///< others hold locks

class Sqlite {
 public:
  explicit Sqlite(const std::filesystem::path& file) {
    if (sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
      sqlite3_busy_timeout(db_, 10'000);
    }
  }
  ~Sqlite() { sqlite3_close(db_); }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  bool run(const char* sql) {
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  /// The first value of the first row.
  std::string text(const char* sql) {
    std::string found;
    const auto keep = [](void* to, int count, char** values, char**) {
      if (count > 0 && values[0] != nullptr) *static_cast<std::string*>(to) = values[0];
      return 1;
    };
    sqlite3_exec(db_, sql, keep, &found, nullptr);
    return found;
  }
  std::string error() const { return sqlite3_errmsg(db_); }

 private:
  sqlite3* db_ = nullptr;
};

/// What went wrong; empty: nothing did.
std::string undo_in_sqlite(Scene& scene) {
  Sqlite db(scene.stage.store_file());
  const std::string last = db.text("SELECT name FROM migration ORDER BY version DESC LIMIT 1");
  if (!last.ends_with(test::kSqliteLast)) return "the last migration is " + last;
  return db.run(test::kSqliteUndo) ? std::string() : db.error();
}

std::string undo_in_postgresql(Scene& scene) {
  test::PostgresCluster& cluster = *scene.stage.cluster();
  const std::string at = scene.stage.local_connection();
  const std::string last =
      cluster.sql(at, "SELECT name FROM concord.migration ORDER BY version DESC LIMIT 1");
  if (!last.ends_with(test::kPostgresqlLast)) return "the last migration is " + last;
  for (int i = 0; i < kTries; ++i) {
    if (cluster.try_sql(at, test::kPostgresqlUndo)) return {};
    std::this_thread::sleep_for(50ms);
  }
  return "its tables are never free";
}

/// One gateway ends, the last migration is undone, the gateway starts: it finds the previous
/// schema, with messages under way, and brings it up to date while the others write.
void upgrade(Scene& scene) {
  const std::size_t which = scene.any_gateway();
  scene.meet();
  scene.stage.gateway(which).signal(SIGTERM);
  if (scene.stage.gateway(which).wait(60s) != 0) {
    scene.trouble("the gateway did not end with 0 on SIGTERM");
  }
  const std::string failed =
      scene.stage.cluster() == nullptr ? undo_in_sqlite(scene) : undo_in_postgresql(scene);
  if (!failed.empty()) scene.trouble("the last migration cannot be undone: " + failed);
  scene.note("upgrade",
             "gateway=" + std::to_string(which) + " undone=" +
                 (scene.stage.cluster() == nullptr ? test::kSqliteLast : test::kPostgresqlLast));
  scene.start_again(which);
}

}  // namespace

void add_upgrade_faults(std::vector<FaultKind>& to) {
  to.push_back({"upgrade", "a store of the previous schema is brought up to date under load",
                always, upgrade});
}

}  // namespace concord::campaign
