// What a search finds, on every kind of store: judged by the same conditions evaluated in memory.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <set>

#include "tests/gateway/store/stores.h"
#include "tests/gateway/store/world.h"
#include "tests/support/memory_order.h"

namespace concord::test {
namespace {

using store::ResourcePage;
using store::ResourceRow;
using store::ResourceSearch;

/// A store and the same resources in memory.
class Search : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  void write(const store::ResourceWrite& write) {
    ASSERT_EQ(store_->resources().write(only(write))->end, store::ResourcesWritten::End::done);
    ASSERT_EQ(memory_.write(only(write))->end, store::ResourcesWritten::End::done);
  }

  /// Creates, updates and deletes.
  void fill(World& world, int changes) {
    store::ResourceChanges together;
    const auto flush = [&] {
      ASSERT_EQ(store_->resources().write(together)->end, store::ResourcesWritten::End::done);
      ASSERT_EQ(memory_.write(together)->end, store::ResourcesWritten::End::done);
      together = {};
    };
    std::set<std::string> waiting;
    for (int n = 0; n < changes; ++n) {
      const std::size_t type = world.upto(world.types().size());
      const std::string& name = world.types()[type];
      const std::string id = world.id();
      if (!waiting.insert(name + id).second) continue;
      const auto before = *memory_.read(name, id);
      const bool gone = before && before->change == store::Change::deleted;
      const bool remove = before && !gone && world.chance(15);
      store::ResourceWrite write = changed(name, id, before ? before->version : 0,
                                           remove   ? store::Change::deleted
                                           : before ? store::Change::updated
                                                    : store::Change::created,
                                           n);
      if (!remove) write.index = world.values(type);
      together.writes.push_back(std::move(write));
      if (together.writes.size() == 8) {
        flush();
        waiting.clear();
      }
    }
    if (!together.writes.empty()) flush();
  }

  /// All rows, page by page.
  static std::vector<ResourceRow> all_pages(store::Resources& resources, ResourceSearch search,
                                            std::vector<ResourcePage>* pages = nullptr) {
    std::vector<ResourceRow> rows;
    for (int n = 0; n < 500; ++n) {
      const auto page = resources.search(search);
      EXPECT_THAT(page, IsOk());
      if (!page) return rows;
      EXPECT_LE(page->rows.size(), search.limit);
      rows.insert(rows.end(), page->rows.begin(), page->rows.end());
      if (pages != nullptr) pages->push_back(*page);
      if (page->next.empty()) return rows;
      EXPECT_EQ(page->rows.size(), search.limit) << "a page that is not the last one is full";
      search.cursor = page->next;
    }
    ADD_FAILURE() << "the pages never end";
    return rows;
  }

  void expect_sorted(const std::vector<ResourceRow>& rows, const std::vector<search::SortKey>& sort,
                     const search::Condition& where = {}) {
    std::vector<OrderedRow> ordered;
    for (const ResourceRow& row : rows) {
      ordered.push_back({0, 0,
                         order_values(
                             row, memory_.index_of(row.type, row.id), sort,
                             [this](std::int64_t hash) { return memory_.name_of(hash); }, where)});
    }
    for (std::size_t i = 1; i < ordered.size(); ++i) {
      EXPECT_FALSE(comes_before(ordered[i], ordered[i - 1], sort)) << "at " << i;
    }
  }

  /// From the last page, which is read from the end, back to the first: the same rows.
  static void expect_from_the_end(store::Resources& resources, ResourceSearch search,
                                  const std::vector<ResourceRow>& expected) {
    std::vector<ResourceRow> rows;
    search.backwards = true;
    search.cursor.clear();
    for (int n = 0; n < 500; ++n) {
      const auto page = resources.search(search);
      ASSERT_THAT(page, IsOk());
      EXPECT_EQ(page->next.empty(), n == 0) << "nothing stands behind the last page";
      rows.insert(rows.begin(), page->rows.begin(), page->rows.end());
      if (page->previous.empty()) break;
      EXPECT_EQ(page->rows.size(), search.limit);
      search.cursor = page->previous;
    }
    EXPECT_EQ(ids(rows), ids(expected));
  }

