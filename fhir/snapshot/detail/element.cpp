#include "fhir/snapshot/detail/element.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace concord::snapshot {

namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kFhirType =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

struct FieldRow {
  std::string_view name;
  Field field;
  bool choice = false;
};

/// In the order of Field.
constexpr std::array kFields{
    FieldRow{"id", Field::id},
    FieldRow{"extension", Field::extension},
    FieldRow{"modifierExtension", Field::modifier_extension},
    FieldRow{"path", Field::path},
    FieldRow{"representation", Field::representation},
    FieldRow{"sliceName", Field::slice_name},
    FieldRow{"sliceIsConstraining", Field::slice_is_constraining},
    FieldRow{"label", Field::label},
    FieldRow{"code", Field::code},
    FieldRow{"slicing", Field::slicing},
    FieldRow{"short", Field::short_text},
    FieldRow{"definition", Field::definition},
    FieldRow{"comment", Field::comment},
    FieldRow{"requirements", Field::requirements},
    FieldRow{"alias", Field::alias},
    FieldRow{"min", Field::min},
    FieldRow{"max", Field::max},
    FieldRow{"base", Field::base},
    FieldRow{"contentReference", Field::content_reference},
    FieldRow{"type", Field::type},
    FieldRow{"defaultValue", Field::default_value, true},
    FieldRow{"meaningWhenMissing", Field::meaning_when_missing},
    FieldRow{"orderMeaning", Field::order_meaning},
    FieldRow{"fixed", Field::fixed, true},
    FieldRow{"pattern", Field::pattern, true},
    FieldRow{"example", Field::example},
    FieldRow{"minValue", Field::min_value, true},
    FieldRow{"maxValue", Field::max_value, true},
    FieldRow{"maxLength", Field::max_length},
    FieldRow{"condition", Field::condition},
    FieldRow{"constraint", Field::constraint},
    FieldRow{"mustHaveValue", Field::must_have_value},
    FieldRow{"valueAlternatives", Field::value_alternatives},
    FieldRow{"mustSupport", Field::must_support},
    FieldRow{"isModifier", Field::is_modifier},
    FieldRow{"isModifierReason", Field::is_modifier_reason},
    FieldRow{"isSummary", Field::is_summary},
    FieldRow{"binding", Field::binding},
    FieldRow{"mapping", Field::mapping},
};
static_assert([] {
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (static_cast<std::size_t>(kFields[i].field) != i) return false;
  }
  return kFields.size() == static_cast<std::size_t>(Field::other);
}());

constexpr auto by_name = [] {
  auto rows = kFields;
  std::sort(rows.begin(), rows.end(),
            [](const FieldRow& a, const FieldRow& b) { return a.name < b.name; });
  return rows;
}();

bool is_repeating(Field field) {
  return field == Field::extension || field == Field::modifier_extension ||
         field == Field::representation || field == Field::code || field == Field::alias ||
         field == Field::type || field == Field::example || field == Field::condition ||
         field == Field::constraint || field == Field::value_alternatives ||
         field == Field::mapping;
}

tree::Kind kind_of(Field field) {
  switch (field) {
    case Field::min:
    case Field::max_length:
      return tree::Kind::number;
    case Field::must_have_value:
    case Field::must_support:
    case Field::is_modifier:
    case Field::is_summary:
    case Field::slice_is_constraining:
      return tree::Kind::boolean;
    default:
      return tree::Kind::string;
  }
}

bool is_prose(Field field) {
  switch (field) {
    case Field::definition:
    case Field::comment:
    case Field::requirements:
    case Field::alias:
    case Field::example:
    case Field::mapping:
    case Field::code:
    case Field::label:
      return true;
    default:
      return false;
  }
}

/// Writes into one element of a new document.
class Writer {
 public:
  Writer(tree::Builder& builder, Node& element) : builder_(builder), element_(element) {}

