// The invariants that stand on nearly every element, answered by looking at the tree. The FHIRPath
// form is the oracle of tests/fhir/validate/invariants_test.cpp.
#include <algorithm>
#include <array>

#include "fhir/validate/detail/invariants.h"

namespace concord::validate::detail {

namespace {

using tree::Document;
using tree::Flag;
using tree::Kind;
using tree::Node;

const Node* member(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

bool is_id(const Document& document, const Node& node) { return document.name(node) == "id"; }

/// ele-1: a value, or something beside the id.
bool holds_something(const Document& document, const Node& node) {
  if (node.has_value() && !node.text().empty()) return true;
  const Node* first = node.first_child();
  // An empty object or element is a mistake of writing, and said as such.
  if (first == nullptr) return node.kind() == Kind::element;
  return first->next_sibling() != nullptr || !is_id(document, *first);
}

/// ext-1: extensions or a value, one of the two.
bool extension_or_value(const Document& document, const Node& node) {
  bool value = false, extension = false;
  for (const Node& child : node.children()) {
    const std::string_view name = document.name(child);
    if (name == "extension") {
      extension = true;
    } else if (name.starts_with("value")) {
      value = true;
    }
  }
  return value != extension;
}

template <typename Test>
bool no_contained(const Document& document, const Node& node, Test bad) {
  for (const Node* at = member(document, node, "contained"); at != nullptr; at = at->next_same()) {
    if (bad(*at)) return false;
  }
  return true;
}

/// dom-2
bool contained_contain_nothing(const Document& document, const Node& node) {
  return no_contained(document, node,
                      [&](const Node& at) { return member(document, at, "contained") != nullptr; });
}

/// dom-4
bool contained_have_no_version(const Document& document, const Node& node) {
  return no_contained(document, node, [&](const Node& at) {
    const Node* meta = member(document, at, "meta");
    return meta != nullptr && (member(document, *meta, "versionId") != nullptr ||
                               member(document, *meta, "lastUpdated") != nullptr);
  });
}

/// dom-5
bool contained_have_no_security(const Document& document, const Node& node) {
  return no_contained(document, node, [&](const Node& at) {
    const Node* meta = member(document, at, "meta");
    return meta != nullptr && member(document, *meta, "security") != nullptr;
  });
}

/// dom-6 as repaired: contained resources need no narrative.
bool has_narrative(const Document& document, const Node& node) {
  if (node.parent() != nullptr && document.name(node) == "contained") return true;
  const Node* text = member(document, node, "text");
  return text != nullptr && member(document, *text, "div") != nullptr;
}

/// qty-3: a code needs a system.
bool code_has_system(const Document& document, const Node& node) {
  return member(document, node, "code") == nullptr || member(document, node, "system") != nullptr;
}

/// att-1: data needs a content type.
bool data_has_type(const Document& document, const Node& node) {
  return member(document, node, "data") == nullptr ||
         member(document, node, "contentType") != nullptr;
}

/// cpt-2: a contact's value needs a system.
bool value_has_system(const Document& document, const Node& node) {
  return member(document, node, "value") == nullptr || member(document, node, "system") != nullptr;
}

/// ref-1 as repaired: "#id" names a resource contained in the root resource.
bool reference_is_contained(const Document& document, const Node& node) {
  const Node* reference = member(document, node, "reference");
  if (reference == nullptr || !reference->has_value()) return true;
  const std::string_view text = reference->text();
  if (!text.starts_with('#') || text.size() == 1) return true;
  const Node* root = node.parent();
  while (root != nullptr && !root->is(Flag::resource)) root = root->parent();
  if (root != nullptr && root->parent() != nullptr && document.name(*root) == "contained") {
    do root = root->parent();
    while (root != nullptr && !root->is(Flag::resource));
  }
  if (root == nullptr) return true;  // a fragment: nothing to look in
  const std::string_view id = text.substr(1);
  return !no_contained(document, *root, [&](const Node& at) {
    const Node* own = member(document, at, "id");
    return own != nullptr && own->text() == id;
  });
}

struct Row {
  std::string_view key;
  std::string_view expression;
  NativeInvariant answer;
};

constexpr std::array kRows{
    Row{"ele-1", "hasValue() or (children().count() > id.count())", &holds_something},
    Row{"ext-1", "extension.exists() != value.exists()", &extension_or_value},
    Row{"dom-2", "contained.contained.empty()", &contained_contain_nothing},
    Row{"dom-4", "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
        &contained_have_no_version},
    Row{"dom-5", "contained.meta.security.empty()", &contained_have_no_security},
    Row{"dom-6", "text.`div`.exists()", &has_narrative},
    Row{"qty-3", "code.empty() or system.exists()", &code_has_system},
    Row{"att-1", "data.empty() or contentType.exists()", &data_has_type},
    Row{"cpt-2", "value.empty() or system.exists()", &value_has_system},
    Row{"ref-1",
        "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
        "%rootResource.contained.id.trace('ids'))",
        &reference_is_contained},
};

}  // namespace

NativeInvariant native_invariant(std::string_view key, std::string_view expression) {
  for (const Row& row : kRows) {
    if (row.key == key && row.expression == expression) return row.answer;
  }
  return nullptr;
}

}  // namespace concord::validate::detail
