// Loading packages and folders. To read: real time is what a start pays; `kept_kb` is what the
// registry then holds (heap in use), `tables_kb` what it holds once every definition was looked at.
// Reads CONCORD_CORPORA or ../shared/corpora; says so and does nothing when it is absent.
// DEPENDS fhir/packages

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <filesystem>

#include "fhir/packages/registry.h"
#include "fhir/packages/release.h"

namespace concord::bench {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  const char* set = std::getenv("CONCORD_CORPORA");
  return (set != nullptr ? fs::path(set) : fs::path(CONCORD_SOURCE_DIR) / "../shared/corpora") /
         "fhir";
}

double heap_kb() {
  const auto use = mallinfo2();
  return static_cast<double>(use.uordblks + use.hblkhd) / 1024;
}

struct Core {
  tree::Symbols symbols;
  definitions::Definitions definitions = load(symbols);

 private:
  static definitions::Definitions load(tree::Symbols& symbols) {
    auto loaded = definitions::Definitions::r4(symbols);
    if (!loaded) std::abort();
    return *std::move(loaded);
  }
};

void load(benchmark::State& state, const fs::path& what) {
  static const Core core;
  if (!fs::exists(corpus() / what)) {
    state.SkipWithError("the corpus is absent");
    return;
  }
  std::size_t resources = 0;
  for (auto _ : state) {
    packages::Registry registry(core.definitions);
    auto loaded = registry.add(corpus() / what);
    if (!loaded) std::abort();
    resources = loaded->resources;
  }
  const double before = heap_kb();
  packages::Registry registry(core.definitions);
  if (!registry.add(corpus() / what)) std::abort();
  state.counters["kept_kb"] = heap_kb() - before;
  for (const packages::Entry* entry : registry.all()) {
    benchmark::DoNotOptimize(registry.tables(*entry));
  }
  state.counters["tables_kb"] = heap_kb() - before;
  state.counters["resources"] = static_cast<double>(resources);
}

void uk_core(benchmark::State& state) { load(state, "ukcore"); }
void extensions_pack(benchmark::State& state) {
  load(state, "packages/hl7.fhir.uv.extensions.r4-5.3.0.tgz");
}

void stu3(benchmark::State& state) {
  const fs::path package = corpus() / "packages/hl7.fhir.core-3.0.1-conformance.tgz";
  if (!fs::exists(package)) {
    state.SkipWithError("the corpus is absent");
    return;
  }
  std::size_t types = 0;
  for (auto _ : state) {
    tree::Symbols symbols;
    auto loaded = packages::load_release(package, symbols);
    if (!loaded) std::abort();
    types = loaded->types().size();
  }
  state.counters["types"] = static_cast<double>(types);
}
BENCHMARK(stu3)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(uk_core)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(extensions_pack)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace concord::bench