  void primitive(std::string_view name, std::string_view value, tree::Kind kind,
                 Node* below = nullptr) {
    if (value.empty()) return;
    Node* made = builder_.append(below == nullptr ? element_ : *below, builder_.symbol(name), kind);
    full_ = full_ || made == nullptr;
    if (made != nullptr) builder_.set_copy(*made, value);
  }
  Node* object(std::string_view name, bool in_array, Node* below = nullptr) {
    Node* made = builder_.append(below == nullptr ? element_ : *below, builder_.symbol(name));
    full_ = full_ || made == nullptr;
    if (made != nullptr) builder_.set_flag(*made, tree::Flag::in_array, in_array);
    return made;
  }
  Node* copy(const Document& document, const Node& node, bool in_array) {
    Node* made = builder_.copy_into(element_, document, node, builder_.symbol(document.name(node)));
    full_ = full_ || made == nullptr;
    if (made != nullptr) builder_.set_flag(*made, tree::Flag::in_array, in_array);
    return made;
  }
  void part(const Part& part) {
    if (part.node == nullptr) {
      primitive(name_of(part.field), part.text, kind_of(part.field));
      if (is_repeating(part.field)) {
        if (const Node* last = element_.last_child()) {
          builder_.set_flag(tree::Builder::mutable_node(*last), tree::Flag::in_array);
        }
      }
      return;
    }
    Node* made = copy(*part.document, *part.node, is_repeating(part.field));
    if (made != nullptr && part.field == Field::constraint && !part.text.empty() &&
        made->child(builder_.symbol("source")) == nullptr) {
      primitive("source", part.text, tree::Kind::string, made);
    }
  }
  void slicing(const Slicing& slicing) {
    // What was read may be anything; what is written is JSON.
    const bool says_order = slicing.ordered == "true" || slicing.ordered == "false";
    const auto says_something = [](const Discriminator& at) {
      return !at.type.empty() || !at.path.empty();
    };
    if (!says_order && slicing.rules.empty() && slicing.description.empty() &&
        std::none_of(slicing.discriminators.begin(), slicing.discriminators.end(),
                     says_something)) {
      return;
    }
    Node* made = object("slicing", false);
    if (made == nullptr) return;
    for (const Discriminator& at : slicing.discriminators) {
      if (!says_something(at)) continue;
      Node* row = object("discriminator", true, made);
      if (row == nullptr) return;
      primitive("type", at.type, tree::Kind::string, row);
      primitive("path", at.path, tree::Kind::string, row);
    }
    primitive("description", slicing.description, tree::Kind::string, made);
    if (says_order) primitive("ordered", slicing.ordered, tree::Kind::boolean, made);
    primitive("rules", slicing.rules, tree::Kind::string, made);
  }
  void base(const BaseInfo& base) {
    Node* made = object("base", false);
    if (made == nullptr) return;
    primitive("path", base.path, tree::Kind::string, made);
    const bool number = std::all_of(base.min.begin(), base.min.end(),
                                    [](char c) { return c >= '0' && c <= '9'; }) &&
                        (base.min.size() == 1 || !base.min.starts_with('0'));
    primitive("min", base.min, number ? tree::Kind::number : tree::Kind::string, made);
    primitive("max", base.max, tree::Kind::string, made);
  }
  void type(const TypeRef& type) {
    if (type.node != nullptr) {
      copy(*type.document, *type.node, true);
      return;
    }
    if (type.code.empty()) return;
    if (Node* made = object("type", true)) {
      primitive("code", type.code, tree::Kind::string, made);
    }
  }
  bool full() const { return full_; }

 private:
  tree::Builder& builder_;
  Node& element_;
  bool full_ = false;
};

}  // namespace

Field field_of(std::string_view name) {
  const auto found = std::lower_bound(
      by_name.begin(), by_name.end(), name,
      [](const FieldRow& row, std::string_view wanted) { return row.name < wanted; });
  if (found != by_name.end() && found->name == name && !found->choice) return found->field;
  for (const FieldRow& row : kFields) {
    if (row.choice && name.size() > row.name.size() && name.starts_with(row.name) &&
        name[row.name.size()] >= 'A' && name[row.name.size()] <= 'Z') {
      return row.field;
    }
  }
  return Field::other;
}

std::string_view name_of(Field field) {
  return field == Field::other ? std::string_view{} : kFields[static_cast<std::size_t>(field)].name;
}

std::vector<std::string_view> TypeRef::all(std::string_view name) const {
  std::vector<std::string_view> values;
  if (node == nullptr) return values;
  for (const Node* at = node->child(document->find(name)); at != nullptr; at = at->next_same()) {
    values.push_back(at->text());
  }
  return values;
}

