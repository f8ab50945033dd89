// Resources and their versions, on every kind of store.
#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/gateway/store/resource_samples.h"
#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::Change;
using store::ResourceChanges;
using store::ResourceRow;
using store::ResourcesWritten;
using store::ResourceWrite;
using End = ResourcesWritten::End;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class StoredResources : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  store::Resources& resources() { return store_->resources(); }

  void expect_end(const Result<ResourcesWritten>& written, End end, std::size_t at = 0) {
    ASSERT_THAT(written, IsOk());
    EXPECT_EQ(written->end, end);
    EXPECT_EQ(written->at, at);
  }
  void put(const ResourceWrite& write) { expect_end(resources().write(only(write)), End::done); }

  std::vector<std::string> ids_of(const Result<store::ResourcePage>& page) {
    EXPECT_THAT(page, IsOk());
    return page ? ids(page->rows) : std::vector<std::string>{};
  }

  std::unique_ptr<store::Store> store_;
};

TEST_P(StoredResources, AreReadBackAsTheyWereWritten) {
  put(created("Patient", "p1", 1));
  const auto row = resources().read("Patient", "p1");
  ASSERT_THAT(row, IsOk());
  ASSERT_TRUE(row->has_value());
  EXPECT_EQ((*row)->type, "Patient");
  EXPECT_EQ((*row)->id, "p1");
  EXPECT_EQ((*row)->version, 1);
  EXPECT_EQ((*row)->change, Change::created);
  EXPECT_EQ((*row)->updated_at, at(1));
  EXPECT_EQ((*row)->body, body_of("Patient", "p1", 1));
  EXPECT_GT((*row)->row, 0);
}

TEST_P(StoredResources, OfEverySizeComeBackAsTheyWere) {
  for (const std::size_t size : {0u, 1u, 255u, 256u, 70'000u, 2'000'000u}) {
    ResourceWrite write = created("Binary", "b" + std::to_string(size), 1);
    write.body.assign(size, 'x');
    put(write);
    EXPECT_EQ((*resources().read("Binary", write.id))->body, write.body);
  }
}

TEST_P(StoredResources, ThatWereNeverThereAreNothing) {
  EXPECT_FALSE(resources().read("Patient", "p1")->has_value());
  EXPECT_FALSE(resources().read_version("Patient", "p1", 1)->has_value());
  put(created("Patient", "p1", 1));
  EXPECT_FALSE(resources().read("Group", "p1")->has_value()) << "the type is part of the name";
  EXPECT_FALSE(resources().read_version("Patient", "p1", 0)->has_value());
  EXPECT_FALSE(resources().read_version("Patient", "p1", 2)->has_value());
  EXPECT_THAT(*resources().read_all({{"Patient", "p0"}, {"Patient", "p1"}, {"Group", "p1"}}),
              testing::SizeIs(1));
}

TEST_P(StoredResources, KeepEveryVersionUnderOneRow) {
  put(created("Patient", "p1", 1));
  put(changed("Patient", "p1", 1, Change::updated, 2));
  put(changed("Patient", "p1", 2, Change::patched, 3));
  put(changed("Patient", "p1", 3, Change::deleted, 4));
  put(changed("Patient", "p1", 4, Change::updated, 5));
  const std::int64_t number = (*resources().read("Patient", "p1"))->row;
  const Change changes[] = {Change::created, Change::updated, Change::patched, Change::deleted,
                            Change::updated};
  for (int version = 1; version <= 5; ++version) {
    const auto row = resources().read_version("Patient", "p1", version);
    ASSERT_THAT(row, IsOk());
    ASSERT_TRUE(row->has_value()) << version;
    EXPECT_EQ((*row)->version, version);
    EXPECT_EQ((*row)->change, changes[version - 1]);
    EXPECT_EQ((*row)->updated_at, at(version));
    EXPECT_EQ((*row)->row, number);
    EXPECT_EQ((*row)->body, version == 4 ? "" : body_of("Patient", "p1", version));
  }
}

TEST_P(StoredResources, AtAnotherVersionAreAConflictAndNothingIsStored) {
  put(created("Patient", "p1", 1));
  ResourceChanges changes;
  changes.writes = {created("Patient", "p2", 2), changed("Patient", "p1", 2, Change::updated, 2)};
  changes.audit.push_back({audit::Event::task_changed, at(2), "", "", "node", "", ""});
  const auto links = number("SELECT count(*) FROM audit");

  expect_end(resources().write(changes), End::version_conflict, 1);

  EXPECT_FALSE(resources().read("Patient", "p2")->has_value());
  EXPECT_EQ((*resources().read("Patient", "p1"))->version, 1);
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links);
  expect_end(resources().write(only(created("Patient", "p1", 3))), End::version_conflict, 0);
  expect_end(resources().write(only(changed("Patient", "p9", 1, Change::updated, 3))),
             End::version_conflict, 0);
}

