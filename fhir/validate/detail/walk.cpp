// One profile over one element and what it lists below it. What R4 itself says was checked by the
// base pass, so the walk goes only where the profile says more.
#include <algorithm>

#include "fhir/core/decimal.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/validate/detail/engine.h"
#include "fhir/validate/primitive.h"

namespace concord::validate {

namespace {

using definitions::Type;
using detail::Children;
using detail::ElementPlan;
using detail::Group;
using detail::Slice;
using detail::TypePlan;
using tree::Document;
using tree::Flag;
using tree::Node;

std::string from(const ElementPlan& plan) { return " (from " + plan.profile->label + ")"; }

std::string joined(const std::vector<TypePlan>& types) {
  std::string text;
  for (const TypePlan& type : types) {
    if (!text.empty()) text += ", ";
    text += type.code;
  }
  return text;
}

bool is_error(Severity severity) {
  return severity == Severity::error || severity == Severity::fatal;
}

}  // namespace

/// The type of a node among those the plan allows. False, with a finding, when it is none of them.
bool Engine::type_of(const ElementPlan& plan, const Node& node, const TypePlan*& found) {
  found = nullptr;
  if (plan.types.empty()) return true;
  const Type* own = definitions_.type(node.type());
  if (plan.types.size() == 1 && !plan.is_choice) {
    found = &plan.types[0];
    return true;
  }
  for (const TypePlan& type : plan.types) {
    if (own != nullptr && type.type == own) {
      found = &type;
      return true;
    }
  }
  for (const TypePlan& type : plan.types) {
    if (own == nullptr || (type.type != nullptr && own->is(*type.type))) {
      found = &type;
      return true;
    }
  }
  if (!plan.is_choice) {
    found = &plan.types[0];
    return true;
  }
  if (plan.types.size() > 1) {
    context_.error("Validation_VAL_Profile_NoType", "structure", node,
                   "has a type the profile does not allow: " + joined(plan.types) + from(plan), {},
                   own->text());
    return false;
  }
  // Of an extension its own check says so, unless it is a part of another.
  const bool nested = plan.path.find(".extension.") != std::string_view::npos;
  if (plan.profile->type_name == "Extension" && !nested) {
    if (plan.types[0].type != nullptr) check_primitive_as(*plan.types[0].type, node, context_);
    return false;
  }
  context_.error("Extension_PROF_Type", "structure", node,
                 "must be of type " + std::string(plan.types[0].code) + ", not " +
                     std::string(own->text()) + from(plan));
  if (plan.types[0].type != nullptr) check_primitive_as(*plan.types[0].type, node, context_);
  return false;
}

void Engine::element(const ElementPlan& plan, const Node& node, const ProfilePlan& profile) {
  if (!spend()) return;
  const TypePlan* type = nullptr;
  const bool root = &plan == profile.root.get();
  if (!root && !node.is(Flag::resource) && !type_of(plan, node, type)) return;
  for (const auto& exemplar : plan.exemplars) fixed(plan, exemplar, node);
  if (plan.value) value_rule(plan, node);
  if (plan.binding && context_.terminology() != nullptr)
    check_binding(*plan.binding, node, context_);
  for (const auto* rule : plan.invariants) invariant(*rule, node);
  const bool is_reference = type != nullptr && type->code == "Reference";
  if (plan.targets && is_reference) reference(*plan.targets, node, plan.profile->label);
  if (!root && node.is(Flag::resource)) {
    contained_resource(plan, node);
  } else if (type != nullptr && !type->profiles.empty()) {
    type_profiles(plan, *type, node);
  }
  if (plan.children != nullptr) {
    children(plan, *plan.children, node);
  } else if (plan.content != nullptr && plan.content->children != nullptr) {
    children(*plan.content, *plan.content->children, node);
  }
}

void Engine::type_profiles(const ElementPlan& plan, const TypePlan& type, const Node& node) {
  if (type.code == "Extension" && type.profiles.size() == 1) {
    // An extension is checked against the definition its url names anyway.
    const Node* url = node.child(url_);
    if (url != nullptr && url->text() == type.profiles[0]) return;
  }
  const bool one = type.profiles.size() == 1 || plan.types.size() > 1;
  if (one) {
    if (plan.types.size() > 1 && type.code == "Reference") return;
    const std::string_view canonical = type.profiles[0];
    const ProfilePlan* other =
        plans_.find(canonical.substr(0, canonical.find('#')), plan.profile->entry);
    if (other == nullptr) {
      context_.error("Validation_VAL_Unknown_Profile", "structure", node,
                     "is bound to an unknown profile: " + std::string(canonical));
      return;
    }
    const std::size_t hash = canonical.find('#');
    const ElementPlan* part = nullptr;
    if (hash != std::string_view::npos) {
      part = element_named(*other->root, canonical.substr(hash + 1));
      if (part == nullptr) return;
    }
    profile(*other, node, part);
    return;
  }
  // Several: one must fit.
  struct Outcome {
    const ProfilePlan* plan;
    std::vector<Context::Finding> findings;
  };
  std::vector<Outcome> good, bad;
  std::string names;
  for (const std::string_view canonical : type.profiles) {
    names.append(names.empty() ? "" : ", ").append(canonical);
    const ProfilePlan* other = plans_.find(canonical, plan.profile->entry);
    if (other == nullptr) {
      context_.error("Validation_VAL_Unknown_Profile", "structure", node,
                     "is bound to an unknown profile: " + std::string(canonical));
      continue;
    }
    Outcome outcome{other, trial([&] { profile(*other, node); })};
    const bool failed =
        std::any_of(outcome.findings.begin(), outcome.findings.end(),
                    [](const Context::Finding& at) { return is_error(at.severity); });
    (failed ? bad : good).push_back(std::move(outcome));
  }
  const auto pass_on = [&](Outcome& outcome, bool named) {
    for (Context::Finding& at : outcome.findings) {
      // An invariant holds or not, whichever profile asks: said once.
      if (named && at.id != "INV_FAILED")
        at.text += " (checked against " + outcome.plan->label + ")";
      context_.report(at.severity, at.id, at.type, *at.node, std::move(at.text), at.member,
                      at.distinct == 0 ? std::string() : std::to_string(at.distinct));
    }
  };
  if (good.size() == 1) {
    pass_on(good[0], false);
  } else if (good.empty()) {
    context_.error("Validation_VAL_Profile_NoMatch", "structure", node,
                   "fits none of the profiles " + names);
    for (Outcome& outcome : bad) pass_on(outcome, true);
  } else {
    context_.warning("Validation_VAL_Profile_MultipleMatches", "structure", node,
                     "fits several of the profiles " + names);
    for (Outcome& outcome : good) pass_on(outcome, true);
  }
}

/// A resource where the profile says which may stand. Source: hl7.org/fhir/R4/bundle.html.
void Engine::contained_resource(const ElementPlan& plan, const Node& node) {
  const std::string_view name = context_.document().text(node.type());
  const Type* own = definitions_.type(node.type());
  const TypePlan* type = nullptr;
  for (const TypePlan& at : plan.types) {
    if (at.code == "Resource" || at.code == name) {
      type = &at;
      break;
    }
  }
  if (type == nullptr) {
    context_.error(
        "Bundle_BUNDLE_Entry_Type", "informational", node,
        "a " + std::string(name) + " may not stand here: " + joined(plan.types) + from(plan));
    return;
  }
  if (type->profiles.empty()) return;
  std::vector<const ProfilePlan*> plans;
  std::string names, types;
  for (const std::string_view canonical : type->profiles) {
    names.append(names.empty() ? "" : ", ").append(canonical);
    const ProfilePlan* other = plans_.find(canonical, plan.profile->entry);
    plans.push_back(other);
    if (other == nullptr) continue;
    if (types.find(other->type_name) == std::string::npos) {
      types.append(types.empty() ? "" : ", ").append(other->type_name);
    }
  }
  bool allowed = type->code == name;
  for (const ProfilePlan* other : plans) {
    allowed = allowed || other == nullptr ||
              (own != nullptr && other->type != nullptr && own->is(*other->type));
  }
  if (!allowed) {
    context_.error("Bundle_BUNDLE_Entry_Type2", "informational", node,
                   "a " + std::string(name) + " may not stand here, only " + types + from(plan));
    return;
  }
  if (plans.size() == 1) {
    if (plans[0] == nullptr) {
      context_.error("Bundle_BUNDLE_Entry_NoProfile_EXPL", "invalid", node,
                     "the profile asked for is unknown: " + names);
    } else {
      resource_profile(*plans[0], node);
    }
    return;
  }
  std::size_t matched = 0;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i] == nullptr) {
      context_.error("Bundle_BUNDLE_Entry_NoProfile_TYPE", "invalid", node,
                     "the profile asked for is unknown: " + std::string(type->profiles[i]));
    } else {
      matched += conforms_to(*plans[i], context_.document(), node);
    }
  }
  if (matched == 0) {
    context_.error("BUNDLE_BUNDLE_ENTRY_MULTIPLE_PROFILES_NO_MATCH", "invalid", node,
                   "fits none of the profiles " + names);
  } else if (matched > 1) {
    context_.information("BUNDLE_BUNDLE_ENTRY_MULTIPLE_PROFILES_MULTIPLE_MATCHES", "invalid", node,
                         "fits several of the profiles " + names);
  }
}

