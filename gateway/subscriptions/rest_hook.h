#pragma once
/// The channel of notifications: an item says what happened, the subscription as it stands says
/// where it goes.

#include <memory>

#include "gateway/channels/channel.h"
#include "gateway/subscriptions/subscriptions.h"

namespace concord::subscriptions {

/// A channel of the name "rest-hook". `subscriptions`, `store` and `endpoints` must outlive it.
/// An address that is not registered any more is turned away.
/// Errors: internal (libcurl has no TLS).
Result<std::unique_ptr<channels::Channel>> make_rest_hook(Subscriptions& subscriptions,
                                                          store::Store& store,
                                                          const Endpoints& endpoints);

}  // namespace concord::subscriptions
