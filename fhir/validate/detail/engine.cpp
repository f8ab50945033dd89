#include "fhir/validate/detail/engine.h"

#include <algorithm>

#include "fhir/validate/binding.h"

namespace concord::validate {

namespace {

using tree::Document;
using tree::Flag;
using tree::Node;

constexpr std::string_view kCore = "http://hl7.org/fhir/StructureDefinition/";

bool is_error(Severity severity) {
  return severity == Severity::error || severity == Severity::fatal;
}

}  // namespace

Engine::Engine(Context& context, const detail::Plans& plans, BasePass base_pass)
    : context_(context),
      plans_(plans),
      base_pass_(std::move(base_pass)),
      definitions_(context.definitions()),
      evaluation_(plans.borrow()) {
  const auto& symbols = definitions_.symbols();
  meta_ = symbols.find("meta");
  profile_ = symbols.find("profile");
  url_ = symbols.find("url");
  extension_ = symbols.find("extension");
  modifier_extension_ = symbols.find("modifierExtension");
  reference_ = symbols.find("reference");
  type_ = symbols.find("type");
  id_ = symbols.find("id");
  contained_ = symbols.find("contained");
  identifier_ = symbols.find("identifier");
  display_ = symbols.find("display");
  system_ = symbols.find("system");
  value_ = symbols.find("value");
  entry_ = symbols.find("entry");
  full_url_ = symbols.find("fullUrl");
  context_.engine_ = this;
  evaluation_->hooks.resolve = [this](std::string_view reference) -> std::optional<path::Value> {
    if (context_.neighbours_ == nullptr) return std::nullopt;
    const Document* found = context_.neighbours_->find(reference);
    if (found == nullptr) return std::nullopt;
    return path::Value::of(*found, found->root());
  };
  evaluation_->hooks.conforms_to = [this](const path::Value& item,
                                          std::string_view canonical) -> Result<bool> {
    if (!item.is_node()) return false;
    return conforms(item.document(), item.node(), canonical, nullptr).errors == 0;
  };
  evaluation_->hooks.member_of = [this](const path::Value& item,
                                        std::string_view value_set) -> Result<std::optional<bool>> {
    if (!item.is_node() || context_.terminology() == nullptr) return std::optional<bool>();
    switch (is_member(value_set, nullptr, item.node(), context_)) {
      case Member::yes:
        return std::optional<bool>(true);
      case Member::no:
        return std::optional<bool>(false);
      case Member::unknown:
        break;
    }
    return std::optional<bool>();
  };
}

Engine::~Engine() {
  context_.engine_ = nullptr;
  plans_.give_back(std::move(evaluation_));
}

bool Engine::spend() {
  if (steps_ == 0) return false;
  if (--steps_ == 0) {
    context_.error("too-costly", "too-costly", context_.document().root(),
                   "the profiles ask for more work than is allowed: not everything was checked");
    return false;
  }
  return true;
}

void Engine::invariant(const detail::CompiledInvariant& invariant, const Node& node) {
  if (invariant.skipped || !spend()) return;
  if (invariant.best_practice && context_.options().best_practice == BestPractice::ignore) return;
  const Document& document = context_.document();
  std::string why;
  if (invariant.native != nullptr) {
    if (invariant.native(document, node)) return;
  } else {
    const path::Expression* expression = plans_.invariants().expression(invariant);
    if (expression == nullptr) {
      why = " (the expression cannot be evaluated)";
    } else {
      auto holds = expression->test(*evaluation_, path::Collection::of(document, node));
      if (holds && *holds) return;
      if (!holds) {
        const auto& issues = holds.error().issues;
        why = " (" + (issues.empty() ? std::string("not evaluated") : issues.front().text) + ")";
        evaluation_->reset();
      }
    }
  }
  Severity severity = invariant.severity;
  if (invariant.best_practice) {
    constexpr std::array kSeverities{Severity::information, Severity::information,
                                     Severity::warning, Severity::error};
    severity = kSeverities[static_cast<std::size_t>(context_.options().best_practice)];
  }
  if (invariant.key == "eld-24") {
    const Node* path = node.child(definitions_.symbols().find("path"));
    if (path != nullptr &&
        (path->text().ends_with("xtension.url") || path->text().ends_with(".id"))) {
      return;
    }
  }
  context_.report(severity, "INV_FAILED", "invariant", node,
                  invariant.key + ": " + invariant.human + why, {}, invariant.expression);
}

/// What a run finds, kept out of the report.
std::vector<Context::Finding> Engine::trial(const std::function<void()>& run) {
  std::vector<Context::Finding> before = std::move(context_.findings_);
  const auto found = context_.found_;
  const auto beyond = context_.beyond_, errors_beyond = context_.errors_beyond_,
             milder = context_.milder_;
  context_.findings_.clear();
  context_.milder_ = 0;
  ++trials_;
  run();
  --trials_;
  std::vector<Context::Finding> findings = std::move(context_.findings_);
  context_.findings_ = std::move(before);
  context_.found_ = found;
  context_.beyond_ = beyond;
  context_.errors_beyond_ = errors_beyond;
  context_.milder_ = milder;
  return findings;
}

void Engine::mark_bad_nodes() {
  for (const auto& finding : context_.findings_) {
    if (!is_error(finding.severity)) continue;
    for (const Node* at = finding.node; at != nullptr && bad_.insert(at).second;) {
      at = at->parent();
    }
  }
}

/// A node against a profile, or against the one element `part` of it.
void Engine::profile(const ProfilePlan& profile, const Node& node, const ElementPlan* part) {
  if (depth_ >= kDeepestProfiles || !spend()) return;
  const ElementPlan& from = part != nullptr ? *part : *profile.root;
  const Pair pair{&from, &node};
  if (trials_ == 0 && !done_.insert(pair).second) return;
  if (!running_.insert(pair).second) return;  // in progress: assumed to hold
  ++depth_;
  const void* origin = std::exchange(context_.origin_, &profile);
  element(from, node, profile);
  context_.origin_ = origin;
  --depth_;
  running_.erase(pair);
}

bool Engine::conforms_to(const ProfilePlan& plan, const Document& document, const Node& node,
                         std::size_t* errors) {
  const Pair pair{plan.root.get(), &node};
  if (errors == nullptr) {
    if (const auto known = conformed_.find(pair); known != conformed_.end()) return known->second;
  }
  if (running_.contains(pair)) return true;
  bool clean = true;
  const Document* outer = context_.document_;
  if (&document == outer) {
    clean = !bad_.contains(&node);
  } else {
    const auto [known, is_new] = other_documents_.try_emplace(&document, true);
    if (is_new && base_pass_ != nullptr && depth_ < kDeepestProfiles) {
      known->second = base_pass_(document) == 0;
    }
    clean = other_documents_[&document];
  }
  std::size_t found = clean ? 0 : 1;
  context_.document_ = &document;
  const auto findings = trial([&] {
    if (node.is(Flag::resource)) {
      resource_profile(plan, node);
    } else {
      profile(plan, node);
    }
  });
  context_.document_ = outer;
  for (const auto& finding : findings) found += is_error(finding.severity);
  conformed_[pair] = found == 0;
  if (errors != nullptr) *errors = found;
  return found == 0;
}

Conformance Engine::conforms(const Document& document, const Node& node, std::string_view canonical,
                             const packages::Entry* asked_from) {
  Conformance result;
  const ProfilePlan* plan = plans_.find(canonical, asked_from);
  if (plan == nullptr) return result;
  result.known = true;
  conforms_to(*plan, document, node, &result.errors);
  return result;
}

bool Engine::validate_against(const Node& node, std::string_view canonical) {
  const ProfilePlan* plan = plans_.find(canonical, nullptr);
  if (plan == nullptr) return false;
  if (node.is(Flag::resource)) {
    resource_profile(*plan, node);
  } else {
    profile(*plan, node);
  }
  return true;
}

/// A resource against a profile: of the same type, and with what the profile imposes.
void Engine::resource_profile(const ProfilePlan& plan, const Node& resource) {
  const Document& document = context_.document();
  const std::string_view type = document.text(resource.type());
  const std::string_view expected = plan.type == nullptr ? plan.type_name : plan.type->text();
  if (type != expected && expected != "Resource" && expected != "DomainResource") {
    context_.error("Validation_VAL_Profile_WrongType", "invalid", resource,
                   "is a " + std::string(type) + ", but the profile " + plan.label + " is for " +
                       std::string(expected));
    return;
  }
  profile(plan, resource);
  if (!plan.narrative.empty()) check_narrative_control(plan.narrative, resource, context_);
  for (const std::string_view canonical : plan.imposed) {
    const ProfilePlan* other = plans_.find(canonical, plan.entry);
    if (other == nullptr) {
      context_.warning(
          "VALIDATION_VAL_PROFILE_DEPENDS_NOT_RESOLVED", "business-rule", resource,
          "the profile " + plan.label + " imposes an unknown profile: " + std::string(canonical));
    } else {
      profile(*other, resource);
    }
  }
}

void Engine::claimed_profiles(const Node& resource) {
  const Node* meta = resource.child(meta_);
  if (meta == nullptr) return;
  const std::string_view type = context_.document().text(resource.type());
  for (const Node* at = meta->child(profile_); at != nullptr; at = at->next_same()) {
    if (!at->has_value() || at->text().empty()) continue;
    const std::string_view canonical = at->text();
    // R4's own definition of the type was the base pass.
    if (canonical.starts_with(kCore) && canonical.substr(kCore.size()) == type) continue;
    if (canonical.starts_with("http://hl7.org/fhir/") && canonical.size() > 24 &&
        canonical[20] >= '0' && canonical[20] <= '9') {
      // "http://hl7.org/fhir/3.0/StructureDefinition/Patient"
      const std::string_view rest = canonical.substr(20);
      const std::string_view version = rest.substr(0, rest.find('/'));
      const std::size_t tail = rest.find("/StructureDefinition/");
      if (tail != std::string_view::npos) {
        if (version != "4.0") {
          context_.information("VALIDATION_VAL_PROFILE_OTHER_VERSION", "structure", *at,
                               "the profile is for another version of FHIR and was not checked");
        } else if (rest.substr(tail + 21) == type) {
          context_.information("VALIDATION_VAL_PROFILE_THIS_VERSION_OK", "structure", *at,
                               "the profile is this version's own definition");
        } else {
          context_.error("VALIDATION_VAL_PROFILE_THIS_VERSION_OTHER", "structure", *at,
                         "the profile is this version's definition of another type");
        }
        continue;
      }
    }
    std::string why;
    const ProfilePlan* plan = plans_.find(canonical, nullptr, &why);
    if (plan == nullptr) {
      context_.warning("VALIDATION_VAL_PROFILE_UNKNOWN", "structure", *at,
                       "the profile is unknown, so it was not checked: " + std::string(canonical) +
                           (why.empty() ? "" : " (" + why + ")"));
      continue;
    }
    const std::string_view expected = plan->type == nullptr ? plan->type_name : plan->type->text();
    if (type != expected && expected != "Resource" && expected != "DomainResource") {
      context_.error("Validation_VAL_Profile_WrongType", "invalid", resource,
                     "is a " + std::string(type) + ", but the profile " + plan->label + " is for " +
                         std::string(expected));
      continue;
    }
    resource_profile(*plan, resource);
  }
}

/// A caller's profile repeats what R4 says of its type: said once, by the profile.
void Engine::drop_counted_twice() {
  const Node& root = context_.document().root();
  const std::string type(context_.document().text(root.type()));
  std::erase_if(context_.findings_, [&](const Context::Finding& at) {
    if (at.origin != nullptr || at.member.empty()) return false;
    if (at.id != "Validation_VAL_Profile_Minimum" && at.id != "Validation_VAL_Profile_Maximum") {
      return false;
    }
    const Node* resource = at.node;
    while (resource != nullptr && !resource->is(Flag::resource)) resource = resource->parent();
    if (resource != &root) return false;
    const std::string_view own = context_.document().text(at.node->type());
    return own == type ||
           (own.starts_with(type) && own.size() > type.size() && own[type.size()] == '.');
  });
}

void Engine::run(std::span<const std::string> profiles) {
  mark_bad_nodes();
  for (std::size_t i = 0; i < extensions_.size(); ++i) extension(*extensions_[i]);
  for (std::size_t i = 0; i < resources_.size(); ++i) claimed_profiles(*resources_[i]);
  const Node& root = context_.document().root();
  bool covered = false;
  for (const std::string& canonical : profiles) {
    std::string why;
    const ProfilePlan* plan = plans_.find(canonical, nullptr, &why);
    if (plan == nullptr) {
      context_.error(
          "Validation_VAL_Unknown_Profile", "structure", root,
          "the profile asked for is unknown: " + canonical + (why.empty() ? "" : " (" + why + ")"));
      continue;
    }
    resource_profile(*plan, root);
    covered = covered || (plan->type != nullptr && plan->type->name() == root.type());
  }
  if (covered) drop_counted_twice();
}

// ---- Context ----

bool Context::validate_against(const Node& node, std::string_view profile) {
  return engine_ != nullptr && engine_->validate_against(node, profile);
}

Conformance Context::conforms(const Document& document, const Node& node,
                              std::string_view profile) {
  return engine_ == nullptr ? Conformance{} : engine_->conforms(document, node, profile, nullptr);
}

path::EvalContext* Context::evaluation() noexcept {
  return engine_ == nullptr ? nullptr : &engine_->evaluation();
}

}  // namespace concord::validate