void Engine::children(const ElementPlan& plan, const Children& list, const Node& node) {
  const std::size_t base = counts_.size();
  counts_.resize(base + list.count_total, 0);
  const ProfilePlan& profile = *plan.profile;
  std::vector<std::size_t> problems;  // groups whose slices cannot be told apart
  int last_group = -1;
  std::size_t last_slice = 0, position = 0;
  bool unmatched = false;
  for (const Node& child : node.children()) {
    const int at = list.find(child.name());
    if (at < 0) continue;
    const auto index = static_cast<std::size_t>(at);
    const Group& group = list.groups[index];
    if (at != last_group) {
      last_group = at;
      last_slice = 0;
      position = 0;
      unmatched = false;
    }
    ++counts_[base + group.first_count];
    if (!group.slices.empty()) {
      bool problem = false;
      const std::size_t chosen = choose(group, child, position, profile, problem);
      if (problem) problems.push_back(index);
      if (chosen != Slice::kNone) {
        const Slice& slice = group.slices[chosen];
        for (std::size_t up = chosen; up != Slice::kNone; up = group.slices[up].parent) {
          ++counts_[base + group.first_count + 1 + up];
        }
        if (group.ordered && chosen < last_slice) {
          context_.error("Validation_VAL_Profile_SliceOrder", "invalid", child,
                         "stands out of the order of its slices" + from(plan));
        }
        if (group.open_at_end && unmatched && !slice.otherwise) {
          context_.warning("Validation_VAL_Profile_SliceOrder", "invalid", child,
                           "must stand before what is in no slice" + from(plan));
        }
        last_slice = chosen;
        if (slice.plan->visit) element(*slice.plan, child, profile);
        for (std::size_t up = slice.parent; up != Slice::kNone; up = group.slices[up].parent) {
          if (group.slices[up].plan->visit) element(*group.slices[up].plan, child, profile);
        }
      } else if (!problem) {
        unmatched = true;
        if (group.closed) {
          context_.error("Validation_VAL_Profile_NotSlice", "invalid", child,
                         "is in no slice, and the profile allows no others" + from(plan));
        }
      }
    } else if (group.sliced && group.closed) {
      context_.error("Validation_VAL_Profile_NotSlice", "invalid", child,
                     "is in no slice, and the profile allows no others" + from(plan));
    }
    ++position;
    if (group.plan->visit) element(*group.plan, child, profile);
  }
  for (std::size_t i = 0; i < list.groups.size(); ++i) {
    const Group& group = list.groups[i];
    const bool problem = std::find(problems.begin(), problems.end(), i) != problems.end();
    cardinality(*group.plan, counts_[base + group.first_count], node, false, false);
    for (std::size_t s = 0; s < group.slices.size(); ++s) {
      cardinality(*group.slices[s].plan, counts_[base + group.first_count + 1 + s], node, true,
                  problem);
    }
  }
  counts_.resize(base);
}

