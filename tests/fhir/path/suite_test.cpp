// The public R4 suite (FHIR/fhir-test-cases:r4/fhirpath), every case of it. Those that are known to
// fail stand in known_failures.txt, each with its reason; one that passes must leave that list.
#include <gmock/gmock.h>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "fhir/core/decimal.h"
#include "fhir/xml/reader.h"
#include "tests/fhir/path/engine.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::path::test {

namespace {

struct Case {
  std::string name;
  std::string input;
  std::string expression;
  std::string invalid;  ///< syntax, semantic, execution; empty when it must give `outputs`
  bool predicate = false;
  bool ordered = true;
  std::vector<std::pair<std::string, std::string>> outputs;  ///< type and text
};

std::string attribute(const tree::Document& document, const tree::Node& node,
                      std::string_view name) {
  const tree::Node* found = node.child(document.find(name));
  return found == nullptr ? std::string() : std::string(found->text());
}

std::vector<Case> read_cases(const std::filesystem::path& file) {
  auto document = xml::read(concord::test::read_file(file), engine().symbols);
  EXPECT_THAT(document, IsOk());
  std::vector<Case> cases;
  if (!document) return cases;
  std::map<std::string, int> seen;
  for (const tree::Node& group : document->root().children()) {
    if (document->name(group) != "group") continue;
    for (const tree::Node& test : group.children()) {
      if (document->name(test) != "test") continue;
      Case made;
      made.name = attribute(*document, group, "name") + "/" + attribute(*document, test, "name");
      if (const int again = ++seen[made.name]; again > 1) {
        made.name += "#" + std::to_string(again);
      }
      made.input = attribute(*document, test, "inputfile");
      made.predicate = attribute(*document, test, "predicate") == "true";
      made.ordered = attribute(*document, test, "ordered") != "false";
      for (const tree::Node& part : test.children()) {
        if (document->name(part) == "expression") {
          made.expression = part.text();
          made.invalid = attribute(*document, part, "invalid");
        } else if (document->name(part) == "output") {
          made.outputs.emplace_back(attribute(*document, part, "type"), part.text());
        }
      }
      cases.push_back(std::move(made));
    }
  }
  return cases;
}

std::map<std::string, std::string> read_known_failures() {
  std::map<std::string, std::string> known;
  std::istringstream lines(concord::test::read_file(
      std::filesystem::path(concord::test::test_dir()) / "known_failures.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << "a known failure without a reason: " << line;
    known[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return known;
}

bool is_of_type(EvalContext& context, const Value& item, const std::string& type) {
  if (type.empty()) return true;
  if (item.is_node()) {
    const std::string_view own = item.document().text(context.type_of(item));
    if (own == type) return true;
  }
  const auto value = context.system_value(item);
  if (!value) return false;
  switch (value->tag()) {
    case Tag::boolean:
      return type == "boolean";
    case Tag::integer:
      return type == "integer";
    case Tag::decimal:
      return type == "decimal";
    case Tag::string:
      return type == "string" && !item.is_node();
    case Tag::date:
      return type == "date";
    case Tag::date_time:
      return type == "dateTime";
    case Tag::time:
      return type == "time";
    case Tag::quantity:
      return type == "Quantity";
    default:
      return false;
  }
}

bool is_text(std::string_view actual, std::string_view expected) {
  if (expected.starts_with("@T")) expected.remove_prefix(2);
  if (expected.starts_with("@")) expected.remove_prefix(1);
  if (actual == expected) return true;
  const auto a = Decimal::parse(actual);
  const auto b = Decimal::parse(expected);
  return a && b && *a == *b && a->scale() == b->scale();
}

/// Empty when the case passes, else what is wrong.
std::string judge(const Case& test, const tree::Document& document) {
  const std::string type(document.text(document.root().type()));
  // As in the reference harness, every expression is checked against the type of its input.
  const auto expression = Expression::compile(test.expression, engine().context(type, true));
  if (!expression) {
    const bool is_syntax = expression.error().code == ErrorCode::malformed;
    if (test.invalid == "syntax") return is_syntax ? "" : "no syntax error";
    if (test.invalid == "semantic" && is_syntax) return "a syntax error in place of a semantic one";
    return test.invalid.empty() ? "does not compile: " + to_string(expression.error()) : "";
  }
  if (test.invalid == "syntax" || test.invalid == "semantic") return "compiles";
  EvalContext context;
  context.now = *parse_instant("2026-03-01T10:30:00.250Z");
  context.now_offset_minutes = 11 * 60;
  auto items = expression->evaluate(context, Collection::of(document, document.root()));
  if (!items) return test.invalid.empty() ? to_string(items.error()) : "";
  if (test.invalid == "execution") return "evaluates";
  Collection result = *items;
  if (test.predicate) result = Collection::of(!result.empty());
  std::string shown;
  for (const std::string& line : printed(context, result)) shown += line + " ";
  if (result.size() != test.outputs.size()) {
    return "gives " + std::to_string(result.size()) + " items: " + shown;
  }
  std::vector<bool> used(result.size());
  for (std::size_t i = 0; i < test.outputs.size(); ++i) {
    bool found = false;
    for (std::size_t j = 0; j < result.size() && !found; ++j) {
      if (used[j] || (test.ordered && i != j)) continue;
      found = is_of_type(context, result[j], test.outputs[i].first) &&
              is_text(context.text_of(result[j]).value_or(""), test.outputs[i].second);
      if (found) used[j] = true;
    }
    if (!found) return "gives " + shown;
  }
  return "";
}

/// One input names its XML schema, which the reader refuses as an attribute FHIR does not have.
std::string without_schema_location(std::string text) {
  const std::size_t start = text.find(" xsi:schemaLocation=");
  if (start == std::string::npos) return text;
  const std::size_t end = text.find('"', text.find('"', start) + 1) + 1;
  return text.erase(start, end - start);
}

}  // namespace

TEST(PublicSuite, EveryCasePassesButThoseWithAReason) {
  const auto folder = concord::test::corpus("fhir/fhirpath");
  if (!folder) return;
  const std::vector<Case> cases = read_cases(*folder / "tests-fhir-r4.xml");
  ASSERT_EQ(cases.size(), 935u);
  std::map<std::string, std::string> known = read_known_failures();
  std::map<std::string, tree::Document> inputs;
  std::size_t passed = 0;
  for (const Case& test : cases) {
    const std::string input = test.input.empty() ? "patient-example.xml" : test.input;
    if (!inputs.contains(input)) {
      inputs.emplace(
          input,
          resource(without_schema_location(concord::test::read_file(*folder / "input" / input))));
    }
    const std::string fault = judge(test, inputs.at(input));
    const auto reason = known.find(test.name);
    if (fault.empty()) {
      ++passed;
      if (reason != known.end()) {
        ADD_FAILURE() << test.name << " passes: take it off known_failures.txt";
      }
    } else if (reason == known.end()) {
      ADD_FAILURE() << test.name << ": " << fault << "\n  " << test.expression;
    }
    if (reason != known.end()) known.erase(reason);
  }
  for (const auto& [name, reason] : known) ADD_FAILURE() << "no case is called " << name;
  std::cout << "FHIRPath R4 suite: " << passed << " of " << cases.size() << "\n";
}

}  // namespace concord::path::test
