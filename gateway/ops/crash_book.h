#pragma once
/// Which requests the process crashed with. A sender that gets no answer sends again, so one that
/// ends the process would end it again and again. Source: reliability.md section 2.4, poison.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "fhir/core/descriptor.h"
#include "fhir/core/digest.h"
#include "fhir/core/result.h"

namespace concord::ops {

/// A crash is what the process does to itself: a fault of the processor, abort(), a stack that is
/// too deep. Being killed from outside is none, nor is an end for want of memory. The signal's
/// handler notes the digest its thread works on, and leaves the end to whoever handled the signal
/// before. Ordinary work writes nothing.
///
/// Of several in a process the one opened last hears of crashes. Safe from any thread.
class CrashBook {
 public:
  /// `file` holds one digest of 32 bytes for each crash behind one of `program`: another program
  /// begins anew. It is not synced: it has to outlive the process, not the machine.
  /// Errors: invalid (the file cannot be opened or written).
  static Result<std::unique_ptr<CrashBook>> open(std::filesystem::path file,
                                                 std::string_view program);
  ~CrashBook();
  CrashBook(const CrashBook&) = delete;
  CrashBook& operator=(const CrashBook&) = delete;

  /// How often the process crashed with it.
  std::int32_t crashes(const Sha256& with) const;
  /// Notes one more, as a crash would.
  void add(const Sha256& with);
  /// It came to an end after all.
  void clear(const Sha256& with);

 private:
  CrashBook(std::filesystem::path file, const Sha256& program, Descriptor out);
  void write();

  const std::filesystem::path file_;
  const Sha256 program_;
  mutable std::mutex mutex_;
  Descriptor out_;
  std::map<Sha256, std::int32_t> counts_;
  std::atomic<bool> any_ = false;  ///< counts_ holds something
};

/// While it lives its thread works on what has that digest, which it does not own. One of a thread
/// at a time. Costs two stores; the first of a thread gives it a stack for signals.
class WorkingOn {
 public:
  explicit WorkingOn(const Sha256& digest) noexcept;
  ~WorkingOn();
  WorkingOn(const WorkingOn&) = delete;
  WorkingOn& operator=(const WorkingOn&) = delete;
};

}  // namespace concord::ops
