#include "fhir/validate/detail/shapes.h"

#include <algorithm>
#include <array>

#include "fhir/tree/prune.h"

namespace concord::validate::detail {

using definitions::Child;
using definitions::Definitions;
using definitions::Element;
using definitions::Representation;
using definitions::Type;
using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

namespace {

constexpr std::string_view kUnrecognised = "Unrecognised_property_";
constexpr std::string_view kUndefinedElement = "Undefined_element_";
constexpr std::string_view kUndefinedAttribute = "Undefined_attribute__on__for_type__properties__";
constexpr std::string_view kUnknownInner =
    "Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_";

/// The type a resource says it has, when it may stand where `expected` is asked for.
const Type* own_type(const Node& node, const Type& expected, const Definitions& definitions) {
  const Type* own = definitions.type(node.type());
  const bool good =
      own != nullptr && own->is_resource() && !own->is_abstract() && own->is(expected);
  return good ? own : nullptr;
}

/// Found under the base name of a choice, which says no type.
bool is_base_name(const Node& node, const Child& found) {
  return found.element->is_choice && node.name() == found.element->name;
}

/// FHIR XML writes it as an attribute, and there it was not one. Readers give attributes the offset
/// of their element.
bool is_misplaced_attribute(const Node& node, const Child& found) {
  return found.element->representation == Representation::attribute &&
         node.source_offset() != node.parent()->source_offset();
}

/// Which types of which choices an object has been given.
class Choices {
 public:
  /// False when the choice has another type already.
  bool add(const Element& element, Symbol name) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (rows_[i].element == &element) return rows_[i].name == name;
    }
    if (size_ < rows_.size()) rows_[size_++] = {&element, name};
    return true;
  }

 private:
  struct Row {
    const Element* element;
    Symbol name;
  };
  std::array<Row, 16> rows_;  // no type of R4 has more choices
  std::size_t size_ = 0;
};

bool fits_type(const Node& node, const Type& type, const Definitions& definitions) {
  if (type.is_resource()) {
    return node.is(Flag::resource) && own_type(node, type, definitions) != nullptr;
  }
  if (node.is(Flag::resource)) return false;
  if (type.is_primitive()) {
    return node.has_value() ? node.kind() == type.value_kind()
                            : node.kind() == Kind::string && node.first_child() != nullptr;
  }
  return node.kind() == Kind::element && !node.has_value() && node.first_child() != nullptr;
}

}  // namespace

bool fits(const tree::Document& document, const Definitions& definitions, bool xml) {
  const Node& root = document.root();
  if (!root.is(Flag::resource)) return false;
  const Type* type = own_type(root, *definitions.type("Resource"), definitions);
  if (type == nullptr || (xml && root.first_child() == nullptr)) return false;
  std::vector<std::pair<const Node*, const Type*>> open{{&root, type}};
  while (!open.empty()) {
    const auto [node, node_type] = open.back();
    open.pop_back();
    std::uint16_t last = 0;
    Choices choices;
    for (const Node& child : node->children()) {
      const Child found = node_type->child(child.name());
      if (found.element == nullptr || found.type == nullptr || is_base_name(child, found) ||
          child.is(Flag::in_array) != found.element->is_array ||
          !fits_type(child, *found.type, definitions)) {
        return false;
      }
      if (xml) {
        if (is_misplaced_attribute(child, found)) return false;
        if (found.element->representation != Representation::attribute) {
          if (found.element->order < last) return false;
          last = found.element->order;
        }
      } else if (found.element->is_choice && !choices.add(*found.element, child.name())) {
        return false;
      }
      if (child.first_child() != nullptr) {
        open.emplace_back(&child,
                          child.is(Flag::resource) ? definitions.type(child.type()) : found.type);
      }
    }
  }
  return true;
}

