#pragma once
/// Judges a history by the rules of the reliability contract: nothing lost, nothing doubled,
/// nothing out of order, the books balanced, the audit whole. It knows nothing of the gateway but
/// what the history says. One thread at a time. Source: reliability contract P1 to P6; the
/// checker's rules.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/campaign/check/history.h"

namespace concord::campaign {

/// What can be found. Each rule has a test of its own.
enum class Rule : std::uint8_t {
  lost,          ///< ok, and no receiver has it, and it is not in a person's hands
  refused_kept,  ///< refused to every sender, and there is an effect all the same
  invented,      ///< a receiver has what nobody sent
  doubled,       ///< two distinct messages for one key, or for one effect
  two_answers,   ///< the same message was answered with two different effects
  conflict,      ///< other content under a known key was answered with success
  order,         ///< a later message of a subject arrived before an earlier one
  misfiled,      ///< arrived under another subject than it was sent with
  counts,        ///< P4: the sum, or what was accepted, is not what clients know
  audit,         ///< the chain breaks, or lacks an accepted message
  dead_letter,   ///< given up without a failed Task and an owner
  stuck,         ///< neither delivered nor in a person's hands, though there was time
  task,          ///< the Task says something else than the item's state
  lease,         ///< an item leased to two at once
  fence,         ///< a completion with an old fence was taken
  lost_update,   ///< a version of a resource gone, doubled, or not what its writer was told
  overruled,     ///< a message a person cancelled was sent, or is not cancelled; or nobody did
  leak,          ///< something of a patient where none may be
  incomplete,    ///< the history was cut short: it proves nothing
};
std::string_view rule_name(Rule rule);

struct Violation {
  Rule rule;
  std::string text;  ///< keys and ids, in words
};

struct Verdict {
  std::vector<Violation> violations;      ///< at most kMost, the rest is counted
  std::map<Rule, std::uint64_t> of_rule;  ///< how many of each
  std::uint64_t operations = 0, arrivals = 0, faults = 0;
  std::uint64_t messages = 0;  ///< distinct keys answered ok
  std::uint64_t resends = 0;   ///< identical arrivals beyond the first: allowed
  std::uint64_t unknown = 0;   ///< operations whose outcome is unknown
  std::uint64_t words = 0;     ///< of persons, about messages that were given up
  bool clean() const { return of_rule.empty(); }
  static constexpr std::size_t kMost = 50;
};

/// Takes a history record by record, in the order of the file; memory grows with distinct keys.
class Checker {
 public:
  Checker();
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  void add(Record&& record);
  /// Call once, at the end.
  Verdict finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::campaign
