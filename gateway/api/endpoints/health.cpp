// Health for whoever keeps the process alive. Not FHIR: the answers are plain text.
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kLive{
    .interaction = "service",
    .method = "GET",
    .path = "/health/live",
    .scope = {},
    .documentation = "200 as long as the process can answer; restart it when it cannot."};

constexpr Endpoint kReady{
    .interaction = "service",
    .method = "GET",
    .path = "/health/ready",
    .scope = {},
    .documentation =
        "200 when messages can be accepted, 503 while starting or stopping or when the "
        "store does not answer; send no traffic then."};

http::Response plain(std::string text) {
  http::Response response;
  response.header("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

Result<http::Response> live(Call&, const Services&) { return plain("live\n"); }

Result<http::Response> ready(Call&, const Services& use) {
  if (use.readiness->state() != ops::Readiness::State::ready) {
    return make_error(ErrorCode::transient, "the gateway is " + std::string(use.readiness->name()));
  }
  if (use.store_answers) CONCORD_TRY(use.store_answers());
  return plain("ready\n");
}

}  // namespace

void register_health(endpoints::Table& table) {
  table.add(kLive, &live);
  table.add(kReady, &ready);
}

}  // namespace concord::api
