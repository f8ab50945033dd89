// Name steps: which children a name means, by what is known of their parents.
#include <algorithm>

#include "fhir/path/detail/compiler.h"

namespace concord::path::detail {

namespace {

constexpr std::size_t kMaxWalk = 16;  ///< steps of one walk; Walker goes as deep

bool is_type_like(std::string_view name) {
  return !name.empty() && name.front() >= 'A' && name.front() <= 'Z';
}

/// "Patient" for the type Patient; the label of a logical model; not "Bundle.entry".
bool is_called(const definitions::Type& type, std::string_view name) {
  return type.text() == name || type.label() == name;
}

}  // namespace

void Compiler::flush(Chain& chain, std::uint32_t offset) {
  if (chain.steps.empty()) return;
  const auto start = static_cast<std::uint32_t>(program_.steps.size());
  program_.steps.insert(program_.steps.end(), chain.steps.begin(), chain.steps.end());
  program_.step_names.insert(program_.step_names.end(), chain.step_names.begin(),
                             chain.step_names.end());
  chain.segments.push_back(
      {SegmentKind::walk, start, static_cast<std::uint32_t>(chain.steps.size()), offset});
  chain.steps.clear();
  chain.step_names.clear();
}

/// Every name a choice of that base name is written under, in any type.
const std::vector<tree::Symbol>& Compiler::choice_names(tree::Symbol base) {
  const auto [place, fresh] = choice_names_.try_emplace(base);
  std::vector<tree::Symbol>& names = place->second;
  if (!fresh) return names;
  for (const definitions::Type* type : context_.definitions->types()) {
    const definitions::Child child = type->child(base);
    if (!child || !child.element->is_choice || child.element->name != base) continue;
    for (const definitions::ElementType& one : child.element->types) names.push_back(one.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void Compiler::add_child(const definitions::Child& child, tree::Symbol name, Found& found) const {
  const definitions::Element& element = *child.element;
  const auto add_name = [&](tree::Symbol written) {
    if (std::find(found.names.begin(), found.names.end(), written) == found.names.end()) {
      found.names.push_back(written);
    }
  };
  found.type.single = found.type.single && element.max <= 1;
  if (element.is_choice && element.name == name) {
    for (const definitions::ElementType& one : element.types) {
      add_name(one.name);
      found.type.add({one.type, Tag::boolean});
    }
    return;
  }
  found.choice_by_full_name = element.is_choice;
  add_name(name);
  if (child.type != nullptr) {
    found.type.add({child.type, Tag::boolean});
  } else {
    for (const definitions::ElementType& one : element.types)
      found.type.add({one.type, Tag::boolean});
  }
}

/// `open`: something may have such a child although the definitions do not say so here.
void Compiler::find_children(const Static& parents, tree::Symbol name, Found& found,
                             bool& open) const {
  for (const TypeRef& parent : parents.types) {
    if (parent.fhir == nullptr) {
      const std::string_view text = context_.symbols.text(name);
      if (parent.system == Tag::type_info && (text == "name" || text == "namespace")) {
        found.type.add({nullptr, Tag::string});
        found.names.push_back(name);
      } else if (parent.system == Tag::quantity &&
                 (text == "value" || text == "unit" || text == "code")) {
        found.type.add({nullptr, text == "value" ? Tag::decimal : Tag::string});
        found.names.push_back(name);
      }
      continue;
    }
    if (const definitions::Child child = parent.fhir->child(name)) {
      add_child(child, name, found);
      continue;
    }
    if (!parent.fhir->is_abstract()) continue;
    if (!parent.fhir->is_resource()) {
      open = true;  // Element, BackboneElement: anything
      continue;
    }
    for (const definitions::Type* type : context_.definitions->types()) {
      if (!type->is_resource() || !type->is(*parent.fhir)) continue;
      if (const definitions::Child child = type->child(name)) add_child(child, name, found);
    }
  }
}

/// `Patient.name` on a Patient: the name of the type stands for the item itself.
bool Compiler::self(Chain& chain, const AstNode& node, Error& error) {
  if (!is_type_like(node.text)) return false;
  const definitions::Type* type =
      context_.definitions == nullptr ? nullptr : context_.definitions->type(node.text);
  if (chain.type.known) {
    for (const TypeRef& focus : chain.type.types) {
      if (focus.fhir != nullptr && is_called(*focus.fhir, node.text)) type = focus.fhir;
    }
  }
  if (type == nullptr && context_.definitions != nullptr) return false;
  if (type != nullptr && chain.type.known && !chain.type.types.empty()) {
    const bool fits =
        std::any_of(chain.type.types.begin(), chain.type.types.end(), [&](const TypeRef& focus) {
          return focus.fhir != nullptr && (focus.fhir->is(*type) || type->is(*focus.fhir));
        });
    if (!fits && context_.strict) {
      error = fail(node.offset, node.text + " is not what the expression starts from (" +
                                    names_of(chain.type) + ")");
      return false;
    }
  }
  TypeTest test;
  test.name = node.text;
  test.is_fhir = true;
  test.exact = type != nullptr ? type->name() : context_.symbols.intern(node.text);
  if (type != nullptr) {
    for (const definitions::Type* derived : context_.definitions->types()) {
      if (derived->is(*type)) test.fhir.insert(derived->name());
    }
  }
  WalkStep step;
  step.kind = StepKind::self_or_child;
  step.name = context_.symbols.intern(node.text);
  step.set = static_cast<std::uint32_t>(program_.type_tests.size());
  program_.type_tests.push_back(std::move(test));
  chain.steps.push_back(step);
  chain.step_names.push_back(node.text);
  // What is known may be narrower than the name (DomainResource on a Patient) or wider.
  if (type != nullptr) {
    Static narrowed = Static::unknown(chain.type.single);
    narrowed.known = true;
    for (const TypeRef& focus : chain.type.types) {
      if (focus.fhir != nullptr && focus.fhir->is(*type)) narrowed.add(focus);
    }
    if (narrowed.types.empty()) narrowed.add({type, Tag::boolean});
    chain.type = std::move(narrowed);
  } else {
    chain.type = Static::unknown(chain.type.single);
  }
  return true;
}

Result<void> Compiler::member(Chain& chain, const AstNode& node, bool first) {
  if (first) {
    Error error;
    if (self(chain, node, error)) return {};
    if (!error.issues.empty()) return error;
  }
  const tree::Symbol name = context_.symbols.intern(node.text);
  Found found;
  found.type = {{}, true, chain.type.single, chain.type.ordered};
  bool open = !chain.type.known || context_.definitions == nullptr;
  if (!open) find_children(chain.type, name, found, open);
  if (found.names.empty()) {
    if (!open && context_.strict && !chain.type.types.empty()) {
      return fail(node.offset, "unknown element \"" + node.text + "\" of " + names_of(chain.type));
    }
    found.names.push_back(name);
    if (context_.definitions != nullptr) {
      for (const tree::Symbol written : choice_names(name)) found.names.push_back(written);
    }
    found.type = open || !chain.type.types.empty() ? Static::unknown() : Static::nothing();
    found.type.ordered = chain.type.ordered;
  } else if (found.choice_by_full_name && context_.strict) {
    return fail(
        node.offset,
        "\"" + node.text + "\" is written without its type in FHIRPath, with ofType() behind");
  } else if (open) {
    found.type = Static::unknown();
    found.type.ordered = chain.type.ordered;
    if (std::find(found.names.begin(), found.names.end(), name) == found.names.end()) {
      found.names.push_back(name);
    }
  }

  WalkStep step;
  step.name = found.names.front();
  if (found.names.size() > 1) {
    step.kind = StepKind::child_in;
    step.name = name;
    step.set = static_cast<std::uint32_t>(program_.name_sets.size());
    SymbolSet set;
    std::vector<std::string> texts;
    for (const tree::Symbol written : found.names) {
      set.insert(written);
      texts.emplace_back(context_.symbols.text(written));
    }
    program_.name_sets.push_back(std::move(set));
    program_.name_set_texts.push_back(std::move(texts));
  }
  if (chain.steps.size() == kMaxWalk) flush(chain, node.offset);
  chain.steps.push_back(step);
  chain.step_names.push_back(node.text);
  chain.type = std::move(found.type);
  return {};
}

}  // namespace concord::path::detail
