#pragma once
/// What the tests of this folder share: R4 with the models of `models/`, compiling and running maps
/// over texts.

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/mapping/map_set.h"
#include "tests/support/result_matchers.h"

namespace concord::mapping::test {

/// Symbols and definitions, loaded once per program.
struct World {
  tree::Symbols symbols;
  definitions::Definitions definitions;
  static World& get();

 private:
  World();
};

/// A FHIR resource from JSON, or a document of a model from XML, annotated. Fails the test when it
/// cannot be read.
tree::Document json(const std::string& text);
tree::Document xml(const std::string& text, std::string_view model);

/// One map as the only source, named "test.map".
std::vector<MapSource> one(std::string text);

Result<MapSet> compile(const std::vector<MapSource>& sources, const CompileOptions& options = {});

struct Ran {
  Result<RunReport> report = RunReport{};
  tree::Document target;
  TraceRecorder trace;
  tree::NodeSet reads;
};

/// Runs a group of the first map, the first one without a name, over `source` and `more`. UUIDs are
/// 00…01, 00…02 …
Ran run(const MapSet& maps, const tree::Document& source, RunOptions options = {},
        std::string_view group = {}, const std::vector<tree::Document>& more = {});

/// The target as pretty JSON or XML.
std::string written(const tree::Document& target);

}  // namespace concord::mapping::test
