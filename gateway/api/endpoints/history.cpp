// FHIR history of a resource, a type and everything: http://hl7.org/fhir/R4/http.html#history
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr std::string_view kDocumentation =
    "Versions, the latest first, as a Bundle history with paging links: _since, _before, _at, "
    "_count, _sort by _lastUpdated, _summary=count.";
constexpr Endpoint kOfResource{.interaction = "history-instance",
                               .method = "GET",
                               .path = "/FHIR/R4/{type}/{id}/_history",
                               .scope = "{type}.read",
                               .documentation = kDocumentation,
                               .stored = true};
constexpr Endpoint kOfType{.interaction = "history-type",
                           .method = "GET",
                           .path = "/FHIR/R4/{type}/_history",
                           .scope = "{type}.read",
                           .documentation = kDocumentation,
                           .stored = true};
constexpr Endpoint kOfAll{.interaction = "history-system",
                          .method = "GET",
                          .path = "/FHIR/R4/_history",
                          .scope = "system.read",
                          .documentation = kDocumentation,
                          .stored = true};

Result<http::Response> history(Call& call, const Services& use) {
  std::string type;
  if (!call.path_value("type").empty()) {
    CONCORD_ASSIGN(type, type_of(call, use));
  }
  CONCORD_TRY(check_cut(call));
  const resources::Caller caller = caller_of(call, use);
  const auto page = use.resources->history(caller, type, call.path_value("id"), call.request.query);
  if (!page) return search_error(page.error(), caller, use);
  return page_response(*page, call, use);
}

}  // namespace

void register_history(endpoints::Table& table) {
  for (const Endpoint* row : {&kOfResource, &kOfType, &kOfAll}) table.add(*row, &history);
}

}  // namespace concord::api
