// Recording: what attempts came to, many in one transaction. Workers do not wait for it: they go on
// with other subjects, while what follows in this one waits in the store until the result is there.
#include <algorithm>
#include <iterator>

#include "gateway/outbox/detail/lane.h"
#include "gateway/outbox/detail/records.h"

namespace concord::outbox {

using channels::Carried;
using channels::Receipt;
using store::ItemState;

namespace {

constexpr int kConflicts = 5;  ///< of the Task with other writers, before a result is dropped
/// Results that need not wait for more to share a transaction with.
constexpr std::size_t kTogether = 64;
constexpr std::chrono::milliseconds kFirstWait{50};
constexpr std::chrono::milliseconds kLongestWait{500};

std::string peer_code_text(const Receipt& receipt) {
  return receipt.peer_code == 0 ? std::string() : " " + std::to_string(receipt.peer_code);
}

}  // namespace

/// An attempt is over, with a result or without.
void Outbox::end(std::unique_ptr<Outcome> outcome, bool has_result) {
  Work& work = outcome->work;
  bool tell_recorder = false;
  {
    const std::lock_guard lock(mutex_);
    --work.lane->running;
    --running_;
    if (has_result) {
      work.lane->count(outcome->ended - outcome->started);
      work.lane = nullptr;
      ++unrecorded_;
      outcomes_.push_back(std::move(outcome));
      tell_recorder = outcomes_.size() == 1 || outcomes_.size() == kTogether;
    } else {
      under_way_.erase(work.item.id);
      if (work.item.crashes > 0) suspect_running_ = false;
    }
    tell_recorder = tell_recorder || running_ == 0 || stopping_;
  }
  if (tell_recorder) ended_.notify_all();
  if (!has_result) wake();
}

void Outbox::record(const std::stop_token& stop) {
  Outcomes outcomes;
  for (auto wait = kFirstWait;;) {
    gather(outcomes, stop);
    if (outcomes.empty()) return;  // stopping, and nothing is left
    if (settle(outcomes)) {
      wait = kFirstWait;
    } else if (!outcomes.empty()) {
      pause(wait);
      wait = std::min(wait * 2, kLongestWait);
    }
  }
}

/// Waits for results, and a little for more of them, unless there are some to be tried again.
void Outbox::gather(Outcomes& outcomes, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (outcomes.empty()) {
    ended_.wait(lock, stop, [this] { return !outcomes_.empty(); });
    ended_.wait_for(lock, stop, settings_.gather,
                    [this] { return outcomes_.size() >= kTogether || running_ == 0 || stopping_; });
  }
  std::move(outcomes_.begin(), outcomes_.end(), std::back_inserter(outcomes));
  outcomes_.clear();
}

/// Records the results. What stays in `outcomes` is to be tried again: a Task that changed
/// meanwhile is read again; a store that is away, busy or full is asked again and again as long as
/// the lease lasts, for nothing can be leased from it either. The fence decides: a result that
/// comes too late is refused. What cannot be recorded is sent again with the same ids. False when
/// the store was away.
bool Outbox::settle(Outcomes& outcomes) {
  bool away = false;
  Outcomes over, again;
  const auto refused = [&](std::unique_ptr<Outcome> outcome, const Error& error) {
    away = away || error.code == ErrorCode::transient;
    outcome->settlement.reset();
    if (may_try_again(*outcome, error)) {
      again.push_back(std::move(outcome));
      return;
    }
    if (error.code == ErrorCode::transient) doubt();
    tell_lost(*outcome, error);
    over.push_back(std::move(outcome));
  };
  Outcomes offered;
  std::vector<store::Settlement> settlements;
  for (std::unique_ptr<Outcome>& outcome : outcomes) {
    if (!outcome->settlement) {
      // A store that does not answer for one of them is not asked for each.
      const Result<void> judged =
          away ? make_error(ErrorCode::transient, "the store is away") : judge(*outcome);
      if (!judged) {
        refused(std::move(outcome), judged.error());
        continue;
      }
    }
    settlements.push_back(*std::move(outcome->settlement));
    offered.push_back(std::move(outcome));
  }
  const std::vector<Result<void>> results = parts_.store->settle_all(std::move(settlements));
  for (std::size_t at = 0; at < offered.size(); ++at) {
    if (!results[at]) {
      refused(std::move(offered[at]), results[at].error());
      continue;
    }
    tell(offered[at]->notice);
    over.push_back(std::move(offered[at]));
  }
  forget(over);
  outcomes = std::move(again);
  return !away;
}

/// There is no sense in it when the lease is over, or this node stops now.
bool Outbox::may_try_again(Outcome& outcome, const Error& error) const {
  if (error.code == ErrorCode::transient) {
    return !cut_off_.stop_requested() && parts_.clock() < outcome.work.lease_until;
  }
  return error.code == ErrorCode::conflict && ++outcome.conflicts < kConflicts;
}

/// Waits, but not beyond the last moment of a stop.
void Outbox::pause(std::chrono::milliseconds wait) const {
  std::mutex nobodys;
  std::unique_lock lock(nobodys);
  std::condition_variable_any never;
  never.wait_for(lock, cut_off_.get_token(), wait, [] { return false; });
}

/// These are recorded, or given up: the next of their subjects may be due.
void Outbox::forget(const Outcomes& over) {
  if (over.empty()) return;
  bool quiet = false;
  {
    const std::lock_guard lock(mutex_);
    unrecorded_ -= over.size();
    for (const std::unique_ptr<Outcome>& outcome : over) {
      under_way_.erase(outcome->work.item.id);
      if (outcome->work.item.crashes > 0) suspect_running_ = false;
    }
    quiet = running_ == 0 && unrecorded_ == 0;
  }
  wake();
  ready_.notify_one();
  if (quiet) ended_.notify_all();
}

void Outbox::tell_lost(const Outcome& outcome, const Error& error) const {
  const store::Item& item = outcome.work.item;
  tell({Notice::Kind::store_failed,
        item.destination,
        item.id,
        item.exchange,
        item.attempt + 1,
        outcome.receipt.peer_code,
        {},
        error_row(error.code).name});
}

/// The wait before the next attempt: what the table of retries says, or longer when the other side
/// wishes. Its wish alone never makes an item miss its deadline.
std::chrono::milliseconds Outbox::wait_before_next(const store::Item& item, const Receipt& receipt,
                                                   Instant now) {
  std::chrono::milliseconds wait{0};
  {
    const std::lock_guard lock(random_mutex_);
    wait = backoff(settings_.backoff, item.attempt, parts_.random());
  }
  if (!receipt.retry_after) return wait;
  const std::chrono::milliseconds left = item.deadline - now;
  return std::max(wait, std::min<std::chrono::milliseconds>(*receipt.retry_after, left));
}

/// Makes the settlement of an attempt: what its receipt means, and what the Task and the chain say
/// then.
/// Errors: those of the judge.
Result<void> Outbox::judge(Outcome& outcome) {
  const store::Item& item = outcome.work.item;
  const Receipt& receipt = outcome.receipt;
  Notice& notice = outcome.notice;
  const Instant now = parts_.clock();
  store::Settlement settlement;
  settlement.item = item.id;
  settlement.fence = item.fence;
  settlement.now = now;
  settlement.attempt = store::Attempt{
      outcome.started,   outcome.ended, std::string(channels::carried_name(receipt.carried)),
      receipt.peer_code, receipt.bytes, receipt.content_type};
  notice = {Notice::Kind::retried,
            item.destination,
            item.id,
            item.exchange,
            item.attempt + 1,
            receipt.peer_code,
            outcome.ended - outcome.started,
            receipt.reason};
  const auto add = [&](audit::Event event, std::string digest, std::string text) {
    settlement.audit.push_back(
        detail::record(event, item, settings_.node, now, std::move(digest), std::move(text)));
  };
  const auto done = [&]() -> Result<void> {
    detail::add_task_record(settlement, item, settings_.node, now);
    outcome.settlement = std::move(settlement);
    return {};
  };
  const std::string answer_digest =
      receipt.bytes.empty() ? std::string() : to_hex(sha256(receipt.bytes));

  Judgement judgement;
  if (receipt.carried == Carried::answered || !receipt.bytes.empty()) {
    CONCORD_ASSIGN(judgement, parts_.judge->judge(item, receipt, now));
  }
  if (judgement.verdict == Judgement::Verdict::settled) {
    const bool refused = judgement.state == ItemState::nacked;
    notice.kind = refused ? Notice::Kind::rejected : Notice::Kind::delivered;
    settlement.state = judgement.state;
    settlement.task = std::move(judgement.task);
    settlement.expect = std::move(judgement.expect);
    add(refused ? audit::Event::item_rejected : audit::Event::item_delivered, answer_digest,
        judgement.reason);
    return done();
  }
  if (judgement.verdict == Judgement::Verdict::foreign) {
    CONCORD_TRY(keep_foreign(outcome, judgement, now));
  }

  const std::chrono::milliseconds wait = wait_before_next(item, receipt, now);
  const bool for_good = receipt.carried == Carried::turned_away;
  if (!for_good && now + wait <= item.deadline) {
    settlement.state = ItemState::pending;
    settlement.next_at = now + wait;
    add(audit::Event::item_retried, answer_digest,
        settlement.attempt->result + peer_code_text(receipt));
    return done();
  }
  const std::string_view reason_class = for_good ? "permanent" : "exhausted";
  CONCORD_ASSIGN(Handover handover,
                 parts_.judge->hand_over(item, reason_class, receipt.reason, now));
  settlement.task = std::move(handover.task);
  if (handover.state == ItemState::cancelled) {
    notice.kind = Notice::Kind::cancelled;
    settlement.state = ItemState::cancelled;
    add(audit::Event::item_cancelled, answer_digest,
        std::string(reason_class) + peer_code_text(receipt));
    return done();
  }
  notice.kind = Notice::Kind::dead;
  settlement.state = ItemState::dead;
  settlement.dead = std::move(handover.letter);
  add(audit::Event::item_dead, answer_digest, std::string(reason_class) + peer_code_text(receipt));
  return done();
}

/// An answer to something else is kept for a person, once.
Result<void> Outbox::keep_foreign(Outcome& outcome, const Judgement& judgement, Instant now) {
  if (outcome.work.foreign_kept) return {};
  const store::Item& item = outcome.work.item;
  const Receipt& receipt = outcome.receipt;
  store::Unmatched unmatched;
  unmatched.destination = item.destination;
  unmatched.item = item.id;
  unmatched.refers_to = judgement.refers_to;
  unmatched.reason = judgement.reason;
  unmatched.content_type = receipt.content_type;
  unmatched.bytes = receipt.bytes;
  unmatched.at = now;
  unmatched.audit = detail::record(audit::Event::answer_unmatched, item, settings_.node, now,
                                   to_hex(sha256(receipt.bytes)), judgement.reason);
  CONCORD_TRY(parts_.store->keep_unmatched(std::move(unmatched)));
  outcome.work.foreign_kept = true;
  tell({Notice::Kind::unmatched,
        item.destination,
        item.id,
        item.exchange,
        item.attempt + 1,
        receipt.peer_code,
        {},
        "the answer belongs to another message"});
  return {};
}

}  // namespace concord::outbox
