#pragma once
/// Subscriptions and streams of changes, put together from the configuration.

#include <memory>
#include <vector>

#include "gateway/app/config.h"
#include "gateway/subscriptions/event_stream.h"
#include "gateway/subscriptions/rest_hook.h"

namespace concord::app {

/// What subscriptions stand on and are. Everything given must outlive it.
class Subscribing {
 public:
  struct Parts {
    store::Store* store = nullptr;
    const definitions::Definitions* definitions = nullptr;
    const search::Parameters* parameters = nullptr;
    outbox::Judge* others = nullptr;  ///< judges what is no notification
    std::function<void()> wake;       ///< the outbox
    std::function<void(std::string_view subscription, std::string_view status)> tell;
    Clock clock;
    UuidSource uuids;
  };
  /// Adds the channel of notifications to `channels`.
  /// Errors: invalid (subscriptions.endpoints), internal.
  static Result<std::unique_ptr<Subscribing>> make(const Config& config, const Parts& parts,
                                                   channels::Channels& channels);

  subscriptions::Subscriptions& subscriptions() { return *subscriptions_; }
  subscriptions::EventStreams& streams() { return *streams_; }
  /// Sees changes for both.
  resources::ChangeObserver& observer() { return *observer_; }

 private:
  Subscribing() = default;
  std::vector<subscriptions::Topic> topics_;
  std::unique_ptr<subscriptions::Endpoints> endpoints_;
  std::unique_ptr<subscriptions::Subscriptions> subscriptions_;
  std::unique_ptr<subscriptions::EventStreams> streams_;
  std::unique_ptr<resources::ChangeObserver> observer_;
};

}  // namespace concord::app
