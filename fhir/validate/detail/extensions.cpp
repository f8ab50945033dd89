// Extensions against the definition their url names: may it stand here, is it a modifier, is its
// value of an allowed type, is its content as defined.
// Source: hl7.org/fhir/R4/extensibility.html, defining-extensions.html#context.
#include <algorithm>
#include <array>

#include "fhir/definitions/r4_generated.h"
#include "fhir/path/expression.h"
#include "fhir/validate/detail/engine.h"

namespace concord::validate {

namespace {

using definitions::Child;
using definitions::Type;
using detail::Children;
using detail::ElementPlan;
using detail::Group;
using detail::ProfilePlan;
using tree::Document;
using tree::Flag;
using tree::Node;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_absolute(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  return std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  });
}

/// Used by tools and by later releases; their definitions are not part of R4.
constexpr std::array kAlwaysKnown{
    std::string_view("http://hl7.org/fhir/StructureDefinition/elementdefinition-type-must-support"),
    std::string_view("http://hl7.org/fhir/StructureDefinition/instance-name"),
    std::string_view("http://hl7.org/fhir/StructureDefinition/instance-description"),
    std::string_view("http://hl7.org/fhir/StructureDefinition/codesystem-properties-mode"),
    std::string_view("http://hl7.org/fhir/StructureDefinition/structuredefinition-rdf-type"),
    std::string_view(
        "http://hl7.org/fhir/StructureDefinition/structuredefinition-conformance-derivedFrom"),
    std::string_view("http://hl7.org/fhir/StructureDefinition/structuredefinition-fmm-support"),
    std::string_view("http://hl7.org/fhir/StructureDefinition/structuredefinition-expression"),
};

bool is_allowed_unknown(std::string_view url, const Options& options) {
  if (options.anyone_extensions) return true;
  if (options.allow_examples && (has(url, "example.org") || has(url, "acme.com"))) return true;
  if (has(url, "nema.org") || url.starts_with("http://hl7.org/fhir/tools/StructureDefinition/") ||
      url.starts_with("http://hl7.org/fhir/build/StructureDefinition/") ||
      std::find(kAlwaysKnown.begin(), kAlwaysKnown.end(), url) != kAlwaysKnown.end()) {
    return true;
  }
  return std::any_of(options.extension_domains.begin(), options.extension_domains.end(),
                     [&](const std::string& domain) { return url.starts_with(domain); });
}

const Group* group_named(const ElementPlan& plan, std::string_view name) {
  if (plan.children == nullptr) return nullptr;
  for (const Group& group : plan.children->groups) {
    if (group.plan->name == name) return &group;
  }
  return nullptr;
}

/// Whether a definition has a nested extension of that url.
bool defines_nested(const ElementPlan& plan, std::string_view url, int depth = 0) {
  const Group* group = depth > 8 ? nullptr : group_named(plan, "extension");
  if (group == nullptr) return false;
  for (const auto& slice : group->slices) {
    const Group* own = group_named(*slice.plan, "url");
    if (own != nullptr && !own->plan->exemplars.empty() && own->plan->exemplars[0].text == url) {
      return true;
    }
    if (defines_nested(*slice.plan, url, depth + 1)) return true;
  }
  return false;
}

/// "Patient.contact.name" against "Patient.contact", type by type upwards.
bool names_path(std::string_view path, std::string_view wanted,
                const definitions::Definitions& definitions) {
  if (path == wanted) return true;
  const std::size_t dot = std::min(path.find('.'), path.size());
  const std::string_view tail = path.substr(dot);
  for (const Type* type = definitions.type(path.substr(0, dot)); type != nullptr;
       type = type->base()) {
    if (wanted.size() == type->text().size() + tail.size() && wanted.starts_with(type->text()) &&
        wanted.ends_with(tail)) {
      return true;
    }
  }
  return false;
}

}  // namespace

/// Every way to name the element an extension stands on: from its resource, and from each type on
/// the way ("Patient.name.given", "HumanName.given", "string").
static std::vector<std::string> paths_of(const Node& container, const Document& document,
                                         const definitions::Definitions& definitions) {
  std::vector<const Node*> steps;
  const Node* at = &container;
  while (at->parent() != nullptr && !at->is(Flag::resource)) {
    steps.push_back(at);
    at = at->parent();
  }
  std::vector<std::string> paths{std::string(document.text(at->type()))};
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const Node& node = **step;
    const Type* parent = definitions.type(node.parent()->type());
    const Child child = parent == nullptr ? Child{} : parent->child(node.name());
    const std::string written(document.name(node));
    std::vector<std::string> next;
    for (const std::string& path : paths) {
      if (child.element != nullptr && child.element->is_choice) {
        const std::string base(definitions.symbols().text(child.element->name));
        next.push_back(path + "." + base + "[x]");
        next.push_back(path + "." + base);
      }
      next.push_back(path + "." + written);
    }
    if (const Type* type = definitions.type(node.type())) {
      if (type->kind() == definitions::TypeKind::backbone) {
        next.emplace_back(type->text());
        next.emplace_back("BackboneElement");
      } else {
        next.emplace_back(type->text());
      }
    }
    paths = std::move(next);
    if (paths.size() > 64) paths.resize(64);
  }
  return paths;
}

