#pragma once
/// The service behind every door: takes what arrives through the chain of hops and answers.
/// Knows no HTTP. All calls are safe from any thread and block until done.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/core/uuid.h"
#include "fhir/mapping/lineage.h"
#include "fhir/search/parameters.h"
#include "gateway/exchange/announcements.h"
#include "gateway/exchange/stages.h"
#include "gateway/exchange/task_watch.h"
#include "gateway/exchange/turns.h"
#include "mappers/core/search.h"

namespace concord::channels {
class Channels;
}

namespace concord::exchange {

/// The answer to an accepted message.
struct Answer {
  std::string exchange_id;
  std::string task_id;
  std::string task;           ///< FHIR R4 Task, JSON, as it was when the message was accepted
  std::vector<Issue> issues;  ///< warnings and information: findings, decisions, losses
  bool replayed = false;      ///< the same message was accepted before; this is that first answer
  bool awaited = false;       ///< its kind is one whose sender wants what the other side says
};

/// What the other side said to a message, as FHIR. Made from the bytes that were stored with the
/// delivery, always in the same way: asked for again it is the same.
struct PeerAnswer {
  enum class State : std::uint8_t {
    pending,   ///< it did not answer yet
    given,     ///< `status` and `body` hold
    given_up,  ///< nothing will come by itself: the Task says who must act
  };
  State state = State::pending;
  int status = 0;    ///< as a FHIR server answers: 200, 400, …
  std::string body;  ///< a FHIR resource, JSON
};

/// The row of the routing table that says where searches go.
inline constexpr std::string_view kSearchRoute = "search";

/// Who searches, and how long an answer is waited for.
struct SearchContext {
  std::string request_id;
  bool loopback = false;  ///< the caller is on this machine
  std::chrono::milliseconds timeout{25'000};
};

/// How long one hop took.
struct HopTime {
  std::string_view hop;  ///< "receive", "authenticate", "decode", …
  std::chrono::microseconds took{};
};

/// What would have been sent.
struct DryRun {
  std::string message_kind;  ///< "prescription-order"
  std::string destination;
  std::string channel;
  std::string format;
  std::string interaction;  ///< name of the message in its format
  std::string message_id;
  std::string content_type;  ///< of `bytes`
  std::string bytes;         ///< the message in its format
  std::string digest;        ///< lower-case hex SHA-256 of `bytes`
  agreements::Decisions decisions;
  std::vector<Issue> issues;
  std::vector<HopTime> hops;
};

/// What is wrong with the signature of one message.
struct SignatureFinding {
  std::string identifier_system, identifier_value;  ///< of the message: Bundle.identifier
  /// None: the signature holds. Errors, and warnings about what could not be judged.
  std::vector<Issue> issues;
};

/// A Task as it is now.
struct TaskView {
  std::string id;
  std::int64_t version = 1;
  Instant updated_at{};
  std::string status;
  std::string body;  ///< FHIR R4 Task, JSON
};

/// Which rule of which map wrote which element of the message that was sent for a Task. Names,
/// places and offsets: nothing of a patient.
struct LineageView {
  std::string task;
  std::string exchange;
  std::string message_kind;
  std::string content_type;   ///< of the message as received
  std::string source_digest;  ///< lower-case hex SHA-256 of the message as received
  Instant recorded_at{};      ///< when the message was accepted
  std::string node;           ///< gateway that answers
  mapping::Lineage lineage;
  std::vector<mapping::RuleTable> tables;  ///< as lineage.tables; every rule of a write is there
};

/// Hears how long each hop of each message took and how it ended ("" or the error code's name).
/// Called from the thread of the request; must not block.
using HopObserver =
    std::function<void(std::string_view hop, std::chrono::microseconds took, std::string_view end)>;

/// What the service stands on. Everything must outlive the service.
struct Parts {
  const definitions::Definitions* definitions = nullptr;
  const validate::Validator* validator = nullptr;
  /// How strictly to validate, by the name of the caller's policy; null: no such policy.
  std::function<const validate::Options*(std::string_view policy)> validation;
  const agreements::AgreementSet* agreements = nullptr;
  /// Reads what is known beside the message, once for each decision; may be empty: nothing is.
  std::function<Result<agreements::Facts>(const Decoded&)> facts;
  const mappers::Mappers* mappers = nullptr;
  /// For what Tasks are found by; null: by nothing.
  const search::Parameters* parameters = nullptr;
  TaskWatch watch;  ///< hears of each Task that is made; empty: nobody does
  store::Store* store = nullptr;
  /// Searches by the name of their format, and what carries them; may be empty: none are served.
  std::map<std::string, const mappers::Search*, std::less<>> searches;
  const channels::Channels* channels = nullptr;
  Clock clock;
  UuidSource uuids;
  /// Told after each commit that a destination has something to deliver; may be empty.
  std::function<void(std::string_view destination)> wake;
  HopObserver observe;                     ///< may be empty
  Announcements* announcements = nullptr;  ///< told when something was settled; null: none is
};

struct Settings {
  ReceiveLimits limits;
  CallerDirectory callers;
  RoutingTable routes;
  SignaturePolicy signatures = SignaturePolicy::off;
  /// Fixed values for prepare(), by name (mappers::Parameters); `now` is set by the call.
  mappers::Parameters preparing;
  std::string node = "concord";           ///< name of this gateway in audit records
  std::chrono::hours keys_kept{90 * 24};  ///< idempotency window
};

class ExchangeService {
 public:
  ExchangeService(Parts parts, Settings settings);

