#pragma once
/// The memory that the preloaded library and who steers it share: a file mapped by both. Plain
/// words only, because it is used between processes and inside calls that must not allocate.

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace concord::disk_faults {

/// Calls that can be made to fail, as bits.
enum Call : std::uint32_t {
  kWrite = 1,      ///< write, pwrite, writev, pwritev
  kSync = 2,       ///< fsync, fdatasync
  kTruncate = 4,   ///< ftruncate
  kRename = 8,     ///< rename
  kAllocate = 16,  ///< fallocate, posix_fallocate
};

enum class Act : std::uint32_t {
  none,
  fail,         ///< the call returns `error` and does nothing
  short_write,  ///< half of the bytes are written, and that is what the call says
  delay,        ///< the call waits `delay_us` and then does its work
};

/// One way in which calls go wrong. Everything but the counters is set before `act`.
struct Rule {
  std::atomic<Act> act{Act::none};
  std::uint32_t calls = 0;  ///< bits of Call
  std::int32_t error = 0;   ///< errno
  std::uint32_t delay_us = 0;
  std::uint64_t nth = 0;          ///< only the nth matching call since it was set; 0: see permille
  std::uint32_t permille = 1000;  ///< of matching calls, drawn from `seed` and their number
  std::uint64_t seed = 0;
  std::array<char, 64> suffix{};       ///< of the file's path; empty: every file
  std::atomic<std::uint64_t> seen{0};  ///< matching calls
  std::atomic<std::uint64_t> hit{0};   ///< of these, how many went wrong
};

constexpr std::uint64_t kMagic = 0x31666469636E6F63;  // "concidf1"
constexpr std::size_t kRules = 8;
constexpr std::size_t kPathSize = 512;

struct Control {
  std::uint64_t magic = kMagic;
  std::array<char, kPathSize> root{};  ///< files below it are looked after; with a slash at the end
  std::array<char, kPathSize> state{};  ///< folder of this file and of the undo journals
  pthread_mutex_t lock;                 ///< robust, shared by processes: one change at a time
  std::atomic<std::uint64_t> sequence{0};
  std::atomic<std::uint32_t> keep_undo{0};  ///< 1: what is written can be taken back
  std::atomic<std::uint32_t> off{0};        ///< the power is off: whoever writes is killed
  std::atomic<std::uint64_t> syncs{0};      ///< of files below the root
  std::array<Rule, kRules> rules{};
};

/// In front of the bytes a write went over, in the undo journal of its file.
struct Undo {
  std::uint64_t sequence = 0;
  std::uint64_t offset = 0;
  std::uint64_t planned = 0;   ///< bytes the write was to write; 0: the size changed only
  std::uint64_t old_size = 0;  ///< of the file
  std::uint64_t kept = 0;      ///< bytes that follow: what stood there (fewer at the end of file)
};

}  // namespace concord::disk_faults
