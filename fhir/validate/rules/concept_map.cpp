// What a ConceptMap has to keep beside its structure: the codes of its groups are codes of the
// systems and value sets it names. Source: hl7.org/fhir/R4/conceptmap.html.

#include <map>

#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/reach.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/validate/rules/shareable.h"

namespace concord::validate {

namespace {

using definitions::Type;
using terminology::Answer;
using terminology::CodeSystem;
using terminology::Content;
using terminology::DisplayStanding;
using terminology::Standing;
using terminology::Terminology;
using tree::Node;

/// One side of a map: what its findings are called.
struct Side {
  std::string_view name;  ///< "source"
  std::string_view missing, unknown, server, incomplete, code, code_in_set, display;
};
constexpr Side kSource{"source",
                       "CONCEPTMAP_GROUP_SOURCE_MISSING",
                       "CONCEPTMAP_GROUP_SOURCE_UNKNOWN",
                       "CONCEPTMAP_GROUP_SOURCE_SERVER_SIDE",
                       "CONCEPTMAP_GROUP_SOURCE_INCOMPLETE",
                       "CONCEPTMAP_GROUP_SOURCE_CODE_INVALID",
                       "CONCEPTMAP_GROUP_SOURCE_CODE_INVALID_VS",
                       "CONCEPTMAP_GROUP_SOURCE_DISPLAY_INVALID"};
constexpr Side kTarget{"target",
                       "CONCEPTMAP_GROUP_TARGET_MISSING",
                       "CONCEPTMAP_GROUP_TARGET_UNKNOWN",
                       "CONCEPTMAP_GROUP_TARGET_SERVER_SIDE",
                       "CONCEPTMAP_GROUP_TARGET_INCOMPLETE",
                       "CONCEPTMAP_GROUP_TARGET_CODE_INVALID",
                       "CONCEPTMAP_GROUP_TARGET_CODE_INVALID_VS",
                       "CONCEPTMAP_GROUP_TARGET_DISPLAY_INVALID"};

class Check {
 public:
  Check(const Node& node, const Terminology& terms, Context& context)
      : node_(node), terms_(terms), context_(context) {}

  void run() {
    const auto from = scope("source"), to = scope("target");
    for (const Node* group : children_of(&node_, "group", context_)) {
      one_group(*group, from, to);
    }
    if (!is_contained(node_, context_)) shareable();
  }

 private:
  using Set = std::shared_ptr<const terminology::ValueSet>;

  Set scope(std::string_view name) {
    const Node* at = choice_of(&node_, name, context_);
    if (at == nullptr || at->text().empty()) return nullptr;
    Set set = terms_.value_set(at->text());
    if (set == nullptr && terms_.registry().code_system(at->text())) {
      context_.error("CONCEPTMAP_VS_NOT_A_VS", "invalid", *at, "this is no value set");
    }
    return set;
  }

  /// The code system of one side, when it is here and whole.
  const CodeSystem* system_of(const Node& group, const Side& side, const Set& set,
                              std::string_view& url, std::string_view& version) {
    const Node* at = child_of(&group, side.name, context_);
    if (at == nullptr) {
      context_.warning(
          side.missing, "required", group,
          "without the system of the " + std::string(side.name) + " its codes cannot be checked");
      return nullptr;
    }
    url = at->text();
    version = text_of(&group, side.name == "source" ? "sourceVersion" : "targetVersion", context_);
    const std::string canonical =
        version.empty() ? std::string(url) : std::string(url) + "|" + std::string(version);
    const CodeSystem* system = terms_.code_system(canonical);
    if (url == "http://snomed.info/sct" || url == "http://loinc.org") {
      context_.information(side.server, "business-rule", *at,
                           "the codes of this system can be checked with its release only");
      return nullptr;
    }
    if (system == nullptr) {
      if (set == nullptr) {
        context_.warning(side.unknown, "not-found", *at,
                         "the code system is not known, so its codes cannot be checked");
      }
      return nullptr;
    }
    if (system->content() != Content::complete && system->content() != Content::fragment) {
      if (system->content() != Content::grammar) {
        context_.warning(side.incomplete, "not-found", *at, "the code system is not here whole");
      }
      return nullptr;
    }
    return system;
  }

