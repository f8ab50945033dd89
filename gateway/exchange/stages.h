#pragma once
/// The chain of hops as types. Each type can be made by its hop only, and each hop takes the type
/// of the hop before: a step can be neither skipped nor swapped (tests/compile_fail shows it).
///
///     Arrival → receive → Received → authenticate → Authenticated → decode → Decoded →
///     validate → ValidatedBundle → decide → Permitted → route → Routed → translate → Translated →
///     verify → Verified → commit → Exchange
///
/// Each stage owns everything found so far; hops take it by value and nobody shares it. The hops
/// are pure but for commit, and are declared in hops.h. Source: ARCHITECTURE.md section 4.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "gateway/agreements/decision.h"
#include "gateway/agreements/facts.h"
#include "mappers/core/mapper.h"

namespace concord::agreements {
class AgreementSet;
}
namespace concord::definitions {
class Definitions;
}
namespace concord::mapping {
class TraceSink;
}
namespace concord::store {
class Store;
struct Item;
}  // namespace concord::store
namespace concord::validate {
class Validator;
struct Options;
}  // namespace concord::validate

namespace concord::exchange {

/// What a door hands in.
struct Arrival {
  std::string bytes;
  std::string content_type;       ///< as declared: "application/fhir+json; charset=utf-8"
  std::string door;               ///< which door: "http"
  std::string resource_type;      ///< the only one this door takes: "Task"; empty: "Bundle"
  std::string peer;               ///< address of the other end, for the log
  bool loopback = false;          ///< the other end is this machine
  std::string request_id;         ///< given by the sender, or made at the door
  bool request_id_given = false;  ///< given by the sender: then it is an idempotency key
  Instant received_at{};
  Instant deadline{};  ///< nothing is committed after this
};

/// Bounds on what comes in. Past one of them: too_long.
struct ReceiveLimits {
  std::size_t max_bytes = std::size_t{4} << 20;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 200'000;
};

/// How the bytes of a message are written.
enum class Encoding : std::uint8_t { json, xml };

/// Who sends, as far as the gateway trusts it.
struct Caller {
  std::string organisation;  ///< ODS code
  std::string role;
  std::vector<std::string> scopes;
  std::string identifier_policy;  ///< name of the policy its messages are validated under
};

/// Who may call. Until callers can prove who they are, every loopback peer is the configured one
/// and no other peer is anybody.
struct CallerDirectory {
  Caller loopback;
};

/// The identities of a message and what it is about: of a Bundle read from it, of another resource
/// (Parameters, Task, Claim) asked from the formats.
struct MessageFacts {
  std::string kind;          ///< MessageHeader.eventCoding.code or eventUri, or the format's word
  std::string bundle_id;     ///< "system|value" of the resource's first identifier, or ""
  std::string header_id;     ///< MessageHeader.id, or ""
  std::string sender;        ///< identifier of MessageHeader.sender, or ""
  std::string focus_system;  ///< business identifier of the workflow: the requests' groupIdentifier
  std::string focus_value;
  std::string focus_type;  ///< resource type of the first request: "MedicationRequest"
  std::string subject;     ///< lower-case hex digest: order is kept within it
};

/// Where a kind of message goes. From configuration.
struct Route {
  std::string message_kind;     ///< "*" for every kind without a row of its own
  std::string destination;      ///< name of a configured destination
  std::string channel;          ///< transport by name
  std::string format;           ///< mapper by name
  std::string owner;            ///< organisation that must act when it cannot be delivered
  std::string receiver;         ///< identifier of the receiving organisation, for the Task
  bool answer_awaited = false;  ///< its sender wants what the other side says, not only a Task
  std::chrono::hours give_up_after{72};
  mappers::Parameters parameters;  ///< fixed values for the mapper; `now` is set by the hop
};

/// Routes by message kind.
struct RoutingTable {
  std::vector<Route> routes;
  /// The row of a kind, else the row "*", else null.
  const Route* find(std::string_view message_kind) const;
};

class Decoded;

/// Hop 1: bytes within the limits, in an encoding we read.
class Received {
 public:
  const Arrival& arrival() const { return arrival_; }
  Encoding encoding() const { return encoding_; }
  const ReceiveLimits& limits() const { return limits_; }

 private:
  Received(Arrival arrival, Encoding encoding, const ReceiveLimits& limits)
      : arrival_(std::move(arrival)), encoding_(encoding), limits_(limits) {}
  friend Result<Received> receive(Arrival&& arrival, const ReceiveLimits& limits);
  friend class Authenticated;
  std::string take_bytes() { return std::move(arrival_.bytes); }
  Arrival arrival_;
  Encoding encoding_;
  ReceiveLimits limits_;
};

/// Hop 2: from somebody we know.
class Authenticated {
 public:
  const Arrival& arrival() const { return received_.arrival(); }
  const Received& received() const { return received_; }
  const Caller& caller() const { return caller_; }

 private:
  Authenticated(Received&& received, Caller caller)
      : received_(std::move(received)), caller_(std::move(caller)) {}
  friend Result<Authenticated> authenticate(Received&& received, const CallerDirectory& callers);
  friend Result<Decoded> decode(Authenticated&& authenticated,
                                const definitions::Definitions& definitions,
                                const mappers::Mappers& mappers);
  std::string take_bytes() { return received_.take_bytes(); }
  Received received_;
  Caller caller_;
};

/// Hop 3: a message (a Bundle, or another resource a format has a message for) as a typed tree,
/// with its identities.
class Decoded {
 public:
  const Authenticated& authenticated() const { return authenticated_; }
  const Arrival& arrival() const { return authenticated_.arrival(); }
  const Caller& caller() const { return authenticated_.caller(); }
  const tree::Document& bundle() const { return bundle_; }
  const MessageFacts& message() const { return message_; }
  /// SHA-256 of the bytes as received.
  const Sha256& digest() const { return digest_; }
  /// The bytes as received.
  std::string_view payload() const { return bundle_.source(); }

