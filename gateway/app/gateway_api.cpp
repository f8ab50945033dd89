// What the endpoints call: exchanges, journeys, maps.
#include "gateway/app/detail/gateway_impl.h"
#ifdef CONCORD_FAULT_POINTS
#include "gateway/app/fault_points.h"
#endif

namespace concord::app {

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
#ifdef CONCORD_FAULT_POINTS
    end_with(arrival.bytes);
#endif
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
  use.destinations = [this] { return destinations->list(); };
  use.order_destination = [this](std::string_view name, bool pause, std::string reason,
                                 std::string by) {
    return pause ? destinations->pause(name, std::move(reason), std::move(by))
                 : destinations->resume(name, std::move(reason), std::move(by));
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

}  // namespace concord::app
