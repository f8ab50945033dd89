#include "gateway/app/explain.h"

#include <algorithm>
#include <map>
#include <set>

namespace concord::app {
namespace {

using mapping::PossibleWrite;
using mapping::RecordedElement;
using mapping::RecordedStep;
using mapping::RecordedWrite;
using mapping::RunRecord;
using mapping::without_indices;

/// Whether `path` is `wanted` or ends with its steps.
bool ends_with_steps(std::string_view path, std::string_view wanted) {
  if (!path.ends_with(wanted)) return false;
  return path.size() == wanted.size() || path[path.size() - wanted.size() - 1] == '.';
}

bool is_wanted(const RecordedElement& element, std::string_view wanted) {
  if (wanted.find('[') != std::string_view::npos) {
    return ends_with_steps(element.path, wanted) || ends_with_steps(element.in_resource, wanted);
  }
  return ends_with_steps(without_indices(element.path), wanted) ||
         ends_with_steps(without_indices(element.in_resource), wanted);
}

/// The element or, for a copy, what it would hold.
bool could_be(const PossibleWrite& write, std::string_view wanted) {
  for (const std::string* path : {&write.path, &write.in_resource}) {
    if (path->empty()) continue;
    if (ends_with_steps(*path, wanted)) return true;
    if (!write.whole) continue;
    for (std::size_t dot = wanted.rfind('.'); dot != std::string_view::npos && dot > 0;
         dot = wanted.rfind('.', dot - 1)) {
      if (ends_with_steps(*path, wanted.substr(0, dot))) return true;
    }
  }
  return false;
}

/// Steps by the step they happened in, for walking a chain of rules down a run.
class Walked {
 public:
  explicit Walked(const RunRecord& run) : run_(run) {
    for (std::uint32_t i = 0; i < run.steps.size(); ++i) {
      below_[{run.steps[i].parent, run.steps[i].rule}].push_back(i);
    }
  }

  ExplainedGap gap_of(const PossibleWrite& write) const {
    ExplainedGap gap;
    gap.target = write.path;
    gap.rule = gap.stopped_at = write.chain.empty() ? 0 : write.chain.back();
    std::vector<std::uint32_t> now{RecordedStep::kNone};
    for (const std::uint32_t rule : write.chain) {
      std::vector<std::uint32_t> ran, skipped;
      for (const std::uint32_t step : now) {
        const auto at = below_.find({step, rule});
        if (at == below_.end()) continue;
        for (const std::uint32_t one : at->second)
          (run_.steps[one].ran ? ran : skipped).push_back(one);
      }
      if (!ran.empty()) {
        now = std::move(ran);
        continue;
      }
      gap.stopped_at = rule;
      gap.times = skipped.size();
      gap.why = skipped.empty() ? not_reached(now) : reasons(skipped);
      return gap;
    }
    gap.times = now.size();
    gap.why = part_reason(now, write.part);
    return gap;
  }

 private:
  /// The rule was not even tried, though what is around it ran.
  std::string not_reached(const std::vector<std::uint32_t>& around) const {
    for (const std::uint32_t step : around) {
      if (step == RecordedStep::kNone) continue;
      const RecordedStep& ran = run_.steps[step];
      if (!ran.left) return "the run stopped before it";
      for (const RecordedStep::Nothing& nothing : ran.nothing) {
        if (nothing.why == mapping::Skip::argument_empty) {
          return "its group was never called: " + std::string(skip_text(nothing.why));
        }
      }
    }
    return "its group was never called";
  }

  std::string reasons(const std::vector<std::uint32_t>& skipped) const {
    std::set<mapping::Skip> why;
    for (const std::uint32_t step : skipped) why.insert(run_.steps[step].why);
    std::string text;
    for (const mapping::Skip one : why)
      text += (text.empty() ? "" : ", or ") + std::string(skip_text(one));
    return text;
  }

