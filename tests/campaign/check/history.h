#pragma once
/// What happened in a campaign, as it was seen from outside: one line of JSON for each operation of
/// a client, each arrival at a receiver, each fault, and what was there in the end. README.md has
/// the format. Plain values; a Writer may be used from any thread.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "fhir/core/result.h"

namespace concord::campaign {

/// What a client knows of its request once it is over.
enum class Outcome : std::uint8_t {
  ok,       ///< a success was answered
  fail,     ///< a refusal was answered: nothing may have come of it
  unknown,  ///< no whole answer, or one that says "perhaps later" (5xx)
};

/// The first line: what was played.
struct Began {
  std::uint64_t seed = 0;
  std::string store;  ///< "sqlite", "postgresql"
  std::string plan;   ///< the command line that plays it again
};

/// One request of a client. Times are microseconds since the campaign began, of one clock.
struct Operation {
  std::uint64_t client = 0;
  std::string what;     ///< "message", "create", "update"
  std::string key;      ///< identity of the message, or of the value that is to be stored
  std::string subject;  ///< within which order is promised; for resources "Type/id", once known
  std::string digest;   ///< of what was sent
  std::int64_t started = 0, ended = 0;
  Outcome outcome = Outcome::unknown;
  std::int64_t status = 0;    ///< of HTTP; 0: none came
  std::string effect;         ///< what the answer names: the Task, the resource
  std::int64_t expected = 0;  ///< update: the version of If-Match
  std::int64_t version = 0;   ///< create, update: the version the answer names
};

/// One message as a receiver got it, in order of arrival.
struct Arrival {
  std::string receiver;  ///< destination by name
  std::string key;       ///< identity of the message
  std::string digest;    ///< of its bytes
  std::string subject;
  std::string effect;   ///< what it does in the world ("order/" and its number); "": no such rule
  std::string verdict;  ///< "new", "repeat", "conflict", "unreadable"
  std::int64_t at = 0;  ///< when, by the clock of operations, to the millisecond; 0: not known
};

/// What a person did about a message that was given up.
struct Word {
  std::string what;  ///< "replay", "cancel"
  std::string key;
  std::int64_t started = 0, ended = 0;
  Outcome outcome = Outcome::unknown;
  std::int64_t status = 0;  ///< of HTTP; 0: none came, or another way than HTTP
  std::string task_status;  ///< of its Task, as the person saw it before; "": it could not be read
  std::string owner;        ///< likewise
};

/// A worker took an item; a worker's completion was taken. Only where workers can be watched.
struct Lease {
  std::string item, node;
  std::int64_t fence = 0;
  std::int64_t at = 0, until = 0;
};
struct Settled {
  std::string item, node;
  std::int64_t fence = 0;
  std::int64_t at = 0;
};

struct Fault {
  std::uint64_t number = 0;
  std::int64_t at = 0;
  std::string kind;          ///< "kill", "power cut", …
  std::string detail;        ///< enough to cause it again
  std::int64_t waiting = 0;  ///< requests without an answer at the moment it struck
  std::string reached;       ///< kind "step": the step at which the gateway died; "": it did not
};

/// Where a message stood in the end.
struct Final {
  std::string key;
  std::string state;  ///< "delivered", "pending", "dead", "rejected", "cancelled"
  std::string task;   ///< id of its Task
  std::string task_status;
  std::string owner;  ///< dead: who must act
};

/// One version of a resource, in the end.
struct Version {
  std::string resource;  ///< "Type/id"
  std::int64_t version = 0;
  std::string value;  ///< the key of the operation that wrote it
};

/// The counts of promise P4.
struct Counts {
  std::int64_t accepted = 0, delivered = 0, pending = 0, dead = 0, rejected = 0, cancelled = 0;
};

/// The audit chain, walked from its first record.
struct Audit {
  bool whole = false;
  std::int64_t records = 0;
  std::int64_t accepted = 0;  ///< records of accepted exchanges among them
  std::string fault;          ///< where it breaks
};

/// Something of a patient where none may be: `where` names file and line.
struct Leak {
  std::string where;
};

/// The last line, so that a history cut short is seen.
struct End {
  std::uint64_t operations = 0, arrivals = 0, faults = 0;
  bool drained = true;  ///< everything was given the time to be delivered
};

using Record = std::variant<Began, Operation, Arrival, Word, Lease, Settled, Fault, Final, Version,
                            Counts, Audit, Leak, End>;

/// A record as a line, without its end.
std::string write_record(const Record& record);
/// Errors: malformed (not a line of a history).
Result<Record> read_record(std::string_view line);

/// Reads a history line by line. Errors: those of read_record(), with the number of the line;
/// not_found (no such file).
Result<void> read_history(const std::filesystem::path& file,
                          const std::function<void(Record&&)>& take);

/// Appends to a history. Safe from any thread. Counts what its End has to say.
class HistoryWriter {
 public:
  explicit HistoryWriter(const std::filesystem::path& file) : out_(file, std::ios::trunc) {}

  void add(const Record& record);
  /// Writes the End and closes. Errors: transient (the file could not be written).
  Result<void> finish(bool drained);

 private:
  std::mutex lock_;
  std::ofstream out_;
  End end_;
};

}  // namespace concord::campaign
