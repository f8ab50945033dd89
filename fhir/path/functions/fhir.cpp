// What FHIR adds to FHIRPath: http://hl7.org/fhir/R4/fhirpath.html#functions
// type(): http://hl7.org/fhirpath/#reflection
#include "fhir/path/context.h"
#include "fhir/path/detail/state.h"
#include "fhir/path/detail/types.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

/// extension(url): the extensions with that url, of elements and of primitives alike.
Result<Collection> fn_extension(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto url, context.one_string(args[0], "the url of extension()"));
  Collection found;
  if (!url) return found;
  const auto& names = context.state().names;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    for (const tree::Node& child : item.node().children()) {
      if (!context.spend()) return context.failure();
      if (child.name() != names.extension) continue;
      const tree::Node* own = child.child(names.url);
      if (own == nullptr || own->text() != *url) continue;
      if (context.reads != nullptr) context.reads->insert(*own);
      if (!found.add(context, Value::of(item.document(), child))) return context.failure();
    }
  }
  return found;
}

Result<Collection> fn_has_value(EvalContext& context, const Collection& input, Args) {
  if (input.size() != 1) return Collection::of(false);
  const Value& item = input.front();
  if (item.is_node() && context.reads != nullptr) context.reads->insert(item.node());
  return Collection::of(!item.is_node() || item.node().has_value());
}

Result<Collection> fn_get_value(EvalContext& context, const Collection& input, Args) {
  if (input.size() != 1) return Collection();
  if (input.front().is_node() && !input.front().node().has_value()) return Collection();
  const auto value = context.system_value(input.front());
  return value ? Collection::of(*value) : Collection();
}

/// `.value` behind primitives: the value of each, without its id and extensions.
Result<Collection> fn_values(EvalContext& context, const Collection& input, Args) {
  Collection values;
  for (const Value& item : input) {
    if (item.is_node() && !item.node().has_value()) continue;
    const auto value = context.system_value(item);
    if (value && !values.add(context, *value)) return context.failure();
  }
  return values;
}

/// resolve(): the targets of References, canonicals and uris; those that cannot be found are left
/// out.
Result<Collection> fn_resolve(EvalContext& context, const Collection& input, Args) {
  const auto& names = context.state().names;
  Collection targets;
  for (const Value& item : input) {
    std::string_view reference;
    if (!item.is_node()) {
      if (item.tag() != Tag::string || context.state().context.empty()) continue;
      reference = item.text();
    } else {
      const tree::Node* written =
          item.node().has_value() ? &item.node() : item.node().child(names.reference);
      if (written == nullptr) continue;
      if (context.reads != nullptr) context.reads->insert(*written);
      reference = written->text();
    }
    const Value& from = item.is_node() ? item : context.state().context.front();
    if (!context.spend(4)) return context.failure();
    const auto target = context.resolve(from, reference);
    if (target && !targets.add(context, *target)) return context.failure();
  }
  if (!context.spend()) return context.failure();
  return targets;
}

Result<Collection> fn_type(EvalContext& context, const Collection& input, Args) {
  Collection types;
  for (const Value& item : input) {
    Value info;
    if (item.is_node()) {
      const tree::Symbol type = context.type_of(item);
      if (type == tree::Symbol::kNone) continue;
      info = context.type_info("FHIR", item.document().text(type));
    } else {
      info = context.type_info("System", detail::system_name(item.tag()));
    }
    if (!types.add(context, info)) return context.failure();
  }
  return types;
}

constexpr FunctionRow kRows[] = {
    {.name = "extension",
     .min = 1,
     .max = 1,
     .handler = &fn_extension,
     .returns = Returns::extensions,
     .argument = Accepts::string},
    {.name = "hasValue", .handler = &fn_has_value, .returns = Returns::boolean},
    {.name = "getValue", .handler = &fn_get_value, .returns = Returns::unknown},
    {.name = detail::kValueOfPrimitive, .handler = &fn_values, .returns = Returns::unknown},
    {.name = "resolve", .handler = &fn_resolve},
    {.name = "type", .handler = &fn_type, .returns = Returns::type_info},
};

}  // namespace

void register_fhir(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
