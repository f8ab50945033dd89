#include "fhir/validate/structure.h"

namespace concord::validate {

namespace {

using definitions::Child;
using definitions::Element;
using definitions::Type;
using tree::Flag;
using tree::Kind;
using tree::Node;

constexpr std::string_view kRule = "structure";
constexpr std::string_view kIssue = "structure";

std::string_view json_name(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "boolean";
    case Kind::number:
      return "number";
    case Kind::element:
      return "object";
    case Kind::string:
    case Kind::text:
      break;
  }
  return "string";
}

void wrong(const Node& node, std::string text, Context& context) {
  context.error(kRule, kIssue, node, std::move(text));
}

/// The type a resource says it has, when R4 has it and it may stand where `expected` is asked for.
const Type* own_type(const Node& node, const Type& expected, Context& context) {
  const Type* own = context.definitions().type(node.type());
  if (own == nullptr || !own->is_resource()) {
    wrong(node, "the resource type is none of R4", context);
    return nullptr;
  }
  if (own->is_abstract()) {
    wrong(node, "an abstract type has no resources: " + std::string(own->text()), context);
    return nullptr;
  }
  if (!own->is(expected)) {
    wrong(node, "a resource of this type may not stand here: " + std::string(own->text()), context);
    return nullptr;
  }
  return own;
}

/// The names a choice element may be written under.
std::string choices(const Element& element, const Context& context) {
  std::string names;
  for (const auto& type : element.types) {
    if (!names.empty()) names += ", ";
    if (names.size() > 200) return names + "…";
    names += context.definitions().symbols().text(type.name);
  }
  return names;
}

}  // namespace

const Type* check_root(const Node& root, Context& context) {
  if (!root.is(Flag::resource)) {
    wrong(root, "the document is no FHIR resource", context);
    return nullptr;
  }
  return own_type(root, *context.definitions().type("Resource"), context);
}

const Type* check_structure_in_full(const Node& node, const Child& found, bool first,
                                    Context& context) {
  if (node.kind() == Kind::text) {
    wrong(node, "text may not stand between elements", context);
    return nullptr;
  }
  if (!found) {
    wrong(node, "the element is unknown", context);
    return nullptr;
  }
  const Element& element = *found.element;
  if (element.is_choice && node.name() == element.name) {
    wrong(node, "the name must say the type: " + choices(element, context), context);
    return nullptr;
  }
  const Type& type = *found.type;
  const bool in_array = node.is(Flag::in_array);
  if (in_array != element.is_array && first) {
    wrong(node, in_array ? "must not be an array" : "must be an array", context);
  }
  if (type.is_resource()) {
    if (!node.is(Flag::resource)) {
      wrong(node, "must be a resource, with a resourceType", context);
      return nullptr;
    }
    return own_type(node, type, context);
  }
  if (node.is(Flag::resource)) {
    wrong(node, "a resource may not stand here", context);
    return nullptr;
  }
  if (!type.is_primitive()) {
    if (node.kind() == Kind::element && !node.has_value()) return &type;
    wrong(node, "must be an object, not a value", context);
    return nullptr;
  }
  if (node.has_value() ? node.kind() != type.value_kind() : node.kind() == Kind::element) {
    wrong(node,
          "must be written as a JSON " + std::string(json_name(type.value_kind())) + ", not as " +
              std::string(node.kind() == Kind::element ? "an " : "a ") +
              std::string(json_name(node.kind())),
          context);
    return nullptr;
  }
  return &type;
}

}  // namespace concord::validate
