// Whatever a StructureDefinition says, compiling it and checking a resource against it ends, within
// bounds and without a crash.
// DEPENDS fhir/json fhir/definitions fhir/packages fhir/snapshot fhir/terminology fhir/validate

#include "fhir/snapshot/profiles.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"

using namespace concord;

namespace {

constexpr const char* kPatient =
    R"({"resourceType":"Patient","id":"p","extension":[{"url":"https://concord.example/x",
"valueString":"v"}],"identifier":[{"system":"urn:a","value":"1","period":{"start":"2020"}},
{"system":"urn:b","value":"2"}],"name":[{"use":"official","family":"Wren","given":["Ada","Bo"]}],
"birthDate":"1970-01-01","maritalStatus":{"coding":[{"system":"urn:m","code":"M"}]},
"contained":[{"resourceType":"Organization","id":"o","name":"N"}],
"managingOrganization":{"reference":"#o"},"multipleBirthInteger":2})";

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = *definitions::Definitions::r4(symbols);
  tree::Document patient = read();

 private:
  tree::Document read() {
    auto document = json::read(kPatient, symbols);
    if (!document) std::abort();
    tree::Builder builder(*document);
    definitions::annotate(builder, r4);
    return *std::move(document);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Loaded loaded;
  packages::Registry registry(loaded.r4);
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto added = registry.add_text("profile", text);
  if (!added || *added == nullptr || (*added)->url.empty()) return 0;
  const snapshot::Profiles profiles(registry);
  const terminology::Terminology terminology(registry);
  const auto validator =
      validate::Validator::compile({&loaded.r4, &registry, &profiles, &terminology});
  const std::vector<std::string> asked{std::string((*added)->url)};
  const auto report = validator.validate(loaded.patient, validate::Options::reference(),
                                         validate::Validator::Request{asked, nullptr});
  if (report.ok() != (report.errors == 0)) std::abort();
  return 0;
}
