#include "gateway/app/room_settings.h"

#include <algorithm>
#include <cstdlib>

#include "gateway/app/sending_window.h"
#include "gateway/channels/files/file_channel.h"
#include "gateway/channels/http/http_channel.h"

namespace concord::app {

using std::chrono::milliseconds;

http::ServerOptions main_options(const Config& config) {
  http::ServerOptions options;
  options.address = config.http.address;
  options.port = config.http.port;
  options.hosts = config.http.hosts;
  options.max_connections = config.http.max_connections;
  options.max_per_client = config.http.max_connections_per_client;
  options.max_in_flight = config.http.max_in_flight;
  options.thread_stack = config.http.thread_stack_kib * 1024;
  options.limits.max_body = config.limits.max_bytes;
  options.limits.max_head = config.http.max_head_bytes;
  options.limits.max_field = config.http.max_field_bytes;
  options.limits.max_fields = config.http.max_fields;
  options.limits.max_target = config.http.max_target_bytes;
  options.limits.max_buffered = config.http.max_buffered_bytes;
  options.times.idle = config.http.idle;
  options.times.head = config.http.head;
  options.times.body = config.http.body;
  options.times.min_rate = config.http.min_body_rate;
  options.times.write = config.http.write;
  options.times.deadline = config.limits.deadline;
  return options;
}

http::ServerOptions admin_options(const Config& config) {
  http::ServerOptions options = main_options(config);
  options.port = config.admin.port;
  options.max_connections = 64;
  options.max_per_client = 0;
  options.max_in_flight = 16;
  options.limits.max_body = 1024;
  return options;
}

validate::Options validation_of(const IdentifierPolicyConfig& words) {
  const auto policy = [](const std::string& word) {
    return validate::policy_from(word).value_or(validate::Policy::refuse);
  };
  validate::Options options;
  options.identifiers.nhs_number = policy(words.nhs_number);
  options.identifiers.ods_code = policy(words.ods_code);
  options.identifiers.snomed_code = policy(words.snomed_code);
  options.identifiers.prescription_id = policy(words.prescription_id);
  options.references = policy(words.references);
  options.bindings = policy(words.bindings);
  return options;
}

Result<agreements::AgreementSet> load_agreements(const Config& config, Engine& engine) {
  if (config.agreements.mode == "off") return agreements::AgreementSet();
  if (!config.agreements.folder.empty()) {
    return agreements::AgreementSet::load(config.agreements.folder, engine.definitions(),
                                          engine.functions());
  }
  return agreements::AgreementSet::compile(agreements::AgreementSet::starter(), {},
                                           engine.definitions(), engine.functions());
}

exchange::SignaturePolicy signature_policy(std::string_view word) {
  if (word == "off") return exchange::SignaturePolicy::off;
  return word == "warn" ? exchange::SignaturePolicy::warn : exchange::SignaturePolicy::refuse;
}

exchange::RoutingTable routes_of(const Config& config) {
  exchange::RoutingTable table;
  for (const auto& [kind, chosen] : config.routes) {
    const DestinationConfig& destination = config.destinations.at(chosen.destination);
    exchange::Route route;
    route.message_kind = kind;
    route.destination = chosen.destination;
    route.channel = destination.channel;
    route.format = destination.format;
    route.owner = chosen.owner;
    route.receiver = chosen.receiver;
    route.give_up_after = destination.give_up;
    route.answer_awaited = chosen.answer == "awaited";
    const auto set = [&](const char* name, const std::string& value) {
      if (!value.empty()) route.parameters.values[name] = value;
    };
    set("from_asid", config.eps.from_asid);
    set("to_asid", config.eps.to_asid);
    set("user_id", config.eps.user_id);
    set("role_id", config.eps.role_id);
    table.routes.push_back(std::move(route));
  }
  return table;
}

Result<std::unique_ptr<channels::Channel>> http_channel(const Config& config) {
  std::map<std::string, channels::http::Endpoint> endpoints;
  for (const auto& [name, destination] : config.destinations) {
    if (destination.channel != "http") continue;
    channels::http::Endpoint endpoint;
    endpoint.url = destination.url;
    endpoint.plain_http_allowed = destination.plain_http;
    endpoint.connect_timeout = destination.connect_timeout;
    endpoint.total_timeout = destination.timeout;
    endpoint.ca_file = destination.ca_file;
    endpoint.client_certificate = destination.client_certificate;
    endpoint.client_key = destination.client_key;
    endpoints.emplace(name, std::move(endpoint));
  }
  return channels::http::make_channel(std::move(endpoints));
}

Result<std::unique_ptr<channels::Channel>> file_channel(const Config& config) {
  std::map<std::string, channels::files::DropFolder> folders;
  for (const auto& [name, destination] : config.destinations) {
    if (destination.channel == "files") {
      folders.emplace(name, channels::files::DropFolder{destination.folder, destination.suffix});
    }
  }
  return channels::files::make_channel(std::move(folders));
}

outbox::Settings outbox_settings(const Config& config) {
  outbox::Settings settings;
  settings.node = config.node;
  settings.workers = config.outbox.workers;
  settings.backoff = {config.outbox.retry_base, config.outbox.retry_cap};
  settings.circuit = {config.outbox.circuit_failures, config.outbox.circuit_probe};
  settings.poison = config.outbox.poison_crashes;
  for (const auto& [name, destination] : config.destinations) {
    outbox::DestinationSettings& one = settings.destinations.emplace_back();
    one.name = name;
    one.concurrency = destination.parallel;
    one.timeout = destination.timeout;
    one.rate = static_cast<double>(destination.rate_per_second);
    // Read once before, with the configuration.
    if (auto window = read_window(destination.window)) one.window = opening_of(*std::move(window));
    settings.lease = std::max(settings.lease, destination.timeout + milliseconds(30'000));
  }
  return settings;
}

// The configuration has looked at the numbers.
std::vector<std::chrono::minutes> escalation_steps(const Config& config) {
  std::vector<std::chrono::minutes> steps;
  for (const std::string& minutes : config.acknowledgements.escalation_minutes) {
    steps.emplace_back(std::strtol(minutes.c_str(), nullptr, 10));
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace concord::app
