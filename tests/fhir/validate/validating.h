#pragma once
// One validator over R4 for the tests of this program, and issues in a form that reads well.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/validate/validator.h"

namespace concord::validate {

struct Validating {
  tree::Symbols symbols;
  definitions::Definitions definitions;
  Validator validator;

  Validating() : definitions(load(symbols)), validator(Validator::compile(definitions)) {}

 private:
  static definitions::Definitions load(tree::Symbols& symbols) {
    auto loaded = definitions::Definitions::r4(symbols);
    if (!loaded) {
      ADD_FAILURE() << to_string(loaded.error());
      std::abort();
    }
    return *std::move(loaded);
  }
};

inline const Validating& r4() {
  static const Validating loaded;
  return loaded;
}

inline Report report_on(std::string text, const Options& options = {}) {
  return validate_text(std::move(text), r4().validator, r4().definitions, options);
}

/// "error 3:14 Patient.gender: text [rule/issue-type]".
inline std::string line(const Issue& issue) {
  std::string text(severity_name(issue.severity));
  text += ' ' + std::to_string(issue.position.line) + ':' + std::to_string(issue.position.column);
  text += ' ' + issue.expression + ": " + issue.text;
  return text + " [" + issue.detail_code + '/' + issue.code + ']';
}

inline std::vector<std::string> issues_of(std::string text, const Options& options = {}) {
  std::vector<std::string> lines;
  for (const Issue& issue : report_on(std::move(text), options).issues)
    lines.push_back(line(issue));
  return lines;
}

/// The same without positions, for documents on one line.
inline std::vector<std::string> findings_of(std::string text, const Options& options = {}) {
  std::vector<std::string> lines;
  for (Issue issue : report_on(std::move(text), options).issues) {
    issue.position = {};
    std::string shown = line(issue);
    lines.push_back(shown.erase(shown.find(" 0:0"), 4));
  }
  return lines;
}

}  // namespace concord::validate