TEST_P(StoredResources, DeletedAreFoundByNothingAndStillRead) {
  ResourceWrite write = created("Patient", "p1", 1);
  write.index.tokens.push_back({kTokenKey, 7, 0});
  put(write);
  ASSERT_THAT(ids_of(resources().search(one_part("Patient", token(7)))), ElementsAre("p1"));
  put(changed("Patient", "p1", 1, Change::deleted, 2));
  EXPECT_THAT(ids_of(resources().search(one_part("Patient", token(7)))), ElementsAre());
  EXPECT_THAT(ids_of(resources().search(one_part("Patient", {search::All{}}))), ElementsAre());
  EXPECT_EQ((*resources().read("Patient", "p1"))->change, Change::deleted);
  EXPECT_EQ(number("SELECT count(*) FROM index_token"), 0);
}

TEST_P(StoredResources, AreFoundByTheirLatestValuesOnly) {
  ResourceWrite write = created("Patient", "p1", 1);
  write.index.tokens.push_back({kTokenKey, 7, 0});
  put(write);
  ResourceWrite update = changed("Patient", "p1", 1, Change::updated, 2);
  update.index.tokens.push_back({kTokenKey, 8, 0});
  put(update);
  EXPECT_THAT(ids_of(resources().search(one_part("Patient", token(7)))), ElementsAre());
  EXPECT_THAT(ids_of(resources().search(one_part("Patient", token(8)))), ElementsAre("p1"));
}

TEST_P(StoredResources, OfTwoWritersOfOneVersionOneWins) {
  put(created("Patient", "p1", 1));
  std::atomic<int> done = 0;
  std::atomic<int> conflicts = 0;
  std::latch start(8);
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 8; ++i) {
      writers.emplace_back([&, i] {
        start.arrive_and_wait();
        const auto written =
            resources().write(only(changed("Patient", "p1", 1, Change::updated, 2 + i)));
        ASSERT_THAT(written, IsOk());
        ++(written->end == End::done ? done : conflicts);
      });
    }
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(conflicts, 7);
  EXPECT_EQ((*resources().read("Patient", "p1"))->version, 2);
}

TEST_P(StoredResources, OfTwoConditionalCreatesOneFindsWhatTheOtherMade) {
  std::atomic<int> done = 0;
  std::latch start(8);
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 8; ++i) {
      writers.emplace_back([&, i] {
        ResourceChanges changes;
        changes.writes = {created("Patient", "p" + std::to_string(i), 1)};
        changes.writes[0].index.tokens.push_back({kTokenKey, 7, 0});
        changes.guards = {{"Patient", token(7), {}}};
        start.arrive_and_wait();
        const auto written = resources().write(std::move(changes));
        ASSERT_THAT(written, IsOk());
        if (written->end == End::done) {
          ++done;
        } else {
          EXPECT_EQ(written->end, End::guard_conflict);
        }
      });
    }
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(number("SELECT count(*) FROM resource"), 1);
}

TEST_P(StoredResources, GuardsHoldWhileASearchFindsTheSame) {
  for (const char* id : {"p1", "p2", "p3"}) {
    ResourceWrite write = created("Patient", id, 1);
    write.index.tokens.push_back({kTokenKey, id == std::string("p1") ? 1 : 2, 0});
    put(write);
  }
  const auto with = [&](const search::Condition& where, std::vector<std::string> found) {
    static int n = 0;
    ResourceChanges changes;
    changes.writes = {created("Group", "g" + std::to_string(n++), 2)};
    changes.guards = {{"Patient", where, std::move(found)}};
    return resources().write(std::move(changes))->end;
  };
  EXPECT_EQ(with(token(1), {"p1"}), End::done);
  EXPECT_EQ(with(token(1), {}), End::guard_conflict);
  EXPECT_EQ(with(token(1), {"p2"}), End::guard_conflict);
  EXPECT_EQ(with(token(3), {}), End::done);
  EXPECT_EQ(with(token(3), {"p1"}), End::guard_conflict);
  EXPECT_EQ(with(token(2), {"p3", "p2"}), End::done);
  EXPECT_EQ(with(token(2), {"p3"}), End::guard_conflict);
  EXPECT_EQ(with(token(2), {"p3", "p1"}), End::guard_conflict);
}

