#pragma once
/// What the operating system says of this process. Reads /proc; safe from any thread.

#include <cstdint>

namespace concord::ops {

/// As the standard process metrics of Prometheus clients. What cannot be read is 0.
struct ProcessFigures {
  double cpu_seconds = 0;  ///< user and system time since the start
  std::int64_t resident_bytes = 0;
  std::int64_t open_files = 0;
  std::int64_t max_files = 0;
  std::int64_t threads = 0;
  double started_at = 0;  ///< seconds since 1970-01-01T00:00:00Z
};

ProcessFigures process_figures();

}  // namespace concord::ops
