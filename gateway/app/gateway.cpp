#include "gateway/app/gateway.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "fhir/validate/validator.h"
#include "gateway/admission/admission.h"
#include "gateway/admission/machine.h"
#include "gateway/agreements/agreement_set.h"
#include "gateway/api/api.h"
#include "gateway/app/checking.h"
#include "gateway/app/destinations.h"
#include "gateway/app/engine.h"
#include "gateway/app/open_store.h"
#include "gateway/app/resource_settings.h"
#include "gateway/app/sending_window.h"
#include "gateway/app/status_updates.h"
#include "gateway/app/subscribing.h"
#include "gateway/app/trust_files.h"
#include "gateway/app/watching.h"
#include "gateway/channels/files/file_channel.h"
#include "gateway/channels/http/http_channel.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/journeys.h"
#include "gateway/exchange/settle.h"
#include "gateway/http/server.h"
#include "gateway/ops/metrics.h"
#include "gateway/outbox/outbox.h"
#include "gateway/resources/reindex.h"
#include "gateway/resources/service.h"
#include "mappers/eps/tracker_search.h"

namespace concord::app {
namespace {

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

/// Few connections, short times: nobody but the operator's tools is there.
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

/// What a request wants, as far as its address tells. Nothing: it is for the operator and always
/// let in.
std::optional<admission::Kind> kind_of(const http::Request& request) {
  using admission::Kind;
  const std::vector<std::string>& path = request.segments;
  constexpr std::string_view kService[] = {"health", "metrics", "admin"};
  const std::string_view first = path.empty() ? std::string_view() : std::string_view(path[0]);
  if (std::find(std::begin(kService), std::end(kService), first) != std::end(kService) ||
      request.method == "OPTIONS") {
    return std::nullopt;
  }
  if (request.method == "GET" || request.method == "HEAD") return Kind::read;
  if (request.method != "POST" || first != "FHIR") return Kind::routine;
  if (path.size() == 2 || (path.size() == 3 && path[2].empty())) return Kind::bulk;
  const std::string& third = path.size() > 2 ? path[2] : path.back();
  if (third == "$process-message" || third == "Task" || third == "Claim") return Kind::urgent;
  const std::string& last = path.back();
  return last == "_search" || last.starts_with('$') ? Kind::read : Kind::routine;
}

/// In the log detail of refusals that are told of once for all, not each.
constexpr std::string_view kToldAlready = "told already";

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

/// The configuration has looked at the numbers. In ascending order, whatever order they came in.
std::vector<std::chrono::minutes> escalation_steps(const Config& config) {
  std::vector<std::chrono::minutes> steps;
  for (const std::string& minutes : config.acknowledgements.escalation_minutes) {
    steps.emplace_back(std::strtol(minutes.c_str(), nullptr, 10));
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace

struct Gateway::Impl {
  Impl(const Config& chosen, ops::Log& to, Clock now, UuidSource ids)
      : config(chosen), log(to), clock(std::move(now)), uuids(std::move(ids)) {}

  Result<void> load();
  Result<void> subscribe();
  void serve_resources(resources::Settings settings);
  void show_exchanges();
  void make_api();
  bool is_message(const tree::Document& resource) const;
  Result<api::MapsReplaced> reload_maps();
  Result<void> listen();
  void maintain(const std::stop_token& stop);
  void keep_index(const std::stop_token& stop);
  void note_trust();
  void note_delivery(const outbox::Notice& notice);
  void guard();
  milliseconds queue_lag() const;
  http::Response answer(http::Request& request, bool for_operators);
  std::string metrics_page();
  void add_destinations(ops::MetricsSnapshot& now);
  std::string label_of(std::string_view destination) const;
  void watch();
  Result<std::unique_ptr<http::Server>> serve(http::ServerOptions options, http::Handler handler);

  const Config config;
  ops::Log& log;
  const Clock clock;
  const UuidSource uuids;
  ops::Metrics metrics;
  ops::Readiness readiness;

  std::unique_ptr<TrustKeeper> trust;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Checking> checking;
  std::map<std::string, validate::Options, std::less<>> validation;
  agreements::AgreementSet agreements;
  std::unique_ptr<search::Parameters> parameters;
  std::unique_ptr<store::Store> store;
  channels::Channels channels;
  exchange::Announcements announcements;
  std::unique_ptr<mappers::Search> tracker;
  std::unique_ptr<exchange::Settler> settler;
  std::unique_ptr<Subscribing> subscribing;
  std::unique_ptr<outbox::Outbox> outbox;
  std::unique_ptr<Watching> watching;
  std::unique_ptr<exchange::ExchangeService> service;
  std::unique_ptr<exchange::Journeys> journeys;
  std::unique_ptr<StatusUpdates> statuses;
  std::unique_ptr<resources::ResourceService> resources;
  std::unique_ptr<Destinations> destinations;
  std::unique_ptr<admission::Admission> admission;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Server> admin;

  std::mutex random_mutex;
  std::mt19937_64 random{std::random_device{}()};  // jitter only
  std::mutex maintain_mutex;
  std::condition_variable_any maintain_wait;
  std::jthread maintainer;
  std::jthread indexer;
  bool stopped = false;
};

Result<void> Gateway::Impl::load() {
  // The store's files are opened while the definitions are read.
  auto opening = std::async(std::launch::async, [this] {
    return open_store(config, clock, [this](std::size_t calls, std::chrono::microseconds took) {
      metrics.commit_group(calls, took);
    });
  });
  resources::Settings serving;
  const auto compile = [this, &serving]() -> Result<void> {
    CONCORD_ASSIGN(engine, Engine::load());
    CONCORD_ASSIGN(const Overlays overlays, read_overlays(config.eps.overlays));
    CONCORD_ASSIGN(trust, TrustKeeper::load(trust_paths(config.eps.trust)));
    const eps::Asking asking =
        config.eps.rules == "endpoint" ? eps::Asking::endpoint : eps::Asking::translation;
    CONCORD_TRY(engine->add_mappers(
        overlays.maps, [keeper = trust.get()] { return keeper->current(); }, asking));
    if (!overlays.maps.empty()) CONCORD_TRY(engine->check_cases(overlays));
    CheckingSources sources;
    sources.packages = config.packages.load;
    sources.folders.assign(config.packages.folders.begin(), config.packages.folders.end());
    CONCORD_ASSIGN(checking, Checking::load(engine->definitions(), sources));
    for (const Issue& issue : checking->warnings()) {
      log.write(ops::LogLevel::warning, "packages", {{"text", issue.text}});
    }
    CONCORD_ASSIGN(agreements, load_agreements(config, *engine));
    std::vector<Issue> left_out;
    CONCORD_ASSIGN(search::Parameters compiled,
                   compile_parameters(*engine, *checking, config, left_out));
    parameters = std::make_unique<search::Parameters>(std::move(compiled));
    for (const Issue& issue : left_out) {
      log.write(ops::LogLevel::warning, "packages", {{"text", issue.text}});
    }
    CONCORD_ASSIGN(serving, resource_settings(config, engine->definitions()));
    return {};
  };
  const Result<void> compiled = compile();
  auto opened = opening.get();
  CONCORD_TRY(compiled);
  if (!opened) {
    Error error = std::move(opened).error();
    for (Issue& issue : error.issues) issue.text += " (" + store_name(config) + ")";
    return error;
  }
  store = *std::move(opened);

  note_trust();
  for (const auto& [name, words] : config.identifier_policies) {
    validation.emplace(name, validation_of(words));
  }
  if (config.eps.from_asid.empty() || config.eps.to_asid.empty()) {
    log.write(
        ops::LogLevel::warning, "configuration",
        {{"text", "eps.from_asid or eps.to_asid is not set: Spine refuses messages without"}});
  }
  CONCORD_ASSIGN(auto channel, http_channel(config));
  channels.add(std::move(channel));
  CONCORD_ASSIGN(auto files, file_channel(config));
  channels.add(std::move(files));

  exchange::SettlerSettings settling;
  settling.routes = routes_of(config);
  settling.node = config.node;
  settling.parameters = parameters.get();
  settling.definitions = &engine->definitions();
  settling.acknowledgement_due = config.acknowledgements.due;
  settling.escalation = escalation_steps(config);
  const exchange::TaskWatch task_watch = [this](const store::TaskRow& task) {
    return subscribing->subscriptions().task_notices(task);
  };
  settling.watch = task_watch;
  settler =
      std::make_unique<exchange::Settler>(engine->mappers(), *store, engine->symbols(), settling);
  CONCORD_TRY(subscribe());
  outbox::Parts delivery;
  delivery.store = store.get();
  delivery.channels = &channels;
  delivery.judge = &subscribing->subscriptions();
  delivery.more = [this] { return subscribing->subscriptions().destinations(); };
  delivery.clock = clock;
  delivery.random = [this] {
    const std::scoped_lock lock(random_mutex);
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
  };
  delivery.observe = [this](const outbox::Notice& notice) { note_delivery(notice); };
  outbox = std::make_unique<outbox::Outbox>(delivery, outbox_settings(config));
  destinations = std::make_unique<Destinations>(*store, *outbox, engine->symbols(), clock);
  guard();

  exchange::Parts parts;
  parts.definitions = &engine->definitions();
  parts.validator = &checking->validator();
  parts.validation = [this](std::string_view name) -> const validate::Options* {
    const auto at = validation.find(name);
    return at == validation.end() ? nullptr : &at->second;
  };
  parts.agreements = &agreements;
  parts.mappers = &engine->mappers();
  parts.parameters = parameters.get();
  parts.watch = task_watch;
  parts.store = store.get();
  parts.clock = clock;
  parts.uuids = uuids;
  parts.wake = [this](std::string_view) { outbox->wake(); };
  parts.announcements = &announcements;
  parts.channels = &channels;
  if (const mappers::Mapper* eps = engine->mappers().find("eps")) {
    tracker = eps::make_tracker_search(*eps);
    parts.searches["eps"] = tracker.get();
  }
  parts.observe = [this](std::string_view hop, std::chrono::microseconds took,
                         std::string_view end) { metrics.hop(hop, took, end); };
  exchange::Settings settings;
  settings.limits = {config.limits.max_bytes, config.limits.max_depth, config.limits.max_nodes};
  settings.callers.loopback.organisation = config.caller.organisation;
  settings.callers.loopback.role = config.caller.role;
  settings.callers.loopback.identifier_policy = config.caller.identifier_policy;
  settings.routes = routes_of(config);
  settings.signatures = signature_policy(config.eps.signatures);
  settings.preparing.values["algorithm"] = config.eps.algorithm;
  settings.node = config.node;
  service = std::make_unique<exchange::ExchangeService>(std::move(parts), std::move(settings));
  statuses = std::make_unique<StatusUpdates>(
      *store, engine->symbols(),
      tree::Limits{config.limits.max_bytes, config.limits.max_depth, config.limits.max_nodes},
      clock, config.node);
  serve_resources(std::move(serving));
  watch();
  return {};
}

void Gateway::Impl::watch() {
  Watching::Parts parts;
  parts.store = store.get();
  parts.settler = settler.get();
  parts.log = &log;
  parts.metrics = &metrics;
  parts.clock = clock;
  parts.random = [this] {
    const std::scoped_lock lock(random_mutex);
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
  };
  parts.label = [this](std::string_view destination) { return label_of(destination); };
  parts.node = config.node;
  Watching::Settings settings;
  settings.reconcile = config.reconcile;
  watching = std::make_unique<Watching>(std::move(parts), settings);
}

Result<void> Gateway::Impl::subscribe() {
  Subscribing::Parts parts;
  parts.store = store.get();
  parts.definitions = &engine->definitions();
  parts.parameters = parameters.get();
  parts.others = settler.get();
  parts.wake = [this] { outbox->wake(); };
  parts.tell = [this](std::string_view subscription, std::string_view status) {
    log.write(status == "error" ? ops::LogLevel::warning : ops::LogLevel::info, "subscription",
              {{"id", subscription}, {"state", status}});
  };
  parts.clock = clock;
  parts.uuids = uuids;
  CONCORD_ASSIGN(subscribing, Subscribing::make(config, parts, channels));
  return {};
}

void Gateway::Impl::serve_resources(resources::Settings settings) {
  resources::Parts parts;
  parts.definitions = &engine->definitions();
  parts.parameters = parameters.get();
  parts.validator = &checking->validator();
  parts.functions = &engine->functions();
  parts.store = &store->resources();
  parts.of_exchange = [this](std::string_view task) -> Result<bool> {
    CONCORD_ASSIGN(const auto row, store->task(task));
    return row.has_value() && !row->exchange.empty();
  };
  parts.observer = &subscribing->observer();
  parts.clock = clock;
  parts.uuids = uuids;
  resources = std::make_unique<resources::ResourceService>(std::move(parts), std::move(settings));
}

void Gateway::Impl::show_exchanges() {
  exchange::Journeys::Parts parts;
  parts.store = store.get();
  parts.settler = settler.get();
  parts.symbols = &engine->symbols();
  parts.clock = clock;
  parts.destination = [this](std::string_view name) -> std::optional<exchange::DestinationView> {
    for (const outbox::DestinationState& state : outbox->destinations()) {
      if (state.name == name)
        return exchange::DestinationView{state.pause.has_value(), state.circuit_open};
    }
    return std::nullopt;
  };
  parts.wake = [this] { outbox->wake(); };
  journeys = std::make_unique<exchange::Journeys>(std::move(parts));
}

void Gateway::Impl::make_api() {
  show_exchanges();
  api::Services use;
  use.journeys = journeys.get();
  use.submit = [this](exchange::Arrival arrival) -> Result<exchange::Answer> {
    CONCORD_ASSIGN(exchange::Received received, service->receive(std::move(arrival)));
    return service->submit(std::move(received));
  };
  use.transform = [this](exchange::Arrival arrival,
                         mapping::TraceSink* trace) -> Result<exchange::DryRun> {
    CONCORD_ASSIGN(exchange::Received received, service->receive(std::move(arrival)));
    return service->transform(std::move(received), trace);
  };
  use.prepare = [this](
                    exchange::Arrival arrival,
                    const std::map<std::string, std::string>& wanted) -> Result<mappers::Decoded> {
    CONCORD_ASSIGN(exchange::Received received, service->receive(std::move(arrival)));
    return service->prepare(std::move(received), wanted);
  };
  use.verify_signatures =
      [this](exchange::Arrival arrival) -> Result<std::vector<exchange::SignatureFinding>> {
    CONCORD_ASSIGN(exchange::Received received, service->receive(std::move(arrival)));
    return service->verify_signatures(std::move(received));
  };
  use.task = [this](std::string_view id) { return service->task(id); };
  use.search = [this](std::string_view type, const mappers::SearchParameters& asked,
                      const exchange::SearchContext& context) {
    return service->search(type, asked, context);
  };
  use.peer_answer = [this](std::string_view task, std::chrono::steady_clock::time_point until) {
    return service->peer_answer(task, until);
  };
  use.lineage = [this](std::string_view task) { return service->lineage(task); };
  use.validate = [this](std::string text,
                        const std::vector<std::string>& profiles) -> Result<std::vector<Issue>> {
    const tree::Limits limits{config.limits.max_bytes, config.limits.max_depth,
                              config.limits.max_nodes};
    validate::Options options = validate::Options::reference();
    options.max_issues = 1000;
    validate::Validator::Request request;
    request.profiles = profiles;
    return validate::validate_text(std::move(text), checking->validator(), engine->definitions(),
                                   options, limits, request)
        .issues;
  };
  use.record_statuses = [this](const api::StatusRequest& request) {
    return statuses->record(request);
  };
  use.current_statuses = [this](const api::StatusQuestion& question) {
    return statuses->current(question);
  };
  use.reload_maps = [this] { return reload_maps(); };
  use.terminology = &checking->terminology();
  use.metrics = [this] { return metrics_page(); };
  use.store_answers = [this] { return store->check(); };
  use.failed = [this](const http::Request& request, const Error& error) {
    if (error.log_detail == kToldAlready) return;
    log.write(ops::LogLevel::error, "failed",
              {{"request_id", request.request_id},
               {"code", error_row(error.code).name},
               {"detail", error.log_detail}});
  };
  use.events = [this](std::vector<std::string> types, std::string position) {
    return subscribing->streams().open(std::move(types), std::move(position));
  };
  use.subscription_status = [this](const std::vector<std::string>& ids,
                                   const std::vector<std::string>& states) {
    return subscribing->subscriptions().status({ids, states});
  };
  use.subscription_events = [this](std::string_view id, std::int64_t from, std::int64_t until,
                                   std::string_view content) -> Result<std::string> {
    std::optional<subscriptions::Content> wanted;
    if (!content.empty()) {
      wanted = subscriptions::content_named(content);
      if (!wanted) return make_error(ErrorCode::malformed, "\"content\" is none of ours");
    }
    return subscribing->subscriptions().events({std::string(id), from, until, wanted});
  };
  use.resources = resources.get();
  use.is_message = [this](const tree::Document& resource) { return is_message(resource); };
  use.handling =
      config.fhir.handling == "strict" ? search::Handling::strict : search::Handling::lenient;
  use.update_creates = config.fhir.update_creates;
  use.delete_many = config.fhir.delete_many;
  use.definitions = &engine->definitions();
  use.limits = {config.limits.max_bytes, config.limits.max_depth, config.limits.max_nodes};
  use.organisation = config.caller.organisation;
  use.cors_origins = config.http.cors_origins;
  use.readiness = &readiness;
  use.symbols = &engine->symbols();
  use.clock = clock;
  use.version = version();
  use.base_url = config.http.base_url;
  use.started_at = clock();
  api = std::make_unique<api::Api>(std::move(use));
}

/// A Task or Claim is a message of EPS when it speaks of a prescription as EPS does; one that is
/// only in a state that messages are in as well is somebody's record. Whatever EPS has a word for
/// counts: a message that is kept instead of sent would be lost without anybody hearing of it.
bool Gateway::Impl::is_message(const tree::Document& resource) const {
  constexpr std::string_view kWordsOfEps[] = {
      "https://fhir.nhs.uk/Id/prescription-order", "https://fhir.nhs.uk/CodeSystem/EPS-",
      "https://fhir.nhs.uk/CodeSystem/DM-", "https://fhir.nhs.uk/StructureDefinition/Extension-DM-",
      "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-"};
  if (engine->mappers().recognise(resource) == nullptr) return false;
  std::vector<const tree::Node*> open{&resource.root()};
  while (!open.empty()) {
    const tree::Node& node = *open.back();
    open.pop_back();
    for (const std::string_view word : kWordsOfEps) {
      if (node.text().starts_with(word)) return true;
    }
    for (const tree::Node& child : node.children()) open.push_back(&child);
  }
  return false;
}

/// Texts of findings name files, elements and rules, so they may stand in the log.
Result<api::MapsReplaced> Gateway::Impl::reload_maps() {
  const auto replace = [this]() -> Result<api::MapsReplaced> {
    CONCORD_ASSIGN(const Overlays overlays, read_overlays(config.eps.overlays));
    CONCORD_ASSIGN(const Engine::Replaced done, engine->replace_maps(overlays));
    return api::MapsReplaced{done.version, done.changed, overlays.maps.size(), done.cases};
  };
  auto done = replace();
  if (done) {
    log.write(ops::LogLevel::info, "maps replaced",
              {{"version", done->version},
               {"changed", done->changed ? "yes" : "no"},
               {"overlays", static_cast<std::int64_t>(done->overlays)},
               {"cases", static_cast<std::int64_t>(done->cases)}});
    return done;
  }
  for (const Issue& issue : done.error().issues) {
    log.write(ops::LogLevel::error, "maps not replaced",
              {{"file", issue.expression},
               {"line", static_cast<std::int64_t>(issue.position.line)},
               {"column", static_cast<std::int64_t>(issue.position.column)},
               {"code", issue.detail_code},
               {"text", issue.text}});
  }
  return done;
}

Result<std::unique_ptr<http::Server>> Gateway::Impl::serve(http::ServerOptions options,
                                                           http::Handler handler) {
  return http::Server::start(
      std::move(options), std::move(handler),
      [this](const http::Request& request, int status, const Error& error) {
        return api->refuse(request, status, error);
      },
      [this](const http::AccessRecord& record) {
        metrics.request(record.method, record.route, record.status, record.took);
        if (!record.exchange_id.empty()) metrics.accepted(record.took);
        log.access(record);
      },
      clock, uuids);
}

Result<void> Gateway::Impl::listen() {
  CONCORD_TRY(subscribing->subscriptions().start());
  CONCORD_TRY(outbox->start());
  if (config.admin.enabled) {
    CONCORD_ASSIGN(admin, serve(admin_options(config),
                                [this](http::Request& request) { return answer(request, true); }));
  }
  CONCORD_ASSIGN(server, serve(main_options(config),
                               [this](http::Request& request) { return answer(request, false); }));
  admission->start();
  indexer = std::jthread([this](const std::stop_token& stop) { keep_index(stop); });
  watching->start();
  maintainer = std::jthread([this](const std::stop_token& stop) { maintain(stop); });
  readiness.ready();
  return {};
}

/// What is measured to tell whether new work may come in.
void Gateway::Impl::guard() {
  const auto percent = [](unsigned value) { return static_cast<double>(value) / 100; };
  admission::Limits limits;
  limits.store_wait = config.limits.store_wait;
  limits.queue_lag = config.limits.queue_lag;
  limits.disk_warn = percent(config.limits.disk_warn_percent);
  limits.disk_refuse = percent(config.limits.disk_refuse_percent);
  limits.memory = percent(config.limits.memory_percent);
  admission::Sources sources;
  if (limits.store_wait.count() > 0) {
    sources.write_nothing = [this] { static_cast<void>(store->check()); };
  }
  if (limits.queue_lag.count() > 0) sources.queue_lag = [this] { return queue_lag(); };
  if (config.store_kind == "sqlite") {
    const std::filesystem::path folder = std::filesystem::absolute(config.store_path).parent_path();
    sources.disk_free = [folder] { return admission::disk_free(folder); };
  }
  const std::optional<std::uint64_t> memory =
      config.limits.memory_mib > 0 ? std::optional<std::uint64_t>(config.limits.memory_mib << 20)
                                   : admission::memory_limit();
  if (memory && limits.memory > 0) {
    sources.memory_used = [allowed = *memory]() -> std::optional<double> {
      const auto held = admission::memory_held();
      if (!held) return std::nullopt;
      return static_cast<double>(*held) / static_cast<double>(allowed);
    };
  }
  sources.observe = [this](const admission::Verdict& verdict, const admission::Readings& now) {
    std::string refused;
    std::string_view reason;
    for (std::size_t i = 0; i < admission::kKinds; ++i) {
      if (verdict.refused[i].empty()) continue;
      reason = verdict.refused[i];
      refused += (refused.empty() ? "" : ",") +
                 std::string(admission::kind_name(static_cast<admission::Kind>(i)));
    }
    const bool calm = refused.empty() && !verdict.disk_low;
    log.write(calm ? ops::LogLevel::info : ops::LogLevel::warning, "admission",
              {{"refused", refused},
               {"reason", reason},
               {"disk_low", verdict.disk_low ? "yes" : "no"},
               {"store_wait_ms", now.store_wait.count()},
               {"queue_lag_ms", now.queue_lag.count()},
               {"disk_free_percent", static_cast<std::int64_t>(now.disk_free.value_or(1) * 100)},
               {"memory_percent", static_cast<std::int64_t>(now.memory_used.value_or(0) * 100)}});
  };
  admission = std::make_unique<admission::Admission>(limits, std::move(sources));
}

/// How late delivery is where it is possible: the least of the destinations with something due, as
/// only a gateway that is pressed is late everywhere.
milliseconds Gateway::Impl::queue_lag() const {
  std::optional<milliseconds> least;
  for (const outbox::DestinationState& state : outbox->destinations()) {
    if (!state.can_send()) continue;
    const auto due = store->next_due(state.name);
    if (!due || !due->has_value()) continue;
    const milliseconds late = clock() - **due;
    if (late.count() > 0) least = std::min(least.value_or(late), late);
  }
  return least.value_or(milliseconds{0});
}

http::Response Gateway::Impl::answer(http::Request& request, bool for_operators) {
  const auto refused = [&](const Error& error) {
    return api->refuse(request, error_row(error.code).http_status, error);
  };
  if (auto done = destinations->handle(request)) {
    return *done ? std::move(**done) : refused(done->error());
  }
  if (for_operators) return api->handle_service(request);
  if (const auto kind = kind_of(request)) {
    if (auto in = admission->admit(*kind); !in) {
      Error error = std::move(in).error();
      error.log_detail = kToldAlready;
      return refused(error);
    }
  }
  return api->handle(request);
}

/// What the operator should know of the trust store in use.
void Gateway::Impl::note_trust() {
  const auto in_use = trust->current();
  log.write(ops::LogLevel::info, "trust",
            {{"authorities", static_cast<std::int64_t>(in_use->authority_count())},
             {"lists", static_cast<std::int64_t>(in_use->list_count())}});
  if (!in_use->has_anchors() && config.eps.signatures != "off") {
    log.write(ops::LogLevel::warning, "trust",
              {{"text", "eps.trust.anchors is empty: no signature holds"}});
  }
  for (const std::string& warning : in_use->warnings(clock())) {
    log.write(ops::LogLevel::warning, "trust", {{"text", warning}});
  }
}

void Gateway::Impl::note_delivery(const outbox::Notice& notice) {
  using Kind = outbox::Notice::Kind;
  const std::string_view name = outbox::notice_name(notice.kind);
  if (notice.kind == Kind::delivered || notice.kind == Kind::rejected ||
      notice.kind == Kind::retried || notice.kind == Kind::dead) {
    metrics.delivery(label_of(notice.destination), name, notice.took);
  }
  if (notice.kind == Kind::delivered || notice.kind == Kind::rejected ||
      notice.kind == Kind::dead) {
    announcements.tell(notice.exchange);
  }
  if (notice.item.empty() && notice.kind != Kind::store_failed) {
    // Once for each change of a destination's state.
    const bool good = notice.kind == Kind::circuit_closed || notice.kind == Kind::resumed ||
                      notice.kind == Kind::window_opened || notice.kind == Kind::window_closed;
    log.write(good ? ops::LogLevel::info : ops::LogLevel::warning, "destination",
              {{"state", name}, {"destination", notice.destination}, {"reason", notice.reason}});
    return;
  }
  const bool quiet = notice.kind == Kind::delivered;
  log.write(quiet ? ops::LogLevel::info : ops::LogLevel::warning, "delivery",
            {{"result", name},
             {"destination", notice.destination},
             {"exchange_id", notice.exchange},
             {"item", notice.item},
             {"attempt", notice.attempt},
             {"peer_code", notice.peer_code},
             {"ms", notice.took.count()},
             {"reason", notice.reason}});
}

/// What a destination is called in a label: its configured name. Subscribers come and go and are
/// named by ids, so they share one.
std::string Gateway::Impl::label_of(std::string_view destination) const {
  return config.destinations.contains(std::string(destination)) ? std::string(destination)
                                                                : std::string("subscription");
}

void Gateway::Impl::add_destinations(ops::MetricsSnapshot& now) {
  std::map<std::string, ops::DestinationSnapshot, std::less<>> found;
  for (const auto& [name, destination] : config.destinations) found[name];
  if (const auto backlog = store->backlog()) {
    for (const store::Backlog& queue : *backlog) {
      ops::DestinationSnapshot& one = found[label_of(queue.destination)];
      one.pending += queue.pending;
      one.dead += queue.dead;
      if (!queue.oldest) continue;
      const std::chrono::duration<double> age = clock() - *queue.oldest;
      one.oldest_seconds = std::max(one.oldest_seconds, age.count());
    }
  }
  if (const auto awaited = store->watch().awaited()) {
    for (const store::Awaited& one : *awaited) {
      found[label_of(one.destination)].awaited += one.expected;
      found[label_of(one.destination)].overdue += one.overdue;
    }
  }
  for (const outbox::DestinationState& state : outbox->destinations()) {
    ops::DestinationSnapshot& one = found[label_of(state.name)];
    one.circuit_open = one.circuit_open || state.circuit_open;
    one.paused = one.paused.value_or(false) || state.pause.has_value();
    one.in_flight = one.in_flight.value_or(0) + static_cast<std::int64_t>(state.running);
    one.leased = one.leased.value_or(0) + static_cast<std::int64_t>(state.leased);
  }
  for (auto& [name, one] : found) {
    one.name = name;
    now.destinations.push_back(std::move(one));
  }
}

std::string Gateway::Impl::metrics_page() {
  ops::MetricsSnapshot now;
  const auto counts = store->counts();
  const auto head = store->audit_head();
  const auto size = store->watch().size();
  now.store_answers = counts && head && size;
  if (now.store_answers) {
    now.accepted = counts->accepted;
    now.delivered = counts->delivered;
    now.pending = counts->pending;
    now.dead = counts->dead;
    now.rejected = counts->rejected;
    now.cancelled = counts->cancelled;
    now.unmatched = counts->unmatched;
    now.audit_records = head->sequence;
    now.store_bytes = size->bytes;
    now.wal_bytes = size->wal;
  }
  add_destinations(now);
  if (server != nullptr) {
    const http::ServerStats stats = server->stats();
    now.connections = static_cast<std::int64_t>(stats.connections);
    now.in_flight = static_cast<std::int64_t>(stats.in_flight);
    now.connections_refused = static_cast<std::int64_t>(stats.refused);
    now.connections_evicted = static_cast<std::int64_t>(stats.evicted);
  }
  now.log_lines_dropped = static_cast<std::int64_t>(log.dropped());
  now.version = version();
  now.ready = readiness.state() == ops::Readiness::State::ready;
  now.process = ops::process_figures();
  return metrics.text(now);
}

/// Once, beside all else: resources found by parameters that have changed since get new values.
void Gateway::Impl::keep_index(const std::stop_token& stop) {
  const auto done =
      resources::reindex(store->resources(), *parameters, engine->definitions(), stop);
  if (!done) {
    log.write(ops::LogLevel::error, "index", {{"code", error_row(done.error().code).name}});
  } else if (done->needed) {
    log.write(ops::LogLevel::info, "index",
              {{"resources", static_cast<std::int64_t>(done->resources)},
               {"not_readable", static_cast<std::int64_t>(done->not_readable)},
               {"finished", done->finished ? "yes" : "no"}});
  }
}

/// Once a minute: trust files that changed are read, and old idempotency keys go.
void Gateway::Impl::maintain(const std::stop_token& stop) {
  constexpr std::size_t kKeysAtOnce = 1000;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(maintain_mutex);
      maintain_wait.wait_for(lock, stop, std::chrono::seconds(60), [] { return false; });
    }
    if (stop.stop_requested()) return;
    if (const auto changed = trust->refresh(); !changed) {
      // The store in use stays.
      log.write(ops::LogLevel::error, "trust", {{"text", changed.error().issues.front().text}});
    } else if (*changed) {
      note_trust();
    }
    while (!stop.stop_requested()) {
      const auto forgotten = store->forget_keys(clock(), kKeysAtOnce);
      if (!forgotten || *forgotten < kKeysAtOnce) break;
    }
  }
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gateway::~Gateway() { stop(); }

Result<std::unique_ptr<Gateway>> Gateway::start(const Config& config, ops::Log& log, Clock clock,
                                                UuidSource uuids) {
  std::unique_ptr<Gateway> gateway(
      new Gateway(std::make_unique<Impl>(config, log, std::move(clock), std::move(uuids))));
  CONCORD_TRY(gateway->impl_->load());
  gateway->impl_->make_api();
  CONCORD_TRY(gateway->impl_->listen());
  return gateway;
}

std::uint16_t Gateway::http_port() const noexcept { return impl_->server->port(); }

std::uint16_t Gateway::admin_port() const noexcept {
  return impl_->admin == nullptr ? std::uint16_t{0} : impl_->admin->port();
}

Result<void> Gateway::reload_maps() {
  CONCORD_TRY(impl_->reload_maps());
  return {};
}

bool Gateway::stop() {
  Impl& all = *impl_;
  if (all.stopped) return true;
  all.stopped = true;
  all.readiness.stopping();
  bool clean = true;
  using SteadyClock = std::chrono::steady_clock;
  auto until = SteadyClock::now();
  if (all.server != nullptr) {
    std::this_thread::sleep_for(all.config.http.drain);
    until = SteadyClock::now() + all.config.http.stop;
    clean = all.server->stop(all.config.http.stop);
  }
  if (all.admission != nullptr) all.admission->stop();
  all.maintainer = {};
  if (all.watching != nullptr) all.watching->stop();
  all.indexer = {};
  // One deadline for calls and deliveries; what is cut off then is sent again with the same ids.
  const auto left = std::chrono::duration_cast<milliseconds>(until - SteadyClock::now());
  if (all.outbox != nullptr) all.outbox->stop(std::max(left, milliseconds{0}));
  if (all.subscribing != nullptr) all.subscribing->subscriptions().stop();
  // Health answers to the last.
  if (all.admin != nullptr) all.admin->stop(milliseconds(100));
  return clean;
}

std::string_view version() noexcept { return CONCORD_VERSION; }

}  // namespace concord::app
