#include "tests/fhir/search/engine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/search/match.h"
#include "tests/support/result_matchers.h"

namespace concord::search::test {

Engine& engine() {
  static Engine* made = [] {
    auto* fresh = new Engine;
    auto loaded = definitions::Definitions::r4(fresh->symbols);
    if (!loaded) std::abort();
    fresh->definitions = std::make_unique<definitions::Definitions>(*std::move(loaded));
    fresh->registry = std::make_unique<packages::Registry>(*fresh->definitions);
    fresh->terminology = std::make_unique<terminology::Terminology>(*fresh->registry);
    Parameters::Sources sources;
    sources.definitions = fresh->definitions.get();
    sources.functions = &fresh->functions;
    sources.terminology = fresh->terminology.get();
    sources.base_url = "https://here.example/FHIR/R4";
    auto compiled = Parameters::compile(sources);
    if (!compiled) {
      ADD_FAILURE() << to_string(compiled.error());
      std::abort();
    }
    fresh->parameters = std::make_unique<Parameters>(*std::move(compiled));
    return fresh;
  }();
  return *made;
}

tree::Document resource(std::string json) {
  auto read = json::read(std::move(json), engine().symbols);
  if (!read) {
    ADD_FAILURE() << to_string(read.error());
    return tree::Document(engine().symbols);
  }
  tree::Builder builder(*read);
  definitions::annotate(builder, *engine().definitions);
  return *std::move(read);
}

IndexValues values_of(std::string json) {
  const tree::Document document = resource(std::move(json));
  auto values = engine().parameters->extract(document, document.root());
  EXPECT_THAT(values, IsOk());
  return values ? *std::move(values) : IndexValues{};
}

QueryParameters query_of(std::string_view text) {
  QueryParameters parameters;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view one = text.substr(0, end);
    const std::size_t equals = one.find('=');
    parameters.emplace_back(one.substr(0, equals), equals == std::string_view::npos
                                                       ? std::string_view{}
                                                       : one.substr(equals + 1));
    text = text.substr(std::min(end + 1, text.size()));
  }
  return parameters;
}

Result<Query> parse(std::string_view type, std::string_view query, Handling handling) {
  Parameters::Reading reading;
  reading.handling = handling;
  reading.base_url = "https://here.example/FHIR/R4";
  reading.now = *parse_instant("2026-06-01T12:00:00Z");
  return engine().parameters->parse(type, query_of(query), reading);
}

bool meets(const IndexValues& values, std::string_view id, const Condition& condition) {
  return matches(condition, {"", id, {}, &values});
}

bool finds(const std::string& json, std::string_view query) {
  const tree::Document document = resource(json);
  const auto values = engine().parameters->extract(document, document.root());
  EXPECT_THAT(values, IsOk());
  const auto parsed = parse(document.text(document.root().type()), query);
  EXPECT_THAT(parsed, IsOk()) << query;
  if (!values || !parsed) return false;
  const tree::Node* id = document.root().child(document.find("id"));
  return meets(*values, id == nullptr ? std::string_view{} : id->text(), parsed->where.front());
}

}  // namespace concord::search::test
