#include <algorithm>

#include "fhir/core/decimal.h"
#include "fhir/mapping/execution.h"

namespace concord::mapping::detail {

using definitions::Child;
using definitions::Type;

bool Execution::target(const TargetOp& op, Frame frame) {
  if (op.variable != kNoSlot) frame[op.variable] = path::Collection();
  switch (op.kind) {
    case TargetOp::Kind::bind:
      return value(op.value, frame, frame[op.variable]);
    case TargetOp::Kind::alone: {
      // Not in the tree until something is done with it: a copy, a reference to it.
      tree::Node* made = builder_.append(builder_.root(), tree::Symbol::kNone, op.into.kind);
      if (made == nullptr) return fail(ErrorCode::too_long, "the target has too many nodes");
      builder_.detach(*made);
      if (!dress(*made, *op.into.type, op.into.fixed)) return false;
      frame[op.variable].assign(path::Value::of(target_, *made));
      return true;
    }
    case TargetOp::Kind::make:
    case TargetOp::Kind::write:
    case TargetOp::Kind::fill:
    case TargetOp::Kind::self:
      break;
  }
  if (frame[op.into.context].empty()) {  // its variable came to nothing
    came_to_nothing(Skip::target_absent);
    return true;
  }
  if (op.kind == TargetOp::Kind::make) return make(op, frame);
  if (op.kind == TargetOp::Kind::fill) return fill(op, frame);
  return write(op, frame);
}

bool Execution::make(const TargetOp& op, Frame frame) {
  tree::Node& context = tree::Builder::mutable_node(frame[op.into.context].front().node());
  if (op.share != kNoSlot && !frame[op.share].empty()) {
    frame[op.variable] = frame[op.share];
    return true;
  }
  tree::Node* made = nullptr;
  if (!op.into.repeats || op.place == ast::Place::single) made = existing(op.into, context);
  if (made != nullptr && made->type() != op.into.type->name()) {
    return refuse("TOO_MANY_VALUES_SUBMITTED",
                  "the target holds another type of " +
                      std::string(program_.definitions->symbols().text(op.into.element->name)),
                  current());
  }
  if (made == nullptr) {
    made = element(op.into, context);
    if (made == nullptr) return false;
    trace(current(), *made);
  }
  frame[op.variable].assign(path::Value::of(target_, *made));
  if (op.share != kNoSlot) frame[op.share] = frame[op.variable];
  return true;
}

bool Execution::write(const TargetOp& op, Frame frame) {
  path::Collection given;
  if (!value(op.value, frame, given)) return false;
  if (given.empty()) {
    came_to_nothing(Skip::value_empty);
    return true;
  }
  tree::Node& context = tree::Builder::mutable_node(frame[op.into.context].front().node());
  if (op.share != kNoSlot && !frame[op.share].empty()) {
    if (op.variable != kNoSlot) frame[op.variable] = frame[op.share];
    return true;
  }
  if (op.variable != kNoSlot && given.size() > 1) {
    return refuse("TOO_MANY_VALUES_SUBMITTED", "several values for one variable of the map",
                  current());
  }
  tree::Node* made = nullptr;
  for (const path::Value& one : given) {
    const bool done = op.kind == TargetOp::Kind::self ? write_self(op, context, one)
                                                      : write_value(op, context, one, made);
    if (!done) return false;
  }
  if (op.kind == TargetOp::Kind::self) made = &context;
  if (made == nullptr) came_to_nothing(Skip::value_empty);
  if (made != nullptr && op.variable != kNoSlot) {
    frame[op.variable].assign(path::Value::of(target_, *made));
  }
  if (made != nullptr && op.share != kNoSlot) {
    frame[op.share].assign(path::Value::of(target_, *made));
  }
  return true;
}

/// cc(…), c(…), qty(…), id(…), cp(…): an element, filled.
bool Execution::fill(const TargetOp& op, Frame frame) {
  std::vector<path::Collection> arguments(op.value.arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!value(op.value.arguments[i], frame, arguments[i])) return false;
    for (const path::Value& item : arguments[i]) read_text(item);
  }
  tree::Node& context = tree::Builder::mutable_node(frame[op.into.context].front().node());
  if (!op.into.repeats && existing(op.into, context) != nullptr) {
    return occupied(op.into, item_ != nullptr ? *item_ : path::Value());
  }
  tree::Node* made = element(op.into, context);
  if (made == nullptr) return false;
  auto filled = op.value.row->fill(*this, *made, arguments, op.value.concepts);
  if (!filled) return fail(std::move(filled).error());
  if (!*filled) {
    if (error_.issues.empty()) {
      builder_.detach(*made);
      came_to_nothing(Skip::value_empty);
      return true;
    }
    return false;
  }
  trace(current(), *made);
  if (op.variable != kNoSlot) frame[op.variable].assign(path::Value::of(target_, *made));
  return true;
}

