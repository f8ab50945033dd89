// reference(resource): "Type/id"; pointer(resource): "urn:uuid:id". A resource of the target that
// has no id yet gets a UUID. Source: hl7.org/fhir/R4/valueset-map-transform.html.
#include "fhir/mapping/transforms/registry.h"
#include "fhir/path/context.h"

namespace concord::mapping {
namespace {

/// The id of the only resource of an argument; nothing when there is no resource.
Result<std::optional<std::string>> id_of(transforms::Host& host, const path::Collection& argument) {
  if (argument.empty()) return std::optional<std::string>();
  const path::Value& item = argument.front();
  if (argument.size() > 1 || !item.is_node() || !item.node().is(tree::Flag::resource)) {
    return make_error(ErrorCode::invalid, "only a resource can be referred to");
  }
  const tree::Symbol name = item.document().find("id");
  const tree::Node* id = name == tree::Symbol::kNone ? nullptr : item.node().child(name);
  if (id != nullptr && id->has_value()) return std::optional(std::string(id->text()));
  if (!host.is_target(item)) {
    return make_error(ErrorCode::invalid, "a resource without id cannot be referred to");
  }
  std::optional<std::string> made = host.uuid();
  if (!made) return make_error(ErrorCode::internal, "the run has no source of UUIDs");
  if (!host.put(tree::Builder::mutable_node(item.node()), "id", *made)) {
    return make_error(ErrorCode::too_long, "the target has too many nodes");
  }
  return made;
}

Result<path::Collection> reference(transforms::Host& host, transforms::Arguments arguments,
                                   const ConceptTable*) {
  CONCORD_ASSIGN(const std::optional<std::string> id, id_of(host, arguments[0]));
  if (!id) return path::Collection();
  const path::Value& item = arguments[0].front();
  const std::string text = std::string(item.document().text(item.node().type())) + '/' + *id;
  return path::Collection::of(host.evaluation().string(text));
}

Result<path::Collection> pointer(transforms::Host& host, transforms::Arguments arguments,
                                 const ConceptTable*) {
  CONCORD_ASSIGN(const std::optional<std::string> id, id_of(host, arguments[0]));
  if (!id) return path::Collection();
  return path::Collection::of(host.evaluation().string("urn:uuid:" + *id));
}

}  // namespace

void register_reference(transforms::Table& table) {
  table.add(
      {.name = "reference", .min = 1, .max = 1, .type = "System.String", .value = &reference});
  table.add({.name = "pointer", .min = 1, .max = 1, .type = "System.String", .value = &pointer});
}

}  // namespace concord::mapping
