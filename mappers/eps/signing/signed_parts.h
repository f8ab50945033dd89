#pragma once
/// What of a prescription is signed, and where the signature stands. Pure functions, safe from any
/// thread over documents nobody changes.
/// Source: eps.md section 6.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::eps::signing {

/// The one child element of that name in its parent's namespace; null when there is none, when
/// there are several, or when one of that name stands in another namespace: nobody could then say
/// which one a reader takes.
const tree::Node* only_child(const tree::Document& document, const tree::Node& parent,
                             std::string_view name);

/// The value of an attribute, or "".
std::string_view attribute(const tree::Document& document, const tree::Node& element,
                           std::string_view name);

/// The parts of a ParentPrescription the digest covers, and the author who signs.
struct SignedParts {
  const tree::Node* time = nullptr;
  const tree::Node* id = nullptr;  ///< long form
  const tree::Node* agent_person = nullptr;
  const tree::Node* record_target = nullptr;
  std::vector<const tree::Node*> line_items;
  const tree::Node* author = nullptr;
};

/// Finds them; each must be there, and once where one is meant.
/// Errors: invalid (which element, by name).
Result<SignedParts> find_signed_parts(const tree::Document& document,
                                      const tree::Node& parent_prescription);

/// The canonical form of the fragments: time and id, author, patient, each line item without its
/// status and with the highest number of its repeats only. These bytes are hashed.
/// Errors: too_long, invalid (a character XML cannot carry), transient.
Result<std::string> canonical_fragments(const tree::Document& document, const SignedParts& parts);

/// author/time, YYYYMMDDHHmmss in UTC; nothing when it is none.
std::optional<Instant> author_time(const tree::Document& document, const SignedParts& parts);

}  // namespace concord::eps::signing
