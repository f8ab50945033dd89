#include "fhir/core/error.h"

namespace concord {

std::string to_string(const Error& error) {
  std::string line{error_row(error.code).name};
  for (const Issue& issue : error.issues) {
    line += ": ";
    line += issue.text;
    if (!issue.expression.empty()) line += " (" + issue.expression + ")";
    if (issue.position.line != 0) {
      line +=
          " " + std::to_string(issue.position.line) + ":" + std::to_string(issue.position.column);
    }
  }
  return line;
}

}  // namespace concord
