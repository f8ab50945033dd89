#include "mappers/eps/published_error.h"

#include <utility>

namespace concord::eps {

Issue published_issue(std::string_view detail_code, std::string text, std::string expression,
                      Position position) {
  Issue issue;
  issue.severity = Severity::fatal;
  issue.expression = std::move(expression);
  issue.text = std::move(text);
  issue.position = position;
  issue.code = "invalid";
  issue.detail_code = detail_code;
  issue.detail_system = kSpineCodesR4;
  issue.wording = Wording::display;
  return issue;
}

void publish(Error& error) {
  if (error.code != ErrorCode::invalid) return;
  for (Issue& issue : error.issues) {
    if (issue.wording != Wording::details || !issue.code.empty()) continue;
    if (issue.detail_code != kInvalidValue && issue.detail_code != kTooFewValues &&
        issue.detail_code != kTooManyValues) {
      continue;
    }
    issue = published_issue(issue.detail_code, std::move(issue.text), std::move(issue.expression),
                            issue.position);
  }
}

Error published_error(std::string_view detail_code, std::string text, std::string expression,
                      Position position) {
  Error error;
  error.code = ErrorCode::invalid;
  error.issues.push_back(Issue{Severity::error,
                               std::move(expression),
                               std::move(text),
                               position,
                               {},
                               std::string(detail_code)});
  return error;
}

}  // namespace concord::eps