  void one_group(const Node& group, const Set& from, const Set& to) {
    std::string_view source_url, source_version, target_url, target_version;
    const CodeSystem* source = system_of(group, kSource, from, source_url, source_version);
    const CodeSystem* target = system_of(group, kTarget, to, target_url, target_version);
    std::map<std::pair<std::string_view, std::string_view>, std::string_view> seen;
    for (const Node* element : children_of(&group, "element", context_)) {
      const std::string_view code = text_of(element, "code", context_);
      if (source != nullptr) one_code(*element, kSource, *source, source_url, from);
      for (const Node* at : children_of(element, "target", context_)) {
        if (target != nullptr) one_code(*at, kTarget, *target, target_url, to);
        const std::string_view other = text_of(at, "code", context_),
                               how = text_of(at, "equivalence", context_);
        if (code.empty() || how.empty()) continue;
        const auto [known, is_new] = seen.try_emplace({code, other}, how);
        if (is_new) continue;
        const bool same = known->second == how;
        context_.warning(same ? "CONCEPTMAP_GROUP_TARGET_DUPLICATION"
                              : "CONCEPTMAP_GROUP_TARGET_DUPLICATION_DIFFERENT",
                         "business-rule", *at,
                         same ? "the same mapping is given twice"
                              : "the same codes are mapped with two equivalences");
      }
    }
  }

  void one_code(const Node& node, const Side& side, const CodeSystem& system, std::string_view url,
                const Set& set) {
    const Node* at = child_of(&node, "code", context_);
    if (at == nullptr || at->text().empty()) return;
    const Concept concept_number = system.find(at->text());
    const std::string name(system.url());
    if (concept_number == terminology::kNoConcept) {
      context_.report(system.content() == Content::complete ? Severity::error : Severity::warning,
                      side.code, "required", *at, "the code system " + name + " has no such code");
      return;
    }
    const std::string_view display = text_of(&node, "display", context_);
    if (!display.empty()) {
      const auto check = terms_.check({url, at->text(), display, {}});
      if (check.display == DisplayStanding::wrong) {
        context_.warning(side.display, "required", *at,
                         "the display is not the code's in the code system " + name);
      }
    }
    if (set != nullptr && set->contains(url, at->text()) == Answer::no) {
      context_.report(system.content() == Content::complete ? Severity::error : Severity::warning,
                      side.code_in_set, "required", *at,
                      "the code is not in the value set " + std::string(set->url()));
    }
  }
  using Concept = terminology::Concept;

  void shareable() {
    static constexpr rules::ShareableIds kIds{
        "CONCEPTMAP_SHAREABLE_MISSING_HL7", "CONCEPTMAP_SHAREABLE_MISSING",
        "CONCEPTMAP_SHAREABLE_EXTRA_MISSING_HL7", "CONCEPTMAP_SHAREABLE_EXTRA_MISSING"};
    rules::check_shareable(node_, rules::kShareable, kIds, "a concept map", context_);
  }

  const Node& node_;
  const Terminology& terms_;
  Context& context_;
};

void check(const void*, const Node& node, Context& context) {
  if (context.terminology() != nullptr) Check(node, *context.terminology(), context).run();
}

class ConceptMapRule final : public Rule {
 public:
  std::string_view id() const override { return "concept_map"; }
  void compile(const Type& type, Plan& plan) override {
    if (type.text() == "ConceptMap") plan.on_node(&check);
  }
};

}  // namespace

void register_concept_map(rules::Table& table) { table.add(std::make_unique<ConceptMapRule>()); }

}  // namespace concord::validate
