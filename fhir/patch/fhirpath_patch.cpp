// FHIRPath Patch: hl7.org/fhir/R4/fhirpatch.html, over the tree.

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <optional>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/patch/detail/value_part.h"
#include "fhir/patch/patch.h"
#include "fhir/path/expression.h"
#include "fhir/path/names.h"
#include "fhir/tree/node_set.h"

namespace concord::patch {
namespace {

using definitions::Type;
using detail::Target;
using tree::Builder;
using tree::Flag;
using tree::Node;
using tree::Symbol;

/// Of all expressions of a patch together; one may take the tenth of it.
constexpr std::uint64_t kMostSteps = 20'000'000;

enum class Verb : std::uint8_t { add, insert, erase, replace, move };

struct VerbRow {
  std::string_view name;
  Verb verb;
  std::array<std::string_view, 3> needs;  ///< parts beside type and path
};
constexpr std::array kVerbs{
    VerbRow{"add", Verb::add, {"name", "value", ""}},
    VerbRow{"insert", Verb::insert, {"value", "index", ""}},
    VerbRow{"delete", Verb::erase, {"", "", ""}},
    VerbRow{"replace", Verb::replace, {"value", "", ""}},
    VerbRow{"move", Verb::move, {"source", "destination", ""}},
};

struct Operation {
  Verb verb = Verb::add;
  std::string path;
  std::string_view name;
  const Node* value = nullptr;  ///< the part
  std::size_t index = 0;        ///< insert: where; move: from where
  std::size_t destination = 0;
};

Error malformed(std::string text) { return make_error(ErrorCode::malformed, std::move(text)); }
Error invalid(std::string text) { return make_error(ErrorCode::invalid, std::move(text)); }
Error too_large() {
  return make_error(ErrorCode::too_long, "the result has too many elements or levels");
}

/// The operations of a Parameters resource, checked for their parts.
class OperationReader {
 public:
  explicit OperationReader(const tree::Document& parameters) : parameters_(parameters) {}

  Result<Operation> read(const Node& parameter) const {
    const Result<std::string_view> type = text_of(parameter, "type");
    const auto row = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const VerbRow& one) {
      return type.has_value() && one.name == *type;
    });
    if (row == kVerbs.end()) {
      return malformed("\"type\" is none of add, insert, delete, replace, move");
    }
    Operation operation;
    operation.verb = row->verb;
    CONCORD_ASSIGN(const std::string_view path, text_of(parameter, "path"));
    operation.path = path;
    for (const std::string_view need : row->needs) {
      if (need == "name") {
        CONCORD_ASSIGN(operation.name, text_of(parameter, need));
      } else if (need == "value") {
        operation.value = detail::find_part(parameters_, parameter, need);
        if (operation.value == nullptr) return malformed("the part \"value\" is missing");
      } else if (need == "index" || need == "source") {
        CONCORD_ASSIGN(operation.index, number_of(parameter, need));
      } else if (need == "destination") {
        CONCORD_ASSIGN(operation.destination, number_of(parameter, need));
      }
    }
    return operation;
  }

 private:
  Result<std::string_view> text_of(const Node& parameter, std::string_view name) const {
    const Node* part = detail::find_part(parameters_, parameter, name);
    const Node* value = part == nullptr ? nullptr : detail::value_of(parameters_, *part);
    if (value == nullptr || value->kind() != tree::Kind::string || value->text().empty()) {
      return malformed("the part \"" + std::string(name) + "\" is missing or no text");
    }
    return value->text();
  }
  Result<std::size_t> number_of(const Node& parameter, std::string_view name) const {
    const Node* part = detail::find_part(parameters_, parameter, name);
    const Node* value = part == nullptr ? nullptr : detail::value_of(parameters_, *part);
    std::uint32_t number = 0;
    if (value != nullptr && value->has_value()) {
      const std::string_view text = value->text();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc() && end == text.data() + text.size()) return std::size_t{number};
    }
    return malformed("the part \"" + std::string(name) + "\" is missing or no whole number");
  }

  const tree::Document& parameters_;
};

