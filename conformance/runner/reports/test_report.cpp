#include <fmt/format.h>

#include "conformance/runner/reports/json_writing.h"
#include "conformance/runner/reports/reports.h"
#include "fhir/core/utf8.h"
#include "fhir/definitions/annotate.h"
#include "fhir/xml/writer.h"

namespace concord::runner {

namespace {

/// "pass", "fail", or "pending" when nothing was run.
std::string_view report_result(Outcome outcome) {
  if (outcome == Outcome::skip) return "pending";
  return outcome == Outcome::fail || outcome == Outcome::error ? "fail" : "pass";
}

void put_action(JsonWriting& write, tree::Node& parent, const ActionResult& action) {
  tree::Node& node = write.item(parent, "action");
  tree::Node& inner = write.object(node, action.is_operation ? "operation" : "assert");
  write.text(inner, "result", outcome_name(action.outcome));
  std::string message = action.message;
  if (!action.label.empty()) message = action.label + ": " + message;
  write.text(inner, "message", message);
}

/// A test that was skipped whole says so in one action: TestReport.test needs one.
void put_skipped(JsonWriting& write, tree::Node& parent, const std::string& reason) {
  ActionResult action;
  action.is_operation = true;
  action.outcome = Outcome::skip;
  action.message = reason.empty() ? "not run" : reason;
  put_action(write, parent, action);
}

void put_participant(JsonWriting& write, tree::Node& root, std::string_view type,
                     const std::string& uri, const std::string& display) {
  tree::Node& node = write.item(root, "participant");
  write.text(node, "type", type);
  write.text(node, "uri", uri);
  write.text(node, "display", display);
}

}  // namespace

std::string JsonWriting::valid_utf8(std::string_view text) {
  std::string made(text);
  if (invalid_utf8_at(made) == std::string_view::npos) return made;
  for (char& c : made) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return made;
}

Result<std::string> test_report(const RunResult& run, const ScriptResult& script,
                                const Standard& standard, bool xml) {
  tree::Document document(standard.symbols, tree::Limits{std::size_t{1} << 30, 100, 5'000'000});
  JsonWriting write(document);
  tree::Node& root = write.root();
  write.builder().set_type(root, standard.symbols.find("TestReport"));
  write.builder().set_flag(root, tree::Flag::resource);
  write.text(root, "name", script.name);
  write.text(root, "status", "completed");
  tree::Node& reference = write.object(root, "testScript");
  if (!script.url.empty()) {
    write.text(reference, "reference", script.url);
  } else if (!script.id.empty()) {
    write.text(reference, "reference", "TestScript/" + script.id);
  }
  write.text(reference, "display", script.name);
  write.text(root, "result", report_result(script.outcome));
  const Counts counts = count(script);
  if (counts.tests > 0) {
    write.decimal(root, "score",
                  fmt::format("{:.1f}", 100.0 * static_cast<double>(counts.passed) /
                                            static_cast<double>(counts.tests)));
  }
  write.text(root, "tester", "concord-conformance");
  write.text(root, "issued", format_instant(script.issued));
  put_participant(write, root, "test-engine", "urn:concord:conformance", "concord-conformance");
  put_participant(write, root, "server", run.server,
                  run.software.empty() ? "server" : run.software + " " + run.software_version);
  if (!script.setup.empty()) {
    tree::Node& setup = write.object(root, "setup");
    for (const ActionResult& action : script.setup) put_action(write, setup, action);
  }
  for (const TestResult& test : script.tests) {
    tree::Node& node = write.item(root, "test");
    std::string name = test.name.empty() ? test.id : test.name;
    if (!test.parameter.empty()) name += " [" + test.parameter + "]";
    write.text(node, "name", name);
    write.text(node, "description", test.description);
    for (const ActionResult& action : test.actions) put_action(write, node, action);
    if (test.actions.empty()) put_skipped(write, node, test.reason);
  }
  if (!script.teardown.empty()) {
    tree::Node& teardown = write.object(root, "teardown");
    for (ActionResult action : script.teardown) {
      action.is_operation = true;  // nothing else may stand there
      put_action(write, teardown, action);
    }
  }
  definitions::annotate(write.builder(), standard.definitions);
  definitions::put_in_order(write.builder(), standard.definitions);
  if (xml) return xml::write_fhir(document, {.indent = 2});
  return write.finish();
}

}  // namespace concord::runner
