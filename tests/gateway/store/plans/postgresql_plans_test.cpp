// On PostgreSQL the usual searches are answered from indexes alone, and sort few rows. Seen from
// outside, by the plans the server logs of each statement it ran (auto_explain). Tables this small
// would be scanned because that is cheap, were the store's connections not set to go by an index
// wherever one leads to what is asked for. Sorts are told apart by enable_sort.
#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

#include "gateway/store/postgresql/postgresql_store.h"
#include "tests/gateway/store/plans/loaded.h"
#include "tests/load/searches.h"
#include "tests/support/files.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

constexpr long kFew = 2000;  ///< rows a statement may sort: what the store calls a short list

/// The store and what is in it, made once.
struct Stage {
  Stage() {
    database = PostgresCluster::shared()->make_database();
    for (const char* setting :
         {"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
          "auto_explain.log_analyze = on", "auto_explain.log_timing = off"}) {
      set(setting);
    }
    loaded = std::make_unique<Loaded>(open());
    PostgresCluster::shared()->sql(database, "ANALYZE");
    set("enable_sort = off");
    unsorted = std::make_unique<Loaded>(open(), false);
  }

  /// For connections made from now on.
  void set(const std::string& setting) const {
    const std::string name = database.substr(database.rfind('=') + 1);
    PostgresCluster::shared()->sql(database, "ALTER DATABASE " + name + " SET " + setting);
  }
  std::unique_ptr<store::Store> open() const {
    store::postgresql::Options options;
    options.connection = database;
    auto opened = store::postgresql::open(options, system_clock());
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

  std::string database;
  std::unique_ptr<Loaded> loaded;
  std::unique_ptr<Loaded> unsorted;  ///< the same, with enable_sort off
};

class PostgresqlPlans : public testing::Test {
 protected:
  void SetUp() override {
    if (PostgresCluster::shared() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    static Stage all;
    stage_ = &all;
  }

  /// The lines the server logged while `work` was done.
  template <typename Work>
  static std::vector<std::string> logged(Work&& work) {
    const std::filesystem::path log = PostgresCluster::shared()->folder() / "server.log";
    const std::size_t before = read_file(log).size();
    work();
    std::istringstream more(read_file(log).substr(before));
    std::vector<std::string> lines;
    for (std::string line; std::getline(more, line);) lines.push_back(line);
    return lines;
  }

  static std::vector<std::string> plans_of(Loaded& loaded, const std::string& search,
                                           std::size_t& found) {
    return logged([&] { found = loaded.ask(search); });
  }

  Stage* stage_ = nullptr;
};

bool is_node(const std::string& line) { return line.find("(cost=") != std::string::npos; }
bool is_one_of(const std::string& line, const char* what) {
  return is_node(line) && line.find(what) != std::string::npos;
}

/// "(actual rows=20 loops=3)": all rows of a node.
long rows_of(const std::string& line) {
  const auto number = [&line](const char* name) {
    const std::size_t at = line.find(name, std::min(line.find("(actual"), line.size()));
    return at == std::string::npos
               ? 0
               : std::strtol(line.c_str() + at + std::string_view(name).size(), nullptr, 10);
  };
  return number("rows=") * std::max(number("loops="), 1L);
}

/// Nodes of the plans that walk a whole table or a whole index, or take what they find out of
/// order.
std::vector<std::string> scans_in(const std::vector<std::string>& lines) {
  std::vector<std::string> scans;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_one_of(lines[i], "Seq Scan on") || is_one_of(lines[i], "Bitmap") ||
        is_one_of(lines[i], "Gather")) {
      scans.push_back(lines[i]);
    }
    if (!is_one_of(lines[i], "Index Scan") && !is_one_of(lines[i], "Index Only Scan")) continue;
    bool bounded = false;
    for (std::size_t j = i + 1; j < lines.size() && !is_node(lines[j]) && !bounded; ++j) {
      bounded = lines[j].find("Index Cond:") != std::string::npos;
    }
    if (!bounded) scans.push_back(lines[i]);
  }
  return scans;
}

