#include "fhir/validate/context.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/tree/symbols.h"

namespace concord::validate {

namespace {
/// Findings kept during a run: what is dropped as said before is not known until its end.
constexpr std::size_t kMostKept = 20'000;

bool is_error(Severity severity) {
  return severity == Severity::error || severity == Severity::fatal;
}
}  // namespace

void Context::report(Severity severity, std::string_view id, std::string_view type,
                     const tree::Node& node, std::string text, std::string_view member,
                     std::string_view distinct) {
  ++found_;
  Finding finding{
      severity, found_, &node,           id,
      type,     member, std::move(text), distinct.empty() ? 0 : tree::hash_name(distinct) | 1,
      origin_};
  if (findings_.size() < std::max(kMostKept, options_.max_issues)) {
    findings_.push_back(std::move(finding));
    return;
  }
  ++beyond_;
  if (!is_error(severity)) return;
  // Errors take the places of what is milder.
  while (milder_ < findings_.size() && is_error(findings_[milder_].severity)) ++milder_;
  if (milder_ < findings_.size()) {
    findings_[milder_] = std::move(finding);
  } else {
    ++errors_beyond_;
  }
}

/// In the order of the document; of findings with the same id, place and text the first and
/// gravest is left.
void Context::drop_repeated() {
  const auto same = [](const Finding& a, const Finding& b) {
    return a.node == b.node && a.id == b.id && a.member == b.member && a.distinct == b.distinct &&
           a.text == b.text;
  };
  std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
    if (a.node->source_offset() != b.node->source_offset()) {
      return a.node->source_offset() < b.node->source_offset();
    }
    return a.ordinal < b.ordinal;
  });
  constexpr std::size_t kLookedBack = 256;  // findings of one place; more are not compared
  std::vector<Finding> kept;
  kept.reserve(findings_.size());
  for (Finding& at : findings_) {
    Finding* known = nullptr;
    std::size_t looked = 0;
    for (auto back = kept.rbegin(); back != kept.rend() && looked < kLookedBack; ++back, ++looked) {
      if (back->node->source_offset() != at.node->source_offset()) break;
      if (!same(*back, at)) continue;
      known = &*back;
      break;
    }
    if (known == nullptr) {
      kept.push_back(std::move(at));
    } else if (at.severity < known->severity) {
      known->severity = at.severity;
    }
  }
  findings_ = std::move(kept);
}

Report Context::finish() {
  Report report;
  if (found_ == 0) return report;
  drop_repeated();
  report.errors = errors_beyond_ + static_cast<std::size_t>(std::count_if(
                                       findings_.begin(), findings_.end(),
                                       [](const Finding& at) { return is_error(at.severity); }));
  report.left_out = beyond_;
  if (findings_.size() > options_.max_issues) {
    std::size_t drop = findings_.size() - options_.max_issues;
    report.left_out += drop;
    std::size_t errors = 0;
    for (const Finding& at : findings_) errors += is_error(at.severity);
    // The last of what is milder goes first, then the last errors.
    std::size_t milder = findings_.size() - errors;
    milder -= std::min(milder, drop);
    errors = options_.max_issues - milder;
    std::erase_if(findings_, [&](const Finding& at) {
      std::size_t& left = is_error(at.severity) ? errors : milder;
      if (left == 0) return true;
      --left;
      return false;
    });
  }
  // Positions in one pass over the source: offsets only grow.
  const std::string_view source = document_->source();
  Position position{1, 1};
  std::size_t reached = 0;
  for (Finding& at : findings_) {
    Issue issue;
    issue.severity = at.severity;
    issue.expression = definitions::expression(*document_, *at.node, definitions());
    if (!at.member.empty()) issue.expression.append(".").append(at.member);
    issue.text = std::move(at.text);
    issue.code = at.type;
    issue.detail_code = at.id;
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
