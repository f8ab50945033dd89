#pragma once
/// A store with an invented population, for looking at how searches are answered.

#include <memory>
#include <string>

#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "gateway/resources/service.h"
#include "gateway/store/store.h"

namespace concord::test {

constexpr std::size_t kPatients = 40;
constexpr std::size_t kManyTasks = 2600;  ///< of one clinician: more than the store counts

/// R4 and all that stands on it.
struct Knowledge {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  path::FunctionTable functions = path::FunctionTable::standard();
  search::Parameters parameters =
      *search::Parameters::compile({&definitions, &functions, nullptr, {}});
  packages::Registry registry{definitions};
  snapshot::Profiles profiles{registry};
  terminology::Terminology terminology{registry};
  validate::Validator validator = [this] {
    validate::Parts parts;
    parts.definitions = &definitions;
    parts.registry = &registry;
    parts.profiles = &profiles;
    parts.terminology = &terminology;
    return validate::Validator::compile(parts);
  }();
};

/// Takes an empty store and fills it, or one that was; after that nothing changes it.
class Loaded {
 public:
  explicit Loaded(std::unique_ptr<store::Store> store, bool fill = true);

  /// A first page, asked for strictly; how many resources it has.
  std::size_t ask(const std::string& search);

 private:
  void many_tasks();

  Knowledge known_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<resources::ResourceService> service_;
};

/// The searches the plans of both stores are looked at for: Tasks of the clinician who has too many
/// to sort, by a value and in the order of changes.
inline constexpr const char* kManyByValue =
    "Task?owner=Practitioner/load-gp-busy&status=requested&_sort=-authored-on&_count=20";
inline constexpr const char* kManyByChange =
    "Task?owner=Practitioner/load-gp-busy&status=requested&_count=20";
/// A day before that of all the many Tasks.
inline constexpr const char* kBeforeAll = "Task?authored-on=2015-02-28";

}  // namespace concord::test
