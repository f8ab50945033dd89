#include "fhir/snapshot/detail/extensions.h"

#include <algorithm>
#include <array>

namespace concord::snapshot {

namespace {

constexpr std::string_view kCore = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view kTools = "http://hl7.org/fhir/tools/StructureDefinition/";

/// Which rule an extension follows; urls by their ends.
enum class Inherits : std::uint8_t {
  never,          ///< stays with the definition that states it
  unless_stated,  ///< the differential's replace all of the base's
  fixed,          ///< the base's stays whatever the differential says
  replaced,       ///< the differential's replaces the base's
  added,          ///< both stay
};

struct Rule {
  std::string_view url_end;
  Inherits inherits;
};

constexpr std::array kCoreRules{
    Rule{"elementdefinition-isCommonBinding", Inherits::never},
    Rule{"structuredefinition-standards-status", Inherits::never},
    Rule{"structuredefinition-standards-status-reason", Inherits::never},
    Rule{"structuredefinition-category", Inherits::never},
    Rule{"structuredefinition-fmm", Inherits::never},
    Rule{"structuredefinition-implements", Inherits::never},
    Rule{"structuredefinition-explicit-type-name", Inherits::never},
    Rule{"structuredefinition-security-category", Inherits::never},
    Rule{"structuredefinition-wg", Inherits::never},
    Rule{"structuredefinition-normative-version", Inherits::never},
    Rule{"structuredefinition-summary", Inherits::never},
    Rule{"obligation-profile", Inherits::never},
    Rule{"questionnaire-optionRestriction", Inherits::unless_stated},
    Rule{"questionnaire-referenceProfile", Inherits::unless_stated},
    Rule{"questionnaire-referenceResource", Inherits::unless_stated},
    Rule{"questionnaire-unitOption", Inherits::unless_stated},
    Rule{"mimeType", Inherits::unless_stated},
    Rule{"elementdefinition-translatable", Inherits::fixed},
    Rule{"elementdefinition-defaulttype", Inherits::fixed},
    Rule{"elementdefinition-namespace", Inherits::fixed},
    Rule{"elementdefinition-xml-name", Inherits::fixed},
    Rule{"designNote", Inherits::replaced},
    Rule{"elementdefinition-allowedUnits", Inherits::replaced},
    Rule{"elementdefinition-question", Inherits::replaced},
    Rule{"entryFormat", Inherits::replaced},
    Rule{"maxDecimalPlaces", Inherits::replaced},
    Rule{"maxSize", Inherits::replaced},
    Rule{"minLength", Inherits::replaced},
    Rule{"questionnaire-choiceOrientation", Inherits::replaced},
    Rule{"questionnaire-displayCategory", Inherits::replaced},
    Rule{"questionnaire-hidden", Inherits::replaced},
    Rule{"questionnaire-itemControl", Inherits::replaced},
    Rule{"questionnaire-signatureRequired", Inherits::replaced},
    Rule{"questionnaire-sliderStepValue", Inherits::replaced},
    Rule{"questionnaire-supportLink", Inherits::replaced},
    Rule{"questionnaire-unit", Inherits::replaced},
    Rule{"questionnaire-unitValueSet", Inherits::replaced},
    Rule{"questionnaire-usageMode", Inherits::replaced},
    Rule{"structuredefinition-display-hint", Inherits::replaced},
};

constexpr std::array kToolsRules{
    Rule{"binding-definition", Inherits::never},
    Rule{"no-binding", Inherits::never},
    Rule{"obligation-profile", Inherits::never},
    Rule{"elementdefinition-json-name", Inherits::fixed},
    Rule{"json-name", Inherits::fixed},
    Rule{"implied-string-prefix", Inherits::fixed},
    Rule{"json-empty-behavior", Inherits::fixed},
    Rule{"json-nullable", Inherits::fixed},
    Rule{"json-primitive-choice", Inherits::fixed},
    Rule{"json-property-key", Inherits::fixed},
    Rule{"type-specifier", Inherits::fixed},
    Rule{"xml-choice-group", Inherits::fixed},
    Rule{"xml-namespace", Inherits::fixed},
    Rule{"xml-name", Inherits::fixed},
    Rule{"elementdefinition-date-format", Inherits::replaced},
    Rule{"elementdefinition-date-rules", Inherits::replaced},
};

Inherits rule_of(std::string_view url) {
  const auto look_up = [&](std::string_view start, const auto& rules) -> const Rule* {
    if (!url.starts_with(start)) return nullptr;
    const std::string_view end = url.substr(start.size());
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const Rule& rule) { return rule.url_end == end; });
    return found == rules.end() ? nullptr : &*found;
  };
  if (const Rule* rule = look_up(kCore, kCoreRules)) return rule->inherits;
  if (const Rule* rule = look_up(kTools, kToolsRules)) return rule->inherits;
  return Inherits::added;
}