TEST_P(StoredResources, OfManyWritersAreAllThere) {
  constexpr int kEach = 40;
  {
    std::vector<std::jthread> writers;
    for (int t = 0; t < 6; ++t) {
      writers.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          ResourceWrite write =
              created("Observation", std::to_string(t) + "-" + std::to_string(i), t * kEach + i);
          write.index.tokens.push_back({kTokenKey, 7, 0});
          expect_end(resources().write(only(write)), End::done);
        }
      });
    }
  }
  store::ResourceSearch search = one_part("Observation", token(7));
  search.count = true;
  search.limit = 0;
  EXPECT_EQ(resources().search(search)->total, 6 * kEach);
  const auto counts = resources().resource_counts();
  ASSERT_THAT(counts, IsOk());
  ASSERT_EQ(counts->size(), 1u);
  EXPECT_EQ((*counts)[0].type, "Observation");
  EXPECT_EQ((*counts)[0].current, 6 * kEach);
  expect_whole(*store_);
}

TEST_P(StoredResources, BringNoticesAndAuditWithThem) {
  ResourceChanges changes = only(created("Patient", "p1", 1));
  store::NewExchange notice = sample_exchange("n1");
  notice.door = "notice";
  notice.task = {};
  changes.notices.push_back(notice);
  changes.audit.push_back({audit::Event::task_changed, at(1), "", "", "node", "", "Patient/p1"});

  expect_end(resources().write(changes), End::done);

  const auto items = store_->lease(sample_lease("spine", at(2)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ((*items)[0].exchange, notice.id);
  EXPECT_EQ((*items)[0].task, "");
  EXPECT_FALSE(store_->task("")->has_value());
  auto settlement = sample_settlement((*items)[0], store::ItemState::acked_business, at(3));
  EXPECT_THAT(store_->settle(settlement), IsOk());
  EXPECT_EQ(number("SELECT count(*) FROM resource"), 1);
  expect_whole(*store_);
}

TEST_P(StoredResources, TasksOfExchangesAreAmongThem) {
  store::NewExchange exchange = sample_exchange("a");
  exchange.task.index.tokens.push_back({kTokenKey, 7, 0});
  ASSERT_THAT(store_->commit(exchange), IsOk());
  EXPECT_THAT(ids_of(resources().search(one_part("Task", token(7)))), ElementsAre("task-a"));

  const auto items = store_->lease(sample_lease("spine", at(1)));
  auto settlement = sample_settlement((*items)[0], store::ItemState::acked_business, at(2));
  settlement.task = store::TaskChange{"task-a", 1, "completed", "{\"status\":\"completed\"}"};
  settlement.task->index.tokens.push_back({kTokenKey, 8, 0});
  ASSERT_THAT(store_->settle(settlement), IsOk());

  EXPECT_THAT(ids_of(resources().search(one_part("Task", token(7)))), ElementsAre());
  EXPECT_THAT(ids_of(resources().search(one_part("Task", token(8)))), ElementsAre("task-a"));
  const auto before = resources().read_version("Task", "task-a", 1);
  ASSERT_TRUE(before->has_value());
  EXPECT_EQ((*before)->body, exchange.task.body);
  EXPECT_EQ((*resources().read("Task", "task-a"))->change, Change::updated);
  EXPECT_EQ((*store_->task("task-a"))->status, "completed");
  EXPECT_EQ((*store_->task("task-a"))->exchange, "exchange-a");
  // A Task of a client is a resource like any other, and no exchange's.
  put(created("Task", "theirs", 3));
  EXPECT_FALSE(store_->task("theirs")->has_value());
}

// ---- history ----

TEST_P(StoredResources, HaveAHistoryOfTheirOwnOfTheirTypeAndOfEverything) {
  put(created("Patient", "p1", 1));
  put(created("Patient", "p2", 2));
  put(created("Group", "g1", 3));
  put(changed("Patient", "p1", 1, Change::updated, 4));
  put(changed("Patient", "p2", 1, Change::deleted, 5));
  const auto named = [](const Result<store::ResourcePage>& page) {
    std::vector<std::string> names;
    for (const ResourceRow& row : page->rows) {
      names.push_back(row.id + "/" + std::to_string(row.version));
    }
    return names;
  };
  store::HistorySearch search;
  search.count = true;
  EXPECT_THAT(named(resources().history(search)),
              ElementsAre("p2/2", "p1/2", "g1/1", "p2/1", "p1/1"));
  EXPECT_EQ(resources().history(search)->total, 5);
  search.type = "Patient";
  EXPECT_THAT(named(resources().history(search)), ElementsAre("p2/2", "p1/2", "p2/1", "p1/1"));
  search.ascending = true;
  EXPECT_THAT(named(resources().history(search)), ElementsAre("p1/1", "p2/1", "p1/2", "p2/2"));
  search.since = at(2);
  search.before = at(5);
  EXPECT_THAT(named(resources().history(search)), ElementsAre("p2/1", "p1/2"));
  EXPECT_EQ(resources().history(search)->total, 2);
  search = {};
  search.type = "Patient";
  search.id = "p1";
  EXPECT_THAT(named(resources().history(search)), ElementsAre("p1/2", "p1/1"));
  search.id = "p9";
  EXPECT_THAT(named(resources().history(search)), ElementsAre());
}

TEST_P(StoredResources, HaveAHistoryInPages) {
  put(created("Patient", "p1", 1));
  for (int version = 1; version < 10; ++version) {
    put(changed("Patient", "p1", version, Change::updated, 1 + version));
    put(created("Patient", "other" + std::to_string(version), 1 + version));
  }
  for (const bool of_one : {true, false}) {
    for (const bool ascending : {true, false}) {
      store::HistorySearch search;
      search.type = "Patient";
      if (of_one) search.id = "p1";
      search.ascending = ascending;
      search.limit = 4;
      std::vector<std::string> seen;
      Instant last = ascending ? at(0) : at(100);
      for (int pages = 0; pages < 10; ++pages) {
        const auto page = resources().history(search);
        ASSERT_THAT(page, IsOk());
        for (const ResourceRow& row : page->rows) {
          EXPECT_TRUE(ascending ? row.updated_at >= last : row.updated_at <= last);
          last = row.updated_at;
          seen.push_back(row.id + "/" + std::to_string(row.version));
        }
        if (!search.cursor.empty()) {  // the page before, nearest first
          store::HistorySearch back = search;
          back.ascending = !ascending;
          back.cursor = page->previous;
          const auto before = resources().history(back);
          ASSERT_THAT(before, IsOk());
          const std::size_t here = seen.size() - page->rows.size();
          ASSERT_EQ(before->rows.size(), 4u);
          for (std::size_t i = 0; i < 4; ++i) {
            EXPECT_EQ(before->rows[i].id + "/" + std::to_string(before->rows[i].version),
                      seen[here - 1 - i]);
          }
        }
        search.cursor = page->next;
        if (page->next.empty()) break;
      }
      EXPECT_EQ(seen.size(), of_one ? 10u : 19u);
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
    }
  }
}

// ---- links ----

TEST_P(StoredResources, AreFoundAtTheOtherEndOfLinks) {
  const auto link_to = [](search::IndexKey key, const std::string& type, const std::string& id) {
    return search::Link{key, search::resource_hash(type, id), search::type_number(type)};
  };
  put(created("Patient", "p1", 1));
  put(created("Patient", "p2", 2));
  put(created("Group", "g1", 3));
  ResourceWrite first = created("Observation", "o1", 4);
  first.index.links = {link_to(51, "Patient", "p1"), link_to(52, "Group", "g1")};
  put(first);
  ResourceWrite second = created("Observation", "o2", 5);
  second.index.links = {link_to(51, "Patient", "p1"), link_to(52, "Patient", "gone")};
  put(second);
  const auto row = [&](const std::string& type, const std::string& id) {
    return (*resources().read(type, id))->row;
  };
  const auto found = [&](const store::LinkedSearch& search) {
    const auto rows = resources().linked(search);
    EXPECT_THAT(rows, IsOk());
    return ids(*rows);
  };
  store::LinkedSearch search;
  search.rows = {row("Observation", "o1"), row("Observation", "o2")};
  EXPECT_THAT(found(search), UnorderedElementsAre("p1", "g1"));
  search.types = {"Group"};
  EXPECT_THAT(found(search), UnorderedElementsAre("g1"));
  search.types = {};
  search.keys = {51};
  EXPECT_THAT(found(search), UnorderedElementsAre("p1"));
  search = {};
  search.reverse = true;
  search.rows = {row("Patient", "p1"), row("Patient", "p2")};
  EXPECT_THAT(found(search), UnorderedElementsAre("o1", "o2"));
  search.keys = {52};
  EXPECT_THAT(found(search), UnorderedElementsAre());
  search.keys = {};
  search.limit = 1;
  EXPECT_EQ(found(search).size(), 1u);
  search.types = {"Patient"};
  EXPECT_THAT(found(search), UnorderedElementsAre());
  put(changed("Observation", "o1", 1, Change::deleted, 6));
  search = {};
  search.reverse = true;
  search.rows = {row("Patient", "p1")};
  EXPECT_THAT(found(search), UnorderedElementsAre("o2"));
}

// ---- changes and the index ----

TEST_P(StoredResources, ComeInTheStreamOfChangesOnceForEachPageTheyChangedBefore) {
  put(created("Patient", "p0", 1));
  const auto now = resources().changed("", {}, 10);
  ASSERT_THAT(now, IsOk());
  EXPECT_THAT(now->rows, testing::IsEmpty());
  put(created("Patient", "p1", 2));
  put(created("Task", "t1", 2));
  put(changed("Patient", "p0", 1, Change::deleted,
              1));  // an earlier time: still later in the stream
  const auto all = resources().changed(now->next, {}, 10);
  EXPECT_THAT(ids(all->rows), ElementsAre("p1", "t1", "p0"));
  EXPECT_EQ(all->rows[2].change, Change::deleted);
  const auto first = resources().changed(now->next, {}, 2);
  EXPECT_THAT(ids(first->rows), ElementsAre("p1", "t1"));
  EXPECT_THAT(ids(resources().changed(first->next, {}, 2)->rows), ElementsAre("p0"));
  EXPECT_THAT(ids(resources().changed(now->next, {"Task"}, 10)->rows), ElementsAre("t1"));
  EXPECT_THAT(resources().changed(all->next, {}, 10)->rows, testing::IsEmpty());
  EXPECT_THAT(resources().changed("no cursor", {}, 10), FailsWith(ErrorCode::invalid));
}

TEST_P(StoredResources, AreIndexedAnewUnlessTheyChangedMeanwhile) {
  put(created("Patient", "p1", 1));
  put(created("Patient", "p2", 2));
  put(created("Patient", "p3", 3));
  put(changed("Patient", "p3", 1, Change::deleted, 4));
  EXPECT_EQ(*resources().index_version(), 0);
  const auto rows = resources().rows_after(0, 10);
  ASSERT_THAT(rows, IsOk());
  ASSERT_THAT(ids(*rows), ElementsAre("p1", "p2"));
  EXPECT_THAT(ids(*resources().rows_after((*rows)[0].row, 10)), ElementsAre("p2"));
  put(changed("Patient", "p2", 1, Change::updated, 5));
  std::vector<store::Resources::Reindexed> values;
  for (const ResourceRow& row : *rows) {
    search::IndexValues index;
    index.tokens.push_back({kTokenKey, 7, 0});
    values.push_back({row.row, row.version, index});
  }
  ASSERT_THAT(resources().reindex(values), IsOk());
  EXPECT_THAT(ids_of(resources().search(one_part("Patient", token(7)))), ElementsAre("p1"));
  ASSERT_THAT(resources().set_index_version(42), IsOk());
  EXPECT_EQ(*resources().index_version(), 42);
  store_.reset();
  store_ = open();
  EXPECT_EQ(*resources().index_version(), 42);
}

CONCORD_ON_EVERY_STORE(StoredResources);

}  // namespace
}  // namespace concord::test
