// Any differential gives a snapshot whose elements lie within their type, or an error that says
// why; the same one again; and what is given as JSON as well as what the bytes are read as a
// recipe for.
// DEPENDS fhir/json fhir/definitions fhir/packages fhir/snapshot

#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/detail/generate_from.h"
#include "fhir/snapshot/detail/registry_source.h"

using namespace concord;

namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = load(symbols);
  packages::Registry registry{r4};
  snapshot::RegistrySource source{registry};

 private:
  static definitions::Definitions load(tree::Symbols& symbols) {
    auto loaded = definitions::Definitions::r4(symbols);
    if (!loaded) std::abort();
    return *std::move(loaded);
  }
};

struct Subject {
  std::string_view type;
  std::array<std::string_view, 8> paths;
};

constexpr std::array kSubjects{
    Subject{"Patient",
            {"", ".identifier", ".identifier.system", ".extension", ".extension.value[x]",
             ".contact", ".contact.name.family", ".deceased[x]"}},
    Subject{"Observation",
            {"", ".value[x]", ".valueQuantity", ".valueQuantity.code", ".component",
             ".component.value[x]", ".component.referenceRange", ".code.coding"}},
    Subject{"Questionnaire",
            {"", ".item", ".item.item", ".item.item.item", ".item.answerOption.value[x]",
             ".item.extension", ".item.code", ".item.item.extension.extension"}},
    Subject{"Extension",
            {"", ".extension", ".extension.url", ".extension.extension", ".extension.value[x]",
             ".extension.valueCoding", ".url", ".value[x]"}},
};
constexpr std::array<std::string_view, 8> kSlices{"a",           "b", "a/c",   "valueQuantity",
                                                  "valueString", "d", "a/c/e", "valueCoding"};
constexpr std::array<std::string_view, 8> kMembers{
    R"("min":1)",
    R"("max":"1")",
    R"("max":"0")",
    R"("slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"})",
    R"("slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"})",
    R"("type":[{"code":"Quantity"}])",
    R"("type":[{"code":"Extension","profile":["https://a.example/P"]}])",
    R"("fixedString":"x")"};

/// Three bytes an element: where, which slice, what is said.
std::string cooked(const std::uint8_t* data, std::size_t size) {
  const Subject& subject = kSubjects[data[0] % kSubjects.size()];
  std::string text = R"({"resourceType":"StructureDefinition","url":"https://a.example/P",)"
                     R"("name":"P","status":"draft","kind":")";
  text += subject.type == "Extension" ? "complex-type" : "resource";
  text.append(R"(","abstract":false,"type":")").append(subject.type);
  text.append(R"(","baseDefinition":"http://hl7.org/fhir/StructureDefinition/)")
      .append(subject.type);
  text += R"(","derivation":"constraint","differential":{"element":[)";
  for (std::size_t i = 1; i + 2 < size && i < 120; i += 3) {
    if (i > 1) text += ',';
    text.append(R"({"path":")").append(subject.type);
    text.append(subject.paths[data[i] % subject.paths.size()]).append("\"");
    if (data[i + 1] % 2 == 1) {
      text.append(R"(,"sliceName":")").append(kSlices[data[i + 1] / 2 % kSlices.size()]);
      text += '"';
    }
    if (data[i + 2] % 4 != 0) text.append(",").append(kMembers[data[i + 2] / 4 % 8]);
    text += '}';
  }
  return text + "]}}";
}

/// `well_formed`: its numbers are numbers, so what is made of it can be written.
void run(Loaded& loaded, std::string source, bool well_formed) {
  auto document = json::read(std::move(source), loaded.symbols);
  if (!document) return;
  tree::Builder builder(*document);
  definitions::annotate(builder, loaded.r4);
  snapshot::GenerateOptions options;
  options.complete_slicing = true;
  options.limits.max_elements = 5000;
  options.limits.max_steps = 500'000;
  const auto generated = snapshot::generate_from(loaded.source, *document, loaded.r4, options);
  const auto again = snapshot::generate_from(loaded.source, *document, loaded.r4, options);
  if (generated.has_value() != again.has_value()) std::abort();
  if (!generated) {
    if (generated.error().issues.empty()) std::abort();
    return;
  }
  json::WriteOptions write;
  write.limits = generated->definition.limits();
  const auto text = json::write(generated->definition, write);
  if (!text && !well_formed) return;
  if (!text) {
    std::cerr << to_string(text.error()) << "\n" << document->source() << "\n";
    std::abort();
  }
  if (*text != json::write(again->definition, write).value_or("")) std::abort();
  const tree::Document& made = generated->definition;
  const tree::Node* type = made.root().child(made.find("type"));
  const tree::Node* view = made.root().child(made.find("snapshot"));
  if (type == nullptr || view == nullptr) std::abort();
  const std::string_view name = type->text().substr(type->text().rfind('/') + 1);
  for (const tree::Node* at = view->child(made.find("element")); at != nullptr;
       at = at->next_same()) {
    const tree::Node* path = at->child(made.find("path"));
    if (path == nullptr || !path->text().starts_with(name)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Loaded loaded;
  if (size < 4) return 0;
  if (data[0] == '{') {
    run(loaded, std::string(reinterpret_cast<const char*>(data), size), false);
  } else {
    run(loaded, cooked(data, size), true);
  }
  return 0;
}
