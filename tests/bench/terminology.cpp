// Value sets without a server. To read: `member` is one test of a code in a compiled set (a hash
// look-up and a bit), `check` the whole question of the validator (by canonical, display included),
// `compile_all` every value set of R4 anew.
// DEPENDS fhir/definitions fhir/packages fhir/terminology

#include "fhir/terminology/terminology.h"

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fhir/definitions/r4_generated.h"
#include "fhir/packages/registry.h"

namespace concord::bench {
namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = load(symbols);
  packages::Registry registry{r4};
  terminology::Terminology terms{registry};

 private:
  static definitions::Definitions load(tree::Symbols& symbols) {
    auto loaded = definitions::Definitions::r4(symbols);
    if (!loaded) std::abort();
    return *std::move(loaded);
  }
};

Loaded& loaded() {
  static Loaded once;
  return once;
}

void member(benchmark::State& state) {
  const auto set = loaded().terms.value_set("http://terminology.hl7.org/ValueSet/v3-ActCode");
  if (set == nullptr) std::abort();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        set->contains("http://terminology.hl7.org/CodeSystem/v3-ActCode", "EMER"));
  }
}
BENCHMARK(member);

void check(benchmark::State& state) {
  const terminology::Code code{"http://hl7.org/fhir/administrative-gender", "female", "Female", {}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        loaded().terms.contains("http://hl7.org/fhir/ValueSet/administrative-gender", code).answer);
  }
}
BENCHMARK(check);

void compile_all(benchmark::State& state) {
  const auto* sets = loaded().r4.pack().value_sets();
  for (auto _ : state) {
    const terminology::Terminology terms(loaded().registry);
    std::size_t gaps = 0;
    for (const auto* set : *sets) {
      const auto compiled = terms.value_set({set->url()->c_str(), set->url()->size()});
      if (compiled == nullptr) std::abort();
      gaps += !compiled->gaps().empty();
    }
    state.counters["sets"] = static_cast<double>(sets->size());
    state.counters["unknown_in_part"] = static_cast<double>(gaps);
  }
}
BENCHMARK(compile_all)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace concord::bench
