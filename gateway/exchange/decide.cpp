// Hop 5: what the agreements say. Hop 7: the bytes that will be sent.
#include "gateway/agreements/agreement_set.h"
#include "gateway/exchange/hops.h"

namespace concord::exchange {

namespace {

/// FHIR messages that carry a signed prescription. Whatever an agreement says, it is never stopped:
/// agreements.md section 0, rule 1. The agreements see to that themselves; this is the second bolt.
bool is_prescription(const Decoded& decoded) {
  return decoded.message().kind == "prescription-order";
}

}  // namespace

Result<Permitted> decide(ValidatedBundle&& validated, const agreements::Facts& facts,
                         const agreements::AgreementSet& agreements, Instant now) {
  agreements::Decisions decisions = agreements::decide(validated.bundle(), facts, agreements, now);
  if (!decisions.goes_on() && !is_prescription(validated.decoded())) {
    Error error;
    error.code = ErrorCode::denied;
    error.issues = decisions.issues();
    return error;
  }
  return Permitted(std::move(validated), std::move(decisions), now);
}

Result<Translated> translate(Routed&& routed, const mappers::Mappers& mappers, Instant now,
                             mapping::TraceSink* trace) {
  const mappers::Mapper* mapper = mappers.find(routed.route().format);
  if (mapper == nullptr) {
    Error error = make_error(ErrorCode::internal, "the route of this message has no such format");
    error.log_detail = "no mapper \"" + routed.route().format + "\"";
    return error;
  }
  mappers::Parameters parameters = routed.route().parameters;
  parameters.now = now;
  CONCORD_ASSIGN(mappers::Encoded encoded, mapper->encode(routed.bundle(), parameters, trace));
  const Sha256 digest = sha256(encoded.bytes);
  return Translated(std::move(routed), std::move(encoded), digest);
}

std::vector<Issue> Verified::issues() const {
  std::vector<Issue> all = translated_.validated().warnings();
  all.insert(all.end(), findings_.begin(), findings_.end());
  std::vector<Issue> decided = translated_.permitted().decisions().issues();
  for (Issue& issue : decided) {
    // An error in the answer to an accepted message would be a contradiction.
    if (issue.severity == Severity::error) issue.severity = Severity::warning;
    all.push_back(std::move(issue));
  }
  const std::vector<Issue>& losses = translated_.encoded().losses;
  all.insert(all.end(), losses.begin(), losses.end());
  return all;
}

}  // namespace concord::exchange
