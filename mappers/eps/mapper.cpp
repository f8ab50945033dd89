#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/path/context.h"
#include "fhir/path/function_table.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/node_set.h"
#include "mappers/eps/code_tables.h"
#include "mappers/eps/codec.h"
#include "mappers/eps/decoder.h"
#include "mappers/eps/eps.h"
#include "mappers/eps/functions/registry.h"
#include "mappers/eps/identities.h"
#include "mappers/eps/losses.h"
#include "mappers/eps/message_kind.h"
#include "mappers/eps/published_error.h"
#include "mappers/eps/rules/rules.h"
#include "mappers/eps/signing/known_certificates.h"
#include "mappers/eps/signing/signatures.h"
#include "mappers/eps/signing/verify.h"

namespace concord::eps {
namespace {

/// Memory of one translation, kept for the next.
struct Workspace {
  path::EvalContext context;
  tree::NodeSet reads{1024};
};

/// Workspaces not in use. Translations of several threads each take their own.
class Workspaces {
 public:
  std::unique_ptr<Workspace> take() {
    {
      const std::lock_guard lock(guard_);
      if (!free_.empty()) {
        auto taken = std::move(free_.back());
        free_.pop_back();
        return taken;
      }
    }
    return std::make_unique<Workspace>();
  }
  void give_back(std::unique_ptr<Workspace> used) {
    used->context.reset();
    used->context.reads = nullptr;
    used->reads.clear();
    const std::lock_guard lock(guard_);
    if (free_.size() < kKept) free_.push_back(std::move(used));
  }

 private:
  static constexpr std::size_t kKept = 64;
  std::mutex guard_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

/// A workspace for the length of a call.
class Borrowed {
 public:
  explicit Borrowed(Workspaces& from) : from_(from), workspace_(from.take()) {}
  ~Borrowed() { from_.give_back(std::move(workspace_)); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Workspace* operator->() const { return workspace_.get(); }

 private:
  Workspaces& from_;
  std::unique_ptr<Workspace> workspace_;
};

/// Whether definitions::annotate() has been over the tree: nothing but resources has a type before.
bool is_annotated(const tree::Node& root) {
  for (const tree::Node& child : root.children()) {
    if (child.type() != tree::Symbol::kNone && !child.is(tree::Flag::resource)) return true;
  }
  return root.first_child() == nullptr;
}

/// Copies a whole Bundle into an empty document. False when over its node budget.
bool copy_children(tree::Builder& builder, const tree::Document& bundle) {
  tree::Node& root = builder.root();
  builder.set_name(root, builder.symbol(bundle.name(bundle.root())));
  builder.set_type(root, builder.symbol(bundle.text(bundle.root().type())));
  builder.set_flag(root, tree::Flag::resource);
  for (const tree::Node& child : bundle.root().children()) {
    if (builder.copy_into(root, bundle, child, builder.symbol(bundle.name(child))) == nullptr) {
      return false;
    }
  }
  return true;
}

/// What a resource was read from, or is written as: what new identities are made of.
std::string bytes_of(const tree::Document& document) {
  if (!document.source().empty()) return std::string(document.source());
  auto written = json::write(document);
  return written ? *std::move(written) : std::string();
}

/// The identity a message was given, lower case as FHIR writes identities.
std::string identity_of(const tree::Document& message) {
  const tree::Node* id = message.root().child(message.find("id"));
  const tree::Node* root = id == nullptr ? nullptr : id->child(message.find("root"));
  std::string identity(root == nullptr ? std::string_view{} : root->text());
  for (char& c : identity) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return identity;
}

/// A message this mapper writes and the group to start with.
struct Message {
  const MessageKind* kind;
  mapping::Entry entry;
};

class EpsMapper final : public mappers::Mapper {
 public:
  EpsMapper(definitions::Definitions& definitions, std::unique_ptr<path::FunctionTable> functions,
            std::unique_ptr<const mapping::MapSet> maps, std::vector<Message> messages,
            LossTable losses, Decoder decoder, TrustSource trust,
            std::shared_ptr<signing::KnownCertificates> known, Asking asking)
      : definitions_(definitions),
        rules_(definitions.symbols()),
        asking_(asking),
        functions_(std::move(functions)),
        maps_(std::move(maps)),
        messages_(std::move(messages)),
        losses_(std::move(losses)),
        decoder_(std::move(decoder)),
        signatures_(*this, definitions, std::move(trust), std::move(known)) {}

  std::string_view name() const override { return "eps"; }

  mappers::Recognised recognise(const tree::Document& resource) const override {
    const Event event = event_of(resource);
    if (event.kind == nullptr) return {};
    return {event.kind->name, workflow_of(resource)};
  }

  std::string version() const override { return to_hex(maps_->rules().digest()); }

  bool recognises(const tree::Document& bundle) const override {
    return event_of(bundle).kind != nullptr;
  }

  Result<mappers::Encoded> encode(const tree::Document& bundle,
                                  const mappers::Parameters& parameters,
                                  mapping::TraceSink* trace) const override;

