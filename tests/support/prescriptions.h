#pragma once
/// Many different prescriptions out of one: new identities, the same content.

#include <cstdint>
#include <string>
#include <string_view>

namespace concord::test {

/// What identifies one prescription-order as it travels.
struct Prescription {
  std::string bundle;      ///< FHIR JSON
  std::string message_id;  ///< Bundle.identifier.value, lower case
  std::string short_id;    ///< "HHHHHH-OOOOOO-HHHHHC" with its check character
};

/// The prescription-order the repository carries for demonstrations.
std::string example_prescription();

/// A copy of `bundle` (JSON text of a prescription-order) in which each UUID and the short form id
/// are replaced, the same ones for the same `series` and `number`. References stay whole.
Prescription renewed(std::string_view bundle, std::string_view series, std::uint64_t number);

}  // namespace concord::test