std::string_view TypeRef::first(std::string_view name) const {
  const Node* found = node == nullptr ? nullptr : node->child(document->find(name));
  return found == nullptr ? std::string_view{} : found->text();
}

std::size_t TypeRef::count(std::string_view name) const {
  return node == nullptr ? 0 : node->count(document->find(name));
}

const Part* Element::find(Field field) const {
  for (const Part& part : parts) {
    if (part.field == field) return &part;
  }
  return nullptr;
}

std::string_view Element::text(Field field) const {
  const Part* found = find(field);
  return found == nullptr ? std::string_view{} : found->value();
}

std::uint32_t Element::min() const {
  const std::string_view written = text(Field::min);
  std::uint32_t value = 0;
  std::from_chars(written.data(), written.data() + written.size(), value);
  return value;
}

std::uint64_t Element::max_count() const { return count_of(max()); }

void Element::clear(Field field) {
  std::erase_if(parts, [&](const Part& part) { return part.field == field; });
}

void Element::set(const Part& part) {
  clear(part.field);
  parts.push_back(part);
}

void Element::take(Field field, const Element& from) {
  if (&from == this) return;
  clear(field);
  for (const Part& part : from.parts) {
    if (part.field == field) parts.push_back(part);
  }
}

std::uint64_t count_of(std::string_view max) {
  if (max == "*") return kMany;
  std::uint64_t value = 0;
  std::from_chars(max.data(), max.data() + max.size(), value);
  return value;
}

TypeRef read_type(const Document& document, const Node& node) {
  TypeRef type{&document, &node, {}, {}};
  type.code = type.first("code");
  type.working = type.code;
  if (const Node* known = extension_of(document, &node, kFhirType)) {
    if (const Node* value = extension_value(document, known)) type.working = value->text();
  } else if (type.code.starts_with("http://hl7.org/fhirpath/System.")) {
    // Packages that were converted carry the extension at the code.
    const Node* code = node.child(document.find("code"));
    if (const Node* at_code = extension_of(document, code, kFhirType)) {
      if (const Node* value = extension_value(document, at_code)) type.working = value->text();
    }
  }
  return type;
}

Element read_element_parts(const Document& document, const Node& node, Slicing& slicing,
                           bool& sliced) {
  Element element;
  std::size_t members = 0;
  for (const Node* at = node.first_child(); at != nullptr; at = at->next_sibling()) ++members;
  element.parts.reserve(members);
  for (const Node& member : node.children()) {
    const Field field = field_of(document.name(member));
    switch (field) {
      case Field::path:
        element.path = member.text();
        break;
      case Field::id:
        element.id = member.text();
        break;
      case Field::slice_name:
        element.slice_name = member.text();
        break;
      case Field::content_reference:
        element.content_reference = member.text();
        break;
      case Field::type:
        element.types.push_back(read_type(document, member));
        break;
      case Field::base: {
        const Part part{field, &document, &member};
        element.base = {part.child_text("path"), part.child_text("min"), part.child_text("max")};
        break;
      }
      case Field::slicing: {
        const Part part{field, &document, &member};
        sliced = true;
        slicing.description = part.child_text("description");
        slicing.ordered = part.child_text("ordered");
        slicing.rules = part.child_text("rules");
        for (const Node* at = part.child("discriminator"); at != nullptr; at = at->next_same()) {
          const Part row{field, &document, at};
          slicing.discriminators.push_back({row.child_text("type"), row.child_text("path")});
        }
        break;
      }
      default:
        element.parts.push_back({field, &document, &member});
    }
  }
  return element;
}

bool write_element(tree::Builder& builder, Node& parent, const Element& element, Content content) {
  Node* made = builder.append(parent, builder.symbol("element"));
  if (made == nullptr) return false;
  builder.set_flag(*made, tree::Flag::in_array);
  Writer write(builder, *made);
  std::vector<Part> parts;
  parts.reserve(element.parts.size());
  for (const Part& part : element.parts) {
    if (content == Content::everything || !is_prose(part.field)) parts.push_back(part);
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.field < b.field; });
  auto next = parts.begin();
  const auto up_to = [&](Field field) {
    for (; next != parts.end() && next->field < field; ++next) write.part(*next);
  };
  write.primitive("id", element.id, tree::Kind::string);
  up_to(Field::path);
  write.primitive("path", element.path, tree::Kind::string);
  up_to(Field::slice_name);
  write.primitive("sliceName", element.slice_name, tree::Kind::string);
  up_to(Field::slicing);
  if (element.slicing != nullptr) write.slicing(*element.slicing);
  up_to(Field::base);
  if (!element.base.path.empty()) write.base(element.base);
  write.primitive("contentReference", element.content_reference, tree::Kind::string);
  for (const TypeRef& type : element.types) write.type(type);
  for (; next != parts.end(); ++next) write.part(*next);
  return !write.full();
}

