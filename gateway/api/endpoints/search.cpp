// FHIR search of a type, a compartment and everything: http://hl7.org/fhir/R4/http.html#search
#include <algorithm>

#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr std::string_view kDocumentation =
    "Resources that meet every parameter, as a Bundle searchset with paging links. Parameters "
    "nobody knows are passed over with a warning; Prefer: handling=strict refuses them.";
constexpr std::string_view kForm =
    "The same with parameters in a form (application/x-www-form-urlencoded), so that they appear "
    "in no log.";

constexpr Endpoint kOfType{.interaction = "search-type",
                           .method = "GET",
                           .path = "/FHIR/R4/{type}",
                           .scope = "{type}.read",
                           .documentation = kDocumentation,
                           .stored = true};
constexpr Endpoint kOfTypeForm{.interaction = "search-type",
                               .method = "POST",
                               .path = "/FHIR/R4/{type}/_search",
                               .scope = "{type}.read",
                               .documentation = kForm,
                               .takes = Takes::form,
                               .stored = true};
constexpr Endpoint kOfAll{.interaction = "search-system",
                          .method = "GET",
                          .path = "/FHIR/R4",
                          .scope = "system.read",
                          .documentation = kDocumentation,
                          .stored = true};
constexpr Endpoint kOfAllForm{.interaction = "search-system",
                              .method = "POST",
                              .path = "/FHIR/R4/_search",
                              .scope = "system.read",
                              .documentation = kForm,
                              .takes = Takes::form,
                              .stored = true};
constexpr Endpoint kCompartment{
    .interaction = "search-type",
    .method = "GET",
    .path = "/FHIR/R4/{type}/{id}/{other}",
    .scope = "{type}.read",
    .documentation = "Resources of a type, or * for every type, in the compartment of a resource.",
    .stored = true};
constexpr Endpoint kCompartmentForm{.interaction = "search-type",
                                    .method = "POST",
                                    .path = "/FHIR/R4/{type}/{id}/{other}/_search",
                                    .scope = "{type}.read",
                                    .documentation = kForm,
                                    .takes = Takes::form,
                                    .stored = true};

Result<http::Response> answer(Call& call, const Services& use, std::string_view type,
                              const std::optional<search::Compartment>& compartment) {
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_TRY(check_cut(call));
  const resources::Caller caller = caller_of(call, use);
  const auto page = use.resources->search(caller, type, call.raw_query(),
                                          preferences.handling.value_or(use.handling), compartment);
  if (!page) return search_error(page.error(), caller, use);
  return page_response(*page, call, use);
}

Result<http::Response> of_type(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  return answer(call, use, type, {});
}

Result<http::Response> of_all(Call& call, const Services& use) { return answer(call, use, {}, {}); }

Result<http::Response> in_compartment(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string owner, type_of(call, use));
  const std::string_view other = call.path_value("other");
  const auto members = use.resources->parameters().compartment_types(owner);
  const bool every = other == "*";
  const bool served = every ? !members.empty()
                            : use.resources->serves(other) &&
                                  std::find(members.begin(), members.end(), other) != members.end();
  if (!served) return make_error(ErrorCode::not_found, "there is no such compartment here");
  return answer(call, use, every ? std::string_view{} : other,
                search::Compartment{owner, std::string(call.path_value("id"))});
}

}  // namespace

Result<http::Response> search_type(Call& call, const Services& use, std::string_view type) {
  return answer(call, use, type, {});
}

void register_search(endpoints::Table& table) {
  table.add(kOfType, &of_type);
  table.add(kOfTypeForm, &of_type);
  table.add(kOfAll, &of_all);
  table.add(kOfAllForm, &of_all);
  table.add(kCompartment, &in_compartment);
  table.add(kCompartmentForm, &in_compartment);
}

}  // namespace concord::api
