#include <fmt/format.h>

#include "conformance/runner/reports/reports.h"

namespace concord::runner {

namespace {

double seconds(std::chrono::microseconds took) { return static_cast<double>(took.count()) / 1e6; }

void put_actions(std::string& text, const std::vector<ActionResult>& actions) {
  for (const ActionResult& action : actions) {
    if (action.outcome == Outcome::pass || action.outcome == Outcome::skip) continue;
    text += fmt::format("      {} {}\n", outcome_name(action.outcome), action.message);
    if (!action.label.empty()) text += fmt::format("        {}\n", action.label);
    if (!action.is_operation && !action.request.empty()) {
      text += fmt::format("        {}\n", action.request);
    }
  }
}

}  // namespace

std::string console_text(const ScriptResult& script, bool all) {
  const Counts counts = count(script);
  std::string text = fmt::format("{:<7} {}  {}/{} passed", outcome_name(script.outcome),
                                 script.name, counts.passed, counts.tests);
  if (counts.skipped > 0) text += fmt::format(", {} skipped", counts.skipped);
  if (counts.warnings > 0) text += fmt::format(", {} with warnings", counts.warnings);
  text += fmt::format("  {:.2f} s\n", seconds(script.took));
  if (!script.reason.empty()) text += fmt::format("    {}\n", script.reason);
  for (const std::string& note : script.notes) text += fmt::format("    note: {}\n", note);
  put_actions(text, script.setup);
  for (const TestResult& test : script.tests) {
    const bool bad = test.outcome == Outcome::fail || test.outcome == Outcome::error;
    if (!bad && !all) continue;
    text += fmt::format("    {:<7} {}{}\n", outcome_name(test.outcome),
                        test.name.empty() ? test.id : test.name,
                        test.parameter.empty() ? "" : " [" + test.parameter + "]");
    if (!test.reason.empty() && test.reason != script.reason) {
      text += fmt::format("      {}\n", test.reason);
    }
    put_actions(text, test.actions);
  }
  return text;
}

std::string console_totals(const RunResult& run) {
  const Counts counts = count(run);
  std::string text;
  if (run.unreadable) text += fmt::format("/metadata could not be read: {}\n", *run.unreadable);
  text += fmt::format(
      "{} tests of {} scripts: {} passed ({} with warnings), {} failed, {} errors, {} skipped; "
      "{:.1f} s, seed {}\n",
      counts.tests, run.scripts.size(), counts.passed, counts.warnings, counts.failed,
      counts.errors, counts.skipped, seconds(run.took), run.seed);
  return text;
}

}  // namespace concord::runner
