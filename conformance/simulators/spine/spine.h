#pragma once
/// The other side's judgement and memory: takes messages, remembers them, answers.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/answers.h"
#include "conformance/simulators/spine/behaviour.h"
#include "conformance/simulators/spine/message.h"
#include "conformance/simulators/spine/record.h"
#include "conformance/simulators/spine/register.h"
#include "conformance/simulators/spine/tracker.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"

namespace concord::spine {

/// What has come so far.
struct Counts {
  std::uint64_t arrivals = 0;   ///< messages, repeats included
  std::uint64_t accepted = 0;   ///< different messages answered AA
  std::uint64_t repeats = 0;    ///< the same message id with the same bytes again
  std::uint64_t refused = 0;    ///< different messages answered AE or AR
  std::uint64_t conflicts = 0;  ///< the same message id with other bytes, or the same prescription
                                ///< under another message id: what a sender must never do
};

/// Safe from any thread; messages are taken one at a time. Every arrival is on disk, in the record
/// (record.h), before its answer leaves; the states are made anew from it at start.
class Spine {
 public:
  struct Options {
    std::string asid = "567456789789";
    CheckOptions check;
    Terms terms;
  };

  /// Opens the record and remembers what it holds.
  /// Errors: transient (cannot be opened or read), malformed (a line that is not a record, or whose
  /// message does not end today as it did then).
  static Result<std::unique_ptr<Spine>> open(const std::filesystem::path& record, Options options,
                                             Clock clock);

  struct Answer {
    AckType type;
    std::string xml;
  };

  /// Takes one message. The same id with the same bytes gets the first answer again, byte for byte;
  /// the same id with other bytes is rejected (202). `told` overrides the verdict of a new message,
  /// which then changes nothing.
  Answer receive(std::string bytes, std::string_view http_interaction, const Behaviour& told);

  /// The tracker's answer to a query. Source: eps.md section 15.
  std::string track(const TrackerQuery& query);

  /// Moves this side's clock forward; it never goes back, not even over a restart.
  void advance(std::chrono::minutes by);

  Counts counts() const;
  const std::filesystem::path& record() const { return path_; }

 private:
  /// A message that was taken, and what it was answered with.
  struct Taken {
    std::string sha256;
    std::uint64_t times = 1;
    AckType type = AckType::accept;
    std::vector<Fault> faults;
    std::string from_asid;
    Instant at{};
    std::string answer;  ///< empty: an acknowledgement, written anew
  };

  Spine(std::filesystem::path record, Options options, Clock clock);
  Result<void> reload();
  Result<void> recall(const Entry& entry);
  Result<Taken> replayed(const Entry& entry);
  Instant now() const;

  /// Judges a message that is new and changes the states. `bytes` is where they are kept.
  void judge(const Message& message, Kept bytes, Taken& taken, bool& conflict);
  void judge_cancel(const Message& message, Taken& taken);
  void judge_release(const Message& message, Kept bytes, Taken& taken);
  /// Ends a message as POST /_behaviour wants it.
  void obey(const Message& message, const Behaviour& told, Taken& taken) const;

  Result<Message> kept_message(const Kept& kept) const;
  Frame frame(const std::string& message_id, const Taken& taken) const;
  std::string written(const std::string& message_id, const Taken& taken) const;
  static void describe(const Message& message, const CheckOptions& options, Entry& entry);

  std::filesystem::path path_;
  Options options_;
  Clock clock_;
  tree::Symbols symbols_;
  Record record_;
  mutable std::mutex lock_;
  std::chrono::milliseconds ahead_{0};
  Counts counts_;
  Register register_;
  std::map<std::string, Taken, std::less<>> messages_;
};

}  // namespace concord::spine
