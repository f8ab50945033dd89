// What is kept about a patient: hl7.org/fhir/R4/operation-patient-everything.html
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/parameters.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr std::string_view kTypes[] = {"Patient"};
constexpr std::string_view kDocumentation =
    "The patient, what is in its compartment and what that refers to, as a Bundle searchset with "
    "paging links: start, end, _since, _type, _count.";
constexpr std::string_view kDefinition =
    "http://hl7.org/fhir/OperationDefinition/Patient-everything";

constexpr Endpoint endpoint(std::string_view method) {
  return {.interaction = "operation",
          .resources = kTypes,
          .method = method,
          .path = "/FHIR/R4/Patient/{id}/$everything",
          .scope = "Patient.read",
          .documentation = kDocumentation,
          .operation = "everything",
          .definition = kDefinition,
          .stored = true};
}
constexpr Endpoint kGet = endpoint("GET");
constexpr Endpoint kPost = endpoint("POST");

/// The parameters of a POST as they would stand in an address.
Result<std::string> query_of(Call& call, const Services& use) {
  if (call.request.method != "POST" || call.request.body.empty()) {
    return criteria_of(call.request.query);
  }
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use));
  std::string query;
  for (const auto& [name, value] : call.query) {
    if (name.starts_with('_') && name != "_format" && name != "_pretty")
      append_parameter(query, name, value);
  }
  for (const std::string_view name : {"start", "end", "_since", "_type", "_count"}) {
    for (const std::string& value : inputs.all(name)) append_parameter(query, name, value);
  }
  return query;
}

Result<http::Response> everything(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string query, query_of(call, use));
  const resources::Caller caller = caller_of(call, use);
  const std::string_view id = call.path_value("id");
  const auto page = use.resources->everything(caller, id, query);
  if (page) return page_response(*page, call, use);
  if (page.error().code == ErrorCode::gone) {
    return gone_response(page.error(), "Patient", id, {}, call, use);
  }
  return search_error(page.error(), caller, use);
}

}  // namespace

void register_everything(endpoints::Table& table) {
  table.add(kGet, &everything);
  table.add(kPost, &everything);
}

}  // namespace concord::api
