// FHIR $process-message: http://hl7.org/fhir/R4/messageheader-operation-process-message.html
#include "fhir/json/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/arrival.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {
namespace {

using Repeats = ResourceBuilder::Repeats;

constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .method = "POST",
    .path = "/FHIR/R4/$process-message",
    .scope = "message.write",
    .documentation =
        "Takes a message Bundle through the whole chain. 202 once it is committed, with the Task "
        "that tells what becomes of it (Location) and, contained in it, an OperationOutcome of "
        "warnings: findings, decisions, losses. Nothing is stored when the answer is an error. "
        "Prefer: return=minimal gives no body, return=OperationOutcome the warnings only.",
    .operation = "process-message",
    .definition = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"};

/// Where an element stands in every DomainResource; everything else comes after.
int rank_of(std::string_view name) noexcept {
  constexpr std::string_view kFirst[] = {"id",       "meta", "implicitRules",
                                         "language", "text", "contained"};
  int rank = 0;
  for (const std::string_view first : kFirst) {
    if (first == name) return rank;
    ++rank;
  }
  return rank;
}

/// The Task with what its sender should hear.
Result<ResourceBuilder> task_with_issues(const exchange::Answer& answer, const Services& use) {
  CONCORD_ASSIGN(tree::Document task, json::read(answer.task, *use.symbols));
  ResourceBuilder out(std::move(task));
  if (answer.issues.empty()) return out;
  tree::Node& outcome = out.resource(out.root(), "contained", "OperationOutcome", Repeats::yes);
  out.text(outcome, "id", "issues");
  add_issues(out, outcome, "informational", answer.issues);
  tree::Node& output = out.element(out.root(), "output", Repeats::yes);
  out.text(out.element(output, "type"), "text", "issues");
  out.text(out.element(output, "valueReference"), "reference", "#issues");
  out.builder().sort_children(
      out.root(), [&](const tree::Node& node) { return rank_of(out.document().name(node)); });
  return out;
}

Result<http::Response> process_message(Call& call, const Services& use) {
  const std::string wanted = preference(call.request, "return");
  CONCORD_ASSIGN(exchange::Answer answer, use.submit(arrival_from(call, use.clock)));
  http::Response response;
  // From here on the message is ours: whatever happens to the answer's body, the sender gets 202.
  if (wanted == "OperationOutcome") {
    ResourceBuilder out(*use.symbols, "OperationOutcome");
    add_issues(out, out.root(), "informational", answer.issues);
    if (auto made = resource_response(202, out, call)) response = *std::move(made);
  } else if (wanted != "minimal") {
    if (auto task = task_with_issues(answer, use)) {
      if (auto made = resource_response(202, *task, call)) response = *std::move(made);
    }
  }
  response.status = 202;
  response.exchange_id = answer.exchange_id;
  response.header("Location", link(use, "Task/" + answer.task_id));
  response.header("X-Concord-Exchange", answer.exchange_id);
  if (answer.replayed) response.header("X-Concord-Replayed", "true");
  return response;
}

}  // namespace

void register_process_message(endpoints::Table& table) { table.add(kEndpoint, &process_message); }

}  // namespace concord::api
