#include "mappers/eps/decoder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "fhir/core/digest.h"
#include "fhir/definitions/annotate.h"
#include "fhir/path/context.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/node_set.h"
#include "mappers/eps/acknowledgement.h"
#include "mappers/eps/envelope.h"
#include "mappers/eps/tracker.h"

namespace concord::eps {
namespace {

/// What MessageHeader.source names when nobody says where the FHIR server is.
constexpr std::string_view kNoBaseUrl = "example.com/eps";

constexpr std::string_view kAnswerModel = "https://concord.example/model/eps/SpineAnswer";
constexpr std::string_view kRejection = "release-rejection";

/// What the national service says of a signature that does not hold, whatever the reason.
constexpr std::string_view kFault = "Signature is invalid.";

std::string_view child_text(const tree::Document& document, const tree::Node& node,
                            std::string_view name) {
  return text_at(document, node, {name});
}

/// The status for an OperationOutcome. Source: eps.md section 2, "Status from issues"; 14.1 for one
/// that gives no reason.
int status_of_outcome(const tree::Document& outcome) {
  const tree::Symbol issue = outcome.find("issue");
  const tree::Node* at = issue == tree::Symbol::kNone ? nullptr : outcome.root().child(issue);
  if (at == nullptr) return 500;
  bool informational = true;
  bool forbidden = true;
  for (; at != nullptr; at = at->next_same()) {
    const std::string_view code = child_text(outcome, *at, "code");
    informational = informational && code == "informational";
    forbidden = forbidden && code == "forbidden";
    if (code == "invalid" && text_at(outcome, *at, {"details", "coding", "code"}).empty())
      return 500;
  }
  return informational ? 200 : forbidden ? 403 : 400;
}

int status_of(StatusRule rule, std::string_view acknowledged, const tree::Document& resource) {
  if (rule == StatusRule::acknowledgement) return acknowledged == "AA" ? 200 : 400;
  if (rule == StatusRule::ok) return 200;
  return resource.text(resource.root().type()) == "OperationOutcome" ? status_of_outcome(resource)
                                                                     : 200;
}

/// The message an answer is about: the one it acknowledges, unless it names itself there, as some
/// answers of Spine do; then the request its content names, then the one the envelope names.
/// Source: eps.md sections 8.2, 10.2, 14.1.
std::string refers_to(const tree::Document& document, const tree::Node& message) {
  const std::string_view own = text_at(document, message, {"id", "root"});
  const std::string_view acknowledged =
      text_at(document, message, {"acknowledgement", "messageRef", "id", "root"});
  if (!acknowledged.empty() && acknowledged != own) return std::string(acknowledged);
  for (const std::string_view name :
       {"pertinentCancellationRequestRef", "priorDownloadRequestRef"}) {
    const tree::Node* request = find_element(document, message, name);
    if (request == nullptr) continue;
    const std::string_view id = text_at(document, *request, {"id", "root"});
    if (!id.empty()) return std::string(id);
  }
  return std::string(acknowledged);
}

/// Detaches the children of that name: what only we may write.
void remove_children(tree::Builder& builder, tree::Node& node, tree::Symbol name) {
  while (const tree::Node* child = node.child(name)) {
    builder.detach(tree::Builder::mutable_node(*child));
  }
}

/// Checks the signature of each released prescription and leaves a `fault` beside those that fail,
/// where the map looks. Why goes to `heard`: the published outcome has one text for all.
Result<void> check_signatures(tree::Document& document, const tree::Node& message,
                              const SignatureCheck& check, Instant now, std::vector<Issue>& heard) {
  const tree::Node* release = find_element(document, message, "PrescriptionReleaseResponse");
  if (release == nullptr) return {};
  tree::Builder builder(document);
  const tree::Symbol fault = builder.symbol("fault");
  const tree::Symbol component = document.find("component");
  const tree::Symbol content = document.find("ParentPrescription");
  if (component == tree::Symbol::kNone || content == tree::Symbol::kNone) return {};
  for (const tree::Node* at = release->child(component); at != nullptr; at = at->next_same()) {
    tree::Node& held = tree::Builder::mutable_node(*at);
    remove_children(builder, held, fault);
    const tree::Node* prescription = at->child(content);
    if (prescription == nullptr || !check) continue;
    CONCORD_ASSIGN(std::vector<Issue> issues, check(document, *prescription, now));
    bool holds = true;
    for (Issue& issue : issues) {
      holds = holds && issue.severity != Severity::error && issue.severity != Severity::fatal;
      if (issue.severity != Severity::information) issue.severity = Severity::warning;
      issue.position = document.position(*prescription);
      heard.push_back(std::move(issue));
    }
    if (holds) continue;
    tree::Node* said = builder.append(held, fault);
    if (said == nullptr) {
      return make_error(ErrorCode::too_long, "the message has too many elements");
    }
    builder.set_text(*said, kFault);
  }
  return {};
}

}  // namespace

struct Decoder::Message {
  std::shared_ptr<tree::Document> document;
  const tree::Node* node = nullptr;
  std::string_view interaction;   ///< of a row
  std::string_view acknowledged;  ///< typeCode
};

Result<Decoder> Decoder::make(definitions::Definitions& definitions, const mapping::MapSet& maps,
                              const path::FunctionTable& functions, std::string_view losses,
                              SignatureCheck check) {
  CONCORD_ASSIGN(auto table, AnswerLosses::read(losses, definitions));
  Decoder decoder(definitions, maps, std::move(table), std::move(check));
  for (const Readable& readable : eps::readable()) {
    const definitions::Type* type = definitions.type(readable.model);
    if (type == nullptr) {
      return make_error(ErrorCode::internal, "no model " + std::string(readable.model));
    }
    CONCORD_ASSIGN(const auto entry, maps.entry(readable.map, readable.group));
    Row row{&readable, type, entry, std::nullopt};
    if (!readable.when.empty()) {
      const path::CompileContext context{.symbols = definitions.symbols(),
                                         .functions = functions,
                                         .definitions = &definitions,
                                         .focus_type = std::string(readable.model),
                                         .strict = true};
      CONCORD_ASSIGN(row.when, path::Expression::compile(readable.when, context));
    }
    decoder.rows_.push_back(std::move(row));
  }
  return decoder;
}

bool Decoder::is_read(std::string_view element) const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [&](const Row& row) { return row.readable->interaction == element; });
}

