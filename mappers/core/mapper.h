#pragma once
/// What every format gives the gateway: FHIR in, the bytes of that format out, and back.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/core/uuid.h"
#include "fhir/tree/document.h"

namespace concord::mapping {
class TraceSink;
}

namespace concord::mappers {

/// What a translation knows besides the message. The same message with the same parameters gives
/// the same bytes, always (but for the identities that `uuids` makes).
struct Parameters {
  /// "Now", wherever a format wants the time of translation.
  Instant now{};
  /// Further values by name. Each mapper's README lists its own; for EPS: from_asid, to_asid,
  /// user_id, role_id. Names a mapper does not know are ignored.
  std::map<std::string, std::string, std::less<>> values;
  /// New identities, where a message needs one it does not bring. Empty: version 5 UUIDs of the
  /// message's bytes, `now` and a running number, so that they repeat with the message.
  UuidSource uuids;

  /// The value of `name`, or "".
  std::string_view value(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string_view{} : std::string_view{found->second};
  }
};

/// A message in its format.
struct Encoded {
  std::string bytes;
  std::string content_type;  ///< of `bytes`: "application/xml; charset=UTF-8"
  std::string message_kind;  ///< business name: "prescription-order"
  std::string interaction;   ///< name in the format: "PORX_IN020101SM31"
  std::string message_id;    ///< the message's own identity as FHIR holds it
  /// What the message holds and the format cannot carry: warnings with FHIRPath and position.
  std::vector<Issue> losses;
  /// What `bytes` were written from, every element in the namespace it is written in; null: read
  /// `bytes`.
  std::shared_ptr<const tree::Document> written;
  /// The trees a trace points into, kept when a trace was asked for; else empty.
  std::vector<std::shared_ptr<const tree::Document>> traced;
  /// What holds the names a trace points at, when maps may be replaced meanwhile; else null.
  std::shared_ptr<const void> maps;
};

/// A message of the format as FHIR.
struct Decoded {
  /// Bundle, Parameters, Task, Claim or OperationOutcome; typed (definitions::annotate).
  std::shared_ptr<const tree::Document> resource;
  std::string message_kind;  ///< business name: "release-response"
  std::string interaction;   ///< name in the format: "PORX_IN070101UK31"
  std::string message_id;    ///< the message's own identity
  std::string refers_to;     ///< the message it answers; "" when it answers none
  std::string acknowledged;  ///< how it answers, as written ("AA"); "" when it answers none
  /// The status a FHIR server answers with when this is its answer: 200, 400, 404 …
  int status = 200;
  /// What the message holds and the FHIR resource does not.
  std::vector<Issue> losses;
  /// The trees a trace points into, kept when a trace was asked for; else empty.
  std::vector<std::shared_ptr<const tree::Document>> traced;
  /// What holds the names a trace points at, when maps may be replaced meanwhile; else null.
  std::shared_ptr<const void> maps;
};

/// What the other side says of a message it was sent.
struct Acknowledgement {
  enum class Verdict : std::uint8_t {
    accepted,  ///< taken on: AA, CA
    refused,   ///< read, and turned down for what it says: AE, or AR
  };
  Verdict verdict = Verdict::accepted;
  bool final = true;      ///< no further answer to the same message will come
  std::string code;       ///< as written: "AA"
  std::string refers_to;  ///< the message it answers, as Encoded::message_id names it; any case
  /// Why it was refused: published codes in detail_code, the format's own public texts.
  std::vector<Issue> issues;
};

/// What a resource is to a format, told by its kind only.
struct Recognised {
  std::string_view kind;                 ///< business name: "claim"; "": no message of this format
  const tree::Node* workflow = nullptr;  ///< an Identifier in it: what it belongs to, if it says so
};

/// What a format signs, and how it checks signatures. Immutable; safe from any thread.
class Signatures {
 public:
  virtual ~Signatures() = default;

  /// Whether messages of this kind are signed. Looks at the kind only.
  virtual bool covers(const tree::Document& message) const = 0;

