// Leasing: which items are taken from the store, when, and who sends them.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "gateway/outbox/detail/lane.h"

namespace concord::outbox {

namespace {

/// Between two looks at the store: each accept asks for one.
constexpr std::chrono::milliseconds kBreath{2};
/// A destination whose next token is farther away is not leased for: leases would wait and end.
constexpr std::chrono::milliseconds kTokenSoon{5'000};
/// How long a window is taken to hold when it does not say.
constexpr std::chrono::milliseconds kWindowHolds{60'000};

/// When the dispatcher must look again for whoever waits for a token: a worker may take the one
/// that is there now.
Instant next_token(const TokenBucket& bucket, Instant now) {
  const auto between = std::chrono::duration<double, std::milli>(1000 / bucket.rate());
  const Instant after = now + std::chrono::ceil<std::chrono::milliseconds>(
                                  std::min(between, decltype(between)(3'600'000)));
  const Instant ready = bucket.ready_at(now);
  return ready > now ? ready : after;
}

/// Ends a lease without an attempt.
store::Settlement untried_of(const store::Item& item, Instant now) {
  store::Settlement settlement;
  settlement.item = item.id;
  settlement.fence = item.fence;
  settlement.now = now;
  settlement.state = store::ItemState::pending;
  settlement.next_at = now;
  return settlement;
}

}  // namespace

void Outbox::dispatch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto looked_at = std::chrono::steady_clock::now();
    const Instant now = parts_.clock();
    Instant look_again = now + settings_.poll;
    follow_more();
    follow_windows(now);
    bool due = false;
    {
      const std::lock_guard lock(mutex_);
      due = !pauses_read_ || now >= *pauses_read_ + settings_.poll || now < *pauses_read_;
    }
    // A store that cannot be read now leases nothing either.
    if (due) static_cast<void>(follow_pauses());
    give_back_unheld(now);
    tell_hung(now);
    bool ready = false;
    for (const auto& lane : lanes_) ready = fill(*lane, now, look_again) || ready;
    if (ready) ready_.notify_one();  // who finds work wakes the next
    std::unique_lock lock(mutex_);
    const auto wait = std::clamp(look_again - now, std::chrono::milliseconds{1}, settings_.poll);
    changed_.wait_for(lock, stop, wait, [this] { return look_ || stopping_; });
    changed_.wait_until(lock, stop, looked_at + kBreath, [this] { return stopping_; });
    look_ = false;
    if (stopping_) return;
  }
}

/// Makes lanes for destinations that came, and ends those of destinations that went.
void Outbox::follow_more() {
  if (!parts_.more) return;
  std::vector<DestinationSettings> named = parts_.more();
  // A timeout as long as the lease would let two attempts run at once.
  const auto longest = settings_.lease - 2 * detail::kRecordingTime;
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
      pauses_read_.reset();  // it may be paused already
    } else {
      if (at->second->passing) {
        at->second->settings = std::move(settings);
        at->second->bucket.set_rate(at->second->settings.rate);
      }
      kept.insert(at->second);
    }
  }
  std::erase_if(lanes_, [&](const auto& lane) {
    return lane->passing && lane->running == 0 && lane->leased.empty() &&
           !kept.contains(lane.get());
  });
  std::move(fresh.begin(), fresh.end(), std::back_inserter(lanes_));
}

/// Asks each window that may have changed.
void Outbox::follow_windows(Instant now) {
  for (const auto& lane : lanes_) {
    if (!lane->settings.window) continue;
    Opening before;
    {
      const std::lock_guard lock(mutex_);
      before = lane->opening;
    }
    if (before.until > now && before.until <= now + 2 * kWindowHolds) continue;
    Opening opening = lane->settings.window(now);
    opening.until =
        std::clamp(opening.until, now + std::chrono::milliseconds{1}, now + kWindowHolds);
    {
      const std::lock_guard lock(mutex_);
      lane->opening = opening;
    }
    if (before.open == opening.open) continue;
    tell_of(opening.open ? Notice::Kind::window_opened : Notice::Kind::window_closed,
            lane->settings.name, "");
  }
}

/// Leases for one destination what it may take on, or gives back what it may not send now. True
/// when a worker may find something to send.
bool Outbox::fill(Lane& lane, Instant now, Instant& look_again) {
  std::size_t wanted = 0;
  bool ready = false;
  bool shut = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    if (lane.held_until && now >= *lane.held_until) lane.held_until.reset();
    if (lane.held_until) look_again = std::min(look_again, *lane.held_until);
    if (lane.settings.window) look_again = std::min(look_again, lane.opening.until);
    const std::size_t held = lane.running + lane.leased.size();
    const bool waiting = lane.circuit.is_open() && lane.circuit.allowance(now, 0, 1) == 0;
    if (waiting) look_again = std::min(look_again, *lane.circuit.probe_at());
    shut = !lane.is_open(now) || waiting;
    if (!shut && lane.circuit.is_open()) {
      wanted = lane.circuit.allowance(now, held, 1);
      ready = !lane.leased.empty();
    } else if (!shut) {
      if (lane.is_low()) wanted = lane.ahead() - lane.leased.size();
      const Instant token = lane.bucket.ready_at(now);
      ready = !lane.leased.empty() && token <= now && lane.has_room(now);
      if (lane.bucket.rate() > 0) {
        if (!lane.leased.empty()) {
          look_again = std::min(look_again, next_token(lane.bucket, now));
        }
        const auto soon = static_cast<std::size_t>(
            lane.bucket.rate() * std::chrono::duration<double>(kTokenSoon).count());
        const std::size_t most = token > now + kTokenSoon ? 0 : std::max<std::size_t>(soon, 1);
        const std::size_t ahead = lane.leased.size();
        wanted = std::min(wanted, most > ahead ? most - ahead : 0);
      }
    }
  }
  if (shut) give_back(lane, now);
  if (wanted == 0) return ready;
  if (!is_due(lane, now, look_again)) return ready;
  const Instant until = now + settings_.lease;
  auto items = parts_.store->lease({lane.settings.name, settings_.node, wanted, now, until});
  if (!items) {
    doubt();  // perhaps only its answer was lost
    return ready;
  }
  const std::lock_guard lock(mutex_);
  lane.more_due = items->size() == wanted;
  if (items->empty()) return ready;
  if (stopping_) return false;  // stop() gives the leases back
  if (lane.bucket.rate() > 0) look_again = std::min(look_again, next_token(lane.bucket, now));
  for (store::Item& item : *items) lane.leased.push_back({&lane, std::move(item), until, false});
  return true;
}

