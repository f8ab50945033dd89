#include "gateway/subscriptions/rest_hook.h"

#include "gateway/channels/http/http_channel.h"

namespace concord::subscriptions {
namespace {

using channels::Carried;
using channels::Delivery;
using channels::Receipt;

class RestHook final : public channels::Channel {
 public:
  RestHook(Subscriptions& subscriptions, store::Store& store, const Endpoints& endpoints,
           std::unique_ptr<channels::http::Sender> sender)
      : subscriptions_(subscriptions),
        store_(store),
        endpoints_(endpoints),
        sender_(std::move(sender)) {}

  std::string_view name() const override { return kChannel; }
  bool knows(std::string_view destination) const override {
    return !subscription_of(destination).empty();
  }

  Receipt deliver(const Delivery& delivery, std::chrono::milliseconds timeout,
                  std::stop_token stop) override {
    Receipt receipt;
    const auto turn_away = [&](std::string why) {
      receipt.carried = Carried::turned_away;
      receipt.reason = std::move(why);
      return receipt;
    };
    const auto not_now = [&] {
      receipt.carried = Carried::not_sent;
      receipt.reason = "the store does not answer";
      return receipt;
    };
    const auto event = read_event(delivery.bytes);
    if (!event) return turn_away("the stored event is damaged");
    const auto watch = subscriptions_.registry().read(event->subscription);
    if (!watch) return not_now();
    if (*watch == nullptr) return turn_away("there is no such subscription");
    const Definition& definition = (*watch)->definition;
    if (auto allowed = endpoints_.check(definition.endpoint); !allowed) {
      return turn_away("the address is not registered");
    }
    Result<std::int64_t> so_far = delivery.number;
    if (event->kind != Event::Kind::event) so_far = store_.last_number(delivery.destination);
    if (!so_far) return not_now();
    const auto body =
        notification(subscriptions_.writing(), *event, delivery.item, delivery.number, *so_far);
    if (!body) {
      return error_row(body.error().code).retryable
                 ? not_now()
                 : turn_away("the notification cannot be written");
    }
    channels::http::Endpoint endpoint;
    endpoint.url = definition.endpoint;
    endpoint.headers = definition.headers;
    endpoint.total_timeout = timeout;
    endpoint.max_answer = kMostAnswer;
    Delivery sent = delivery;
    sent.content_type = body->content_type;
    sent.bytes = body->bytes;
    receipt = sender_->send(endpoint, sent, timeout, std::move(stop));
    receipt.bytes.clear();  // what a subscriber answers beside its status means nothing
    receipt.content_type.clear();
    return receipt;
  }

 private:
  static constexpr std::size_t kMostAnswer = 64 * 1024;

  Subscriptions& subscriptions_;
  store::Store& store_;
  const Endpoints& endpoints_;
  std::unique_ptr<channels::http::Sender> sender_;
};

}  // namespace

Result<std::unique_ptr<channels::Channel>> make_rest_hook(Subscriptions& subscriptions,
                                                          store::Store& store,
                                                          const Endpoints& endpoints) {
  CONCORD_ASSIGN(auto sender, channels::http::make_sender());
  return std::unique_ptr<channels::Channel>(
      std::make_unique<RestHook>(subscriptions, store, endpoints, std::move(sender)));
}

}  // namespace concord::subscriptions