bool Shapes::mend() {
  Node& root = builder_.root();
  const Type* type = own_type(root, *definitions_.type("Resource"), definitions_);
  if (type == nullptr) {
    report(xml_ ? "This_does_not_appear_to_be_a_FHIR_resource_unknown_namespacename_"
                : "This_does_not_appear_to_be_a_FHIR_resource_unknown_name_",
           "structure", "no resource of this release is named like the outermost one", root, {},
           Severity::fatal);
    return false;
  }
  open_.emplace_back(&root, type);
  while (!open_.empty()) {
    const auto [node, node_type] = open_.back();
    open_.pop_back();
    mend_children(*node, *node_type);
  }
  return true;
}

/// One step: what goes is taken out, what stays stands in line to be looked at itself.
void Shapes::mend_children(Node& node, const Type& type) {
  Choices choices;
  Symbol before = Symbol::kNone;
  bool run_stays = true;
  const std::size_t line = open_.size();
  tree::keep_children(builder_, node, [&](Node& child) {
    const Child found = type.child(child.name());
    const bool first = child.name() != before;
    before = child.name();
    if (found.element == nullptr || found.type == nullptr || is_base_name(child, found)) {
      if (first || xml_) unknown(child, type);
      return false;
    }
    if (xml_ ? is_misplaced_attribute(child, found)
             : first && found.element->is_choice && !choices.add(*found.element, child.name())) {
      unknown(child, type);
      run_stays = xml_;
      return false;
    }
    if (first) run_stays = xml_ || judge_run(child, type, found);
    if (!run_stays) return false;
    if (!xml_ && found.element->is_array) builder_.set_flag(child, Flag::in_array);
    const Type* own = judge(child, type, found);
    if (own == nullptr) return false;
    if (child.first_child() != nullptr) open_.emplace_back(&child, own);
    return true;
  });
  // In the order of the text, for what is reported.
  std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(line), open_.end());
  if (xml_) check_order(node, type);
}

/// A member of JSON as a whole: an array or not. False: it goes.
bool Shapes::judge_run(Node& first, const Type&, const Child& found) {
  const std::string name(document_.name(first));
  const bool in_array = first.is(Flag::in_array);
  if (in_array == found.element->is_array) return true;
  const Node& owner = *first.parent();
  if (!in_array) {
    const bool simple = found.type->is_primitive();
    if (simple) forget(owner, name);
    report("This_property_must_be_an_Array_not_", "invalid",
           "the property '" + name + "' must be an array", first, name);
    return !simple;
  }
  forget(owner, name);
  report(found.type->is_primitive() ? "This_property_must_be_an_simple_value_not_"
                                    : "This_property_must_be__not_",
         "invalid",
         "the property '" + name + "' must be " +
             (found.type->is_primitive() ? "a simple value" : "an object") + ", not an array",
         first, name);
  return false;
}

/// Says that there is no such member. Always false.
bool Shapes::unknown(Node& node, const Type& parent) {
  const std::string name(document_.name(node).substr(0, 100));
  const Node& owner = *node.parent();
  forget(owner, document_.name(node));
  if (xml_) {
    report(kUndefinedElement, "structure",
           "undefined element '" + name + "' in " + std::string(parent.label()), owner, name);
    place(node);
  } else if (parent.is_primitive() && name == "value") {
    // The value of a primitive where only its id and extensions may stand. It is not lost.
    report("ILLEGAL_PROPERTY", "invalid", "the property 'value' is invalid", owner, name);
    Node& primitive = tree::Builder::mutable_node(owner);
    if (!primitive.has_value() && node.has_value()) {
      builder_.set_text(primitive, node.text());
      builder_.set_kind(primitive, parent.value_kind());
    }
  } else {
    const bool companion =
        node.kind() == Kind::string && !node.has_value() && node.first_child() != nullptr;
    report(kUnrecognised, "structure",
           "unrecognised property '" + (companion ? "_" + name : name) + "' in " +
               std::string(parent.label()),
           owner, name);
    place(node);
  }
  return false;
}

