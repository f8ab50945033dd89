// FHIR batch and transaction: http://hl7.org/fhir/R4/http.html#transaction
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kTransaction{
    .interaction = "transaction",
    .method = "POST",
    .path = "/FHIR/R4",
    .scope = "system.write",
    .documentation =
        "A Bundle of type transaction: every entry or none. References between entries are "
        "resolved, conditional ones too. Messages go to $process-message.",
    .stored = true};
constexpr Endpoint kBatch{.interaction = "batch",
                          .method = "POST",
                          .path = "/FHIR/R4",
                          .scope = "system.write",
                          .documentation = "A Bundle of type batch: each entry by itself.",
                          .stored = true};

Result<http::Response> take(Call& call, const Services& use) {
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(tree::Document body, read_body(call, use, "Bundle"));
  CONCORD_ASSIGN(std::string answer,
                 use.resources->bundle(caller_of(call, use), std::move(body), preferences.returns));
  return text_response(200, std::move(answer), call, use);
}

}  // namespace

void register_bundle(endpoints::Table& table) {
  table.add(kTransaction, &take);
  table.add(kBatch, &take);
}

}  // namespace concord::api