  static std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  }

  std::unique_ptr<store::Store> store_;
  MemoryResources memory_;
};

TEST_P(Search, FindsWhatTheConditionsMeanInEveryOrderAndOnPagesOfEverySize) {
  World world(20261122);
  fill(world, 500);
  std::size_t found = 0;
  for (int n = 0; n < 1000 && !HasFailure(); ++n) {
    const std::size_t type = world.upto(2);
    ResourceSearch search = one_part(world.types()[type], world.condition(type));
    search.parts[0].sort = world.sort(type);
    search.limit = 1 + world.upto(30);
    search.count = true;
    SCOPED_TRACE(std::to_string(n) + " " + to_text(search.parts[0].where));

    ResourceSearch whole = search;
    whole.limit = 1000;
    const auto expected = memory_.search(whole);
    const std::vector<ResourceRow> rows = all_pages(store_->resources(), search);

    EXPECT_EQ(sorted(ids(rows)), sorted(ids(expected->rows)));
    EXPECT_EQ(store_->resources().search(search)->total, expected->total);
    expect_sorted(rows, search.parts[0].sort);
    if (search.parts[0].sort.empty()) {
      EXPECT_EQ(ids(rows), ids(expected->rows)) << "latest change first";
    }
    found += rows.size();
  }
  EXPECT_GT(found, 3000u) << "the questions must not all be about nothing";
}

TEST_P(Search, OfSeveralTypesFindsTheSame) {
  World world(7);
  fill(world, 300);
  for (int n = 0; n < 200 && !HasFailure(); ++n) {
    ResourceSearch search;
    const bool bare = world.chance(30);
    const search::Condition when =
        world.chance(50) ? search::Condition{search::All{}}
                         : search::Condition{search::UpdatedIs{search::Comparison::ge,
                                                               at(100).time_since_epoch().count(),
                                                               at(101).time_since_epoch().count()}};
    std::vector<search::SortKey> sort;
    if (world.chance(50)) {
      sort.push_back({world.chance(50) ? search::SortKey::By::id : search::SortKey::By::updated,
                      search::IndexKind::text,
                      {},
                      world.chance(50)});
    }
    for (std::size_t type = 0; type < 2; ++type) {
      search.parts.push_back({world.types()[type], bare ? when : world.condition(type), sort});
    }
    search.limit = 1 + world.upto(20);
    search.count = true;
    SCOPED_TRACE(std::to_string(n) + " " + to_text(search.parts[0].where));
    ResourceSearch whole = search;
    whole.limit = 1000;
    const auto expected = memory_.search(whole);
    const std::vector<ResourceRow> rows = all_pages(store_->resources(), search);
    const auto names = [](const std::vector<ResourceRow>& of) {
      std::vector<std::string> all;
      for (const ResourceRow& row : of) all.push_back(row.type + "/" + row.id);
      return sorted(all);
    };
    EXPECT_EQ(names(rows), names(expected->rows));
    EXPECT_EQ(store_->resources().search(search)->total, expected->total);
    expect_sorted(rows, sort);
  }
}

TEST_P(Search, GoesBackwardsThroughThePagesItCameBy) {
  World world(99);
  fill(world, 400);
  for (int n = 0; n < 150 && !HasFailure(); ++n) {
    const std::size_t type = world.upto(2);
    ResourceSearch search = one_part(world.types()[type], world.condition(type, 2));
    search.parts[0].sort = world.sort(type);
    search.limit = 1 + world.upto(9);
    SCOPED_TRACE(std::to_string(n) + " " + to_text(search.parts[0].where));
    std::vector<ResourcePage> pages;
    const auto rows = all_pages(store_->resources(), search, &pages);
    expect_from_the_end(store_->resources(), search, rows);
    EXPECT_EQ(pages.front().previous, "");
    for (std::size_t at = pages.size() - 1; at > 0; --at) {
      if (pages[at].rows.empty()) continue;
      ASSERT_NE(pages[at].previous, "") << at;
      search.backwards = true;
      search.cursor = pages[at].previous;
      const auto back = store_->resources().search(search);
      ASSERT_THAT(back, IsOk());
      EXPECT_EQ(ids(back->rows), ids(pages[at - 1].rows)) << at;
      EXPECT_EQ(back->previous.empty(), at == 1) << at;
      ASSERT_NE(back->next, "");
      search.backwards = false;
      search.cursor = back->next;
      EXPECT_EQ(ids(store_->resources().search(search)->rows), ids(pages[at].rows)) << at;
    }
  }
}

