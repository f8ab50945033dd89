// A claim for reimbursement of what was dispensed: a Claim as a message. Source: eps.md section 12.
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"

namespace concord::api {
namespace {

constexpr std::string_view kResources[] = {"Claim"};
constexpr Endpoint kEndpoint{
    .interaction = "create",
    .resources = kResources,
    .method = "POST",
    .path = "/FHIR/R4/Claim",
    .scope = "Claim.write",
    .documentation =
        "Takes a claim, or with Extension-replacementOf its amendment, through the chain as a "
        "message and answers what the other side says (OperationOutcome). Prefer: respond-async "
        "gives 202 at once."};

Result<http::Response> claim(Call& call, const Services& use) {
  return take_message(call, use, "Claim");
}

}  // namespace

void register_claim(endpoints::Table& table) { table.add(kEndpoint, &claim); }

}  // namespace concord::api
