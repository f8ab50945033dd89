#pragma once
/// The gateway's log: JSON lines, one event each, written off the thread that reports it.
///
/// A line holds ids, hashes, names of routes and peers, numbers and times; never a value out of a
/// message, a header outside the access record, or a query. Every text is escaped and cut at 1 KiB.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/http/message.h"

namespace concord::ops {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// "debug", "info", "warning", "error". Errors: invalid.
Result<LogLevel> parse_log_level(std::string_view name);

/// One member of a line: a text or a number.
struct LogField {
  LogField(std::string_view field_name, std::string_view value) : name(field_name), text(value) {}
  LogField(std::string_view field_name, const char* value) : name(field_name), text(value) {}
  LogField(std::string_view field_name, const std::string& value) : name(field_name), text(value) {}
  LogField(std::string_view field_name, std::int64_t value)
      : name(field_name), number(value), is_number(true) {}

  std::string_view name;
  std::string_view text;
  std::int64_t number = 0;
  bool is_number = false;
};

/// Writes to one file descriptor through a queue of 8,192 lines and a thread of its own. When the
/// reader of the log is slower than the gateway, the oldest lines are dropped and counted; traffic
/// never waits. Safe from any thread. The destructor writes what is queued.
class Log {
 public:
  /// @param descriptor  2 for standard error; stays open
  /// @param node  name of this gateway, in every line
  Log(int descriptor, LogLevel level, std::string node, Clock clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// {"ts":…,"level":…,"event":…,"node":…, fields…}
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  /// The event "http".
  void access(const http::AccessRecord& record);

  bool enabled(LogLevel level) const noexcept { return level >= level_; }
  /// Lines lost because the queue was full.
  std::uint64_t dropped() const;
  /// Waits until what was queued so far is written.
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  LogLevel level_;
};

/// Appends `text` as a JSON string: quotes, controls and every byte outside ASCII escaped, at most
/// 1 KiB of it.
void append_json_string(std::string& out, std::string_view text);

}  // namespace concord::ops
