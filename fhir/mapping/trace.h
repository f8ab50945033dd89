#pragma once
/// What a run of a map tells about itself: one line per target write, and the source it never read.
/// Plain values; one run writes to one sink, so a sink needs no lock of its own.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/tree/document.h"

namespace concord::mapping {

class MapSet;
class Entry;

/// One write to the target. The views live as long as the MapSet, the nodes as long as their
/// documents. A target node may still move among its siblings until the run ends, so paths are
/// asked for afterwards.
struct TargetWrite {
  std::string_view map;       ///< url of the map
  std::string_view group;     ///< name of the group
  std::string_view rule;      ///< name of the rule, with those around it: "line.product/code"
  std::string_view file;      ///< the source the rule stands in (an overlay's own name)
  Position at{};              ///< of the rule in that file
  std::uint32_t rule_id = 0;  ///< its row in MapSet::rules()
  const tree::Document* source_document = nullptr;
  const tree::Node* source = nullptr;  ///< what the rule was reading; null: a constant of the map
  const tree::Document* target_document = nullptr;
  const tree::Node* target = nullptr;
};

/// Why a rule, or one of its targets or calls, came to nothing.
enum class Skip : std::uint8_t {
  source_empty,    ///< the element is not there, or the variable came to nothing
  other_type,      ///< there are items, none of them of `: Type`
  where_false,     ///< there are items, `where` holds for none of them
  not_picked,      ///< `not_first` and `not_last` left none
  target_absent,   ///< what it would write into was not made
  value_empty,     ///< the value it would write is empty
  argument_empty,  ///< an argument of the group it calls came to nothing
};

/// "the source is not there", "`where` does not hold" …: static text.
std::string_view skip_text(Skip why) noexcept;

/// Hears of target writes and of `log` in rules. Called in the order of execution.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  /// A run begins; `maps` outlives it. One translation may take several runs.
  virtual void started(const MapSet& maps, const Entry& entry) {
    static_cast<void>(maps);
    static_cast<void>(entry);
  }
  virtual void write(const TargetWrite& write) = 0;

  /// Whether the sink wants the steps between writes as well. Asked once, when a run begins: a sink
  /// that does not pays nothing for the five calls below. Rules are rows of MapSet::rules().
  virtual bool follows() const noexcept { return false; }
  /// A rule runs for one item (null: a value that is no node); what comes until left() is inside.
  virtual void entered(std::uint32_t rule, const tree::Document* document, const tree::Node* item) {
    static_cast<void>(rule);
    static_cast<void>(document);
    static_cast<void>(item);
  }
  virtual void left(std::uint32_t rule) { static_cast<void>(rule); }
  /// A rule did not run, or its second source had nothing for an item of the first.
  virtual void skipped(std::uint32_t rule, Skip why) {
    static_cast<void>(rule);
    static_cast<void>(why);
  }
  /// Between entered() and left(): target or call number `part` of the rule did nothing.
  virtual void came_to_nothing(std::uint32_t rule, Skip why, std::uint32_t part) {
    static_cast<void>(rule);
    static_cast<void>(why);
    static_cast<void>(part);
  }
  /// A rule looked at a source node. A node read several times is told several times.
  virtual void read(std::uint32_t rule, const tree::Node& node) {
    static_cast<void>(rule);
    static_cast<void>(node);
  }

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
