#pragma once
/// The rooms of a running gateway, and what ties them together. gateway.cpp makes and ends them;
/// gateway_api.cpp, gateway_admission.cpp and gateway_notes.cpp hold what they call each other by.

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "fhir/validate/validator.h"
#include "gateway/admission/admission.h"
#include "gateway/agreements/agreement_set.h"
#include "gateway/api/api.h"
#include "gateway/app/checking.h"
#include "gateway/app/destinations.h"
#include "gateway/app/doors.h"
#include "gateway/app/engine.h"
#include "gateway/app/gateway.h"
#include "gateway/app/resource_settings.h"
#include "gateway/app/status_updates.h"
#include "gateway/app/subscribing.h"
#include "gateway/app/trust_files.h"
#include "gateway/app/watching.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/journeys.h"
#include "gateway/exchange/settle.h"
#include "gateway/http/server.h"
#include "gateway/ops/crash_book.h"
#include "gateway/ops/metrics.h"
#include "gateway/outbox/outbox.h"
#include "gateway/resources/service.h"
#include "mappers/eps/tracker_search.h"

namespace concord::app {

/// In the log detail of refusals that are told of once for all, not each.
inline constexpr std::string_view kToldAlready = "told already";

struct Gateway::Impl {
  Impl(const Config& chosen, ops::Log& to, Clock now, UuidSource ids)
      : config(chosen), log(to), clock(std::move(now)), uuids(std::move(ids)) {}

  Result<void> load();
  void remember_crashes();
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
  std::chrono::milliseconds queue_lag() const;
  http::Response answer(http::Request& request, bool for_operators);
  http::Response carefully(http::Request& request);
  std::string metrics_page();
  void add_destinations(ops::MetricsSnapshot& now);
  void add_admission(ops::MetricsSnapshot& now) const;
  Result<void> open_doors();
  std::string label_of(std::string_view destination) const;
  void watch();
  Result<std::unique_ptr<http::Server>> serve(http::ServerOptions options, http::Handler handler);

  const Config config;
  ops::Log& log;
  const Clock clock;
  const UuidSource uuids;
  ops::Metrics metrics;
  ops::Readiness readiness;

  std::unique_ptr<ops::CrashBook> crashes;  ///< none: nothing is remembered
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
  std::unique_ptr<Doors> doors;
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

}  // namespace concord::app
