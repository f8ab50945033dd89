#pragma once
/// Definitions, parameters and documents, made once for all tests of the room.

#include <memory>
#include <string>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/search/parameters.h"
#include "fhir/terminology/terminology.h"
#include "fhir/tree/document.h"

namespace concord::search::test {

struct Engine {
  tree::Symbols symbols;
  path::FunctionTable functions = path::FunctionTable::standard();
  std::unique_ptr<definitions::Definitions> definitions;
  std::unique_ptr<packages::Registry> registry;
  std::unique_ptr<terminology::Terminology> terminology;
  std::unique_ptr<Parameters> parameters;
};

Engine& engine();

/// An annotated resource from JSON; fails the test when it is none.
tree::Document resource(std::string json);

/// What it is found by; fails the test on an error.
IndexValues values_of(std::string json);

/// A query as it stands behind "?", not encoded: "a=1&b=2".
QueryParameters query_of(std::string_view text);

/// parse() with the base url "https://here.example/FHIR/R4" at 2026-06-01T12:00:00Z.
Result<Query> parse(std::string_view type, std::string_view query,
                    Handling handling = Handling::strict);

/// Whether a resource of the given JSON is found by a query over its type. Evaluates the conditions
/// over the values alone: no chains.
bool finds(const std::string& json, std::string_view query);

/// Conditions without links to other resources, over the values alone.
bool meets(const IndexValues& values, std::string_view id, const Condition& condition);

}  // namespace concord::search::test
