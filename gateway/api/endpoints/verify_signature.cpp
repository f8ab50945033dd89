// Whether prescriptions are signed by whom they say.
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
    .path = "/FHIR/R4/$verify-signature",
    .scope = "message.read",
    .documentation =
        "Takes a signed prescription-order Bundle, a Bundle of such, or the Parameters of a "
        "release. "
        "Answers Parameters with one parameter for each prescription, named by its place: "
        "`messageIdentifier` and `result`, an OperationOutcome with one issue for each check that "
        "fails and warnings for what could not be judged. Nothing is stored or sent.",
    .operation = "verify-signature",
    .definition = "https://concord.example/OperationDefinition/verify-signature"};

Issue holds() {
  Issue issue;
  issue.severity = Severity::information;
  issue.text = "the signature holds";
  return issue;
}

void add(ResourceBuilder& out, std::size_t place, const exchange::SignatureFinding& finding) {
  tree::Node& parameter = out.element(out.root(), "parameter", Repeats::yes);
  out.text(parameter, "name", std::to_string(place));
  if (!finding.identifier_value.empty()) {
    tree::Node& part = out.element(parameter, "part", Repeats::yes);
    out.text(part, "name", "messageIdentifier");
    tree::Node& identifier = out.element(part, "valueIdentifier");
    out.text(identifier, "system", finding.identifier_system);
    out.text(identifier, "value", finding.identifier_value);
  }
  tree::Node& part = out.element(parameter, "part", Repeats::yes);
  out.text(part, "name", "result");
  tree::Node& outcome = out.resource(part, "resource", "OperationOutcome");
  add_issues(out, outcome, "informational",
             finding.issues.empty() ? std::vector<Issue>{holds()} : finding.issues);
}

Result<http::Response> verify_signature(Call& call, const Services& use) {
  if (!use.verify_signatures) {
    return make_error(ErrorCode::unsupported, "$verify-signature is not served here");
  }
  CONCORD_ASSIGN(const std::vector<exchange::SignatureFinding> findings,
                 use.verify_signatures(arrival_from(call, use.clock)));
  ResourceBuilder out(*use.symbols, "Parameters");
  for (std::size_t place = 0; place < findings.size(); ++place) add(out, place, findings[place]);
  return resource_response(200, out, call);
}

}  // namespace

void register_verify_signature(endpoints::Table& table) { table.add(kEndpoint, &verify_signature); }

}  // namespace concord::api
