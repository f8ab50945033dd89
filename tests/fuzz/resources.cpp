// A Bundle is carried out and answered with FHIR JSON, or refused with issues and nothing stored;
// any query of a search, history or $everything gives a Bundle or issues. The first line says what
// the rest is: "bundle", "search Patient", "history Patient", "everything", "cut true".
//
// DEPENDS gateway/resources tests/memory/resources

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/json/reader.h"
#include "fhir/path/function_table.h"
#include "fhir/validate/validator.h"
#include "gateway/resources/service.h"
#include "tests/support/memory_resources.h"

using namespace concord;

namespace {

struct Knowledge {
  tree::Symbols symbols;
  definitions::Definitions r4 = *definitions::Definitions::r4(symbols);
  path::FunctionTable functions = path::FunctionTable::standard();
  search::Parameters parameters = [this] {
    search::Parameters::Sources sources;
    sources.definitions = &r4;
    sources.functions = &functions;
    return *search::Parameters::compile(sources);
  }();
  validate::Validator validator = validate::Validator::compile(r4);
};

/// Refusals say why and are never our fault.
void check(const Error& error) {
  if (error.issues.empty() || error.code == ErrorCode::internal) std::abort();
}

void check(const Knowledge& known, const Result<std::string>& text) {
  if (!text) return check(text.error());
  if (!json::read(*text, known.symbols)) std::abort();
}

void check(const Knowledge& known, const resources::ResourceService& service,
           const Result<resources::Page>& page) {
  if (!page) return check(page.error());
  check(known, service.write(*page));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Knowledge known;
  test::MemoryResources store;
  std::int64_t now = 1'780'000'000'000;
  int ids = 0;
  resources::Parts parts;
  parts.definitions = &known.r4;
  parts.parameters = &known.parameters;
  parts.validator = &known.validator;
  parts.functions = &known.functions;
  parts.store = &store;
  parts.clock = [&] { return Instant(std::chrono::milliseconds(++now)); };
  parts.uuids = [&] { return "id-" + std::to_string(++ids); };
  resources::Settings settings;
  settings.validation["*"] = {resources::Validation::Mode::off, {}};
  resources::ResourceService service(std::move(parts), settings);
  const resources::Caller caller{"X99001", "fuzz", {}};
  for (
      const char* text :
      {R"({"resourceType":"Patient","id":"a","identifier":[{"system":"urn:x","value":"1"}]})",
       R"({"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}})"}) {
    auto body = json::read(text, known.symbols);
    const std::string type(body->text(body->root().type()));
    const std::string id(body->root().child(body->find("id"))->text());
    if (!service.update(caller, type, id, *std::move(body), {})) std::abort();
  }

  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string what = input.substr(0, line);
  const std::string rest = line < input.size() ? input.substr(line + 1) : std::string();
  const std::string type = what.substr(std::min(what.find(' ') + 1, what.size()));
  if (what == "bundle") {
    auto bundle = json::read(rest, known.symbols);
    if (!bundle) return 0;
    const std::size_t before = store.writes();
    const bool transaction = rest.find("\"transaction\"") != std::string::npos;
    const auto answer = service.bundle(caller, *std::move(bundle), "");
    check(known, answer);
    if (!answer && transaction && store.writes() != before) std::abort();
  } else if (what.starts_with("search")) {
    check(known, service, service.search(caller, type, rest, search::Handling::lenient));
    check(known, service,
          service.search(caller, type, rest, search::Handling::strict,
                         search::Compartment{"Patient", "a"}));
  } else if (what.starts_with("history")) {
    check(known, service, service.history(caller, type, "", rest));
    check(known, service, service.history(caller, "Patient", "a", rest));
  } else if (what == "everything") {
    check(known, service, service.everything(caller, "a", rest));
  } else if (what.starts_with("cut")) {
    auto body = json::read(rest, known.symbols);
    if (!body) return 0;
    resources::Cut cut;
    cut.summary = search::SummaryMode::yes;
    check(known, service.cut(rest, cut));
    cut.summary = search::SummaryMode::no;
    cut.elements = {type};
    check(known, service.cut(rest, cut));
  }
  return 0;
}
