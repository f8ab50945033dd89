// An OperationDefinition and the profiles of its parameters say the same: names, cardinalities,
// types and targets. Source: hl7.org/fhir/R4/operationdefinition.html (inputProfile,
// outputProfile).

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "fhir/definitions/r4_generated.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/validate/rules/definition_view.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using View = DefinitionView;
namespace pack = definitions::pack;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

constexpr std::string_view kAllowedType =
    "http://hl7.org/fhir/StructureDefinition/operationdefinition-allowed-type";

/// One slice of Parameters.parameter.
struct Slice {
  const pack::Element* element = nullptr;
  const pack::Element* name = nullptr;
  const pack::Element* value = nullptr;
  const pack::Element* resource = nullptr;
  const pack::Element* part = nullptr;
};

std::vector<Slice> slices_of(const pack::StructureDefinition& profile) {
  std::vector<Slice> slices;
  const auto& elements = *profile.elements();
  for (flatbuffers::uoffset_t i = 0; i < elements.size(); ++i) {
    const pack::Element& element = *elements.Get(i);
    const std::string_view path = view(element.path());
    if (path == "Parameters.parameter") {
      if (!view(element.slice_name()).empty()) slices.push_back({&element});
      continue;
    }
    if (slices.empty() || !view(element.slice_name()).empty()) continue;
    Slice& slice = slices.back();
    if (path == "Parameters.parameter.name") slice.name = &element;
    if (path == "Parameters.parameter.value[x]") slice.value = &element;
    if (path == "Parameters.parameter.resource") slice.resource = &element;
    if (path == "Parameters.parameter.part") slice.part = &element;
  }
  return slices;
}

/// Of value, resource and part one is used: it may be there and no other must be.
bool is_used(const pack::Element* focus, const pack::Element* a, const pack::Element* b) {
  return focus != nullptr && focus->max() != 0 && (a == nullptr || a->min() == 0) &&
         (b == nullptr || b->min() == 0);
}

bool differs(std::string_view stated, std::uint32_t profile) {
  if (stated == "*") return profile != definitions::Element::kUnbounded;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(stated.data(), stated.data() + stated.size(), value);
  return error == std::errc{} && end == stated.data() + stated.size() && value != profile;
}

class OperationDefinition final : public Rule {
 public:
  std::string_view id() const override { return "operation_definition"; }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "OperationDefinition") plan.on_node(&check);
  }

 private:
  static void check(const void*, const Node& node, Context& context) {
    if (context.registry() == nullptr || context.profiles() == nullptr) return;
    const View operation{&context.document(), &node};
    check_profile(operation, operation.child("inputProfile"), "in", context);
    check_profile(operation, operation.child("outputProfile"), "out", context);
  }

  static void check_profile(const View& operation, const View& canonical, std::string_view use,
                            Context& context) {
    if (!canonical) return;
    const std::string what = "the '" + std::string(use) + "' profile";
    const auto profile = context.profiles()->find(canonical.text());
    if (!profile) {
      context.error("OPDEF_PROFILE_NOT_FOUND", "unknown", *canonical.node,
                    "The definition of " + what + " is unknown");
      return;
    }
    if (view(profile->definition->type()) != "Parameters") {
      context.error("OPDEF_PROFILE_NOT_PARAMETERS", "invalid", *canonical.node,
                    what + " is no profile of Parameters");
      return;
    }
    std::set<const Node*> matched;
    for (const Slice& slice : slices_of(*profile->definition)) {
      const std::string name(slice.name == nullptr ? std::string_view{}
                                                   : view(slice.name->value()));
      if (slice.name == nullptr) {
        context.error("OPDEF_PROFILE_NO_SLICE", "unknown", *canonical.node,
                      "A slice of " + what + " says nothing of the parameter's name", {},
                      view(slice.element->slice_name()));
        continue;
      }
      if (name.empty()) continue;
      View parameter = operation.child("parameter");
      while (parameter && !(parameter.text("name") == name && parameter.text("use") == use)) {
        parameter = parameter.next();
      }
      if (!parameter) {
        context.warning(
            "OPDEF_PROFILE_NOT_IN_PARAM", "unknown", *canonical.node,
            "The parameter '" + name + "' of " + what + " is none of the operation's parameters");
        continue;
      }
      matched.insert(parameter.node);
      compare(parameter, name, what, slice, context);
    }
    for (View at = operation.child("parameter"); at; at = at.next()) {
      if (at.text("use") != use || matched.contains(at.node)) continue;
      context.warning("OPDEF_PROFILE_NOT_IN_PROFILE", "unknown", *at.node,
                      "The parameter '" + std::string(at.text("name")) + "' is not in " + what);
    }
  }

  static void compare(const View& parameter, const std::string& name, const std::string& what,
                      const Slice& slice, Context& context) {
    const auto error = [&](std::string_view id, std::string_view type, std::string text,
                           std::string_view distinct) {
      context.error(id, type, *parameter.node,
                    "The parameter '" + name + "' and " + what + ": " + std::move(text), {},
                    distinct);
    };
    if (differs(parameter.text("min"), slice.element->min())) {
      error("OPDEF_PROFILE_NOT_VALUE_MISMATCH", "unknown", "they have another min", "min");
    }
    if (differs(parameter.text("max"), slice.element->max())) {
      error("OPDEF_PROFILE_NOT_VALUE_MISMATCH", "unknown", "they have another max", "max");
    }
    std::set<std::string> types, targets, profile_types, profile_targets;
    for (View at = parameter.child("extension"); at; at = at.next()) {
      if (at.text("url") == kAllowedType) types.emplace(at.starting("value").text());
    }
    if (types.empty() && parameter.has("type")) types.emplace(parameter.text("type"));
    for (View at = parameter.child("targetProfile"); at; at = at.next()) {
      targets.emplace(at.text());
    }
    const auto gather = [&](const pack::Element* element) {
      if (element->types() == nullptr) return;
      for (const auto* type : *element->types()) {
        const std::string code(view(type->code()));
        profile_types.insert(code);
        if (!types.contains(code)) {
          error("OPDEF_PROFILE_TYPE_NOT_IN_PARAMS", "invalid",
                "the profile allows the type " + code + ", the operation does not", code);
        }
        if (type->target_profiles() == nullptr) continue;
        for (const auto* url : *type->target_profiles()) profile_targets.emplace(view(url));
      }
    };
    if (is_used(slice.value, slice.resource, slice.part)) gather(slice.value);
    if (is_used(slice.resource, slice.value, slice.part)) gather(slice.resource);
    for (const std::string& type : types) {
      if (profile_types.contains(type)) continue;
      error("OPDEF_PROFILE_TYPE_NOT_IN_PROFILE", "invalid",
            "the operation allows the type " + type + ", the profile does not", type);
    }
    for (const std::string& url : targets) {
      if (profile_targets.contains(url)) continue;
      error("OPDEF_PROFILE_PROFILE_NOT_IN_PROFILE", "invalid",
            "the operation allows the target " + url + ", the profile does not", url);
    }
    // A parameter of any type has no place for targets.
    const std::string_view type = parameter.text("type");
    if (type.empty() || type == "Element") return;
    for (const std::string& url : profile_targets) {
      if (targets.contains(url)) continue;
      error("OPDEF_PROFILE_PROFILE_NOT_IN_PARAMS", "invalid",
            "the profile allows the target " + url + ", the operation does not", url);
    }
  }
};

}  // namespace

void register_operation_definition(rules::Table& table) {
  table.add(std::make_unique<OperationDefinition>());
}

}  // namespace concord::validate