const Node* Engine::container_of(const Node& extension) const { return extension.parent(); }

bool Engine::context_allows(const ProfilePlan& definition, const Node& node, std::string& here) {
  const Node& container = *node.parent();
  const Document& document = context_.document();
  const std::vector<std::string> paths = paths_of(container, document, definitions_);
  here = paths.front();
  for (const std::string& path : paths) {
    // Values that stand for others carry what those may carry.
    if (path.starts_with("ElementDefinition.example.value") ||
        path.starts_with("ElementDefinition.pattern") ||
        path.starts_with("ElementDefinition.fixed")) {
      return true;
    }
  }
  const Node* resource = &container;
  while (!resource->is(Flag::resource) && resource->parent() != nullptr)
    resource = resource->parent();
  struct Allowed {
    std::string_view type, expression;
  };
  std::vector<Allowed> allowed;
  if (const auto* contexts = definition.definition->contexts()) {
    for (const definitions::pack::Context* row : *contexts) {
      allowed.push_back({view(row->type()), view(row->expression())});
    }
  }
  // Published narrower than it is used, by the releases after R4 as well.
  const std::string_view url = definition.url;
  if (url == "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type" ||
      url == "http://hl7.org/fhir/StructureDefinition/regex") {
    allowed.push_back({"element", "ElementDefinition.type"});
  }
  if (url == "http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version" ||
      url == "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation" ||
      url == "http://hl7.org/fhir/StructureDefinition/capabilitystatement-prohibited") {
    allowed.push_back({"element", "Element"});
  }
  for (const Allowed& row : allowed) {
    if (row.type == "extension") {
      const Node* of = &container;
      if (document.name(container).starts_with("value") && container.parent() != nullptr) {
        of = container.parent();
      }
      const Node* own = of->child(url_);
      if (own != nullptr && own->text() == row.expression) return true;
      continue;
    }
    if (row.type == "fhirpath") {
      const path::Expression* expression = plans_.invariants().expression(row.expression);
      if (expression == nullptr) continue;
      auto items = expression->evaluate(*evaluation_, path::Collection::of(document, *resource));
      bool found = false;
      if (items) {
        for (const path::Value& item : *items) {
          found = found || (item.is_node() && &item.node() == &container);
        }
      }
      evaluation_->reset();
      if (found) return true;
      continue;
    }
    std::string_view wanted = row.expression;
    std::string_view profile;
    if (const std::size_t hash = wanted.find('#'); hash != std::string_view::npos) {
      profile = wanted.substr(0, hash);
      wanted = wanted.substr(hash + 1);
    }
    if (wanted == "Element" || wanted == "Any") return true;
    if (wanted == "Resource" && container.is(Flag::resource)) return true;
    if (wanted == "CanonicalResource" && container.is(Flag::resource)) {
      const Type* type = definitions_.type(container.type());
      const auto knows = [&](std::string_view name) {
        const tree::Symbol symbol = definitions_.symbols().find(name);
        return symbol != tree::Symbol::kNone && type->child(symbol).element != nullptr;
      };
      if (type != nullptr && knows("url") && knows("version") && knows("status")) return true;
    }
    const bool named = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
      return names_path(path, wanted, definitions_);
    });
    if (!named) continue;
    if (profile.empty() || profile == "http://hl7.org/fhir/StructureDefinition/" +
                                          std::string(document.text(resource->type()))) {
      return true;
    }
    const ProfilePlan* plan = plans_.find(profile, definition.entry);
    if (plan == nullptr) {
      context_.error(
          "EXTENSION_CONTEXT_UNABLE_TO_FIND_PROFILE", "unknown", container,
          "the context of an extension names an unknown profile: " + std::string(profile));
      continue;
    }
    if (plan->type_name != document.text(resource->type()) ||
        conforms_to(*plan, document, *resource)) {
      return true;
    }
  }
  return false;
}

