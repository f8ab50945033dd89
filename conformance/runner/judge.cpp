#include "conformance/runner/detail/judge.h"

#include <algorithm>
#include <map>

namespace concord::runner::detail {

namespace {

/// What R4 asks for and published scripts do otherwise: the end of the path of a finding, and a
/// part of its text (empty: any).
struct Tolerated {
  std::string_view path;
  std::string_view text;
};
constexpr Tolerated kTolerated[] = {
    {"TestScript.url", ""},
    {"encodeRequestUrl", ""},
    {"warningOnly", ""},
    {"autocreate", ""},
    {"autodelete", ""},
    {"validated", ""},
    {"required", ""},
    {"operation", "tst-"},  // sourceId, targetId, params or url: the address can be made without
    {"operation.method", ""},
    {"operation.accept", ""},
    {"operation.contentType", ""},
    {"assert.contentType", ""},
    {"assert.requestMethod", ""},
    {"operation.type", ""},
    {"operation.resource", ""},
    {"assert.resource", ""},
    {"operator", "needs"},
    {".action", "needs at least"},
    {".action", "empty"},
    {".test", "empty"},
    {"requestHeader.value", ""},
    {"assert.value", "empty"},
    {"capabilities", "absolute"},
    {"display", ""},
    {".integer", ""},
    {"", "the element is unknown"},  // of STU3 and R5: read where they mean something
    {"TestScript.name", ""},
    {"TestScript.status", ""},
    {"destination", ""},
    {"profile", ""},
};

/// "TestScript.test[1].action[0].assert" → "TestScript.test.action.assert".
std::string without_indices(std::string_view path) {
  std::string made;
  bool inside = false;
  for (const char c : path) {
    inside = c == '[' || (inside && c != ']');
    if (!inside && c != ']') made += c;
  }
  return made;
}

bool tolerated(const Issue& issue) {
  const std::string path = without_indices(issue.expression);
  return std::any_of(std::begin(kTolerated), std::end(kTolerated), [&](const Tolerated& row) {
    return path.ends_with(row.path) && issue.text.find(row.text) != std::string::npos;
  });
}

/// Findings about an action end up at it, so that the rest of the script still runs.
void mark_faults(Script& script) {
  const auto mark = [&](std::vector<Action>& actions) {
    for (Action& action : actions) {
      if (!action.operation && !action.assertion) {
        action.fault = "neither an operation nor an assertion";
      }
      for (const Issue& issue : script.issues) {
        if (issue.severity > Severity::error || !action.fault.empty()) continue;
        const bool here =
            issue.expression == action.place || (issue.expression.starts_with(action.place) &&
                                                 issue.expression.size() > action.place.size() &&
                                                 issue.expression[action.place.size()] == '.');
        if (here) action.fault = issue.text;
      }
    }
  };
  mark(script.setup);
  for (Test& test : script.tests) mark(test.actions);
  mark(script.teardown);
}

void check_names(Script& script) {
  const auto complain = [&](Severity severity, std::string place, std::string text) {
    script.issues.push_back({severity, std::move(place), std::move(text), {}, "invalid", {}});
  };
  std::map<std::string, int> seen;
  for (const Fixture& fixture : script.fixtures) {
    if (++seen[fixture.id] == 2) {
      complain(Severity::error, "TestScript.fixture", "two fixtures have one id");
    }
  }
  for (const Variable& variable : script.variables) {
    // The published expression of tst-3 lets two of them through; its words do not.
    const int ways =
        !variable.expression.empty() + !variable.header_field.empty() + !variable.path.empty();
    if (ways > 1) {
      complain(Severity::error, "TestScript.variable",
               "tst-3: Variable can only contain one of expression, headerField or path.");
    }
  }
  for (const Test& test : script.tests) {
    if (test.actions.empty()) {
      complain(Severity::warning, "TestScript.test", "a test without actions");
    }
  }
  if (script.tests.empty()) {
    complain(Severity::warning, "TestScript.test", "a script without tests");
  }
}

}  // namespace

void judge(Script& script) {
  for (Issue& issue : script.issues) {
    if (issue.severity == Severity::error && tolerated(issue)) issue.severity = Severity::warning;
  }
  check_names(script);
  mark_faults(script);
}

}  // namespace concord::runner::detail