// ---- many: lists too long to be sorted are walked ----

TEST_P(Search, OfManyWalksTheIndexAndGivesTheSamePages) {
  constexpr int kMany = 2600;
  store::ResourceChanges changes;
  for (int n = 0; n < kMany; ++n) {
    store::ResourceWrite write = created("Observation", "o" + std::to_string(n), n);
    write.body = "{}";
    write.index.tokens = {{201, 1, 0}, {201, n % 3 == 0 ? 2 : 3, 0}, {202, n % 1000, 0}};
    if (n % 5 != 0) {
      write.index.periods = {
          {204, 1'000'000LL * (n * 7919 % 997), 1'000'000LL * (n * 7919 % 997) + 1}};
      if (n % 4 == 0) write.index.periods.push_back({204, 5'000'000'000, 5'000'000'001});
    }
    if (n % 2 == 0) write.index.texts = {{203, "name" + std::to_string(n % 50), "Name"}};
    changes.writes.push_back(std::move(write));
  }
  ASSERT_EQ(memory_.write(changes)->end, store::ResourcesWritten::End::done);
  ASSERT_EQ(store_->resources().write(std::move(changes))->end, store::ResourcesWritten::End::done);
  using search::Condition;
  const Condition everything{search::All{}};
  const Condition common{search::TokenIs{201, 1, std::nullopt}};
  const Condition third{search::All{{common, Condition{search::TokenIs{201, 2, std::nullopt}}}}};
  const Condition rare{search::All{{common, Condition{search::TokenIs{202, 7, 0}}}}};
  const Condition either{search::Any{{Condition{search::TokenIs{201, 2, std::nullopt}},
                                      Condition{search::TokenIs{201, 3, std::nullopt}}}}};
  const Condition since{search::PeriodIs{204, search::Comparison::ge, 1'000'000, 1'000'001}};
  const std::vector<std::vector<search::SortKey>> orders{
      {},
      {{search::SortKey::By::updated, search::IndexKind::text, {}, false}},
      {{search::SortKey::By::value, search::IndexKind::period, {204}, false}},
      {{search::SortKey::By::value, search::IndexKind::period, {204}, true}},
      {{search::SortKey::By::value, search::IndexKind::text, {203}, true}},
      {{search::SortKey::By::value, search::IndexKind::text, {203}, false},
       {search::SortKey::By::id, search::IndexKind::text, {}, false}},
  };
  for (const Condition& where : {everything, third, rare, either, since}) {
    for (const auto& sort : orders) {
      ResourceSearch search = one_part("Observation", where);
      search.parts[0].sort = sort;
      search.limit = 531;
      SCOPED_TRACE(to_text(where));
      ResourceSearch whole = search;
      whole.limit = 10'000;
      const auto expected = memory_.search(whole);
      std::vector<ResourcePage> pages;
      const auto rows = all_pages(store_->resources(), search, &pages);
      EXPECT_EQ(sorted(ids(rows)), sorted(ids(expected->rows)));
      expect_sorted(rows, sort);
      expect_from_the_end(store_->resources(), search, rows);
      for (std::size_t at = pages.size() - 1; at > 0; --at) {
        search.backwards = true;
        search.cursor = pages[at].previous;
        EXPECT_EQ(ids(store_->resources().search(search)->rows), ids(pages[at - 1].rows)) << at;
      }
    }
  }
}

