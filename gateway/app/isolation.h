#pragma once
/// A process of its own for one message that has ended the gateway: it may crash, hang or take
/// memory without harm. Source: reliability.md section 2.4, poison.

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

#include "gateway/app/config.h"
#include "gateway/channels/channel.h"
#include "gateway/store/store.h"

namespace concord::app {

/// The argument that makes this program such a process.
inline constexpr const char* kIsolatedDelivery = "--isolated-delivery";

/// Starts this program anew with `config` and the item, and waits for what it has to say: the
/// receipt of one attempt through the item's channel, whose answer it has also read as its format.
///
/// The process has outbox.isolation_mib of address space, a minute of processor time, no core file
/// and no descriptors of ours, ends with us, and is killed five seconds after `timeout` or when
/// `stop` is asked for. Nothing when it ended otherwise than well, or could not be started: then
/// nobody knows whether the message arrived. Safe from any thread.
std::optional<channels::Receipt> isolated(const Config& config, const store::Item& item,
                                          std::chrono::milliseconds timeout,
                                          const std::stop_token& stop);

/// Whether a message comes through `concord translate` in a process of its own, with the same
/// bounds and the request's deadline: whatever it says, as long as it ends by itself. Nothing is
/// stored or sent. Safe from any thread.
bool survives_alone(const Config& config, std::string_view bytes);

/// What that process does: reads the order from `in`, writes the receipt to `out`; its exit status.
int isolated_delivery(int in, int out);

}  // namespace concord::app
