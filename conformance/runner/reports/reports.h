#pragma once
/// A run told to people and programs. Pure functions but for TestReports, which need R4's symbols.

#include <string>
#include <vector>

#include "conformance/runner/results.h"
#include "conformance/runner/standard.h"

namespace concord::runner {

/// One line per test that did not simply pass, then totals. `all`: a line for every test.
std::string console_text(const ScriptResult& script, bool all);
std::string console_totals(const RunResult& run);

/// JUnit XML: one testsuite per script, one testcase per test (classname folder.script).
/// Errors: internal (a text XML cannot carry was not cleaned: never seen).
Result<std::string> junit_xml(const RunResult& run);

/// One HTML page, nothing loaded from elsewhere, no script; everything from outside escaped.
std::string html_page(const RunResult& run);

/// Everything, with whole exchanges, as JSON. Secrets are masked already.
/// Errors: too_long (over 1 GiB).
Result<std::string> json_record(const RunResult& run);

/// TestReport R4 of one script, as FHIR JSON (pretty) or XML.
/// Errors: internal.
Result<std::string> test_report(const RunResult& run, const ScriptResult& script,
                                const Standard& standard, bool xml = false);

/// Text as it may stand in HTML and XML text and attributes.
std::string escaped(std::string_view text);
/// A file name out of a script's name: letters, digits, "-" and "_".
std::string file_name(std::string_view name);

}  // namespace concord::runner
