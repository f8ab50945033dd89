// The same calls over resources in memory and over both stores: what goes back must be the same
// text.

#include <atomic>
#include <thread>

#include "fhir/core/digest.h"
#include "fhir/json/reader.h"
#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/resources/fixture.h"
#include "tests/support/files.h"
#include "tests/support/postgres_cluster.h"

namespace concord {
namespace {

using test::Knowledge;

/// A service with clock and ids of its own, that counts alike in both.
class World {
 public:
  explicit World(store::Resources& store) {
    resources::Parts parts;
    parts.definitions = known_.definitions.get();
    parts.parameters = known_.parameters.get();
    parts.validator = known_.validator.get();
    parts.functions = &known_.functions;
    parts.store = &store;
    parts.clock = [this] { return now_ += std::chrono::milliseconds(1); };
    parts.uuids = [this] { return "id-" + std::to_string(++next_id_); };
    resources::Settings settings;
    settings.base_url = "https://concord.example/FHIR/R4";
    settings.validation["*"] = {resources::Validation::Mode::off, {}};
    settings.delete_many = 5;
    service_ = std::make_unique<resources::ResourceService>(std::move(parts), settings);
  }

  std::string bundle(const std::string& json) {
    auto document = json::read(json, *known_.symbols);
    if (!document) return to_string(document.error());
    return said(service_->bundle(caller_, *std::move(document), "representation"));
  }
  /// All pages of a search, one below the other.
  std::string search(std::string_view type, std::string query,
                     const std::optional<search::Compartment>& compartment = {}) {
    return pages(std::move(query), [&](std::string_view asked) {
      return service_->search(caller_, type, asked, search::Handling::strict, compartment);
    });
  }
  std::string history(std::string_view type, std::string_view id, std::string query) {
    return pages(std::move(query), [&](std::string_view asked) {
      return service_->history(caller_, type, id, asked);
    });
  }
  std::string everything(std::string_view id, std::string query) {
    return pages(std::move(query),
                 [&](std::string_view asked) { return service_->everything(caller_, id, asked); });
  }
  std::string remove_where(std::string_view type, std::string_view query) {
    auto done = service_->remove_where(caller_, type, query, {});
    if (!done) return to_string(done.error());
    return std::to_string(done->size());
  }

 private:
  static std::string said(Result<std::string> text) {
    return text ? *std::move(text) : to_string(text.error());
  }
  /// A page in few words, with the digest of all of it.
  std::string told(const resources::Page& page) {
    std::string text = page.total ? "total " + std::to_string(*page.total) + ':' : "page:";
    for (const auto& entry : page.entries) {
      text +=
          (entry.included ? " +" : " ") + entry.row.id + '/' + std::to_string(entry.row.version);
    }
    return text + (page.previous.empty() ? "" : " previous") + (page.next.empty() ? "" : " next") +
           ' ' + to_hex(sha256(said(service_->write(page)))).substr(0, 8) + '\n';
  }
  template <typename Call>
  std::string pages(std::string query, Call&& call) {
    std::string all;
    for (int i = 0; i < 20; ++i) {
      auto page = call(query);
      if (!page) return all + to_string(page.error());
      const std::string next = page->next;
      // Cursors are the store's own words.
      page->self.clear();
      page->first.clear();
      page->previous = page->previous.empty() ? "" : "previous";
      page->next = next.empty() ? "" : "next";
      page->last.clear();
      all += told(*page);
      if (next.empty()) return all;
      query = next.substr(next.find('?') + 1);
    }
    return all + "no end";
  }

  const Knowledge& known_ = Knowledge::shared();
  Instant now_{std::chrono::seconds(1'780'000'000)};
  int next_id_ = 0;
  resources::Caller caller_{"X99001", "request-1", {}};
  std::unique_ptr<resources::ResourceService> service_;
};

std::string patient(int number) {
  const std::string n = std::to_string(number);
  return R"({"fullUrl":"urn:uuid:00000000-0000-4000-8000-00000000000)" + n +
         R"(","resource":{"resourceType":"Patient","id":"p)" + n +
         R"(","identifier":[{"system":"urn:x","value":")" + n + R"("}],"name":[{"family":")" +
         (number % 2 == 0 ? "Smith" : "Jönes") + R"(","given":["G)" + n + R"("]}],"gender":")" +
         (number % 3 == 0 ? "male" : "female") + R"(","birthDate":"19)" +
         std::to_string(50 + number) +
         R"(-01-02","managingOrganization":{"reference":"Organization/o)" +
         std::to_string(number % 2) + R"("}},"request":{"method":"PUT","url":"Patient/p)" + n +
         "\"}}";
}

std::string observation(int number) {
  const std::string n = std::to_string(number);
  return R"({"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":")" +
         std::string(number % 2 == 0 ? "1-8" : "2-6") +
         R"("}]},"subject":{"reference":"urn:uuid:00000000-0000-4000-8000-00000000000)" +
         std::to_string(number % 6) + R"("},"effectiveDateTime":"2026-0)" +
         std::to_string(1 + number % 9) + R"(-01T10:00:00Z","valueQuantity":{"value":)" +
         std::to_string(number) +
         R"(.5,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}},"request":{"method":"POST","url":"Observation"}})";
}

