// The double itself: what every store must do, in its smallest form.

#include <gmock/gmock.h>

#include "fhir/search/match.h"
#include "tests/support/memory_resources.h"
#include "tests/support/result_matchers.h"

namespace concord {
namespace {

using search::compares;
using search::Comparison;
using search::Condition;
using test::MemoryResources;
using ::testing::ElementsAre;

constexpr search::IndexKey kFamily = 1;
constexpr search::IndexKey kSubject = 2;

store::ResourceWrite patient(const std::string& id, const std::string& family,
                             std::int64_t expected = 0) {
  store::ResourceWrite write;
  write.type = "Patient";
  write.id = id;
  write.expected_version = expected;
  write.updated_at = Instant(std::chrono::milliseconds(1000 + expected));
  write.body = "{}";
  write.index.texts.push_back({kFamily, family, {}});
  return write;
}

store::ResourceWrite observation(const std::string& id, const std::string& subject) {
  store::ResourceWrite write;
  write.type = "Observation";
  write.id = id;
  write.updated_at = Instant(std::chrono::milliseconds(2000));
  write.body = "{}";
  write.index.links.push_back(
      {kSubject, search::resource_hash("Patient", subject), search::type_number("Patient")});
  return write;
}

store::ResourceChanges just(std::vector<store::ResourceWrite> writes) {
  store::ResourceChanges changes;
  changes.writes = std::move(writes);
  return changes;
}

Condition family(std::string value) {
  return {search::TextIs{kFamily, search::TextIs::Match::starts, std::move(value)}};
}

store::ResourceSearch over(std::string type, Condition where) {
  store::ResourceSearch search;
  search.parts.push_back({std::move(type), std::move(where), {}});
  return search;
}

std::vector<std::string> ids(const std::vector<store::ResourceRow>& rows) {
  std::vector<std::string> found;
  for (const auto& row : rows) found.push_back(row.id);
  return found;
}

TEST(MemoryResources, AWriteThatExpectsAnotherVersionStoresNothing) {
  MemoryResources store;
  ASSERT_THAT(store.write(just({patient("a", "smith")})), IsOk());
  const auto written = store.write(just({patient("b", "jones"), patient("a", "smith")}));
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(written->end, store::ResourcesWritten::End::version_conflict);
  EXPECT_EQ(written->at, 1u);
  EXPECT_FALSE((*store.read("Patient", "b")).has_value());
}

TEST(MemoryResources, AGuardThatFindsAnotherResourceNowStoresNothing) {
  MemoryResources store;
  ASSERT_THAT(store.write(just({patient("a", "smith")})), IsOk());
  store::ResourceChanges changes = just({patient("b", "smith")});
  changes.guards.push_back({"Patient", family("smi"), {}});
  EXPECT_EQ(store.write(changes)->end, store::ResourcesWritten::End::guard_conflict);
  changes.guards.front().ids = {"a"};
  EXPECT_EQ(store.write(changes)->end, store::ResourcesWritten::End::done);
}

TEST(MemoryResources, ChainAndReverseFollowLinksOfStoredResourcesOnly) {
  MemoryResources store;
  ASSERT_THAT(store.write(just({patient("a", "smith"), patient("b", "jones"), observation("1", "a"),
                                observation("2", "b"), observation("3", "nobody")})),
              IsOk());
  const Condition chain{search::Chain{{kSubject}, {"Patient"}, {family("smith")}}};
  EXPECT_THAT(ids(store.search(over("Observation", chain))->rows), ElementsAre("1"));
  const Condition reverse{
      search::Reverse{"Observation", {kSubject}, {Condition{search::IdIs{{"2"}}}}}};
  EXPECT_THAT(ids(store.search(over("Patient", reverse))->rows), ElementsAre("b"));
}

TEST(MemoryResources, PagesHoldNothingMadeLaterAndLeadBack) {
  MemoryResources store;
  ASSERT_THAT(store.write(just({patient("a", "x"), patient("b", "x"), patient("c", "x")})), IsOk());
  store::ResourceSearch search = over("Patient", {search::All{}});
  search.limit = 2;
  const auto first = store.search(search);
  EXPECT_THAT(ids(first->rows), ElementsAre("c", "b"));
  EXPECT_EQ(first->previous, "");
  ASSERT_THAT(store.write(just({patient("d", "x")})), IsOk());
  search.cursor = first->next;
  const auto second = store.search(search);
  EXPECT_THAT(ids(second->rows), ElementsAre("a"));
  EXPECT_EQ(second->next, "");
  search.cursor = second->previous;
  search.backwards = true;
  EXPECT_THAT(ids(store.search(search)->rows), ElementsAre("c", "b"));
}

TEST(MemoryResources, ACursorOfAnotherSearchIsGone) {
  MemoryResources store;
  ASSERT_THAT(store.write(just({patient("a", "x"), patient("b", "x")})), IsOk());
  store::ResourceSearch search = over("Patient", {search::All{}});
  search.limit = 1;
  const std::string cursor = store.search(search)->next;
  store::ResourceSearch other = over("Patient", family("x"));
  other.cursor = cursor;
  EXPECT_THAT(store.search(other), FailsWith(ErrorCode::gone));
  other.cursor = "nonsense";
  EXPECT_THAT(store.search(other), FailsWith(ErrorCode::invalid));
}

TEST(MemoryResources, ResourcesWithoutAValueComeLastInBothDirections) {
  MemoryResources store;
  store::ResourceWrite bare = patient("none", "x");
  bare.index.texts.clear();
  ASSERT_THAT(store.write(just({patient("b", "b"), bare, patient("a", "a")})), IsOk());
  store::ResourceSearch search = over("Patient", {search::All{}});
  search::SortKey key;
  key.by = search::SortKey::By::value;
  key.keys = {kFamily};
  search.parts[0].sort = {key};
  EXPECT_THAT(ids(store.search(search)->rows), ElementsAre("a", "b", "none"));
  search.parts[0].sort[0].descending = true;
  EXPECT_THAT(ids(store.search(search)->rows), ElementsAre("b", "a", "none"));
}

TEST(MemoryResources, ADeletedResourceKeepsItsVersionsAndIsNotFound) {
  MemoryResources store;
  ASSERT_THAT(store.write(just({patient("a", "x")})), IsOk());
  store::ResourceWrite gone = patient("a", "x", 1);
  gone.change = store::Change::deleted;
  gone.body.clear();
  gone.index = {};
  ASSERT_THAT(store.write(just({gone})), IsOk());
  EXPECT_EQ((*store.read("Patient", "a"))->change, store::Change::deleted);
  EXPECT_EQ((*store.read_version("Patient", "a", 1))->body, "{}");
  EXPECT_TRUE(store.search(over("Patient", {search::All{}}))->rows.empty());
  store::HistorySearch history;
  history.type = "Patient";
  EXPECT_EQ(store.history(history)->rows.size(), 2u);
}

TEST(Compares, IntervalsOfTimeTouchWithoutOverlap) {
  const search::Period day{0, 100, 200};
  EXPECT_TRUE(compares(Comparison::eq, day, 100, 200));
  EXPECT_FALSE(compares(Comparison::eq, day, 100, 199));
  EXPECT_TRUE(compares(Comparison::sa, day, 0, 100));
  EXPECT_FALSE(compares(Comparison::sa, day, 0, 101));
  EXPECT_TRUE(compares(Comparison::eb, day, 200, 300));
  EXPECT_FALSE(compares(Comparison::ap, day, 200, 300));
  EXPECT_TRUE(compares(Comparison::ap, day, 199, 300));
  EXPECT_TRUE(compares(Comparison::gt, day, 100, 199));
  EXPECT_TRUE(compares(Comparison::lt, day, 101, 300));
}

TEST(Compares, NumbersTouchAtTheirEnds) {
  const search::Number number{0, 5.395, 5.405, 0, 0};
  EXPECT_TRUE(compares(Comparison::ap, number, 5.405, 6));
  EXPECT_FALSE(compares(Comparison::sa, number, 5, 5.395));
  EXPECT_TRUE(compares(Comparison::sa, number, 5, 5.39));
}

}  // namespace
}  // namespace concord
