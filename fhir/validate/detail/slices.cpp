// Which slice an element is in. Source: hl7.org/fhir/R4/profiling.html#slicing.
#include <algorithm>

#include "fhir/definitions/r4_generated.h"
#include "fhir/validate/binding.h"
#include "fhir/validate/detail/engine.h"

namespace concord::validate {

namespace {

using definitions::Type;
using detail::Condition;
using detail::Group;
using detail::Slice;
using detail::Step;
using tree::Document;
using tree::Node;

constexpr std::size_t kMostFound = 1000;  // nodes one discriminator may lead to

}  // namespace

/// The slice of an element, or kNone. Of a slice and one within it the inner one.
std::size_t Engine::choose(const Group& group, const Node& node, std::size_t position,
                           const ProfilePlan& profile, bool& problem) {
  std::size_t chosen = Slice::kNone;
  const auto within = [&](std::size_t inner, std::size_t outer) {
    for (std::size_t up = group.slices[inner].parent; up != Slice::kNone;
         up = group.slices[up].parent) {
      if (up == outer) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < group.slices.size(); ++i) {
    const Slice& slice = group.slices[i];
    if (slice.otherwise) continue;
    if (slice.broken) {
      if (!problem) {
        context_.error("SLICING_CANNOT_BE_EVALUATED", "processing", node,
                       "the profile does not say what tells the slice " +
                           std::string(slice.plan->slice_name) + " apart (from " + profile.label +
                           ")");
      }
      problem = true;
      continue;
    }
    if (!spend()) return chosen;
    const bool holds =
        std::all_of(slice.conditions.begin(), slice.conditions.end(),
                    [&](const Condition& at) { return matches(at, node, position); });
    if (!holds) continue;
    if (chosen == Slice::kNone || within(i, chosen)) {
      chosen = i;
    } else if (!within(chosen, i)) {
      context_.error(
          "Validation_VAL_Profile_MatchMultiple", "invalid", node,
          "fits more than one slice: " + std::string(group.slices[chosen].plan->slice_name) + ", " +
              std::string(slice.plan->slice_name) + " (from " + profile.label + ")");
    }
  }
  if (chosen == Slice::kNone) {
    for (std::size_t i = 0; i < group.slices.size(); ++i) {
      if (group.slices[i].otherwise) return i;
    }
  }
  return chosen;
}

void Engine::follow(const std::vector<Step>& path, const Node& node, Found& found) {
  found.assign(1, {&context_.document(), &node});
  Found next;
  for (const Step& step : path) {
    next.clear();
    for (const auto& [document, at] : found) {
      if (next.size() >= kMostFound) break;
      switch (step.kind) {
        case Step::Kind::child: {
          const Type* type = definitions_.type(at->type());
          for (const Node& child : at->children()) {
            bool same = child.name() == step.name;
            if (!same && type != nullptr) {
              const auto known = type->child(child.name());
              same = known.element != nullptr && known.element->is_choice &&
                     known.element->name == step.name;
            }
            if (same) next.emplace_back(document, &child);
          }
          if (step.text == "value" && at->has_value() && at->child(step.name) == nullptr) {
            next.emplace_back(document, at);  // the value of a primitive
          }
          break;
        }
        case Step::Kind::extension:
          for (const tree::Symbol name : {extension_, modifier_extension_}) {
            for (const Node* child = at->child(name); child != nullptr;
                 child = child->next_same()) {
              const Node* url = child->child(url_);
              if (url != nullptr && url->text() == step.text) next.emplace_back(document, child);
            }
          }
          break;
        case Step::Kind::resolve: {
          const Node* reference = at->child(reference_);
          const std::string_view text = reference != nullptr ? reference->text()
                                        : at->has_value()    ? at->text()
                                                             : std::string_view{};
          if (text.empty()) break;
          const Document* outer = std::exchange(context_.document_, document);
          if (const auto target = context_.resolve(text, *at)) {
            next.emplace_back(target->document, target->node);
          }
          context_.document_ = outer;
          break;
        }
        case Step::Kind::of_type: {
          const Type* type = definitions_.type(at->type());
          if (type != nullptr && type->is(*step.type)) next.emplace_back(document, at);
          break;
        }
      }
    }
    found.swap(next);
  }
}

bool Engine::matches(const Condition& condition, const Node& node, std::size_t position) {
  if (condition.kind == Condition::Kind::position) {
    return position >= condition.first && position < condition.end;
  }
  Found found;
  follow(*condition.path, node, found);
  const auto any = [&](auto&& test) { return std::any_of(found.begin(), found.end(), test); };
  switch (condition.kind) {
    case Condition::Kind::exists:
      return !found.empty();
    case Condition::Kind::absent:
      return found.empty();
    case Condition::Kind::fixed:
    case Condition::Kind::pattern:
      return any([&](const auto& at) {
        if (condition.exemplar == nullptr) return at.second->text() == condition.value_set;
        return equals(*at.first, *at.second, *condition.exemplar);
      });
    case Condition::Kind::member:
      if (context_.terminology() == nullptr) return false;
      return any([&](const auto& at) {
        return is_member(condition.value_set, condition.asked_from, *at.second, context_) ==
               Member::yes;
      });
    case Condition::Kind::type:
      return found.size() == 1 && any([&](const auto& at) {
               const Type* own = definitions_.type(at.second->type());
               return own != nullptr &&
                      std::any_of(condition.types.begin(), condition.types.end(),
                                  [&](const Type* type) { return own->is(*type); });
             });
    case Condition::Kind::profile:
      return any([&](const auto& at) {
        return std::any_of(condition.profiles.begin(), condition.profiles.end(),
                           [&](std::string_view canonical) {
                             const ProfilePlan* plan = plans_.find(canonical, condition.asked_from);
                             return plan != nullptr && conforms_to(*plan, *at.first, *at.second);
                           });
      });
    case Condition::Kind::position:
      break;
  }
  return false;
}

}  // namespace concord::validate