TEST_P(Search, ByDistanceWalksABandOfTheIndexAndMeasuresEachOfIt) {
  // A grid over England: every hundredth of a degree on the sphere, as fhir/search would store it.
  const auto point = [](double latitude, double longitude) {
    const double north = latitude * std::numbers::pi / 180,
                 east = longitude * std::numbers::pi / 180;
    return std::array<double, 3>{std::cos(north) * std::cos(east), std::cos(north) * std::sin(east),
                                 std::sin(north)};
  };
  store::ResourceChanges changes;
  int n = 0;
  for (int latitude = 5100; latitude < 5160; ++latitude) {
    for (int longitude = -30; longitude < 30; ++longitude) {
      store::ResourceWrite write = created("Observation", "l" + std::to_string(n), n);
      ++n;
      const auto [x, y, z] = point(latitude / 100.0, longitude / 100.0);
      write.index.numbers = {
          {208, x, x, 0, 0, 0, 0}, {209, y, y, 0, 0, 0, 0}, {210, z, z, 0, 0, 0, 0}};
      changes.writes.push_back(std::move(write));
    }
  }
  ASSERT_EQ(memory_.write(changes)->end, store::ResourcesWritten::End::done);
  ASSERT_EQ(store_->resources().write(std::move(changes))->end, store::ResourcesWritten::End::done);
  const auto [x, y, z] = point(51.3, 0.0);
  std::size_t before = 0;
  for (const double kilometres : {0.0, 0.9, 1.2, 5.0, 20.0, 200.0}) {
    const double line = 2 * std::sin(kilometres / 6371.0088 / 2) + 1e-15;
    search::NearIs near{208, 209, 210, x, y, z, line * line};
    near.z_low = z - line;
    near.z_high = z + line;
    for (const bool negated : {false, true}) {
      ResourceSearch search = one_part(
          "Observation", negated ? search::Condition{search::Not{{search::Condition{near}}}}
                                 : search::Condition{near});
      search.limit = 1000;
      const auto rows = all_pages(store_->resources(), search);
      EXPECT_EQ(ids(rows), ids(all_pages(memory_, search))) << kilometres;
      if (negated) continue;
      EXPECT_GT(rows.size(), before) << kilometres;
      before = rows.size();
      search::SortKey nearest{
          search::SortKey::By::value, search::IndexKind::number, {208, 209, 210}};
      for (const bool descending : {false, true}) {
        nearest.descending = descending;
        search.parts[0].sort = {nearest};
        search.limit = 700;
        const auto sorted = all_pages(store_->resources(), search);
        EXPECT_EQ(sorted.size(), rows.size()) << kilometres;
        expect_sorted(sorted, search.parts[0].sort, search.parts[0].where);
        expect_from_the_end(store_->resources(), search, sorted);
      }
      if (kilometres == 0.9) {
        EXPECT_EQ(rows.size(), 3u) << "0.69 km to the east and west, 1.11 north";
      }
    }
  }
  EXPECT_EQ(before, 3600u);
}

// ---- pages and what happens meanwhile ----

class Paging : public Search {};

TEST_P(Paging, ALaterPageHoldsNothingCreatedAfterTheFirstOne) {
  for (int n = 0; n < 10; ++n) {
    store::ResourceWrite one = created("Patient", "p" + std::to_string(n), n);
    one.index.texts = {{103, "name" + std::to_string(n), ""}};
    write(one);
  }
  const std::vector<std::vector<search::SortKey>> orders{
      {},
      {{search::SortKey::By::updated, search::IndexKind::text, {}, false}},
      {{search::SortKey::By::id, search::IndexKind::text, {}, false}},
      {{search::SortKey::By::value, search::IndexKind::text, {103}, false}},
      {{search::SortKey::By::value, search::IndexKind::text, {103}, true}},
  };
  int n = 0;
  for (const auto& sort : orders) {
    ResourceSearch search = one_part("Patient", {search::All{}});
    search.parts[0].sort = sort;
    search.limit = 4;
    auto page = store_->resources().search(search);
    ASSERT_THAT(page, IsOk());
    std::vector<std::string> names = ids(page->rows);
    const std::string late = "late" + std::to_string(n);
    store::ResourceWrite one = created("Patient", late, 100 + n++);
    one.index.texts = {{103, "name5", ""}};
    write(one);
    const std::size_t there = 9 + static_cast<std::size_t>(n);
    while (!page->next.empty()) {
      search.cursor = page->next;
      page = store_->resources().search(search);
      ASSERT_THAT(page, IsOk());
      for (const ResourceRow& row : page->rows) names.push_back(row.id);
    }
    EXPECT_THAT(names, testing::Not(testing::Contains(late)));
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), there);
    EXPECT_EQ(names.size(), there);
  }
}

