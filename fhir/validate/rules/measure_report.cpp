// A MeasureReport against the Measure it names: groups, populations, stratifiers and scores.
// Source: hl7.org/fhir/R4/measurereport.html, measure.html.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fhir/core/decimal.h"
#include "fhir/validate/instances.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Definitions;
using tree::Node;
using tree::Symbol;

constexpr std::string_view kRule = "business-rule";
constexpr std::size_t kMostCompared = 2'000'000;  // pairs of codes in one report

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

struct Names {
  Symbol measure, type, group, population, stratifier, code, coding, system, text, count,
      subject_results, scoring, score, value, unit, reference;
  explicit Names(const tree::Symbols& symbols)
      : measure(symbols.find("measure")),
        type(symbols.find("type")),
        group(symbols.find("group")),
        population(symbols.find("population")),
        stratifier(symbols.find("stratifier")),
        code(symbols.find("code")),
        coding(symbols.find("coding")),
        system(symbols.find("system")),
        text(symbols.find("text")),
        count(symbols.find("count")),
        subject_results(symbols.find("subjectResults")),
        scoring(symbols.find("scoring")),
        score(symbols.find("measureScore")),
        value(symbols.find("value")),
        unit(symbols.find("unit")),
        reference(symbols.find("reference")) {}
};

std::string_view value_of(const Node* node, Symbol name) {
  const Node* found = node == nullptr ? nullptr : node->child(name);
  return found == nullptr ? std::string_view{} : found->text();
}

std::vector<const Node*> all(const Node& parent, Symbol name) {
  std::vector<const Node*> found;
  for (const Node* at = parent.child(name); at != nullptr; at = at->next_same()) {
    found.push_back(at);
  }
  return found;
}

/// What the three kinds of parts have in common: a part of the report is the one of the measure
/// whose code it has. The ids of what is said differ.
struct Kind {
  std::string_view no_code, unknown, duplicate, missing, wrong;
  std::string_view name;
  bool may_be_anonymous;  ///< when there is one on each side
};
constexpr Kind kGroup{"MEASURE_MR_GRP_NO_CODE",
                      "MEASURE_MR_GRP_UNK_CODE",
                      "MEASURE_MR_GRP_DUPL_CODE",
                      "MEASURE_MR_GRP_MISSING_BY_CODE",
                      "MEASURE_MR_GRP_NO_WRONG_CODE",
                      "group",
                      true};
constexpr Kind kPopulation{"MEASURE_MR_GRP_POP_NO_CODE",
                           "MEASURE_MR_GRP_POP_UNK_CODE",
                           "MEASURE_MR_GRP_POP_DUPL_CODE",
                           "MEASURE_MR_GRP_MISSING_BY_CODE",
                           "MEASURE_MR_GRP_POP_NO_WRONG_CODE",
                           "group population",
                           false};
constexpr Kind kStratifier{"MEASURE_MR_GRP_STRAT_NO_CODE",
                           "MEASURE_MR_GRP_STRAT_UNK_CODE",
                           "MEASURE_MR_GRP_STRAT_DUPL_CODE",
                           "MEASURE_MR_GRP_STRAT_MISSING_BY_CODE",
                           "MEASURE_MR_GRP_STRAT_NO_WRONG_CODE",
                           "group stratifier",
                           false};

/// One report against one measure.
class Comparison {
 public:
  Comparison(const Names& names, const Node& report, const Node& measure, Context& context)
      : names_(names), report_(report), measure_(measure), context_(context) {}

  void check() {
    report_type_ = value_of(&report_, names_.type);
    if (const Node* scoring = measure_.child(names_.scoring)) {
      for (const Node* at : all(*scoring, names_.coding)) {
        if (scoring_.empty()) scoring_ = value_of(at, names_.code);
      }
    }
    if (!is_one_of(scoring_, {"proportion", "ratio", "continuous-variable", "cohort"})) {
      context_.information("MEASURE_MR_M_SCORING_UNK", kRule, *report_.child(names_.measure),
                           "The scoring system in this measure is unknown, so the measureScore "
                           "values cannot be checked");
    }
    const auto defined = all(measure_, names_.group);
    if (defined.empty()) return;
    match(kGroup, report_, all(report_, names_.group), defined, report_type_ == "data-collection",
          [this](const Node& group, const Node& definition) { check_group(group, definition); });
  }