void Engine::extension(const Node& node) {
  const Document& document = context_.document();
  const Options& options = context_.options();
  if (node.parent() == nullptr || !spend()) return;
  const Node* own = node.child(url_);
  if (own == nullptr || own->text().empty()) {
    context_.error("Extension_EXT_Url_NotFound", "invalid", node, "an extension needs a url", {});
    return;
  }
  const std::string_view written = own->text();
  const std::string_view url = written.substr(0, written.find('|'));
  const Type* around = definitions_.type(node.parent()->type());
  const bool nested = around != nullptr && around->text() == "Extension";
  if (!is_absolute(written)) {
    if (!nested) {
      context_.error("Extension_EXT_URL_Absolute", "invalid", node, "the url must be absolute");
    }
    return;  // nested ones are checked with the definition around them
  }
  const ProfilePlan* plan = plans_.find(url, nullptr);
  if (plan != nullptr && plan->type_name != "Extension") plan = nullptr;
  if (written.size() != url.size()) {
    if (plan == nullptr) {
      context_.warning("EXT_VER_URL_NO_MATCH", "invalid", node,
                       "the url of an extension has no version");
    } else {
      const bool same = plan->label == written;
      context_.error(same ? "EXT_VER_URL_NOT_ALLOWED" : "EXT_VER_URL_REVERSION", "invalid", node,
                     "the url of an extension has no version");
    }
  }
  if (plan == nullptr) {
    if (!is_allowed_unknown(written, options)) {
      context_.error("Extension_EXT_Unknown_NotHere", "structure", node,
                     "the extension is unknown: " + std::string(written), {}, written);
    } else {
      context_.information("Extension_EXT_Unknown", "structure", node,
                           "the extension is unknown: " + std::string(written), {}, written);
    }
    return;
  }
  const bool modifier = node.name() == modifier_extension_;
  const ElementPlan& root = *plan->root;
  // 1. May it stand here?
  const Node& container = *node.parent();
  std::string here;
  const bool on_id = container.name() == id_ && container.parent() != nullptr &&
                     container.parent()->is(Flag::resource);
  if (on_id) {
    context_.error("FHIR_RESOURCE_ID_CANT_BE_EXTENDED", "business-rule", container,
                   "the id of a resource has no extensions", {}, url);
  } else if (!context_allows(*plan, node, here)) {
    const Severity severity = plan->synthetic ? Severity::warning : Severity::error;
    context_.report(
        severity, modifier ? "Extension_EXTM_Context_Wrong" : "Extension_EXTP_Context_Wrong",
        "structure", container,
        "the extension " + std::string(url) + " may not be used here, on " + here, {}, url);
  } else if (const auto* rules = plan->definition->context_invariants()) {
    for (const auto* rule : *rules) {
      const path::Expression* expression = plans_.invariants().expression(view(rule));
      if (expression == nullptr) continue;
      auto holds = expression->test(*evaluation_, path::Collection::of(document, container));
      if (!holds) evaluation_->reset();
      if (holds && *holds) continue;
      context_.error(
          "Profile_EXT_Not_Here", "structure", container,
          "the extension " + std::string(url) + " may not be used here: " + std::string(view(rule)),
          {}, url);
      break;
    }
  }
  if (modifier != root.modifier) {
    context_.error(modifier ? "Extension_EXT_Modifier_Y" : "Extension_EXT_Modifier_N", "structure",
                   node,
                   modifier ? "must not be used as a modifierExtension"
                            : "must be used as a modifierExtension only");
  }
  // 2. Is its value of an allowed type?
  const Group* value = group_named(root, "value[x]");
  const Node* has_value = nullptr;
  bool has_nested = false;
  for (const Node& child : node.children()) {
    if (document.name(child).starts_with("value")) has_value = &child;
    has_nested = has_nested || child.name() == extension_;
  }
  const bool simple = value != nullptr && value->plan->max > 0 && !value->plan->types.empty();
  if (has_value != nullptr) {
    const Type* type = definitions_.type(has_value->type());
    const bool allowed =
        simple && std::any_of(value->plan->types.begin(), value->plan->types.end(),
                              [&](const detail::TypePlan& at) { return at.type == type; });
    const bool excused =
        url == "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
    if (!allowed && !excused && type != nullptr) {
      context_.error("Extension_EXT_Type", "structure", node,
                     "the extension does not allow a value of type " + std::string(type->text()));
    }
  } else if (simple && has_nested && value->plan->min > 0) {
    context_.error("Extension_EXT_Simple_WRONG", "structure", node,
                   "must have a value, not extensions");
  } else if (simple && !has_nested) {
    context_.error("Extension_EXT_Simple_ABSENT", "structure", node, "must have a value");
  }
  // 3. Nested ones must be of the definition.
  for (const Node* at = node.child(extension_); at != nullptr; at = at->next_same()) {
    const Node* inner = at->child(url_);
    if (inner == nullptr || inner->text().empty() || is_absolute(inner->text())) continue;
    if (!defines_nested(root, inner->text())) {
      context_.error("Extension_EXT_SubExtension_Invalid", "invalid", *at,
                     "the extension " + std::string(url) + " defines no such part", {},
                     inner->text());
    }
  }
  // 4. Its content.
  profile(*plan, node);
}

}  // namespace concord::validate