TEST_P(Paging, ADeletedEdgeDoesNotMatter) {
  for (int n = 0; n < 9; ++n) write(created("Patient", "p" + std::to_string(n), n));
  ResourceSearch search = one_part("Patient", {search::All{}});
  search.limit = 3;
  const auto first = store_->resources().search(search);
  write(changed("Patient", "p6", 1, store::Change::deleted, 100));
  search.cursor = first->next;
  EXPECT_THAT(ids(store_->resources().search(search)->rows),
              testing::ElementsAre("p5", "p4", "p3"));
}

TEST_P(Paging, CursorsOfAnotherSearchAnotherIndexOrTooOldAreGone) {
  for (int n = 0; n < 9; ++n) write(created("Patient", "p" + std::to_string(n), n));
  ResourceSearch search = one_part("Patient", {search::All{}});
  search.limit = 3;
  search.cursor = store_->resources().search(search)->next;
  EXPECT_THAT(store_->resources().search(search), IsOk());
  ResourceSearch other = search;
  other.parts[0].where = token(7);
  EXPECT_THAT(store_->resources().search(other), FailsWith(ErrorCode::gone));
  clock_.advance(std::chrono::minutes(59));
  EXPECT_THAT(store_->resources().search(search), IsOk());
  ASSERT_THAT(store_->resources().set_index_version(9), IsOk());
  EXPECT_THAT(store_->resources().search(search), FailsWith(ErrorCode::gone));
  ASSERT_THAT(store_->resources().set_index_version(0), IsOk());
  EXPECT_THAT(store_->resources().search(search), IsOk());
  clock_.advance(std::chrono::minutes(2));
  EXPECT_THAT(store_->resources().search(search), FailsWith(ErrorCode::gone));
}

