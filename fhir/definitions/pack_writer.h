#pragma once
/// Turns definitions in JSON into the tables of r4.fbs. Used by the build tool concord-pack and for
/// logical models at load. One thread at a time.

#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::definitions {

/// The version of the tables; a reader refuses any other.
inline constexpr std::uint32_t kFormat = 2;

/// Collects resources, then gives one pack.
class PackWriter {
 public:
  PackWriter();
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  /// Takes a StructureDefinition, CodeSystem, ValueSet, ConceptMap, SearchParameter,
  /// OperationDefinition or CompartmentDefinition without prose and narrative; takes nothing from
  /// resources of other types.
  /// Errors: invalid (no url, an element without path, a number that is none).
  Result<void> add(const tree::Document& document, const tree::Node& resource);

  /// The bytes of the pack. Ends the writer: call once.
  /// Errors: invalid (a parameter's code twice for one base).
  Result<std::string> finish(std::string_view fhir_version);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::definitions
