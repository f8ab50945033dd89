#pragma once
/// The two files the other side remembers by. Not thread-safe. README.md has the format.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/fault.h"
#include "conformance/simulators/spine/requests.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::spine {

/// One arrival: one line of the record, fields separated by tabs, in this order.
struct Entry {
  std::uint64_t number = 0;  ///< counts from 1
  Instant at{};
  AckType verdict = AckType::accept;
  std::string what;         ///< new, repeat, conflict, unreadable
  std::uint64_t times = 1;  ///< how often this message id came
  std::string message_id;   ///< upper case
  std::string sha256;       ///< of the bytes, lower-case hex
  std::size_t size = 0;     ///< of the bytes
  std::string short_id, long_id;
  std::vector<std::string> items;
  std::vector<Fault> faults;
  std::string interaction;  ///< from here on: since version 0.3
  bool told = false;        ///< the verdict came from POST /_behaviour
  Kept bytes;               ///< in the file of messages; size 0: not kept
};

std::string write_entry(const Entry& entry);
/// Errors: malformed (not a line of a record).
Result<Entry> read_entry(std::string_view line);

/// `FILE`, one line for each arrival, and `FILE.messages`, the bytes that states are made from.
/// What was appended is on disk when the call returns; the program ends when it cannot be written:
/// it would be no proof.
class Record {
 public:
  Record() = default;
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  /// Errors: transient (cannot be opened).
  Result<void> open(const std::filesystem::path& file);
  /// The lines there are. Errors: transient (cannot be read).
  Result<std::vector<std::string>> lines() const;

  Kept keep(std::string_view bytes);
  void append(const std::string& line);
  /// Errors: transient (cannot be read).
  Result<std::string> read(const Kept& kept) const;

 private:
  std::filesystem::path file_;
  int lines_ = -1;
  int messages_ = -1;
};

}  // namespace concord::spine
