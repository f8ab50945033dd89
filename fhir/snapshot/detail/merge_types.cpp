// The types of the differential against those of the base.
#include <algorithm>
#include <array>

#include "fhir/snapshot/detail/merge.h"

namespace concord::snapshot {

namespace {

using tree::Node;

constexpr std::size_t kLongestChain = 64;
constexpr std::string_view kImposes =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile";

bool lists_target(const TypeRef& type, std::string_view url) {
  const auto targets = type.all("targetProfile");
  return std::find(targets.begin(), targets.end(), url) != targets.end();
}

/// Whether a target profile is one of the base's, or is based on one. Nothing is generated for it.
bool target_allowed(Run& run, const Element& diff, const TypeRef& base, std::string_view url,
                    std::size_t depth) {
  if (depth > kLongestChain) return false;
  if (lists_target(base, url) || lists_target(base, url.substr(0, url.find('|')))) return true;
  const Definition* target = run.store.find(url, &run.derived);
  if (target == nullptr) {
    run.report(Severity::warning, "",
               "The target profile " + std::string(url) + " at " + std::string(diff.path) +
                   " is not known; whether the base allows it cannot be told",
               &diff);
    return true;
  }
  if (!target->base.empty() && target_allowed(run, diff, base, target->base, depth + 1)) {
    return true;
  }
  for (const Node* at : target->extensions(kImposes)) {
    const Node* value = extension_value(*target->document, at);
    if (value != nullptr && target_allowed(run, diff, base, value->text(), depth + 1)) return true;
  }
  return false;
}

/// The same type, or one derived from an abstract or logical one.
bool same_or_derived(Run& run, std::string_view type, std::string_view base) {
  if (type == base) return true;
  const Definition* wanted = run.store.type(base);
  if (wanted == nullptr || !(wanted->is_abstract || wanted->kind == "logical")) return false;
  const Definition* at = run.store.type(type);
  for (std::size_t depth = 0; at != nullptr && depth < kLongestChain; ++depth) {
    if (at->type == wanted->type) return true;
    at = at->base.empty() ? nullptr : run.store.find(at->base, at);
  }
  return false;
}

/// Extensions of the base's type that profiles inherit, on a copy of the type.
void inherit_extensions(Run& run, TypeRef& type, const TypeRef& base) {
  constexpr std::array<std::string_view, 4> kInherited{
      "http://hl7.org/fhir/StructureDefinition/elementdefinition-type-must-support",
      "http://hl7.org/fhir/StructureDefinition/elementdefinition-pattern",
      "http://hl7.org/fhir/StructureDefinition/obligation",
      "http://hl7.org/fhir/tools/StructureDefinition/obligation"};
  if (base.node == nullptr || type.node == nullptr) return;
  for (const std::string_view url : kInherited) {
    const Node* inherited = extension_of(*base.document, base.node, url);
    if (inherited == nullptr || extension_of(*type.document, type.node, url) != nullptr) continue;
    tree::Document& scratch = run.store.scratch();
    tree::Builder build(scratch);
    Node* copy = build.append(build.root(), build.symbol("type"));
    if (copy == nullptr) return;
    build.copy_into(*copy, *base.document, *inherited, build.symbol("extension"));
    for (const Node& child : type.node->children()) {
      build.copy_into(*copy, *type.document, child, build.symbol(type.document->name(child)));
    }
    const std::string_view working = type.working;
    type = read_type(scratch, *copy);
    type.working = working;
  }
}

}  // namespace

Result<void> merge_types(Run& run, Element& element, const Element& diff,
                         const Definition& source) {
  if (diff.types.empty() || same_types(diff.types, element.types)) return {};
  std::vector<TypeRef> types = diff.types;
  if (!element.types.empty()) {
    for (TypeRef& type : types) {
      bool allowed = false;
      for (const TypeRef& base : element.types) {
        if (!same_or_derived(run, type.working, base.working)) continue;
        if (type.working == base.working) inherit_extensions(run, type, base);
        const auto targets = type.all("targetProfile");
        if (targets.empty()) allowed = true;
        for (const std::string_view url : targets) {
          if (base.first("targetProfile").empty() || !run.derived.is_constraint() ||
              target_allowed(run, diff, base, url, 0)) {
            allowed = true;
          } else {
            run.report(Severity::error,
                       "Error_at__The_target_profile__is_not__valid_constraint_on_the_base_",
                       "The target profile " + std::string(url) + " at " + std::string(diff.path) +
                           " is not based on a target profile of the base",
                       &diff);
          }
        }
      }
      if (!allowed) {
        return run.fail("StructureDefinition__at__illegal_constrained_type__from__in_",
                        std::string(diff.path) + " cannot have the type " +
                            std::string(type.working) + "; " + std::string(source.url) +
                            " allows " + list_types(element.types),
                        &diff);
      }
    }
  }
  element.types = std::move(types);
  return {};
}

bool profile_fits(Run& run, const Definition& profile, const std::vector<TypeRef>& types,
                  std::string_view inner) {
  const Definition* at = &profile;
  for (std::size_t depth = 0; at != nullptr && depth < kLongestChain; ++depth) {
    if (!inner.empty()) {
      if (const Element* element = at->by_id(inner)) {
        return std::any_of(types.begin(), types.end(), [&](const TypeRef& wanted) {
          return std::any_of(element->types.begin(), element->types.end(),
                             [&](const TypeRef& type) { return type.code == wanted.code; });
        });
      }
    }
    for (const TypeRef& type : types) {
      if (at->url.starts_with("http://hl7.org/fhir/StructureDefinition") && at->type == type.code) {
        return true;
      }
      if (inner.empty() && at->url == type.code) return true;
    }
    at = at->base.empty() ? nullptr : run.store.find(at->base, at);
  }
  return false;
}

}  // namespace concord::snapshot
