// What a prescriber is to sign.
#include "fhir/json/writer.h"
#include "fhir/xml/writer.h"
#include "gateway/api/api.h"
#include "gateway/api/arrival.h"
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .method = "POST",
    .path = "/FHIR/R4/$prepare",
    .scope = "message.read",
    .documentation =
        "Takes a prescription-order Bundle and answers Parameters: `digest` (base64 of the "
        "canonical "
        "SignedInfo to sign), `timestamp` (for Provenance.signature.when) and `algorithm`. "
        "?display=true adds `display`: what is signed, as text for the prescriber. Nothing is "
        "stored or sent.",
    .operation = "prepare",
    .definition = "https://concord.example/OperationDefinition/prepare"};

Result<std::string> written(const tree::Document& resource, const Answering& answering) {
  if (answering.format == Format::xml) {
    return xml::write_fhir(resource, {.indent = answering.pretty ? 2U : 0U});
  }
  return json::write(resource, {.pretty = answering.pretty});
}

Result<http::Response> prepare(Call& call, const Services& use) {
  if (!use.prepare) return make_error(ErrorCode::unsupported, "$prepare is not served here");
  std::map<std::string, std::string> wanted;
  if (call.query_value("display") == "true") wanted["display"] = "true";
  CONCORD_ASSIGN(const mappers::Decoded prepared,
                 use.prepare(arrival_from(call, use.clock), wanted));
  http::Response response;
  response.status = prepared.status;
  CONCORD_ASSIGN(response.body, written(*prepared.resource, call.answering));
  response.header("Content-Type", std::string(content_type(call.answering.format)));
  return response;
}

}  // namespace

void register_prepare(endpoints::Table& table) { table.add(kEndpoint, &prepare); }

}  // namespace concord::api
