// Sending: one attempt from its beginning to the record of what came of it.
#include <algorithm>

#include "gateway/outbox/detail/lane.h"

namespace concord::outbox {

using channels::Carried;
using channels::Receipt;
using store::ItemState;

namespace {

constexpr int kConflicts = 5;  ///< of the Task with other writers, before a result is dropped
constexpr std::chrono::milliseconds kFirstWait{50};
constexpr std::chrono::milliseconds kLongestWait{500};

std::string peer_code_text(const Receipt& receipt) {
  return receipt.peer_code == 0 ? std::string() : " " + std::to_string(receipt.peer_code);
}

audit::Record record(audit::Event event, const store::Item& item, std::string_view node,
                     Instant now, std::string digest, std::string detail) {
  return {
      event, now, item.exchange, item.id, std::string(node), std::move(digest), std::move(detail)};
}

/// A change of the Task that goes with a settlement is on record too.
void add_task_record(store::Settlement& settlement, const store::Item& item, std::string_view node,
                     Instant now) {
  if (!settlement.task) return;
  settlement.audit.push_back(record(audit::Event::task_changed, item, node, now,
                                    to_hex(sha256(settlement.task->body)),
                                    settlement.task->status));
}

}  // namespace

void Outbox::attempt(Work& work) {
  const Instant started = parts_.clock();
  const auto left = work.lease_until - started - detail::kRecordingTime;
  // It waited here so long that its lease would end on the way: somebody takes it up again.
  if (left < std::min(work.lane->settings.timeout, settings_.lease / 2)) {
    static_cast<void>(give_back(work, started));
    return;
  }
  // Once more where it can do no harm. A crash beyond that came while it was isolated.
  const bool isolated = parts_.isolate && work.item.crashes == settings_.poison;
  if (work.item.crashes >= settings_.poison && !isolated) {
    give_up_poison(work, started, false);
    return;
  }

  const auto wanted = parts_.judge->wanted(work.item, started);
  if (!wanted) {
    static_cast<void>(give_back(work, started));
    return;
  }
  if (!*wanted) {
    call_off(work, started);
    return;
  }

  // What may end the process is written down before it can.
  if (work.item.crashes > 0 && !parts_.store->begin(work.item.id, work.item.fence)) {
    static_cast<void>(give_back(work, started));
    return;
  }

  const auto timeout = std::min<std::chrono::milliseconds>(work.lane->settings.timeout, left);
  Receipt receipt;
  if (isolated) {
    auto carried = parts_.isolate(work.item, timeout, cut_off_.get_token());
    if (!carried) {
      if (!cut_off_.stop_requested()) give_up_poison(work, parts_.clock(), true);
      return;
    }
    receipt = *std::move(carried);
  } else {
    receipt = carry(work, timeout);
  }
  const bool cut_off = cut_off_.stop_requested() && receipt.carried != Carried::answered;
  if (cut_off) return;  // not the destination's fault; made again after the next start
  count_result(*work.lane, receipt);
  if (auto settled = settle(work, receipt, started); !settled) {
    if (settled.error().code == ErrorCode::transient) doubt();
    tell({Notice::Kind::store_failed,
          work.item.destination,
          work.item.id,
          work.item.exchange,
          work.item.attempt + 1,
          receipt.peer_code,
          {},
          error_row(settled.error().code).name});
  }
}

Receipt Outbox::carry(const Work& work, std::chrono::milliseconds timeout) {
  const store::Item& item = work.item;
  channels::Channel* const channel = parts_.channels->find(item.channel);
  if (channel == nullptr) {
    Receipt receipt;
    receipt.carried = Carried::turned_away;
    receipt.reason = "the channel is not configured";
    return receipt;
  }
  return channel->deliver({item.destination, item.id, item.message_id, item.interaction,
                           item.content_type, item.bytes, item.number},
                          timeout, cut_off_.get_token());
}

/// Ends an item during which the process ended too often. What was tried in a process of its own
/// may have arrived; the reason says so.
void Outbox::give_up_poison(Work& work, Instant now, bool tried) {
  const store::Item& item = work.item;
  const std::string reason =
      "the process ended " + std::to_string(item.crashes) + " times while it was being delivered" +
      (tried ? ", and so did one made for it alone: it may have arrived" : "");
  Notice notice{
      Notice::Kind::dead, item.destination, item.id, item.exchange, item.attempt, 0, {}, reason};
  const auto give_up = [&]() -> Result<void> {
    CONCORD_ASSIGN(Handover handover, parts_.judge->hand_over(item, "poison", reason, now));
    store::Settlement settlement;
    settlement.item = item.id;
    settlement.fence = item.fence;
    settlement.now = now;
    settlement.state = handover.state;
    settlement.task = std::move(handover.task);
    const bool dead = handover.state == ItemState::dead;
    if (dead) settlement.dead = std::move(handover.letter);
    if (!dead) notice.kind = Notice::Kind::cancelled;
    settlement.audit.push_back(record(dead ? audit::Event::item_dead : audit::Event::item_cancelled,
                                      item, settings_.node, now, "",
                                      "poison " + std::to_string(item.crashes)));
    add_task_record(settlement, item, settings_.node, now);
    return parts_.store->settle(std::move(settlement));
  };
  if (auto done = give_up(); !done) {
    if (done.error().code == ErrorCode::transient) doubt();
    notice.kind = Notice::Kind::store_failed;
    notice.reason = error_row(done.error().code).name;
  }
  tell(notice);
}

/// Ends an item that nobody wants any more, without an attempt.
void Outbox::call_off(Work& work, Instant now) {
  const store::Item& item = work.item;
  store::Settlement settlement;
  settlement.item = item.id;
  settlement.fence = item.fence;
  settlement.now = now;
  settlement.state = ItemState::cancelled;
  settlement.audit.push_back(
      record(audit::Event::item_cancelled, item, settings_.node, now, "", "not wanted any more"));
  Notice notice{
      Notice::Kind::cancelled, item.destination, item.id, item.exchange, item.attempt, 0, {},
      "not wanted any more"};
  if (auto settled = parts_.store->settle(std::move(settlement)); !settled) {
    if (settled.error().code == ErrorCode::transient) doubt();
    notice.kind = Notice::Kind::store_failed;
    notice.reason = error_row(settled.error().code).name;
  }
  tell(notice);
}

void Outbox::count_result(Lane& lane, const Receipt& receipt) {
  const bool failed = receipt.carried == Carried::not_sent || receipt.carried == Carried::unknown;
  const Instant now = parts_.clock();
  Circuit::Change change = Circuit::Change::none;
  bool held = false;
  {
    const std::lock_guard lock(mutex_);
    change = failed ? lane.circuit.failed(now) : lane.circuit.succeeded();
    if (failed && receipt.retry_after) {
      // Its wish is about the whole destination, not this one item.
      held = !lane.held_until;
      lane.held_until = std::max(lane.held_until.value_or(now), now + *receipt.retry_after);
    }
  }
  if (held) tell_of(Notice::Kind::held, lane.settings.name, receipt.reason);
  if (change == Circuit::Change::none) return;
  tell_of(change == Circuit::Change::opened ? Notice::Kind::circuit_opened
                                            : Notice::Kind::circuit_closed,
          lane.settings.name, receipt.reason);
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

/// Records the result. A Task that changed meanwhile is read again; a store that is away, busy or
/// full is asked again and again as long as the lease lasts, for nothing can be leased from it
/// either. The fence decides: a result that comes too late is refused. What cannot be recorded is
/// sent again with the same ids.
Result<void> Outbox::settle(Work& work, const Receipt& receipt, Instant started) {
  const Instant ended = parts_.clock();
  auto wait = kFirstWait;
  for (int conflicts = 0;;) {
    Notice notice;
    Error last;
    auto settlement = settlement_of(work, receipt, started, ended, notice);
    if (settlement) {
      auto settled = parts_.store->settle(std::move(*settlement));
      if (settled) {
        tell(notice);
        return {};
      }
      last = std::move(settled).error();
    } else {
      last = std::move(settlement).error();
    }
    if (last.code == ErrorCode::transient) {
      if (!may_insist(work, wait)) return last;
      wait = std::min(wait * 2, kLongestWait);
    } else if (last.code != ErrorCode::conflict || ++conflicts == kConflicts) {
      return last;
    }
  }
}

/// Waits. False when there is no sense in it any more: the lease is over, or this node stops now.
bool Outbox::may_insist(const Work& work, std::chrono::milliseconds wait) const {
  std::mutex nobodys;
  std::unique_lock lock(nobodys);
  std::condition_variable_any never;
  never.wait_for(lock, cut_off_.get_token(), wait, [] { return false; });
  return !cut_off_.stop_requested() && parts_.clock() < work.lease_until;
}

Result<store::Settlement> Outbox::settlement_of(Work& work, const Receipt& receipt, Instant started,
                                                Instant ended, Notice& notice) {
  const store::Item& item = work.item;
  const Instant now = parts_.clock();
  store::Settlement settlement;
  settlement.item = item.id;
  settlement.fence = item.fence;
  settlement.now = now;
  settlement.attempt = store::Attempt{
      started,           ended,         std::string(channels::carried_name(receipt.carried)),
      receipt.peer_code, receipt.bytes, receipt.content_type};
  notice = {Notice::Kind::retried, item.destination,  item.id,         item.exchange,
            item.attempt + 1,      receipt.peer_code, ended - started, receipt.reason};
  const auto add = [&](audit::Event event, std::string digest, std::string detail) {
    settlement.audit.push_back(
        record(event, item, settings_.node, now, std::move(digest), std::move(detail)));
  };
  const auto add_task = [&] { add_task_record(settlement, item, settings_.node, now); };
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
    add_task();
    return settlement;
  }
  if (judgement.verdict == Judgement::Verdict::foreign) {
    CONCORD_TRY(keep_foreign(work, receipt, judgement, now));
  }

  const std::chrono::milliseconds wait = wait_before_next(item, receipt, now);
  const bool for_good = receipt.carried == Carried::turned_away;
  if (!for_good && now + wait <= item.deadline) {
    settlement.state = ItemState::pending;
    settlement.next_at = now + wait;
    add(audit::Event::item_retried, answer_digest,
        settlement.attempt->result + peer_code_text(receipt));
    return settlement;
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
    add_task();
    return settlement;
  }
  notice.kind = Notice::Kind::dead;
  settlement.state = ItemState::dead;
  settlement.dead = std::move(handover.letter);
  add(audit::Event::item_dead, answer_digest, std::string(reason_class) + peer_code_text(receipt));
  add_task();
  return settlement;
}

/// An answer to something else is kept for a person, once.
Result<void> Outbox::keep_foreign(Work& work, const Receipt& receipt, const Judgement& judgement,
                                  Instant now) {
  if (work.foreign_kept) return {};
  const store::Item& item = work.item;
  store::Unmatched unmatched;
  unmatched.destination = item.destination;
  unmatched.item = item.id;
  unmatched.refers_to = judgement.refers_to;
  unmatched.reason = judgement.reason;
  unmatched.content_type = receipt.content_type;
  unmatched.bytes = receipt.bytes;
  unmatched.at = now;
  unmatched.audit = record(audit::Event::answer_unmatched, item, settings_.node, now,
                           to_hex(sha256(receipt.bytes)), judgement.reason);
  CONCORD_TRY(parts_.store->keep_unmatched(std::move(unmatched)));
  work.foreign_kept = true;
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
