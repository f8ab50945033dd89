#pragma once
/// Who may work on a message now. Reading, judging and translating messages needs processors and
/// nothing else: more threads at it than there are processors only take these from the store's
/// writer and from delivery, which all the messages wait for.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace concord::exchange {

/// So many at a time; the others wait in the order they came. Safe from any thread.
class Turns {
 public:
  /// @param at_once  0: one for each processor
  explicit Turns(std::size_t at_once = 0);
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// A turn for as long as it lives. Its holder waits for nothing but processors.
  class Held {
   public:
    explicit Held(Turns& of) : of_(of) { of_.take(); }
    ~Held() { of_.give_back(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Turns& of_;
  };

 private:
  struct Waiting {
    std::condition_variable told;
    bool granted = false;
  };

  void take();
  void give_back();

  std::mutex mutex_;
  std::size_t free_;
  std::deque<Waiting*> waiting_;
};

}  // namespace concord::exchange
