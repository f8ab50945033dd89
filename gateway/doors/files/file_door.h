#pragma once
/// A door for files: takes what was renamed into a folder, has it submitted, and moves it to
/// accepted/ or refused/ below that folder.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::doors::files {

/// A file as it is handed in.
struct Letter {
  std::string bytes;
  std::string content_type;  ///< by the ending of its name
  /// The same for the same name and bytes, so that a file taken again is known: reliability.md 2.2.
  std::string key;
  Instant received_at{};
};

/// What became of a letter that was committed.
struct Taken {
  std::string exchange;
  bool replayed = false;  ///< it was committed before
};

struct Settings {
  std::string name;                              ///< of the door, for logs and metrics
  std::filesystem::path folder;                  ///< must exist; others may not write to it
  std::string node = "concord";                  ///< unlike that of any other gateway on the folder
  std::size_t max_bytes = std::size_t{5} << 20;  ///< of a file; more is refused unread
  std::size_t most_files = 10'000;               ///< looked at in one go; more wait
  std::int32_t poison = 3;                       ///< ends of the process during one file, > 0
  std::chrono::milliseconds poll{2'000};         ///< how long at most between looks
  std::chrono::milliseconds settle{500};         ///< how long a file must have stayed the same
  std::chrono::milliseconds retry_base{1'000};   ///< first wait after a failure; doubles
  std::chrono::milliseconds retry_cap{60'000};   ///< longest wait
};

/// Something that happened, for logs and metrics: hashes, ids and codes only.
struct Notice {
  enum class Kind : std::uint8_t {
    accepted,
    replayed,     ///< committed before; moved now
    refused,      ///< for good: its outcome stands beside it
    retried,      ///< failed for a while: it stays and is tried again
    folder_lost,  ///< the folder cannot be read or written any more
    folder_back,
  };
  Kind kind = Kind::accepted;
  std::string_view door;
  std::string_view file;      ///< first 16 hex digits of the SHA-256 of its name; "" of a folder
  std::string_view exchange;  ///< "" when there is none
  std::string_view code;      ///< name of the error; "" when there is none
};

/// "accepted", "replayed", …
std::string_view notice_name(Notice::Kind kind);

/// Where a door stands.
struct State {
  std::string name;
  std::size_t waiting = 0;        ///< files seen at the last look and still there
  std::optional<Instant> oldest;  ///< when the oldest of them was last written
  bool folder_usable = true;
};

/// What a door stands on. Called from its one thread.
struct Parts {
  /// Commits a letter. Errors that say so (ErrorRow::retryable) and `internal` are tried again;
  /// every other refuses the file for good.
  std::function<Result<Taken>(Letter)> submit;
  /// An error as the OperationOutcome that is left beside a refused file.
  std::function<std::string(const Error&)> outcome;
  /// Whether work may come in now; empty: always.
  std::function<bool()> may_take;
  /// Tries a letter during which the process ended too often where it can do no harm, once; an
  /// error refuses the file. Empty: such a file is refused untried.
  std::function<Result<void>(const Letter&)> trial;
  std::function<void(const Notice&)> observe;  ///< may be empty
  Clock clock;
  /// Called before each step that changes something, with its name: "mark", "submit", "unmark",
  /// "write outcome", "name outcome", "move", "sync". For crash tests.
  std::function<void(std::string_view step)> on_step;
};

/// Looks at start, whenever the system tells of a change (inotify), and every `poll` in any case.
///
/// Taken is a regular file directly in the folder whose name neither begins with a dot nor ends
/// with ".tmp", ".part", ".filepart" or "~", and that has been the same for `settle`. ".json" is
/// FHIR JSON, ".xml" FHIR XML. Everything else that is no folder is refused: other endings, names
/// over 200 bytes or of other characters than letters, digits, "-", "_", "." and space, symbolic
/// links (never followed), devices, pipes and sockets, files over `max_bytes`, files others may
/// write to. Oldest first, one at a time.
///
/// A file that is being taken is locked (flock): several gateways on one folder take it once.
/// Where locks do not hold (some network shares), the key still does. After the commit it is moved
/// to accepted/ by one rename; one that is refused to refused/, after its OperationOutcome was left
/// there as <name>.outcome.json. Nothing there is overwritten: a name that is taken gets ".2",
/// ".3", …. A process that ends between commit and move finds the file again, and the key tells
/// that it was committed.
///
/// Which file is being taken is noted while it is (refused/.concord-<node>.taking): one during
/// which the process ended `poison` times in a row goes through Parts::trial first.
///
/// Safe from any thread. Source: POSIX rename(2), fsync(2); flock(2), inotify(7).
class FileDoor {
 public:
  /// Makes accepted/ and refused/ (mode 0750) when they are not there.
  /// Errors: invalid (no name, a folder that is not there, is no folder, cannot be read and
  /// written, or may be written to by others).
  static Result<std::unique_ptr<FileDoor>> open(Parts parts, Settings settings);
  /// As stop().
  ~FileDoor();
  FileDoor(const FileDoor&) = delete;
  FileDoor& operator=(const FileDoor&) = delete;

  void start();
  /// Takes no further file and waits for the one under way.
  void stop();
  State state() const;

  /// One look, by whoever calls: how long until the next is worth it. For tests; start() does it in
  /// a thread of its own.
  std::chrono::milliseconds look();

 private:
  struct Impl;
  explicit FileDoor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace concord::doors::files
