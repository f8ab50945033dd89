#pragma once
/// A TestScript as the engine runs it: plain values, made by load(), safe to read from any thread.
/// Source: hl7.org/fhir/R4/testscript.html; the dialect of http://ignixa.io/testscript/.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fhir/core/error.h"

namespace concord::runner {

struct HeaderLine {
  std::string field;
  std::string value;
};

/// A condition on the CapabilityStatement of the server, or on its release of FHIR. Met when the
/// statement cannot be read.
struct Condition {
  std::string capability;             ///< FHIRPath; empty: none
  std::vector<std::string> versions;  ///< "4.0"; empty: any
};

/// What an engine polls for (`waitFor`). Without condition and status: until the assertions that
/// follow the operation hold.
struct Wait {
  std::string expression;  ///< FHIRPath over the response
  std::string status;      ///< as Assertion::when_status
  std::chrono::milliseconds limit{10'000};
  std::chrono::milliseconds interval{250};
};

/// TestScript.setup.action.operation. Texts still hold their `${…}`.
struct Operation {
  std::string type;  ///< code, "$" before named operations taken away
  std::string resource, label, description, accept, content_type, method, params, url;
  std::string request_id, response_id, source_id, target_id;
  std::optional<int> destination, origin;
  bool encode_url = true;
  std::vector<HeaderLine> headers;
};

/// TestScript.setup.action.assert.
struct Assertion {
  std::string label, description, direction, op;
  std::string compare_id, compare_expression, compare_path;
  std::string content_type, expression, header_field, minimum_id, path, request_method, request_url;
  std::string resource, response, response_code, source_id, profile_id;
  std::optional<bool> navigation_links;
  std::optional<std::string> value;
  bool warning_only = false;
  bool stop_on_fail = false;
  std::string any_of;  ///< group of which one member must hold; empty: none
  /// Only for responses of these statuses: "200", "2xx", "200,201", "okay", "!404"; empty: any.
  std::string when_status;
  bool rule = false;  ///< a rule or ruleset of another engine (Groovy): not run
};

struct Action {
  std::optional<Operation> operation;
  std::optional<Assertion> assertion;
  std::string place;  ///< "TestScript.test[1].action[0].operation"
  std::string fault;  ///< why it cannot be run; empty: it can
  std::optional<Wait> wait;
};

struct Fixture {
  std::string id;
  bool autocreate = false;
  bool autodelete = false;
  std::string text;       ///< JSON or XML of the resource; empty: see `reference`
  std::string reference;  ///< file, "#contained" (already in `text`), "Patient/example", URL
  std::string generated;  ///< type of the resource to generate (`fhirfakes`); `text` overlays it
};

struct Variable {
  std::string name, header_field, path, expression, source_id, hint;
  std::optional<std::string> default_value;
};

struct Capability {
  bool required = false;
  bool validated = false;
  std::string description, statement;
  std::vector<std::string> links;
  std::optional<int> destination;
};

struct ProfileLine {
  std::string id;
  std::string canonical;  ///< url or file; "#contained" already loaded as `text`
  std::string text;
};

struct Test {
  std::string id, name, description;
  std::vector<Action> actions;
  std::vector<Condition> conditions;
  /// `parametrize`: the test runs once for each value of the variable.
  std::string parameter;
  std::vector<std::string> values;
};

struct Script {
  std::filesystem::path file;
  std::string id, url, name, title, version, description;
  std::vector<Fixture> fixtures;
  std::vector<ProfileLine> profiles;
  std::vector<Variable> variables;
  std::vector<Capability> capabilities;
  std::vector<Condition> conditions;
  std::vector<Action> setup, teardown;
  std::vector<Test> tests;
  std::vector<int> destinations;  ///< indices declared
  /// What is wrong with the script, in the order of the text; positions are lines and columns of
  /// the file. Warnings are what the dialect leaves out and R4 asks for.
  std::vector<Issue> issues;

  bool sound() const {
    for (const Issue& issue : issues) {
      if (issue.severity <= Severity::error) return false;
    }
    return true;
  }
};

}  // namespace concord::runner
