#pragma once
/// The transports of the configuration.

#include "fhir/core/result.h"
#include "gateway/app/config.h"
#include "gateway/channels/channel.h"

namespace concord::app {

/// Adds one channel for each transport that destinations name.
/// @param isolated  whether this is the process of one message (isolation.h)
/// Errors: those of the channels.
Result<void> add_carriers(const Config& config, channels::Channels& channels, bool isolated);

}  // namespace concord::app
