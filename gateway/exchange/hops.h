#pragma once
/// The hops, one function each, in order. Pure and safe from any thread, but for commit (store).

#include "fhir/core/uuid.h"
#include "fhir/mapping/lineage.h"
#include "fhir/search/parameters.h"
#include "gateway/exchange/stages.h"
#include "gateway/exchange/task_watch.h"

namespace concord::exchange {

/// Errors: too_long (empty or over max_bytes counts as malformed and too_long), unsupported (the
/// content type is neither FHIR JSON nor FHIR XML).
Result<Received> receive(Arrival&& arrival, const ReceiveLimits& limits);

/// Errors: login (a peer that is not on this machine, while callers cannot prove who they are).
Result<Authenticated> authenticate(Received&& received, const CallerDirectory& callers);

/// Reads the bytes into a typed tree and finds the identities of the message.
/// Errors: malformed, too_long, unsupported (not a Bundle of type message with a MessageHeader
/// first), invalid.
Result<Decoded> decode(Authenticated&& authenticated, const definitions::Definitions& definitions,
                       const mappers::Mappers& mappers);

/// Errors: invalid (every finding), too_costly.
Result<ValidatedBundle> validate(Decoded&& decoded, const validate::Validator& validator,
                                 const validate::Options& options);

/// A signed prescription always passes, whatever the agreements say. Errors: denied.
Result<Permitted> decide(ValidatedBundle&& validated, const agreements::Facts& facts,
                         const agreements::AgreementSet& agreements, Instant now);

/// Errors: not_found (no route for this kind of message).
Result<Routed> route(Permitted&& permitted, const RoutingTable& table);

/// Errors: unsupported, invalid, too_long, too_costly (all of the mapper); internal (the route
/// names a format that is not there).
Result<Translated> translate(Routed&& routed, const mappers::Mappers& mappers, Instant now,
                             mapping::TraceSink* trace);

/// Asks the format that recognises the message what is wrong with its signature: where that format
/// also translated it, over the very bytes that will be sent. Messages of kinds
/// that are not signed pass. Under `refuse` a message whose signature does not hold, or that has
/// none, is refused; issues of severity error only stop it.
/// Errors: malformed (the signature; each fault an issue), and those of Signatures::verify().
Result<Verified> verify(Translated&& translated, const mappers::Mappers& mappers,
                        SignaturePolicy policy, Instant now);

/// The one commit point.
class Commit {
 public:
  /// @param keys_kept  how long the message's identities are remembered
  /// @param indexing   for what the Task is found by; null: by nothing
  /// @param watch      hears of the Task that is made; empty: nobody does
  Commit(store::Store& store, std::string node, std::chrono::hours keys_kept,
         const search::Parameters* indexing, const definitions::Definitions* definitions,
         TaskWatch watch = {})
      : store_(&store),
        node_(std::move(node)),
        keys_kept_(keys_kept),
        indexing_(indexing),
        definitions_(definitions),
        watch_(std::move(watch)) {}

  /// The first answer, when the same message was committed before.
  /// Errors: conflict (same identity, other content), transient.
  Result<std::optional<Exchange>> earlier(const Decoded& decoded) const;

  /// Stores exchange, payload, decision, lineage, Task, outbox item and audit records in one
  /// transaction. Errors: conflict, transient, internal.
  Result<Exchange> operator()(Verified&& verified, mapping::LineageRecorder::Taken lineage,
                              const UuidSource& uuids, Instant now) const;

 private:
  Result<Exchange> restored(std::string id, std::string_view answer) const;

  store::Store* store_;
  std::string node_;
  std::chrono::hours keys_kept_;
  const search::Parameters* indexing_;
  const definitions::Definitions* definitions_;
  TaskWatch watch_;
};

}  // namespace concord::exchange
