#pragma once
/// Resources an instance says it was made by: the Questionnaire of an answer sheet, the Measure of
/// a report.

#include <string_view>

#include "fhir/validate/context.h"

namespace concord::validate {

/// A resource in its own document.
struct Instance {
  const tree::Document* document = nullptr;
  const tree::Node* node = nullptr;
  explicit operator bool() const noexcept { return node != nullptr; }
};

/// The resource of that type a canonical names: "#id" inside the resource around `from`, else one
/// that was loaded, else an entry of the Bundle around `from`. Nothing when there is none.
Instance find_instance(std::string_view resource_type, std::string_view canonical,
                       const tree::Node& from, Context& context);

}  // namespace concord::validate
