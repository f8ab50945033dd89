#include "fhir/validate/instances.h"

#include "fhir/packages/registry.h"

namespace concord::validate {

Instance find_instance(std::string_view resource_type, std::string_view canonical,
                       const tree::Node& from, Context& context) {
  const auto as_instance = [&](const std::optional<Target>& target) -> Instance {
    if (!target || target->document->text(target->node->type()) != resource_type) return {};
    return {target->document, target->node};
  };
  if (canonical.empty()) return {};
  if (canonical.front() == '#') return as_instance(context.resolve(canonical, from));
  if (const packages::Registry* registry = context.registry()) {
    if (const packages::Entry* entry = registry->find(resource_type, canonical)) {
      if (const auto document = registry->document(*entry)) {
        return {*document, &(*document)->root()};
      }
      return {};
    }
  }
  return as_instance(context.resolve(canonical, from));
}

}  // namespace concord::validate
