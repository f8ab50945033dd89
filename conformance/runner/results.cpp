#include "conformance/runner/results.h"

#include <algorithm>

namespace concord::runner {

Counts count(const ScriptResult& script) {
  Counts counts;
  for (const TestResult& test : script.tests) {
    ++counts.tests;
    switch (test.outcome) {
      case Outcome::pass:
        ++counts.passed;
        break;
      case Outcome::warning:
        ++counts.passed;
        ++counts.warnings;
        break;
      case Outcome::skip:
        ++counts.skipped;
        break;
      case Outcome::fail:
        ++counts.failed;
        break;
      case Outcome::error:
        ++counts.errors;
        break;
    }
  }
  return counts;
}

Counts count(const RunResult& run) {
  Counts counts;
  for (const ScriptResult& script : run.scripts) {
    const Counts one = count(script);
    counts.tests += one.tests;
    counts.passed += one.passed;
    counts.failed += one.failed;
    counts.errors += one.errors;
    counts.skipped += one.skipped;
    counts.warnings += one.warnings;
  }
  return counts;
}

int exit_code(const RunResult& run) {
  int code = 0;
  for (const ScriptResult& script : run.scripts) {
    if (script.outcome == Outcome::error) code = std::max(code, 4);
    if (script.outcome == Outcome::fail) code = std::max(code, 3);
  }
  return code;
}

Outcome outcome_of(const std::vector<ActionResult>& actions) {
  Outcome worst = Outcome::pass;
  bool all_skipped = !actions.empty();
  for (const ActionResult& action : actions) {
    if (action.outcome != Outcome::skip) {
      all_skipped = false;
      worst = std::max(worst, action.outcome);
    }
  }
  return all_skipped ? Outcome::skip : worst;
}

std::string full_name(const ScriptResult& script, const TestResult& test) {
  std::string name = script.name.empty() ? script.file : script.name;
  name += '/';
  name += test.name.empty() ? test.id : test.name;
  if (!test.parameter.empty()) name += " [" + test.parameter + "]";
  return name;
}

}  // namespace concord::runner
