// Destinations for the operator: what waits for whom, pause and resume. Not FHIR, as health and
// metrics are not.
#include "fhir/json/reader.h"
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kList{
    .interaction = "service",
    .method = "GET",
    .path = "/destination",
    .scope = "admin.read",
    .documentation =
        "Every destination as JSON: state (open, paused, window closed, circuit open, held), what "
        "waits and since when, attempts under way, limits, who paused it and why."};
constexpr Endpoint kPause{
    .interaction = "service",
    .method = "POST",
    .path = "/destination/{name}/$pause",
    .scope = "admin.write",
    .documentation =
        "Sends nothing more to it, from any gateway of the store, also after a restart. Body "
        "(JSON): reason, by; both become part of the audit chain. Answers as GET /destination; "
        "404 when there is none of that name."};
constexpr Endpoint kResume{
    .interaction = "service",
    .method = "POST",
    .path = "/destination/{name}/$resume",
    .scope = "admin.write",
    .documentation = "Sends to it again. Body and answer as those of $pause."};

constexpr std::size_t kLongestOrder = 4096;

http::Response json_response(std::string body) {
  http::Response response;
  response.header("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(body);
  response.body += '\n';
  return response;
}

Result<http::Response> list(Call&, const Services& use) {
  if (!use.destinations) {
    return make_error(ErrorCode::unsupported, "destinations are not shown here");
  }
  CONCORD_ASSIGN(std::string all, use.destinations());
  return json_response(std::move(all));
}

/// A body that no page of another origin can make a browser send without asking first.
Result<http::Response> order(Call& call, const Services& use, bool pause) {
  if (!use.order_destination) {
    return make_error(ErrorCode::unsupported, "destinations are not shown here");
  }
  const auto type = parse_media_type(call.request.joined_field("content-type"));
  if (!type || type->type != "application/json") {
    return make_error(ErrorCode::malformed, "the body has to be application/json");
  }
  tree::Limits limits = use.limits;
  limits.max_bytes = kLongestOrder;
  CONCORD_ASSIGN(const tree::Document document,
                 json::read_plain(std::move(call.request.body), *use.symbols, limits));
  std::string reason, by;
  for (const tree::Node& member : document.root().children()) {
    const std::string_view name = document.name(member);
    if (name == "reason") {
      reason = member.text();
    } else if (name == "by") {
      by = member.text();
    } else {
      return make_error(ErrorCode::malformed, "the body holds reason and by");
    }
  }
  CONCORD_ASSIGN(std::string all, use.order_destination(call.path_value("name"), pause,
                                                        std::move(reason), std::move(by)));
  return json_response(std::move(all));
}

Result<http::Response> pause(Call& call, const Services& use) { return order(call, use, true); }
Result<http::Response> resume(Call& call, const Services& use) { return order(call, use, false); }

}  // namespace

void register_destination(endpoints::Table& table) {
  table.add(kList, &list);
  table.add(kPause, &pause);
  table.add(kResume, &resume);
}

}  // namespace concord::api