const Type* Shapes::judge(Node& node, const Type&, const Child& found) {
  const Type& type = *found.type;
  const std::string name(document_.name(node));
  const Node& owner = *node.parent();
  if (type.is_resource()) return judge_resource(node, type);
  if (node.is(Flag::resource)) {
    // `resource` is also the name of elements that hold none (CapabilityStatement.rest.resource).
    const std::string resource(document_.text(node.type()).substr(0, 100));
    report(xml_ ? kUndefinedElement : kUnrecognised, "structure",
           xml_ ? "undefined element '" + resource + "' in " + std::string(type.label())
                : "unrecognised property 'resourceType' in " + std::string(type.label()),
           node, "resourceType");
    if (xml_) return nullptr;
    builder_.set_flag(node, Flag::resource, false);
    builder_.set_type(node, Symbol::kNone);
  }
  if (type.is_primitive()) {
    if (xml_) {
      if (!node.has_value()) builder_.set_kind(node, Kind::string);
      return &type;
    }
    if (node.kind() == Kind::element) {
      forget(owner, name);
      report("This_property_must_be_an_simple_value_not_", "invalid",
             "the property '" + name + "' must be a simple value, not an object", node);
      return nullptr;
    }
    if (node.has_value() && node.kind() != type.value_kind()) {
      const bool boolean = type.value_kind() == Kind::boolean;
      const bool number = type.value_kind() == Kind::number;
      report(boolean  ? "Error_parsing_JSON_the_primitive_value_must_be_a_boolean"
             : number ? "Error_parsing_JSON_the_primitive_value_must_be_a_number"
                      : "Error_parsing_JSON_the_primitive_value_must_be_a_string",
             "invalid",
             "the value must be written as a JSON " + std::string(boolean  ? "boolean"
                                                                  : number ? "number"
                                                                           : "string"),
             node);
      builder_.set_kind(node, type.value_kind());
    }
    return &type;
  }
  if (xml_ && node.has_value()) {
    report(kUndefinedAttribute, "structure",
           "undefined attribute '@value' on '" + name + "' of type " + std::string(type.label()),
           node, "@value");
    builder_.clear_text(node);
    builder_.set_kind(node, Kind::element);
  }
  if (node.kind() == Kind::element) return &type;
  forget(owner, name);
  if (node.has_value()) {
    report("This_property_must_be__not_", "invalid",
           "the property '" + name + "' must be an object, not a value", node);
  } else {
    report(kUnrecognised, "structure", "unrecognised property '_" + name + "'", owner, name);
  }
  return nullptr;
}

const Type* Shapes::judge_resource(Node& node, const Type& expected) {
  if (const Type* own = own_type(node, expected, definitions_)) {
    return node.is(Flag::resource) ? own : nullptr;
  }
  const std::string name(document_.name(node));
  for (tree::SyntaxFinding& made : findings_.kept()) {
    if (made.owner == &node && !xml_) made.owner = nullptr;  // stays said when the node goes
  }
  if (!node.is(Flag::resource) && !xml_) {
    if (node.kind() == Kind::element) {
      report("Unable_to_find_resourceType_property", "invalid",
             "the resource in '" + name + "' has no resourceType", node, {}, Severity::fatal);
    } else {
      report("This_property_must_be__not_", "invalid",
             "the property '" + name + "' must be a resource, not a value", node);
    }
    return nullptr;
  }
  report(kUnknownInner, "invalid",
         "what stands in '" + name + "' is no resource that may stand there", node, {},
         Severity::fatal);
  return nullptr;
}

/// XML only: each element behind those its definition puts before it. Attributes have no order.
void Shapes::check_order(const Node& node, const Type& type) {
  struct Place {
    const Node* node;
    std::uint16_t order;
  };
  std::vector<Place> places;
  bool ordered = true;
  for (const Node& child : node.children()) {
    const Child found = type.child(child.name());
    if (found.element->representation == Representation::attribute) continue;
    ordered = ordered &&
              (places.empty() || (places.back().node->source_offset() <= child.source_offset() &&
                                  places.back().order <= found.element->order));
    places.push_back({&child, found.element->order});
  }
  if (ordered) return;
  // Repeats that stood apart were put together by the reader.
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.node->source_offset() < b.node->source_offset();
  });
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].order >= places[i - 1].order) continue;
    report("Validation_VAL_Profile_OutOfOrder", "invalid",
           "the element '" + std::string(document_.name(*places[i].node)) +
               "' is out of order (found after " +
               std::string(document_.name(*places[i - 1].node)) + ")",
           *places[i].node);
  }
}

