// References: where they lead, and whether that may stand there.
// Source: hl7.org/fhir/R4/references.html, profiling.html#aggregation.
#include <algorithm>

#include "fhir/definitions/r4_generated.h"
#include "fhir/validate/detail/engine.h"
#include "fhir/validate/formats.h"

namespace concord::validate {

namespace {

using definitions::Type;
using detail::ProfilePlan;
using detail::TargetRule;
using tree::Document;
using tree::Node;

constexpr std::string_view kCore = "http://hl7.org/fhir/StructureDefinition/";

bool is_absolute_url(std::string_view text) {
  return text.starts_with("http:") || text.starts_with("https:") || text.starts_with("urn:") ||
         text.starts_with("ftp:") || text.starts_with("cid:") || text.starts_with("file:");
}

bool checks_existence(ReferenceCheck check) { return check != ReferenceCheck::ignore; }
bool checks_type(ReferenceCheck check) {
  return check == ReferenceCheck::check_type_if_exists ||
         check == ReferenceCheck::check_exists_and_type || check == ReferenceCheck::check_valid;
}

/// The type a reference says by its form: "Patient/1", "http://a/Patient/1/_history/2".
std::string_view type_in(std::string_view reference) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= reference.size();) {
    const std::size_t end = std::min(reference.find('/', at), reference.size());
    parts.push_back(reference.substr(at, end - at));
    at = end + 1;
  }
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  if (parts.size() < 2) return {};
  const std::size_t n = parts.size();
  if (n >= 4 && parts[n - 2] == "_history") return parts[n - 4];
  return parts[n - 2];
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (text.size() > 300) return text + ", …";
    text.append(text.empty() ? "" : ", ").append(name);
  }
  return text;
}

}  // namespace

/// The profiles a target may meet; types of R4 have a plan only where profiles are at hand.
std::vector<const ProfilePlan*> Engine::target_plans(const TargetRule& rule, const Node& node,
                                                     bool report) {
  std::vector<const ProfilePlan*> plans;
  for (const std::string_view canonical : rule.profiles) {
    const ProfilePlan* plan = plans_.find(canonical, rule.asked_from);
    if (plan != nullptr) {
      plans.push_back(plan);
    } else if (report) {
      context_.error("Reference_REF_CantResolveProfile", "structure", node,
                     "may lead to an unknown profile only: " + std::string(canonical), {},
                     canonical);
    }
  }
  return plans;
}