Result<std::vector<Operation>> operations_of(const tree::Document& parameters,
                                             const Limits& limits) {
  if (parameters.text(parameters.root().type()) != "Parameters") {
    return malformed("a FHIRPath Patch is a Parameters resource");
  }
  const OperationReader reader(parameters);
  std::vector<Operation> operations;
  const Symbol name = parameters.find("name");
  for (const Node& parameter : parameters.root().children()) {
    if (parameters.name(parameter) != "parameter") continue;
    const Node* called = parameter.child(name);
    const auto refuse = [&](Error error) {
      for (Issue& issue : error.issues) {
        issue.expression = "Parameters.parameter[" + std::to_string(operations.size()) + "]";
      }
      return error;
    };
    if (called == nullptr || called->text() != "operation") {
      return refuse(malformed("a parameter that is not called \"operation\""));
    }
    if (operations.size() >= limits.operations) {
      return make_error(ErrorCode::too_costly,
                        "more than " + std::to_string(limits.operations) + " operations");
    }
    auto operation = reader.read(parameter);
    if (!operation) return refuse(std::move(operation).error());
    operations.push_back(*std::move(operation));
  }
  if (operations.empty()) return malformed("no parameter \"operation\"");
  return operations;
}

/// Children in another order. What is left out is detached.
void set_children(Builder& builder, Node& parent, const std::vector<Node*>& children) {
  Node& outside = *builder.document().arena().make<Node>();
  builder.move_children(parent, outside);
  for (Node* child : children) builder.attach(parent, *child);
}

std::vector<Node*> children_of(const Node& parent) {
  std::vector<Node*> children;
  for (const Node& child : parent.children()) children.push_back(&Builder::mutable_node(child));
  return children;
}

/// The document while operations are done to it.
class Patched {
 public:
  Patched(tree::Document& document, const tree::Document& parameters,
          const definitions::Definitions& definitions, const path::FunctionTable& functions,
          const Limits& limits, std::size_t operations)
      : document_(document),
        builder_(document),
        definitions_(definitions),
        functions_(functions),
        values_(builder_, parameters, definitions, limits.document.max_depth),
        context_(path::EvalLimits{
            std::max(kMostSteps / 100, std::min(kMostSteps / 10, kMostSteps / operations)),
            std::size_t{16} << 20}) {}

  Result<void> apply(const Operation& operation) {
    CONCORD_ASSIGN(const std::vector<Node*> found, evaluate(operation.path));
    switch (operation.verb) {
      case Verb::add:
        return add(operation, found);
      case Verb::insert:
        return insert(operation, found);
      case Verb::erase:
        return erase(found);
      case Verb::replace:
        return replace(operation, found);
      case Verb::move:
        return move(operation, found);
    }
    return {};
  }

 private:
  Result<std::vector<Node*>> evaluate(std::string_view text) {
    CONCORD_TRY(as_malformed(path::check_foreign(text, document_.symbols())));
    path::CompileContext compile{definitions_.symbols(), functions_};
    compile.definitions = &definitions_;
    compile.focus_type = document_.text(document_.root().type());
    auto expression = path::Expression::compile(text, compile);
    if (!expression) return malformed("the path does not compile");  // its words are the caller's
    context_.reset();
    CONCORD_ASSIGN(
        const path::Collection items,
        expression->evaluate(context_, path::Collection::of(document_, document_.root())));
    std::vector<Node*> nodes;
    tree::NodeSet seen;
    for (const path::Value& item : items) {
      if (!item.is_node() || &item.document() != &document_) {
        return invalid("the path gives a value that is no element");
      }
      Node* node = &Builder::mutable_node(item.node());
      if (seen.contains(*node)) continue;
      seen.insert(*node);
      nodes.push_back(node);
    }
    return nodes;
  }

