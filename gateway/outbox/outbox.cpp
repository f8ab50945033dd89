#include "gateway/outbox/outbox.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

namespace concord::outbox {

using channels::Carried;
using channels::Receipt;
using store::ItemState;

/// One destination: its circuit, the items leased for it, how many are on their way.
struct Outbox::Lane {
  Lane(DestinationSettings s, CircuitSettings c) : settings(std::move(s)), circuit(c) {}

  DestinationSettings settings;
  Circuit circuit;
  std::deque<Work> leased;
  std::size_t running = 0;
  bool passing = false;  ///< from Parts::more: goes when it is not named any more
};

namespace {

/// Items leased ahead, so that one transaction leases for several attempts.
constexpr std::size_t kLeasedAhead = 2;
/// Time kept between the end of an attempt and the end of its lease, to record the result.
constexpr std::chrono::milliseconds kRecordingTime{5'000};
constexpr int kRecordingTries = 5;
constexpr std::chrono::milliseconds kBetweenTries{200};

std::string peer_code_text(const Receipt& receipt) {
  return receipt.peer_code == 0 ? std::string() : " " + std::to_string(receipt.peer_code);
}

audit::Record record(audit::Event event, const store::Item& item, std::string_view node,
                     Instant now, std::string digest, std::string detail) {
  return {
      event, now, item.exchange, item.id, std::string(node), std::move(digest), std::move(detail)};
}

}  // namespace

std::string_view notice_name(Notice::Kind kind) {
  constexpr std::array<std::string_view, 9> kNames{
      "delivered", "rejected",       "retried",        "dead",        "cancelled",
      "unmatched", "circuit_opened", "circuit_closed", "store_failed"};
  return kNames[static_cast<std::size_t>(kind)];
}

Outbox::Outbox(Parts parts, Settings settings)
    : parts_(std::move(parts)), settings_(std::move(settings)) {
  for (const DestinationSettings& destination : settings_.destinations) {
    lanes_.push_back(std::make_unique<Lane>(destination, settings_.circuit));
  }
}

Outbox::~Outbox() { stop(std::chrono::milliseconds{0}); }

Result<void> Outbox::start() {
  for (const auto& lane : lanes_) {
    if (lane->settings.timeout + kRecordingTime >= settings_.lease) {
      return make_error(ErrorCode::invalid,
                        "destination \"" + lane->settings.name +
                            "\": the timeout must be at least 5 s shorter than the lease");
    }
  }
  CONCORD_TRY(parts_.store->release(settings_.node, parts_.clock()));
  dispatcher_ = std::jthread([this](const std::stop_token& stop) { dispatch(stop); });
  for (std::size_t i = 0; i < settings_.workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  return {};
}

void Outbox::wake() {
  {
    const std::lock_guard lock(mutex_);
    look_ = true;
  }
  changed_.notify_one();
}

void Outbox::stop(std::chrono::milliseconds grace) {
  {
    std::unique_lock lock(mutex_);
    if (!dispatcher_.joinable()) return;
    stopping_ = true;
    for (const auto& lane : lanes_) lane->leased.clear();
    changed_.notify_all();
    ready_.notify_all();
    changed_.wait_for(lock, grace, [this] { return running_ == 0; });
  }
  cut_off_.request_stop();
  dispatcher_.request_stop();
  dispatcher_.join();
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
  // Should this fail, the leases end by themselves.
  if (auto released = parts_.store->release(settings_.node, parts_.clock()); !released) {
    tell({Notice::Kind::store_failed, "", "", "", 0, 0, {}, "leases were not given back"});
  }
}

bool Outbox::is_open(std::string_view destination) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
    return lane->settings.name == destination && lane->circuit.is_open();
  });
}

std::size_t Outbox::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

// ---- leasing ----

