#include <fmt/format.h>

#include "conformance/runner/reports/reports.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/writer.h"

namespace concord::runner {

namespace {

/// XML 1.0 has no way to write most control characters.
std::string clean(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') c = ' ';
  }
  return made;
}

class Writing {
 public:
  explicit Writing(tree::Document& document) : builder_(document) {}

  tree::Node& element(tree::Node& parent, std::string_view name) {
    return *builder_.append(parent, builder_.symbol(name));
  }
  void attribute(tree::Node& node, std::string_view name, std::string_view value) {
    tree::Node& made = *builder_.append(node, builder_.symbol(name), tree::Kind::string);
    builder_.set_flag(made, tree::Flag::attribute);
    builder_.set_copy(made, clean(value));
  }
  void text(tree::Node& node, std::string_view value) { builder_.set_copy(node, clean(value)); }
  tree::Builder& builder() { return builder_; }

 private:
  tree::Builder builder_;
};

std::string seconds(std::chrono::microseconds took) {
  return fmt::format("{:.3f}", static_cast<double>(took.count()) / 1e6);
}

/// The first action of that kind, and all of them as text.
void put_problem(Writing& write, tree::Node& testcase, std::string_view name, Outcome kind,
                 const std::vector<ActionResult>& actions) {
  const ActionResult* first = nullptr;
  std::string all;
  for (const ActionResult& action : actions) {
    if (action.outcome != Outcome::fail && action.outcome != Outcome::error) continue;
    if (first == nullptr && action.outcome == kind) first = &action;
    all += fmt::format("{}\n  {}\n", action.label.empty() ? action.place : action.label,
                       action.message);
    if (!action.expected.empty()) all += fmt::format("  expected: {}\n", action.expected);
    if (!action.actual.empty()) all += fmt::format("  actual:   {}\n", action.actual);
    if (!action.request.empty()) all += fmt::format("  request:  {}\n", action.request);
  }
  tree::Node& node = write.element(testcase, name);
  write.attribute(node, "message", first == nullptr ? "" : first->message);
  write.attribute(node, "type", outcome_name(kind));
  write.text(node, all);
}

}  // namespace

Result<std::string> junit_xml(const RunResult& run) {
  tree::Symbols symbols;
  tree::Document document(symbols, tree::Limits{std::size_t{1} << 30, 100, 5'000'000});
  Writing write(document);
  tree::Node& root = write.builder().root();
  write.builder().set_name(root, write.builder().symbol("testsuites"));
  const Counts totals = count(run);
  write.attribute(root, "name", "concord-conformance");
  write.attribute(root, "tests", std::to_string(totals.tests));
  write.attribute(root, "failures", std::to_string(totals.failed));
  write.attribute(root, "errors", std::to_string(totals.errors));
  write.attribute(root, "time", seconds(run.took));
  for (const ScriptResult& script : run.scripts) {
    const Counts counts = count(script);
    tree::Node& suite = write.element(root, "testsuite");
    write.attribute(suite, "name", script.name);
    write.attribute(suite, "tests", std::to_string(counts.tests));
    write.attribute(suite, "failures", std::to_string(counts.failed));
    write.attribute(suite, "errors", std::to_string(counts.errors));
    write.attribute(suite, "skipped", std::to_string(counts.skipped));
    write.attribute(suite, "time", seconds(script.took));
    write.attribute(suite, "timestamp", format_instant(script.issued));
    tree::Node& properties = write.element(suite, "properties");
    const auto property = [&](std::string_view name, std::string_view value) {
      tree::Node& node = write.element(properties, "property");
      write.attribute(node, "name", name);
      write.attribute(node, "value", value);
    };
    property("server", run.server);
    property("software", run.software);
    property("version", run.software_version);
    property("fhirVersion", run.fhir_version);
    for (const TestResult& test : script.tests) {
      tree::Node& testcase = write.element(suite, "testcase");
      const std::string folder = script.folder.empty() ? "" : script.folder + ".";
      write.attribute(testcase, "classname", folder + file_name(script.name));
      std::string name = test.name.empty() ? test.id : test.name;
      if (!test.parameter.empty()) name += " [" + test.parameter + "]";
      write.attribute(testcase, "name", name);
      write.attribute(testcase, "time", seconds(test.took));
      if (test.outcome == Outcome::skip) {
        write.attribute(write.element(testcase, "skipped"), "message", test.reason);
      } else if (test.outcome == Outcome::fail) {
        put_problem(write, testcase, "failure", Outcome::fail, test.actions);
      } else if (test.outcome == Outcome::error) {
        put_problem(write, testcase, "error", Outcome::error, test.actions);
      }
      std::string warnings;
      for (const ActionResult& action : test.actions) {
        if (action.outcome != Outcome::warning) continue;
        warnings += fmt::format("warning: {} ({})\n", action.message, action.label);
      }
      if (!warnings.empty()) write.text(write.element(testcase, "system-out"), warnings);
    }
  }
  return xml::write(document, {.limits = document.limits()});
}

}  // namespace concord::runner
