#include "tests/campaign/check/checker.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace concord::campaign {
namespace {

/// How long an attempt that began before a person's word may still be on its way, µs: its timeout,
/// and what the network holds back.
constexpr std::int64_t kOnItsWay = 5'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// In the order of Rule.
constexpr std::array kRuleNames{
    "lost",     "refused-kept", "invented",  "doubled",     "two-answers", "conflict", "order",
    "misfiled", "counts",       "audit",     "dead-letter", "stuck",       "task",     "lease",
    "fence",    "lost-update",  "overruled", "leak",        "incomplete"};

/// All that is known of one message.
struct Message {
  std::string subject;
  std::string effect;       ///< of the first ok
  std::string content;      ///< digest of what the first ok had sent
  std::string digest;       ///< of the first arrival
  std::string final_state;  /// ""; not looked up
  std::int64_t first_start = kNever;
  std::int64_t ok_end = kNever;  ///< the earliest end of an ok
  std::int64_t first_arrival = kNever;
  std::int64_t last_arrival_at = 0;
  std::int64_t cancelled = kNever;  ///< when a person's cancellation was answered with success
  std::uint32_t arrivals = 0;
  bool cancel_unknown = false;
  bool sent = false, ok = false, unknown = false, refused = false;
};

/// What operations and the store say of one resource.
struct Resource {
  std::map<std::int64_t, std::string> versions;            ///< in the end
  std::map<std::int64_t, std::vector<std::string>> told;   ///< version → keys of ok operations
  std::map<std::int64_t, std::vector<std::string>> based;  ///< If-Match → keys of ok updates
};

struct Holder {
  std::int64_t fence = 0, until = 0;
  std::string node;
};

}  // namespace

std::string_view rule_name(Rule rule) { return kRuleNames.at(static_cast<std::size_t>(rule)); }

struct Checker::State {
  Verdict verdict;
  std::unordered_map<std::string, Message> messages;
  std::unordered_map<std::string, std::string> doer;  ///< effect → key of the message that did it
  std::unordered_map<std::string, Holder> held;       ///< item → its latest lease
  std::map<std::string, Resource> resources;
  std::unordered_map<std::string, Outcome> writes;  ///< key of a write → best outcome
  std::optional<Counts> counts;
  std::optional<Audit> audit;
  std::optional<End> end;
  bool began = false;
  std::uint64_t finals = 0;
  std::int64_t arrival = 0;

  void fault(Rule rule, std::string text) {
    ++verdict.of_rule[rule];
    if (verdict.violations.size() < Verdict::kMost) {
      verdict.violations.push_back({rule, std::move(text)});
    }
  }

  // ---- while it is read ----

  void take(const Began&) { began = true; }

  void take(const Operation& op) {
    ++verdict.operations;
    verdict.unknown += op.outcome == Outcome::unknown;
    if (op.what != "message") return take_write(op);
    Message& message = messages[op.key];
    message.sent = true;
    if (message.subject.empty()) message.subject = op.subject;
    message.first_start = std::min(message.first_start, op.started);
    message.unknown |= op.outcome == Outcome::unknown;
    message.refused |= op.outcome == Outcome::fail;
    if (op.outcome != Outcome::ok) return;
    if (!message.ok) {
      message.ok = true;
      message.effect = op.effect;
      message.content = op.digest;
    }
    message.ok_end = std::min(message.ok_end, op.ended);
    if (message.content != op.digest) {
      fault(Rule::conflict, "other content under the key " + op.key + " was answered with success");
    } else if (message.effect != op.effect) {
      fault(Rule::two_answers,
            op.key + " was answered with " + message.effect + " and with " + op.effect);
    }
  }

  void take_write(const Operation& op) {
    auto [known, fresh] = writes.try_emplace(op.key, op.outcome);
    if (!fresh && known->second != Outcome::ok && op.outcome != Outcome::fail) {
      known->second = op.outcome;  // one attempt that may have come through is enough
    }
    if (op.outcome != Outcome::ok) return;
    Resource& resource = resources[op.effect];
    if (op.version == 0) return;  // "it is there already": which version is not said
    resource.told[op.version].push_back(op.key);
    if (op.what == "update") resource.based[op.expected].push_back(op.key);
  }

  void take(const Arrival& arrived) {
    ++verdict.arrivals;
    ++arrival;
    if (arrived.verdict == "conflict" || arrived.verdict == "unreadable") {
      fault(Rule::doubled, "the receiver calls it a " + arrived.verdict + ": " + arrived.key);
    }
    Message& message = messages[arrived.key];
    message.last_arrival_at = std::max(message.last_arrival_at, arrived.at);
    if (message.arrivals++ == 0) {
      message.digest = arrived.digest;
      message.first_arrival = arrival;
      if (message.subject.empty()) message.subject = arrived.subject;
    } else {
      ++verdict.resends;
      if (message.digest != arrived.digest) {
        fault(Rule::doubled, "other bytes under the same key: " + arrived.key);
      }
    }
    if (message.sent && message.subject != arrived.subject) {
      fault(Rule::misfiled, arrived.key + " arrived under the subject " + arrived.subject +
                                ", sent under " + message.subject);
    }
    if (arrived.effect.empty()) return;
    const auto [known, fresh] = doer.try_emplace(arrived.effect, arrived.key);
    if (!fresh && known->second != arrived.key) {
      fault(Rule::doubled,
            arrived.effect + " by two messages: " + known->second + " and " + arrived.key);
    }
  }

