// FHIR $process-message: http://hl7.org/fhir/R4/messageheader-operation-process-message.html
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .method = "POST",
    .path = "/FHIR/R4/$process-message",
    .scope = "message.write",
    .documentation =
        "Takes a message Bundle through the whole chain. 202 once it is committed, with the Task "
        "that tells what becomes of it (Location) and, contained in it, an OperationOutcome of "
        "warnings: findings, decisions, losses. Nothing is stored when the answer is an error. "
        "Prefer: return=minimal gives no body, return=OperationOutcome the warnings only. For "
        "kinds "
        "whose answer is awaited (routes in the configuration), and with Prefer: wait=SECONDS, "
        "what "
        "the other side says is the answer; when it does not come in time, or with Prefer: "
        "respond-async, 202 with Content-Location to ask again.",
    .operation = "process-message",
    .definition = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"};

Result<http::Response> process_message(Call& call, const Services& use) {
  return take_message(call, use, "Bundle");
}

}  // namespace

void register_process_message(endpoints::Table& table) { table.add(kEndpoint, &process_message); }

}  // namespace concord::api
