#include "gateway/outbox/outbox.h"

#include <algorithm>
#include <array>

#include "gateway/outbox/detail/lane.h"

namespace concord::outbox {

std::string_view notice_name(Notice::Kind kind) {
  constexpr std::array<std::string_view, 15> kNames{
      "delivered",     "rejected",       "retried",        "dead",         "cancelled",
      "unmatched",     "circuit_opened", "circuit_closed", "paused",       "resumed",
      "window_closed", "window_opened",  "held",           "store_failed", "hung"};
  static_assert(kNames.size() == static_cast<std::size_t>(Notice::Kind::hung) + 1);
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
    if (lane->settings.timeout + detail::kRecordingTime >= settings_.lease) {
      return make_error(ErrorCode::invalid,
                        "destination \"" + lane->settings.name +
                            "\": the timeout must be at least 5 s shorter than the lease");
    }
  }
  CONCORD_TRY(parts_.store->recover(settings_.node, parts_.clock()));
  CONCORD_TRY(follow_pauses());
  follow_windows(parts_.clock());
  dispatcher_ = std::jthread([this](const std::stop_token& stop) { dispatch(stop); });
  for (std::size_t i = 0; i < settings_.workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  recorder_ = std::jthread([this](const std::stop_token& stop) { record(stop); });
  return {};
}

void Outbox::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(look_, true)) return;  // it was told, and has not looked yet
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
    ended_.wait_for(lock, grace, [this] { return running_ == 0 && unrecorded_ == 0; });
  }
  cut_off_.request_stop();
  dispatcher_.request_stop();
  dispatcher_.join();
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
  recorder_.request_stop();
  recorder_.join();
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
  return running_ + unrecorded_;
}

std::vector<DestinationState> Outbox::destinations() const {
  const Instant now = parts_.clock();
  std::vector<DestinationState> all;
  const std::lock_guard lock(mutex_);
  for (const auto& lane : lanes_) {
    DestinationState& state = all.emplace_back();
    state.name = lane->settings.name;
    state.concurrency = lane->settings.concurrency;
    state.rate = lane->settings.rate;
    state.running = lane->running;
    state.leased = lane->leased.size();
    state.circuit_open = lane->circuit.is_open();
    state.probe_at = lane->circuit.probe_at();
    state.window_open = lane->opening.open;
    if (lane->held_until && *lane->held_until > now) state.held_until = lane->held_until;
    state.pause = lane->pause;
    state.hung = static_cast<std::size_t>(std::count_if(
        in_hand_.begin(), in_hand_.end(),
        [&lane](const auto& one) { return one.second.lane == lane.get() && one.second.told; }));
  }
  return all;
}

Result<void> Outbox::follow_pauses() {
  const std::lock_guard one_at_a_time(pauses_mutex_);
  CONCORD_ASSIGN(const std::vector<store::Pause> pauses, parts_.store->pauses());
  std::vector<std::pair<Notice::Kind, store::Pause>> changes;
  {
    const std::lock_guard lock(mutex_);
    pauses_read_ = parts_.clock();
    for (const auto& lane : lanes_) {
      const auto found = std::find_if(pauses.begin(), pauses.end(), [&](const store::Pause& one) {
        return one.destination == lane->settings.name;
      });
      if (found == pauses.end()) {
        // Who resumes it means now, whatever it had asked for before.
        if (lane->pause) {
          changes.emplace_back(Notice::Kind::resumed, *lane->pause);
          lane->held_until.reset();
        }
        lane->pause.reset();
      } else {
        if (!lane->pause) changes.emplace_back(Notice::Kind::paused, *found);
        lane->pause = *found;
      }
    }
  }
  for (const auto& [kind, pause] : changes) {
    tell_of(kind, pause.destination, kind == Notice::Kind::paused ? pause.reason : "");
  }
  if (!changes.empty()) wake();
  return {};
}

void Outbox::tell(const Notice& notice) const {
  if (parts_.observe) parts_.observe(notice);
}

/// A change of a destination's state.
void Outbox::tell_of(Notice::Kind kind, std::string_view destination,
                     std::string_view reason) const {
  Notice notice;
  notice.kind = kind;
  notice.destination = destination;
  notice.reason = reason;
  tell(notice);
}

}  // namespace concord::outbox