 private:
  void error(std::string_view id, const Node& node, std::string text,
             std::string_view distinct = {}) {
    context_.error(id, kRule, node, std::move(text), {}, distinct);
  }

  template <typename Found>
  void match(const Kind& kind, const Node& owner, const std::vector<const Node*>& parts,
             const std::vector<const Node*>& defined, bool may_miss, Found&& found) {
    if (kind.may_be_anonymous && parts.size() == 1 && defined.size() == 1) {
      const Node* a = parts[0]->child(names_.code);
      const Node* b = defined[0]->child(names_.code);
      if (a != nullptr && b != nullptr && !same_code(*a, *b)) {
        error(kind.wrong, *parts[0],
              "The code for this " + std::string(kind.name) +
                  " does not match the code in the measure");
      }
      found(*parts[0], *defined[0]);
      return;
    }
    std::vector<bool> met(defined.size());
    for (const Node* part : parts) {
      const Node* code = part->child(names_.code);
      if (code == nullptr) {
        error(kind.no_code, *part,
              "Group should have a code that matches the " + std::string(kind.name) +
                  " definition in the measure");
        continue;
      }
      const auto at = std::find_if(defined.begin(), defined.end(), [&](const Node* definition) {
        const Node* other = definition->child(names_.code);
        return other != nullptr && same_code(*code, *other);
      });
      if (at == defined.end()) {
        error(kind.unknown, *part,
              "The code for this " + std::string(kind.name) +
                  " has no match in the measure definition");
        continue;
      }
      const auto index = static_cast<std::size_t>(at - defined.begin());
      if (met[index]) {
        error(kind.duplicate, *part,
              "The code for this " + std::string(kind.name) + " is duplicated with another");
        continue;
      }
      met[index] = true;
      found(*part, **at);
    }
    if (may_miss) return;
    for (std::size_t i = 0; i < defined.size(); ++i) {
      if (met[i] || is_observation(*defined[i])) continue;
      error(kind.missing, owner,
            "The MeasureReport does not include a part for each " + std::string(kind.name) +
                " of the measure",
            std::string(kind.name) + std::to_string(i));
    }
  }

  /// Populations of single observations are reported by their score.
  bool is_observation(const Node& population) const {
    if (population.name() != names_.population) return false;
    const Node* code = population.child(names_.code);
    if (code == nullptr) return false;
    for (const Node* at : all(*code, names_.coding)) {
      if (value_of(at, names_.code) == "measure-observation") return true;
    }
    return false;
  }

  /// A coding in common; the same text where neither has codings.
  bool same_code(const Node& a, const Node& b) {
    const Node* first = a.child(names_.coding);
    const Node* second = b.child(names_.coding);
    if (first == nullptr && second == nullptr) {
      const std::string_view text = value_of(&a, names_.text);
      return !text.empty() && text == value_of(&b, names_.text);
    }
    for (const Node* x = first; x != nullptr; x = x->next_same()) {
      for (const Node* y = second; y != nullptr; y = y->next_same()) {
        if (++compared_ > kMostCompared) return false;
        if (value_of(x, names_.code) == value_of(y, names_.code) &&
            value_of(x, names_.system) == value_of(y, names_.system)) {
          return true;
        }
      }
    }
    return false;
  }

  void check_group(const Node& group, const Node& definition) {
    match(kPopulation, group, all(group, names_.population), all(definition, names_.population),
          false, [this](const Node& population, const Node&) { check_population(population); });
    check_score(group);
    match(kStratifier, group, all(group, names_.stratifier), all(definition, names_.stratifier),
          false, [](const Node&, const Node&) {});
  }

  /// How many subjects the results name; nothing when lists and groups stand for them.
  std::optional<std::size_t> subjects_of(const Node& population) const {
    std::size_t subjects = 0;
    const Node* at = population.child(names_.subject_results);
    for (; at != nullptr; at = at->next_same()) {
      std::string_view reference = value_of(at, names_.reference);
      const std::size_t id = reference.rfind('/');
      if (id == std::string_view::npos) return std::nullopt;
      reference = reference.substr(0, id);
      if (!is_one_of(reference.substr(reference.rfind('/') + 1),
                     {"Patient", "Practitioner", "Person", "PractitionerRole", "RelatedPerson",
                      "Device", "Location", "Organization"})) {
        return std::nullopt;
      }
      ++subjects;
    }
    return subjects;
  }

