#include "fhir/tree/reading.h"

#include <algorithm>

namespace concord::tree {

void SyntaxFindings::add(SyntaxFinding finding) {
  // What ends the reading is never left out.
  if (full() && finding.severity != Severity::fatal) {
    ++left_out_;
    return;
  }
  kept_.push_back(std::move(finding));
}

std::vector<SyntaxFinding> SyntaxFindings::finish(std::string_view source) {
  std::stable_sort(kept_.begin(), kept_.end(), [](const SyntaxFinding& a, const SyntaxFinding& b) {
    return a.offset < b.offset;
  });
  // One way through the source for all of them.
  std::size_t at = 0, line_start = 0;
  std::uint32_t line = 1;
  for (SyntaxFinding& finding : kept_) {
    const std::size_t to = std::min(finding.offset, source.size());
    while (at < to) {
      const std::size_t feed = source.substr(0, to).find('\n', at);
      if (feed == std::string_view::npos) break;
      ++line;
      line_start = feed + 1;
      at = feed + 1;
    }
    at = std::max(at, to);
    finding.position = {line, static_cast<std::uint32_t>(to - line_start + 1)};
  }
  if (left_out_ > 0) {
    SyntaxFinding more;
    more.message_id = "SYNTAX_FINDINGS_LEFT_OUT";
    more.issue_type = "too-costly";
    more.text = std::to_string(left_out_) + " more findings about how the text is written";
    more.offset = source.size();
    if (!kept_.empty()) more.position = kept_.back().position;
    kept_.push_back(std::move(more));
  }
  left_out_ = 0;
  return std::move(kept_);
}

}  // namespace concord::tree
