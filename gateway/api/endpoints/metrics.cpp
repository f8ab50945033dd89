// Prometheus text exposition format 0.0.4.
#include "gateway/ops/metrics.h"

#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "service",
    .method = "GET",
    .path = "/metrics",
    .scope = {},
    .documentation =
        "Counters, gauges and histograms for Prometheus; concord_messages_unaccounted "
        "must be 0."};

Result<http::Response> metrics(Call&, const Services& use) {
  http::Response response;
  response.header("Content-Type", std::string(ops::Metrics::kContentType));
  response.body = use.metrics();
  return response;
}

}  // namespace

void register_metrics(endpoints::Table& table) { table.add(kEndpoint, &metrics); }

}  // namespace concord::api
