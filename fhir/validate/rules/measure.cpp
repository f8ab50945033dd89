// What a Measure needs for its reports to be told apart: groups, codes where there are several, and
// libraries for expressions in CQL. Source: hl7.org/fhir/R4/measure.html.

#include <string>

#include "fhir/validate/instances.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

std::string_view value_of(const Node& node, Symbol name) {
  const Node* found = node.child(name);
  return found == nullptr ? std::string_view{} : found->text();
}

/// The libraries of a measure that are loaded.
struct Libraries {
  std::vector<std::string_view> names;
};

class Measure final : public Rule {
 public:
  std::string_view id() const override { return "measure"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    library_ = symbols.find("library");
    group_ = symbols.find("group");
    population_ = symbols.find("population");
    stratifier_ = symbols.find("stratifier");
    component_ = symbols.find("component");
    criteria_ = symbols.find("criteria");
    language_ = symbols.find("language");
    expression_ = symbols.find("expression");
    code_ = symbols.find("code");
    name_ = symbols.find("name");
    supplement_ = symbols.find("supplementalData");
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Measure") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& measure, Context& context) {
    static_cast<const Measure*>(data)->check(measure, context);
  }

  void check(const Node& measure, Context& context) const {
    Libraries libraries;
    for (const Node* at = measure.child(library_); at != nullptr; at = at->next_same()) {
      const Instance library = find_instance("Library", at->text(), *at, context);
      if (library) {
        libraries.names.push_back(value_of(*library.node, name_));
      } else {
        context.information("MEASURE_M_LIB_UNKNOWN", "not-found", *at,
                            "The Library could not be resolved, so expression validation may not "
                            "be correct");
      }
    }
    if (measure.child(group_) == nullptr) {
      context.warning("MEASURE_M_NO_GROUPS", "required", measure,
                      "A measure should contain at least one group");
      return;
    }
    for (const Node* at = measure.child(supplement_); at != nullptr; at = at->next_same()) {
      if (const Node* criteria = at->child(criteria_)) {
        check_criteria(*criteria, libraries, context);
      }
    }
    const bool several = measure.count(group_) > 1;
    for (const Node* at = measure.child(group_); at != nullptr; at = at->next_same()) {
      check_group(*at, several, libraries, context);
    }
  }

  void check_group(const Node& group, bool several, const Libraries& libraries,
                   Context& context) const {
    if (several && group.child(code_) == nullptr) {
      context.warning("MEASURE_M_GROUP_CODE", "required", group, "Group should have a code");
    }
    if (group.child(population_) == nullptr) {
      context.warning("MEASURE_M_GROUP_POP", "required", group,
                      "Group should have at least one population");
    }
    need_codes(group, population_, "MEASURE_M_GROUP_POP_NO_CODE",
               "Group population should have a code when there is more than one population",
               context);
    need_codes(group, stratifier_, "MEASURE_M_GROUP_STRATA_NO_CODE",
               "Group stratifier should have a code when there is more than one stratifier",
               context);
    for (const Node* at = group.child(stratifier_); at != nullptr; at = at->next_same()) {
      if (const Node* criteria = at->child(criteria_)) {
        check_criteria(*criteria, libraries, context);
      }
      for (const Node* part = at->child(component_); part != nullptr; part = part->next_same()) {
        if (part->child(code_) == nullptr) {
          context.warning("MEASURE_M_GROUP_STRATA_COMP_NO_CODE", "required", *part,
                          "Group stratifier component should have a code");
        }
        if (const Node* criteria = part->child(criteria_)) {
          check_criteria(*criteria, libraries, context);
        }
      }
    }
    for (const Node* at = group.child(population_); at != nullptr; at = at->next_same()) {
      if (const Node* criteria = at->child(criteria_)) {
        check_criteria(*criteria, libraries, context);
      }
    }
  }

  void need_codes(const Node& group, Symbol name, std::string_view id, std::string_view text,
                  Context& context) const {
    if (group.count(name) < 2) return;
    for (const Node* at = group.child(name); at != nullptr; at = at->next_same()) {
      if (at->child(code_) == nullptr) {
        context.warning(id, "required", *at, std::string(text));
      }
    }
  }

  void check_criteria(const Node& criteria, const Libraries& libraries, Context& context) const {
    const std::string_view language = value_of(criteria, language_);
    if (language.empty() || language == "text/fhirpath" || language == "application/x-fhir-query") {
      return;
    }
    if (language != "text/cql" && language != "text/cql.identifier" &&
        language != "text/cql-identifier") {
      context.warning("MEASURE_M_CRITERIA_UNKNOWN", "required", criteria,
                      "The expression language is not supported, so may not evaluate correctly");
      return;
    }
    if (libraries.names.empty()) {
      context.error("MEASURE_M_CRITERIA_CQL_NO_LIB", "required", criteria,
                    "No CQL libraries found on this Measure");
      return;
    }
    const std::string_view expression = value_of(criteria, expression_);
    const std::size_t dot = expression.find('.');
    if (dot == std::string_view::npos) {
      if (libraries.names.size() > 1) {
        context.error("MEASURE_M_CRITERIA_CQL_ONLY_ONE_LIB", "required", criteria,
                      "Multiple CQL libraries found, so the library name must be part of the "
                      "expression");
      }
      return;
    }
    std::size_t named = 0;
    for (const std::string_view library : libraries.names)
      named += library == expression.substr(0, dot);
    if (named == 1) return;
    context.error(
        named == 0 ? "MEASURE_M_CRITERIA_CQL_LIB_NOT_FOUND" : "MEASURE_M_CRITERIA_CQL_LIB_DUPL",
        "required", criteria,
        named == 0 ? "No matching CQL library found on this Measure"
                   : "Multiple matching CQL libraries found on this Measure");
  }

  Symbol library_, group_, population_, stratifier_, component_, criteria_, language_, expression_,
      code_, name_, supplement_;
};

}  // namespace

void register_measure(rules::Table& table) { table.add(std::make_unique<Measure>()); }

}  // namespace concord::validate
