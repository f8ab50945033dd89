// What profiles say of elements: http://hl7.org/fhir/R4/fhirpath.html#functions (conformsTo,
// elementDefinition, slice, checkModifiers).
#include <algorithm>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/state.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

/// conformsTo(profile): for the types of FHIR itself whether the item is one; other profiles need a
/// validator (Hooks::conforms_to).
Result<Collection> fn_conforms_to(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto url, context.one_string(args[0], "the profile of conformsTo()"));
  if (input.size() > 1) return make_error(ErrorCode::invalid, "conformsTo() on several items");
  if (input.empty() || !url) return Collection();
  const definitions::Definitions* definitions = context.state().definitions;
  const definitions::Type* wanted = definitions == nullptr ? nullptr : definitions->type(*url);
  if (wanted != nullptr) {
    const definitions::Type* type = definitions->type(context.type_of(input.front()));
    return Collection::of(type != nullptr && type->is(*wanted));
  }
  if (!context.hooks.conforms_to) {
    return make_error(ErrorCode::invalid, "conformsTo() of an unknown profile");
  }
  CONCORD_ASSIGN(const bool conforms, context.hooks.conforms_to(input.front(), *url));
  return Collection::of(conforms);
}

/// elementDefinition(): of each element, where a validator knows it.
Result<Collection> fn_element_definition(EvalContext& context, const Collection& input, Args) {
  Collection found;
  if (!context.hooks.element_definition) return found;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    if (!context.spend()) return context.failure();
    CONCORD_ASSIGN(const auto definition, context.hooks.element_definition(item));
    if (definition && !found.add(context, *definition)) return context.failure();
  }
  return found;
}

/// slice(profile, name): the elements that belong to that slice.
Result<Collection> fn_slice(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto profile, context.one_string(args[0], "the profile of slice()"));
  CONCORD_ASSIGN(const auto name, context.one_string(args[1], "the name of slice()"));
  Collection found;
  if (input.empty() || !profile || !name) return found;
  if (!context.hooks.in_slice) {
    return make_error(ErrorCode::unsupported, "slice(): no profiles are loaded");
  }
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    if (!context.spend()) return context.failure();
    CONCORD_ASSIGN(const bool belongs, context.hooks.in_slice(item, *profile, *name));
    if (belongs && !found.add(context, item)) return context.failure();
  }
  return found;
}

/// checkModifiers(url, …): the input, or an error when one of its elements carries another
/// modifier extension. Each argument may list several urls with commas between.
Result<Collection> fn_check_modifiers(EvalContext& context, const Collection& input, Args args) {
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < args.size(); ++i) {
    CONCORD_ASSIGN(const auto list, context.one_string(args[i], "checkModifiers()"));
    for (std::string_view rest = list.value_or(""); !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view url = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (url.starts_with(' ')) url.remove_prefix(1);
      while (url.ends_with(' ')) url.remove_suffix(1);
      known.push_back(url);
    }
  }
  const auto& names = context.state().names;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    for (const tree::Node& child : item.node().children()) {
      if (!context.spend()) return context.failure();
      if (child.name() != names.modifier_extension) continue;
      const tree::Node* url = child.child(names.url);
      if (url == nullptr || std::find(known.begin(), known.end(), url->text()) == known.end()) {
        return make_error(
            ErrorCode::invalid,
            "checkModifiers() met a modifier extension that is not among those known");
      }
    }
  }
  return input;
}

constexpr FunctionRow kRows[] = {
    {.name = "conformsTo",
     .min = 1,
     .max = 1,
     .handler = &fn_conforms_to,
     .returns = Returns::boolean,
     .argument = Accepts::string},
    {.name = "elementDefinition", .handler = &fn_element_definition, .accepts = Accepts::node},
    {.name = "slice",
     .min = 2,
     .max = 2,
     .handler = &fn_slice,
     .returns = Returns::input,
     .accepts = Accepts::node},
    {.name = "checkModifiers",
     .min = 1,
     .max = 16,
     .handler = &fn_check_modifiers,
     .returns = Returns::input,
     .accepts = Accepts::node},
};

}  // namespace

void register_profiles(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
