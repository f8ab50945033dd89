// Interactions over resources in memory, so that a store's time is not in them: what the service
// itself costs. `create/off` checks the base rules, `create/enforce` everything; `create/parse`
// adds the reading of the body, which is the caller's. `search_page` is a page of 20 of 200 found,
// with its Bundle; the double looks at every resource, so `read` and `write_page` say more.
//
// DEPENDS fhir/packages fhir/snapshot fhir/terminology gateway/resources tests/memory/resources

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fhir/core/uuid.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "gateway/resources/service.h"
#include "tests/support/memory_resources.h"

namespace concord::bench {
namespace {

using resources::Validation;

template <typename T>
T must(Result<T> result) {
  if (!result) std::abort();
  return *std::move(result);
}

/// An observation of blood pressure of about 2 KB, invented.
std::string observation() {
  return R"({"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Blood pressure 120/80 mmHg, sitting, left arm</p></div>"},"identifier":[{"system":"https://example.org/observation","value":"bp-0001"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel with all children optional"},{"system":"http://snomed.info/sct","code":"75367002","display":"Blood pressure"}],"text":"Blood pressure"},"subject":{"reference":"Patient/p-1"},"encounter":{"reference":"Encounter/e-1"},"effectiveDateTime":"2026-03-01T09:30:00Z","issued":"2026-03-01T09:35:00Z","performer":[{"reference":"Practitioner/g-1"}],"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}]}],"bodySite":{"coding":[{"system":"http://snomed.info/sct","code":"368208006","display":"Left upper arm structure"}]},"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}]},"valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic blood pressure"}]},"valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})";
}

struct World {
  tree::Symbols symbols;
  definitions::Definitions r4 = must(definitions::Definitions::r4(symbols));
  packages::Registry registry{r4};
  snapshot::Profiles profiles{registry};
  terminology::Terminology terminology{registry};
  path::FunctionTable functions = path::FunctionTable::standard();
  validate::Validator validator =
      validate::Validator::compile(validate::Parts{&r4, &registry, &profiles, &terminology});
  search::Parameters parameters = [this] {
    search::Parameters::Sources sources;
    sources.definitions = &r4;
    sources.functions = &functions;
    return must(search::Parameters::compile(sources));
  }();
  test::MemoryResources store;
  resources::Caller caller{"X99001", "bench", {}};

  resources::ResourceService service(Validation::Mode mode) {
    resources::Parts parts;
    parts.definitions = &r4;
    parts.parameters = &parameters;
    parts.validator = &validator;
    parts.functions = &functions;
    parts.store = &store;
    parts.clock = system_clock();
    parts.uuids = random_uuids();
    resources::Settings settings;
    settings.base_url = "https://concord.example/FHIR/R4";
    settings.validation["*"] = {mode, {}};
    return resources::ResourceService(std::move(parts), std::move(settings));
  }
};

World& world() {
  static World world;
  return world;
}

void create(benchmark::State& state, Validation::Mode mode, bool parse) {
  auto service = world().service(mode);
  const std::string text = observation();
  for (auto _ : state) {
    if (!parse) state.PauseTiming();
    tree::Document body = must(json::read(text, world().symbols));
    if (!parse) state.ResumeTiming();
    auto done = service.create(world().caller, "Observation", std::move(body), {});
    if (!done) std::abort();
    benchmark::DoNotOptimize(done);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK_CAPTURE(create, off, Validation::Mode::off, false)->Iterations(2000);
BENCHMARK_CAPTURE(create, enforce, Validation::Mode::enforce, false)->Iterations(2000);
BENCHMARK_CAPTURE(create, parse, Validation::Mode::off, true)->Iterations(2000);

void read(benchmark::State& state) {
  auto service = world().service(Validation::Mode::off);
  const auto made = must(service.create(world().caller, "Observation",
                                        must(json::read(observation(), world().symbols)), {}));
  for (auto _ : state) {
    auto done = service.read("Observation", made.row.id);
    benchmark::DoNotOptimize(done);
  }
}
BENCHMARK(read);

void write_page(benchmark::State& state) {
  auto service = world().service(Validation::Mode::off);
  for (int i = 0; i < 20; ++i) {
    must(service.create(world().caller, "Observation",
                        must(json::read(observation(), world().symbols)), {}));
  }
  const auto page =
      must(service.search(world().caller, "Observation", "_count=20", search::Handling::lenient));
  for (auto _ : state) {
    auto text = service.write(page);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(write_page);

void search_page(benchmark::State& state) {
  auto service = world().service(Validation::Mode::off);
  for (int i = 0; i < 200; ++i) {
    must(service.create(world().caller, "Observation",
                        must(json::read(observation(), world().symbols)), {}));
  }
  for (auto _ : state) {
    auto page = service.search(world().caller, "Observation",
                               "code=http://loinc.org|85354-9&subject=Patient/p-1&_count=20",
                               search::Handling::lenient);
    if (!page) std::abort();
    auto text = service.write(*page);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(search_page)->Iterations(50);

}  // namespace
}  // namespace concord::bench
