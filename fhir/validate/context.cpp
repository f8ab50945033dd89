#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/validate/rule.h"

namespace concord::validate {

void Context::report(Severity severity, std::string_view rule, std::string_view type,
                     const tree::Node& node, std::string text, std::string_view member) {
  const bool is_error = severity == Severity::error || severity == Severity::fatal;
  ++found_;
  errors_ += is_error;
  Finding finding{severity, found_, &node, rule, type, member, std::move(text)};
  if (findings_.size() < options_.max_issues) {
    findings_.push_back(std::move(finding));
    return;
  }
  if (!is_error) return;
  const auto milder = std::find_if(findings_.rbegin(), findings_.rend(), [](const Finding& at) {
    return at.severity == Severity::warning || at.severity == Severity::information;
  });
  if (milder != findings_.rend()) *milder = std::move(finding);
}

Report Context::finish() {
  Report report;
  report.errors = errors_;
  report.left_out = found_ - findings_.size();
  if (found_ == 0) return report;
  std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
    if (a.node->source_offset() != b.node->source_offset()) {
      return a.node->source_offset() < b.node->source_offset();
    }
    return a.ordinal < b.ordinal;
  });
  // Positions in one pass over the source: offsets only grow.
  const std::string_view source = document_.source();
  Position position{1, 1};
  std::size_t reached = 0;
  for (Finding& at : findings_) {
    Issue issue;
    issue.severity = at.severity;
    issue.expression = definitions::expression(document_, *at.node, definitions_);
    if (!at.member.empty()) issue.expression.append(".").append(at.member);
    issue.text = std::move(at.text);
    issue.code = at.type;
    issue.detail_code = at.rule;
    const std::size_t offset = at.node->source_offset();
    if (offset < source.size()) {
      const std::string_view passed = source.substr(reached, offset - reached);
      const std::size_t line_end = passed.rfind('\n');
      if (line_end == std::string_view::npos) {
        position.column += static_cast<std::uint32_t>(passed.size());
      } else {
        position.line += static_cast<std::uint32_t>(std::count(passed.begin(), passed.end(), '\n'));
        position.column = static_cast<std::uint32_t>(passed.size() - line_end);
      }
      reached = offset;
      issue.position = position;
    }
    report.issues.push_back(std::move(issue));
  }
  if (report.left_out > 0) {
    Issue rest;
    rest.severity = Severity::information;
    rest.text = "more findings were left out: " + std::to_string(report.left_out);
    rest.code = "informational";
    rest.detail_code = "bound";
    report.issues.push_back(std::move(rest));
  }
  return report;
}

}  // namespace concord::validate
