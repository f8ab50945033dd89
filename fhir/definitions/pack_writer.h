#pragma once
/// Turns definitions into the tables of r4.fbs: R4 by the build tool concord-pack, logical models
/// and whatever packages bring at run time. One thread at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::definitions {

/// The version of the tables; a reader refuses any other.
inline constexpr std::uint32_t kFormat = 4;

/// Collects resources, then gives one pack.
class PackWriter {
 public:
  PackWriter();
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  /// Takes a StructureDefinition, CodeSystem, ValueSet, ConceptMap, SearchParameter,
  /// OperationDefinition or CompartmentDefinition without prose and narrative; takes nothing from
  /// resources of other types. STU3's and R5's ways to say the same are understood. Trees from XML
  /// are annotated first, so that numbers stay numbers in complex values.
  /// Errors: invalid (no url, an element without path, a number that is none, more than 65,536
  /// constraints, a complex value that cannot be written).
  Result<void> add(const tree::Document& document, const tree::Node& resource);

  /// The bytes of the pack. Ends the writer: call once.
  /// Errors: invalid (a parameter's code twice for one base).
  Result<std::string> finish(std::string_view fhir_version);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::definitions
