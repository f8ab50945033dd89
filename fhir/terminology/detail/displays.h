#pragma once
/// Which names a code may be shown with. Internal to the room.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/detail/text.h"
#include "fhir/terminology/results.h"

namespace concord::terminology::detail {

struct Displays {
  DisplayStanding standing = DisplayStanding::unknown;
  std::vector<std::string_view> allowed;
};

/// How `display` stands beside a concept, for the languages asked for (an Accept-Language list;
/// empty: any). A value set's own names count too.
Displays check_display(const CodeSystem& system, Concept at, std::string_view display,
                       std::string_view asked, const ValueSet* value_set);

/// The name to show in the best of those languages; the system's own when none is better.
std::string_view preferred_display(const CodeSystem& system, Concept at,
                                   const std::vector<Language>& asked);

}  // namespace concord::terminology::detail
