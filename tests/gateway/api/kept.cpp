#include "tests/gateway/api/kept.h"

#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/search/parameters.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"

namespace concord::api {

/// Compiled once for all tests of the program.
struct Kept::Known {
  std::unique_ptr<tree::Symbols> symbols = std::make_unique<tree::Symbols>();
  std::unique_ptr<definitions::Definitions> r4;
  path::FunctionTable functions = path::FunctionTable::standard();
  std::unique_ptr<search::Parameters> parameters;
  std::unique_ptr<validate::Validator> validator;
  std::unique_ptr<packages::Registry> registry;
  std::unique_ptr<terminology::Terminology> terms;

  Known() {
    r4 = std::make_unique<definitions::Definitions>(*definitions::Definitions::r4(*symbols));
    search::Parameters::Sources sources;
    sources.definitions = r4.get();
    sources.functions = &functions;
    parameters = std::make_unique<search::Parameters>(*search::Parameters::compile(sources));
    validator = std::make_unique<validate::Validator>(validate::Validator::compile(*r4));
    registry = std::make_unique<packages::Registry>(*r4);
    terms = std::make_unique<terminology::Terminology>(*registry);
  }
};

const Kept::Known& Kept::known() {
  static const Known kKnown;
  return kKnown;
}

Kept::Kept() {
  settings.validation["*"] = {resources::Validation::Mode::off, {}};
  calling.services.symbols = known().symbols.get();
  calling.services.definitions = known().r4.get();
  calling.services.base_url = "https://concord.example/FHIR/R4";
  calling.services.clock = [this] { return now; };
  calling.services.search_time = std::chrono::hours(1);
  settings.base_url = calling.services.base_url;
  restart();
}

Kept::~Kept() = default;

void Kept::restart() {
  resources::Parts parts;
  parts.definitions = known().r4.get();
  parts.parameters = known().parameters.get();
  parts.validator = known().validator.get();
  parts.functions = &known().functions;
  parts.store = &store;
  parts.clock = [this] { return now += std::chrono::seconds(1); };
  parts.uuids = [this] { return "id-" + std::to_string(++next_id); };
  parts.value_set = [this](std::string_view asked) {
    return Api(calling.services).value_set(asked);
  };
  service = std::make_unique<resources::ResourceService>(std::move(parts), settings);
  calling.services.resources = service.get();
}

void Kept::with_terminology() { calling.services.terminology = known().terms.get(); }

http::Response Kept::get(std::string target, Fields fields) {
  return calling.call({"GET", "/FHIR/R4/" + std::move(target), std::move(fields)});
}

http::Response Kept::send(std::string method, std::string target, std::string body, Fields fields) {
  const bool told = std::any_of(fields.begin(), fields.end(),
                                [](const auto& field) { return field.first == "content-type"; });
  if (!told) fields.emplace_back("content-type", "application/fhir+json");
  return calling.call(
      {std::move(method), "/FHIR/R4/" + std::move(target), std::move(fields), std::move(body)});
}

http::Response Kept::remove(std::string target, Fields fields) {
  return calling.call({"DELETE", "/FHIR/R4/" + std::move(target), std::move(fields)});
}

std::string patient(std::string_view family, std::string_view id) {
  std::string text = R"({"resourceType":"Patient",)";
  if (!id.empty()) text.append(R"("id":")").append(id).append(R"(",)");
  return text.append(R"("name":[{"family":")").append(family).append(R"("}]})");
}

}  // namespace concord::api