  void take(const Word& word) {
    ++verdict.words;
    if (!word.task_status.empty() && (word.task_status != "failed" || word.owner.empty())) {
      fault(Rule::dead_letter, word.key + " was given up; its Task says " + word.task_status +
                                   ", owner " + (word.owner.empty() ? "none" : word.owner));
    }
    if (word.what != "cancel") return;
    Message& message = messages[word.key];
    if (word.outcome == Outcome::ok) message.cancelled = std::min(message.cancelled, word.ended);
    message.cancel_unknown |= word.outcome == Outcome::unknown;
  }

  void take(const Lease& lease) {
    Holder& holder = held[lease.item];
    if (holder.fence != 0 && lease.at < holder.until) {
      fault(Rule::lease,
            lease.item + " was leased to " + lease.node + " while " + holder.node + " held it");
    }
    if (lease.fence <= holder.fence) {
      fault(Rule::fence, lease.item + ": a new lease must have a greater fence");
    }
    holder = {lease.fence, lease.until, lease.node};
  }

  void take(const Settled& settled) {
    Holder& holder = held[settled.item];
    if (settled.fence != holder.fence) {
      fault(Rule::fence, settled.item + ": a completion with fence " +
                             std::to_string(settled.fence) + " was taken, the lease has " +
                             std::to_string(holder.fence));
    }
    holder.until = settled.at;  // it is free again
  }

  void take(const Fault&) { ++verdict.faults; }

  void take(const Final& last) {
    ++finals;
    Message& message = messages[last.key];
    if (!message.final_state.empty()) {
      fault(Rule::doubled, "two items for " + last.key);
      return;
    }
    message.final_state = last.state;
    const auto says = [&last](std::initializer_list<std::string_view> any) {
      return std::find(any.begin(), any.end(), last.task_status) != any.end();
    };
    if (last.state == "dead" && (last.task.empty() || last.owner.empty() || !says({"failed"}))) {
      fault(Rule::dead_letter, last.key + " was given up; its Task " +
                                   (last.task.empty() ? "is missing" : "says " + last.task_status) +
                                   ", owner " + (last.owner.empty() ? "none" : last.owner));
    }
    const bool fits = last.state == "delivered"   ? says({"received", "accepted", "completed"})
                      : last.state == "rejected"  ? says({"rejected"})
                      : last.state == "cancelled" ? says({"cancelled"})
                      : last.state == "pending"   ? says({"requested"})
                                                  : last.state == "dead";
    if (!fits) {
      fault(Rule::task, last.key + " is " + last.state + ", its Task says " + last.task_status);
    }
  }

  void take(const Version& version) {
    Resource& resource = resources[version.resource];
    if (!resource.versions.emplace(version.version, version.value).second) {
      fault(Rule::lost_update,
            version.resource + " has version " + std::to_string(version.version) + " twice");
    }
  }

  void take(const Counts& c) { counts = c; }
  void take(const Audit& a) { audit = a; }
  void take(const Leak& found) { fault(Rule::leak, "found in " + found.where); }
  void take(const End& e) { end = e; }

  // ---- at the end ----

  bool in_hands(const Message& message) const {
    return message.final_state == "dead" || message.final_state == "cancelled";
  }

  void judge_messages() {
    for (const auto& [key, message] : messages) {
      verdict.messages += message.ok;
      if (!message.sent) {
        fault(Rule::invented, "nobody sent " + key);
        continue;
      }
      const bool waits = message.final_state == "pending";
      if (message.ok && message.arrivals == 0 && !in_hands(message) && !(waits && !end->drained)) {
        fault(waits ? Rule::stuck : Rule::lost,
              "accepted, and no receiver has it: " + key +
                  (message.final_state.empty() ? "" : " (" + message.final_state + ")"));
      } else if (waits && end->drained) {
        fault(Rule::stuck, "still waiting, though there was time: " + key);
      }
      if (!message.ok && !message.unknown &&
          (message.arrivals > 0 || !message.final_state.empty())) {
        fault(Rule::refused_kept, "refused, and kept all the same: " + key);
      }
      judge_words(key, message);
      if (message.ok && finals > 0 && message.final_state.empty()) {
        fault(Rule::lost, "accepted, and the store has no item for it: " + key);
      }
    }
  }

  void judge_words(const std::string& key, const Message& message) {
    const bool by_a_person = message.cancelled != kNever;
    if (message.final_state == "cancelled" && !by_a_person && !message.cancel_unknown) {
      fault(Rule::overruled, "cancelled, and nobody did: " + key);
    }
    if (!by_a_person) return;
    if (!message.final_state.empty() && message.final_state != "cancelled") {
      fault(Rule::overruled,
            "a person cancelled it, and it is " + message.final_state + ": " + key);
    } else if (message.last_arrival_at > message.cancelled + kOnItsWay) {
      fault(Rule::overruled, "sent after a person had cancelled it: " + key);
    }
  }

