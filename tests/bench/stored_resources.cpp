// FHIR resources in the SQLite store alone: creates of a 2 KB Observation with its index rows,
// reads, and searches over 10,000 of them, or as many as CONCORD_BENCH_RESOURCES says.

// DEPENDS gateway/store gateway/store/sqlite

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "gateway/store/sqlite/sqlite_store.h"

namespace concord::bench {
namespace {

constexpr search::IndexKey kCode = 201, kStatus = 202, kCategory = 203, kIdentifier = 204,
                           kDate = 211, kQuantity = 221, kCodeQuantity = 222, kSubject = 231,
                           kPerformer = 232, kFamily = 141;

std::uint64_t mixed(std::uint64_t n) {
  n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9u;
  n = (n ^ n >> 27) * 0x94D049BB133111EBu;
  return n ^ n >> 31;
}

std::int64_t patient_of(std::uint64_t n) {
  return search::resource_hash("Patient", "p" + std::to_string(mixed(n) % 2000));
}

Instant when(std::uint64_t n) {
  return Instant{std::chrono::milliseconds{1'790'000'000'000 + static_cast<std::int64_t>(n)}};
}

/// As much as an Observation of a laboratory has, and as lean an index.
store::ResourceWrite observation(std::uint64_t n) {
  store::ResourceWrite write;
  write.type = "Observation";
  write.id = "o" + std::to_string(n);
  write.updated_at = when(n);
  write.body = "{\"resourceType\":\"Observation\",\"id\":\"" + write.id +
               "\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2026-09-21T13:33:20Z\"},";
  std::uint64_t state = n;
  while (write.body.size() < 2000) {
    state = mixed(state + 1);
    write.body +=
        "\"component\":[{\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
        "\"code\":\"" +
        std::to_string(state % 100'000) + "\"}]},\"valueString\":\"" + std::to_string(state) +
        "\"}],";
  }
  write.body.back() = '}';
  const std::int32_t loinc = 7;
  const auto code = static_cast<std::int64_t>(mixed(n) % 500);
  const auto day = static_cast<std::int64_t>(mixed(n + 1) % 3650) * 86'400'000;
  const double value = static_cast<double>(mixed(n + 2) % 2000) / 10;
  write.index.tokens = {{kCode, code, loinc},
                        {kStatus, n % 50 == 0 ? 2 : 1, 3},
                        {kCategory, static_cast<std::int64_t>(n % 5), 4},
                        {kIdentifier, static_cast<std::int64_t>(mixed(n + 3)), 5}};
  write.index.periods = {{kDate, 1'500'000'000'000 + day, 1'500'086'400'000 + day}};
  write.index.numbers = {
      {kQuantity, value, value, 8, 9},
      {kCodeQuantity + static_cast<std::int32_t>(code) * 1000, value, value, 8, 9}};
  write.index.links = {{kSubject, patient_of(n), 1},
                       {kPerformer, static_cast<std::int64_t>(n % 40), 2}};
  return write;
}

store::ResourceWrite patient(std::uint64_t n) {
  store::ResourceWrite write;
  write.type = "Patient";
  write.id = "p" + std::to_string(n);
  write.updated_at = when(n);
  write.body = "{\"resourceType\":\"Patient\",\"id\":\"" + write.id + "\"}";
  write.index.texts = {{kFamily, "family" + std::to_string(n % 300), "Family"}};
  return write;
}

/// A file of its own in the current folder's file system, removed at the end.
class Stage {
 public:
  Stage() {
    std::string pattern = (std::filesystem::current_path() / "bench-resources-XXXXXX").string();
    folder_ = mkdtemp(pattern.data()) == nullptr ? "." : pattern;
    store::sqlite::Options options;
    options.path = folder_ / "concord.db";
    auto opened = store::sqlite::open(options, [] { return when(0); });
    if (opened) store_ = std::move(*opened);
  }
  ~Stage() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  store::Resources& resources() const { return store_->resources(); }
  bool fill(std::uint64_t count) const {
    store::ResourceChanges changes;
    for (std::uint64_t n = 0; n < 2000; ++n) changes.writes.push_back(patient(n));
    for (std::uint64_t n = 0; n < count; ++n) {
      changes.writes.push_back(observation(n));
      if (changes.writes.size() < 1000 && n + 1 < count) continue;
      if (!resources().write(std::move(changes))) return false;
      changes = {};
    }
    return true;
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

std::uint64_t how_many() {
  const char* asked = std::getenv("CONCORD_BENCH_RESOURCES");
  return asked == nullptr ? 10'000 : std::strtoull(asked, nullptr, 10);
}

std::unique_ptr<Stage> stage;
std::atomic<std::uint64_t> next_number;

void create_observation(benchmark::State& state) {
  if (state.thread_index() == 0) {
    stage = std::make_unique<Stage>();
    next_number = 0;
  }
  for (auto _ : state) {
    store::ResourceChanges changes;
    changes.writes.push_back(observation(next_number++));
    const auto written = stage->resources().write(std::move(changes));
    if (!written || written->end != store::ResourcesWritten::End::done) {
      state.SkipWithError("not written");
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  if (state.thread_index() == 0) stage.reset();
}
BENCHMARK(create_observation)->Threads(1)->Threads(64)->MeasureProcessCPUTime()->UseRealTime();

/// The store all searches are asked of, filled once.
Stage& filled() {
  static const std::unique_ptr<Stage> kFilled = [] {
    auto made = std::make_unique<Stage>();
    if (!made->fill(how_many())) std::abort();
    return made;
  }();
  return *kFilled;
}

void read_observation(benchmark::State& state) {
  store::Resources& resources = filled().resources();
  std::uint64_t n = static_cast<std::uint64_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    n = mixed(n + 1);
    const auto row = resources.read("Observation", "o" + std::to_string(n % how_many()));
    if (!row || !*row) state.SkipWithError("not read");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(read_observation)->Threads(1)->Threads(64)->MeasureProcessCPUTime()->UseRealTime();

search::Condition token(search::IndexKey key, std::int64_t code) {
  return {search::TokenIs{key, code, std::nullopt}};
}
search::Condition all(std::vector<search::Condition> of) { return {search::All{std::move(of)}}; }
search::Condition since(int day) {
  const std::int64_t at = 1'500'000'000'000 + std::int64_t{day} * 86'400'000;
  return {search::PeriodIs{kDate, search::Comparison::ge, at, at + 86'400'000}};
}

/// The usual searches, first page of 20.
void search_observations(benchmark::State& state, int which) {
  store::Resources& resources = filled().resources();
  const search::SortKey by_date{
      search::SortKey::By::value, search::IndexKind::period, {kDate}, true};
  std::uint64_t n = 1;
  for (auto _ : state) {
    n = mixed(n);
    const search::Condition subject{search::LinkIs{kSubject, {patient_of(n)}, {}}};
    const search::Condition code = token(kCode, static_cast<std::int64_t>(n % 500));
    store::ResourceSearch search;
    store::ResourceSearch::Part part{"Observation", {search::All{}}, {}};
    switch (which) {
      case 0:
        part.where = subject;
        break;
      case 1:
        part.where = all({subject, code});
        break;
      case 2:
        part.where = subject;
        part.sort = {by_date};
        break;
      case 3:
        part.where = all({subject, token(kCategory, 1), since(3000)});
        break;
      case 4:
        part.where = code;
        break;
      case 5:
        part.where = all({code, since(3600)});
        break;
      case 6:
        part.where = all({token(kStatus, 1), token(kCategory, 2)});
        part.sort = {by_date};
        break;
      case 7:
        part.where = token(kIdentifier, static_cast<std::int64_t>(mixed(n % how_many() + 3)));
        break;
      case 8:
        part.where = {search::Chain{
            {kSubject},
            {"Patient"},
            {{search::TextIs{
                kFamily, search::TextIs::Match::starts, "family" + std::to_string(n % 300), {}}}}}};
        break;
      case 9:
        part.where =
            all({code, {search::NumberIs{kQuantity, search::Comparison::gt, 150, 150, {}, {}}}});
        break;
      default:
        break;
    }
    search.parts.push_back(std::move(part));
    const auto page = resources.search(search);
    if (!page) state.SkipWithError(to_string(page.error()).c_str());
    benchmark::DoNotOptimize(page);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(search_observations, patient, 0);
BENCHMARK_CAPTURE(search_observations, patient_code, 1);
BENCHMARK_CAPTURE(search_observations, patient_sort_date, 2);
BENCHMARK_CAPTURE(search_observations, patient_category_date, 3);
BENCHMARK_CAPTURE(search_observations, code, 4);
BENCHMARK_CAPTURE(search_observations, code_date, 5);
BENCHMARK_CAPTURE(search_observations, status_category_sort_date, 6);
BENCHMARK_CAPTURE(search_observations, identifier, 7);
BENCHMARK_CAPTURE(search_observations, subject_name_chained, 8);
BENCHMARK_CAPTURE(search_observations, code_quantity, 9);
BENCHMARK_CAPTURE(search_observations, latest, 10);

}  // namespace
}  // namespace concord::bench
