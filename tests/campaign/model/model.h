#pragma once
/// A small gateway around a real store, played step by step on one thread with a clock of its own:
/// random histories of accepting, repeating, delivering, crashing and coming back, judged by the
/// checker. It can be built wrong on purpose, to see whether the checker notices.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "gateway/store/store.h"
#include "tests/campaign/check/checker.h"
#include "tests/gateway/samples.h"

namespace concord::campaign {

/// A mistake planted in the gateway or its store.
enum class Defect : std::uint8_t {
  none,
  keys_not_unique,         ///< the UNIQUE constraint on idempotency keys is gone
  answer_before_commit,    ///< success is answered, the commit comes a moment later
  fence_ignored,           ///< a completion with an old fence is taken
  any_ack_counts,          ///< which message an acknowledgement refers to is not looked at
  lease_forgotten,         ///< a lease ends as soon as it is taken
  subject_order_dropped,   ///< items of one subject are leased side by side
  insert_again,            ///< an unknown commit is tried again under new keys
  audit_skipped,           ///< one accepted message in five leaves no record
  lost_on_shutdown,        ///< what is being delivered when it stops counts as delivered
  new_ids_on_resend,       ///< a resend is built anew
  silent_dead_letter,      ///< given up without Task and owner
  other_content_replayed,  ///< other content under a known key gets the first answer
  recorded_before_sent,    ///< delivered is recorded, then it is sent
  payload_in_log,          ///< a failed attempt logs what it tried to send
};
constexpr Defect kDefects[] = {
    Defect::keys_not_unique,      Defect::answer_before_commit, Defect::fence_ignored,
    Defect::any_ack_counts,       Defect::lease_forgotten,      Defect::subject_order_dropped,
    Defect::insert_again,         Defect::audit_skipped,        Defect::lost_on_shutdown,
    Defect::new_ids_on_resend,    Defect::silent_dead_letter,   Defect::other_content_replayed,
    Defect::recorded_before_sent, Defect::payload_in_log,
};
std::string_view defect_name(Defect defect);

enum class Act : std::uint8_t {
  send,     ///< a new message of a subject
  repeat,   ///< an earlier one again
  alter,    ///< an earlier one with other content
  unclear,  ///< a new message; its commit succeeds or fails, and nobody learns which
  lease,    ///< a node takes items
  deliver,  ///< a node sends one of its items and records what came of it
  pause,    ///< time goes on past the end of leases: who holds one is a zombie now
  wait,     ///< time goes on a little
  crash,    ///< everything in memory is gone
  stop,     ///< an orderly stop and start
};

/// One step. What it chooses depends on `draw` alone, so that leaving out others changes little.
struct Step {
  Act act;
  std::uint64_t draw;
};

std::vector<Step> random_steps(std::uint64_t seed, std::size_t count);

using OpenStore = std::function<Result<std::unique_ptr<store::Store>>()>;

/// Plays steps on a store that `open` makes and reopens, lets everything be delivered, and judges.
/// A call of the store that fails without having been made to is a violation of rule `incomplete`.
Verdict play(const std::vector<Step>& steps, const OpenStore& open, test::FakeClock& clock,
             Defect defect = Defect::none);

/// The fewest steps, found by leaving out parts, that still fail.
std::vector<Step> shrink(std::vector<Step> steps,
                         const std::function<bool(const std::vector<Step>&)>& fails);

/// "send 7, crash 3, …": to be read and to be played again.
std::string to_text(const std::vector<Step>& steps);

}  // namespace concord::campaign