bool is_extension_of(const Part& part, std::string_view url) {
  return part.field == Field::extension && part.child_text("url") == url;
}

bool has_extension(const Element& element, std::string_view url) {
  return std::any_of(element.parts.begin(), element.parts.end(),
                     [&](const Part& part) { return is_extension_of(part, url); });
}

}  // namespace

bool is_inherited(std::string_view url) { return rule_of(url) != Inherits::never; }

void drop_not_inherited(Run& run, Element& element) {
  std::erase_if(element.parts, [](const Part& part) {
    return part.field == Field::extension && !is_inherited(part.child_text("url"));
  });
  const Part* binding = element.find(Field::binding);
  if (binding == nullptr || binding->node == nullptr) return;
  bool all_kept = true;
  for (const tree::Node* at = binding->child("extension"); at != nullptr; at = at->next_same()) {
    const tree::Node* url = at->child(binding->document->find("url"));
    all_kept = all_kept && (url == nullptr || is_inherited(url->text()));
  }
  if (all_kept) return;
  tree::Document& scratch = run.store.scratch();
  tree::Builder build(scratch);
  tree::Node* copy =
      build.copy_into(build.root(), *binding->document, *binding->node, build.symbol("binding"));
  if (copy == nullptr) return;
  const tree::Symbol extension = build.symbol("extension"), url = build.symbol("url");
  for (const tree::Node* at = copy->child(extension); at != nullptr;) {
    const tree::Node* next = at->next_same();
    const tree::Node* stated = at->child(url);
    if (stated != nullptr && !is_inherited(stated->text())) {
      build.detach(tree::Builder::mutable_node(*at));
    }
    at = next;
  }
  element.set({Field::binding, &scratch, copy});
}

void merge_extensions(Element& element, const Element& diff) {
  std::erase_if(element.parts, [&](const Part& part) {
    if (part.field != Field::extension) return false;
    const std::string_view url = part.child_text("url");
    const Inherits rule = rule_of(url);
    return rule == Inherits::never || (rule == Inherits::unless_stated && has_extension(diff, url));
  });
  for (const Part& part : diff.parts) {
    if (part.field != Field::extension) continue;
    const std::string_view url = part.child_text("url");
    const bool there = has_extension(element, url);
    const Inherits rule = rule_of(url);
    if (there && rule == Inherits::fixed) continue;
    if (there && rule == Inherits::replaced) {
      const auto found =
          std::find_if(element.parts.begin(), element.parts.end(),
                       [&](const Part& known) { return is_extension_of(known, url); });
      *found = part;
    } else {
      element.parts.push_back(part);
    }
  }
}

const Slicing* extension_slicing(Run& run) {
  Slicing slicing;
  slicing.discriminators.push_back({"value", "url"});
  slicing.ordered = "false";
  slicing.rules = "open";
  return &run.derived.slicings.emplace_back(std::move(slicing));
}

bool simplify_extension(Run&, Element& element) {
  if (element.path != "Extension" && !is_extension_path(element.path)) return false;
  if (element.base.path == "II.extension") return false;  // an element of a CDA model
  element.set_text(Field::definition, "An Extension");
  element.set_text(Field::short_text, "Extension");
  element.clear(Field::comment);
  element.clear(Field::requirements);
  element.clear(Field::alias);
  element.clear(Field::mapping);
  return true;
}

void state_constraint_sources(Element& element, std::string_view url) {
  for (Part& part : element.parts) {
    if (part.field == Field::constraint && part.node != nullptr && part.text.empty() &&
        part.child_text("source").empty()) {
      part.text = url;
    }
  }
}

}  // namespace concord::snapshot