void Outbox::dispatch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Instant now = parts_.clock();
    Instant look_again = now + settings_.poll;
    follow_more();
    bool leased = false;
    for (const auto& lane : lanes_) leased = fill(*lane, now, look_again) || leased;
    if (leased) ready_.notify_all();
    std::unique_lock lock(mutex_);
    const auto wait = std::clamp(look_again - now, std::chrono::milliseconds{1}, settings_.poll);
    changed_.wait_for(lock, stop, wait, [this] { return look_ || stopping_; });
    look_ = false;
    if (stopping_) return;
  }
}

/// Makes lanes for destinations that came, and ends those of destinations that went.
void Outbox::follow_more() {
  if (!parts_.more) return;
  std::vector<DestinationSettings> named = parts_.more();
  // A timeout as long as the lease would let two attempts run at once.
  const auto longest = settings_.lease - 2 * kRecordingTime;
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, Lane*> known;
  for (const auto& lane : lanes_) known.emplace(lane->settings.name, lane.get());
  std::set<const Lane*> kept;
  std::vector<std::unique_ptr<Lane>> fresh;
  for (DestinationSettings& settings : named) {
    settings.timeout = std::min(settings.timeout, longest);
    const auto at = known.find(settings.name);
    if (at == known.end()) {
      fresh.push_back(std::make_unique<Lane>(std::move(settings), settings_.circuit));
      fresh.back()->passing = true;
    } else {
      if (at->second->passing) at->second->settings = std::move(settings);
      kept.insert(at->second);
    }
  }
  std::erase_if(lanes_, [&](const auto& lane) {
    return lane->passing && lane->running == 0 && lane->leased.empty() &&
           !kept.contains(lane.get());
  });
  std::move(fresh.begin(), fresh.end(), std::back_inserter(lanes_));
}

/// Leases for one destination what it may take on. True when there is something new to send.
bool Outbox::fill(Lane& lane, Instant now, Instant& look_again) {
  std::size_t wanted = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    const std::size_t held = lane.running + lane.leased.size();
    if (lane.circuit.is_open()) {
      wanted = lane.circuit.allowance(now, held, 1);
      look_again = std::min(look_again, *lane.circuit.probe_at());
    } else if (held <= lane.settings.concurrency) {
      wanted = lane.settings.concurrency * kLeasedAhead - held;
    }
  }
  if (wanted == 0) return false;
  const auto due = parts_.store->next_due(lane.settings.name);
  if (!due || !due->has_value()) return false;
  if (**due > now) {
    look_again = std::min(look_again, **due);
    return false;
  }
  const Instant until = now + settings_.lease;
  auto items = parts_.store->lease({lane.settings.name, settings_.node, wanted, now, until});
  if (!items || items->empty()) return false;
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;  // stop() gives the leases back
  for (store::Item& item : *items) lane.leased.push_back({&lane, std::move(item), until, false});
  return true;
}

// ---- sending ----

void Outbox::work(const std::stop_token& stop) {
  Work work;
  while (take(work, stop)) {
    attempt(work);
    {
      const std::lock_guard lock(mutex_);
      --work.lane->running;
      --running_;
      look_ = true;
    }
    changed_.notify_all();
    ready_.notify_one();
  }
}

/// Waits for an item of a destination with room. False when stopping.
bool Outbox::take(Work& work, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto next = [this]() -> Lane* {
    for (const auto& lane : lanes_) {
      if (!lane->leased.empty() && lane->running < lane->settings.concurrency) return lane.get();
    }
    return nullptr;
  };
  Lane* lane = nullptr;
  ready_.wait(lock, stop, [&] { return stopping_ || (lane = next()) != nullptr; });
  if (stopping_ || lane == nullptr) return false;
  work = std::move(lane->leased.front());
  lane->leased.pop_front();
  ++lane->running;
  ++running_;
  return true;
}

