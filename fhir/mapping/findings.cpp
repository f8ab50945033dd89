#include "fhir/mapping/findings.h"

#include <algorithm>

namespace concord::mapping {

void Findings::add(Severity severity, std::string_view file, Position at, std::string_view code,
                   std::string text) {
  if (severity == Severity::error && full()) return;
  Finding made{severity, std::string(file), at, std::string(code), std::move(text)};
  if (std::find(found_.begin(), found_.end(), made) != found_.end()) return;
  if (severity == Severity::error) ++errors_;
  found_.push_back(std::move(made));
}

std::vector<Finding> Findings::sorted(const std::vector<std::string>& files) const {
  std::vector<Finding> ordered = found_;
  const auto place = [&](const std::string& file) {
    return std::find(files.begin(), files.end(), file) - files.begin();
  };
  std::stable_sort(ordered.begin(), ordered.end(), [&](const Finding& a, const Finding& b) {
    if (a.file != b.file) return place(a.file) < place(b.file);
    if (a.position.line != b.position.line) return a.position.line < b.position.line;
    return a.position.column < b.position.column;
  });
  return ordered;
}

Error to_error(const std::vector<Finding>& findings) {
  Error error;
  error.code = ErrorCode::invalid;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::error) continue;
    if (finding.code == code::kSyntax) error.code = ErrorCode::malformed;
    if (finding.code == code::kTooLong) error.code = ErrorCode::too_long;
    error.issues.push_back(
        Issue{Severity::error, finding.file, finding.text, finding.position, {}, finding.code});
  }
  return error;
}

std::string findings_text(std::span<const Finding> findings) {
  std::string lines;
  for (const Finding& finding : findings) {
    lines += finding.file + ':' + std::to_string(finding.position.line) + ':' +
             std::to_string(finding.position.column) + ": ";
    lines += severity_name(finding.severity);
    lines += ": " + finding.text + " [" + finding.code + "]\n";
  }
  return lines;
}

}  // namespace concord::mapping