 private:
  Decoded(Authenticated&& authenticated, tree::Document bundle, MessageFacts message,
          const Sha256& digest)
      : authenticated_(std::move(authenticated)),
        bundle_(std::move(bundle)),
        message_(std::move(message)),
        digest_(digest) {}
  friend Result<Decoded> decode(Authenticated&& authenticated,
                                const definitions::Definitions& definitions,
                                const mappers::Mappers& mappers);
  Authenticated authenticated_;
  tree::Document bundle_;
  MessageFacts message_;
  Sha256 digest_;
};

/// Hop 4: a Bundle that met its definitions and the sender's identifier policy.
class ValidatedBundle {
 public:
  const Decoded& decoded() const { return decoded_; }
  const tree::Document& bundle() const { return decoded_.bundle(); }
  /// Findings that did not stop it.
  const std::vector<Issue>& warnings() const { return warnings_; }

 private:
  ValidatedBundle(Decoded&& decoded, std::vector<Issue> warnings)
      : decoded_(std::move(decoded)), warnings_(std::move(warnings)) {}
  friend Result<ValidatedBundle> validate(Decoded&& decoded, const validate::Validator& validator,
                                          const validate::Options& options);
  Decoded decoded_;
  std::vector<Issue> warnings_;
};

/// Hop 5: a Bundle the agreements let pass, with what they said.
class Permitted {
 public:
  const ValidatedBundle& validated() const { return validated_; }
  const Decoded& decoded() const { return validated_.decoded(); }
  const tree::Document& bundle() const { return validated_.bundle(); }
  const agreements::Decisions& decisions() const { return decisions_; }
  Instant decided_at() const { return decided_at_; }

 private:
  Permitted(ValidatedBundle&& validated, agreements::Decisions decisions, Instant decided_at)
      : validated_(std::move(validated)),
        decisions_(std::move(decisions)),
        decided_at_(decided_at) {}
  friend Result<Permitted> decide(ValidatedBundle&& validated, const agreements::Facts& facts,
                                  const agreements::AgreementSet& agreements, Instant now);
  ValidatedBundle validated_;
  agreements::Decisions decisions_;
  Instant decided_at_;
};

/// Hop 6: a Bundle with a destination.
class Routed {
 public:
  const Permitted& permitted() const { return permitted_; }
  const Decoded& decoded() const { return permitted_.decoded(); }
  const tree::Document& bundle() const { return permitted_.bundle(); }
  const Route& route() const { return route_; }

 private:
  Routed(Permitted&& permitted, Route route)
      : permitted_(std::move(permitted)), route_(std::move(route)) {}
  friend Result<Routed> route(Permitted&& permitted, const RoutingTable& table);
  Permitted permitted_;
  Route route_;
};

/// Hop 7: the bytes that will be sent, every time the same.
class Translated {
 public:
  const Routed& routed() const { return routed_; }
  const Permitted& permitted() const { return routed_.permitted(); }
  const ValidatedBundle& validated() const { return permitted().validated(); }
  const Decoded& decoded() const { return routed_.decoded(); }
  const Route& route() const { return routed_.route(); }
  const mappers::Encoded& encoded() const { return encoded_; }
  /// SHA-256 of the encoded bytes.
  const Sha256& digest() const { return digest_; }

 private:
  Translated(Routed&& routed, mappers::Encoded encoded, const Sha256& digest)
      : routed_(std::move(routed)), encoded_(std::move(encoded)), digest_(digest) {}
  friend Result<Translated> translate(Routed&& routed, const mappers::Mappers& mappers, Instant now,
                                      mapping::TraceSink* trace);
  Routed routed_;
  mappers::Encoded encoded_;
  Sha256 digest_;
};

/// What is done about the signatures of messages that are signed.
enum class SignaturePolicy : std::uint8_t {
  off,     ///< they are not looked at
  warn,    ///< what is wrong with one, or that there is none, is a warning
  refuse,  ///< the message is refused
};

/// Hop 8: bytes whose signature was looked at, as far as the policy asks.
class Verified {
 public:
  const Translated& translated() const { return translated_; }
  /// What is wrong with the signature, or could not be told; never errors.
  const std::vector<Issue>& findings() const { return findings_; }
  /// Everything the sender should hear: of validation, signature, agreements and translation.
  std::vector<Issue> issues() const;

 private:
  Verified(Translated&& translated, std::vector<Issue> findings)
      : translated_(std::move(translated)), findings_(std::move(findings)) {}
  friend Result<Verified> verify(Translated&& translated, const mappers::Mappers& mappers,
                                 SignaturePolicy policy, Instant now);
  Translated translated_;
  std::vector<Issue> findings_;
};

/// Hop 9: ours, durably.
class Exchange {
 public:
  const std::string& id() const { return id_; }
  const std::string& task_id() const { return task_id_; }
  const std::string& task() const { return task_; }  ///< FHIR R4 Task, JSON, as first answered
  const std::vector<Issue>& issues() const { return issues_; }
  const std::string& destination() const { return destination_; }
  /// The same message was committed before: this is its first answer.
  bool replayed() const { return replayed_; }

 private:
  Exchange() = default;
  friend class Commit;
  std::string id_;
  std::string task_id_;
  std::string task_;
  std::vector<Issue> issues_;
  std::string destination_;
  bool replayed_ = false;
};

}  // namespace concord::exchange
