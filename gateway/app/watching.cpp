#include "gateway/app/watching.h"

#include <algorithm>

namespace concord::app {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kOverdueAtOnce = 100;

/// A timer and when it goes next.
struct Timer {
  std::string_view name;
  Steady::time_point next;
};

}  // namespace

Watching::Watching(Parts parts, Settings settings)
    : parts_(std::move(parts)), settings_(settings) {}

Watching::~Watching() { stop(); }

void Watching::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Watching::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Watching::run(const std::stop_token& stop) {
  const auto interval = [this] {
    return settings_.reconcile +
           duration_cast<milliseconds>(settings_.reconcile * 0.1 * parts_.random());
  };
  // What fell due while no gateway ran is looked at at once.
  Timer look{"acknowledgements", Steady::now()};
  Timer count{"reconciliation", Steady::now() + interval()};
  while (!stop.stop_requested()) {
    Timer& first = look.next < count.next ? look : count;
    {
      std::unique_lock lock(mutex_);
      wait_.wait_until(lock, stop, first.next, [] { return false; });
    }
    if (stop.stop_requested()) return;
    parts_.metrics->timer(first.name, duration_cast<milliseconds>(Steady::now() - first.next));
    if (&first == &look) {
      escalate();
      look.next = Steady::now() + settings_.look;
    } else {
      reconcile();
      count.next = Steady::now() + interval();
    }
  }
}

void Watching::reconcile() {
  const auto failed = [this](const Error& error) {
    parts_.log->write(ops::LogLevel::error, "store", {{"code", error_row(error.code).name}});
    parts_.metrics->reconciliation("failed", std::nullopt);
  };
  store::Watch& watch = parts_.store->watch();
  if (auto summed = watch.sum_up(); !summed) return failed(summed.error());
  const auto counts = parts_.store->counts();
  if (!counts) return failed(counts.error());
  const std::int64_t difference = counts->difference();
  const audit::Record record{audit::Event::counts_differ, parts_.clock(), "", "", parts_.node, "",
                             std::to_string(difference)};
  const auto told = watch.note_difference(difference, record);
  if (!told) return failed(told.error());
  parts_.metrics->reconciliation(difference == 0 ? "balanced" : "different", difference);
  if (difference != 0) {
    parts_.log->write(ops::LogLevel::error, "unaccounted",
                      {{"messages", difference},
                       {"accepted", counts->accepted},
                       {"delivered", counts->delivered},
                       {"pending", counts->pending},
                       {"dead", counts->dead},
                       {"rejected", counts->rejected},
                       {"cancelled", counts->cancelled}});
  } else if (*told) {
    parts_.log->write(ops::LogLevel::info, "accounted", {{"accepted", counts->accepted}});
  }
}

void Watching::escalate() {
  for (;;) {
    const Instant now = parts_.clock();
    const auto overdue = parts_.store->watch().overdue(now, kOverdueAtOnce);
    if (!overdue) {
      parts_.log->write(ops::LogLevel::error, "store",
                        {{"code", error_row(overdue.error().code).name}});
      return;
    }
    std::size_t failed = 0;
    for (const store::Overdue& one : *overdue) {
      const auto step = parts_.settler->escalate(one, now);
      if (!step) {
        ++failed;
        parts_.log->write(ops::LogLevel::error, "escalation",
                          {{"item", one.item}, {"code", error_row(step.error().code).name}});
        continue;
      }
      if (!step->has_value()) continue;
      const exchange::Escalated& done = **step;
      const auto late = duration_cast<std::chrono::seconds>(now - done.due_at);
      parts_.metrics->escalation(parts_.label(done.destination), done.step);
      parts_.metrics->timer("escalation", now - one.next_at);
      parts_.log->write(ops::LogLevel::warning, "acknowledgement overdue",
                        {{"destination", done.destination},
                         {"exchange_id", done.exchange},
                         {"item", done.item},
                         {"layer", done.layer},
                         {"step", done.step},
                         {"steps", done.steps},
                         {"late_seconds", late.count()}});
    }
    // What failed stays due: it is tried again at the next look, not at once.
    if (overdue->size() < kOverdueAtOnce || failed > 0) return;
  }
}

}  // namespace concord::app
