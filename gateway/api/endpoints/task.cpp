// FHIR read of a Task: http://hl7.org/fhir/R4/http.html#read
#include "fhir/json/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"

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

/// FHIR id: http://hl7.org/fhir/R4/datatypes.html#id
bool is_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    const bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '.';
    if (!good) return false;
  }
  return true;
}

Result<http::Response> read_task(Call& call, const Services& use) {
  const std::string_view id = call.path_value("id");
  std::optional<exchange::TaskView> task;
  if (is_id(id)) {
    CONCORD_ASSIGN(task, use.task(id));
  }
  if (!task) return make_error(ErrorCode::not_found, "there is no Task of this id");

  const std::string etag = "W/\"" + std::to_string(task->version) + "\"";
  http::Response response;
  const std::string known = call.request.joined_field("if-none-match");
  if (known == "*" || known.find(etag) != std::string::npos) {
    response.status = 304;
  } else if (call.answering.format == Format::json && !call.answering.pretty) {
    response.header("Content-Type", std::string(content_type(Format::json)));
    response.body = std::move(task->body);
  } else {
    CONCORD_ASSIGN(tree::Document read, json::read(std::move(task->body), *use.symbols));
    CONCORD_ASSIGN(response, resource_response(200, ResourceBuilder(std::move(read)), call));
  }
  response.header("ETag", etag);
  return response;
}

}  // namespace

void register_task(endpoints::Table& table) { table.add(kEndpoint, &read_task); }

}  // namespace concord::api
