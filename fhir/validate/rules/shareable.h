#pragma once
// What a resource of terminology says of itself when it is to be published: the elements the
// shareable profiles of R4 ask for. Source: hl7.org/fhir/R4/shareablevalueset.html,
// shareablecodesystem.html.

#include <span>
#include <string>
#include <string_view>

#include "fhir/validate/context.h"
#include "fhir/validate/reach.h"

namespace concord::validate::rules {

/// The message ids of one resource type.
struct ShareableIds {
  std::string_view missing_hl7, missing;              ///< an element asked for
  std::string_view extra_missing_hl7, extra_missing;  ///< `name`, asked for beside them
};

/// Reports each of `elements` that is not there; `what` is "a value set". Only for publication.
inline void check_shareable(const tree::Node& node, std::span<const std::string_view> elements,
                            const ShareableIds& ids, std::string_view what, Context& context) {
  if (!context.options().for_publication) return;
  const bool hl7 = text_of(&node, "url", context).find("hl7") != std::string_view::npos;
  for (const std::string_view name : elements) {
    if (child_of(&node, name, context) != nullptr) continue;
    std::string text(what);
    text.append(" to be shared says its ").append(name);
    if (name == "name") {
      context.warning(hl7 ? ids.extra_missing_hl7 : ids.extra_missing, "required", node,
                      std::move(text));
    } else if (hl7) {
      context.error(ids.missing_hl7, "required", node, std::move(text));
    } else {
      context.warning(ids.missing, "required", node, std::move(text));
    }
  }
}

/// What every shareable resource says.
inline constexpr std::string_view kShareable[] = {"url",    "version",      "title",      "name",
                                                  "status", "experimental", "description"};

}  // namespace concord::validate::rules