/// Whether something of a destination is due. Where more was waiting than was leased there is more.
bool Outbox::is_due(Lane& lane, Instant now, Instant& look_again) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(lane.more_due, false)) return true;
  }
  const auto due = parts_.store->next_due(lane.settings.name);
  if (!due || !due->has_value()) return false;
  if (**due <= now) return true;
  look_again = std::min(look_again, **due);
  return false;
}

/// A destination that may not be sent to keeps no leases: its items wait in the store, for whoever
/// may send them first.
void Outbox::give_back(Lane& lane, Instant now) {
  std::deque<Work> unsent;
  {
    const std::lock_guard lock(mutex_);
    unsent.swap(lane.leased);
  }
  if (unsent.empty()) return;
  std::vector<store::Settlement> untried;
  for (const Work& work : unsent) untried.push_back(untried_of(work.item, now));
  for (const Result<void>& settled : parts_.store->settle_all(std::move(untried))) {
    // A conflict says that it is somebody else's by now.
    if (!settled && settled.error().code != ErrorCode::conflict) doubt();
  }
}

bool Outbox::give_back(const Work& work, Instant now) {
  const auto settled = parts_.store->settle(untried_of(work.item, now));
  if (!settled && settled.error().code != ErrorCode::conflict) doubt();
  return settled.has_value();
}

/// The store did not take something, or its answer was lost: it may hold leases of this node that
/// nobody here works on. A lease that is written later still, by a server that hung, is over when
/// the doubt is.
void Outbox::doubt() {
  const std::lock_guard lock(mutex_);
  doubt_until_ = parts_.clock() + settings_.lease;
}

/// Gives such leases back. Only the dispatcher takes leases, and this is the dispatcher: what the
/// store holds for this node and is neither waiting nor under way here is nobody's work.
void Outbox::give_back_unheld(Instant now) {
  std::vector<std::string> held;
  {
    const std::lock_guard lock(mutex_);
    if (!doubt_until_ || stopping_) return;
    if (unheld_looked_at_ && now < *unheld_looked_at_ + settings_.poll &&
        now >= *unheld_looked_at_) {
      return;
    }
    unheld_looked_at_ = now;
    if (now >= *doubt_until_) doubt_until_.reset();
    held.assign(under_way_.begin(), under_way_.end());
    for (const auto& lane : lanes_) {
      for (const Work& work : lane->leased) held.push_back(work.item.id);
    }
  }
  if (!parts_.store->release_unheld(settings_.node, held, now)) doubt();
}

// ---- workers ----

void Outbox::work(const std::stop_token& stop) {
  for (;;) {
    auto outcome = std::make_unique<Outcome>();
    if (!take(outcome->work, stop)) return;
    const bool has_result = attempt(*outcome);
    end(std::move(outcome), has_result);
  }
}

/// Waits for an item of a destination that may be sent to. False when stopping.
bool Outbox::take(Work& work, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  bool found = false;
  Instant now{};
  ++idle_;
  ready_.wait(lock, stop, [&] {
    now = parts_.clock();
    return stopping_ || (found = find_work(work, now));
  });
  --idle_;
  if (!found) return false;
  // One is woken by the other, so that only as many wake as find something.
  const bool more = idle_ > 0 && has_work(now);
  const bool low = work.lane->more_due && work.lane->is_low() && !std::exchange(look_, true);
  lock.unlock();
  if (more) ready_.notify_one();
  if (low) changed_.notify_one();
  return true;
}

/// Whether there may be something to send. Its lock is held.
bool Outbox::has_work(Instant now) const {
  if (stopping_ || unrecorded_ >= settings_.unrecorded) return false;
  return std::any_of(lanes_.begin(), lanes_.end(), [now](const auto& lane) {
    return !lane->leased.empty() && lane->has_room(now);
  });
}

/// Takes the next item that may be sent, destination after destination. Of items that were under
/// way when a process ended, one is tried at a time: should the process end again, it is known by
/// which of them.
bool Outbox::find_work(Work& work, Instant now) {
  if (unrecorded_ >= settings_.unrecorded) return false;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const std::size_t at = (next_lane_ + i) % lanes_.size();
    Lane& lane = *lanes_[at];
    if (lane.leased.empty() || !lane.has_room(now)) continue;
    const auto next = std::find_if(lane.leased.begin(), lane.leased.end(), [&](const Work& one) {
      return one.item.crashes == 0 || !suspect_running_;
    });
    if (next == lane.leased.end() || !lane.bucket.take(now)) continue;
    work = std::move(*next);
    lane.leased.erase(next);
    ++lane.running;
    ++running_;
    under_way_.insert(work.item.id);
    if (work.item.crashes > 0) suspect_running_ = true;
    next_lane_ = at + 1;
    return true;
  }
  return false;
}

}  // namespace concord::outbox
