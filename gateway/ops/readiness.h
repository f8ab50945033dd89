#pragma once
/// Whether this gateway takes messages, and why not. Safe from any thread.

#include <atomic>
#include <string_view>

namespace concord::ops {

/// starting → ready → stopping. Never back: a gateway that stops is not asked again.
class Readiness {
 public:
  enum class State { starting, ready, stopping };

  State state() const noexcept { return state_.load(); }
  void ready() noexcept {
    State expected = State::starting;
    state_.compare_exchange_strong(expected, State::ready);
  }
  void stopping() noexcept { state_.store(State::stopping); }

  /// "starting", "ready", "stopping".
  std::string_view name() const noexcept {
    switch (state()) {
      case State::starting:
        return "starting";
      case State::ready:
        return "ready";
      case State::stopping:
        break;
    }
    return "stopping";
  }

 private:
  std::atomic<State> state_{State::starting};
};

}  // namespace concord::ops
