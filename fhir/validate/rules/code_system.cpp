// What a CodeSystem has to keep beside its structure: counts, properties, supplements, codes given
// twice. Source: hl7.org/fhir/R4/codesystem.html.

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "fhir/terminology/terminology.h"
#include "fhir/validate/reach.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/validate/rules/shareable.h"

namespace concord::validate {

namespace {

using definitions::Type;
using terminology::Standing;
using tree::Node;

constexpr std::string_view kRule = "business-rule";
constexpr std::string_view kProperties = "http://hl7.org/fhir/concept-properties#";

/// A property the standard names, and its type.
struct Known {
  std::string_view code, type;
  bool internal;  ///< its values are codes of the same system
};
constexpr std::array kKnown{Known{"status", "code", false},
                            Known{"inactive", "boolean", false},
                            Known{"effectiveDate", "dateTime", false},
                            Known{"deprecationDate", "dateTime", false},
                            Known{"retirementDate", "dateTime", false},
                            Known{"notSelectable", "boolean", false},
                            Known{"parent", "code", true},
                            Known{"child", "code", true},
                            Known{"partOf", "code", true},
                            Known{"synonym", "code", true},
                            Known{"comment", "string", false},
                            Known{"itemWeight", "decimal", false}};

const Known* known(std::string_view code) {
  const auto* at = std::find_if(kKnown.begin(), kKnown.end(),
                                [&](const Known& row) { return row.code == code; });
  return at == kKnown.end() ? nullptr : at;
}

class Check {
 public:
  Check(const Node& node, Context& context)
      : node_(node),
        context_(context),
        url_(text("url")),
        content_(text("content")),
        supplements_(text("supplements")) {}

  void run() {
    concepts_ = all_concepts();
    metadata();
    counts();
    all_codes();
    supplement();
    if (is_contained(node_, context_))
      contained();
    else
      shareable();
    definitions();
    codes();
  }

 private:
  struct Concept {
    const Node* node;
    bool nested;
  };
  struct Property {
    std::string_view type;
    bool internal = false;
    bool checked = false;  ///< its codes are looked for in the system, with a warning
  };

  std::string_view text(std::string_view name) const { return text_of(&node_, name, context_); }
  void error(std::string_view id, const Node& at, std::string what, std::string_view type = kRule) {
    context_.error(id, type, at, std::move(what));
  }
  void warning(std::string_view id, const Node& at, std::string what,
               std::string_view type = kRule) {
    context_.warning(id, type, at, std::move(what));
  }
  void hint(std::string_view id, const Node& at, std::string what, std::string_view type = kRule) {
    context_.information(id, type, at, std::move(what));
  }

  /// The tree as a list, parents first; iterative, since depth is the sender's.
  std::vector<Concept> all_concepts() const {
    std::vector<Concept> found;
    std::vector<Concept> open;
    const auto push = [&](const Node& parent, bool nested) {
      auto below = children_of(&parent, "concept", context_);
      for (auto at = below.rbegin(); at != below.rend(); ++at) open.push_back({*at, nested});
    };
    push(node_, false);
    while (!open.empty()) {
      const Concept at = open.back();
      open.pop_back();
      found.push_back(at);
      push(*at.node, true);
    }
    return found;
  }

  bool of_hl7() const {
    return url_.find("hl7.org") != std::string_view::npos ||
           url_.find("fhir.org") != std::string_view::npos;
  }