void Engine::cardinality(const ElementPlan& plan, std::uint32_t count, const Node& node, bool slice,
                         bool problem) {
  if (plan.xhtml || problem || (count >= plan.min && count <= plan.max)) return;
  std::string_view name = plan.path.substr(plan.path.rfind('.') + 1);
  if (name.ends_with("[x]")) name.remove_suffix(3);
  const std::string needs = slice ? "slice " + std::string(plan.slice_name) + " " : std::string();
  if (count < plan.min) {
    std::string_view id = "Validation_VAL_Profile_Minimum";
    if (slice) {
      id = "Validation_VAL_Profile_Minimum_SLICE";
      if (plan.types.size() == 1 && plan.types[0].code == "Extension" &&
          !plan.types[0].profiles.empty()) {
        id = "Validation_VAL_Profile_Minimum_SLICE_EXT";
      }
      if (plan.path == "Observation.code.coding" &&
          plan.profile->url.starts_with("http://hl7.org/fhir/StructureDefinition/")) {
        id = "VALIDATION_VAL_PROFILE_MINIMUM_MAGIC";
      }
    }
    context_.error(id, "structure", node,
                   needs + "needs at least " + std::to_string(plan.min) + ", has " +
                       std::to_string(count) + from(plan),
                   name, plan.id);
  }
  if (count > plan.max) {
    context_.error("Validation_VAL_Profile_Maximum", "structure", node,
                   needs + "allows at most " + std::to_string(plan.max) + ", has " +
                       std::to_string(count) + from(plan),
                   name, plan.id);
  }
}

}  // namespace concord::validate
