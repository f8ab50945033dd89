#pragma once
// What invariants of R4 ask for beyond cardinality, and values that only fit together. Data.

#include <span>
#include <string_view>

namespace concord::generator {

/// A child that is put in although it may be missing, or that has a value of its own. `json` is
/// its value (an array where it has several members); empty: generated as if it were required.
struct Recipe {
  std::string_view type;     ///< of the parent: "Bundle", "Questionnaire.item"
  std::string_view element;  ///< name as written: "valueString"
  std::string_view json;
};

std::span<const Recipe> recipes();

}  // namespace concord::generator
