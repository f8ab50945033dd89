#include "fhir/validate/detail/slicing_compiler.h"

#include <algorithm>

namespace concord::validate::detail {

namespace {

using definitions::BindingStrength;

constexpr int kDeepest = 16;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

}  // namespace

void SlicingCompiler::fill(ElementPlan& plan) {
  if (plan.children == nullptr) return;
  for (Group& group : plan.children->groups) {
    fill(group);
    fill(*group.plan);
    for (Slice& slice : group.slices) fill(*slice.plan);
  }
}

void SlicingCompiler::fill(Group& group) {
  // A choice whose types are constrained one by one needs no slicing said.
  if (group.discriminators.empty() && group.plan->is_choice && !group.slices.empty()) {
    Discriminator& by_type = group.discriminators.emplace_back();
    by_type.type = "type";
  }
  for (std::size_t i = 0; i < group.slices.size(); ++i) {
    Slice& slice = group.slices[i];
    const std::string_view name = slice.plan->slice_name;
    for (std::size_t other = 0; other < group.slices.size(); ++other) {
      const std::string_view outer = group.slices[other].plan->slice_name;
      if (other == i || !name.starts_with(outer) || name.size() <= outer.size()) continue;
      if (name[outer.size()] == '/') slice.parent = other;
    }
    if (!slice.otherwise) fill(group, slice, i);
  }
}

void SlicingCompiler::fill(Group& group, Slice& slice, std::size_t number) {
  bool any = false;
  const auto add_all = [&](const std::vector<Discriminator>& discriminators) {
    for (const Discriminator& discriminator : discriminators) {
      if (discriminator.broken) {
        slice.broken = true;
      } else {
        any = add(group, discriminator, slice, number) || any;
      }
    }
  };
  add_all(group.discriminators);
  slice.broken = slice.broken || !any;
}

/// The element a profile of a type means: its root, or the element named behind "#".
const ElementPlan* SlicingCompiler::profiled(std::string_view canonical) {
  const std::size_t hash = canonical.find('#');
  const ProfilePlan* plan = profile(canonical.substr(0, hash));
  if (plan == nullptr) return nullptr;
  return hash == std::string_view::npos ? plan->root.get()
                                        : element_named(*plan->root, canonical.substr(hash + 1));
}

const ProfilePlan* SlicingCompiler::profile(std::string_view canonical) {
  const auto found = find_definition(compiler_.plans_.parts(), canonical, profile_.entry);
  if (!found) return nullptr;
  const ProfilePlan* plan = PlanCompiler(compiler_.plans_).plan(*found);
  return plan == nullptr || plan->root == nullptr ? nullptr : plan;
}

/// Whether an element is of that name, or one type of a choice of that name ("valueCode").
bool SlicingCompiler::is_named(const ElementPlan& plan, std::string_view name) const {
  const std::string_view own = view(plan.element->name());
  if (own == name) return true;
  if (plan.types.size() != 1 || own.size() <= name.size() || !own.starts_with(name)) return false;
  const std::string_view type = own.substr(name.size()), code = plan.types[0].code;
  return type.size() == code.size() && type.substr(1) == code.substr(1);
}

SlicingCompiler::Criteria SlicingCompiler::child(const Criteria& from, const Step& step,
                                                 int depth) {
  const auto of_type = [&](const Type* type) -> Criteria {
    if (type == nullptr || step.name == Symbol::kNone) return {};
    Criteria found;
    found.base = type->child(step.name).element;
    return found;
  };
  if (from.plan == nullptr) {
    if (from.only_type != nullptr) return of_type(from.only_type);
    if (from.base == nullptr || from.base->types.empty()) return {};
    return of_type(from.base->types[0].type);
  }
  const ElementPlan& plan = *from.plan;
  const Children* children = plan.children != nullptr  ? plan.children.get()
                             : plan.content != nullptr ? plan.content->children.get()
                                                       : nullptr;
  if (children != nullptr) {
    for (const Group& group : children->groups) {
      if (!is_named(*group.plan, step.text)) continue;
      // A value given by the one slice of the element counts as given by the element.
      const bool bare = group.plan->exemplars.empty() && group.plan->children == nullptr;
      Criteria found;
      found.plan = bare && group.slices.size() == 1 && group.slices[0].plan->min > 0
                       ? group.slices[0].plan.get()
                       : group.plan.get();
      return found;
    }
  }
  for (const TypePlan& type : plan.types) {
    if (from.only_type != nullptr && type.type != from.only_type) continue;
    for (const std::string_view canonical : type.profiles) {
      Criteria root;
      root.plan = depth > kDeepest ? nullptr : profiled(canonical);
      if (root.plan == nullptr) continue;
      if (Criteria found = child(root, step, depth + 1)) return found;
    }
  }
  if (from.only_type != nullptr) return of_type(from.only_type);
  if (plan.path.find('.') == std::string_view::npos) return of_type(plan.profile->type);
  return plan.types.empty() ? Criteria{} : of_type(plan.types[0].type);
}

SlicingCompiler::Criteria SlicingCompiler::walk(Criteria from, const std::vector<Step>& steps,
                                                std::size_t begin, std::size_t end, int depth) {
  for (std::size_t i = begin; i < end && from; ++i) {
    const Step& step = steps[i];
    switch (step.kind) {
      case Step::Kind::child: {
        if (from.targets != nullptr) {
          Criteria next;
          for (const std::string_view canonical : *from.targets) {
            const ProfilePlan* other = depth > kDeepest ? nullptr : profile(canonical);
            if (other == nullptr) continue;
            Criteria root;
            root.plan = other->root.get();
            next = child(root, step, depth + 1);
            if (next) break;
          }
          from = next;
        } else {
          from = child(from, step, depth);
        }
        break;
      }
      case Step::Kind::extension: {
        Criteria next;
        const Children* children = from.plan == nullptr ? nullptr : from.plan->children.get();
        if (children != nullptr) {
          for (const Group& group : children->groups) {
            if (group.plan->name != "extension") continue;
            for (const Slice& slice : group.slices) {
              const auto& types = slice.plan->types;
              const bool named =
                  !types.empty() && !types[0].profiles.empty() &&
                  types[0].profiles[0].substr(0, types[0].profiles[0].find('|')) == step.text;
              // Of a slice and one within it the inner one says more.
              if (named || slice.plan->slice_name == step.text) next.plan = slice.plan.get();
            }
          }
        }
        from = next;
        break;
      }
      case Step::Kind::resolve: {
        Criteria next;
        if (from.plan != nullptr) {
          for (const TypePlan& type : from.plan->types) {
            if (!type.target_profiles.empty()) next.targets = &type.target_profiles;
          }
        }
        from = next;
        break;
      }
      case Step::Kind::of_type:
        from.only_type = step.type;
        break;
    }
  }
  return from;
}

bool SlicingCompiler::add(const Group& group, const Discriminator& discriminator, Slice& slice,
                          std::size_t number) {
  if (discriminator.type == "position") return add_position(group, discriminator, slice, number);
  const auto& steps = discriminator.path;
  std::size_t end = steps.size();
  const bool behind = end > 0 && steps[end - 1].kind == Step::Kind::resolve;
  if (discriminator.type == "profile" && behind) --end;
  Criteria own;
  own.plan = slice.plan.get();
  // As the slice says it; failing that, as the profiles of its type do.
  std::vector<Criteria> candidates{walk(own, steps, 0, end, 0)};
  for (const TypePlan& type : slice.plan->types) {
    for (const std::string_view canonical : type.profiles) {
      Criteria root;
      root.plan = profiled(canonical);
      if (root.plan != nullptr) {
        candidates.push_back(walk(root, steps, 0, end, 1));
      } else if (steps.size() == 1 && steps[0].text == "url" && type.code == "Extension") {
        // An extension nobody defines is still known by its url.
        Condition condition;
        condition.kind = Condition::Kind::fixed;
        condition.path = &steps;
        condition.value_set = canonical.substr(0, canonical.find('|'));
        slice.conditions.push_back(std::move(condition));
        return true;
      }
    }
  }
  for (const Criteria& criteria : candidates) {
    if (!criteria) continue;
    if (criteria.plan != nullptr && criteria.plan->max == 0) {
      Condition condition;
      condition.kind = Condition::Kind::absent;
      condition.path = &steps;
      slice.conditions.push_back(std::move(condition));
      return true;
    }
    bool found = false;
    if (discriminator.type == "type") {
      found = add_type(discriminator, criteria, slice);
    } else if (discriminator.type == "profile") {
      found = add_profile(discriminator, criteria, slice);
    } else if (discriminator.type == "exists") {
      Condition condition;
      const std::uint32_t min = criteria.plan != nullptr   ? criteria.plan->min
                                : criteria.base != nullptr ? criteria.base->min
                                                           : 0;
      condition.path = &steps;
      condition.kind = Condition::Kind::exists;
      found = min > 0;
      if (found) slice.conditions.push_back(std::move(condition));
    } else {
      found = add_value(discriminator, criteria, slice);
    }
    if (found) return true;
  }
  return false;
}

bool SlicingCompiler::add_value(const Discriminator& discriminator, const Criteria& criteria,
                                Slice& slice) {
  Condition condition;
  condition.path = &discriminator.path;
  condition.asked_from = profile_.entry;
  if (criteria.plan != nullptr && !criteria.plan->exemplars.empty()) {
    condition.exemplar = &criteria.plan->exemplars.front();
    condition.kind =
        condition.exemplar->pattern ? Condition::Kind::pattern : Condition::Kind::fixed;
  } else if (criteria.plan != nullptr &&
             criteria.plan->element->binding() ==
                 static_cast<std::uint8_t>(BindingStrength::required) &&
             !view(criteria.plan->element->value_set()).empty()) {
    condition.kind = Condition::Kind::member;
    condition.value_set = view(criteria.plan->element->value_set());
  } else if (criteria.base != nullptr &&
             criteria.base->binding.strength == BindingStrength::required) {
    condition.kind = Condition::Kind::member;
    condition.value_set = criteria.base->binding.value_set;
  } else {
    return false;
  }
  slice.conditions.push_back(std::move(condition));
  return true;
}

bool SlicingCompiler::add_type(const Discriminator& discriminator, const Criteria& criteria,
                               Slice& slice) {
  Condition condition;
  condition.kind = Condition::Kind::type;
  condition.path = &discriminator.path;
  if (criteria.targets != nullptr) {
    for (const std::string_view canonical : *criteria.targets) {
      if (const ProfilePlan* other = profile(canonical); other != nullptr && other->type) {
        condition.types.push_back(other->type);
      }
    }
  } else if (criteria.only_type != nullptr) {
    condition.types.push_back(criteria.only_type);
  } else if (criteria.plan != nullptr) {
    for (const TypePlan& type : criteria.plan->types) {
      if (type.type != nullptr) condition.types.push_back(type.type);
    }
    if (criteria.plan->types.empty() && criteria.plan->profile->type != nullptr &&
        criteria.plan->path.find('.') == std::string_view::npos) {
      condition.types.push_back(criteria.plan->profile->type);
    }
    // "valueQuantity" as a path of its own says its type by its name.
    if (!criteria.plan->is_choice && condition.types.size() > 1) {
      std::vector<const Type*> named;
      for (const Type* type : condition.types) {
        if (std::string_view(criteria.plan->name).ends_with(type->text().substr(1))) {
          named.push_back(type);
        }
      }
      if (!named.empty()) condition.types = std::move(named);
    }
  } else {
    for (const auto& type : criteria.base->types) condition.types.push_back(type.type);
  }
  if (condition.types.empty()) return false;
  slice.conditions.push_back(std::move(condition));
  return true;
}

bool SlicingCompiler::add_profile(const Discriminator& discriminator, const Criteria& criteria,
                                  Slice& slice) {
  if (criteria.plan == nullptr) return criteria.base != nullptr;
  const auto& steps = discriminator.path;
  const bool behind = !steps.empty() && steps.back().kind == Step::Kind::resolve;
  Condition condition;
  condition.kind = Condition::Kind::profile;
  condition.path = &steps;
  condition.asked_from = profile_.entry;
  for (const TypePlan& type : criteria.plan->types) {
    const auto& profiles = behind ? type.target_profiles : type.profiles;
    condition.profiles.insert(condition.profiles.end(), profiles.begin(), profiles.end());
  }
  if (!condition.profiles.empty()) slice.conditions.push_back(std::move(condition));
  return true;
}

/// The first, the second …: slices before it must be of a fixed size. Source: FHIR R5.
bool SlicingCompiler::add_position(const Group& group, const Discriminator& discriminator,
                                   Slice& slice, std::size_t number) {
  if (group.discriminators.size() != 1) return false;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < number; ++i) {
    const ElementPlan& before = *group.slices[i].plan;
    if (before.min != before.max) return false;
    offset += before.min;
  }
  Condition condition;
  condition.kind = Condition::Kind::position;
  condition.path = &discriminator.path;
  condition.first = offset;
  condition.end =
      slice.plan->max == definitions::Element::kUnbounded ? SIZE_MAX : offset + slice.plan->max;
  slice.conditions.push_back(std::move(condition));
  return true;
}

}  // namespace concord::validate::detail
