// FHIRPath: any text compiles or is refused; what compiles evaluates within its budget.
// DEPENDS fhir/path fhir/json fhir/definitions

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/path/expression.h"

namespace {

using namespace concord;

constexpr const char* kPatient =
    R"({"resourceType":"Patient","id":"p","contained":[{"resourceType":"Organization","id":"o","name":"N"}],
"extension":[{"url":"u","valueQuantity":{"value":1.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}],
"active":true,"name":[{"use":"official","family":"Wren","given":["Ada",null],"_given":[null,{"extension":[{"url":"x","valueCode":"y"}]}]}],
"birthDate":"1984-02-29","multipleBirthInteger":2,"deceasedDateTime":"2020-01-01T10:00:00.5+01:00",
"managingOrganization":{"reference":"#o"}})";

struct World {
  tree::Symbols symbols;
  path::FunctionTable functions = path::FunctionTable::standard();
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  tree::Document patient = *json::read(kPatient, symbols);
  World() {
    tree::Builder builder(patient);
    definitions::annotate(builder, definitions);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World* world = new World;
  // Every name an expression mentions becomes shared for good; a gateway loads a few thousand.
  if (world->symbols.size() > 30'000) {
    delete world;
    world = new World;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.size() > 4096) return 0;
  for (const bool strict : {false, true}) {
    path::CompileContext compile{world->symbols, world->functions};
    compile.definitions = &world->definitions;
    compile.focus_type = "Patient";
    compile.strict = strict;
    const auto expression = path::Expression::compile(text, compile);
    if (!expression) {
      // Every refusal says where.
      if (expression.error().issues.empty() || expression.error().issues.front().position.line == 0)
        std::abort();
      continue;
    }
    path::EvalContext context(path::EvalLimits{20'000, std::size_t{4} << 20});
    const auto focus = path::Collection::of(world->patient, world->patient.root());
    const auto items = expression->evaluate(context, focus);
    if (!items) continue;
    for (const path::Value& item : *items) {
      if (const auto printed = context.text_of(item);
          printed && printed->size() > (std::size_t{8} << 20))
        std::abort();
    }
    // The same again gives as much again.
    const auto again = expression->evaluate(context, focus);
    if (again && again->size() != items->size()) std::abort();
  }
  return 0;
}
