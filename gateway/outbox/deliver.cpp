// Sending: one attempt, from its beginning to what the channel says of it.
#include <algorithm>

#include "gateway/outbox/detail/lane.h"
#include "gateway/outbox/detail/records.h"

namespace concord::outbox {

using channels::Carried;
using channels::Receipt;
using store::ItemState;

namespace {

/// What a channel may take beyond its timeout. With the second of a look at the store it is less
/// than the time kept for recording, so that a hang is known before the lease ends.
constexpr std::chrono::milliseconds kReturns{2'000};

}  // namespace

/// True when there is a result to record: else the item was given back or ended without an attempt,
/// or its attempt was cut off.
bool Outbox::attempt(Outcome& outcome) {
  Work& work = outcome.work;
  outcome.started = parts_.clock();
  const auto left = work.lease_until - outcome.started - detail::kRecordingTime;
  // It waited here so long that its lease would end on the way: somebody takes it up again.
  if (left < std::min(work.lane->settings.timeout, settings_.lease / 2)) {
    static_cast<void>(give_back(work, outcome.started));
    return false;
  }
  // Once more where it can do no harm. A crash beyond that came while it was isolated.
  const bool isolated = parts_.isolate && work.item.crashes == settings_.poison;
  if (work.item.crashes >= settings_.poison && !isolated) {
    give_up_poison(work, outcome.started, false);
    return false;
  }

  const auto wanted = parts_.judge->wanted(work.item, outcome.started);
  if (!wanted) {
    static_cast<void>(give_back(work, outcome.started));
    return false;
  }
  if (!*wanted) {
    call_off(work, outcome.started);
    return false;
  }

  // What may end the process is written down before it can.
  if (work.item.crashes > 0 && !parts_.store->begin(work.item.id, work.item.fence)) {
    static_cast<void>(give_back(work, outcome.started));
    return false;
  }

  const auto timeout = std::min<std::chrono::milliseconds>(work.lane->settings.timeout, left);
  Isolated alone{false};
  if (isolated) alone = parts_.isolate(work.item, timeout, cut_off_.get_token());
  if (alone.possible && !alone.receipt) {
    if (!cut_off_.stop_requested()) give_up_poison(work, parts_.clock(), true);
    return false;
  }
  outcome.receipt = alone.possible ? *std::move(alone.receipt) : carry(outcome, timeout);
  const Receipt& receipt = outcome.receipt;
  // Not the destination's fault; made again after the next start.
  if (cut_off_.stop_requested() && receipt.carried != Carried::answered) return false;
  outcome.ended = parts_.clock();
  count_result(*work.lane, receipt);
  // Where the processors are, many at a time; what it cannot say now the recorder asks again.
  static_cast<void>(judge(outcome));
  return true;
}

Receipt Outbox::carry(const Outcome& outcome, std::chrono::milliseconds timeout) {
  const store::Item& item = outcome.work.item;
  channels::Channel* const channel = parts_.channels->find(item.channel);
  if (channel == nullptr) {
    Receipt receipt;
    receipt.carried = Carried::turned_away;
    receipt.reason = "the channel is not configured";
    return receipt;
  }
  {
    const std::lock_guard lock(mutex_);
    in_hand_[item.id] = {outcome.work.lane, &outcome, outcome.started + timeout + kReturns, false};
  }
  Receipt receipt = channel->deliver({item.destination, item.id, item.message_id, item.interaction,
                                      item.content_type, item.bytes, item.number},
                                     timeout, cut_off_.get_token());
  const std::lock_guard lock(mutex_);
  in_hand_.erase(item.id);
  return receipt;
}

/// Tells of attempts whose channel should have returned. They keep their worker until it does; what
/// they come to then is recorded like any other, if nobody else has taken the item up.
void Outbox::tell_hung(Instant now) {
  struct Told {
    std::string item, exchange, destination;
    std::int32_t attempt = 0;
    std::chrono::milliseconds took{};
  };
  std::vector<Told> told;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, attempt] : in_hand_) {
      if (attempt.told || now <= attempt.due) continue;
      attempt.told = true;
      const store::Item& item = attempt.outcome->work.item;
      told.push_back({item.id, item.exchange, item.destination, item.attempt + 1,
                      now - attempt.outcome->started});
    }
  }
  for (const Told& one : told) {
    tell({Notice::Kind::hung, one.destination, one.item, one.exchange, one.attempt, 0, one.took,
          "the channel has not returned"});
  }
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
    settlement.audit.push_back(
        detail::record(dead ? audit::Event::item_dead : audit::Event::item_cancelled, item,
                       settings_.node, now, "", "poison " + std::to_string(item.crashes)));
    detail::add_task_record(settlement, item, settings_.node, now);
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
  settlement.audit.push_back(detail::record(audit::Event::item_cancelled, item, settings_.node, now,
                                            "", "not wanted any more"));
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
  if (held || change != Circuit::Change::none) wake();
  if (change == Circuit::Change::none) return;
  tell_of(change == Circuit::Change::opened ? Notice::Kind::circuit_opened
                                            : Notice::Kind::circuit_closed,
          lane.settings.name, receipt.reason);
}

}  // namespace concord::outbox
