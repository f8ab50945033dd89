#pragma once
/// What a run of a map tells about itself: one line per target write, and the source it never read.
/// Plain values; one run writes to one sink, so a sink needs no lock of its own.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/tree/document.h"

namespace concord::mapping {

/// One write to the target. The views live as long as the MapSet, the nodes as long as their
/// documents. A target node may still move among its siblings until the run ends, so paths are
/// asked for afterwards.
struct TargetWrite {
  std::string_view map;    ///< url of the map
  std::string_view group;  ///< name of the group
  std::string_view rule;   ///< name of the rule, with those around it: "line.product/code"
  std::string_view file;   ///< the source the rule stands in (an overlay's own name)
  Position at{};           ///< of the rule in that file
  const tree::Document* source_document = nullptr;
  const tree::Node* source = nullptr;  ///< what the rule was reading; null: a constant of the map
  const tree::Document* target_document = nullptr;
  const tree::Node* target = nullptr;
};

/// Hears of target writes and of `log` in rules. Called in the order of execution.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void write(const TargetWrite& write) = 0;
  /// `text` may hold values of the message: not for logs that leave the caller.
  virtual void log(const TargetWrite& rule, std::string_view text) {
    static_cast<void>(rule);
    static_cast<void>(text);
  }
  /// A run has ended, well or not: every node stands where it will stay, and both documents still
  /// live. The moment to ask for paths.
  virtual void finished() {}
};

/// Keeps everything for formatting after the run.
class TraceRecorder final : public TraceSink {
 public:
  void write(const TargetWrite& write) override { writes_.push_back(write); }
  void log(const TargetWrite& rule, std::string_view text) override {
    logs_.push_back({rule, std::string(text)});
  }
  struct Log {
    TargetWrite rule;
    std::string text;
  };
  const std::vector<TargetWrite>& writes() const noexcept { return writes_; }
  const std::vector<Log>& logs() const noexcept { return logs_; }
  void clear() {
    writes_.clear();
    logs_.clear();
  }

 private:
  std::vector<TargetWrite> writes_;
  std::vector<Log> logs_;
};

/// One line per write, for people:
/// `ParentPrescription.id  <-  Bundle.identifier @104  EpsOrder.Root "order.id" (order.map:12:3)`.
/// Call it while the documents of the run live.
std::string trace_text(const TraceRecorder& trace);

/// The same as JSON lines, one object per write: {"map","group","rule","file","line","column",
/// "source","offset","target"}; "source" and "offset" are absent for constants.
std::string trace_json_lines(const TraceRecorder& trace);

}  // namespace concord::mapping
