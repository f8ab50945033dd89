// A claim for reimbursement of what was dispensed: a Claim as a message. Source: eps.md section 12.
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"
#include "gateway/api/stored.h"

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
        "A claim for what was dispensed, or with Extension-replacementOf its amendment, goes "
        "through the chain as a message; answers what the other side says (OperationOutcome), "
        "Prefer: respond-async gives 202 at once. Any other Claim is kept."};

Result<http::Response> claim(Call& call, const Services& use) {
  if (is_message(call, use, "Claim")) return take_message(call, use, "Claim");
  return create_resource(call, use, "Claim");
}

}  // namespace

void register_claim(endpoints::Table& table) { table.add(kEndpoint, &claim); }

}  // namespace concord::api