bool Execution::write_value(const TargetOp& op, tree::Node& context, const path::Value& value,
                            tree::Node*& made) {
  const Destination* into = &op.into;
  Destination chosen;
  if (into->type == nullptr) {
    if (!choose(*into, value, chosen)) {
      return refuse("INVALID_VALUE",
                    "no type of the target's " +
                        std::string(program_.definitions->symbols().text(into->element->name)) +
                        " can hold this",
                    value.is_node() ? &value : current());
    }
    into = &chosen;
  }
  if (op.reference) {
    const auto written = text(value);
    if (!written) return true;
    if (!into->repeats && existing(*into, context) != nullptr) return occupied(*into, value);
    made = element(*into, context);
    if (made == nullptr) return false;
    trace(current(), *made);
    return put(*made, "reference", *written);
  }
  if (into->type->is_primitive()) return write_text(*into, op.value.fit, context, value, made);
  if (value.tag() == path::Tag::quantity) return write_quantity(*into, context, value, made);
  return write_copy(*into, context, value, made);
}

/// The type of a choice for a value whose type was not known before.
bool Execution::choose(const Destination& into, const path::Value& value,
                       Destination& chosen) const {
  chosen = into;
  const definitions::ElementType* best = nullptr;
  const tree::Symbol type = value.is_node() ? value.node().type() : tree::Symbol::kNone;
  const std::string_view preferred =
      value.is_node() ? std::string_view() : fhir_name_of_system(system_name_of(value.tag()));
  for (const definitions::ElementType& choice : into.element->types) {
    if (value.is_node() ? choice.type->name() == type : choice.type->text() == preferred) {
      best = &choice;
      break;
    }
  }
  if (best == nullptr) return false;
  chosen.name = best->name;
  chosen.type = best->type;
  chosen.kind = into.attribute ? tree::Kind::string : kind_of(*best->type);
  return true;
}

/// The text of a value in the form the destination wants; nothing when it has none.
bool Execution::text_for(const Destination& into, Fit fits, const path::Value& value,
                         std::optional<std::string_view>& written) {
  written = text(value);
  if (!written) {
    const Type* type = type_of(value);
    if (type == nullptr || type->is_primitive()) return true;  // only id or extensions
    return refuse(
        "INVALID_VALUE",
        "an element with children where a " + std::string(into.type->label()) + " is written",
        &value);
  }
  if (fits == Fit::yes || has_form(primitive_of(*into.type), *written)) return true;
  return refuse("INVALID_VALUE", "has not the form of a " + std::string(into.type->label()),
                value.is_node() ? &value : current());
}

bool Execution::write_text(const Destination& into, Fit fits, tree::Node& context,
                           const path::Value& value, tree::Node*& made) {
  std::optional<std::string_view> written;
  if (!text_for(into, fits, value, written)) return false;
  const bool more = !into.model && !into.attribute && value.is_node() &&
                    value.node().first_child() != nullptr;  // id and extensions go along
  if (!more && (!written || (written->empty() && !into.model))) return true;
  tree::Node* there = into.repeats ? nullptr : existing(into, context);
  if (there != nullptr && there->has_value()) {
    if (written && there->name() == into.name && there->text() == *written) {
      made = there;
      return true;
    }
    return occupied(into, value);
  }
  made = there != nullptr ? there : element(into, context);
  if (made == nullptr) return false;
  if (written) builder_.set_copy(*made, *written);
  for (const tree::Node* child = more ? value.node().first_child() : nullptr; child != nullptr;
       child = child->next_sibling()) {
    if (reads_) read_all(*child);
    if (builder_.copy_into(*made, value.document(), *child, child->name()) == nullptr) {
      return fail(ErrorCode::too_long, "the target has too many nodes");
    }
  }
  if (more && is_foreign(value) && !adopt(*made, *into.type, value)) return false;
  trace(&value, *made);
  return true;
}

