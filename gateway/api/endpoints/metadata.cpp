// FHIR capabilities: http://hl7.org/fhir/R4/http.html#capabilities
#include "gateway/api/capabilities.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "capabilities",
    .method = "GET",
    .path = "/FHIR/R4/metadata",
    .scope = {},
    .documentation =
        "The CapabilityStatement of this gateway: the calls it answers, generated from "
        "the table that serves them. ETag and If-None-Match save the body."};
constexpr Endpoint kShort{.interaction = "capabilities",
                          .method = "GET",
                          .path = "/metadata",
                          .scope = {},
                          .documentation = "The same at the root."};

Result<http::Response> metadata(Call& call, const Services& use) {
  CONCORD_ASSIGN(const resources::Cut cut, read_cut(call));
  http::Response response;
  if (cut.any()) {
    if (use.resources == nullptr) {
      return make_error(ErrorCode::unsupported, "_summary and _elements are not served here");
    }
    CONCORD_ASSIGN(const Capabilities::Text* whole, use.capabilities->text(Answering{}));
    CONCORD_ASSIGN(std::string text, use.resources->cut(whole->body, cut));
    return text_response(200, std::move(text), call, use);
  }
  CONCORD_ASSIGN(const Capabilities::Text* text, use.capabilities->text(call.answering));
  response.header("ETag", text->etag);
  const std::string known = call.request.joined_field("if-none-match");
  if (known == "*" || known.find(text->etag) != std::string::npos) {
    response.status = 304;
    return response;
  }
  response.header("Content-Type", std::string(content_type(call.answering.format)));
  response.body = text->body;
  return response;
}

}  // namespace

void register_metadata(endpoints::Table& table) {
  table.add(kEndpoint, &metadata);
  table.add(kShort, &metadata);
}

}  // namespace concord::api
