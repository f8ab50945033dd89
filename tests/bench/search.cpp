// Search parameters: what it costs to compile them, to index a resource, to understand a query.
// DEPENDS fhir/search fhir/path fhir/json fhir/definitions

#include <benchmark/benchmark.h>

#include <string>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/path/function_table.h"
#include "fhir/search/parameters.h"

namespace concord::bench {
namespace {

struct Search {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  path::FunctionTable functions = path::FunctionTable::standard();
  search::Parameters parameters =
      *search::Parameters::compile({&definitions, &functions, nullptr, {}, {}});

  tree::Document resource(std::string text) {
    tree::Document document = *json::read(std::move(text), symbols);
    tree::Builder builder(document);
    definitions::annotate(builder, definitions);
    return document;
  }
};

Search& search_of_r4() {
  static Search made;
  return made;
}

/// Two thousand bytes, as a laboratory sends them.
std::string observation() {
  return R"({"resourceType":"Observation","id":"8c4e1f0a-6a55-4d3e-9a53-2f4e4b7f0c11","meta":{"profile":[)"
         R"("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation"],"lastUpdated":)"
         R"("2026-03-01T09:30:10.123+00:00"},"text":{"status":"generated","div":"<div xmlns=\")"
         R"(http://www.w3.org/1999/xhtml\"><p>Serum potassium of a routine sample, reported by the)"
         R"( laboratory after the second run; the first was haemolysed and is not shown.</p></div>"},)"
         R"("identifier":[{"system":"https://lab.example/results","value":"R-2026-000123"}],)"
         R"("basedOn":[{"reference":"ServiceRequest/2f0e3c7a-1"}],"status":"final","category":[{)"
         R"("coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":)"
         R"("laboratory","display":"Laboratory"}]}],"code":{"coding":[{"system":"http://snomed.info/sct",)"
         R"("code":"1000651000000109","display":"Serum potassium level"},{"system":"http://loinc.org",)"
         R"("code":"2823-3","display":"Potassium [Moles/volume] in Serum or Plasma"}],"text":)"
         R"("Serum potassium"},"subject":{"reference":"Patient/9a1d7c52-1111-4c7b-8f6e-0d8f3d6f0001",)"
         R"("identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}},)"
         R"("encounter":{"reference":"Encounter/77"},"effectiveDateTime":"2026-03-01T08:15:00+00:00",)"
         R"("issued":"2026-03-01T09:30:00+00:00","performer":[{"reference":"Organization/X26","display":)"
         R"("Laboratory"}],"valueQuantity":{"value":4.10,"unit":"mmol/L","system":)"
         R"("http://unitsofmeasure.org","code":"mmol/L"},"interpretation":[{"coding":[{"system":)"
         R"("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":)"
         R"("Normal"}]}],"note":[{"text":"Second run of the sample."}],"specimen":{"reference":)"
         R"("Specimen/5512"},"referenceRange":[{"low":{"value":3.5,"unit":"mmol/L","system":)"
         R"("http://unitsofmeasure.org","code":"mmol/L"},"high":{"value":5.3,"unit":"mmol/L","system":)"
         R"("http://unitsofmeasure.org","code":"mmol/L"}}]})";
}

void compile_all(benchmark::State& state) {
  Search& use = search_of_r4();
  for (auto _ : state) {
    auto made = search::Parameters::compile({&use.definitions, &use.functions, nullptr, {}, {}});
    benchmark::DoNotOptimize(made);
  }
}
BENCHMARK(compile_all)->Unit(benchmark::kMillisecond);

void extract(benchmark::State& state, const std::string& text) {
  Search& use = search_of_r4();
  const tree::Document document = use.resource(text);
  std::size_t rows = 0;
  for (auto _ : state) {
    const auto values = use.parameters.extract(document, document.root());
    rows = values->tokens.size() + values->texts.size() + values->periods.size() +
           values->numbers.size() + values->links.size();
  }
  state.counters["rows"] = static_cast<double>(rows);
  state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK_CAPTURE(extract, observation, observation());
BENCHMARK_CAPTURE(
    extract, patient,
    R"({"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
    R"("value":"9990000018"}],"active":true,"name":[{"use":"official","family":"Jänsch","given":["Anna",)"
    R"("Maria"]}],"telecom":[{"system":"phone","value":"020 7946 0000"}],"gender":"female","birthDate":)"
    R"("1980-05-11","address":[{"line":["1 High Street"],"city":"Leeds","postalCode":"LS1 1AA"}],)"
    R"("managingOrganization":{"reference":"Organization/X26"}})");

/// What reading and typing the same text costs, to compare with.
void read_observation(benchmark::State& state) {
  Search& use = search_of_r4();
  const std::string text = observation();
  for (auto _ : state) {
    const tree::Document document = use.resource(text);
    benchmark::DoNotOptimize(document.node_count());
  }
}
BENCHMARK(read_observation);

void parse(benchmark::State& state, const char* type, const search::QueryParameters& parameters) {
  Search& use = search_of_r4();
  for (auto _ : state) {
    auto query = use.parameters.parse(type, parameters, {});
    benchmark::DoNotOptimize(query);
  }
}
BENCHMARK_CAPTURE(parse, token_and_date, "Observation",
                  {{"patient", "9a1d7c52"},
                   {"code", "http://loinc.org|2823-3"},
                   {"date", "ge2026"}});
BENCHMARK_CAPTURE(parse, chain, "Observation", {{"subject:Patient.family", "Smith"}});
BENCHMARK_CAPTURE(parse, whole_system, "", {{"_tag", "x"}, {"_lastUpdated", "ge2026-01-01"}});

}  // namespace
}  // namespace concord::bench
