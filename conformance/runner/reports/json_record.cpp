#include "conformance/runner/reports/json_writing.h"
#include "conformance/runner/reports/reports.h"

namespace concord::runner {

namespace {

void put_actions(JsonWriting& write, tree::Node& parent, std::string_view name,
                 const std::vector<ActionResult>& actions) {
  for (const ActionResult& action : actions) {
    tree::Node& node = write.item(parent, name);
    write.text(node, "kind", action.is_operation ? "operation" : "assert");
    write.text(node, "result", outcome_name(action.outcome));
    write.text(node, "label", action.label);
    write.text(node, "message", action.message);
    write.text(node, "expected", action.expected);
    write.text(node, "actual", action.actual);
    write.text(node, "place", action.place);
    if (action.exchange) write.number(node, "exchange", *action.exchange);
  }
}

void put_headers(JsonWriting& write, tree::Node& parent, const std::vector<HeaderLine>& headers) {
  for (const HeaderLine& line : headers) {
    tree::Node& node = write.item(parent, "headers");
    write.text(node, "field", line.field);
    write.text(node, "value", line.value);
  }
}

void put_exchange(JsonWriting& write, tree::Node& node, const Exchange& exchange) {
  write.text(node, "place", exchange.place);
  write.text(node, "type", exchange.type);
  write.text(node, "interaction", exchange.interaction);
  write.number(node, "destination", static_cast<std::size_t>(exchange.destination));
  write.number(node, "microseconds", static_cast<std::size_t>(exchange.took.count()));
  write.text(node, "failure", exchange.failure);
  tree::Node& request = write.object(node, "request");
  write.text(request, "method", exchange.request.method);
  write.text(request, "url", exchange.request.url);
  put_headers(write, request, exchange.request.headers);
  write.text(request, "body", exchange.request.body);
  if (exchange.response.status == 0) return;
  tree::Node& response = write.object(node, "response");
  write.number(response, "status", static_cast<std::size_t>(exchange.response.status));
  put_headers(write, response, exchange.response.headers);
  write.text(response, "body", exchange.response.body);
}

}  // namespace

Result<std::string> json_record(const RunResult& run) {
  tree::Symbols symbols;
  tree::Document document(symbols, tree::Limits{std::size_t{1} << 30, 100, 20'000'000});
  JsonWriting write(document);
  tree::Node& root = write.root();
  write.text(root, "format", "concord-conformance-run/1");
  write.text(root, "server", run.server);
  write.text(root, "software", run.software);
  write.text(root, "softwareVersion", run.software_version);
  write.text(root, "fhirVersion", run.fhir_version);
  write.text(root, "started", format_instant(run.started));
  write.number(root, "microseconds", static_cast<std::size_t>(run.took.count()));
  write.number(root, "seed", run.seed);
  if (run.unreadable) write.text(root, "metadataUnreadable", *run.unreadable);
  const Counts counts = count(run);
  tree::Node& totals = write.object(root, "totals");
  write.number(totals, "tests", counts.tests);
  write.number(totals, "passed", counts.passed);
  write.number(totals, "failed", counts.failed);
  write.number(totals, "errors", counts.errors);
  write.number(totals, "skipped", counts.skipped);
  write.number(totals, "warnings", counts.warnings);
  for (const ScriptResult& script : run.scripts) {
    tree::Node& node = write.item(root, "scripts");
    write.text(node, "name", script.name);
    write.text(node, "file", script.file);
    write.text(node, "id", script.id);
    write.text(node, "url", script.url);
    write.text(node, "result", outcome_name(script.outcome));
    write.text(node, "reason", script.reason);
    write.number(node, "microseconds", static_cast<std::size_t>(script.took.count()));
    for (const std::string& note : script.notes) {
      write.text(write.item(node, "notes"), "text", note);
    }
    put_actions(write, node, "setup", script.setup);
    for (const TestResult& test : script.tests) {
      tree::Node& one = write.item(node, "tests");
      write.text(one, "id", test.id);
      write.text(one, "name", test.name);
      write.text(one, "parameter", test.parameter);
      write.text(one, "result", outcome_name(test.outcome));
      write.text(one, "reason", test.reason);
      write.number(one, "microseconds", static_cast<std::size_t>(test.took.count()));
      put_actions(write, one, "actions", test.actions);
    }
    put_actions(write, node, "teardown", script.teardown);
    for (const Exchange& exchange : script.exchanges) {
      put_exchange(write, write.item(node, "exchanges"), exchange);
    }
  }
  return write.finish();
}

}  // namespace concord::runner