  void metadata() {
    if (context_.options().for_publication && url_.find("hl7.org") != std::string_view::npos &&
        url_.find("terminology.hl7.org") == std::string_view::npos &&
        url_.find("hl7.org/cda/stds/core") == std::string_view::npos) {
      hint("CODESYSTEM_THO_CHECK", node_,
           "most code systems of HL7 move to terminology.hl7.org; consider an address there now");
    }
    const Node* content = child_of(&node_, "content", context_);
    if (!supplements_.empty()) {
      if (content_ != "supplement") {
        error("CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL_WRONG",
              content == nullptr ? node_ : *content,
              "a code system that supplements another has the content supplement");
      }
      if (const Node* at = child_of(&node_, "caseSensitive", context_)) {
        if (at->has_value()) {
          error("CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL", *at,
                "a supplement must not say caseSensitive");
        }
      }
      return;
    }
    if (content_.empty()) {
      const Node& at = content == nullptr ? node_ : *content;
      if (of_hl7()) {
        error("CODESYSTEM_CS_HL7_MISSING_ELEMENT_SHALL", at,
              "code systems of HL7 must say their content");
      } else {
        warning("CODESYSTEM_CS_NONHL7_MISSING_ELEMENT", at,
                "code systems should say their content");
      }
    } else if (content_ == "supplement") {
      error("CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL_MISSING", *content,
            "a supplement must name the code system it supplements");
    }
    should_say("caseSensitive");
    const bool nested = std::any_of(concepts_.begin(), concepts_.end(),
                                    [](const Concept& at) { return at.nested; });
    if (nested) should_say("hierarchyMeaning");
  }

  void should_say(std::string_view name) {
    if (!text(name).empty()) return;
    const Node* at = child_of(&node_, name, context_);
    const std::string what = "code systems should say their " + std::string(name);
    if (of_hl7()) {
      warning("CODESYSTEM_CS_HL7_MISSING_ELEMENT_SHOULD", at == nullptr ? node_ : *at, what);
    } else {
      hint("CODESYSTEM_CS_NONHL7_MISSING_ELEMENT", at == nullptr ? node_ : *at, what);
    }
  }

  void counts() {
    if (concepts_.empty() && content_ == "complete") {
      warning("CODESYSTEM_CS_COMPLETE_AND_EMPTY", node_, "a complete code system without concepts");
    }
    if (content_ == "not-present" && !concepts_.empty()) {
      error("CODESYSTEM_CS_COUNT_NO_CONTENT_ALLOWED", *concepts_.front().node,
            "the code system says its concepts are not present, but some are", "invalid");
    }
    const Node* at = child_of(&node_, "count", context_);
    if (at == nullptr || !at->has_value()) return;
    std::size_t stated = 0;
    const std::string_view digits = at->text();
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), stated);
    if (failed != std::errc{} || end != digits.data() + digits.size()) return;
    const std::string has = std::to_string(concepts_.size());
    if (content_ == "complete" && stated != concepts_.size()) {
      error("CODESYSTEM_CS_COUNT_COMPLETE_WRONG", *at,
            "the code system is complete with " + has + " concepts, and states another number",
            "invalid");
    } else if ((content_ == "example" || content_ == "fragment") && concepts_.size() >= stated) {
      warning("CODESYSTEM_CS_COUNT_FRAGMENT_WRONG", *at,
              "the code system is a part, and has as many concepts as it states for the whole",
              "invalid");
    } else if (content_ == "not-present" && !concepts_.empty() && stated == 0) {
      hint("CODESYSTEM_CS_COUNT_NOTPRESENT_ZERO", *concepts_.front().node,
           "the number of concepts is stated as 0", "invalid");
    }
  }

  /// CodeSystem.valueSet: the value set of all codes.
  void all_codes() {
    const std::string_view set_url = text("valueSet");
    if (set_url.empty()) return;
    if (content_ != "complete" && content_ != "supplement") {
      hint("CODESYSTEM_CS_NO_VS_NOTCOMPLETE", node_,
           "a code system that is not whole should not name a value set of all its codes");
    } else if (content_ == "supplement") {
      warning("CODESYSTEM_CS_NO_VS_SUPPLEMENT1", node_,
              "a supplement should not name a value set of all codes");
    }
  }

  void supplement() {
    if (content_ != "supplement" || supplements_.empty() || context_.terminology() == nullptr) {
      return;
    }
    const std::string_view base = supplements_.substr(0, supplements_.find('|'));
    const std::string_view version = base.size() == supplements_.size()
                                         ? std::string_view{}
                                         : supplements_.substr(base.size() + 1);
    const auto* system = context_.terminology()->code_system(supplements_);
    if (system == nullptr || system->content() != terminology::Content::complete) {
      if (!concepts_.empty()) {
        warning("CODESYSTEM_CS_SUPP_CANT_CHECK", node_,
                "the code system supplemented is not here, so the codes cannot be checked");
      }
      return;
    }
    for (const Concept& at : concepts_) {
      const std::string_view code = text_of(at.node, "code", context_);
      if (at.nested || code.empty()) continue;
      if (context_.terminology()->check({base, code, {}, version}).standing ==
          Standing::unknown_code) {
        error("CODESYSTEM_CS_SUPP_INVALID_CODE", *at.node,
              "the code system supplemented has no such code");
      }
    }
  }