  /// A ended before B began, so A was accepted first: its first copy must be first.
  void judge_order() {
    std::unordered_map<std::string, std::vector<std::pair<const std::string*, const Message*>>> by;
    for (const auto& [key, message] : messages) {
      if (message.sent && message.arrivals > 0) by[message.subject].push_back({&key, &message});
    }
    for (auto& [subject, all] : by) {
      if (all.size() < 2 || subject.empty()) continue;
      auto by_end = all;
      std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return a.second->first_start < b.second->first_start;
      });
      std::sort(by_end.begin(), by_end.end(),
                [](const auto& a, const auto& b) { return a.second->ok_end < b.second->ok_end; });
      const std::string* latest = nullptr;
      std::int64_t at = -1;
      auto ended = by_end.begin();
      for (const auto& [key, message] : all) {
        for (; ended != by_end.end() && ended->second->ok_end < message->first_start; ++ended) {
          if (ended->second->first_arrival <= at) continue;
          at = ended->second->first_arrival;
          latest = ended->first;
        }
        if (latest != nullptr && message->first_arrival < at) {
          fault(Rule::order, "subject " + subject + ": " + *key + " arrived before " + *latest +
                                 ", which was accepted before it was sent");
        }
      }
    }
  }

  void judge_books() {
    std::int64_t certain = 0, possible = 0;
    for (const auto& [key, message] : messages) {
      certain += message.ok;
      possible += message.ok || message.unknown;
    }
    if (!counts) {
      fault(Rule::incomplete, "there are no counts");
    } else {
      const Counts& c = *counts;
      const std::int64_t sum = c.delivered + c.pending + c.dead + c.rejected + c.cancelled;
      if (sum != c.accepted) {
        fault(Rule::counts,
              std::to_string(c.accepted) + " accepted, " + std::to_string(sum) + " accounted for");
      }
      if (c.accepted < certain || c.accepted > possible) {
        fault(Rule::counts, "the store counts " + std::to_string(c.accepted) +
                                " accepted, clients know of " + std::to_string(certain) + " to " +
                                std::to_string(possible));
      }
    }
    if (!audit) return fault(Rule::incomplete, "the audit was not walked");
    if (!audit->whole) fault(Rule::audit, "the chain breaks: " + audit->fault);
    if (counts && audit->accepted != counts->accepted) {
      fault(Rule::audit, std::to_string(counts->accepted) + " accepted, " +
                             std::to_string(audit->accepted) + " of them in the audit");
    }
  }

  void judge_resources() {
    std::unordered_map<std::string, int> written;
    for (const auto& [name, resource] : resources) {
      for (const auto& [version, value] : resource.versions) {
        const auto known = writes.find(value);
        if (known == writes.end()) {
          fault(Rule::invented, name + " version " + std::to_string(version) + ": " + value);
        } else if (known->second == Outcome::fail) {
          fault(Rule::refused_kept, name + " version " + std::to_string(version) + ": " + value);
        }
        if (++written[value] == 2) fault(Rule::lost_update, value + " was written twice");
      }
      std::int64_t expected = 1;
      for (const auto& [version, value] : resource.versions) {
        if (version != expected++) {
          fault(Rule::lost_update, name + " lacks a version before " + std::to_string(version));
          break;
        }
      }
      for (const auto& [version, keys] : resource.told) {
        const auto kept = resource.versions.find(version);
        for (const std::string& key : keys) {
          if (kept == resource.versions.end() || kept->second != key) {
            fault(Rule::lost_update, name + " version " + std::to_string(version) +
                                         " is not what its writer was told: " + key);
          }
        }
      }
      for (const auto& [version, keys] : resource.based) {
        if (std::set<std::string>(keys.begin(), keys.end()).size() > 1) {
          fault(Rule::lost_update, name + ": " + std::to_string(keys.size()) +
                                       " updates of version " + std::to_string(version));
        }
      }
    }
  }

  void judge_length() {
    if (!began) fault(Rule::incomplete, "the history does not say how it began");
    if (!end) return fault(Rule::incomplete, "the history has no end");
    if (end->operations != verdict.operations || end->arrivals != verdict.arrivals ||
        end->faults != verdict.faults) {
      fault(Rule::incomplete, "lines are missing");
    }
  }
};

Checker::Checker() : state_(std::make_unique<State>()) {}
Checker::~Checker() = default;

void Checker::add(Record&& record) {
  if (state_->end) state_->fault(Rule::incomplete, "there are lines behind the end");
  std::visit([this](const auto& one) { state_->take(one); }, record);
}

Verdict Checker::finish() {
  state_->judge_length();
  if (!state_->end) state_->end = End{};
  state_->judge_messages();
  state_->judge_order();
  state_->judge_books();
  state_->judge_resources();
  return std::move(state_->verdict);
}

}  // namespace concord::campaign