Result<Decoder::Message> Decoder::receive(std::string_view bytes,
                                          std::string_view content_type) const {
  Message message;
  const tree::Symbols& symbols = definitions_->symbols();
  if (is_json(bytes)) {
    CONCORD_ASSIGN(auto read, read_tracker(bytes, symbols));
    message.document = std::make_shared<tree::Document>(std::move(read));
    message.node = &message.document->root();
    message.interaction = kTrackerJson;
    return message;
  }
  const auto wanted = [this](std::string_view name) {
    return is_read(name) || is_tracker_document(name);
  };
  CONCORD_ASSIGN(Found found, find_message(bytes, content_type, symbols, wanted));
  std::string unpacked;
  if (is_tracker_document(found.document->name(*found.message))) {
    CONCORD_ASSIGN(unpacked, unpack_tracker_document(*found.document, *found.message));
    CONCORD_ASSIGN(found, find_message(unpacked, {}, symbols,
                                       [this](std::string_view name) { return is_read(name); }));
  }
  const std::string_view name = found.document->name(*found.message);
  const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& candidate) {
    return candidate.readable->interaction == name;
  });
  message.document = std::move(found.document);
  message.node = found.message;
  message.interaction = row->readable->interaction;
  message.acknowledged = text_at(*message.document, *message.node, {"acknowledgement", "typeCode"});
  return message;
}

