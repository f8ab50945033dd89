#include "tests/gateway/resources/fixture.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/path/command.h"

namespace concord::test {

const Knowledge& Knowledge::shared() {
  static const Knowledge kKnown = [] {
    Knowledge known;
    known.symbols = std::make_unique<tree::Symbols>();
    known.definitions =
        std::make_unique<definitions::Definitions>(*definitions::Definitions::r4(*known.symbols));
    search::Parameters::Sources sources;
    sources.definitions = known.definitions.get();
    sources.functions = &known.functions;
    known.parameters = std::make_unique<search::Parameters>(*search::Parameters::compile(sources));
    known.registry = std::make_unique<packages::Registry>(*known.definitions);
    known.profiles = std::make_unique<snapshot::Profiles>(*known.registry);
    known.terminology = std::make_unique<terminology::Terminology>(*known.registry);
    validate::Parts parts;
    parts.definitions = known.definitions.get();
    parts.registry = known.registry.get();
    parts.profiles = known.profiles.get();
    parts.terminology = known.terminology.get();
    known.validator = std::make_unique<validate::Validator>(validate::Validator::compile(parts));
    return known;
  }();
  return kKnown;
}

ResourcesTest::ResourcesTest() {
  settings_.base_url = "https://concord.example/FHIR/R4";
  settings_.validation["*"] = {resources::Validation::Mode::off, {}};
  restart();
}

void ResourcesTest::restart() {
  resources::Parts parts;
  parts.definitions = known_.definitions.get();
  parts.parameters = known_.parameters.get();
  parts.validator = known_.validator.get();
  parts.functions = &known_.functions;
  parts.store = &store_;
  parts.of_exchange = of_exchange_;
  parts.observer = observer_;
  parts.clock = [this] { return now_ += std::chrono::milliseconds(1); };
  parts.uuids = [this] { return "id-" + std::to_string(++next_id_); };
  service_ = std::make_unique<resources::ResourceService>(std::move(parts), settings_);
}

tree::Document ResourcesTest::read(std::string_view json) const {
  auto document = json::read(std::string(json), *known_.symbols);
  EXPECT_THAT(document, IsOk());
  return document ? *std::move(document) : tree::Document(*known_.symbols);
}

Result<resources::Done> ResourcesTest::create(std::string_view json,
                                              resources::Conditions conditions) {
  tree::Document body = read(json);
  const std::string type(body.text(body.root().type()));
  return service_->create(caller_, type, std::move(body), conditions);
}

Result<resources::Done> ResourcesTest::update(std::string_view json,
                                              resources::Conditions conditions) {
  tree::Document body = read(json);
  const std::string type(body.text(body.root().type()));
  const tree::Node* id = body.root().child(body.find("id"));
  const std::string name(id == nullptr ? std::string_view() : id->text());
  return service_->update(caller_, type, name, std::move(body), conditions);
}

std::string ResourcesTest::make(std::string_view json) {
  auto done = create(json);
  EXPECT_THAT(done, IsOk());
  return done ? done->row.id : std::string();
}

resources::Done ResourcesTest::put(std::string_view json) {
  auto done = update(json);
  EXPECT_THAT(done, IsOk());
  return done ? *std::move(done) : resources::Done{};
}

Result<resources::Page> ResourcesTest::search(std::string_view type, std::string_view query) {
  return service_->search(caller_, type, query, search::Handling::lenient);
}

Result<std::string> ResourcesTest::bundle(std::string_view json, std::string_view preference) {
  return service_->bundle(caller_, read(json), preference);
}

std::string ResourcesTest::eval(const std::string& json, std::string_view expression) const {
  tree::Document document = read(json);
  tree::Builder builder(document);
  definitions::annotate(builder, *known_.definitions);
  auto text =
      path::evaluate_to_text(expression, document, *known_.definitions, *known_.symbols, now_);
  EXPECT_THAT(text, IsOk());
  if (!text) return {};
  while (text->ends_with('\n')) text->pop_back();
  std::replace(text->begin(), text->end(), '\n', ',');
  return *std::move(text);
}

std::vector<std::string> ResourcesTest::ids(const resources::Page& page) {
  std::vector<std::string> found;
  for (const auto& entry : page.entries) {
    found.push_back((entry.included ? "+" : "") + entry.row.id);
  }
  return found;
}

}  // namespace concord::test
