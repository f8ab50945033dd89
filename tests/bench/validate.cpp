// Validation of the published orders. `whole_vs_read` is what a message goes through (read,
// annotate, validate) against reading alone: ours_us - theirs_us is the cost of checking a document
// that was just read. `validate_again` repeats one document; `compile` is the cost at start.
// DEPENDS fhir/json fhir/definitions fhir/validate

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/validate/validator.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

using definitions::Definitions;
using validate::Validator;

Definitions load(tree::Symbols& symbols) {
  auto loaded = Definitions::r4(symbols);
  if (!loaded) std::abort();
  return *std::move(loaded);
}

struct Orders {
  tree::Symbols symbols;
  Definitions r4 = load(symbols);
  Validator validator = Validator::compile(r4);
  std::vector<std::string> sources = json_orders();
  std::vector<tree::Document> trees;

  Orders() {
    for (const std::string& source : sources) {
      trees.push_back(*json::read(source, symbols));
      tree::Builder builder(trees.back());
      definitions::annotate(builder, r4);
    }
  }
};

Orders& orders() {
  static Orders orders;
  return orders;
}

void read_all() {
  for (const std::string& source : orders().sources) {
    auto document = json::read(source, orders().symbols);
    benchmark::DoNotOptimize(document);
  }
}

void whole_vs_read(benchmark::State& state) {
  compare(
      state, orders().sources.size(),
      [] {
        for (const std::string& source : orders().sources) {
          auto document = json::read(source, orders().symbols);
          tree::Builder builder(*document);
          definitions::annotate(builder, orders().r4);
          auto report = orders().validator.validate(*document);
          benchmark::DoNotOptimize(report);
        }
      },
      read_all);
}
BENCHMARK(whole_vs_read)->Unit(benchmark::kMicrosecond);

void validate_again(benchmark::State& state) {
  for (auto _ : state) {
    auto report = orders().validator.validate(orders().trees.front());
    benchmark::DoNotOptimize(report);
  }
  state.counters["bytes"] = static_cast<double>(orders().sources.front().size());
}
BENCHMARK(validate_again)->Unit(benchmark::kMicrosecond);

void compile(benchmark::State& state) {
  for (auto _ : state) {
    auto validator = Validator::compile(orders().r4);
    benchmark::DoNotOptimize(validator);
  }
}
BENCHMARK(compile)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
