// The public cases of snapshot generation (FHIR/fhir-test-cases:r4b and rX/snapshot-generation).
// Those that are known to fail stand in known_failures.txt, each with its reason; one that passes
// must leave that list.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <deque>
#include <iostream>
#include <set>

#include "fhir/json/reader.h"
#include "fhir/path/expression.h"
#include "tests/fhir/snapshot/snapshots.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::snapshot::test {

namespace {

using tree::Node;

struct Rule {
  std::string text;
  std::string expression;
};

struct Case {
  std::string id;
  std::string input;
  std::string expected;  ///< empty: generating must fail
  std::vector<std::string> loaded;
  std::vector<Rule> rules;
  bool sort = false;
};

std::vector<Case> read_cases(const std::filesystem::path& file) {
  auto manifest = json::read_plain(concord::test::read_file(file), engine().symbols);
  EXPECT_THAT(manifest, IsOk());
  std::vector<Case> cases;
  if (!manifest) return cases;
  const auto text = [&](const Node& node, std::string_view name) {
    const Node* found = node.child(manifest->find(name));
    return found == nullptr ? std::string() : std::string(found->text());
  };
  const Node& root = manifest->root();
  for (const Node* at = root.child(manifest->find("cases")); at != nullptr; at = at->next_same()) {
    Case made;
    made.id = text(*at, "id");
    made.input = text(*at, "input");
    if (text(*at, "expect") == "snapshot") made.expected = text(*at, "expected");
    made.sort = text(*at, "sortDifferentialFirst") == "true";
    if (const std::string include = text(*at, "include"); !include.empty()) {
      made.loaded.push_back(include);
    }
    for (const Node* name = at->child(manifest->find("register")); name != nullptr;
         name = name->next_same()) {
      made.loaded.emplace_back(name->text());
    }
    for (const Node* rule = at->child(manifest->find("rules")); rule != nullptr;
         rule = rule->next_same()) {
      made.rules.push_back({text(*rule, "text"), text(*rule, "fhirpath")});
    }
    cases.push_back(std::move(made));
  }
  return cases;
}

/// What is wrong with the outcome; empty when nothing is.
class Runner {
 public:
  explicit Runner(std::filesystem::path folder, const std::vector<Case>& cases)
      : folder_(std::move(folder)) {
    // A case may be based on another one's input.
    for (const Case& at : cases) {
      inputs_.push_back(resource(folder_ / "cases" / at.input));
      by_case_[at.id] = &inputs_.back();
    }
  }

  std::vector<std::string> run(const Case& test) {
    Overlay source;
    for (const tree::Document& input : inputs_) source.add(input);
    std::deque<tree::Document> loaded;
    for (const std::string& file : test.loaded) {
      // The expected snapshots were made with these generated anew, whatever they came with.
      tree::Document& document = loaded.emplace_back(resource(folder_ / "cases" / file));
      tree::Builder builder(document);
      if (const Node* published = document.root().child(document.find("snapshot"))) {
        builder.detach(tree::Builder::mutable_node(*published));
      }
      source.add(document);
    }
    const tree::Document& input = *by_case_[test.id];
    source.add(input);
    GenerateOptions options;
    options.sort_differential = test.sort;
    auto generated = generate_from(source, input, *engine().definitions, options);
    std::vector<std::string> wrong;
    if (test.expected.empty()) {
      std::vector<Issue> errors;
      if (!generated) {
        errors = generated.error().issues;
      } else {
        for (const Issue& issue : generated->messages) {
          if (issue.severity == Severity::error) errors.push_back(issue);
        }
      }
      if (errors.empty()) wrong.push_back("must fail, and does not");
      for (const Issue& issue : errors) {
        std::cout << "  " << test.id << " fails: " << issue.text << " (" << issue.expression << ") "
                  << issue.detail_code << "\n";
      }
      return wrong;
    }
    if (!generated) return {to_string(generated.error())};
    for (const Issue& issue : generated->messages) {
      if (issue.severity == Severity::error) wrong.push_back("error: " + issue.text);
    }
    const tree::Document expected = resource(folder_ / "cases" / test.expected);
    if (told(expected).empty()) {
      // A case of sorting alone.
      wrong.clear();
      const auto in_order = [](const tree::Document& document) {
        std::vector<std::string> paths;
        for (const Told& element : told(document, "differential")) {
          paths.push_back(element.fields.at("path"));
        }
        return paths;
      };
      if (in_order(expected) != in_order(generated->definition)) wrong = {"another order"};
      return wrong;
    }
    // What a differential states must come out; the rest may be as R4 has it where the expected
    // snapshot was made on another release.
    std::set<std::pair<std::string, std::string>> stated;
    const auto gather = [&](const tree::Document& document) {
      for (const Told& element : told(document, "differential")) {
        const auto path = element.fields.find("path");
        for (const auto& [field, value] : element.fields) stated.emplace(path->second, field);
      }
    };
    gather(input);
    for (const tree::Document& document : loaded) gather(document);
    const std::vector<Told> actual = told(generated->definition);
    for (const Difference& at : differences(told(expected), actual)) {
      const auto element = std::find_if(actual.begin(), actual.end(),
                                        [&](const Told& other) { return other.id == at.id; });
      if (!at.field.empty() && element != actual.end() &&
          !stated.contains({element->fields.at("path"), at.field}) &&
          is_of_r4(actual, *element, at.field)) {
        ++of_other_releases_;
        continue;
      }
      wrong.push_back(at.text);
    }
    const std::string name = test.id.substr(test.id.find('/') + 1);
    fixtures_.emplace(name, &input);
    outputs_.push_back(std::move(generated->definition));
    fixtures_.emplace(name + "-output", &outputs_.back());
    for (const tree::Document& document : loaded) {
      // "t24b-include" is what the case is based on.
      if (auto base = generate_from(source, document, *engine().definitions, options)) {
        outputs_.push_back(std::move(base->definition));
        fixtures_.emplace(name + "-include", &outputs_.back());
      }
    }
    for (const Rule& rule : test.rules) check(rule, wrong);
    return wrong;
  }
  std::size_t of_other_releases() const { return of_other_releases_; }
  std::size_t rules() const { return rules_; }

