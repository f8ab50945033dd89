// Creates and reads of a 2 KB Observation on a private PostgreSQL server, by number of callers.
// DEPENDS gateway/store gateway/store/postgresql tests/support

#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>

#include "gateway/store/postgresql/postgresql_store.h"
#include "tests/gateway/samples.h"
#include "tests/support/postgres_cluster.h"

namespace concord::bench {
namespace {

/// 2 KB, with the redundancy of FHIR; identifiers and the value differ.
std::string observation(std::uint64_t number) {
  std::string text = "{\"resourceType\":\"Observation\",\"id\":\"o" + std::to_string(number) +
                     "\",\"meta\":{\"versionId\":\"1\"},\"status\":\"final\",\"component\":[";
  while (text.size() < 2000) {
    number = number * 6364136223846793005u + 1442695040888963407u;
    text +=
        "{\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"8480-6\"}]},"
        "\"valueQuantity\":{\"value\":" +
        std::to_string(number % 200) + ",\"unit\":\"mmHg\"}},";
  }
  return text + "{}]}";
}

/// Ten rows, as Parameters gives them for a vital sign.
search::IndexValues index_of(std::uint64_t number) {
  search::IndexValues index;
  for (std::int32_t key = 1; key <= 5; ++key) {
    index.tokens.push_back({key, search::index_hash("code" + std::to_string(key)), key});
  }
  index.texts.push_back({6, "identifier " + std::to_string(number), ""});
  const auto day = static_cast<std::int64_t>(number % 1000) * 86'400'000;
  index.periods.push_back({7, day, day + 86'400'000});
  index.numbers.push_back({8, 120.0, 120.0, 1, 2});
  const std::string patient = "p" + std::to_string(number % 1000);
  index.links.push_back({9, search::resource_hash("Patient", patient), 11});
  index.links.push_back({10, search::resource_hash("Encounter", patient), 12});
  return index;
}

store::ResourceChanges create_of(std::uint64_t number) {
  store::ResourceWrite write;
  write.type = "Observation";
  write.id = "o" + std::to_string(number);
  write.updated_at = test::at(static_cast<std::int64_t>(number / 1000));
  write.body = observation(number);
  write.index = index_of(number);
  store::ResourceChanges changes;
  changes.audit.push_back(
      {audit::Event::task_changed, write.updated_at, "", "", "X99001", "", "create"});
  changes.writes.push_back(std::move(write));
  return changes;
}

std::unique_ptr<store::Store> fresh_store() {
  test::PostgresCluster* cluster = test::PostgresCluster::shared();
  if (cluster == nullptr) return nullptr;
  store::postgresql::Options options;
  options.connection = cluster->make_database();
  auto opened = store::postgresql::open(options, [] { return test::at(0); });
  return opened ? std::move(*opened) : nullptr;
}

std::unique_ptr<store::Store> shared_store;
std::atomic<std::uint64_t> next_number;

void create(benchmark::State& state) {
  if (state.thread_index() == 0) {
    shared_store = fresh_store();
    next_number = 0;
  }
  for (auto _ : state) {
    if (!shared_store) {
      state.SkipWithError("no PostgreSQL");
      break;
    }
    auto written = shared_store->resources().write(create_of(next_number++));
    if (!written) state.SkipWithError(to_string(written.error()).c_str());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  if (state.thread_index() == 0) shared_store.reset();
}
BENCHMARK(create)->ThreadRange(1, 64)->UseRealTime();

void read(benchmark::State& state) {
  constexpr std::uint64_t kStored = 1000;
  if (state.thread_index() == 0) {
    shared_store = fresh_store();
    for (std::uint64_t i = 0; shared_store && i < kStored; ++i) {
      if (!shared_store->resources().write(create_of(i))) state.SkipWithError("write");
    }
    next_number = 0;
  }
  for (auto _ : state) {
    if (!shared_store) {
      state.SkipWithError("no PostgreSQL");
      break;
    }
    const auto row = shared_store->resources().read("Observation",
                                                    "o" + std::to_string(next_number++ % kStored));
    if (!row || !*row) state.SkipWithError("read");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  if (state.thread_index() == 0) shared_store.reset();
}
BENCHMARK(read)->ThreadRange(1, 64)->UseRealTime();

/// An exchange of 3 KB with one item of 2 KB.
void accept(benchmark::State& state) {
  if (state.thread_index() == 0) {
    shared_store = fresh_store();
    next_number = 0;
  }
  for (auto _ : state) {
    if (!shared_store) {
      state.SkipWithError("no PostgreSQL");
      break;
    }
    const std::string name = std::to_string(next_number++);
    auto committed = shared_store->commit(test::sample_exchange(name, "spine", "subject-" + name));
    if (!committed) state.SkipWithError(to_string(committed.error()).c_str());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  if (state.thread_index() == 0) shared_store.reset();
}
BENCHMARK(accept)->Threads(1)->Threads(64)->UseRealTime();

}  // namespace
}  // namespace concord::bench
