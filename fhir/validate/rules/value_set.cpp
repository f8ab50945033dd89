// What a ValueSet's compose has to keep beside its structure: systems, imports, filters, codes.
// Source: hl7.org/fhir/R4/valueset.html.

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/formats.h"
#include "fhir/validate/reach.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/validate/rules/shareable.h"

namespace concord::validate {

namespace {

using definitions::Type;
using terminology::CodeSystem;
using terminology::Content;
using terminology::Standing;
using terminology::Terminology;
using tree::Node;

constexpr std::string_view kRule = "business-rule";
constexpr std::string_view kIssue = "invalid";

std::string_view content_name(Content content) {
  switch (content) {
    case Content::fragment:
      return "a fragment";
    case Content::example:
      return "an example";
    default:
      return "published without its codes";
  }
}

class Check {
 public:
  Check(const Node& node, Context& context) : node_(node), context_(context) {}

  void run() {
    const Node* compose = child_of(&node_, "compose", context_);
    for (const std::string_view name : {"include", "exclude"}) {
      for (const Node* at : children_of(compose, name, context_)) part(*at);
    }
    if (!is_contained(node_, context_)) shareable();
  }

 private:
  const Terminology* terms() const { return context_.terminology(); }

  void part(const Node& include) {
    std::string_view system = text_of(&include, "system", context_);
    std::string_view version = text_of(&include, "version", context_);
    const std::size_t bar = system.find('|');
    if (bar != std::string_view::npos) {
      const std::string_view inside = system.substr(bar + 1);
      system = system.substr(0, bar);
      versioned(include, inside, version);
    }
    imports(include);
    const auto filters = children_of(&include, "filter", context_);
    const auto concepts = children_of(&include, "concept", context_);
    if (system.empty()) {
      if (!filters.empty() || !concepts.empty()) {
        context_.warning("VALUESET_NO_SYSTEM_WARNING", kRule, include,
                         "codes and filters without a system cannot be checked");
      }
      return;
    }
    if (!is_absolute_uri(system)) {
      const bool inside = system.starts_with('#');
      context_.error(
          inside ? "VALUESET_INCLUDE_SYSTEM_ABSOLUTE_FRAG" : "VALUESET_INCLUDE_SYSTEM_ABSOLUTE",
          kIssue, include,
          inside ? "the system must be an absolute address: name a contained code system by "
                   "its url, with the extension valueset-system"
                 : "the system must be an absolute address");
      if (inside) contained_system(include, system, version);
    }
    if (terms() == nullptr) return;
    const std::string canonical =
        version.empty() ? std::string(system) : std::string(system) + "|" + std::string(version);
    const CodeSystem* found = terms()->code_system(canonical);
    if (found == nullptr) {
      if (terms()->registry().value_set(system)) {
        context_.error("VALUESET_INCLUDE_WRONG_VS", kIssue, include,
                       "the system is the address of a value set, not of a code system");
        return;
      }
      if (!concepts.empty() && !Terminology::needs_release(system)) {
        const bool example =
            system.starts_with("http://example.org") || system.starts_with("https://example.org");
        if (example && context_.options().allow_examples) {
          context_.information("VALUESET_EXAMPLE_SYSTEM_HINT", kRule, include,
                               "the system is an example, so its codes are not checked");
        } else {
          context_.information("UNKNOWN_CODESYSTEM", kRule, *concepts.front(),
                               "the code system is not known, so its codes cannot be checked");
        }
      }
      return;
    }
    switch (found->content()) {
      case Content::supplement:
        context_.error("VALUESET_INCLUDE_CS_SUPPLEMENT", kIssue, include,
                       "the system is a supplement, which no value set may draw on");
        return;
      case Content::example:
      case Content::not_present:
        if (!Terminology::needs_release(system)) {
          context_.warning("VALUESET_INCLUDE_CS_CONTENT", kIssue, include,
                           "the code system is " + std::string(content_name(found->content())));
        }
        break;
      case Content::fragment:
        context_.information("VALUESET_INCLUDE_CS_CONTENT", kIssue, include,
                             "the code system is a fragment");
        break;
      case Content::complete:
      case Content::grammar:
        break;
    }
    if (found->content() == Content::complete) codes(concepts, *found, system, version);
    for (const Node* filter : filters) check_filter(*filter, *found);
  }