void Outbox::attempt(Work& work) {
  const Instant started = parts_.clock();
  const auto left = work.lease_until - started - kRecordingTime;
  // It waited here so long that its lease would end on the way: somebody takes it up again.
  if (left < std::min(work.lane->settings.timeout, settings_.lease / 2)) return;

  const auto wanted = parts_.judge->wanted(work.item, started);
  if (!wanted) return;  // the lease ends by itself
  if (!*wanted) {
    call_off(work, started);
    return;
  }

  Receipt receipt;
  channels::Channel* const channel = parts_.channels->find(work.item.channel);
  if (channel == nullptr) {
    receipt.carried = Carried::turned_away;
    receipt.reason = "the channel is not configured";
  } else {
    const store::Item& item = work.item;
    receipt = channel->deliver({item.destination, item.id, item.message_id, item.interaction,
                                item.content_type, item.bytes, item.number},
                               std::min(work.lane->settings.timeout, left), cut_off_.get_token());
  }
  const bool cut_off = cut_off_.stop_requested() && receipt.carried != Carried::answered;
  if (cut_off) return;  // not the destination's fault; made again after the next start
  count_result(*work.lane, receipt);
  if (auto settled = settle(work, receipt, started); !settled) {
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
    notice.kind = Notice::Kind::store_failed;
    notice.reason = error_row(settled.error().code).name;
  }
  tell(notice);
}

void Outbox::count_result(Lane& lane, const Receipt& receipt) {
  const bool failed = receipt.carried == Carried::not_sent || receipt.carried == Carried::unknown;
  Circuit::Change change = Circuit::Change::none;
  {
    const std::lock_guard lock(mutex_);
    change = failed ? lane.circuit.failed(parts_.clock()) : lane.circuit.succeeded();
  }
  if (change == Circuit::Change::none) return;
  Notice notice;
  notice.kind = change == Circuit::Change::opened ? Notice::Kind::circuit_opened
                                                  : Notice::Kind::circuit_closed;
  notice.destination = lane.settings.name;
  notice.reason = receipt.reason;
  tell(notice);
}

/// Records the result. A Task that changed meanwhile is read again; a store that is busy or full is
/// tried again while the lease allows. What cannot be recorded is sent again with the same ids.
Result<void> Outbox::settle(Work& work, const Receipt& receipt, Instant started) {
  Error last;
  for (int i = 0; i < kRecordingTries; ++i) {
    Notice notice;
    auto settlement = settlement_of(work, receipt, started, notice);
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
    if (last.code == ErrorCode::internal) return last;
    if (last.code == ErrorCode::transient) std::this_thread::sleep_for(kBetweenTries);
  }
  return last;
}

Result<store::Settlement> Outbox::settlement_of(Work& work, const Receipt& receipt, Instant started,
                                                Notice& notice) {
  const store::Item& item = work.item;
  const Instant now = parts_.clock();
  store::Settlement settlement;
  settlement.item = item.id;
  settlement.fence = item.fence;
  settlement.now = now;
  settlement.attempt = store::Attempt{
      started,           now,           std::string(channels::carried_name(receipt.carried)),
      receipt.peer_code, receipt.bytes, receipt.content_type};
  notice = {Notice::Kind::retried, item.destination,  item.id,       item.exchange,
            item.attempt + 1,      receipt.peer_code, now - started, receipt.reason};
  const auto add = [&](audit::Event event, std::string digest, std::string detail) {
    settlement.audit.push_back(
        record(event, item, settings_.node, now, std::move(digest), std::move(detail)));
  };
  const auto add_task = [&] {
    if (!settlement.task) return;
    add(audit::Event::task_changed, to_hex(sha256(settlement.task->body)), settlement.task->status);
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
    add_task();
    return settlement;
  }
  if (judgement.verdict == Judgement::Verdict::foreign) {
    CONCORD_TRY(keep_foreign(work, receipt, judgement, now));
  }

  std::chrono::milliseconds wait{0};
  {
    const std::lock_guard lock(random_mutex_);
    wait = backoff(settings_.backoff, item.attempt, parts_.random());
  }
  if (receipt.retry_after) wait = std::max<std::chrono::milliseconds>(wait, *receipt.retry_after);
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

void Outbox::tell(const Notice& notice) const {
  if (parts_.observe) parts_.observe(notice);
}

}  // namespace concord::outbox
