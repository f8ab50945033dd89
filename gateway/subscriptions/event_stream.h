#pragma once
/// Changes as server-sent events, for consoles: ids and states, never content.
/// Source: html.spec.whatwg.org, section 9.2 "Server-sent events".

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"
#include "gateway/http/message.h"
#include "gateway/store/resources.h"

namespace concord::subscriptions {

struct StreamSettings {
  std::size_t most = 64;                                  ///< streams at once
  std::vector<std::string> types{"Task", "Subscription"};  ///< that may be asked for
  std::chrono::milliseconds poll{250};       ///< looks at the store, while there is a stream
  std::chrono::milliseconds heartbeat{15'000};  ///< a comment when nothing else was sent
};

/// Every stream of this gateway. One thread looks for changes, and only while there are streams; a
/// stream reads its own from the store. Safe from any thread. Streams must end before it does.
class EventStreams {
 public:
  EventStreams(store::Resources& resources, const tree::Symbols& symbols, StreamSettings settings);
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  /// A stream of changes of `types` (empty: the first that may be asked for) after `position` (the
  /// id of an event; empty: from now on). A position the store does not know begins with the event
  /// "reset": what happened until now has to be read in another way.
  /// Errors: malformed (a type that may not be asked for), throttled (there are too many streams),
  /// transient.
  Result<std::shared_ptr<http::BodySource>> open(std::vector<std::string> types,
                                                 std::string position);

  /// Something changed in this process: streams look now.
  void wake();

  std::size_t open_streams() const noexcept { return streams_.load(); }

 private:
  class Stream;
  void look(const std::stop_token& stop);
  /// Waits until something may have changed since `seen`, at most `patience`; how far that is.
  std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds patience);

  store::Resources& resources_;
  const tree::Symbols& symbols_;
  const StreamSettings settings_;
  std::atomic<std::size_t> streams_{0};
  std::mutex mutex_;
  std::condition_variable_any moved_;
  std::uint64_t generation_ = 0;
  std::jthread looking_;
};

}  // namespace concord::subscriptions
