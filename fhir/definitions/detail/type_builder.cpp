#include "fhir/definitions/detail/type_builder.h"

#include <algorithm>
#include <bit>

namespace concord::definitions {

namespace {

constexpr std::string_view kHl7 = "http://hl7.org/fhir/StructureDefinition/";

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

std::string_view parent_path(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

/// A slice of a profile or what stands below one: it narrows an element, it adds none.
bool is_slice(const pack::Element& row) {
  return !view(row.slice_name()).empty() || view(row.id()).find(':') != std::string_view::npos;
}

/// The path of the root. A differential need not list it.
std::string_view root_of(const pack::StructureDefinition& definition) {
  const std::string_view first = view(definition.elements()->Get(0)->path());
  return definition.has_snapshot() ? first : first.substr(0, first.find('.'));
}

bool is_root(const pack::Element& row) {
  return view(row.path()).find('.') == std::string_view::npos;
}

bool is_below(std::string_view path, std::string_view parent) {
  return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '.';
}

TypeKind kind_of(std::string_view code) {
  if (code == "primitive-type") return TypeKind::primitive;
  if (code == "resource") return TypeKind::resource;
  return code == "logical" ? TypeKind::logical : TypeKind::complex;
}

/// Source: hl7.org/fhir/R4/json.html#primitive.
tree::Kind value_kind_of(std::string_view primitive) {
  if (primitive == "boolean") return tree::Kind::boolean;
  const bool number = primitive == "integer" || primitive == "positiveInt" ||
                      primitive == "unsignedInt" || primitive == "decimal";
  return number ? tree::Kind::number : tree::Kind::string;
}

/// A copy of `rows` that lives in the arena.
template <typename T>
std::span<T> keep(tree::Arena& arena, std::span<const T> rows) {
  if (rows.empty()) return {};
  const std::span<T> kept = arena.array<T>(rows.size());
  std::uninitialized_copy(rows.begin(), rows.end(), kept.begin());
  return kept;
}

}  // namespace

Result<void> TypeBuilder::build(std::span<const Model> models) {
  by_name_.reserve(models.size() * 2);
  for (const Model& model : models) open(model);
  if (issues_.empty()) {
    for (Draft& draft : drafts_) build(draft);
    for (const Draft& draft : drafts_) check_bases(draft);
  }
  if (!issues_.empty()) return Error{code_, std::move(issues_), {}};

  for (Type* type : made_) {
    type->index_ = static_cast<std::uint32_t>(table_.types.size());
    table_.types.push_back(type);
    const std::size_t at = tree::number(type->name_);
    if (at >= table_.by_symbol.size()) table_.by_symbol.resize(at + 1, nullptr);
    table_.by_symbol[at] = type;
    if (!type->url_.empty()) table_.by_url.emplace(type->url_, type);
  }
  return {};
}

Type* TypeBuilder::make_type(std::string_view name, std::string_view label, TypeKind kind) {
  Type* type = arena_.make<Type>();
  type->name_ = symbols_.intern(name);
  type->text_ = symbols_.text(type->name_);
  type->label_ = label;
  type->kind_ = kind;
  made_.push_back(type);
  return type;
}

/// First pass: the types of one model exist and can be referred to.
void TypeBuilder::open(const Model& model) {
  const pack::StructureDefinition& definition = *model.definition;
  const auto& rows = *definition.elements();
  const std::string_view url = view(definition.url());
  const std::string_view root_path = root_of(definition);
  Draft& draft = drafts_.emplace_back();
  draft.model = &model;
  draft.logical = view(definition.kind()) == "logical";
  draft.profile = draft.logical && definition.constraint();
  const std::string_view name = draft.logical ? url : view(definition.type());
  if (url.empty() || name.empty() || root_path.empty()) {
    return wrong(draft, root_path, "the definition needs a url and a type");
  }
  if (root_path.find('.') != std::string_view::npos) {
    return wrong(draft, root_path, "the first element must be the root");
  }
  if (table_.by_url.contains(url) || by_name_.contains(url)) {
    code_ = ErrorCode::conflict;
    return wrong(draft, root_path, "the url is defined already");
  }
  draft.root = make_type(name, root_path, kind_of(view(definition.kind())));
  draft.root->url_ = url;
  draft.root->model_ = draft.logical;
  draft.root->abstract_ = definition.abstract();
  if (draft.root->is_primitive()) draft.root->value_kind_ = value_kind_of(name);
  if (const auto space = view(definition.xml_namespace()); !space.empty()) {
    draft.root->namespace_ = symbols_.intern(space);
  }
  draft.by_path.emplace(root_path, draft.root);
  by_name_.emplace(url, &draft);
  if (!draft.logical) by_name_.emplace(name, &draft);

  // A profile narrows what its base lists; what it says further down belongs to the types there.
  for (flatbuffers::uoffset_t i = 0; !draft.profile && i + 1 < rows.size(); ++i) {
    const std::string_view path = view(rows.Get(i)->path());
    if (is_root(*rows.Get(i))) continue;
    if (!is_below(view(rows.Get(i + 1)->path()), path)) continue;
    if (draft.by_path.contains(path)) continue;  // reported by build()
    const std::string inline_name =
        draft.logical ? std::string(url) + '#' + std::string(path) : std::string(path);
    Type* type = make_type(inline_name, path, TypeKind::backbone);
    type->namespace_ = draft.root->namespace_;
    type->model_ = draft.logical;
    draft.by_path.emplace(path, type);
  }
}

/// Second pass: bases, children and their types.
void TypeBuilder::build(Draft& draft) {
  if (draft.state != Draft::State::waiting) return;
  const pack::StructureDefinition& definition = *draft.model->definition;
  const auto& rows = *definition.elements();
  const std::string_view root_path = root_of(definition);
  draft.state = Draft::State::building;

  if (const auto base = view(definition.base()); !base.empty()) {
    draft.root->base_ = find(base);
    // "Base" is R5's.
    const bool may_be_absent =
        draft.logical && (base.starts_with(kHl7) || unknown_ == UnknownTypes::leave_out);
    if (draft.root->base_ == nullptr && !may_be_absent) {
      wrong(draft, root_path, "baseDefinition is unknown: " + std::string(base));
    }
    // A base of this batch must be whole before its children are taken over.
    if (const auto at = by_name_.find(base); draft.logical && at != by_name_.end()) {
      build(*at->second);
    }
  }
  if (is_root(*rows.Get(0))) draft.root->invariants_ = rules(draft, *rows.Get(0));

  std::unordered_map<std::string_view, std::vector<const pack::Element*>> children;
  for (const pack::Element* row : rows) {
    const std::string_view path = view(row->path());
    if (row == rows.Get(0) && is_root(*row)) continue;
    if (draft.profile && (is_slice(*row) || parent_path(path) != root_path)) continue;
    const auto parent = draft.by_path.find(parent_path(path));
    if (parent == draft.by_path.end()) {
      wrong(draft, path, "the element does not follow its parent");
      continue;
    }
    if (draft.root->is_primitive() && view(row->name()) == "value") {
      draft.root->regex_ = view(row->regex());
      continue;
    }
    children[parent->first].push_back(row);
    if (const auto own = draft.by_path.find(path); own != draft.by_path.end()) {
      const std::string_view code =
          row->types() == nullptr ? std::string_view{} : view(row->types()->Get(0)->code());
      own->second->base_ = find(code);
      own->second->invariants_ = rules(draft, *row);
    }
  }
  for (const auto& [path, type] : draft.by_path) set_children(*type, draft, children[path]);
  draft.state = Draft::State::done;
}

void TypeBuilder::set_children(Type& type, const Draft& draft,
                               std::span<const pack::Element* const> definitions) {
  std::vector<Element> elements;
  // A differential says what is new: the children of a base model stand before it.
  if (&type == draft.root && draft.logical && !draft.model->definition->has_snapshot() &&
      type.base_ != nullptr && type.base_->kind() == TypeKind::logical) {
    elements.assign(type.base_->elements_.begin(), type.base_->elements_.end());
  }
  for (const pack::Element* row : definitions) {
    const std::string_view path = view(row->path());
    Element element;
    element.name = symbols_.intern(view(row->name()));
    element.path = path;
    element.is_choice = path.ends_with("[x]");
    const auto inherited = std::find_if(elements.begin(), elements.end(), [&](const Element& at) {
      return at.name == element.name && at.owner != &type && at.owner != nullptr;
    });
    const bool untyped = row->types() == nullptr && view(row->content_reference()).empty() &&
                         !draft.by_path.contains(path);
    const bool narrows = untyped && inherited != elements.end();
    if (narrows && draft.profile && row->max() == 0) {
      elements.erase(inherited);
      continue;
    }
    // What it narrows was left out of the base.
    if (untyped && !narrows && unknown_ == UnknownTypes::leave_out) continue;
    element.types = narrows ? inherited->types : resolve(draft, *row, element.name);
    if (element.types.empty() && unknown_ == UnknownTypes::leave_out) continue;
    element.min = row->min();
    element.max = row->max();
    element.is_array = row->array();
    element.is_modifier = row->modifier();
    element.is_summary = row->summary();
    element.representation = static_cast<Representation>(row->representation());
    if (const auto space = view(row->xml_namespace()); !space.empty()) {
      element.xml_namespace = symbols_.intern(space);
    }
    element.content_reference = view(row->content_reference());
    const std::string_view value_set = view(row->value_set());
    const std::size_t bar = value_set.find('|');
    element.binding = {
        static_cast<BindingStrength>(row->binding()), value_set.substr(0, bar),
        bar == std::string_view::npos ? std::string_view{} : value_set.substr(bar + 1)};
    element.fixed = {static_cast<FixedValue::Rule>(row->value_rule()), view(row->value_type()),
                     view(row->value())};
    element.default_value = view(row->default_value());
    element.invariants = rules(draft, *row);
    element.max_length = row->max_length();
    if (inherited != elements.end()) {
      if (draft.model->max_unsaid.contains(path)) element.max = inherited->max;
      element.is_array = inherited->is_array;
      if (element.representation == Representation::element) {
        element.representation = inherited->representation;
      }
      if (element.xml_namespace == tree::Symbol::kNone) {
        element.xml_namespace = inherited->xml_namespace;
      }
      *inherited = element;
    } else {
      elements.push_back(element);
    }
    if (element.min > element.max) wrong(draft, path, "min is greater than max");
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i].owner = &type;
    elements[i].order = static_cast<std::uint16_t>(i);
  }
  type.elements_ = keep<Element>(arena_, elements);
  index(type, draft);
}

/// The types an element may have, each with the name it is then written under.
std::span<const ElementType> TypeBuilder::resolve(const Draft& draft,
                                                  const pack::Element& definition,
                                                  tree::Symbol name) {
  const std::string_view path = view(definition.path());
  std::vector<ElementType> types;
  if (const auto own = draft.by_path.find(path); own != draft.by_path.end()) {
    types.push_back({name, own->second, {}, {}});
  } else if (const auto reference = view(definition.content_reference()); !reference.empty()) {
    const std::size_t hash = reference.find('#');
    const Draft* within = &draft;
    if (hash != 0 && hash != std::string_view::npos) {
      const auto at = by_name_.find(reference.substr(0, hash));
      within = at == by_name_.end() ? nullptr : at->second;
    }
    if (hash != std::string_view::npos && within != nullptr) {
      const auto target = within->by_path.find(reference.substr(hash + 1));
      if (target != within->by_path.end()) types.push_back({name, target->second, {}, {}});
    }
    if (types.empty()) wrong(draft, path, "contentReference leads nowhere");
  } else if (definition.types() != nullptr) {
    types.reserve(definition.types()->size());
    for (const pack::TypeRef* row : *definition.types()) {
      const Type* type = find(view(row->code()));
      if (type == nullptr && unknown_ == UnknownTypes::leave_out) continue;
      if (type == nullptr) {
        wrong(draft, path, "the type is unknown: " + std::string(view(row->code())));
        continue;
      }
      types.push_back({path.ends_with("[x]") ? symbols_.intern(view(row->name())) : name, type,
                       texts(row->profiles()), texts(row->target_profiles())});
    }
    if (types.size() > 1 && !path.ends_with("[x]")) {
      wrong(draft, path, "several types need a name that ends in [x]");
    }
  } else {
    wrong(draft, path, "the element has no type, no children and no contentReference");
  }
  return keep<ElementType>(arena_, types);
}

/// Chains of bases end.
void TypeBuilder::check_bases(const Draft& draft) {
  std::size_t steps = table_.types.size() + made_.size();
  for (const Type* at = draft.root; at != nullptr; at = at->base_) {
    if (steps-- == 0) return wrong(draft, draft.root->label_, "the type is derived from itself");
  }
}

/// The table behind Type::child().
void TypeBuilder::index(Type& type, const Draft& draft) {
  std::size_t names = 0;
  for (const Element& element : type.elements_) {
    names += element.is_choice ? element.types.size() + 1 : 1;
  }
  if (names == 0) return;
  const std::size_t size = std::bit_ceil(names * 2);
  const std::span<Type::Slot> slots = arena_.array<Type::Slot>(size);
  std::uninitialized_fill(slots.begin(), slots.end(), Type::Slot{});
  type.mask_ = static_cast<std::uint32_t>(size - 1);
  type.slots_ = slots.data();
  const auto enter = [&](tree::Symbol name, const Element& element, const Type* chosen) {
    std::size_t at = Type::slot_of(name) & type.mask_;
    while (slots[at].name != tree::Symbol::kNone && slots[at].name != name) {
      at = (at + 1) & type.mask_;
    }
    if (slots[at].name == name) {
      return wrong(draft, element.path, "the name is taken by another element");
    }
    slots[at] = {name, &element, chosen};
  };
  for (const Element& element : type.elements_) {
    enter(element.name, element, element.types.size() == 1 ? element.types[0].type : nullptr);
    if (!element.is_choice) continue;
    for (const ElementType& choice : element.types) enter(choice.name, element, choice.type);
  }
}

std::span<const Invariant* const> TypeBuilder::rules(const Draft& draft,
                                                     const pack::Element& definition) {
  if (definition.constraints() == nullptr) return {};
  const auto rows = arena_.array<const Invariant*>(definition.constraints()->size());
  for (flatbuffers::uoffset_t i = 0; i < rows.size(); ++i) {
    rows[i] = draft.model->constraints[definition.constraints()->Get(i)];
  }
  return rows;
}

std::span<const std::string_view> TypeBuilder::texts(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from) {
  if (from == nullptr) return {};
  const auto rows = arena_.array<std::string_view>(from->size());
  for (flatbuffers::uoffset_t i = 0; i < rows.size(); ++i) {
    new (&rows[i]) std::string_view(view(from->Get(i)));
  }
  return rows;
}

const Type* TypeBuilder::find(std::string_view name_or_url) {
  if (name_or_url.empty()) return nullptr;
  if (const auto at = by_name_.find(name_or_url); at != by_name_.end()) return at->second->root;
  if (const auto at = table_.by_url.find(name_or_url); at != table_.by_url.end()) {
    return at->second;
  }
  return table_.find(symbols_.find(name_or_url));
}

void TypeBuilder::wrong(const Draft& draft, std::string_view path, std::string text) {
  if (!draft.model->file.empty()) text = std::string(draft.model->file) + ": " + text;
  issues_.push_back({Severity::error, std::string(path), std::move(text), {}, {}, {}});
}

}  // namespace concord::definitions