std::string first_load() {
  std::string entries;
  for (int i = 0; i < 2; ++i) {
    const std::string n = std::to_string(i);
    entries += R"({"resource":{"resourceType":"Organization","id":"o)" + n + R"(","name":"Org )" +
               n + R"("},"request":{"method":"PUT","url":"Organization/o)" + n + "\"}},";
  }
  for (int i = 0; i < 6; ++i) entries += patient(i) + ',';
  for (int i = 0; i < 14; ++i) entries += observation(i) + (i == 13 ? "" : ",");
  return R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}";
}

/// A store with nothing in it; nothing when it cannot be had on this machine.
std::unique_ptr<store::Store> open_store(const std::string& kind, const std::filesystem::path& in) {
  const Clock clock = [] { return Instant(std::chrono::seconds(1)); };
  Result<std::unique_ptr<store::Store>> opened = make_error(ErrorCode::not_found, "unknown kind");
  if (kind == "sqlite") {
    store::sqlite::Options options;
    options.path = in / "store.db";
    opened = store::sqlite::open(options, clock);
  } else {
    test::PostgresCluster* cluster = test::PostgresCluster::shared();
    if (cluster == nullptr) return nullptr;
    store::postgresql::Options options;
    options.connection = cluster->make_database();
    options.writers = 2;
    options.workers = 2;
    options.readers = 2;
    opened = store::postgresql::open(options, clock);
  }
  EXPECT_THAT(opened, IsOk());
  return opened ? *std::move(opened) : nullptr;
}

class Stores : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    store_ = open_store(GetParam(), folder_.path());
    if (store_ == nullptr) GTEST_SKIP() << GetParam() << " is not there";
    ours_ = std::make_unique<World>(store_->resources());
    theirs_ = std::make_unique<World>(memory_);
  }
  template <typename Call>
  void same(const std::string& what, Call&& call) {
    const std::string expected = call(*theirs_);
    EXPECT_EQ(call(*ours_), expected) << what;
  }
  void load() {
    same("load", [](World& world) { return world.bundle(first_load()); });
  }

  test::TemporaryFolder folder_;
  test::MemoryResources memory_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<World> ours_, theirs_;
};

TEST_P(Stores, FindTheSameWithEveryKindOfQuery) {
  load();
  const std::pair<const char*, const char*> queries[] = {
      {"Patient", ""},
      {"Patient", "_count=2"},
      {"Patient", "family=smi&_count=2"},
      {"Patient", "family=jones"},
      {"Patient", "family:exact=Jönes"},
      {"Patient", "family:contains=ne"},
      {"Patient", "gender=male,female&gender:not=male"},
      {"Patient", "birthdate=ge1952-01-01&birthdate=lt1955"},
      {"Patient", "birthdate=ne1952-01-02"},
      {"Patient", "identifier=urn:x|3"},
      {"Patient", "identifier=urn:x|"},
      {"Patient", "_id=p1,p2,none"},
      {"Patient", "organization.name=org"},
      {"Patient", "organization=Organization/o1"},
      {"Patient", "organization:missing=true"},
      {"Patient", "_has:Observation:subject:code=1-8"},
      {"Patient", "_sort=birthdate&_count=2"},
      {"Patient", "_sort=-birthdate"},
      {"Patient", "_sort=gender,-birthdate"},
      {"Patient", "_sort=family,_id"},
      {"Patient", "_sort=organization,-birthdate&_count=3"},
      {"Patient", "_sort=-organization,gender,_id"},
      {"Observation", "_sort=code,_id&_count=2"},
      {"Observation", "_sort=-value-quantity,_id"},
      {"Observation", "_sort=patient,-date,_id&_count=3"},
      {"Patient", "_sort=_id&_count=4"},
      {"Patient", "_total=accurate&_count=1&family=smi"},
      {"Patient", "_summary=count"},
      {"Patient", "_id=p1&_include=Patient:organization&_revinclude=Observation:subject"},
      {"Patient", "_elements=gender&_id=p1"},
      {"Observation", "code=http://loinc.org|1-8&_sort=date"},
      {"Observation", "value-quantity=gt4&_sort=date,_id"},
      {"Observation", "value-quantity=5.5|http://unitsofmeasure.org|mg"},
      {"Observation", "value-quantity=ap6&_sort=_id"},
      {"Observation", "date=2026-03"},
      {"Observation", "date=sa2026-04-01"},
      {"Observation", "subject.family=smith&_sort=_id"},
      {"Observation", "subject:Patient.organization.name=org%201&_sort=_id"},
      {"Observation",
       "_include=Observation:subject&_include:iterate=Patient:organization&_count=3"},
      {"Observation", "code-value-quantity=http://loinc.org|1-8$gt5&_sort=_id"},
      {"", "_type=Patient,Organization&_sort=_id&_count=3"},
      {"", "_id=o1"},
  };
  for (const auto& [type, query] : queries) {
    same(std::string(type) + '?' + query, [&](World& world) { return world.search(type, query); });
  }
  same("compartment", [](World& world) {
    return world.search("Observation", "_sort=date", search::Compartment{"Patient", "p1"});
  });
  same("compartment *", [](World& world) {
    return world.search("*", "_sort=_id", search::Compartment{"Patient", "p1"});
  });
  same("everything", [](World& world) { return world.everything("p1", "_count=2"); });
}

