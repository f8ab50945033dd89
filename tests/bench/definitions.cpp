// R4 from the pack at start, and types onto trees. To read: `r4_start` is the whole start (under
// 30 ms), `ratio` of annotate is its time to that of reading the same bytes.
// DEPENDS fhir/json fhir/definitions

#include "fhir/definitions/definitions.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <optional>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

using definitions::Definitions;

void r4_start(benchmark::State& state) {
  for (auto _ : state) {
    tree::Symbols symbols;
    auto loaded = Definitions::r4(symbols);
    if (!loaded) std::abort();
    benchmark::DoNotOptimize(*loaded);
  }
}
BENCHMARK(r4_start)->Unit(benchmark::kMillisecond);

struct Orders {
  tree::Symbols symbols;
  Definitions r4;
  std::vector<std::string> sources = json_orders();
  std::vector<tree::Document> trees;

  Orders() : r4(load(symbols)) {
    for (const std::string& source : sources) trees.push_back(*json::read(source, symbols));
  }

 private:
  static Definitions load(tree::Symbols& symbols) {
    auto loaded = Definitions::r4(symbols);
    if (!loaded) std::abort();
    return *std::move(loaded);
  }
};

Orders& orders() {
  static Orders orders;
  return orders;
}

void annotate_vs_read(benchmark::State& state) {
  compare(
      state, orders().sources.size(),
      [] {
        for (tree::Document& document : orders().trees) {
          tree::Builder builder(document);
          definitions::annotate(builder, orders().r4);
        }
      },
      [] {
        for (const std::string& source : orders().sources) {
          auto document = json::read(source, orders().symbols);
          benchmark::DoNotOptimize(document);
        }
      });
}
BENCHMARK(annotate_vs_read)->Unit(benchmark::kMicrosecond);

void type_and_child_by_symbol(benchmark::State& state) {
  const tree::Symbol bundle = orders().symbols.find("Bundle");
  const tree::Symbol entry = orders().symbols.find("entry");
  for (auto _ : state) {
    benchmark::DoNotOptimize(orders().r4.type(bundle)->child(entry));
  }
}
BENCHMARK(type_and_child_by_symbol)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace concord::bench
