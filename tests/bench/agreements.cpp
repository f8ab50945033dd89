// One decision with the starter agreements, beside reading the same Bundle.
// DEPENDS gateway/agreements fhir/json fhir/definitions fhir/path

#include <benchmark/benchmark.h>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "gateway/agreements/agreement_set.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

/// `ours` decides, `theirs` reads and annotates: what a decision adds to what the chain does
/// anyway.
void decide_beside_reading(benchmark::State& state) {
  tree::Symbols symbols;
  const auto definitions = definitions::Definitions::r4(symbols);
  const auto functions = path::FunctionTable::standard();
  const auto set = agreements::AgreementSet::compile(agreements::AgreementSet::starter(), {},
                                                     *definitions, functions);
  agreements::Facts facts;
  const bool known = facts.set("months_since_review", "14").has_value();
  const auto now = parse_instant("2026-06-05T15:30:00Z");
  if (!set || !now || !known) {
    state.SkipWithError("the starter agreements do not compile");
    return;
  }
  const std::vector<std::string> sources = json_orders();
  const auto read = [&](const std::string& source) {
    tree::Document document = *json::read(source, symbols);
    tree::Builder builder(document);
    definitions::annotate(builder, *definitions);
    return document;
  };
  std::vector<tree::Document> bundles;
  for (const std::string& source : sources) bundles.push_back(read(source));
  compare(
      state, sources.size(),
      [&] {
        for (const tree::Document& bundle : bundles) {
          benchmark::DoNotOptimize(agreements::decide(bundle, facts, *set, *now));
        }
      },
      [&] {
        for (const std::string& source : sources) benchmark::DoNotOptimize(read(source));
      });
}
BENCHMARK(decide_beside_reading);

}  // namespace
}  // namespace concord::bench