TEST_P(Stores, FindLocationsInTheOrderOfTheirDistance) {
  std::string entries;
  for (const char* one :
       {"a,51.50,-0.10", "b,51.52,-0.10", "c,51.50,-0.11", "d,51.50,-0.30", "e,51.50,-0.11"}) {
    const std::string text = one;
    const std::string latitude = text.substr(2, 5), longitude = text.substr(8);
    if (!entries.empty()) entries += ",";
    entries += R"({"resource":{"resourceType":"Location","id":")" + text.substr(0, 1) +
               R"(","position":{"latitude":)" + latitude + R"(,"longitude":)" + longitude +
               R"(}},"request":{"method":"PUT","url":"Location/)" + text.substr(0, 1) + R"("}})";
  }
  same("load", [&](World& world) {
    return world.bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries +
                        "]}");
  });
  for (const char* query :
       {"near=51.5|-0.1|10|km&_sort=near,_id", "near=51.5|-0.1|100|km&_sort=-near,_id",
        "near=51.5|-0.1|100|km&_sort=near,_id&_count=2",
        "_count=2&_sort=-near,-_id&near=51.5|-0.11|100",
        "near=51.5|-0.1&_sort=near&_summary=count"}) {
    same(query, [&](World& world) { return world.search("Location", query); });
  }
}

TEST_P(Stores, TellTheSameHistories) {
  load();
  same("change", [](World& world) {
    return world.bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"request":{"method":"DELETE","url":"Patient/p5"}},
      {"resource":{"resourceType":"Patient","id":"p4","gender":"other"},"request":{"method":"PUT","url":"Patient/p4","ifMatch":"W/\"1\""}}]})");
  });
  for (const char* query : {"", "_count=3", "_sort=_lastUpdated&_count=4", "_summary=count",
                            "_since=2026-05-28", "_before=2026-01-01"}) {
    same(query, [&](World& world) { return world.history("", "", query); });
    same(query, [&](World& world) { return world.history("Patient", "", query); });
    same(query, [&](World& world) { return world.history("Patient", "p4", query); });
    same(query, [&](World& world) { return world.history("Patient", "p5", query); });
  }
  same("search after", [](World& world) { return world.search("Patient", "_sort=_id"); });
}

TEST_P(Stores, RefuseTheSameTransactionsAndKeepNothingOfThem) {
  load();
  const std::string refused[] = {
      R"({"request":{"method":"DELETE","url":"Patient/p1"}},{"request":{"method":"GET","url":"Patient/none"}})",
      R"({"resource":{"resourceType":"Patient","id":"p1"},"request":{"method":"PUT","url":"Patient/p1","ifMatch":"W/\"9\""}})",
      R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"family=smith"}})",
      R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},{"resource":{"resourceType":"Patient","birthDate":"x"},"request":{"method":"POST","url":"Patient"}})",
  };
  for (const std::string& entries : refused) {
    same(entries, [&](World& world) {
      return world.bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries +
                          "]}");
    });
    same("after", [](World& world) { return world.search("Patient", "_sort=_id"); });
  }
}

TEST_P(Stores, OfManyConditionalCreatesAtOnceKeepOne) {
  const Knowledge& known = Knowledge::shared();
  resources::Parts parts;
  parts.definitions = known.definitions.get();
  parts.parameters = known.parameters.get();
  parts.validator = known.validator.get();
  parts.functions = &known.functions;
  parts.store = &store_->resources();
  parts.clock = system_clock();
  parts.uuids = random_uuids();
  resources::Settings settings;
  settings.validation["*"] = {resources::Validation::Mode::off, {}};
  resources::ResourceService service(parts, settings);
  resources::Conditions conditions;
  conditions.if_none_exist = "identifier=urn:x|1";
  std::atomic<int> created{0};
  std::atomic<int> found{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 5; ++turn) {
        auto body = json::read(
            R"({"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]})",
            *known.symbols);
        const auto done =
            service.create({"X99001", "r", {}}, "Patient", *std::move(body), conditions);
        if (!done) continue;
        ++(done->what == resources::Done::What::created ? created : found);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(found, 39);
}

TEST_P(Stores, DeleteWhatTheSameCriteriaFind) {
  load();
  same("delete", [](World& world) { return world.remove_where("Patient", "gender=male"); });
  same("too many", [](World& world) { return world.remove_where("Observation", "status=final"); });
  same("after", [](World& world) { return world.search("Patient", "_sort=_id&_total=accurate"); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stores, ::testing::Values("sqlite", "postgresql"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace concord