void Engine::reference(const TargetRule& rule, const Node& node, std::string_view by) {
  if (!spend()) return;
  const std::string said = by.empty() ? std::string() : " (from " + std::string(by) + ")";
  const Document& document = context_.document();
  const Options& options = context_.options();
  const Node* value = node.child(reference_);
  const std::string_view text = value == nullptr ? std::string_view{} : value->text();
  if (text.empty()) {
    const Node* identifier = node.child(identifier_);
    const bool identified = identifier != nullptr && (identifier->child(system_) != nullptr ||
                                                      identifier->child(value_) != nullptr);
    if (!identified && node.child(display_) == nullptr) {
      context_.warning("Reference_REF_NoDisplay", "structure", node,
                       "without reference and identifier it should have a display");
    }
    return;
  }
  if (text == "http://tools.ietf.org/html/bcp47") return;
  if (has_byte_below(text, '!')) {
    context_.error("REFERENCE_REF_INVALID_REF", "invalid", node,
                   "a reference may not hold white space");
  }
  bool unsolvable = false;
  if (options.relative_in_bundle == RelativeInBundle::always && !is_absolute_url(text) &&
      text.front() != '#') {
    for (const Node* at = &node; at->parent() != nullptr; at = at->parent()) {
      if (at->name() != entry_) continue;
      const Node* full_url = at->child(full_url_);
      const Node* kind = at->parent()->child(type_);
      const bool restful = full_url != nullptr && (full_url->text().starts_with("http://") ||
                                                   full_url->text().starts_with("https://"));
      const bool serves =
          kind != nullptr && (kind->text() == "transaction" || kind->text() == "batch");
      unsolvable = full_url != nullptr && !restful && !serves;
      break;
    }
  }
  std::optional<Target> target;
  if (!unsolvable) target = context_.resolve(text, node);
  const bool is_contained = text.front() == '#';
  const bool external = !is_contained && (!target || target->how == Target::How::loaded);
  const ReferenceCheck check = external ? options.validate_reference : ReferenceCheck::check_valid;
  if (external && !checks_existence(check)) target.reset();

  const std::size_t question = text.find('?');
  const Type* asked =
      question == std::string_view::npos ? nullptr : definitions_.type(text.substr(0, question));
  const bool conditional = asked != nullptr && asked->is_resource();
  if (conditional) {
    target.reset();
  } else if (unsolvable) {
    context_.information("REFERENCE_REF_REL_UNSOLVEABLE", "informational", node,
                         "cannot be resolved unless the fullUrl is a RESTful url");
  } else if (checks_existence(check)) {
    const bool excused =
        (options.allow_examples && (text.find("example.org") != std::string_view::npos ||
                                    text.find("acme.com") != std::string_view::npos)) ||
        check == ReferenceCheck::check_type_if_exists;
    if (!target && !excused) {
      context_.error("Reference_REF_CantResolve", "structure", node,
                     "leads to nothing that is known");
    }
  }

  std::string_view type;
  if (target) {
    type = target->document->text(target->node->type());
  } else if (conditional) {
    type = text.substr(0, question);
  } else {
    type = type_in(text);
    const Type* known = type.empty() ? nullptr : definitions_.type(type);
    if (known == nullptr || !known->is_resource()) type = {};
  }
  const bool any =
      rule.profiles.empty() ||
      std::find(rule.profiles.begin(), rule.profiles.end(),
                "http://hl7.org/fhir/StructureDefinition/Resource") != rule.profiles.end();
  // What the targets' types are: of R4's own types without looking at profiles.
  std::vector<const ProfilePlan*> plans;
  std::vector<std::string_view> types;
  const auto learn_types = [&](bool report) {
    types.clear();
    for (const Type* at : rule.types) types.push_back(at->text());
    if (!rule.types.empty()) return;
    plans = target_plans(rule, node, report);
    for (const ProfilePlan* plan : plans) {
      if (std::find(types.begin(), types.end(), plan->type_name) == types.end()) {
        types.push_back(plan->type_name);
      }
    }
  };
  const auto is_one = [&](std::string_view name) {
    return std::find(types.begin(), types.end(), name) != types.end();
  };
  if (const Node* stated = node.child(type_); stated != nullptr && stated->has_value()) {
    std::string_view name = stated->text();
    if (name.starts_with(kCore)) name.remove_prefix(kCore.size());
    if (!any) {
      learn_types(true);
      if (!is_one(name)) {
        context_.error(
            "Reference_REF_WrongTarget", "structure", node,
            "says it leads to a type that may not be referred to here, which is one of " +
                joined(types) + said);
      }
    }
    if (!type.empty() && type != stated->text()) {
      context_.error("Reference_REF_BadTargetType", "structure", node,
                     "leads to a " + std::string(type) + ", but says it leads to another type");
    }
  }
  if (target && checks_type(check)) {
    if (!any) {
      learn_types(true);
      std::vector<const ProfilePlan*> fitting;
      for (const ProfilePlan* plan : plans) {
        if (plan->type_name == type) fitting.push_back(plan);
      }
      if (check == ReferenceCheck::check_valid) {
        const bool all_core =
            std::all_of(fitting.begin(), fitting.end(),
                        [](const ProfilePlan* plan) { return plan->url.starts_with(kCore); });
        std::size_t good = 0;
        for (const ProfilePlan* plan : fitting) {
          good += conforms_to(*plan, *target->document, *target->node);
        }
        if (good == 0 && !all_core) {
          context_.error(
              "Reference_REF_CantMatchChoice", "structure", node,
              "leads to a resource that fits none of the profiles " + joined(rule.profiles) + said);
        } else if (good > 1) {
          context_.warning("Reference_REF_MultipleMatches", "structure", node,
                           "leads to a resource that fits several of the profiles " +
                               joined(rule.profiles) + said);
        }
      } else if (!is_one(type)) {
        context_.error("Reference_REF_CantMatchType", "structure", node,
                       "leads to a " + std::string(type) + ", but the profiles allowed are " +
                           joined(rule.profiles) + said);
      }
      if (!is_one(type)) {
        context_.error(
            "Reference_REF_BadTargetType", "structure", node,
            "leads to a " + std::string(type) + ", not to one of " + joined(types) + said);
      }
    }
    if (rule.aggregates) {
      bool in_bundle = false;
      for (const Node* at = node.parent(); at != nullptr; at = at->parent()) {
        in_bundle = in_bundle || document.text(at->type()) == "Bundle";
      }
      const bool enforced = in_bundle || options.enforce_aggregation_outside_bundles;
      const bool good = (rule.contained && is_contained) ||
                        (rule.bundled && (!enforced || (!external && !is_contained))) ||
                        (rule.referenced && !is_contained);
      if (!good) {
        context_.error("Reference_REF_Aggregation", "structure", node,
                       std::string("the resource is ") +
                           (is_contained ? "contained"
                            : external   ? "external"
                                         : "bundled") +
                           ", which the profile does not allow" + said);
      }
    }
  }
  if (!target && rule.aggregates && !rule.referenced) {
    context_.error("Reference_REF_NotFound_Bundle", "required", node,
                   "must lead to a resource bundled or contained, and leads to none" + said);
  }
  if (!target && !type.empty() && options.assume_valid_rest_references && !any) {
    learn_types(false);
    const Type* own = definitions_.type(type);
    const bool allowed =
        types.empty() || std::any_of(types.begin(), types.end(), [&](std::string_view name) {
          const Type* at = definitions_.type(name);
          return at != nullptr && own != nullptr && own->is(*at);
        });
    if (!allowed) {
      context_.error("Reference_REF_BadTargetType2", "structure", node,
                     "leads to a " + std::string(type) + " by its form, not to one of " +
                         joined(types) + said);
    }
  }
}

}  // namespace concord::validate
