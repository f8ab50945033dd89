#pragma once
/// Who is connected, and which connection makes room when there is no more.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace concord::http::detail {

/// What the registry knows of a connection. Its own thread moves it between waiting and working;
/// the registry may close it only while it waits.
class Slot {
 public:
  enum State : std::uint8_t {
    idle,     ///< between requests: closing it costs its client one reconnect
    reading,  ///< in the head of a request: closing it loses a request nobody acted on
    working,  ///< a request is ours to answer
    closed,   ///< the registry closed it, or said goodbye on it
  };

  Slot(int socket, std::string peer);

  /// From now on waiting in `state`; false when the registry closed the connection.
  bool wait_in(State state) noexcept;
  /// A request is complete enough to be answered; false when the registry was faster.
  bool work() noexcept;

  /// Whether the registry closed it or said goodbye: nothing more is to be answered here.
  bool ended() const noexcept { return state_.load(std::memory_order_acquire) == closed; }

  const std::string& peer() const noexcept { return peer_; }

 private:
  friend class Registry;
  std::atomic<State> state_{idle};
  std::atomic<std::int64_t> since_;  ///< steady clock, nanoseconds
  int socket_;
  std::string peer_;
};

/// All connections of one server. Safe from any thread.
class Registry {
 public:
  Registry(std::size_t max_connections, std::size_t max_per_client)
      : max_connections_(max_connections), max_per_client_(max_per_client) {}

  /// A slot for a new connection; null when every place is taken by work. A full house (or a full
  /// share of one client) closes the connection that has waited longest, idle ones first.
  Slot* add(int socket, std::string peer);
  /// The connection ended; call before the socket is closed.
  void remove(Slot* slot);

  /// Says goodbye on every connection that has waited in `state` since `since` or longer:
  /// `farewell` goes out as the answer to a request that may be on its way, then our direction is
  /// closed and nothing else, so that what still arrives causes no reset (RFC 9112 section 9.6).
  /// The connection's own thread ends when the other side closes.
  void dismiss(Slot::State state, std::chrono::steady_clock::time_point since,
               std::string_view farewell);
  /// Closes dismissed connections whose other side has not closed since `since`.
  void close_dismissed(std::chrono::steady_clock::time_point since);
  /// Closes every connection; how many of them a request was being worked on.
  std::size_t close_all();
  /// Waits until no connection is left; false when `until` passed.
  bool wait_empty(std::chrono::steady_clock::time_point until);

  std::size_t size() const;
  std::uint64_t evicted() const noexcept { return evicted_.load(std::memory_order_relaxed); }

 private:
  bool evict_one(const std::string* of_peer);
  bool close(Slot& slot, Slot::State expected);
  bool take_over(Slot& slot, Slot::State expected);

  const std::size_t max_connections_;
  const std::size_t max_per_client_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<Slot*, std::unique_ptr<Slot>> slots_;
  std::unordered_map<std::string, std::size_t> per_client_;
  std::size_t closing_ = 0;  ///< closed by us, their threads still on the way out
  std::atomic<std::uint64_t> evicted_{0};
};

}  // namespace concord::http::detail