  void versioned(const Node& include, std::string_view inside, std::string_view version) {
    if (inside.empty()) {
      context_.warning("VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_0", kRule, include,
                       "the system ends in | without a version");
    } else {
      context_.error(version.empty()     ? "VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_1"
                     : inside != version ? "VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_2"
                                         : "VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_3",
                     kRule, include, "a version belongs in the element version, not in the system");
    }
  }

  void imports(const Node& include) {
    const auto sets = children_of(&include, "valueSet", context_);
    for (const Node* at : sets) {
      if (terms() == nullptr || at->text().empty()) continue;
      if (terms()->registry().value_set(at->text())) continue;
      const bool other =
          terms()->registry().code_system(at->text()) || terms()->registry().structure(at->text());
      context_.warning(other ? "VALUESET_REFERENCE_INVALID_TYPE" : "VALUESET_REFERENCE_UNKNOWN",
                       kRule, *at,
                       other ? "what is imported is no value set" : "the value set is not known");
    }
    if (sets.size() > 1) {
      context_.warning("VALUESET_IMPORT_UNION_INTERSECTION", "informational", include,
                       "several value sets in one include mean what they have in common");
    }
  }

  void contained_system(const Node& include, std::string_view system, std::string_view version) {
    std::size_t found = 0;
    for (const Node* at : children_of(&node_, "contained", context_)) {
      if (text_of(at, "id", context_) != system.substr(1)) continue;
      if (context_.document().text(at->type()) != "CodeSystem") {
        context_.error("VALUESET_INCLUDE_CS_NOT_CS", kIssue, include,
                       "the contained resource is no CodeSystem");
      } else if (version.empty() || version == text_of(at, "version", context_)) {
        ++found;
      }
    }
    if (found == 1) return;
    const bool none = found == 0, plain = version.empty();
    context_.error(
        none ? (plain ? "VALUESET_INCLUDE_CS_NOT_FOUND" : "VALUESET_INCLUDE_CSVER_NOT_FOUND")
             : (plain ? "VALUESET_INCLUDE_CS_MULTI_FOUND" : "VALUESET_INCLUDE_CSVER_MULTI_FOUND"),
        kIssue, include,
        none ? "there is no such contained code system"
             : "several contained code systems have this id");
  }

  void codes(const std::vector<const Node*>& concepts, const CodeSystem& system,
             std::string_view url, std::string_view version) {
    for (const Node* at : concepts) {
      const std::string_view code = text_of(at, "code", context_);
      if (code.empty()) continue;
      const auto check = terms()->check({url, code, text_of(at, "display", context_), version});
      if (check.standing == Standing::unknown_code) {
        context_.error(version.empty() ? "VALUESET_INCLUDE_INVALID_CONCEPT_CODE"
                                       : "VALUESET_INCLUDE_INVALID_CONCEPT_CODE_VER",
                       kRule, *at,
                       "the code system " + std::string(system.url()) + " has no such code");
      } else if (check.display == terminology::DisplayStanding::wrong) {
        context_.information(
            version.empty() ? "VALUESET_CODE_CONCEPT_HINT" : "VALUESET_CODE_CONCEPT_HINT_VER",
            "informational", *at, "the display is not one of the code system");
      }
    }
  }

  // ---- filters

  struct Rules {
    bool known = false;
    std::string_view type;   ///< of values; empty: any
    bool hierarchy = false;  ///< the property is the concept itself
  };

  Rules rules_for(std::string_view property, const CodeSystem& system) const {
    if (property == "concept" || property == "code") return {true, "code", true};
    if (property == "display" || property == "definition" || property == "designation") {
      return {true, "string", false};
    }
    struct Row {
      std::string_view name, type;
    };
    constexpr Row kStandard[] = {{"inactive", "boolean"},
                                 {"notSelectable", "boolean"},
                                 {"status", "code"},
                                 {"parent", "code"},
                                 {"child", "code"},
                                 {"partOf", "code"},
                                 {"synonym", "code"},
                                 {"comment", "string"},
                                 {"itemWeight", "decimal"},
                                 {"effectiveDate", "dateTime"},
                                 {"deprecationDate", "dateTime"},
                                 {"retirementDate", "dateTime"}};
    for (const auto& [name, type] : kStandard) {
      if (name == property) return {true, type, false};
    }
    Rules found;
    const auto probe = system.select({property, "exists", "true"});
    found.known = probe.has_value();
    if (!probe || probe->empty()) return found;
    system.properties(probe->next(0), [&](const terminology::Property& one) {
      if (one.code == property) found.type = one.type;
    });
    return found;
  }

