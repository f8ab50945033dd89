#pragma once
/// Definitions, mapper and the small steps every test of this folder takes.

#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/mapping/trace.h"
#include "fhir/tree/builder.h"
#include "mappers/eps/eps.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::eps::test {

/// Built once for the program: loading definitions and maps costs more than any test.
struct World {
  tree::Symbols symbols;
  definitions::Definitions definitions;
  std::unique_ptr<mappers::Mapper> mapper;

  static World& get();

 private:
  World();
};

/// Parsed and typed, as the gateway hands Bundles to mappers. Fails the test when it is no JSON.
tree::Document typed(std::string json);

/// Clock 2026-03-02T10:15:00Z and invented identities: those of cases/.
mappers::Parameters case_parameters();

Result<mappers::Encoded> translate(std::string json,
                                   const mappers::Parameters& parameters = case_parameters(),
                                   mapping::TraceSink* trace = nullptr);

/// Golden cases: those of this folder, and those carried in the program.
std::vector<std::filesystem::path> case_folders();
std::filesystem::path case_folder(const std::string& name);

/// The input of a golden case.
std::string case_input(const std::string& name);

/// `text` with its one `from` replaced; fails the test when there is not exactly one.
std::string edited(std::string text, std::string_view from, std::string_view to);

/// The same for the first of several.
std::string edited_first(std::string text, std::string_view from, std::string_view to);

/// One issue told in full: "severity detail_code expression: text".
std::string told(const Issue& issue);

/// The only issue of a failure, told in full; fails the test otherwise.
std::string only_issue(const Result<mappers::Encoded>& result);

}  // namespace concord::eps::test
