#pragma once
/// Everything a run did and did not do, for people who write maps: which rule was tried, why it
/// stopped, what it read and wrote. Costs several times the run; for tools, not for traffic.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/map_set.h"
#include "fhir/mapping/trace.h"

namespace concord::mapping {

/// An element of a message as it stood when the run ended. Strings, so that it outlives the trees.
struct RecordedElement {
  std::string path;         ///< FHIRPath with indices
  std::string in_resource;  ///< the same from the nearest resource: "Patient.name[0]"; may be empty
  std::uint32_t offset = UINT32_MAX;  ///< in the source; UINT32_MAX: none
  bool has_value = false;
  std::string value;  ///< may hold data of the message: show it only to who owns the message
};

/// A rule that was tried.
struct RecordedStep {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::uint32_t rule = 0;        ///< row of the MapSet's rules
  std::uint32_t parent = kNone;  ///< the step it happened in; kNone: the group the run began with
  bool ran = false;              ///< else it was skipped, for the reason `why`
  bool left = false;  ///< it came to its end; a step that ran and did not is where the run stopped
  Skip why = Skip::source_empty;
  std::uint32_t item = kNone;  ///< index into `sources` of what it ran over
  struct Nothing {
    std::uint32_t part = 0;  ///< number of the target, else of the call
    Skip why = Skip::value_empty;
  };
  std::vector<Nothing> nothing;  ///< its targets and calls that did nothing
};

/// A write, by indices into the record.
struct RecordedWrite {
  std::uint32_t step = RecordedStep::kNone;
  std::uint32_t rule = 0;
  std::uint32_t source = RecordedStep::kNone;
  std::uint32_t target = 0;
};

/// A look at a source element.
struct RecordedRead {
  std::uint32_t step = RecordedStep::kNone;  ///< kNone: before the rule ran, to find its items
  std::uint32_t rule = 0;
  std::uint32_t source = 0;
};

/// One run.
struct RunRecord {
  const MapSet* maps = nullptr;
  Entry entry;
  std::vector<RecordedElement> sources;  ///< every element of what was read, in document order
  std::vector<RecordedElement> targets;  ///< every element of what was written, in document order
  std::vector<RecordedStep> steps;       ///< in order of execution
  std::vector<RecordedWrite> writes;     ///< in order of execution; taken-out elements left away
  std::vector<RecordedRead> reads;
};

/// Records runs. The MapSet must outlive what is done with the records.
class RunRecorder final : public TraceSink {
 public:
  RunRecorder();
  ~RunRecorder() override;
  bool follows() const noexcept override { return true; }
  void started(const MapSet& maps, const Entry& entry) override;
  void write(const TargetWrite& write) override;
  void entered(std::uint32_t rule, const tree::Document* document, const tree::Node* item) override;
  void left(std::uint32_t rule) override;
  void skipped(std::uint32_t rule, Skip why) override;
  void came_to_nothing(std::uint32_t rule, Skip why, std::uint32_t part) override;
  void read(std::uint32_t rule, const tree::Node& node) override;
  void finished() override;

  /// Runs that ended, well or not.
  const std::vector<RunRecord>& runs() const noexcept { return runs_; }

 private:
  struct Open;
  std::unique_ptr<Open> open_;
  std::vector<RunRecord> runs_;
};

/// `path` without its indices: "Bundle.entry[2].resource" → "Bundle.entry.resource".
std::string without_indices(std::string_view path);

}  // namespace concord::mapping
