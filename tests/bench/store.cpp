// Durable accepts and deliveries of 15 KB messages on SQLite, by number of writers.
// DEPENDS gateway/store gateway/store/sqlite

#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>

#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/samples.h"

namespace concord::bench {
namespace {

/// A file of its own in the current folder's file system, removed at the end.
class Stage {
 public:
  Stage() {
    std::string pattern = (std::filesystem::current_path() / "bench-store-XXXXXX").string();
    folder_ = mkdtemp(pattern.data()) == nullptr ? "." : pattern;
    store::sqlite::Options options;
    options.path = folder_ / "concord.db";
    auto opened = store::sqlite::open(options, [] { return test::at(0); });
    if (opened) store_ = std::move(*opened);
  }
  ~Stage() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  store::Store* store() const { return store_.get(); }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

/// 15 KB of text with the redundancy of a FHIR Bundle: identifiers differ, names repeat.
std::string bundle_like(std::uint64_t seed) {
  std::string text = "{\"resourceType\":\"Bundle\",\"entry\":[";
  while (text.size() < 15'000) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    text += "{\"fullUrl\":\"urn:uuid:" + std::to_string(seed) +
            "\",\"resource\":{\"resourceType\":\"MedicationRequest\",\"status\":\"active\"}},";
  }
  return text;
}

store::NewExchange exchange_of(std::uint64_t number) {
  store::NewExchange exchange =
      test::sample_exchange(std::to_string(number), "spine", "subject-" + std::to_string(number));
  exchange.payload = bundle_like(number);
  exchange.digest = sha256(exchange.payload);
  exchange.items[0].bytes = bundle_like(~number);
  exchange.items[0].digest = sha256(exchange.items[0].bytes);
  return exchange;
}

std::unique_ptr<Stage> stage;
std::atomic<std::uint64_t> next_number;

void accept(benchmark::State& state) {
  if (state.thread_index() == 0) {
    stage = std::make_unique<Stage>();
    next_number = 0;
  }
  for (auto _ : state) {
    state.PauseTiming();
    store::NewExchange exchange = exchange_of(next_number++);
    state.ResumeTiming();
    auto committed = stage->store()->commit(std::move(exchange));
    if (!committed) state.SkipWithError(to_string(committed.error()).c_str());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  if (state.thread_index() == 0) stage.reset();
}
BENCHMARK(accept)->ThreadRange(1, 64)->UseRealTime();

/// Lease of sixteen, settlement of each.
void deliver(benchmark::State& state) {
  const Stage own;
  std::uint64_t number = 0;
  std::int64_t settled = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 16; ++i) {
      if (!own.store()->commit(exchange_of(number++))) state.SkipWithError("commit");
    }
    state.ResumeTiming();
    auto items = own.store()->lease(test::sample_lease("spine", test::at(1), 16));
    if (!items) {
      state.SkipWithError("lease");
      break;
    }
    for (const store::Item& item : *items) {
      if (!own.store()->settle(
              test::sample_settlement(item, store::ItemState::acked_business, test::at(2)))) {
        state.SkipWithError("settle");
      }
      ++settled;
    }
  }
  state.SetItemsProcessed(settled);
}
BENCHMARK(deliver)->UseRealTime();

}  // namespace
}  // namespace concord::bench