/// The most rows that went into one sort.
long most_sorted(const std::vector<std::string>& lines) {
  long most = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_one_of(lines[i], "Sort  (")) continue;
    std::size_t below = i + 1;
    while (below < lines.size() && !is_node(lines[below])) ++below;
    if (below < lines.size()) most = std::max(most, rows_of(lines[below]));
  }
  return most;
}

std::size_t plans_in(const std::vector<std::string>& lines) {
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(),
      [](const std::string& line) { return line.find("Query Text:") != std::string::npos; }));
}

TEST_F(PostgresqlPlans, OfTheUsualSearchesScanNothingAndSortFew) {
  ASSERT_EQ(load::usual_searches().size(), 10u);
  for (const load::Search& search : load::usual_searches()) {
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
      const std::string query = search.target(turn, kPatients);
      std::size_t found = 0;
      const auto lines = plans_of(*stage_->loaded, query, found);
      EXPECT_GE(plans_in(lines), 1u) << query;
      EXPECT_THAT(scans_in(lines), testing::IsEmpty()) << query;
      EXPECT_LE(most_sorted(lines), kFew) << query;
    }
  }
}

TEST_F(PostgresqlPlans, OfAnOrderOverManyReadThePageOffAnIndex) {
  for (const char* query : {kManyByValue, kManyByChange}) {
    std::size_t found = 0;
    const auto lines = plans_of(*stage_->unsorted, query, found);
    EXPECT_EQ(found, 20u) << query;
    EXPECT_THAT(scans_in(lines), testing::IsEmpty()) << query;
    EXPECT_LE(most_sorted(lines), kFew) << query;
  }
}

/// The conditions of each walk along an index.
std::vector<std::string> conditions_on(const std::vector<std::string>& lines, const char* index) {
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (is_one_of(lines[i], index)) conditions.push_back(lines[i + 1]);
  }
  return conditions;
}

TEST_F(PostgresqlPlans, OfADayReadNothingBehindIt) {
  std::size_t found = 0;
  const auto lines = plans_of(*stage_->loaded, kBeforeAll, found);
  EXPECT_EQ(found, 0u);
  const auto conditions = conditions_on(lines, "index_period_value");
  ASSERT_THAT(conditions, testing::Not(testing::IsEmpty()));
  EXPECT_THAT(conditions, testing::Each(testing::AllOf(testing::HasSubstr("(low >= "),
                                                       testing::ContainsRegex("\\(low <=? "))));
}

TEST_F(PostgresqlPlans, LookUpAValueOfAPlaceAmongTheEntriesOfTheValue) {
  std::size_t found = 0;
  const auto lines = plans_of(*stage_->loaded, kManyByChange, found);
  EXPECT_THAT(conditions_on(lines, "Index Only Scan using index_token_value"),
              testing::Contains(
                  testing::AllOf(testing::HasSubstr("(code = "), testing::HasSubstr("(place = "))));
  EXPECT_THAT(conditions_on(lines, "index_token_place"), testing::IsEmpty());
}

TEST_F(PostgresqlPlans, OfTwoLongListsIntersectThem) {
  std::size_t found = 0;
  const auto lines = plans_of(*stage_->loaded, kManyByValue, found);
  EXPECT_EQ(found, 20u);
  EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("HashSetOp Intersect")));
}

TEST_F(PostgresqlPlans, ThatScanOrSortAreSeenByThisTest) {
  const auto lines = logged([&] {
    PostgresCluster::shared()->sql(
        stage_->database,
        "SELECT id FROM concord.resource WHERE id <> 'x' ORDER BY id || 'y' DESC");
  });
  EXPECT_THAT(scans_in(lines), testing::Not(testing::IsEmpty()));
  EXPECT_GT(most_sorted(lines), kFew);
}

}  // namespace
}  // namespace concord::test
