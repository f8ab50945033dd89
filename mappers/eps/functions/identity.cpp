#include "mappers/eps/functions/identity.h"

#include "fhir/core/uuid.h"
#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

/// newId(seed, what) : String
Result<path::Collection> fn_new_id(path::EvalContext& context, const path::Collection& input,
                                   path::Args args) {
  CONCORD_ASSIGN(const auto seed, context.one_string(args[0], "first argument of newId()"));
  CONCORD_ASSIGN(const auto what, context.one_string(args[1], "second argument of newId()"));
  if (!seed || !what || input.size() != 1 || !input.front().is_node()) {
    return make_error(ErrorCode::internal, "newId() needs one element, a seed and a name");
  }
  const path::Value& item = input.front();
  return path::Collection::of(context.string(new_id(item.document(), item.node(), *seed, *what)));
}

constexpr path::FunctionRow kRows[] = {
    {.name = "newId",
     .min = 2,
     .max = 2,
     .handler = &fn_new_id,
     .returns = path::Returns::string,
     .accepts = path::Accepts::node,
     .pure = true,
     .documentation = "the identity of what is made from an element: a version 5 UUID"},
};

}  // namespace

std::string new_id(const tree::Document& document, const tree::Node& element, std::string_view seed,
                   std::string_view what) {
  const std::uint32_t offset = element.source_offset();
  std::string name =
      offset == tree::Node::kNoOffset ? document.path(element) : std::to_string(offset);
  name += ':';
  name += what;
  return uuid_v5(seed, name);
}

void register_identity(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
