// The mapping language: any text, and any StructureMap in JSON or XML, compiles or is refused with
// a place; what compiles and starts from a Patient ends within its budget, twice with the same
// result. What is read at all comes back the same from its one text and from both forms of the
// resource.

// DEPENDS fhir/mapping fhir/json fhir/definitions

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/mapping/map_set.h"
#include "fhir/mapping/structure_map.h"

namespace {

using namespace concord;

constexpr const char* kPatient =
    R"({"resourceType":"Patient","id":"p","active":true,"gender":"female","birthDate":"1984-02-29",
"name":[{"use":"official","family":"Wren","given":["Ada","May"]},{"text":"A <W>"}],
"telecom":[{"system":"phone","value":"1"},{"system":"phone","value":"2"}],
"address":[{"line":["l1","l2"],"city":"c"}],"multipleBirthInteger":2})";

struct World {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  tree::Document patient = *json::read(kPatient, symbols);
  World() {
    tree::Builder builder(patient);
    definitions::annotate(builder, definitions);
  }
};

std::uint64_t run(const World& world, const mapping::MapSet& maps, const mapping::Entry& entry) {
  tree::Document target(world.symbols, tree::Limits{.max_nodes = 5'000});
  const mapping::Input input{&world.patient, nullptr};
  int counter = 0;
  mapping::TraceRecorder trace;
  tree::NodeSet reads;
  mapping::RunOptions options;
  options.uuids = [&counter] { return std::to_string(++counter); };
  options.max_steps = 5'000;
  options.max_depth = 60;
  options.trace = &trace;
  options.reads = &reads;
  const auto report = maps.run(entry, std::span(&input, 1), target, options);
  if (!report) return UINT64_MAX;
  static_cast<void>(mapping::unread(reads, world.patient, world.patient.root()));
  if (mapping::trace_json_lines(trace).size() < trace.writes().size()) std::abort();
  return report->writes;
}

/// Text → text → StructureMap → text: the same bytes from the second on.
void round_trip(const mapping::MapSource& source) {
  const auto text = mapping::to_text(source);
  if (!text) return;
  const mapping::MapSource printed{"printed.map", *text};
  const auto again = mapping::to_text(printed);
  if (!again || *again != *text) std::abort();
  for (const auto form : {mapping::ResourceForm::r4, mapping::ResourceForm::r5}) {
    const tree::Symbols symbols;
    const auto resource = mapping::to_resource(printed, symbols, form);
    if (!resource) std::abort();
    const auto bytes = json::write(*resource);
    if (!bytes) return;  // a name or text FHIR cannot carry
    const auto back = mapping::to_text({"resource.json", *bytes});
    if (!back) std::abort();
    const auto stable = mapping::to_text({"back.map", *back});
    if (!stable || *stable != *back) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World* world = new World;
  // Every name an expression mentions becomes shared for good; a gateway loads a few thousand.
  if (world->symbols.size() > 30'000) {
    delete world;
    world = new World;
  }
  if (size > 8192) return 0;
  const mapping::MapSource source{"fuzz.map",
                                  std::string(reinterpret_cast<const char*>(data), size)};
  round_trip(source);
  mapping::CompileOptions options;
  options.parameters = {"who"};
  options.strict = size % 2 == 0;
  const auto maps = mapping::MapSet::compile(std::span(&source, 1), world->definitions, options);
  if (!maps) {
    // Every refusal says what and where.
    if (maps.error().issues.empty()) std::abort();
    for (const Issue& issue : maps.error().issues) {
      if (issue.position.line == 0 || issue.text.empty() || issue.detail_code.empty()) std::abort();
    }
    return 0;
  }
  const auto entry = maps->entry(maps->maps().front());
  if (!entry) return 0;
  if (run(*world, *maps, *entry) != run(*world, *maps, *entry)) std::abort();
  return 0;
}