  void contained() {
    const Node* root = &context_.document().root();
    const std::string_view type = context_.document().text(root->type());
    if (type == "Questionnaire" || type == "CodeSystem") return;
    hint("CODESYSTEM_NOT_CONTAINED", node_,
         "a code system inside another resource cannot be used elsewhere");
  }

  void shareable() {
    static constexpr rules::ShareableIds kIds{
        "CODESYSTEM_SHAREABLE_MISSING_HL7", "CODESYSTEM_SHAREABLE_MISSING",
        "CODESYSTEM_SHAREABLE_EXTRA_MISSING_HL7", "CODESYSTEM_SHAREABLE_EXTRA_MISSING"};
    static constexpr std::string_view kOwn[] = {"content", "caseSensitive"};
    rules::check_shareable(node_, rules::kShareable, kIds, "a code system", context_);
    rules::check_shareable(node_, std::span(kOwn, content_ == "supplement" ? 1 : 2), kIds,
                           "a code system", context_);
  }

  /// CodeSystem.property.
  void definitions() {
    std::set<std::string_view> uris;
    for (const Node* at : children_of(&node_, "property", context_)) {
      const std::string_view uri = text_of(at, "uri", context_),
                             code = text_of(at, "code", context_),
                             type = text_of(at, "type", context_);
      const Known* by_code = known(code);
      const Known* by_uri = nullptr;
      if (!uri.empty()) {
        if (!is_absolute_uri(uri)) {
          error("CODESYSTEM_PROPERTY_ABSOLUTE_URI", *at, "the uri of a property must be absolute");
        } else if (!uris.insert(uri).second) {
          error("CODESYSTEM_PROPERTY_DUPLICATE_URI", *at, "two properties have the same uri");
        }
        if (uri.starts_with(kProperties)) by_uri = known(uri.substr(kProperties.size()));
        const bool base_spec = url_.starts_with("http://hl7.org/fhir/") &&
                               url_.substr(20).find('/') == std::string_view::npos;
        if (by_uri == nullptr && uri.find("://hl7.org/fhir") != std::string_view::npos &&
            !base_spec && !(uri.starts_with(url_) && !url_.empty())) {
          error("CODESYSTEM_PROPERTY_BAD_HL7_URI", *at, "FHIR has no such property");
        }
      }
      if (by_uri != nullptr && by_code != nullptr && by_uri != by_code) {
        error("CODESYSTEM_PROPERTY_URI_CODE_MISMATCH", *at,
              "the uri is that of the property " + std::string(by_uri->code) +
                  ", the code is another's");
      }
      if (by_uri != nullptr && !type.empty() && type != by_uri->type) {
        error("CODESYSTEM_PROPERTY_URI_TYPE_MISMATCH", *at,
              "the property " + std::string(by_uri->code) + " has the type " +
                  std::string(by_uri->type));
      }
      if (uri.empty() && by_code != nullptr) {
        warning("CODESYSTEM_PROPERTY_KNOWN_CODE_SUGGESTIVE", *at,
                "the code is that of a property of the standard; give its uri if it is meant");
        if (!type.empty() && type != by_code->type) {
          warning("CODESYSTEM_PROPERTY_CODE_TYPE_MISMATCH", *at,
                  "the property of the standard with this code has the type " +
                      std::string(by_code->type));
        }
      } else if (uri.empty() && !code.empty()) {
        hint("CODESYSTEM_PROPERTY_UNKNOWN_CODE", *at, "the property is not known without a uri");
      }
      if (code.empty()) continue;
      const Property property{type, by_uri != nullptr && by_uri->internal,
                              by_uri == nullptr && type == "code"};
      if (!properties_.emplace(code, property).second) {
        error("CODESYSTEM_PROPERTY_DUPLICATE_CODE", *at, "two properties have the same code");
      }
    }
  }