TEST_P(Paging, WhatIsNoCursorIsInvalidWhateverItHolds) {
  for (int n = 0; n < 9; ++n) write(created("Patient", "p" + std::to_string(n), n));
  ResourceSearch search = one_part("Patient", {search::All{}});
  search.limit = 3;
  const std::string good = store_->resources().search(search)->next;
  for (const std::string& bad :
       {std::string("x"), std::string("1.2"), good.substr(0, good.size() / 2), good + "AAAA",
        std::string(100'000, 'A'), std::string("'; DROP TABLE resource; --"), std::string("%00")}) {
    search.cursor = bad;
    EXPECT_THAT(store_->resources().search(search), FailsWith(ErrorCode::invalid)) << bad.size();
    store::HistorySearch history;
    history.cursor = bad;
    EXPECT_THAT(store_->resources().history(history), FailsWith(ErrorCode::invalid)) << bad.size();
  }
  // Of another order: its values do not fit, or it is another search.
  search.cursor = good;
  search.parts[0].sort = {{search::SortKey::By::id, search::IndexKind::text, {}, false}};
  EXPECT_FALSE(store_->resources().search(search).has_value());
  // Every byte changed: refused, or a page; never anything else.
  search.parts[0].sort.clear();
  for (std::size_t i = 0; i < good.size(); ++i) {
    search.cursor = good;
    search.cursor[i] = search.cursor[i] == 'A' ? 'B' : 'A';
    const auto page = store_->resources().search(search);
    if (!page) {
      EXPECT_TRUE(page.error().code == ErrorCode::invalid || page.error().code == ErrorCode::gone);
    }
  }
}

TEST_P(Paging, ALimitOfNothingCountsOnly) {
  for (int n = 0; n < 9; ++n) write(created("Patient", "p" + std::to_string(n), n));
  ResourceSearch search = one_part("Patient", {search::All{}});
  search.limit = 0;
  search.count = true;
  const auto page = store_->resources().search(search);
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->total, 9);
  EXPECT_TRUE(page->rows.empty());
  EXPECT_EQ(page->next, "");
}

TEST_P(Search, NestedAsDeepAsItMayIsAnsweredAndOneDeeperIsTooCostly) {
  using search::Condition;
  const std::vector<std::function<Condition(Condition)>> around{
      [](Condition c) { return Condition{search::Not{{std::move(c)}}}; },
      [](Condition c) {
        return Condition{search::All{{std::move(c), token(1)}}};
      },
      [](Condition c) {
        return Condition{search::Any{{std::move(c), token(1)}}};
      },
      [](Condition c) {
        return Condition{search::Chain{{206}, {"Observation"}, {std::move(c)}}};
      },
      [](Condition c) {
        return Condition{search::Reverse{"Observation", {206}, {std::move(c)}}};
      },
  };
  for (std::size_t first = 0; first < around.size(); ++first) {
    for (std::size_t second = 0; second < around.size(); ++second) {
      if (first == 1 && second == 1) continue;  // conditions side by side, however they are nested
      Condition deep = token(1);
      bool refused = false;
      for (int depth = 0; depth < 24 && !refused; ++depth) {
        deep = around[depth % 2 == 0 ? first : second](std::move(deep));
        const auto page = store_->resources().search(one_part("Observation", deep));
        refused = !page.has_value();
        if (refused) {
          EXPECT_EQ(page.error().code, ErrorCode::too_costly) << first << second << " at " << depth;
          EXPECT_GE(depth, 3) << first << second;
        }
      }
      EXPECT_TRUE(refused) << first << second;
    }
  }
}

TEST_P(Search, NestedTooDeeplyOrWithTooManyValuesIsTooCostly) {
  search::Condition deep = token(1);
  for (int i = 0; i < 40; ++i) deep = {search::Not{{deep}}};
  EXPECT_THAT(store_->resources().search(one_part("Patient", deep)),
              FailsWith(ErrorCode::too_costly));
  search::All wide;
  for (int i = 0; i < 20'000; ++i) wide.of.push_back({search::Not{{token(i)}}});
  EXPECT_THAT(store_->resources().search(one_part("Patient", {wide})),
              FailsWith(ErrorCode::too_costly));
  search::Any codes;  // a value set of :in
  for (int i = 0; i < 1000; ++i) codes.of.push_back(token(i));
  EXPECT_THAT(store_->resources().search(one_part("Patient", {codes})), IsOk());
  EXPECT_THAT(store_->resources().search(one_part("Patient", {search::Not{{{codes}}}})), IsOk());
}

TEST_P(Search, ThatTakesTooLongStopsAndTheStoreGoesOn) {
  store::ResourceChanges changes;
  for (int n = 0; n < 3000; ++n) {
    store::ResourceWrite one = created("Observation", "o" + std::to_string(n), n);
    one.body = "{}";
    for (int i = 0; i < 3; ++i) {
      one.index.links.push_back(
          {206, search::resource_hash("Observation", "o" + std::to_string((n * 31 + i) % 3000)),
           1});
    }
    changes.writes.push_back(std::move(one));
  }
  ASSERT_THAT(store_->resources().write(std::move(changes)), IsOk());
  search::Condition far = {search::TextIs{203, search::TextIs::Match::contains, "never", {}}};
  for (int i = 0; i < 5; ++i) far = {search::Chain{{206}, {"Observation"}, {far}}};
  ResourceSearch search = one_part("Observation", far);
  search.deadline = clock_.now() + std::chrono::milliseconds(200);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(store_->resources().search(search), FailsWith(ErrorCode::too_costly));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  search = one_part("Observation", {search::IdIs{{"o7"}}});
  EXPECT_EQ(store_->resources().search(search)->rows.size(), 1u);
}

CONCORD_ON_EVERY_STORE(Search);
CONCORD_ON_EVERY_STORE(Paging);

}  // namespace
}  // namespace concord::test
