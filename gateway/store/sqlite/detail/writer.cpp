#include "gateway/store/sqlite/detail/writer.h"

#include <algorithm>

namespace concord::store::sqlite {

Result<void> Transaction::append(const std::vector<audit::Record>& records) {
  for (const audit::Record& record : records) {
    step("audit");
    const audit::Link link = audit::make_link(record, head_->sequence + 1, head_->hash);
    CONCORD_TRY(connection_->run("INSERT INTO audit (seq, body, hash) VALUES (?, ?, ?)",
                                 link.sequence, link.body, Blob(link.hash)));
    head_->sequence = link.sequence;
    head_->hash = link.hash;
  }
  return {};
}

Result<std::unique_ptr<Writer>> Writer::start(std::unique_ptr<Connection> connection,
                                              Settings settings) {
  std::unique_ptr<Writer> writer(new Writer(std::move(connection), std::move(settings)));
  CONCORD_TRY(writer->read_ends());
  writer->thread_ =
      std::jthread([raw = writer.get()](const std::stop_token& stop) { raw->loop(stop); });
  return writer;
}

Writer::Writer(std::unique_ptr<Connection> connection, Settings settings)
    : connection_(std::move(connection)), settings_(std::move(settings)) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

/// Hands over all calls, or none of them.
Result<void> Writer::line_up(std::vector<Call>& calls) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return make_error(ErrorCode::transient, "the store is shutting down");
    if (waiting_.size() + calls.size() > settings_.queue) {
      return make_error(ErrorCode::transient, "the store has too many calls waiting");
    }
    for (Call& call : calls) waiting_.push_back(&call);
  }
  arrived_.notify_one();
  return {};
}

Result<void> Writer::run(const Work& work) {
  std::vector<Call> calls(1);
  calls.front().work = &work;
  CONCORD_TRY(line_up(calls));
  calls.front().done.wait();
  return std::move(calls.front().result);
}

std::vector<Result<void>> Writer::run(const std::vector<Work>& works) {
  std::vector<Call> calls(works.size());
  for (std::size_t at = 0; at < works.size(); ++at) calls[at].work = &works[at];
  if (auto waiting = line_up(calls); !waiting) {
    return std::vector<Result<void>>(works.size(), waiting);
  }
  // They are served in their order: when the last one is done, so are all, and nobody is woken for
  // each of them.
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) call->done.wait();
  std::vector<Result<void>> results;
  results.reserve(calls.size());
  for (Call& call : calls) results.push_back(std::move(call.result));
  return results;
}

void Writer::loop(const std::stop_token& stop) {
  std::vector<Call*> calls;
  for (;;) {
    calls.clear();
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;  // stopping, and nobody waits
    }
    take_waiting(calls);
    serve(calls);
  }
}

void Writer::take_waiting(std::vector<Call*>& calls) {
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::min(waiting_.size(), settings_.batch - calls.size());
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  calls.insert(calls.end(), waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
}

void Writer::serve(std::vector<Call*>& calls) {
  const auto begun = std::chrono::steady_clock::now();
  if (!together(calls)) {
    for (Call* call : calls) alone(*call);
  }
  if (settings_.on_group) {
    settings_.on_group(calls.size(), std::chrono::duration_cast<std::chrono::microseconds>(
                                         std::chrono::steady_clock::now() - begun));
  }
  if (settings_.on_step) settings_.on_step("committed");
  for (Call* call : calls) call->done.set();  // the waiter may be gone right after this
}

/// All calls in one transaction, with those that come while it works on them; those that come later
/// wait for the next, so that nobody's answer waits for ever. False when one of them failed after
/// it had written something: then nothing is stored and each has to run in a transaction of its
/// own.
bool Writer::together(std::vector<Call*>& calls) {
  const auto fail_all = [&calls](const Error& error) {
    for (Call* call : calls) call->result = error;
  };
  if (auto begun = connection_->run("BEGIN IMMEDIATE"); !begun) {
    fail_all(begun.error());
    return true;
  }
  Transaction transaction(*connection_, head_, number_, settings_.on_step);
  const std::size_t first = calls.size();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Call* const call = calls[i];
    const std::int64_t before = connection_->total_changes();
    call->result = (*call->work)(transaction);
    const bool wrote = connection_->total_changes() != before;
    if (!call->result && (wrote || !connection_->in_transaction())) {
      roll_back();
      return false;
    }
    if (i + 1 == first) take_waiting(calls);
  }
  if (auto committed = commit(); !committed) {
    // Whether the bytes reached the disk is unknown. A sync is never tried again; who sends the
    // message again finds out by its keys.
    roll_back();
    fail_all(committed.error());
  }
  return true;
}

void Writer::alone(Call& call) {
  if (auto begun = connection_->run("BEGIN IMMEDIATE"); !begun) {
    call.result = begun.error();
    return;
  }
  Transaction transaction(*connection_, head_, number_, settings_.on_step);
  call.result = (*call.work)(transaction);
  if (!call.result) {
    roll_back();
    return;
  }
  if (auto committed = commit(); !committed) {
    roll_back();
    call.result = committed.error();
  }
}

Result<void> Writer::commit() {
  if (settings_.on_step) settings_.on_step("head");
  if (head_.sequence != written_.sequence) {
    CONCORD_TRY(connection_->run("UPDATE audit_head SET seq = ?, hash = ? WHERE one = 1",
                                 head_.sequence, Blob(head_.hash)));
  }
  if (settings_.on_step) settings_.on_step("commit");
  CONCORD_TRY(connection_->run("COMMIT"));
  written_ = head_;
  written_number_ = number_;
  return {};
}

void Writer::roll_back() {
  // After some errors SQLite has rolled back by itself.
  head_ = written_;
  number_ = written_number_;
  if (!connection_->in_transaction()) return;
  if (auto undone = connection_->run("ROLLBACK"); !undone) return;  // the next BEGIN reports it
}

Result<void> Writer::read_ends() {
  CONCORD_ASSIGN(Query row, connection_->query("SELECT seq, hash FROM audit_head WHERE one = 1"));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found) return make_error(ErrorCode::internal, "the store is damaged: no head of the audit");
  head_.sequence = row.integer(0);
  CONCORD_ASSIGN(head_.hash, row.digest(1));
  written_ = head_;
  // Rows of resources are never removed, so the greatest number stands in the last change.
  CONCORD_ASSIGN(const auto number, connection_->number("SELECT max(changed_nr) FROM resource"));
  number_ = number.value_or(0);
  written_number_ = number_;
  return {};
}

}  // namespace concord::store::sqlite