  void codes() {
    std::set<std::string_view> seen;
    bool no_display = false, no_definition = false;
    const bool hl7 = url_.find("hl7") != std::string_view::npos;
    for (const Concept& at : concepts_) {
      const std::string_view code = text_of(at.node, "code", context_);
      if (!seen.insert(code).second) {
        error("CODESYSTEM_DUPLICATE_CODE", *at.node, "two concepts have the same code");
      }
      if (hl7 && !no_display && child_of(at.node, "display", context_) == nullptr) {
        no_display = true;
        warning("CODESYSTEM_CONCEPT_NO_DISPLAY", *at.node,
                "code systems of HL7 should have a display for every concept");
      }
      if (hl7 && !no_definition && child_of(at.node, "definition", context_) == nullptr) {
        no_definition = true;
        warning("CODESYSTEM_CONCEPT_NO_DEFINITION", *at.node,
                "code systems of HL7 should have a definition for every concept");
      }
      designations(*at.node);
    }
    for (const Concept& at : concepts_) {
      for (const Node* property : children_of(at.node, "property", context_)) {
        value(*property, seen);
      }
    }
  }

  void designations(const Node& concept_node) {
    const std::string_view own = text("language");
    const std::string_view display = text_of(&concept_node, "display", context_);
    for (const Node* at : children_of(&concept_node, "designation", context_)) {
      if (child_of(at, "use", context_) != nullptr || display.empty()) continue;
      const std::string_view language = text_of(at, "language", context_);
      if (text_of(at, "value", context_) == display) continue;
      if (own.empty() && language.empty()) {
        warning("CODESYSTEM_DESIGNATION_DISP_CLASH_NO_LANG", *at,
                "a designation without use and language differs from the display");
      } else if (!own.empty() && (language.empty() || language == own)) {
        warning("CODESYSTEM_DESIGNATION_DISP_CLASH_LANG", *at,
                "a designation without use, in the language of the display, differs from it");
      }
    }
  }

  void value(const Node& property, const std::set<std::string_view>& seen) {
    const std::string_view code = text_of(&property, "code", context_);
    if (code.empty()) return;
    const auto defined = properties_.find(code);
    if (defined == properties_.end()) {
      warning("CODESYSTEM_PROPERTY_UNDEFINED", property,
              "the code system does not define this property");
    }
    const Node* given = choice_of(&property, "value", context_);
    if (given == nullptr) {
      return error("CODESYSTEM_PROPERTY_NO_VALUE", property, "the property has no value");
    }
    if (defined == properties_.end()) return;
    const std::string_view type = context_.document().text(given->type());
    if (!defined->second.type.empty() && type != defined->second.type) {
      return error("CODESYSTEM_PROPERTY_WRONG_TYPE", property,
                   "the property has the type " + std::string(defined->second.type));
    }
    if (type != "code" || !supplements_.empty()) return;
    if (seen.contains(given->text()) || (!defined->second.internal && !defined->second.checked)) {
      return;
    }
    constexpr std::string_view kWhat = "the code system has no concept with this code";
    if (defined->second.internal) {
      error("CODESYSTEM_PROPERTY_BAD_INTERNAL_REFERENCE", property, std::string(kWhat), "invalid");
    } else {
      warning("CODESYSTEM_PROPERTY_BAD_INTERNAL_REFERENCE", property, std::string(kWhat),
              "invalid");
    }
  }

  const Node& node_;
  Context& context_;
  std::string_view url_, content_, supplements_;
  std::vector<Concept> concepts_;
  std::map<std::string_view, Property> properties_;
};

void check(const void*, const Node& node, Context& context) { Check(node, context).run(); }

class CodeSystemRule final : public Rule {
 public:
  std::string_view id() const override { return "code_system"; }
  void compile(const Type& type, Plan& plan) override {
    if (type.text() == "CodeSystem") plan.on_node(&check);
  }
};

}  // namespace

void register_code_system(rules::Table& table) { table.add(std::make_unique<CodeSystemRule>()); }

}  // namespace concord::validate
