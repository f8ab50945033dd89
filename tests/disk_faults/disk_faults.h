#pragma once
/// Steers the disk of a program that was started with `environment()`: calls on its files fail or
/// wait, and the power can be cut. One thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "fhir/core/result.h"

namespace concord::disk_faults {

struct Control;

/// What the disk did with bytes that were written and never synced.
enum class Loss : std::uint8_t {
  all,     ///< none of them arrived
  prefix,  ///< the first so many writes of each file arrived, drawn
  torn,    ///< any of their sectors of 512 bytes arrived, drawn
};

/// What a power cut took back.
struct Cut {
  std::uint64_t files = 0;   ///< that had anything unsynced
  std::uint64_t writes = 0;  ///< that were not synced
  std::uint64_t bytes = 0;   ///< of them, changed back
};

/// What calls went wrong by a rule.
struct Hits {
  std::uint64_t seen = 0, hit = 0;
};

class Disk {
 public:
  /// Looks after the files below `root`, which exists. `state` is made anew; put it in memory
  /// (/dev/shm): every write below `root` writes there first while power cuts are prepared for.
  /// Errors: transient (files cannot be made), too_long (a path of 500 bytes or more).
  static Result<std::unique_ptr<Disk>> open(const std::filesystem::path& state,
                                            const std::filesystem::path& root);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// For the programs whose disk this is, and their children.
  std::map<std::string, std::string> environment() const;

  /// Sets a rule, as text: "call=sync|write|truncate|rename|allocate|any error=EIO|ENOSPC nth=3
  /// file=.db-wal", "call=write short=1 permille=20 seed=7", "call=sync delay_us=5000". A name left
  /// out: any call, every file, every time. Returns its number, which hits() knows.
  /// Errors: invalid (unknown name or value), too_costly (more than 8 rules).
  Result<std::size_t> add(std::string_view rule);
  Hits hits(std::size_t rule) const;
  /// Forgets all rules: the disk is sound again.
  void clear();
  /// fsync and fdatasync so far, of files below the root.
  std::uint64_t syncs() const;

  /// From now on what is written is noted, so that it can be taken back. What was written before
  /// counts as synced.
  void prepare_cut();
  /// The power goes: from here on no program writes below the root; whoever tries is killed. Kill
  /// the programs now.
  void power_off();
  /// Takes back what was not synced, once the programs are dead; then the power is on again, and
  /// writes are noted anew. The same seed takes the same sectors.
  /// Errors: transient (a file cannot be changed back).
  Result<Cut> take_back(Loss loss, std::uint64_t seed);

 private:
  Disk(std::filesystem::path state, std::filesystem::path root, Control* control)
      : state_(std::move(state)), root_(std::move(root)), control_(control) {}

  std::filesystem::path state_, root_;
  Control* control_;
};

}  // namespace concord::disk_faults