  static Error as_malformed(Error error) {
    if (error.code == ErrorCode::invalid || error.code == ErrorCode::too_long) {
      error.code = ErrorCode::malformed;
    }
    for (Issue& issue : error.issues) {
      issue.position = {};
      issue.text = "the path: " + issue.text;
    }
    return error;
  }
  static Result<void> as_malformed(Result<void> result) {
    if (result) return result;
    return as_malformed(std::move(result).error());
  }

  static Result<Node*> single(const std::vector<Node*>& found) {
    if (found.empty()) return invalid("the path finds no element");
    if (found.size() > 1) return invalid("the path finds several elements");
    return found.front();
  }
  Result<const Type*> type_of(const Node& node) const {
    const Type* type = definitions_.type(node.type());
    if (type == nullptr) return invalid("the path finds an element of no known type");
    return type;
  }

  Result<void> add(const Operation& operation, const std::vector<Node*>& found) {
    CONCORD_ASSIGN(Node * parent, single(found));
    CONCORD_ASSIGN(const Type* type, type_of(*parent));
    CONCORD_ASSIGN(const Target target, detail::target_of(*type, operation.name, definitions_));
    if (!target.element->is_array) {
      for (const Node& child : parent->children()) {
        if (type->child(child.name()).element == target.element) {
          return invalid("the element is there already and may not repeat");
        }
      }
    }
    CONCORD_TRY(values_.append(*parent, target, *operation.value));
    detail::sort_children(builder_, *parent, *type);
    return {};
  }

  /// A list: its parent, what it holds, and the element it is.
  struct List {
    Node* parent = nullptr;
    Target target;
    std::vector<Node*> items;
  };

  /// The list of which `found` are all members; for an empty one the path says where it would be.
  Result<List> list_at(const std::string& path, const std::vector<Node*>& found) {
    List list;
    std::string name;
    if (found.empty()) {
      auto split = path::split_last_step(path);
      if (!split) return as_malformed(std::move(split).error());
      CONCORD_ASSIGN(const std::vector<Node*> parents, evaluate(split->parent));
      CONCORD_ASSIGN(list.parent, single(parents));
      name = split->name;
    } else {
      list.parent = const_cast<Node*>(found.front()->parent());
      if (list.parent == nullptr) return invalid("the path finds no list");
      name = document_.name(*found.front());
    }
    CONCORD_ASSIGN(const Type* type, type_of(*list.parent));
    CONCORD_ASSIGN(list.target, detail::target_of(*type, name, definitions_));
    if (!list.target.element->is_array) return invalid("the path finds no list");
    for (Node* child : children_of(*list.parent)) {
      if (child->name() == list.target.name) list.items.push_back(child);
    }
    if (list.items != found) return invalid("the path finds another than one whole list");
    return list;
  }

  /// Puts the items of a list, which stand together, into another order.
  void reorder(const List& list, const std::vector<Node*>& items) {
    std::vector<Node*> children;
    bool done = false;
    for (Node* child : children_of(*list.parent)) {
      if (child->name() != list.target.name) {
        children.push_back(child);
      } else if (!done) {
        children.insert(children.end(), items.begin(), items.end());
        done = true;
      }
    }
    set_children(builder_, *list.parent, children);
  }

  Result<void> insert(const Operation& operation, const std::vector<Node*>& found) {
    CONCORD_ASSIGN(List list, list_at(operation.path, found));
    if (operation.index > list.items.size()) return invalid("the index is outside the list");
    CONCORD_ASSIGN(Node * made, values_.append(*list.parent, list.target, *operation.value));
    CONCORD_ASSIGN(const Type* type, type_of(*list.parent));
    detail::sort_children(builder_, *list.parent, *type);
    list.items.insert(list.items.begin() + static_cast<std::ptrdiff_t>(operation.index), made);
    reorder(list, list.items);
    return {};
  }