 private:
  /// A rule in FHIRPath over fixture('t1-output'), the snapshot made, and fixture('patient'), a
  /// definition of R4: each becomes a variable.
  void check(const Rule& rule, std::vector<std::string>& wrong) {
    if (rule.expression.find(".text.div") != std::string::npos) return;  // narratives are not made
    constexpr std::string_view kStart = "fixture('";
    std::string expression = rule.expression;
    std::vector<std::string> names;
    for (std::size_t at = expression.find(kStart); at != std::string::npos;
         at = expression.find(kStart, at)) {
      const std::size_t end = expression.find("')", at);
      const std::string name = expression.substr(at + kStart.size(), end - at - kStart.size());
      auto known = std::find(names.begin(), names.end(), name);
      if (known == names.end()) known = names.insert(names.end(), name);
      expression.replace(at, end + 2 - at, "%fixture" + std::to_string(known - names.begin()));
    }
    static const path::FunctionTable functions = path::FunctionTable::standard();
    path::CompileContext compile{engine().symbols, functions};
    compile.definitions = engine().definitions.get();
    for (std::size_t i = 0; i < names.size(); ++i) {
      compile.variables.push_back({"fixture" + std::to_string(i), {}, true});
    }
    const auto compiled = path::Expression::compile(expression, compile);
    if (!compiled) {
      wrong.push_back("rule '" + rule.text + "': " + to_string(compiled.error()));
      return;
    }
    path::EvalContext context;
    std::vector<path::Collection> values;
    const tree::Document* focus = nullptr;
    for (const std::string& name : names) {
      focus = fixture(name);
      if (focus == nullptr) {
        wrong.push_back("rule '" + rule.text + "': no fixture " + name);
        return;
      }
      values.push_back(path::Collection::of(*focus, focus->root()));
    }
    for (std::size_t i = 0; i < values.size(); ++i) context.bind(i, values[i]);
    const auto result = compiled->evaluate(context, values.front());
    ++rules_;
    if (!result) {
      wrong.push_back("rule '" + rule.text + "': " + to_string(result.error()));
      return;
    }
    const auto truth = context.one_boolean(*result, "rule");
    if (!truth || !*truth || !**truth) wrong.push_back("rule '" + rule.text + "' does not hold");
  }

  const tree::Document* fixture(const std::string& name) {
    if (const auto known = fixtures_.find(name); known != fixtures_.end()) return known->second;
    for (const definitions::Type* type : engine().definitions->types()) {
      std::string small(type->text());
      std::transform(small.begin(), small.end(), small.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (small != name) continue;
      const auto* table = engine().definitions->structure(type->url());
      auto document = engine().registry->core_document(*table);
      if (!document) return nullptr;
      outputs_.push_back(*std::move(document));
      return fixtures_.emplace(name, &outputs_.back()).first->second;
    }
    return nullptr;
  }

  std::filesystem::path folder_;
  std::deque<tree::Document> inputs_;
  std::map<std::string, const tree::Document*> by_case_;
  std::deque<tree::Document> outputs_;
  std::map<std::string, const tree::Document*> fixtures_;
  std::size_t rules_ = 0;
  std::size_t of_other_releases_ = 0;
};

}  // namespace

TEST(SnapshotCorpus, EveryPublicCaseGivesTheExpectedSnapshotOrFails) {
  const auto corpus = concord::test::corpus("fhir");
  if (!corpus) return;
  const auto folder = *corpus / "snapshot-generation";
  const std::vector<Case> cases = read_cases(folder / "manifest.json");
  ASSERT_FALSE(cases.empty());
  const auto known =
      read_known_failures(std::filesystem::path(concord::test::test_dir()) / "known_failures.txt");
  Runner runner(folder, cases);
  std::size_t passed = 0;
  for (const Case& test : cases) {
    const auto wrong = runner.run(test);
    passed += wrong.empty() ? 1 : 0;
    const bool expected_to_fail = known.contains(test.id);
    if (expected_to_fail && wrong.empty()) {
      ADD_FAILURE() << test.id << " passes: take it out of known_failures.txt";
    } else if (!expected_to_fail && !wrong.empty()) {
      std::string lines;
      for (std::size_t i = 0; i < wrong.size() && i < 12; ++i) lines += "\n    " + wrong[i];
      ADD_FAILURE() << test.id << ": " << wrong.size() << " differences" << lines;
    }
  }
  std::cout << "snapshots: " << passed << " of " << cases.size() << " public cases, "
            << runner.rules() << " rules in FHIRPath hold; " << runner.of_other_releases()
            << " values of other releases of FHIR left aside\n";
}

}  // namespace concord::snapshot::test