void Shapes::settle() {
  const Node& root = document_.root();
  const auto stands = [&](const Node* node) {
    while (node->parent() != nullptr) node = node->parent();
    return node == &root;
  };
  auto& kept = findings_.kept();
  std::erase_if(kept, [&](const tree::SyntaxFinding& finding) {
    return finding.owner != nullptr && !stands(finding.owner);
  });
  std::vector<tree::SyntaxFinding> more;
  for (tree::SyntaxFinding& finding : kept) {
    if (finding.owner == nullptr || finding.member.empty()) continue;
    const Type* type = definitions_.type(finding.owner->type());
    if (type == nullptr) continue;
    if (finding.message_id == "XSI_TYPE_WRONG" && finding.stated == type->text()) {
      finding.message_id = "XSI_TYPE_UNNECESSARY";
      finding.severity = Severity::information;
      finding.text = "xsi:type is unnecessary at this point";
      continue;
    }
    if (finding.message_id != "ARRAY_CANNOT_BE_EMPTY" &&
        finding.message_id != "ELEMENT_CANNOT_BE_NULL") {
      continue;
    }
    const bool companion = finding.member.size() > 1 && finding.member.front() == '_';
    const Child found =
        type->child(document_.find(std::string_view(finding.member).substr(companion ? 1 : 0)));
    if (found.element == nullptr || found.type == nullptr) {
      finding.message_id = kUnrecognised;
      finding.issue_type = "structure";
      finding.text = "unrecognised property '" + finding.member.substr(0, 100) + "'";
      finding.path = document_.path(*finding.owner);
    } else if (finding.message_id == "ELEMENT_CANNOT_BE_NULL" && !companion) {
      // In the reference's words for the type; of a list of objects it says two things.
      const bool simple = found.type->is_primitive();
      finding.message_id = simple && found.element->is_array
                               ? std::string_view("This_property_must_be_an_Array_not_")
                           : simple ? "This_property_must_be_an_simple_value_not_"
                                    : "This_property_must_be__not_";
      if (!simple && found.element->is_array) {
        more.push_back(finding);
        more.back().message_id = "This_property_must_be_an_Array_not_";
        more.back().text = "the property '" + finding.member + "' must be an array, not null";
      }
    } else if (finding.message_id == "ARRAY_CANNOT_BE_EMPTY" && found.element->is_array &&
               found.type->is_primitive()) {
      finding.severity = Severity::warning;  // the reference lets empty arrays of primitives pass
    }
  }
  for (tree::SyntaxFinding& finding : more) findings_.add(std::move(finding));
}

void Shapes::report(std::string_view id, std::string_view issue_type, std::string text,
                    const Node& node, std::string_view member, Severity severity) {
  tree::SyntaxFinding finding;
  finding.severity = severity;
  finding.message_id = id;
  finding.issue_type = issue_type;
  finding.text = std::move(text);
  finding.offset = node.source_offset() == Node::kNoOffset ? 0 : node.source_offset();
  finding.member = member;
  added_ = !findings_.full();
  if (added_) finding.path = document_.path(node);
  findings_.add(std::move(finding));
}

/// The last finding stands at a node other than the one its path names.
void Shapes::place(const Node& node) {
  if (added_) {
    findings_.kept().back().offset = node.source_offset();
  }
}

/// What the reader said of a member that goes with a better word. What is wrong with the text as
/// such (duplicates, commas, comments) stays.
void Shapes::forget(const Node& owner, std::string_view member) {
  std::erase_if(findings_.kept(), [&](const tree::SyntaxFinding& finding) {
    if (finding.owner != &owner || finding.message_id == "DUPLICATE_JSON_PROPERTY_KEY" ||
        finding.message_id == "JSON_COMMENTS_NOT_ALLOWED" ||
        finding.message_id.starts_with("JSON_COMMA")) {
      return false;
    }
    std::string_view name = finding.member;
    if (name.size() > 1 && name.front() == '_') name.remove_prefix(1);
    return name == member;
  });
}

}  // namespace concord::validate::detail
