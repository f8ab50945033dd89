#include "gateway/admission/admission.h"

#include <algorithm>

namespace concord::admission {

namespace {

constexpr double kMillion = 1e6;
/// The store's wait is the least of so many writes in a row: a disk that hesitates once is not
/// slow.
constexpr std::size_t kWrites = 4;

std::int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::size_t place(Kind kind, Reason reason) {
  return static_cast<std::size_t>(kind) * kReasons + static_cast<std::size_t>(reason);
}

std::int64_t millionths(const std::optional<double>& share) {
  return share ? static_cast<std::int64_t>(*share * kMillion) : -1;
}

std::optional<double> share(std::int64_t millionths) {
  if (millionths < 0) return std::nullopt;
  return static_cast<double>(millionths) / kMillion;
}

}  // namespace

Admission::Admission(Limits limits, Sources sources, std::chrono::milliseconds every)
    : limits_(limits), sources_(std::move(sources)), every_(every) {}

Admission::~Admission() { stop(); }

void Admission::start() {
  if (sources_.write_nothing) {
    store_thread_ = std::jthread([this](const std::stop_token& stop) { measure_store(stop); });
  }
  rest_thread_ = std::jthread([this](const std::stop_token& stop) { measure_rest(stop); });
}

void Admission::stop() {
  store_thread_ = {};
  rest_thread_ = {};
}

Result<void> Admission::admit(Kind kind) const {
  const auto reason = verdict().reason(kind);
  if (!reason) {
    admitted_[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  refused_[place(kind, *reason)].fetch_add(1, std::memory_order_relaxed);
  return make_error(kind == Kind::bulk ? ErrorCode::throttled : ErrorCode::transient,
                    "the gateway takes less work for now: " + std::string(reason_text(*reason)));
}

Readings Admission::readings() const {
  Readings now;
  std::int64_t wait = store_wait_.load(std::memory_order_relaxed);
  // One that does not come back counts by its age, once that is no passing hitch.
  if (const std::int64_t began = write_began_.load(std::memory_order_relaxed); began != 0) {
    const std::int64_t age = steady_now() - began;
    if (age >= static_cast<std::int64_t>(kWrites) * every_.count()) wait = std::max(wait, age);
  }
  now.store_wait = std::chrono::milliseconds{wait};
  now.queue_lag = std::chrono::milliseconds{queue_lag_.load(std::memory_order_relaxed)};
  now.disk_free = share(disk_free_.load(std::memory_order_relaxed));
  now.memory_used = share(memory_used_.load(std::memory_order_relaxed));
  return now;
}

Verdict Admission::verdict() const { return judge(readings(), limits_); }

std::uint64_t Admission::admitted(Kind kind) const {
  return admitted_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
}

std::uint64_t Admission::refused(Kind kind, Reason reason) const {
  return refused_[place(kind, reason)].load(std::memory_order_relaxed);
}

bool Admission::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, stop, every_, [] { return false; });
  return !stop.stop_requested();
}

void Admission::measure_store(const std::stop_token& stop) {
  std::array<std::int64_t, kWrites> last{};
  std::size_t next = 0;
  do {
    const std::int64_t began = steady_now();
    write_began_.store(began, std::memory_order_relaxed);
    sources_.write_nothing();
    last[next++ % kWrites] = steady_now() - began;
    store_wait_.store(*std::min_element(last.begin(), last.end()), std::memory_order_relaxed);
    write_began_.store(0, std::memory_order_relaxed);
  } while (wait(stop));
}

void Admission::measure_rest(const std::stop_token& stop) {
  Verdict told;
  do {
    if (sources_.queue_lag) {
      queue_lag_.store(sources_.queue_lag().count(), std::memory_order_relaxed);
    }
    if (sources_.disk_free) {
      disk_free_.store(millionths(sources_.disk_free()), std::memory_order_relaxed);
    }
    if (sources_.memory_used) {
      memory_used_.store(millionths(sources_.memory_used()), std::memory_order_relaxed);
    }
    const Readings now = readings();
    const Verdict verdict = judge(now, limits_);
    if (verdict == told) continue;
    told = verdict;
    if (sources_.observe) sources_.observe(verdict, now);
  } while (wait(stop));
}

}  // namespace concord::admission
