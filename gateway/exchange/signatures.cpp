// Hop 8: whether a message is signed by whom it says. And the same question asked on its own.
#include "gateway/exchange/signatures.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "gateway/exchange/hops.h"

namespace concord::exchange {
namespace {

using tree::Node;

constexpr std::size_t kMostMessages = 100;

bool is_error(const Issue& issue) {
  return issue.severity == Severity::error || issue.severity == Severity::fatal;
}

/// The signatures of the format that recognises the message; null: nobody signs such messages.
const mappers::Signatures* signatures_of(const mappers::Mapper* mapper,
                                         const tree::Document& message) {
  const mappers::Signatures* signatures = mapper == nullptr ? nullptr : mapper->signatures();
  return signatures != nullptr && signatures->covers(message) ? signatures : nullptr;
}

const Node* child(const tree::Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

std::string text_of(const tree::Document& document, const Node* node, std::string_view name) {
  const Node* found = node == nullptr ? nullptr : child(document, *node, name);
  return found == nullptr ? std::string() : std::string(found->text());
}

/// Message Bundles at or below the root, in order. Collections may hold collections: an answer to
/// a release has Parameters, a Bundle in each, and messages in these.
/// Errors: too_long.
Result<std::vector<const Node*>> messages_in(const tree::Document& document) {
  std::vector<const Node*> found, open{&document.root()};
  while (!open.empty()) {
    const Node* resource = open.back();
    open.pop_back();
    const std::string_view type = document.text(resource->type());
    if (type == "Bundle" && text_of(document, resource, "type") == "message") {
      if (found.size() == kMostMessages) {
        return make_error(ErrorCode::too_long, "more than 100 messages", "Bundle");
      }
      found.push_back(resource);
      continue;
    }
    if (type != "Bundle" && type != "Parameters") continue;
    const std::size_t before = open.size();
    for (const Node& member : resource->children()) {
      const std::string_view name = document.name(member);
      if (name != "entry" && name != "parameter") continue;
      const Node* inner = child(document, member, "resource");
      if (inner != nullptr && inner->is(tree::Flag::resource)) open.push_back(inner);
    }
    std::reverse(open.begin() + static_cast<std::ptrdiff_t>(before), open.end());
  }
  return found;
}

/// One message out of a larger document, as a typed document of its own. Errors: too_long.
Result<tree::Document> alone(const tree::Document& document, const Node& message,
                             const definitions::Definitions& definitions) {
  tree::Document own(document.symbols(), document.limits());
  tree::Builder builder(own);
  builder.set_type(builder.root(), builder.symbol("Bundle"));
  builder.set_flag(builder.root(), tree::Flag::resource);
  for (const Node& member : message.children()) {
    if (builder.copy_into(builder.root(), document, member,
                          builder.symbol(document.name(member))) == nullptr) {
      return make_error(ErrorCode::too_long, "the message has too many elements");
    }
  }
  definitions::annotate(builder, definitions);
  return own;
}

Result<SignatureFinding> judge(const tree::Document& message, const mappers::Mappers& mappers,
                               Instant now) {
  SignatureFinding finding;
  const Node* identifier = child(message, message.root(), "identifier");
  finding.identifier_system = text_of(message, identifier, "system");
  finding.identifier_value = text_of(message, identifier, "value");
  const mappers::Signatures* signatures = signatures_of(mappers.recognise(message), message);
  if (signatures == nullptr) {
    Issue unsigned_kind;
    unsigned_kind.text = "messages of this kind are not signed";
    unsigned_kind.code = "not-supported";
    finding.issues.push_back(std::move(unsigned_kind));
    return finding;
  }
  mappers::Parameters parameters;
  parameters.now = now;
  auto issues = signatures->verify(message, parameters);
  if (issues) {
    finding.issues = *std::move(issues);
    return finding;
  }
  // What is wrong with this one message does not keep the others from being judged.
  const ErrorRow& row = error_row(issues.error().code);
  if (row.http_status >= 500) return std::move(issues).error();
  for (Issue& issue : issues.error().issues) {
    if (issue.code.empty()) issue.code = row.issue_type;
    finding.issues.push_back(std::move(issue));
  }
  return finding;
}

}  // namespace

Result<Verified> verify(Translated&& translated, const mappers::Mappers& mappers,
                        SignaturePolicy policy, Instant now) {
  const tree::Document& bundle = translated.decoded().bundle();
  const mappers::Mapper* signer =
      policy == SignaturePolicy::off ? nullptr : mappers.recognise(bundle);
  const mappers::Signatures* signatures = signatures_of(signer, bundle);
  if (signatures == nullptr) return Verified(std::move(translated), {});
  mappers::Parameters parameters;
  parameters.now = now;
  const bool travels_so = signer->name() == translated.route().format;
  CONCORD_ASSIGN(std::vector<Issue> found,
                 travels_so ? signatures->verify_encoded(translated.encoded(), parameters)
                            : signatures->verify(bundle, parameters));
  if (policy == SignaturePolicy::refuse && std::any_of(found.begin(), found.end(), is_error)) {
    Error error;
    error.code = ErrorCode::malformed;  // the national API answers 400 to these
    error.issues = std::move(found);
    return error;
  }
  for (Issue& issue : found) {
    if (is_error(issue)) issue.severity = Severity::warning;
  }
  return Verified(std::move(translated), std::move(found));
}

Result<mappers::Decoded> prepare_signature(const tree::Document& message,
                                           const mappers::Mappers& mappers,
                                           const mappers::Parameters& parameters) {
  const mappers::Mapper* mapper = mappers.recognise(message);
  if (mapper == nullptr || mapper->signatures() == nullptr) {
    return make_error(ErrorCode::unsupported, "no format here has a signature for this message");
  }
  return mapper->signatures()->prepare(message, parameters);
}

Result<std::vector<SignatureFinding>> judge_signatures(const Received& received,
                                                       const definitions::Definitions& definitions,
                                                       const mappers::Mappers& mappers,
                                                       Instant now) {
  const ReceiveLimits& bounds = received.limits();
  const tree::Limits limits{bounds.max_bytes, bounds.max_depth, bounds.max_nodes};
  const std::string& bytes = received.arrival().bytes;
  const auto document = received.encoding() == Encoding::json
                            // The national service writes empty lists into its answers.
                            ? json::read_passing_empty_arrays(bytes, definitions.symbols(), limits)
                            : xml::read_fhir(bytes, definitions.symbols(), limits);
  if (!document) return document.error();
  CONCORD_ASSIGN(const std::vector<const Node*> messages, messages_in(*document));
  if (messages.empty()) {
    return make_error(ErrorCode::unsupported, "holds no Bundle of type message",
                      std::string(document->text(document->root().type())));
  }
  std::vector<SignatureFinding> findings;
  for (const Node* message : messages) {
    CONCORD_ASSIGN(const tree::Document own, alone(*document, *message, definitions));
    CONCORD_ASSIGN(SignatureFinding finding, judge(own, mappers, now));
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace concord::exchange