  void check_population(const Node& population) {
    const Node* count = population.child(names_.count);
    if (report_type_ == "subject-list") {
      const auto subjects = subjects_of(population);
      if (subjects && count != nullptr && count->has_value() &&
          count->text() != std::to_string(*subjects)) {
        error("MEASURE_MR_GRP_POP_COUNT_MISMATCH", population,
              "Mismatch between count and number of subjects " + std::to_string(*subjects));
      }
      return;
    }
    const std::size_t subjects = population.count(names_.subject_results);
    if (subjects > 0) {
      error("MEASURE_MR_GRP_POP_NO_SUBJECTS", population,
            "Reports where type is not 'subject-list' don't have subjects listed");
    }
    if (count == nullptr) {
      context_.warning("MEASURE_MR_GRP_POP_NO_COUNT", kRule, population,
                       "Count should be present for reports where type is not 'subject-list'");
    }
  }

  void check_score(const Node& group) {
    const Node* score = group.child(names_.score);
    if (report_type_ == "data-collection" || scoring_ == "cohort") {
      if (score == nullptr) return;
      const bool by_type = report_type_ == "data-collection";
      error(by_type ? "MEASURE_MR_SCORE_PROHIBITED_RT" : "MEASURE_MR_SCORE_PROHIBITED_MS", *score,
            by_type ? "No measureScore when the type of the report is 'data-collection'"
                    : "No measureScore when the scoring of the measure is 'cohort'");
      return;
    }
    if (!is_one_of(scoring_, {"proportion", "ratio", "continuous-variable"})) return;
    if (score == nullptr) {
      context_.error(
          "MEASURE_MR_SCORE_REQUIRED", "required", group,
          "A measureScore is required when the Measure.scoring is " + std::string(scoring_));
      return;
    }
    const Node* value = score->child(names_.value);
    if (value == nullptr || !value->has_value()) {
      context_.error("MEASURE_MR_SCORE_VALUE_REQUIRED", "required", *score,
                     "A value is required when the Measure.scoring is " + std::string(scoring_));
      return;
    }
    if (scoring_ != "proportion") return;
    for (const Symbol name : {names_.unit, names_.system, names_.code}) {
      if (const Node* found = score->child(name)) {
        error("MEASURE_MR_SCORE_UNIT_PROHIBITED", *found,
              "A proportion has no unit in its measureScore");
      }
    }
    const auto number = Decimal::parse(value->text());
    if (number && (*number < Decimal(0) || *number > Decimal(1))) {
      context_.error("MEASURE_MR_SCORE_VALUE_INVALID_01", "required", *score,
                     "The value is invalid - it must be between 0 and 1");
    }
  }

  const Names& names_;
  const Node& report_;
  const Node& measure_;
  Context& context_;
  std::string_view report_type_, scoring_;
  std::size_t compared_ = 0;
};

class MeasureReport final : public Rule {
 public:
  std::string_view id() const override { return "measure-report"; }
  void prepare(const Definitions& definitions) override { names_.emplace(definitions.symbols()); }
  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "MeasureReport") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& report, Context& context) {
    const Names& names = *static_cast<const MeasureReport*>(data)->names_;
    const Node* canonical = report.child(names.measure);
    if (canonical == nullptr || !canonical->has_value()) {
      context.information("MEASURE_MR_M_NONE", "required", report,
                          "No Measure is identified, so no validation can be performed against "
                          "the Measure");
      return;
    }
    const Instance measure = find_instance("Measure", canonical->text(), *canonical, context);
    if (!measure) {
      context.warning("MEASURE_MR_M_NOTFOUND", "required", *canonical,
                      "The Measure could not be resolved, so no validation can be performed "
                      "against the Measure");
      return;
    }
    Comparison(names, report, *measure.node, context).check();
  }

  std::optional<Names> names_;
};

}  // namespace

void register_measure_report(rules::Table& table) { table.add(std::make_unique<MeasureReport>()); }

}  // namespace concord::validate
