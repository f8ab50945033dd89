// A map from a Bundle of 40 requests to some 330 nodes, beside reading that Bundle from JSON in the
// same run; the same with trace and read accounting; compiling the map.
// DEPENDS fhir/mapping fhir/json fhir/definitions fhir/path

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <optional>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/mapping/map_set.h"
#include "fhir/path/context.h"

namespace concord::bench {
namespace {

constexpr const char* kMap = R"(map "https://example.org/bench" = Bench
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Bundle as source
uses "http://hl7.org/fhir/StructureDefinition/MedicationRequest" alias MedicationRequest as source
uses "http://hl7.org/fhir/StructureDefinition/RequestGroup" alias RequestGroup as target

group Main(source bundle : Bundle, target tgt : RequestGroup) {
  bundle -> tgt.status = 'active', tgt.intent = 'order' "constants";
  bundle.entry as e then {
    e.resource : MedicationRequest as mr -> tgt.action as action then Action(mr, action) "request";
  } "entry";
}

group Action(source mr : MedicationRequest, target action) {
  mr.identifier 1..1 as id where system = 'https://fhir.nhs.uk/Id/prescription-order-item-number'
    -> action.id = (id.value.upper()) "id";
  mr.medication : CodeableConcept as m then {
    m.coding 1..1 as c where system = 'http://snomed.info/sct'
      -> action.code as cc, cc.coding as made, made.system = (c.system), made.code = (c.code), made.display = (c.display) "snomed";
  } "medication";
  mr.dosageInstruction first as dosage -> action.description = (dosage.text) "dosage";
}
)";

std::string bundle_text() {
  std::string text = R"({"resourceType":"Bundle","type":"message","entry":[)";
  for (int i = 0; i < 40; ++i) {
    text +=
        std::string(i == 0 ? "" : ",") +
        R"({"fullUrl":"urn:uuid:0","resource":{"resourceType":"MedicationRequest","identifier":[)"
        R"({"system":"https://fhir.nhs.uk/Id/prescription-order-item-number","value":"a54219b8-f741-)" +
        std::to_string(1000 + i) +
        R"("}],"status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":)"
        R"("http://snomed.info/sct","code":"39732311000001104","display":"A medicine"}]},)"
        R"("dosageInstruction":[{"text":"Once a day"}]}})";
  }
  return text + "]}";
}

struct World {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  std::string text = bundle_text();
  tree::Document bundle = *json::read(text, symbols);
  std::optional<mapping::MapSet> maps;
  mapping::Entry entry;
  World() {
    tree::Builder builder(bundle);
    definitions::annotate(builder, definitions);
    const mapping::MapSource source{"bench.map", kMap};
    auto compiled = mapping::MapSet::compile(std::span(&source, 1), definitions);
    if (!compiled) {
      std::fputs((to_string(compiled.error()) + '\n').c_str(), stderr);
      std::abort();
    }
    maps.emplace(*std::move(compiled));
    entry = *maps->entry("https://example.org/bench");
  }
};

World& world() {
  static World made;
  return made;
}

void map_it(benchmark::State& state, bool accounted) {
  World& use = world();
  path::EvalContext context;
  mapping::TraceRecorder trace;
  tree::NodeSet reads(4096);
  std::size_t nodes = 0;
  for (auto _ : state) {
    tree::Document target(use.symbols);
    mapping::RunOptions options;
    options.context = &context;
    if (accounted) {
      trace.clear();
      reads.clear();
      options.trace = &trace;
      options.reads = &reads;
    }
    const mapping::Input input{&use.bundle, nullptr};
    const auto report = use.maps->run(use.entry, std::span(&input, 1), target, options);
    if (!report) {
      state.SkipWithError(to_string(report.error()).c_str());
      return;
    }
    nodes = target.node_count();
    benchmark::DoNotOptimize(nodes);
  }
  state.counters["target_nodes"] = static_cast<double>(nodes);
}

void Map(benchmark::State& state) { map_it(state, false); }
void MapTracedAndAccounted(benchmark::State& state) { map_it(state, true); }

void ReadTheSource(benchmark::State& state) {
  World& use = world();
  for (auto _ : state) {
    auto document = json::read(use.text, use.symbols);
    benchmark::DoNotOptimize(document->node_count());
  }
  state.counters["bytes"] = static_cast<double>(use.text.size());
}

void Compile(benchmark::State& state) {
  World& use = world();
  const mapping::MapSource source{"bench.map", kMap};
  for (auto _ : state) {
    auto maps = mapping::MapSet::compile(std::span(&source, 1), use.definitions);
    benchmark::DoNotOptimize(maps.has_value());
  }
}

BENCHMARK(ReadTheSource)->Unit(benchmark::kMicrosecond);
BENCHMARK(Map)->Unit(benchmark::kMicrosecond);
BENCHMARK(MapTracedAndAccounted)->Unit(benchmark::kMicrosecond);
BENCHMARK(Compile)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
