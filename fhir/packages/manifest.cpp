#include "fhir/packages/manifest.h"

#include <algorithm>

#include "fhir/json/reader.h"

namespace concord::packages {

namespace {

constexpr tree::Limits kLimits{
    .max_bytes = std::size_t{32} << 20, .max_depth = 50, .max_nodes = 2'000'000};

std::string text_of(const tree::Document& document, const tree::Node& node, std::string_view name) {
  const tree::Node* at = node.child(document.find(name));
  return at == nullptr || !at->has_value() ? std::string() : std::string(at->text());
}

/// Some tools write a byte order mark.
Result<tree::Document> read_settings(std::string bytes, const tree::Symbols& symbols) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  return json::read_plain(std::move(bytes), symbols, kLimits);
}

bool is_core(std::string_view id) {
  return id.starts_with("hl7.fhir.") && (id.ends_with(".core") || id == "hl7.fhir.core");
}

}  // namespace

bool is_package_id(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= 128 && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
         });
}

Result<Manifest> read_manifest(std::string bytes, const tree::Symbols& symbols) {
  CONCORD_ASSIGN(const tree::Document document, read_settings(std::move(bytes), symbols));
  const tree::Node& root = document.root();
  Manifest manifest;
  manifest.id = text_of(document, root, "name");
  manifest.version = text_of(document, root, "version");
  manifest.canonical = text_of(document, root, "canonical");
  manifest.type = text_of(document, root, "type");
  manifest.title = text_of(document, root, "title");
  if (manifest.title.empty()) manifest.title = text_of(document, root, "description");
  if (!is_package_id(manifest.id)) {
    return make_error(ErrorCode::invalid, "package.json has no usable name");
  }
  for (const char* name : {"fhirVersions", "fhir-version-list"}) {
    for (const tree::Node* at = root.child(document.find(name)); at != nullptr;
         at = at->next_same()) {
      if (at->has_value()) manifest.fhir_versions.emplace_back(at->text());
    }
    if (!manifest.fhir_versions.empty()) break;
  }
  if (manifest.fhir_versions.empty() && is_core(manifest.id)) {
    manifest.fhir_versions.push_back(manifest.version);
  }
  if (const tree::Node* listed = root.child(document.find("dependencies"))) {
    for (const tree::Node& at : listed->children()) {
      if (at.has_value()) {
        manifest.dependencies.emplace_back(std::string(document.name(at)), std::string(at.text()));
      }
    }
  }
  return manifest;
}

Result<std::vector<IndexRow>> read_index(std::string bytes, const tree::Symbols& symbols) {
  CONCORD_ASSIGN(const tree::Document document, read_settings(std::move(bytes), symbols));
  const std::string version = text_of(document, document.root(), "index-version");
  if (version != "1" && version != "2") {
    return make_error(ErrorCode::unsupported, ".index.json has no index-version 1 or 2");
  }
  std::vector<IndexRow> rows;
  for (const tree::Node* at = document.root().child(document.find("files")); at != nullptr;
       at = at->next_same()) {
    const auto text = [&](std::string_view name) { return text_of(document, *at, name); };
    IndexRow row{text("filename"),    text("resourceType"), text("id"),   text("url"),
                 text("version"),     text("kind"),         text("type"), text("derivation"),
                 text("supplements"), text("content")};
    if (!row.file.empty() && !row.resource_type.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace concord::packages