Result<const Decoder::Row*> Decoder::row_of(const Message& message) const {
  for (const Row& row : rows_) {
    if (row.readable->interaction != message.interaction) continue;
    tree::Builder builder(*message.document);
    definitions::annotate(builder, tree::Builder::mutable_node(*message.node), *row.type,
                          *definitions_);
    if (!row.when) return &row;
    path::EvalContext context;
    const auto focus = path::Collection::of(path::Value::of(*message.document, *message.node));
    CONCORD_ASSIGN(const bool holds, row.when->test(context, focus));
    if (holds) return &row;
  }
  Error error =
      make_error(ErrorCode::unsupported, "this form of the message is not read",
                 message.document->path(*message.node), message.document->position(*message.node));
  return error;
}

Result<mappers::Decoded> Decoder::translate(const Message& message, const Row& row,
                                            std::string_view seed,
                                            const mappers::Parameters& parameters,
                                            mapping::TraceSink* trace) const {
  mappers::Decoded decoded;
  CONCORD_TRY(
      check_signatures(*message.document, *message.node, check_, parameters.now, decoded.losses));
  auto values = parameters.values;
  values.insert_or_assign("identity_seed", std::string(seed));
  values.try_emplace("base_url", kNoBaseUrl);
  tree::NodeSet reads(1024);
  path::EvalContext context;
  context.reads = &reads;
  mapping::RunOptions options;
  options.now = parameters.now;
  options.parameters = &values;
  options.trace = trace;
  options.reads = &reads;
  options.context = &context;
  auto target = std::make_shared<tree::Document>(definitions_->symbols());
  const mapping::Input input{message.document.get(), message.node};
  auto run = maps_->run(row.entry, {&input, 1}, *target, options);
  if (!run) return std::move(run).error();
  tree::Builder builder(*target);
  definitions::annotate(builder, *definitions_);

  decoded.message_kind = row.readable->kind;
  decoded.interaction = row.readable->interaction;
  decoded.message_id = text_at(*message.document, *message.node, {"id", "root"});
  decoded.acknowledged = message.acknowledged;
  if (!message.acknowledged.empty())
    decoded.refers_to = refers_to(*message.document, *message.node);
  decoded.status = status_of(row.readable->status, message.acknowledged, *target);
  auto lost = losses_.judge(*message.document, *message.node, reads);
  decoded.losses.insert(decoded.losses.end(), std::make_move_iterator(lost.begin()),
                        std::make_move_iterator(lost.end()));
  if (trace != nullptr) decoded.traced = {message.document, target};
  decoded.resource = std::move(target);
  return decoded;
}

Result<mappers::Decoded> Decoder::decode(std::string_view bytes, std::string_view content_type,
                                         const mappers::Parameters& parameters,
                                         mapping::TraceSink* trace) const {
  CONCORD_ASSIGN(const Message message, receive(bytes, content_type));
  CONCORD_ASSIGN(const Row* row, row_of(message));
  const std::string seed = parameters.uuids
                               ? parameters.uuids()
                               : uuid_v5(to_hex(sha256(bytes)), format_instant(parameters.now));
  return translate(message, *row, seed, parameters, trace);
}

Result<mappers::Acknowledgement> Decoder::acknowledgement(std::string_view bytes,
                                                          std::string_view content_type) const {
  CONCORD_ASSIGN(const Message message, receive(bytes, content_type));
  CONCORD_ASSIGN(const Row* row, row_of(message));
  if (row->readable->model != kAnswerModel) {
    return make_error(ErrorCode::unsupported, "this is no answer of Spine");
  }
  mappers::Acknowledgement said;
  said.code = message.acknowledged;
  said.refers_to = refers_to(*message.document, *message.node);
  if (said.refers_to.empty()) {
    return make_error(ErrorCode::invalid, "the acknowledgement does not say what it answers",
                      message.document->path(*message.node) + ".acknowledgement",
                      message.document->position(*message.node));
  }
  const bool accepted = said.code == "AA";
  if (accepted && row->readable->status != StatusRule::acknowledgement &&
      row->readable->kind != kRejection) {
    return said;
  }
  const auto translated = translate(message, *row, "acknowledgement", {}, nullptr);
  const bool refusal = said.code == "AE" || said.code == "ER" || said.code == "AR";
  if (!translated && !refusal) return translated.error();
  return verdict_of(std::move(said), translated);
}

}  // namespace concord::eps
