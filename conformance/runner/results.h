#pragma once
/// What came out of a run. Plain values; everything but `exchange`s of a Session is masked.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/exchange.h"
#include "fhir/core/instant.h"

namespace concord::runner {

/// Source: hl7.org/fhir/R4/valueset-report-action-result-codes.html.
enum class Outcome { pass, skip, warning, fail, error };

/// "pass", "skip", "warning", "fail", "error".
constexpr std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"pass", "skip", "warning", "fail", "error"};
  return kNames[static_cast<std::size_t>(outcome)];
}

struct ActionResult {
  bool is_operation = false;
  Outcome outcome = Outcome::pass;
  std::string label;    ///< label, else description of the action
  std::string message;  ///< what happened, in one line
  std::string expected, actual;
  std::string request;                  ///< "GET /Patient/1" of the exchange it is about
  std::string place;                    ///< in the script
  std::optional<std::size_t> exchange;  ///< index in ScriptResult::exchanges
};

struct TestResult {
  std::string id, name, description;
  std::size_t number = 0;  ///< position in the script, from 0
  std::string parameter;   ///< "searchDate=2028" of a test that runs for several values
  Outcome outcome = Outcome::pass;
  std::string reason;  ///< why it was skipped; empty otherwise
  std::vector<ActionResult> actions;
  std::chrono::microseconds took{0};
};

struct ScriptResult {
  std::string file, id, name, url, title;
  std::string folder;  ///< of the file, for class names
  Outcome outcome = Outcome::pass;
  std::string reason;  ///< why the whole script was skipped or could not run
  std::vector<std::string> notes;
  std::vector<ActionResult> setup, teardown;
  std::vector<TestResult> tests;
  std::vector<Exchange> exchanges;
  Instant issued{};
  std::chrono::microseconds took{0};
};

struct Counts {
  std::size_t tests = 0, passed = 0, failed = 0, errors = 0, skipped = 0, warnings = 0;
};

struct RunResult {
  std::string server, software, software_version, fhir_version;
  Instant started{};
  std::chrono::microseconds took{0};
  std::uint64_t seed = 1;
  std::vector<ScriptResult> scripts;
  std::optional<std::string> unreadable;  ///< why /metadata could not be read
};

Counts count(const ScriptResult& script);
Counts count(const RunResult& run);

/// 0 all passed or skipped, 3 failures, 4 errors of the engine or the network.
int exit_code(const RunResult& run);

/// The worst of the actions; skip only when all are skipped.
Outcome outcome_of(const std::vector<ActionResult>& actions);

/// "script/test" and the parameter, as --filter sees it and reports print it.
std::string full_name(const ScriptResult& script, const TestResult& test);

}  // namespace concord::runner
