#include "mappers/eps/signing/signatures.h"

#include <utility>

#include "fhir/core/digest.h"
#include "fhir/definitions/annotate.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "mappers/eps/message_kind.h"
#include "mappers/eps/published_error.h"
#include "mappers/eps/signing/display.h"
#include "mappers/eps/signing/known_certificates.h"
#include "mappers/eps/signing/signed_info.h"
#include "mappers/eps/signing/signed_parts.h"
#include "mappers/eps/signing/verify.h"

namespace concord::eps {
namespace {

using signing::Hash;
using tree::Node;

/// The one message of EPS that is signed.
constexpr std::string_view kSigned = "prescription-order";

/// The tree of a message as it travels: the one it was written from, or read back.
Result<std::shared_ptr<const tree::Document>> travelling(const mappers::Encoded& encoded,
                                                         const tree::Symbols& symbols) {
  if (encoded.written != nullptr) return encoded.written;
  CONCORD_ASSIGN(tree::Document document, xml::read(encoded.bytes, symbols));
  return std::make_shared<const tree::Document>(std::move(document));
}

Result<const Node*> prescription_in(const tree::Document& document) {
  const Node* at = &document.root();
  for (const char* name : {"ControlActEvent", "subject", "ParentPrescription"}) {
    at = signing::only_child(document, *at, name);
    if (at == nullptr) {
      return make_error(ErrorCode::internal,
                        "the message as translated holds no ParentPrescription");
    }
  }
  return at;
}

/// "2022-02-01T00:00:00+00:00", as the national service writes times.
std::string timestamp(Instant at) {
  std::string text = format_instant(at);
  text.replace(text.size() - 1, 1, "+00:00");
  return text;
}

/// Parameters with string values.
class ParametersBuilder {
 public:
  explicit ParametersBuilder(const tree::Symbols& symbols)
      : document_(std::make_shared<tree::Document>(symbols)), builder_(*document_) {
    builder_.set_type(builder_.root(), builder_.symbol("Parameters"));
    builder_.set_flag(builder_.root(), tree::Flag::resource);
  }
  void add(std::string_view name, std::string_view value) {
    Node* parameter = builder_.append(builder_.root(), builder_.symbol("parameter"));
    builder_.set_flag(*parameter, tree::Flag::in_array);
    builder_.set_copy(*builder_.append(*parameter, builder_.symbol("name"), tree::Kind::string),
                      name);
    builder_.set_copy(
        *builder_.append(*parameter, builder_.symbol("valueString"), tree::Kind::string), value);
  }
  std::shared_ptr<const tree::Document> typed(const definitions::Definitions& definitions) {
    definitions::annotate(builder_, definitions);
    return std::move(document_);
  }

 private:
  std::shared_ptr<tree::Document> document_;
  tree::Builder builder_;
};

Result<Hash> wanted_hash(const mappers::Parameters& parameters) {
  const std::string_view word = parameters.value("algorithm");
  if (word.empty()) return Hash::sha256;
  const auto hash = signing::hash_of_algorithm_word(word);
  if (!hash) return invalid_value("algorithm must be RS256 or RS1");
  return *hash;
}

/// Only prescriptions are signed. Bundles of no kind at all are encode()'s to refuse.
Result<void> check_kind(const tree::Document& message) {
  const Event event = event_of(message);
  const bool names_another = event.kind == nullptr && event.code != nullptr;
  if (!names_another && (event.kind == nullptr || event.kind->name == kSigned)) return {};
  const tree::Node& place = event.code != nullptr ? *event.code : message.root();
  return invalid_value(
      "MessageHeader.eventCoding.code must be prescription-order: no other "
      "message of EPS is signed",
      message.path(place), message.position(place));
}

}  // namespace

EpsSignatures::EpsSignatures(const mappers::Mapper& mapper, definitions::Definitions& definitions,
                             TrustSource trust, std::shared_ptr<signing::KnownCertificates> known)
    : mapper_(mapper),
      definitions_(definitions),
      trust_(std::move(trust)),
      known_(std::move(known)) {
  if (!trust_) trust_ = [unjudged = TrustStore::unjudged()] { return unjudged; };
}

bool EpsSignatures::covers(const tree::Document& message) const {
  const Event event = event_of(message);
  return event.kind != nullptr && event.kind->name == kSigned;
}

Result<mappers::Decoded> EpsSignatures::prepare(const tree::Document& message,
                                                const mappers::Parameters& parameters) const {
  CONCORD_TRY(check_kind(message));
  CONCORD_ASSIGN(const Hash hash, wanted_hash(parameters));
  CONCORD_ASSIGN(mappers::Encoded encoded, mapper_.encode(message, parameters, nullptr));
  CONCORD_ASSIGN(const auto document, travelling(encoded, definitions_.symbols()));
  CONCORD_ASSIGN(const Node* prescription, prescription_in(*document));
  CONCORD_ASSIGN(const signing::SignedParts parts,
                 signing::find_signed_parts(*document, *prescription));
  CONCORD_ASSIGN(const std::string fragments, signing::canonical_fragments(*document, parts));
  const std::string info = signing::signed_info(hash, signing::digest_of(hash, fragments));
  const auto written_at = signing::author_time(*document, parts);
  if (!written_at) return make_error(ErrorCode::internal, "the prescription has no author time");

  ParametersBuilder answer(definitions_.symbols());
  answer.add("digest", base64_encode(info));
  answer.add("timestamp", timestamp(*written_at));
  answer.add("algorithm", signing::algorithm_word(hash));
  if (parameters.value("display") == "true") {
    answer.add("display", signing::display_text(*document, parts));
  }
  mappers::Decoded prepared;
  prepared.resource = answer.typed(definitions_);
  prepared.message_kind = "prepare";
  prepared.message_id = encoded.message_id;
  prepared.losses = std::move(encoded.losses);
  return prepared;
}

Result<std::vector<Issue>> EpsSignatures::verify(const tree::Document& message,
                                                 const mappers::Parameters& parameters) const {
  CONCORD_TRY(check_kind(message));
  CONCORD_ASSIGN(const mappers::Encoded encoded, mapper_.encode(message, parameters, nullptr));
  return verify_encoded(encoded, parameters);
}

Result<std::vector<Issue>> EpsSignatures::verify_encoded(
    const mappers::Encoded& message, const mappers::Parameters& parameters) const {
  CONCORD_ASSIGN(const auto document, travelling(message, definitions_.symbols()));
  CONCORD_ASSIGN(const Node* prescription, prescription_in(*document));
  const std::shared_ptr<const TrustStore> trust = trust_();
  return verify_prescription(*document, *prescription, *trust, parameters.now, known_.get());
}

}  // namespace concord::eps
