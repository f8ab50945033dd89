#include "gateway/app/gateway.h"

#include <algorithm>
#include <future>

#include "gateway/app/carriers.h"
#include "gateway/app/detail/gateway_impl.h"
#include "gateway/app/isolation.h"
#include "gateway/app/open_store.h"
#include "gateway/app/room_settings.h"
#include "gateway/resources/reindex.h"
#include "mappers/eps/tracker_search.h"

namespace concord::app {

using std::chrono::milliseconds;

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
    CONCORD_ASSIGN(serving, resource_settings(config, engine->definitions(), *checking));
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
  remember_crashes();
  note_trust();
  for (const auto& [name, words] : config.identifier_policies) {
    validation.emplace(name, validation_of(words));
  }
  if (config.eps.from_asid.empty() || config.eps.to_asid.empty()) {
    log.write(
        ops::LogLevel::warning, "configuration",
        {{"text", "eps.from_asid or eps.to_asid is not set: Spine refuses messages without"}});
  }
  CONCORD_TRY(add_carriers(config, channels, false));

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
  if (config.outbox.isolation_mib > 0) {
    delivery.isolate = [this](const store::Item& item, milliseconds timeout,
                              const std::stop_token& stop) -> outbox::Isolated {
      // A notification is written from the store when it is sent: a process of its own has none.
      if (item.channel == subscriptions::kChannel) return {false};
      log.write(ops::LogLevel::warning, "isolated", {{"item", item.id}});
      return {true, isolated(config, item, timeout, stop)};
    };
  }
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

/// A file that cannot be had is no reason not to serve.
void Gateway::Impl::remember_crashes() {
  std::filesystem::path file = config.http.crash_file;
  if (file.empty() && config.store_kind == "sqlite") {
    file = config.store_path;
    file += "-crashes";
  }
  if (file.empty()) return;
  auto opened = ops::CrashBook::open(std::move(file), version());
  if (!opened) {
    log.write(ops::LogLevel::warning, "configuration", {{"text", to_string(opened.error())}});
    return;
  }
  crashes = *std::move(opened);
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
  parts.value_set = [this](std::string_view asked) -> Result<search::ValueSetSource> {
    if (api == nullptr) return make_error(ErrorCode::transient, "this gateway is still starting");
    return api->value_set(asked);
  };
  parts.clock = clock;
  parts.uuids = uuids;
  resources = std::make_unique<resources::ResourceService>(std::move(parts), std::move(settings));
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

/// Doors submit as calls do, from this machine, under a key of their own.
Result<void> Gateway::Impl::open_doors() {
  Doors::Parts parts;
  parts.submit = [this](exchange::Arrival arrival) -> Result<exchange::Answer> {
    CONCORD_ASSIGN(exchange::Received received, service->receive(std::move(arrival)));
    return service->submit(std::move(received));
  };
  parts.may_take = [this] { return admission->admit(admission::Kind::bulk).has_value(); };
  parts.symbols = &engine->symbols();
  parts.log = &log;
  parts.metrics = &metrics;
  parts.clock = clock;
  CONCORD_ASSIGN(doors, Doors::open(config, std::move(parts)));
  return {};
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
  CONCORD_TRY(open_doors());
  indexer = std::jthread([this](const std::stop_token& stop) { keep_index(stop); });
  watching->start();
  maintainer = std::jthread([this](const std::stop_token& stop) { maintain(stop); });
  readiness.ready();
  return {};
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
  if (all.doors != nullptr) all.doors->stop();
  bool clean = true;
  using SteadyClock = std::chrono::steady_clock;
  auto until = SteadyClock::now();
  if (all.server != nullptr) {
    all.server->wind_down();
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
