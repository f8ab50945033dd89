#include "gateway/store/postgresql/detail/writer.h"

#include <algorithm>

namespace concord::store::postgresql {

namespace {

constexpr int kTries = 5;
constexpr std::size_t kBytesOfAGroup = 16 << 20;
/// Waiting calls looked at for one group, when claims keep some of them back.
constexpr std::size_t kLookAhead = 1024;

void fail_all(const std::vector<Call*>& calls, const Error& error) {
  for (Call* call : calls) call->result = error;
}

}  // namespace

Writer::Writer(Settings settings) : settings_(std::move(settings)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(settings_.threads, 1); ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { loop(stop); });
  }
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (std::jthread& thread : threads_) thread.request_stop();
  arrived_.notify_all();
}

Result<void> Writer::run(Call& call) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return make_error(ErrorCode::transient, "the store is shutting down");
    if (waiting_.size() >= settings_.queue) {
      return make_error(ErrorCode::transient, "the store has too many calls waiting");
    }
    waiting_.push_back(&call);
  }
  arrived_.notify_one();
  call.done.wait();
  return std::move(call.result);
}

/// Moves calls from the queue into a group. Calls about the same thing follow each other, in the
/// order they came: never in one group, never in two at a time.
void Writer::take(std::vector<Call*>& calls) {
  std::unordered_set<std::int64_t> kept_back;
  std::size_t bytes = 0;
  std::size_t looked = 0;
  for (auto at = waiting_.begin();
       at != waiting_.end() && calls.size() < settings_.batch && looked < kLookAhead; ++looked) {
    Call* const call = *at;
    const bool free = std::none_of(
        call->claims.begin(), call->claims.end(),
        [&](std::int64_t claim) { return claimed_.contains(claim) || kept_back.contains(claim); });
    if (!free) {
      kept_back.insert(call->claims.begin(), call->claims.end());
      ++at;
      continue;
    }
    if (!calls.empty() && bytes + call->bytes > kBytesOfAGroup) return;
    bytes += call->bytes;
    claimed_.insert(call->claims.begin(), call->claims.end());
    calls.push_back(call);
    at = waiting_.erase(at);
  }
}

void Writer::loop(const std::stop_token& stop) {
  Lane lane;
  std::vector<Call*> calls;
  std::vector<std::int64_t> claims;
  for (;;) {
    calls.clear();
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, stop, [&] {
        take(calls);
        return !calls.empty();
      });
      if (calls.empty()) return;  // stopping; what still waits is under way elsewhere
    }
    const auto begun = std::chrono::steady_clock::now();
    serve(lane, calls);
    if (settings_.on_group) {
      settings_.on_group(calls.size(), std::chrono::duration_cast<std::chrono::microseconds>(
                                           std::chrono::steady_clock::now() - begun));
    }
    if (settings_.on_step) settings_.on_step("committed");
    claims.clear();
    for (const Call* call : calls) {
      claims.insert(claims.end(), call->claims.begin(), call->claims.end());
    }
    bool waiting = false;
    {
      const std::lock_guard lock(mutex_);
      for (const std::int64_t claim : claims) claimed_.erase(claimed_.find(claim));
      waiting = !waiting_.empty();
    }
    if (waiting) arrived_.notify_one();
    for (Call* call : calls) call->done.set();  // the waiter may be gone right after this
  }
}

Result<void> Writer::connect(Lane& lane) {
  if (lane.db != nullptr && !lane.db->lost()) return {};
  lane.db.reset();
  if (!lane.backoff.may_try()) {
    return make_error(ErrorCode::transient, "the store cannot be reached");
  }
  auto opened = Connection::open(settings_.connection);
  if (!opened) {
    lane.backoff.failed();
    return std::move(opened).error();
  }
  lane.backoff.worked();
  lane.db = std::move(*opened);
  return {};
}

void Writer::serve(Lane& lane, const std::vector<Call*>& calls) {
  for (int tries = 0;; ++tries) {
    switch (attempt(lane, calls, tries)) {
      case Next::done:
        return;
      case Next::again:
        continue;
      case Next::each_alone:
        for (Call* call : calls) serve(lane, {call});
        return;
    }
  }
}

Writer::Next Writer::attempt(Lane& lane, const std::vector<Call*>& calls, int tries) {
  if (auto connected = connect(lane); !connected) {
    fail_all(calls, connected.error());
    return Next::done;
  }
  Group group(*lane.db, settings_.on_step, tables_);
  if (const auto done = group.run(calls); !done) {
    return after_failure(lane, group, calls, done.error(), tries);
  }
  group.remember();
  return Next::done;
}

Writer::Next Writer::after_failure(Lane& lane, const Group& group, const std::vector<Call*>& calls,
                                   const Error& error, int tries) {
  const bool once_more = tries + 1 < kTries;
  if (group.committing()) {
    switch (fate_of(group.transaction(), lane.db->server_life(), settings_.connection,
                    settings_.connection.statement_timeout)) {
      case Fate::committed:
        return Next::done;  // the results set before the commit hold
      case Fate::undone:
        if (once_more) return Next::again;
        break;
      case Fate::unknown:
        break;  // who sends the message again finds out by its keys
    }
    fail_all(calls, error);
    return Next::done;
  }
  const std::string state(lane.db->last_state());
  if (lane.db->lost()) {
    if (once_more && !lane.db->silent()) return Next::again;
    fail_all(calls, error);
    return Next::done;
  }
  lane.db->roll_back();
  const bool raced = state == state::kSerialization || state == state::kDeadlock ||
                     state == state::kUniqueViolation;
  if (calls.size() > 1 && !(raced && state != state::kUniqueViolation && once_more)) {
    return Next::each_alone;
  }
  if (raced && once_more) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << tries));
    return Next::again;
  }
  fail_all(calls, error);
  return Next::done;
}

}  // namespace concord::store::postgresql
