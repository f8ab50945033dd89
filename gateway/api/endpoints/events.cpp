// Changes as server-sent events, for consoles: html.spec.whatwg.org section 9.2. Not FHIR.
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "service",
    .method = "GET",
    .path = "/events",
    .scope = "Task.read",
    .documentation =
        "text/event-stream of changes: types=Task,Subscription (default Task). Each event is JSON "
        "with type, id, version, change, at and status; no content. Last-Event-ID goes on where a "
        "connection was lost; the event reset says that the position is not known any more. A "
        "comment every 15 seconds keeps the line."};

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (comma != 0) parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return parts;
}

Result<http::Response> events(Call& call, const Services& use) {
  if (!use.events) return make_error(ErrorCode::not_found, "changes are not streamed here");
  std::string position(call.request.field("last-event-id"));
  if (position.empty()) position = call.query_value("lastEventId");
  CONCORD_ASSIGN(auto stream, use.events(parts_of(call.query_value("types")), std::move(position)));
  http::Response response;
  response.header("Content-Type", "text/event-stream; charset=utf-8");
  response.stream = std::move(stream);
  return response;
}

}  // namespace

void register_events(endpoints::Table& table) { table.add(kEndpoint, &events); }

}  // namespace concord::api