bool same_value(const Document& left_document, const Node& left, const Document& right_document,
                const Node& right) {
  // Depth is bounded by the documents' limits; values of definitions are a few levels deep.
  if (left.text() != right.text()) return false;
  const Node* a = left.first_child();
  const Node* b = right.first_child();
  for (; a != nullptr && b != nullptr; a = a->next_sibling(), b = b->next_sibling()) {
    if (left_document.name(*a) != right_document.name(*b) ||
        !same_value(left_document, *a, right_document, *b)) {
      return false;
    }
  }
  return a == nullptr && b == nullptr;
}

bool same_part(const Part& left, const Part& right) {
  if (left.node != nullptr && right.node != nullptr) {
    return left.document->name(*left.node) == right.document->name(*right.node) &&
           same_value(*left.document, *left.node, *right.document, *right.node);
  }
  const bool plain = (left.node == nullptr || left.node->first_child() == nullptr) &&
                     (right.node == nullptr || right.node->first_child() == nullptr);
  return plain && left.value() == right.value();
}

bool same_field(const Element& left, const Element& right, Field field) {
  auto a = left.parts.begin();
  auto b = right.parts.begin();
  const auto wanted = [&](const Part& part) { return part.field == field; };
  while (true) {
    a = std::find_if(a, left.parts.end(), wanted);
    b = std::find_if(b, right.parts.end(), wanted);
    if (a == left.parts.end() || b == right.parts.end()) break;
    if (!same_part(*a++, *b++)) return false;
  }
  return a == left.parts.end() && b == right.parts.end();
}

bool same_types(const std::vector<TypeRef>& left, const std::vector<TypeRef>& right) {
  return std::equal(
      left.begin(), left.end(), right.begin(), right.end(), [](const TypeRef& a, const TypeRef& b) {
        if (a.node != nullptr && b.node != nullptr) {
          return same_value(*a.document, *a.node, *b.document, *b.node);
        }
        const TypeRef& node = a.node != nullptr ? a : b;
        const bool only_code =
            node.node == nullptr || node.node->first_child() == node.node->last_child();
        return only_code && a.code == b.code;
      });
}

std::string_view tail(std::string_view path) { return path.substr(path.rfind('.') + 1); }

std::string_view head(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::size_t depth_of(std::string_view path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '.'));
}

bool is_choice(std::string_view path) { return path.ends_with("[x]"); }

std::string_view without_choice(std::string_view path) {
  return is_choice(path) ? path.substr(0, path.size() - 3) : path;
}

bool is_below(std::string_view path, std::string_view parent) {
  return path.size() > parent.size() && path[parent.size()] == '.' && path.starts_with(parent);
}

std::string uncapitalized(std::string_view text) {
  std::string changed(text);
  if (!changed.empty() && changed[0] >= 'A' && changed[0] <= 'Z') {
    changed[0] = static_cast<char>(changed[0] - 'A' + 'a');
  }
  return changed;
}

std::string capitalized(std::string_view text) {
  std::string changed(text);
  if (!changed.empty() && changed[0] >= 'a' && changed[0] <= 'z') {
    changed[0] = static_cast<char>(changed[0] - 'a' + 'A');
  }
  return changed;
}

const Node* extension_of(const Document& document, const Node* node, std::string_view url) {
  if (node == nullptr) return nullptr;
  const tree::Symbol url_name = document.find("url");
  for (const Node* at = node->child(document.find("extension")); at != nullptr;
       at = at->next_same()) {
    const Node* stated = at->child(url_name);
    if (stated != nullptr && stated->text() == url) return at;
  }
  return nullptr;
}

const Node* extension_value(const Document& document, const Node* extension) {
  if (extension == nullptr) return nullptr;
  for (const Node& at : extension->children()) {
    if (document.name(at).starts_with("value")) return &at;
  }
  return nullptr;
}

}  // namespace concord::snapshot