  Result<void> move(const Operation& operation, const std::vector<Node*>& found) {
    if (found.empty()) return invalid("the path finds no element");
    CONCORD_ASSIGN(List list, list_at(operation.path, found));
    if (operation.index >= list.items.size() || operation.destination >= list.items.size()) {
      return invalid("the index is outside the list");
    }
    Node* moved = list.items[operation.index];
    list.items.erase(list.items.begin() + static_cast<std::ptrdiff_t>(operation.index));
    list.items.insert(list.items.begin() + static_cast<std::ptrdiff_t>(operation.destination),
                      moved);
    reorder(list, list.items);
    return {};
  }

  Result<void> erase(const std::vector<Node*>& found) {
    if (found.empty()) return {};
    CONCORD_ASSIGN(Node * node, single(found));
    if (node->parent() == nullptr) return invalid("the resource itself cannot be deleted");
    // An element without content is none: it goes with its last child.
    for (;;) {
      Node* parent = const_cast<Node*>(node->parent());
      builder_.detach(*node);
      if (parent->first_child() != nullptr || parent->has_value() || parent->is(Flag::resource) ||
          parent->parent() == nullptr) {
        return {};
      }
      node = parent;
    }
  }

  Result<void> replace(const Operation& operation, const std::vector<Node*>& found) {
    CONCORD_ASSIGN(Node * node, single(found));
    Node* parent = const_cast<Node*>(node->parent());
    if (parent == nullptr) return invalid("the resource itself cannot be replaced");
    CONCORD_ASSIGN(const Type* type, type_of(*parent));
    const definitions::Child child = type->child(node->name());
    if (!child) return invalid("the path finds an element of no known type");
    // By its general name, so that a choice may change its type.
    const Target target{child.element, child.element->name, node->name()};
    CONCORD_ASSIGN(Node * made, values_.append(*parent, target, *operation.value));
    std::vector<Node*> children = children_of(*parent);
    children.pop_back();
    std::replace(children.begin(), children.end(), node, made);
    set_children(builder_, *parent, children);
    return {};
  }

  tree::Document& document_;
  Builder builder_;
  const definitions::Definitions& definitions_;
  const path::FunctionTable& functions_;
  detail::ValueParts values_;
  path::EvalContext context_;
};

/// A copy that may be changed.
Result<tree::Document> copy_of(const tree::Document& resource,
                               const definitions::Definitions& definitions,
                               const tree::Limits& limits) {
  tree::Document copy(resource.symbols(), limits);
  Builder builder(copy);
  const std::string_view type = resource.text(resource.root().type());
  builder.set_type(builder.root(), builder.symbol(type));
  builder.set_flag(builder.root(), Flag::resource);
  for (const Node& child : resource.root().children()) {
    const Symbol name = builder.symbol(resource.name(child));
    if (builder.copy_into(builder.root(), resource, child, name) == nullptr) return too_large();
  }
  definitions::annotate(builder, definitions);
  return copy;
}

Result<tree::Document> apply(const tree::Document& resource, const tree::Document& parameters,
                             const definitions::Definitions& definitions,
                             const path::FunctionTable& functions, const Limits& limits) {
  CONCORD_ASSIGN(const std::vector<Operation> operations, operations_of(parameters, limits));
  CONCORD_ASSIGN(tree::Document document, copy_of(resource, definitions, limits.document));
  Patched patched(document, parameters, definitions, functions, limits, operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (auto done = patched.apply(operations[i]); !done) {
      Error error = std::move(done).error();
      for (Issue& issue : error.issues) {
        issue.expression = "Parameters.parameter[" + std::to_string(i) + "]";
      }
      return error;
    }
  }
  return document;
}

}  // namespace

Result<tree::Document> apply_fhirpath_patch(const tree::Document& resource,
                                            const tree::Document& parameters,
                                            const definitions::Definitions& definitions,
                                            const path::FunctionTable& functions,
                                            const Limits& limits) {
  try {
    return apply(resource, parameters, definitions, functions, limits);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to apply the patch");
  }
}

}  // namespace concord::patch
