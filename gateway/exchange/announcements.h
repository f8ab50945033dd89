#pragma once
/// Wakes those who wait for an exchange when something of it was settled. Safe from any thread.

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace concord::exchange {

class Announcements {
 public:
  /// Something of this exchange was settled: whoever listens wakes up.
  void tell(std::string_view exchange);

  /// Listens from its making to its end, so that nothing told in between is missed. Must not
  /// outlive the announcements.
  class Listening {
   public:
    Listening(Announcements& to, std::string exchange);
    ~Listening();
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    /// Waits for a word, at most until `until`. True when there was one since the last call.
    bool wait(std::chrono::steady_clock::time_point until);

   private:
    friend class Announcements;
    Announcements& announcements_;
    std::multimap<std::string, Listening*, std::less<>>::iterator place_;
    std::condition_variable woken_;
    bool told_ = false;
  };

 private:
  std::mutex mutex_;
  std::multimap<std::string, Listening*, std::less<>> listening_;
};

}  // namespace concord::exchange
