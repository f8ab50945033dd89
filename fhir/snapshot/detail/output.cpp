#include "fhir/snapshot/detail/output.h"

#include <algorithm>
#include <array>

#include "fhir/definitions/annotate.h"
#include "fhir/snapshot/detail/extensions.h"

namespace concord::snapshot {

namespace {

using tree::Document;
using tree::Node;

/// Members of a StructureDefinition the tables of the pack are made of.
constexpr std::array<std::string_view, 15> kStructure{
    "id",     "extension",      "contextType", "url",      "version", "name",
    "status", "fhirVersion",    "kind",        "abstract", "context", "contextInvariant",
    "type",   "baseDefinition", "derivation"};

constexpr std::string_view kBaseVersion =
    "http://hl7.org/fhir/tools/StructureDefinition/snapshot-base-version";

bool is_stated(const Document& document, const Node& root, std::string_view url) {
  const tree::Symbol url_name = document.find("url");
  for (const Node* at = root.child(document.find("extension")); at != nullptr;
       at = at->next_same()) {
    const Node* stated = at->child(url_name);
    if (stated != nullptr && stated->text() == url) return true;
  }
  return false;
}

}  // namespace

Result<Document> write_definition(const Definition& definition, const Definition* base,
                                  const definitions::Definitions& definitions, Content content) {
  tree::Limits limits;
  limits.max_nodes = 4'000'000;
  limits.max_bytes = std::size_t{512} << 20;
  const Document& from = *definition.document;
  const Node& original = from.root();
  Document document(from.symbols(), limits);
  tree::Builder build(document);
  Node& root = build.root();
  build.set_type(root, build.symbol("StructureDefinition"));
  build.set_flag(root, tree::Flag::resource);
  const Error full = make_error(ErrorCode::too_long, "the snapshot is too large for a document");

  for (const Node& child : original.children()) {
    const std::string_view name = from.name(child);
    if (name == "snapshot" || name == "differential") continue;
    if (content == Content::structure &&
        std::find(kStructure.begin(), kStructure.end(), name) == kStructure.end()) {
      continue;
    }
    if (build.copy_into(root, from, child, build.symbol(name)) == nullptr) return full;
  }
  if (content == Content::everything && base != nullptr) {
    // What is said of the base as a whole holds for what is made of it.
    const Node& base_root = base->document->root();
    for (const Node* at = base_root.child(base->document->find("extension")); at != nullptr;
         at = at->next_same()) {
      const Node* url = at->child(base->document->find("url"));
      if (url == nullptr || !is_inherited(url->text()) || is_stated(from, original, url->text())) {
        continue;
      }
      Node* made = build.copy_into(root, *base->document, *at, build.symbol("extension"));
      if (made == nullptr) return full;
      // Repeats stand together: move it behind the last of its kind.
      build.detach(*made);
      const tree::Symbol name = build.symbol("extension");
      Node* placed = build.append_grouped(root, name);
      if (placed == nullptr) return full;
      build.move_children(*made, *placed);
      build.set_flag(*placed, tree::Flag::in_array);
    }
  }

  Node* snapshot = build.append(root, build.symbol("snapshot"));
  if (snapshot == nullptr) return full;
  if (content == Content::everything && base != nullptr && !base->version.empty()) {
    Node* extension = build.append(*snapshot, build.symbol("extension"));
    if (extension == nullptr) return full;
    build.set_flag(*extension, tree::Flag::in_array);
    Node* url = build.append(*extension, build.symbol("url"), tree::Kind::string);
    Node* value = build.append(*extension, build.symbol("valueString"), tree::Kind::string);
    if (url == nullptr || value == nullptr) return full;
    build.set_copy(*url, kBaseVersion);
    build.set_copy(*value, base->version);
  }
  for (const Element* element : definition.snapshot) {
    if (!write_element(build, *snapshot, *element, content)) return full;
  }
  if (content == Content::everything) {
    if (const Node* stated = original.child(from.find("differential"))) {
      // In the order it was brought into, with the ids that were missing.
      Node* differential = build.append(root, build.symbol("differential"));
      if (differential == nullptr) return full;
      for (const Node& child : stated->children()) {
        if (from.name(child) == "element") continue;
        if (build.copy_into(*differential, from, child, build.symbol(from.name(child))) ==
            nullptr) {
          return full;
        }
      }
      for (const Element* element : definition.differential) {
        if (!write_element(build, *differential, *element, content)) return full;
      }
    }
  }
  definitions::annotate(build, definitions);
  return document;
}

}  // namespace concord::snapshot
