#include "gateway/app/subscribing.h"

#include "fhir/definitions/definitions.h"

namespace concord::app {
namespace {

/// Subscriptions decide; streams are told.
class Both final : public resources::ChangeObserver {
 public:
  Both(resources::ChangeObserver& first, subscriptions::EventStreams& streams)
      : first_(first), streams_(streams) {}
  Result<void> changing(const store::ResourceRow* before, const tree::Document* after,
                        const store::ResourceWrite& write,
                        store::ResourceChanges& changes) override {
    return first_.changing(before, after, write, changes);
  }
  void changed(const store::ResourceChanges& changes) override {
    first_.changed(changes);
    streams_.wake();
  }

 private:
  resources::ChangeObserver& first_;
  subscriptions::EventStreams& streams_;
};

}  // namespace

Result<std::unique_ptr<Subscribing>> Subscribing::make(const Config& config, const Parts& parts,
                                                       channels::Channels& channels) {
  std::unique_ptr<Subscribing> made(new Subscribing());
  CONCORD_ASSIGN(made->topics_, subscriptions::shipped_topics(*parts.definitions));
  CONCORD_ASSIGN(subscriptions::Endpoints endpoints,
                 subscriptions::Endpoints::make(config.subscriptions.endpoints));
  made->endpoints_ = std::make_unique<subscriptions::Endpoints>(std::move(endpoints));

  subscriptions::Parts use;
  use.store = parts.store;
  use.resources = &parts.store->resources();
  use.definitions = parts.definitions;
  use.parameters = parts.parameters;
  use.endpoints = made->endpoints_.get();
  use.topics = &made->topics_;
  use.others = parts.others;
  use.wake = parts.wake;
  use.tell = parts.tell;
  use.clock = parts.clock;
  use.uuids = parts.uuids;
  subscriptions::Settings settings;
  settings.most = config.subscriptions.most;
  settings.base_url = config.http.base_url;
  settings.node = config.node;
  settings.timeout = config.subscriptions.timeout;
  settings.give_up = config.subscriptions.give_up;
  settings.handshake_give_up = config.subscriptions.handshake_give_up;
  made->subscriptions_ =
      std::make_unique<subscriptions::Subscriptions>(std::move(use), std::move(settings));
  CONCORD_ASSIGN(auto channel, subscriptions::make_rest_hook(*made->subscriptions_, *parts.store,
                                                             *made->endpoints_));
  channels.add(std::move(channel));

  subscriptions::StreamSettings streaming;
  streaming.most = config.subscriptions.streams;
  made->streams_ = std::make_unique<subscriptions::EventStreams>(
      parts.store->resources(), parts.definitions->symbols(), std::move(streaming));
  made->observer_ = std::make_unique<Both>(*made->subscriptions_, *made->streams_);
  return made;
}

}  // namespace concord::app
