#pragma once
/// The other side's judgement and memory: takes messages, remembers them, answers.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/acknowledgement.h"
#include "conformance/simulators/spine/behaviour.h"
#include "conformance/simulators/spine/prescription_check.h"
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
/// file, before its answer leaves.
///
/// The record has one line per arrival, fields separated by tabs: number, instant, verdict (AA, AE,
/// AR), what it was (new, repeat, conflict, unreadable), times this message id came, message id,
/// SHA-256 of the bytes, size, short form id, prescription id, item ids (commas), faults
/// ("code display", joined by "|"). README.md says more.
class Spine {
 public:
  struct Options {
    std::string asid = "567456789789";
    CheckOptions check;
  };

  /// Opens the record and remembers what it holds.
  /// Errors: transient (cannot be opened or read), malformed (a line that is not a record).
  static Result<std::unique_ptr<Spine>> open(const std::filesystem::path& record, Options options,
                                             Clock clock);
  ~Spine();

  struct Answer {
    AckType type;
    std::string xml;
  };

  /// Takes one message. The same id with the same bytes gets the first answer again, byte for byte;
  /// the same id with other bytes is rejected (202); a prescription or item id that was accepted
  /// under another message id is refused (0002, 5008). `told` overrides the verdict of a new
  /// message. Ends the program when the record cannot be written: it would be no proof.
  Answer receive(std::string bytes, std::string_view http_interaction, const Behaviour& told);

  Counts counts() const;
  const std::filesystem::path& record() const { return record_; }

 private:
  struct Taken {
    std::string sha256;
    std::uint64_t times = 0;
    AckType type = AckType::accept;
    std::vector<Fault> faults;
    std::string from_asid;
    Instant at{};
  };

  Spine(std::filesystem::path record, Options options, Clock clock);
  Result<void> reload();
  bool recall(std::string_view line);
  void judge(const Checked& checked, const Behaviour& told, Taken& taken, bool& conflict) const;
  void append(const std::string& line);
  Acknowledgement acknowledgement(const std::string& message_id, const Taken& taken) const;

  std::filesystem::path record_;
  Options options_;
  Clock clock_;
  tree::Symbols symbols_;
  int file_ = -1;
  mutable std::mutex lock_;
  Counts counts_;
  std::map<std::string, Taken, std::less<>> messages_;
  std::map<std::string, std::string, std::less<>> prescriptions_;  ///< short or long id → message
  std::set<std::string, std::less<>> items_;
};

}  // namespace concord::spine