  Result<mappers::Decoded> decode(std::string_view bytes, std::string_view content_type,
                                  const mappers::Parameters& parameters,
                                  mapping::TraceSink* trace) const override {
    return decoder_.decode(bytes, content_type, parameters, trace);
  }

  const mappers::Signatures* signatures() const override { return &signatures_; }

  Result<mappers::Acknowledgement> read_acknowledgement(
      std::string_view bytes, std::string_view content_type) const override {
    return decoder_.acknowledgement(bytes, content_type);
  }

 private:
  Result<mappers::Encoded> translate(const tree::Document& bundle, const Message& message,
                                     const mappers::Parameters& parameters,
                                     mapping::TraceSink* trace) const;

  definitions::Definitions& definitions_;
  Rules rules_;
  Asking asking_;
  std::unique_ptr<path::FunctionTable> functions_;  // maps_ points into it
  std::unique_ptr<const mapping::MapSet> maps_;     // decoder_ points at it
  std::vector<Message> messages_;
  LossTable losses_;
  Decoder decoder_;
  EpsSignatures signatures_;
  mutable Workspaces workspaces_;
};

/// The place of a signature's data in the Bundle, for an error found in the target: the only one,
/// or the element in general when there are several.
void place_signature_error(Error& error, const tree::Document& bundle) {
  const tree::Node* found = nullptr;
  std::size_t count = 0;
  std::vector<const tree::Node*> open{&bundle.root()};
  while (!open.empty()) {
    const tree::Node& node = *open.back();
    open.pop_back();
    for (const tree::Node& child : node.children()) {
      if (bundle.name(child) == "data" && bundle.name(node) == "signature") {
        found = &child;
        ++count;
      } else if (child.first_child() != nullptr) {
        open.push_back(&child);
      }
    }
  }
  for (Issue& issue : error.issues) {
    if (count == 1) {
      issue.expression = bundle.path(*found);
      issue.position = bundle.position(*found);
    } else {
      issue.expression = "Bundle.entry.resource.ofType(Provenance).signature.data";
    }
  }
}

Result<mappers::Encoded> EpsMapper::encode(const tree::Document& bundle,
                                           const mappers::Parameters& parameters,
                                           mapping::TraceSink* trace) const {
  const Event event = event_of(bundle);
  const auto message =
      std::find_if(messages_.begin(), messages_.end(),
                   [&](const Message& candidate) { return candidate.kind == event.kind; });
  if (event.kind == nullptr || message == messages_.end()) {
    CONCORD_TRY(rules_.check(bundle, asking_));
    return not_a_message(bundle, event);
  }
  if (is_annotated(bundle.root())) return translate(bundle, *message, parameters, trace);

  // Typed trees only: the caller's is not ours to change, so a copy gets the types.
  auto typed = std::make_shared<tree::Document>(definitions_.symbols(), bundle.limits());
  tree::Builder builder(*typed);
  typed->set_source(std::string(bundle.source()));
  if (!copy_children(builder, bundle)) {
    return make_error(ErrorCode::too_long, "the Bundle has more elements than allowed");
  }
  definitions::annotate(builder, definitions_);
  auto encoded = translate(*typed, *message, parameters, trace);
  if (encoded && trace != nullptr) encoded->traced.push_back(std::move(typed));
  return encoded;
}

Result<mappers::Encoded> EpsMapper::translate(const tree::Document& bundle, const Message& message,
                                              const mappers::Parameters& parameters,
                                              mapping::TraceSink* trace) const {
  const Borrowed workspace(workspaces_);
  CONCORD_TRY(rules_.check(bundle, asking_, &workspace->reads));
  auto target = std::make_shared<tree::Document>(definitions_.symbols());
  mapping::RunOptions options;
  options.now = parameters.now;
  options.uuids = identities(parameters, [&bundle] { return bytes_of(bundle); });
  options.parameters = &parameters.values;
  options.trace = trace;
  options.reads = &workspace->reads;
  options.context = &workspace->context;
  workspace->context.reads = &workspace->reads;  // what FHIRPath reads counts as well
  const mapping::Input input{&bundle, nullptr};
  auto run = maps_->run(message.entry, {&input, 1}, *target, options);
  if (!run) {
    Error error = std::move(run).error();
    publish(error);
    return error;
  }

  tree::Builder builder(*target);
  if (auto embedded = embed_signature(builder, builder.root()); !embedded) {
    Error error = std::move(embedded).error();
    place_signature_error(error, bundle);
    publish(error);
    return error;
  }
  mappers::Encoded encoded;
  CONCORD_ASSIGN(encoded.losses, losses_.judge(bundle, workspace->reads));
  CONCORD_ASSIGN(encoded.bytes, write_message(*target));
  encoded.content_type = "application/xml; charset=UTF-8";
  encoded.message_kind = message.kind->name;
  encoded.interaction = message.kind->interaction;
  encoded.message_id = message_id_of(bundle);
  if (encoded.message_id.empty()) encoded.message_id = identity_of(*target);
  if (trace != nullptr) encoded.traced.push_back(target);
  encoded.written = std::move(target);
  return encoded;
}

Result<definitions::Source> read_model(const Resource& file, const tree::Symbols& symbols,
                                       std::vector<tree::Document>& kept) {
  auto document = json::read(std::string(file.bytes), symbols);
  if (!document) {
    return make_error(ErrorCode::internal, std::string(file.name) + " is no StructureDefinition",
                      std::string(file.name));
  }
  kept.push_back(*std::move(document));
  return definitions::Source{file.name, nullptr};
}

/// Adds the logical models of this room, once.
Result<void> load_models(definitions::Definitions& definitions) {
  if (definitions.type(message_kinds().front().model) != nullptr) return {};
  std::vector<tree::Document> documents;
  std::vector<definitions::Source> sources;
  for (const Resource& file : resources()) {
    if (!file.name.starts_with("model/")) continue;
    CONCORD_ASSIGN(const auto source, read_model(file, definitions.symbols(), documents));
    sources.push_back(source);
  }
  for (std::size_t at = 0; at < sources.size(); ++at) sources[at].document = &documents[at];
  return definitions.add(sources);
}

/// Judges released prescriptions as `trust` says at the time.
SignatureCheck signature_check(TrustSource trust,
                               std::shared_ptr<signing::KnownCertificates> known) {
  if (!trust) trust = [unjudged = TrustStore::unjudged()] { return unjudged; };
  return [trust = std::move(trust), known = std::move(known)](
             const tree::Document& message, const tree::Node& prescription, Instant now) {
    const std::shared_ptr<const TrustStore> store = trust();
    return verify_prescription(message, prescription, *store, now, known.get());
  };
}

/// Names of XML signatures, which every order embeds: known from the start, no message has to keep
/// them as its own.
void intern_signature_names(tree::Symbols& symbols) {
  for (const char* name :
       {"Signature", "SignedInfo", "CanonicalizationMethod", "SignatureMethod", "Reference",
        "Transforms", "Transform", "DigestMethod", "DigestValue", "SignatureValue", "KeyInfo",
        "X509Data", "X509Certificate", "Algorithm", "http://www.w3.org/2000/09/xmldsig#"}) {
    symbols.intern(name);
  }
}

std::string_view resource(std::string_view name) {
  for (const Resource& file : resources()) {
    if (file.name == name) return file.bytes;
  }
  return {};
}

}  // namespace

std::vector<mapping::MapSource> shipped_maps() {
  std::vector<mapping::MapSource> maps;
  for (const Resource& file : resources()) {
    if (file.name.starts_with("maps/")) {
      maps.push_back({"eps/" + std::string(file.name), std::string(file.bytes)});
    }
  }
  return maps;
}

std::vector<std::string> parameter_names() {
  return {"from_asid", "to_asid", "user_id", "role_id", "base_url", "identity_seed"};
}

std::string_view example_prescription_order() {
  return resource("examples/prescription_order.json");
}

Result<std::vector<tree::Document>> code_tables(definitions::Definitions& definitions) {
  CONCORD_ASSIGN(auto tables, spine_code_tables(resource("tables/spine_codes.txt"), definitions));
  CONCORD_ASSIGN(auto roles, job_role_table(resource("tables/job_roles.txt"), definitions));
  tables.push_back(std::move(roles));
  return tables;
}

void add_functions(path::FunctionTable& table) { register_functions(table); }

Result<std::unique_ptr<mappers::Mapper>> make_mapper(definitions::Definitions& definitions,
                                                     const MapperOptions& options) {
  CONCORD_TRY(load_models(definitions));
  intern_signature_names(definitions.symbols());
  auto functions = std::make_unique<path::FunctionTable>(path::FunctionTable::standard());
  add_functions(*functions);
  std::vector<mapping::MapSource> sources = shipped_maps();
  sources.insert(sources.end(), options.overlays.begin(), options.overlays.end());
  mapping::CompileOptions compile;
  compile.functions = functions.get();
  compile.parameters = parameter_names();
  CONCORD_ASSIGN(const auto tables, code_tables(definitions));
  compile.concept_maps = tables;
  CONCORD_ASSIGN(auto compiled, mapping::MapSet::compile(sources, definitions, compile));
  auto maps = std::make_unique<const mapping::MapSet>(std::move(compiled));
  std::vector<Message> messages;
  for (const MessageKind& kind : message_kinds()) {
    CONCORD_ASSIGN(const auto entry, maps->entry(kind.map, kind.group));
    messages.push_back({&kind, entry});
  }
  CONCORD_ASSIGN(auto losses, LossTable::read(resource("tables/not_carried.txt"), definitions));
  const auto known = std::make_shared<signing::KnownCertificates>();
  CONCORD_ASSIGN(auto decoder,
                 Decoder::make(definitions, *maps, *functions, resource("tables/not_read.txt"),
                               signature_check(options.trust, known)));
  return std::unique_ptr<mappers::Mapper>(std::make_unique<EpsMapper>(
      definitions, std::move(functions), std::move(maps), std::move(messages), std::move(losses),
      std::move(decoder), options.trust, known, options.asking));
}

}  // namespace concord::eps
