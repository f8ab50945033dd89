#include "gateway/resources/detail/body.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/validate/validator.h"
#include "fhir/xml/xhtml.h"

namespace concord::resources::detail {

using tree::Builder;
using tree::Document;
using tree::Flag;
using tree::Kind;
using tree::Node;

namespace {

Error no_room() { return make_error(ErrorCode::too_long, "the resource has too many elements"); }

/// Whether anything in a narrative could act: any element, attribute or scheme of a link beyond
/// those FHIR lets stand there. Source: security-nhs.md IN-11.
bool is_inert(std::string_view div, const tree::Limits& limits) {
  const auto narrative = xml::read_xhtml(div, limits);
  if (!narrative || !xml::has_narrative_names_only(*narrative)) return false;
  for (const xml::XhtmlNode& node : narrative->nodes()) {
    for (const auto& attribute : narrative->attributes(node)) {
      if (attribute.name != "href" && attribute.name != "src") continue;
      std::string scheme(attribute.value.substr(0, attribute.value.find(':')));
      std::erase_if(scheme, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
      std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (scheme == "javascript" || scheme == "vbscript") return false;
      if (scheme == "data" && attribute.name == "href") return false;
    }
  }
  return true;
}

/// Source: hl7.org/fhir/R4/datatypes.html#string; security-nhs.md IN-12.
bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
}

/// One walk over all nodes for what every resource must keep, whatever is validated.
Result<void> check_contents(const Room& room, const Document& body) {
  std::size_t attachments = 0;
  const Node* top = &body.root();
  const Node* at = top;
  while (true) {
    if (at->has_value()) {
      if (has_control_character(at->text())) {
        return make_error(ErrorCode::malformed, "the value holds a control character",
                          body.path(*at));
      }
      if (at->type() == room.names.base64_type) {
        if (at->text().size() / 4 * 3 > room.settings.attachment_bytes) {
          return make_error(ErrorCode::too_long, "the attachment is larger than what is accepted",
                            body.path(*at));
        }
        // Small ones (signatures, hashes) are no attachments.
        if (at->text().size() > 1024 && ++attachments > room.settings.attachments) {
          return make_error(ErrorCode::too_long, "the resource has too many attachments",
                            body.path(*at));
        }
      } else if (at->type() == room.names.xhtml_type &&
                 !is_inert(at->text(), room.settings.limits)) {
        return make_error(ErrorCode::malformed,
                          "the narrative holds elements, attributes or links that may not stand in "
                          "a narrative",
                          body.path(*at));
      }
    }
    if (at->first_child() != nullptr) {
      at = at->first_child();
      continue;
    }
    while (at != top && at->next_sibling() == nullptr) at = at->parent();
    if (at == top) return {};
    at = at->next_sibling();
  }
}

validate::Options intake() {
  validate::Options options;
  options.depth = validate::Depth::intake;
  options.identifiers = validate::IdentifierPolicy::all(validate::Policy::warn);
  options.references = validate::Policy::accept;
  return options;
}

validate::Options full() {
  validate::Options options;
  options.depth = validate::Depth::full;
  options.references = validate::Policy::accept;
  options.assume_valid_rest_references = true;
  return options;
}

Error refused(ErrorCode code, validate::Report report) {
  Error error;
  error.code = code;
  error.issues = std::move(report.issues);
  return error;
}

}  // namespace

bool is_annotated(const Document& body) {
  for (const Node& child : body.root().children()) {
    // The readers know the types of resources, nobody else's.
    if (!child.is(Flag::resource)) return child.type() != tree::Symbol::kNone;
  }
  return false;
}

Result<void> annotate(const Room& room, std::string_view type, Document& body) {
  if (body.text(body.root().type()) != type) {
    return make_error(ErrorCode::malformed, "the body is not of the type the address names",
                      "resourceType");
  }
  if (is_annotated(body)) return {};
  Builder builder(body);
  definitions::annotate(builder, *room.parts.definitions);
  return {};
}

Node* child_at(Builder& builder, Node& parent, Node* after, tree::Symbol name, Kind kind) {
  if (const Node* there = parent.child(name); there != nullptr) {
    return &Builder::mutable_node(*there);
  }
  return builder.insert_after(parent, after, name, kind);
}

Result<void> stamp(const Room& room, Document& body, const Stamp& stamp) {
  Builder builder(body);
  Node& root = builder.root();
  const auto set = [&](Node& parent, Node* after, tree::Symbol name, tree::Symbol type) -> Node* {
    Node* node = child_at(builder, parent, after, name, Kind::string);
    if (node != nullptr) builder.set_type(*node, type);
    return node;
  };
  // "id" is the name of the element and of its type.
  Node* id = set(root, nullptr, room.names.id, room.names.id);
  if (id == nullptr) return no_room();
  builder.set_copy(*id, stamp.id);
  Node* meta = child_at(builder, root, id, room.names.meta, Kind::element);
  if (meta == nullptr) return no_room();
  builder.set_type(*meta, room.names.meta_type);
  Node* version = set(*meta, nullptr, room.names.version_id, room.names.id);
  if (version == nullptr) return no_room();
  builder.set_copy(*version, std::to_string(stamp.version));
  Node* updated = set(*meta, version, room.names.last_updated, room.names.instant_type);
  if (updated == nullptr) return no_room();
  builder.set_copy(*updated, format_instant(stamp.at));
  return {};
}

Result<std::vector<Issue>> check(const Room& room, std::string_view type, const Document& body) {
  CONCORD_TRY(check_contents(room, body));
  const validate::Validator& validator = *room.parts.validator;
  const Validation& asked = room.validation_of(type);
  std::vector<Issue> told;
  if (asked.mode == Validation::Mode::off) {
    validate::Report report = validator.validate(body, intake());
    if (!report.ok()) return refused(ErrorCode::malformed, std::move(report));
    told = std::move(report.issues);
  } else {
    validate::Validator::Request request;
    request.profiles = asked.profiles;
    validate::Report report = validator.validate(body, full(), request);
    if (!report.ok()) {
      // The base rules of R4 are those of intake; what else was found is of profiles and
      // invariants.
      validate::Report base = validator.validate(body, intake());
      if (!base.ok()) return refused(ErrorCode::malformed, std::move(base));
      if (asked.mode == Validation::Mode::enforce) {
        return refused(ErrorCode::invalid, std::move(report));
      }
      for (Issue& issue : report.issues) {
        if (issue.severity <= Severity::error) issue.severity = Severity::warning;
      }
    }
    told = std::move(report.issues);
  }
  if (type == "SearchParameter") {
    std::vector<Issue> wrong = room.parts.parameters->check(body);
    if (std::any_of(wrong.begin(), wrong.end(),
                    [](const Issue& issue) { return issue.severity <= Severity::error; })) {
      Error error;
      error.code = ErrorCode::malformed;
      error.issues = std::move(wrong);
      return error;
    }
    for (Issue& issue : wrong) told.push_back(std::move(issue));
  }
  return told;
}

Result<std::string> write_body(const Room& room, const Document& body) {
  auto text = json::write(body, {.pretty = false, .limits = room.settings.limits});
  if (!text && text.error().code == ErrorCode::invalid) text.error().code = ErrorCode::malformed;
  return text;
}

Result<Document> read_body(const Room& room, std::string body) {
  // What was stored once is read back whatever the bounds of today.
  auto document = json::read(std::move(body), room.symbols());
  if (!document) {
    Error error = make_error(ErrorCode::internal, "a stored resource cannot be read");
    error.log_detail = to_string(document.error());
    return error;
  }
  Builder builder(*document);
  definitions::annotate(builder, *room.parts.definitions);
  return document;
}

Result<Document> alone(const Room& room, const Document& from, const Node& resource) {
  Document document(room.symbols(), room.settings.limits);
  Builder builder(document);
  builder.set_type(builder.root(), builder.symbol(from.text(resource.type())));
  builder.set_flag(builder.root(), Flag::resource);
  for (const Node& child : resource.children()) {
    if (builder.copy_into(builder.root(), from, child, builder.symbol(from.name(child))) ==
        nullptr) {
      return no_room();
    }
  }
  return document;
}

}  // namespace concord::resources::detail
