// What may come in, and who answers it.
#include <algorithm>

#include "gateway/admission/machine.h"
#include "gateway/app/detail/gateway_impl.h"
#include "gateway/app/isolation.h"

namespace concord::app {

using std::chrono::milliseconds;

namespace {

/// What a request wants, as far as its address tells. Nothing: it is for the operator and always
/// let in.
std::optional<admission::Kind> kind_of(const http::Request& request) {
  using admission::Kind;
  const std::vector<std::string>& path = request.segments;
  constexpr std::string_view kService[] = {"health", "metrics", "admin", "destination"};
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

}  // namespace

/// What is measured to tell whether new work may come in.
void Gateway::Impl::guard() {
  const auto percent = [](unsigned value) { return static_cast<double>(value) / 100; };
  admission::Limits limits;
  limits.store_wait = config.limits.store_wait;
  limits.queue_lag = config.limits.queue_lag;
  limits.queue_lag_urgent = config.limits.queue_lag_urgent;
  limits.disk_warn = percent(config.limits.disk_warn_percent);
  limits.disk_refuse = percent(config.limits.disk_refuse_percent);
  limits.memory = percent(config.limits.memory_percent);
  admission::Sources sources;
  if (limits.store_wait.count() > 0) {
    sources.write_nothing = [this] { static_cast<void>(store->check()); };
  }
  if (limits.queue_lag.count() > 0 || limits.queue_lag_urgent.count() > 0) {
    sources.queue_lag = [this] { return queue_lag(); };
  }
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
      if (!verdict.refused[i]) continue;
      reason = admission::reason_text(*verdict.refused[i]);
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
  if (for_operators) return api->handle_service(request);
  if (const auto kind = kind_of(request)) {
    if (auto in = admission->admit(*kind); !in) {
      Error error = std::move(in).error();
      error.log_detail = kToldAlready;
      return refused(error);
    }
  }
  return crashes == nullptr || request.body.empty() ? api->handle(request) : carefully(request);
}

/// A request that ended the process before is tried where it can do no harm, then refused.
http::Response Gateway::Impl::carefully(http::Request& request) {
  const Sha256 body = sha256(request.body);
  std::string named(reinterpret_cast<const char*>(body.data()), body.size());
  named += request.method;
  named += request.target;
  const Sha256 which = sha256(named);
  const std::int32_t ends = crashes->crashes(which);
  if (ends >= config.outbox.poison_crashes) {
    // Once: should the process end with it again, it does harm that the trial does not see.
    const bool harmless = ends == config.outbox.poison_crashes && config.outbox.isolation_mib > 0 &&
                          survives_alone(config, request.body);
    if (!harmless) {
      if (ends == config.outbox.poison_crashes) crashes->add(which);
      log.write(ops::LogLevel::warning, "poison", {{"request_id", request.request_id}});
      return api->refuse(request, error_row(ErrorCode::too_costly).http_status,
                         make_error(ErrorCode::too_costly,
                                    "the gateway ended " + std::to_string(ends) +
                                        " times while it worked on this request; nothing of it is "
                                        "stored, and it is not tried again"));
    }
  }
  const ops::WorkingOn working(which);
  http::Response response = api->handle(request);
  if (ends > 0) crashes->clear(which);
  return response;
}

}  // namespace concord::app
