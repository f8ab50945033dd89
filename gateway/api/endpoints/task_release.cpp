// Release of prescriptions to a dispenser. Source: eps.md sections 9 and 10.
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"

namespace concord::api {
namespace {

constexpr std::string_view kResources[] = {"Task"};
constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .resources = kResources,
    .method = "POST",
    .path = "/FHIR/R4/Task/$release",
    .scope = "Task.write",
    .documentation =
        "Takes Parameters (owner, agent, and for one prescription group-identifier) and answers "
        "Parameters with the prescriptions handed out, or an OperationOutcome. What the other side "
        "hands out is stored before it is answered: asked for again under the same X-Request-ID, "
        "or "
        "at Content-Location after 202, it is the same.",
    .operation = "release",
    .definition = "https://fhir.nhs.uk/OperationDefinition/Task-release"};

Result<http::Response> release(Call& call, const Services& use) {
  return take_message(call, use, "Parameters");
}

}  // namespace

void register_task_release(endpoints::Table& table) { table.add(kEndpoint, &release); }

}  // namespace concord::api