  std::string part_reason(const std::vector<std::uint32_t>& ran, std::uint32_t part) const {
    std::set<mapping::Skip> why;
    bool stopped = false;
    for (const std::uint32_t step : ran) {
      if (step == RecordedStep::kNone) continue;
      stopped = stopped || !run_.steps[step].left;
      for (const RecordedStep::Nothing& nothing : run_.steps[step].nothing) {
        if (nothing.part == part) why.insert(nothing.why);
      }
    }
    std::string text;
    for (const mapping::Skip one : why)
      text += (text.empty() ? "" : ", or ") + std::string(skip_text(one));
    if (!text.empty()) return text;
    return stopped ? "the run stopped here"
                   : "it ran; what it made was elsewhere, or empty and taken away again";
  }

  const RunRecord& run_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> below_;
};

void add_writes(const RunRecord& run, std::uint32_t target, Explanation& to) {
  const std::size_t before = to.writes.size();
  for (const RecordedWrite& write : run.writes) {
    if (write.target != target) continue;
    ExplainedWrite found;
    found.target = run.targets[target].path;
    found.rule = write.rule;
    found.target_value = run.targets[target].value;
    if (write.source != RecordedStep::kNone) {
      const RecordedElement& source = run.sources[write.source];
      found.source = source.path;
      found.offset = source.offset;
      found.source_value = source.value;
    }
    to.writes.push_back(std::move(found));
  }
  if (to.writes.size() > before) return;
  // Below a copy, or with an element a rule made.
  ExplainedWrite found;
  found.target = run.targets[target].path;
  found.target_value = run.targets[target].value;
  found.fixed = true;
  const RecordedWrite* nearest = nullptr;
  for (const RecordedWrite& write : run.writes) {
    const std::string& above = run.targets[write.target].path;
    if (!found.target.starts_with(above + '.')) continue;
    if (nearest == nullptr || above.size() >= run.targets[nearest->target].path.size())
      nearest = &write;
  }
  if (nearest != nullptr) {
    found.rule = nearest->rule;
    if (nearest->source != RecordedStep::kNone) found.source = run.sources[nearest->source].path;
  }
  to.writes.push_back(std::move(found));
}

std::vector<std::string> neighbours_of(const std::vector<PossibleWrite>& possible,
                                       std::string_view wanted) {
  std::set<std::string> found;
  for (std::string_view part = wanted; found.empty();) {
    const std::size_t dot = part.rfind('.');
    if (dot == std::string_view::npos) break;
    part = part.substr(0, dot);
    for (const PossibleWrite& write : possible) {
      for (const std::string* path : {&write.path, &write.in_resource}) {
        const std::size_t last = path->rfind('.');
        if (last == std::string::npos) continue;
        if (ends_with_steps(std::string_view(*path).substr(0, last), part)) found.insert(*path);
      }
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace

Explanation explain(const RunRecord& run, std::string_view path) {
  Explanation explanation;
  for (std::uint32_t i = 0; i < run.targets.size(); ++i) {
    if (is_wanted(run.targets[i], path)) add_writes(run, i, explanation);
  }
  if (!explanation.writes.empty()) return explanation;
  const std::string wanted = without_indices(path);
  const std::vector<PossibleWrite> possible = run.maps->possible_writes(run.entry);
  const Walked walked(run);
  for (const PossibleWrite& write : possible) {
    if (!could_be(write, wanted)) continue;
    ExplainedGap gap = walked.gap_of(write);
    const bool known = std::any_of(
        explanation.gaps.begin(), explanation.gaps.end(), [&](const ExplainedGap& other) {
          return other.target == gap.target && other.rule == gap.rule &&
                 other.stopped_at == gap.stopped_at && other.why == gap.why;
        });
    if (!known) explanation.gaps.push_back(std::move(gap));
  }
  if (explanation.gaps.empty()) explanation.neighbours = neighbours_of(possible, wanted);
  return explanation;
}

}  // namespace concord::app