  /// Hop 1 with the configured limits.
  /// Errors: too_long (over a limit of size), unsupported (neither JSON nor XML).
  Result<Received> receive(Arrival arrival) const;

  /// The whole chain. Returns after the commit, or with nothing stored.
  ///
  /// Errors: login (peer unknown), malformed, unsupported (no message Bundle, nothing in the format
  /// for it), too_long, too_costly, invalid (with all findings), denied (an agreement says no; no
  /// prescription can get this), not_found (no route for this kind), conflict (a known identity
  /// with other content), timeout (deadline passed before the commit), transient (the store).
  Result<Answer> submit(Received received) const;

  /// The chain without its commit: nothing is stored, no key is looked up. `trace`, when given,
  /// hears of each target write of the mapping. Errors: as submit(), without conflict.
  Result<DryRun> transform(Received received, mapping::TraceSink* trace) const;

  /// What is to be signed of a message: the chain as far as `validate`, then the format's
  /// Signatures::prepare(). `wanted` goes before the fixed values of the settings. Nothing is
  /// stored. Errors: login, malformed, unsupported (no message Bundle, or none anybody signs),
  /// too_long, too_costly, invalid, timeout.
  Result<mappers::Decoded> prepare(Received received,
                                   const std::map<std::string, std::string>& wanted) const;

  /// Looks at the signature of every message Bundle in what was received: a message, a Bundle of
  /// messages, or Parameters with such Bundles (an answer to a release), at most 100. A message
  /// that cannot be judged has the reason among its issues. Nothing is stored.
  /// Errors: login, malformed, unsupported (no message Bundle in it), too_long, timeout.
  Result<std::vector<SignatureFinding>> verify_signatures(Received received) const;

  /// What the other side said to the message of a Task; waits for it until `until` (of the steady
  /// clock). Nothing when there is no such Task.
  /// Errors: those of the store; internal (an answer that cannot be read; its bytes are kept).
  Result<std::optional<PeerAnswer>> peer_answer(std::string_view task,
                                                std::chrono::steady_clock::time_point until) const;

  /// Asks the other side; nothing is stored. Errors: login, not_found (no route, format or channel
  /// for searches), malformed and unsupported (of the search), transient (no answer, or none that
  /// can be read).
  Result<PeerAnswer> search(std::string_view resource_type,
                            const mappers::SearchParameters& parameters,
                            const SearchContext& context) const;

  /// A Task by its id; nothing when there is none. Errors: those of the store.
  Result<std::optional<TaskView>> task(std::string_view id) const;

  /// The lineage of the message of a Task; nothing when there is no such Task, or it was accepted
  /// before lineage was kept. Errors: those of the store; internal (damaged).
  Result<std::optional<LineageView>> lineage(std::string_view task) const;

 private:
  Result<PeerAnswer> peer_answer_of(const store::Item& item) const;

  Parts parts_;
  Settings settings_;
  std::unique_ptr<Turns> turns_;
};

}  // namespace concord::exchange
