// FHIR read of a Task: http://hl7.org/fhir/R4/http.html#read
#include "fhir/json/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr std::string_view kResources[] = {"Task"};
constexpr Endpoint kEndpoint{
    .interaction = "read",
    .resources = kResources,
    .method = "GET",
    .path = "/FHIR/R4/Task/{id}",
    .scope = "Task.read",
    .documentation =
        "What has become of a message. ETag and If-None-Match save the body while "
        "nothing has changed."};

/// A Task the store knows only as that of its exchange.
Result<http::Response> read_of_exchange(Call& call, const Services& use) {
  const std::string_view id = call.path_value("id");
  std::optional<exchange::TaskView> task;
  if (use.task && is_id(id)) {
    CONCORD_ASSIGN(task, use.task(id));
  }
  if (!task) return make_error(ErrorCode::not_found, "there is no Task of this id");

  const std::string tag = etag(task->version);
  http::Response response;
  const std::string known = call.request.joined_field("if-none-match");
  if (known == "*" || known.find(tag) != std::string::npos) {
    response.status = 304;
  } else if (call.answering.format == Format::json && !call.answering.pretty) {
    response.header("Content-Type", std::string(content_type(Format::json)));
    response.body = std::move(task->body);
  } else {
    CONCORD_ASSIGN(tree::Document read, json::read(std::move(task->body), *use.symbols));
    CONCORD_ASSIGN(response, resource_response(200, ResourceBuilder(std::move(read)), call));
  }
  response.header("ETag", tag);
  return response;
}

Result<http::Response> read_task(Call& call, const Services& use) {
  if (use.resources == nullptr) return read_of_exchange(call, use);
  auto kept = read_resource(call, use, "Task");
  if (kept || kept.error().code != ErrorCode::not_found) return kept;
  return read_of_exchange(call, use);
}

}  // namespace

void register_task(endpoints::Table& table) { table.add(kEndpoint, &read_task); }

}  // namespace concord::api
