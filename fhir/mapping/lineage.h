#pragma once
/// Lineage: the trace of a translation in a form to be kept: which rule wrote which element from
/// which. Holds names of elements and rules, places and offsets; never a value of a message.
///
/// Rules are numbered by the table of the maps that ran (RuleTable), kept once for each version of
/// the maps; a lineage names the table by its digest. README.md, "Lineage", has the bytes.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/result.h"
#include "fhir/mapping/trace.h"

namespace concord::mapping {

struct MapSource;

/// A rule as it stands in a file.
struct RuleRow {
  std::string map;    ///< url of the map
  std::string group;  ///< name of the group
  std::string rule;   ///< name of the rule, with those around it
  std::string file;   ///< name of the source
  Position at{};
  friend bool operator==(const RuleRow&, const RuleRow&) = default;
};

/// The rules of one MapSet. Immutable; safe from any thread.
class RuleTable {
 public:
  RuleTable(std::vector<RuleRow> rows, std::span<const MapSource> sources);
  /// Reads bytes(). Errors: malformed (not a rule table), too_long.
  static Result<RuleTable> read(std::string_view bytes);

  std::span<const RuleRow> rows() const noexcept { return rows_; }
  const RuleRow& operator[](std::size_t rule) const { return rows_[rule]; }
  std::size_t size() const noexcept { return rows_.size(); }
  /// The table as bytes: what to keep beside lineages that name its digest.
  const std::string& bytes() const noexcept { return bytes_; }
  /// Version of the maps: SHA-256 over bytes(), which hold the digest of every source's text.
  const Sha256& digest() const noexcept { return digest_; }

 private:
  RuleTable() = default;
  std::vector<RuleRow> rows_;
  std::string bytes_;
  Sha256 digest_{};
};

/// Keeps each write of the runs it hears of in compact form: about six bytes a write, and made in
/// a fraction of the time of the run. Use it for one translation, or take() between two.
class LineageRecorder final : public TraceSink {
 public:
  LineageRecorder();
  ~LineageRecorder() override;
  void started(const MapSet& maps, const Entry& entry) override;
  void write(const TargetWrite& write) override;
  void finished() override;

  /// The lineage of the runs since the last call, and the tables it names; empty without a write.
  struct Taken {
    std::string bytes;
    std::vector<std::shared_ptr<const RuleTable>> tables;  ///< one of each
  };
  Taken take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One write.
struct LineageWrite {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::uint32_t table = 0;       ///< index into Lineage::tables
  std::uint32_t rule = 0;        ///< row of that table
  std::uint32_t source = kNone;  ///< index into Lineage::sources; kNone: a constant of the map
  std::uint32_t target = 0;      ///< index into Lineage::targets
};

/// An element of the message read or written: FHIRPath with indices.
struct LineagePlace {
  std::string path;
  std::uint32_t offset = LineageWrite::kNone;  ///< in the bytes it was read from; kNone: no bytes
};

/// Lineage as it is read back, in order of writing.
struct Lineage {
  std::vector<Sha256> tables;
  std::vector<LineagePlace> sources;
  std::vector<LineagePlace> targets;
  std::vector<LineageWrite> writes;
};

/// Bounds on what is read back. Past one of them: too_long.
struct LineageLimits {
  std::size_t max_writes = 1'000'000;
  std::size_t max_path_bytes = std::size_t{256} << 20;  ///< of all paths together
};

/// Errors: malformed (not a lineage, or cut off), too_long. Rules are not looked up: a number may
/// lie outside its table when bytes and table do not belong together.
Result<Lineage> read_lineage(std::string_view bytes, const LineageLimits& limits = {});

}  // namespace concord::mapping
