// Hop 3: a typed tree with the identities of its message.
#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"
#include "gateway/exchange/hops.h"
#include "gateway/exchange/message_facts.h"

namespace concord::exchange {

namespace {

/// A door takes one type of resource. Source: eps.md section 17, "wrong resourceType".
Result<void> expect_type(const tree::Document& resource, const Arrival& arrival) {
  if (arrival.resource_type.empty()) return {};
  if (resource.text(resource.root().type()) == arrival.resource_type) return {};
  Error error = make_error(ErrorCode::malformed,
                           "Incorrect FHIR resource type. Expected " + arrival.resource_type + ".",
                           "resourceType");
  error.issues.front().severity = Severity::fatal;
  error.issues.front().code = "value";
  return error;
}

}  // namespace

Result<Decoded> decode(Authenticated&& authenticated, const definitions::Definitions& definitions,
                       const mappers::Mappers& mappers) {
  const ReceiveLimits& bounds = authenticated.received().limits();
  const tree::Limits limits{bounds.max_bytes, bounds.max_depth, bounds.max_nodes};
  // The bytes move into the document, which keeps them as they were received.
  std::string bytes = authenticated.take_bytes();
  const Sha256 digest = sha256(bytes);
  auto read = authenticated.received().encoding() == Encoding::json
                  ? json::read(std::move(bytes), definitions.symbols(), limits)
                  : xml::read_fhir(std::move(bytes), definitions.symbols(), limits);
  if (!read) return std::move(read).error();
  tree::Builder builder(*read);
  definitions::annotate(builder, definitions);
  CONCORD_TRY(expect_type(*read, authenticated.arrival()));
  CONCORD_ASSIGN(MessageFacts message, read_message_facts(*read, mappers));
  return Decoded(std::move(authenticated), std::move(*read), std::move(message), digest);
}

}  // namespace concord::exchange
