#pragma once
/// HL7 v3 and the tracker's JSON to FHIR: what a message is, which map reads it, what status a FHIR
/// server answers with.
/// Source: eps.md sections 8.2, 10, 14, 15.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/mapping/map_set.h"
#include "fhir/path/expression.h"
#include "fhir/path/function_table.h"
#include "mappers/core/mapper.h"
#include "mappers/eps/answer_losses.h"

namespace concord::eps {

/// Where the HTTP status of a decoded message comes from.
enum class StatusRule : std::uint8_t {
  ok,               ///< 200, whatever it says
  acknowledgement,  ///< 200 for AA, 400 for any other
  outcome,          ///< of the issues: informational 200, forbidden 403, else 400
};

/// One message this room reads. Adding one is a row here, a map, and a model.
struct Readable {
  /// Name of the XML element the message is, or kTrackerJson.
  std::string_view interaction;
  /// FHIRPath over that element which must hold; empty: always. The first row of the interaction
  /// that holds is taken.
  std::string_view when;
  std::string_view model;  ///< url of the logical model of that element
  std::string_view map;    ///< url of the map to start with
  std::string_view group;  ///< the group to start with; empty: the map's first
  std::string_view kind;   ///< Decoded::message_kind
  StatusRule status = StatusRule::ok;
};

/// The interaction of rows that read the tracker's JSON, told by its shape.
inline constexpr std::string_view kTrackerJson = "tracker";

/// Every message this room reads, in the order they are looked at.
std::span<const Readable> readable();

/// Judges the signature of a ParentPrescription inside a message: one issue for each thing wrong
/// with it; issues of severity error make it count as failed.
using SignatureCheck = std::function<Result<std::vector<Issue>>(
    const tree::Document& message, const tree::Node& parent_prescription, Instant now)>;

/// Compiled once, immutable; safe from any thread. What it was made with must outlive it.
class Decoder {
 public:
  /// Maps and models must hold every row of readable(). Without a check every released prescription
  /// counts as passed. Errors: internal (a row without its map or model, a table that cannot be
  /// read).
  static Result<Decoder> make(definitions::Definitions& definitions, const mapping::MapSet& maps,
                              const path::FunctionTable& functions, std::string_view losses,
                              SignatureCheck check = {});

  /// Reads a message, whoever wrote it, as it comes over the wire: alone, in SOAP, in MIME, or the
  /// tracker's JSON. Of `parameters` it uses `now`, `uuids` (once: all identities of an answer are
  /// version 5 UUIDs below the one drawn), `base_url` (of the FHIR server, for
  /// MessageHeader.source).
  ///
  /// Errors: unsupported (no message of Spine, or none that is read here), malformed, too_long,
  /// too_costly, invalid (a part that must be there is missing, a code or time nobody knows; with
  /// element, line and column).
  Result<mappers::Decoded> decode(std::string_view bytes, std::string_view content_type,
                                  const mappers::Parameters& parameters,
                                  mapping::TraceSink* trace) const;

  /// Reads the verdict out of an answer. Where the acknowledgement alone says it (AA to anything
  /// but a cancellation), the content is not looked at: what cannot be translated was accepted all
  /// the same. Of a refusal that cannot be translated the reason is what stopped the translation.
  ///
  /// Errors: unsupported (no answer of Spine), malformed, too_long, too_costly, invalid (it does
  /// not say what it answers or how).
  Result<mappers::Acknowledgement> acknowledgement(std::string_view bytes,
                                                   std::string_view content_type) const;

 private:
  struct Row {
    const Readable* readable;
    const definitions::Type* type;
    mapping::Entry entry;
    std::optional<path::Expression> when;
  };
  struct Message;

  Decoder(definitions::Definitions& definitions, const mapping::MapSet& maps, AnswerLosses losses,
          SignatureCheck check)
      : definitions_(&definitions),
        maps_(&maps),
        losses_(std::move(losses)),
        check_(std::move(check)) {}

  Result<Message> receive(std::string_view bytes, std::string_view content_type) const;
  Result<const Row*> row_of(const Message& message) const;
  Result<mappers::Decoded> translate(const Message& message, const Row& row, std::string_view seed,
                                     const mappers::Parameters& parameters,
                                     mapping::TraceSink* trace) const;
  bool is_read(std::string_view element) const;

  definitions::Definitions* definitions_;
  const mapping::MapSet* maps_;
  std::vector<Row> rows_;
  AnswerLosses losses_;
  SignatureCheck check_;
};

}  // namespace concord::eps