  /// What is to be signed, as the answer to `$prepare`: Parameters with digest, timestamp and
  /// algorithm. Errors: as Mapper::encode().
  virtual Result<Decoded> prepare(const tree::Document& message,
                                  const Parameters& parameters) const = 0;

  /// Checks the signatures a message carries against what it says: one issue for each that does
  /// not hold, none when all do and there is one. Errors: as Mapper::encode(); transient when a
  /// revocation list that the policy insists on cannot be had.
  virtual Result<std::vector<Issue>> verify(const tree::Document& message,
                                            const Parameters& parameters) const = 0;

  /// The same for a message as it was translated by this format: what is judged are the bytes that
  /// travel. Errors: as verify().
  virtual Result<std::vector<Issue>> verify_encoded(const Encoded& message,
                                                    const Parameters& parameters) const = 0;

 protected:
  Signatures() = default;
  Signatures(const Signatures&) = delete;
  Signatures& operator=(const Signatures&) = delete;
};

/// One format. Immutable once made: every call is safe from any thread.
class Mapper {
 public:
  virtual ~Mapper() = default;

  /// The format's name in routes and on the command line: "eps".
  virtual std::string_view name() const = 0;

  /// Names what the format translates with, overlays and all: the same for the same maps, in lower
  /// case hex. "" when it has no maps.
  virtual std::string version() const { return {}; }

  /// Whether this format has a message for what the resource holds. Looks at the kind only, so one
  /// that is recognised may still be refused by encode().
  virtual bool recognises(const tree::Document& bundle) const = 0;

  /// Which of this format's messages a resource is; for routing and order.
  virtual Recognised recognise(const tree::Document& resource) const;

  /// Translates a message: a Bundle, or another resource the format has a message for (Parameters,
  /// Task, Claim). `trace`, when given, hears of each target write.
  ///
  /// Errors: unsupported (no such kind of message, or content the format cannot carry without
  /// changing its meaning), invalid (content that breaks a rule of the format; the published error
  /// code is the issue's detail_code), too_long, too_costly, internal. Issues carry FHIRPath and,
  /// where the Bundle was read from text, line and column.
  virtual Result<Encoded> encode(const tree::Document& bundle, const Parameters& parameters,
                                 mapping::TraceSink* trace) const = 0;

  /// Translates a message of the format, whoever wrote it, to FHIR. Bytes come from the network.
  ///
  /// Errors: unsupported (no message of this format, or none it reads), malformed (not readable),
  /// too_long, too_costly, invalid (content FHIR has no place for, with the place in the message).
  virtual Result<Decoded> decode(std::string_view bytes, std::string_view content_type,
                                 const Parameters& parameters, mapping::TraceSink* trace) const;

  /// Signatures of this format, or null: it has none.
  virtual const Signatures* signatures() const { return nullptr; }

  /// Reads the answer to a message this format sent. Bytes of an answer come from the network.
  ///
  /// Errors: unsupported (not an acknowledgement of this format, or the format has none), malformed
  /// (not readable), too_long, invalid (an acknowledgement that does not say what it answers).
  virtual Result<Acknowledgement> read_acknowledgement(std::string_view bytes,
                                                       std::string_view content_type) const;

 protected:
  Mapper() = default;
  Mapper(const Mapper&) = delete;
  Mapper& operator=(const Mapper&) = delete;
};

/// The formats of a program. Filled once at start, by one thread; reading is safe from any.
class Mappers {
 public:
  /// Adds a format. A later one of the same name takes the place of the earlier.
  void add(std::unique_ptr<Mapper> mapper);

  /// The format of that name, or null.
  const Mapper* find(std::string_view name) const;

  /// The first format, in order of adding, that recognises the Bundle, or null.
  const Mapper* recognise(const tree::Document& bundle) const;

  /// Names in order of adding.
  std::vector<std::string_view> names() const;

 private:
  std::vector<std::unique_ptr<Mapper>> mappers_;
};

}  // namespace concord::mappers