  void check_filter(const Node& filter, const CodeSystem& system) {
    const std::string_view property = text_of(&filter, "property", context_),
                           op = text_of(&filter, "op", context_);
    if (property.empty() || system.content() == Content::grammar ||
        Terminology::needs_release(system.url())) {
      return;
    }
    const Rules rules = rules_for(property, system);
    if (!rules.known) {
      if (system.content() == Content::complete) {
        context_.warning("VALUESET_UNKNOWN_FILTER_PROPERTY", kIssue, filter,
                         "the code system " + std::string(system.url()) + " has no such property");
      }
      return;
    }
    const bool tree_op = op == "is-a" || op == "descendent-of" || op == "is-not-a" ||
                         op == "generalizes" || op == "child-of" || op == "descendent-leaf";
    if (!op.empty() && !rules.hierarchy && tree_op && rules.type != "code") {
      context_.error("VALUESET_BAD_FILTER_OP", kIssue, filter,
                     "the operator is for concepts, not for this property");
    }
    const Node* given = child_of(&filter, "value", context_);
    const std::string_view value = given == nullptr ? std::string_view{} : given->text();
    if (value.empty()) return;
    if (op == "exists") {
      if (value != "true" && value != "false") {
        context_.error("VALUESET_BAD_FILTER_VALUE_BOOLEAN", kIssue, filter,
                       "the value for exists is true or false");
      }
      return;
    }
    if (op == "regex" || op == "in" || op == "not-in") return;
    const auto wrong = [&](std::string_view id, std::string_view what) {
      context_.error(id, kIssue, filter, "the value must be " + std::string(what));
    };
    if (rules.type == "boolean" && value != "true" && value != "false") {
      wrong("VALUESET_BAD_FILTER_VALUE_BOOLEAN", "true or false");
    } else if (rules.type == "integer" && !is_integer(value)) {
      wrong("VALUESET_BAD_FILTER_VALUE_INTEGER", "an integer");
    } else if (rules.type == "decimal" && !is_decimal(value)) {
      wrong("VALUESET_BAD_FILTER_VALUE_DECIMAL", "a decimal");
    } else if (rules.type == "dateTime" && !is_date_time(value)) {
      wrong("VALUESET_BAD_FILTER_VALUE_DATETIME", "a dateTime");
    } else if (rules.type == "code" && !is_code(value)) {
      wrong("VALUESET_BAD_FILTER_VALUE_CODE", "a code");
    } else if (rules.hierarchy && system.content() == Content::complete && !system.has(value)) {
      wrong("VALUESET_BAD_FILTER_VALUE_VALID_CODE", "a code of the system");
    }
  }

  void shareable() {
    static constexpr rules::ShareableIds kIds{
        "VALUESET_SHAREABLE_MISSING_HL7", "VALUESET_SHAREABLE_MISSING",
        "VALUESET_SHAREABLE_EXTRA_MISSING_HL7", "VALUESET_SHAREABLE_EXTRA_MISSING"};
    rules::check_shareable(node_, rules::kShareable, kIds, "a value set", context_);
  }

  const Node& node_;
  Context& context_;
};

void check(const void*, const Node& node, Context& context) { Check(node, context).run(); }

class ValueSetRule final : public Rule {
 public:
  std::string_view id() const override { return "value_set"; }
  void compile(const Type& type, Plan& plan) override {
    if (type.text() == "ValueSet") plan.on_node(&check);
  }
};

}  // namespace

void register_value_set(rules::Table& table) { table.add(std::make_unique<ValueSetRule>()); }

}  // namespace concord::validate