bool Execution::write_copy(const Destination& into, tree::Node& context, const path::Value& value,
                           tree::Node*& made) {
  const Type* type = type_of(value);
  if (type == nullptr || !is_a(*type, *into.type)) {
    return refuse("INVALID_VALUE", "expected a " + std::string(into.type->label()) + " here",
                  value.is_node() ? &value : current());
  }
  if (!into.repeats) {
    tree::Node* there = existing(into, context);
    if (there == &value.node()) {
      made = there;
      return true;
    }
    if (there != nullptr && (there->first_child() != nullptr || there->has_value())) {
      return occupied(into, value);
    }
    if (there != nullptr) builder_.detach(*there);
  }
  // A copy of what it would be put into would have no end.
  const tree::Node* last = context.last_child();
  made = builder_.copy_into(context, value.document(), value.node(), into.name);
  if (made == nullptr) return fail(ErrorCode::too_long, "the target has too many nodes");
  if (is_foreign(value)) {
    // A type derived from the target's is kept where the target's release has it too.
    const Type* own = target_release_->type(value.node().type());
    if (!adopt(*made, own != nullptr && own->is(*into.type) ? *own : *into.type, value)) {
      return false;
    }
  }
  builder_.set_flag(*made, tree::Flag::in_array, into.repeats);
  if (into.element->xml_namespace != tree::Symbol::kNone) {
    builder_.set_namespace(*made, into.element->xml_namespace);
  }
  place(*into.owner, context, last, into.name, into.element->order);
  if (reads_) read_all(value.node());
  trace(&value, *made);
  return true;
}

/// Types a copy that came from a document of another release. What the target's release does not
/// have is refused: nothing vanishes and nothing unknown is carried over.
bool Execution::adopt(tree::Node& copy, const Type& type, const path::Value& from) {
  builder_.set_type(copy, type.name());
  const tree::Node* at = &copy;
  const Type* owner = &type;
  const tree::Node* next = copy.first_child();
  while (true) {
    while (next == nullptr) {
      if (at == &copy) return true;
      next = at->next_sibling();
      at = at->parent();
      owner = target_release_->type(at->type());
    }
    tree::Node& node = tree::Builder::mutable_node(*next);
    const Child known = owner->child(node.name());
    const Type* own = known.type;
    if (own != nullptr && own->is_resource()) own = target_release_->type(node.type());
    if (own == nullptr || (!known.element->is_array && node.next_same() != nullptr)) {
      return refuse("INVALID_VALUE",
                    std::string(owner->label()) + " of the target's release has no such " +
                        std::string(target_.name(node)),
                    &from);
    }
    builder_.set_type(node, own->name());
    if (own->is_primitive() && node.has_value()) builder_.set_kind(node, own->value_kind());
    builder_.set_flag(node, tree::Flag::in_array, known.element->is_array);
    if (node.first_child() == nullptr) {
      next = node.next_sibling();
      continue;
    }
    at = &node;
    owner = own;
    next = node.first_child();
  }
}

/// A quantity an expression computed.
bool Execution::write_quantity(const Destination& into, tree::Node& context,
                               const path::Value& value, tree::Node*& made) {
  if (!into.repeats && existing(into, context) != nullptr) return occupied(into, value);
  made = element(into, context);
  if (made == nullptr) return false;
  trace(current(), *made);
  const path::Quantity& quantity = value.quantity();
  if (!put(*made, "value", quantity.value->to_text())) return false;
  if (quantity.unit.empty() || quantity.unit == "1") return true;
  if (quantity.calendar) return put(*made, "unit", quantity.unit);
  return put(*made, "system", "http://unitsofmeasure.org") && put(*made, "code", quantity.unit);
}

