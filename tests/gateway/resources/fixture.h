#pragma once
/// A ResourceService over resources in memory, with a clock and ids of the test.

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/uuid.h"
#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/search/parameters.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "gateway/resources/service.h"
#include "tests/support/memory_resources.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

/// What is compiled once for all tests of the program.
struct Knowledge {
  static const Knowledge& shared();
  std::unique_ptr<tree::Symbols> symbols;
  std::unique_ptr<definitions::Definitions> definitions;
  path::FunctionTable functions = path::FunctionTable::standard();
  std::unique_ptr<search::Parameters> parameters;
  std::unique_ptr<packages::Registry> registry;
  std::unique_ptr<snapshot::Profiles> profiles;
  std::unique_ptr<terminology::Terminology> terminology;
  std::unique_ptr<validate::Validator> validator;
};

/// Everything is checked by its base rules only, unless a test says otherwise.
class ResourcesTest : public ::testing::Test {
 protected:
  ResourcesTest();
  /// Takes new settings, over the same store.
  void restart();

  tree::Document read(std::string_view json) const;
  /// Creates, and gives the id. Fails the test when it cannot.
  std::string make(std::string_view json);
  /// PUTs to the id of the body. Fails the test when it cannot.
  resources::Done put(std::string_view json);
  Result<resources::Done> create(std::string_view json, resources::Conditions conditions = {});
  Result<resources::Done> update(std::string_view json, resources::Conditions conditions = {});
  Result<resources::Page> search(std::string_view type, std::string_view query);
  Result<std::string> bundle(std::string_view json, std::string_view preference = {});
  /// What a FHIRPath expression gives over a text, joined by ",".
  std::string eval(const std::string& json, std::string_view expression) const;
  /// The ids of a page in order, those included with a "+" in front.
  static std::vector<std::string> ids(const resources::Page& page);

  const Knowledge& known_ = Knowledge::shared();
  test::MemoryResources store_;
  Instant now_{std::chrono::seconds(1'780'000'000)};
  int next_id_ = 0;
  resources::Settings settings_;
  resources::Caller caller_{"X99001", "request-1", {}};
  std::function<Result<bool>(std::string_view)> of_exchange_;
  resources::ChangeObserver* observer_ = nullptr;
  std::unique_ptr<resources::ResourceService> service_;
};

}  // namespace concord::test
