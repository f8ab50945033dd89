// What a subscription has come to: hl7.org/fhir/uv/subscriptions-backport, operations $status and
// $events.
#include <charconv>

#include "fhir/json/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr std::string_view kTypes[] = {"Subscription"};
constexpr Endpoint kStatus{
    .interaction = "operation",
    .resources = kTypes,
    .method = "GET",
    .path = "/FHIR/R4/Subscription/{id}/$status",
    .scope = "Subscription.read",
    .documentation = "The status of a subscription and how many events it had.",
    .operation = "status",
    .definition =
        "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"
        "backport-subscription-status",
    .stored = true};
constexpr Endpoint kStatusOfAll{
    .interaction = "operation",
    .resources = kTypes,
    .method = "GET",
    .path = "/FHIR/R4/Subscription/$status",
    .scope = "Subscription.read",
    .documentation = "The same of several: id and status may each be given several times.",
    .operation = "status",
    .definition = kStatus.definition,
    .stored = true};
constexpr Endpoint kEvents{
    .interaction = "operation",
    .resources = kTypes,
    .method = "GET",
    .path = "/FHIR/R4/Subscription/{id}/$events",
    .scope = "Subscription.read",
    .documentation =
        "Events of a subscription again, at most 100: eventsSinceNumber, eventsUntilNumber, "
        "content (empty, id-only, full-resource).",
    .operation = "events",
    .definition =
        "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"
        "backport-subscription-events",
    .stored = true};

Result<http::Response> bundle_response(std::string body, Call& call, const Services& use) {
  CONCORD_ASSIGN(tree::Document bundle, json::read(std::move(body), *use.symbols));
  return resource_response(200, ResourceBuilder(std::move(bundle)), call);
}

Error not_served() { return make_error(ErrorCode::not_found, "subscriptions are not served here"); }

std::vector<std::string> all_of(const Call& call, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [given, value] : call.query) {
    if (given == name) values.push_back(value);
  }
  return values;
}

Result<http::Response> status(Call& call, const Services& use) {
  if (!use.subscription_status) return not_served();
  std::vector<std::string> ids = all_of(call, "id");
  if (const std::string_view id = call.path_value("id"); !id.empty()) ids = {std::string(id)};
  CONCORD_ASSIGN(std::string body, use.subscription_status(ids, all_of(call, "status")));
  return bundle_response(std::move(body), call, use);
}

Result<std::int64_t> number_of(const Call& call, std::string_view name, std::int64_t otherwise) {
  const std::string_view text = call.query_value(name);
  if (text.empty()) return otherwise;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;
  return make_error(ErrorCode::malformed, "\"" + std::string(name) + "\" is no number");
}

Result<http::Response> events(Call& call, const Services& use) {
  if (!use.subscription_events) return not_served();
  CONCORD_ASSIGN(const std::int64_t from, number_of(call, "eventsSinceNumber", 0));
  CONCORD_ASSIGN(const std::int64_t until, number_of(call, "eventsUntilNumber", INT64_MAX));
  CONCORD_ASSIGN(std::string body, use.subscription_events(call.path_value("id"), from, until,
                                                           call.query_value("content")));
  return bundle_response(std::move(body), call, use);
}

}  // namespace

void register_subscription(endpoints::Table& table) {
  table.add(kStatus, &status);
  table.add(kStatusOfAll, &status);
  table.add(kEvents, &events);
}

}  // namespace concord::api