/// t = value, and elements written as the text of their parent.
bool Execution::write_self(const TargetOp& op, tree::Node& context, const path::Value& value) {
  if (op.into.type == nullptr || !op.into.type->is_primitive()) {
    return refuse("INVALID_VALUE", "only a primitive can be written as a whole", current());
  }
  std::optional<std::string_view> written;
  if (!text_for(op.into, op.value.fit, value, written)) return false;
  if (!written || (written->empty() && !op.into.model)) return true;
  if (context.has_value()) {
    return context.text() == *written || occupied(op.into, value);
  }
  builder_.set_copy(context, *written);
  trace(&value, context);
  return true;
}

/// A second value for what holds one.
bool Execution::occupied(const Destination& into, const path::Value& value) {
  const std::string name(into.element != nullptr
                             ? program_.definitions->symbols().text(into.element->name)
                             : into.owner->label());
  return refuse("TOO_MANY_VALUES_SUBMITTED", "the target's " + name + " holds one value already",
                value.is_node() && !is_target(value) ? &value : current());
}

tree::Node* Execution::existing(const Destination& into, const tree::Node& context) const {
  for (const tree::Node* at = context.first_child(); at != nullptr; at = at->next_sibling()) {
    const bool same =
        into.element->is_choice
            ? into.owner->child(at->name()).element == into.element
            : at->name() == into.name && at->is(tree::Flag::attribute) == into.attribute;
    if (same) return &tree::Builder::mutable_node(*at);
  }
  return nullptr;
}

/// A new child in its place; null and an error when the target is full.
tree::Node* Execution::element(const Destination& into, tree::Node& context) {
  const tree::Node* last = context.last_child();
  tree::Node* made = builder_.append(context, into.name, into.kind);
  if (made == nullptr) {
    fail(ErrorCode::too_long, "the target has too many nodes");
    return nullptr;
  }
  builder_.set_flag(*made, tree::Flag::in_array, into.repeats);
  if (into.attribute) {
    builder_.set_flag(*made, tree::Flag::attribute);
    builder_.set_namespace(*made, into.element->xml_namespace);
  } else {
    builder_.set_namespace(*made, into.element->xml_namespace != tree::Symbol::kNone
                                      ? into.element->xml_namespace
                                      : context.xml_namespace());
  }
  place(*into.owner, context, last, into.name, into.element->order);
  made_fhir_ = made_fhir_ || !into.model;
  return dress(*made, *into.type, into.fixed) ? made : nullptr;
}

bool Execution::dress(tree::Node& node, const Type& type, const Template* fixed) {
  builder_.set_type(node, type.name());
  builder_.set_flag(node, tree::Flag::resource, type.is_resource());
  return fixed == nullptr || instantiate(node, *fixed);
}

bool Execution::instantiate(tree::Node& node, const Template& fixed) {
  if (fixed.has_own_text) builder_.set_copy(node, fixed.own_text);
  if (fixed.image.put(builder_, node, put_)) return true;
  return fail(ErrorCode::too_long, "the target has too many nodes");
}

/// Targets that write nothing but constants: all at once where the first makes its element, one by
/// one where that is there already.
bool Execution::subtree(const RuleOp& op, const Subtree& part, Frame frame) {
  const TargetOp& head = op.targets[part.first];
  if (part.image.empty()) return target(head, frame);
  const path::Collection& at = frame[head.into.context];
  if (at.empty()) {
    for (const auto& [slot, index] : part.variables) frame[slot] = path::Collection();
    return true;
  }
  tree::Node& context = tree::Builder::mutable_node(at.front().node());
  if (!head.into.repeats && existing(head.into, context) != nullptr) {
    for (std::uint32_t i = 0; i < part.count; ++i) {
      if (!target(op.targets[part.first + i], frame)) return false;
    }
    return true;
  }
  const tree::Node* last = context.last_child();
  if (!part.image.put(builder_, context, put_)) {
    return fail(ErrorCode::too_long, "the target has too many nodes");
  }
  place(*head.into.owner, context, last, head.into.name, head.into.element->order);
  made_fhir_ = made_fhir_ || part.fhir;
  for (const auto& [slot, index] : part.variables) {
    frame[slot].assign(path::Value::of(target_, *put_[index]));
  }
  if (options_.trace == nullptr) {
    writes_ += part.written.size();
  } else {
    for (const std::uint32_t index : part.written) trace(current(), *put_[index]);
  }
  return true;
}

