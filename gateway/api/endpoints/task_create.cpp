// Return of a prescription, withdrawal of a dispense notification: a Task as a message.
// Source: eps.md section 13.
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr std::string_view kResources[] = {"Task"};
constexpr Endpoint kEndpoint{
    .interaction = "create",
    .resources = kResources,
    .method = "POST",
    .path = "/FHIR/R4/Task",
    .scope = "Task.write",
    .documentation =
        "A Task that is a message goes through the chain: status rejected gives a prescription "
        "back, in-progress withdraws its last dispense notification; answers what the other side "
        "says (OperationOutcome), Prefer: respond-async gives 202 at once. Any other Task is "
        "kept."};

Result<http::Response> create_task(Call& call, const Services& use) {
  if (is_message(call, use, "Task")) return take_message(call, use, "Task");
  return create_resource(call, use, "Task");
}

}  // namespace

void register_task_create(endpoints::Table& table) { table.add(kEndpoint, &create_task); }

}  // namespace concord::api
