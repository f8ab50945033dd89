#pragma once
/// Minimal valid resources out of the definitions: what must be there, and no more. One thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/terminology/terminology.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/document.h"

namespace concord::generator {

/// Makes resources with every required element, codes out of required bindings, and what the
/// invariants of R4 ask for beyond (recipes.cpp). No narrative, no references to anything that
/// would have to exist.
class Generator {
 public:
  /// Both must outlive it. Without `terminology` codes are made up.
  Generator(const definitions::Definitions& definitions,
            const terminology::Terminology* terminology)
      : definitions_(definitions), terminology_(terminology) {}

  /// An annotated resource; the same for the same type and seed. Seeds change texts, numbers and
  /// dates, never what is there.
  /// Errors: not_found (no such resource type, or an abstract one), internal (the definitions lead
  /// round in a circle).
  Result<tree::Document> resource(std::string_view type, std::uint64_t seed) const;

  /// Every resource type that can be made, in the order of the definitions.
  std::vector<std::string> types() const;

 private:
  class Making;
  const definitions::Definitions& definitions_;
  const terminology::Terminology* terminology_;
};

}  // namespace concord::generator
