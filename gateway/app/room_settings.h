#pragma once
/// What the configuration says, in the words of each room.

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "fhir/validate/validator.h"
#include "gateway/agreements/agreement_set.h"
#include "gateway/app/config.h"
#include "gateway/app/engine.h"
#include "gateway/channels/channel.h"
#include "gateway/exchange/exchange.h"
#include "gateway/http/server.h"
#include "gateway/outbox/outbox.h"

namespace concord::app {

http::ServerOptions main_options(const Config& config);
/// Few connections, short times: nobody but the operator's tools is there.
http::ServerOptions admin_options(const Config& config);

validate::Options validation_of(const IdentifierPolicyConfig& words);
/// Those of the folder, else the starter set. Errors: those of compiling them, with file and line.
Result<agreements::AgreementSet> load_agreements(const Config& config, Engine& engine);
exchange::SignaturePolicy signature_policy(std::string_view word);
exchange::RoutingTable routes_of(const Config& config);

/// Every destination of that channel. Errors: those of the channel. See also carriers.h.
Result<std::unique_ptr<channels::Channel>> http_channel(const Config& config);
Result<std::unique_ptr<channels::Channel>> file_channel(const Config& config);
outbox::Settings outbox_settings(const Config& config);
/// When a late acknowledgement is told of again, in ascending order.
std::vector<std::chrono::minutes> escalation_steps(const Config& config);

}  // namespace concord::app