/// Remembers a parent whose children no longer stand in the order of the definition.
void Execution::place(const Type& owner, tree::Node& parent, const tree::Node* last,
                      tree::Symbol name, std::uint16_t order) {
  if (last == nullptr || last->name() == name) return;
  const Child before = owner.child(last->name());
  if (before && before.element->order <= order) return;
  if (unsorted_.empty() || unsorted_.back() != &parent) unsorted_.push_back(&parent);
}

void Execution::finish() {
  std::sort(unsorted_.begin(), unsorted_.end());
  unsorted_.erase(std::unique(unsorted_.begin(), unsorted_.end()), unsorted_.end());
  for (tree::Node* parent : unsorted_) {
    const Type* type = target_release_->type(parent->type());
    if (type == nullptr) continue;
    builder_.sort_children(*parent, [&](const tree::Node& child) -> std::uint32_t {
      const Child known = type->child(child.name());
      return known ? known.element->order : UINT32_MAX;
    });
  }
  if (made_fhir_) prune();
}

/// Elements of FHIR that were made and never filled are taken away: FHIR has no empty elements.
void Execution::prune() {
  std::vector<tree::Node*> order{&builder_.root()};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const tree::Node& child : order[i]->children()) {
      order.push_back(&tree::Builder::mutable_node(child));
    }
  }
  for (std::size_t i = order.size(); i-- > 1;) {
    tree::Node& node = *order[i];
    if (node.first_child() != nullptr || node.has_value() || node.is(tree::Flag::resource))
      continue;
    const Type* type = target_release_->type(node.type());
    if (type != nullptr && !is_model(*type)) builder_.detach(node);
  }
}

void Execution::trace(const path::Value* source, const tree::Node& target) {
  ++writes_;
  if (options_.trace == nullptr || info_ == nullptr) return;
  TargetWrite write{info_->map, info_->group, info_->name, info_->file, info_->at, info_->id};
  if (source != nullptr && (!source->is_node() || is_target(*source))) source = item_;
  if (source != nullptr && source->is_node()) {
    write.source_document = &source->document();
    write.source = &source->node();
  }
  write.target_document = &target_;
  write.target = &target;
  options_.trace->write(write);
}

std::optional<std::string> Execution::uuid() {
  if (!options_.uuids) return std::nullopt;
  return options_.uuids();
}

tree::Node* Execution::make(tree::Node& parent, std::string_view name) {
  const Type* owner = target_release_->type(parent.type());
  const Child child =
      owner == nullptr ? Child{} : owner->child(program_.definitions->symbols().find(name));
  if (!child || child.type == nullptr) {
    fail(ErrorCode::internal, "no element " + std::string(name));
    return nullptr;
  }
  const tree::Node* last = parent.last_child();
  const tree::Symbol symbol = program_.definitions->symbols().find(name);
  tree::Node* made = builder_.append(parent, symbol, kind_of(*child.type));
  if (made == nullptr) {
    fail(ErrorCode::too_long, "the target has too many nodes");
    return nullptr;
  }
  builder_.set_type(*made, child.type->name());
  builder_.set_flag(*made, tree::Flag::in_array, child.element->is_array);
  place(*owner, parent, last, symbol, child.element->order);
  return made;
}

bool Execution::put(tree::Node& parent, std::string_view name, std::string_view text) {
  tree::Node* made = make(parent, name);
  if (made == nullptr) return false;
  builder_.set_copy(*made, text);
  trace(current(), *made);
  return true;
}

}  // namespace concord::mapping::detail
