// The second half of loading: which resources the files of a package or folder hold.
#include <algorithm>
#include <system_error>
#include <unordered_map>

#include "fhir/definitions/annotate.h"
#include "fhir/json/writer.h"
#include "fhir/packages/detail/loader.h"

namespace concord::packages {

namespace fs = std::filesystem;

namespace {

std::string_view text_of(const tree::Document& document, const tree::Node& node,
                         std::string_view name) {
  const tree::Node* at = node.child(document.find(name));
  return at == nullptr ? std::string_view{} : at->text();
}

/// True for JSON and XML files that never meant to be FHIR.
bool is_other_content(std::string_view text) {
  return text.find("resourceType") == std::string_view::npos &&
         text.find("http://hl7.org/fhir") == std::string_view::npos;
}

}  // namespace

void Loader::add_files(std::uint32_t package, std::vector<File> files, const std::string* index,
                       fs::file_time_type index_written) {
  const Package& opened = store_.packages[package];
  Source source{package, opened.id + (opened.version.empty() ? "" : "#" + opened.version),
                opened.fhir_version};
  std::unordered_map<std::string_view, const IndexRow*> rows;
  std::vector<IndexRow> listed;
  if (index != nullptr) {
    if (auto read = read_index(*index, symbols_)) {
      listed = *std::move(read);
    } else {
      warn(source.label + ": .index.json is not used: " + to_string(read.error()));
    }
  }
  for (const IndexRow& row : listed) rows.emplace(row.file, &row);
  const std::size_t before = store_.items.size();
  for (File& file : files) {
    const auto row = rows.find(file.name);
    if (row == rows.end() || !add_by_index(source, file, *row->second, index_written)) {
      add_scanned(source, file);
    }
  }
  store_.packages[package].resources = store_.items.size() - before;
  done_.packages.push_back(source.label);
}

bool Loader::add_by_index(const Source& source, File& file, const IndexRow& row,
                          fs::file_time_type index_written) {
  if (row.resource_type == "Bundle") return false;
  if (file.stored.packed.empty()) {
    std::error_code failed;
    if (fs::last_write_time(file.stored.path, failed) > index_written || failed) return false;
  }
  Entry entry;
  entry.resource_type = row.resource_type;
  entry.url = row.url;
  entry.version = row.version;
  entry.id = row.id;
  entry.kind = row.kind;
  entry.type = row.type;
  entry.derivation = row.derivation;
  entry.supplements = row.supplements;
  entry.content = row.content;
  entry.package = source.label;
  entry.file = file.name;
  entry.fhir_version = source.fhir_version;
  store_.add(entry, source.package, std::move(file.stored));
  return true;
}

void Loader::add_scanned(const Source& source, File& file) {
  const std::string& name = file.shown.empty() ? file.name : file.shown;
  const std::string shown = source.label.empty() ? name : source.label + ": " + name;
  auto text = unpack_text(file.stored);
  if (!text) return warn(shown + ": " + to_string(text.error()));
  if (text->size() > options_.bounds.max_file) return warn(shown + ": longer than allowed");
  read_ += text->size();
  if (read_ > options_.bounds.max_total) {
    return warn(shown + ": left out, the files together are longer than allowed");
  }
  auto read = read_resource(*text, symbols_);
  if (!read) {
    if (!is_other_content(*text)) warn(shown + ": " + to_string(read.error()));
    return;
  }
  if (read->mistake) warn(shown + ": " + to_string(*read->mistake));
  tree::Document* document = &read->document;
  if (document->text(document->root().type()) == "Bundle") {
    if (auto added = add_bundle(source, name, std::move(*document)); !added) {
      warn(shown + ": " + to_string(added.error()));
    }
    return;
  }
  if (!file.stored.packed.empty()) {
    add_resource(source, name, std::move(file.stored), *document, document->root());
  } else {
    add_resource(source, name, {pack_text(*text), {}, text->size()}, *document, document->root());
  }
}

const Entry* Loader::add_resource(const Source& source, const std::string& name, Stored stored,
                                  const tree::Document& document, const tree::Node& resource) {
  const auto text = [&](std::string_view child) { return text_of(document, resource, child); };
  Entry entry;
  entry.resource_type = document.text(resource.type());
  entry.url = text("url");
  entry.version = text("version");
  entry.id = text("id");
  entry.name = text("name");
  if (entry.resource_type == "StructureDefinition") {
    entry.kind = text("kind");
    entry.type = text("type");
    entry.derivation = text("derivation");
  } else if (entry.resource_type == "CodeSystem") {
    entry.supplements = text("supplements");
    entry.content = text("content");
  }
  entry.package = source.label.empty() ? std::string_view(name) : std::string_view(source.label);
  entry.file = name;
  entry.fhir_version = source.fhir_version;
  if (entry.fhir_version.empty() && entry.resource_type == "StructureDefinition") {
    entry.fhir_version = text("fhirVersion");
  }
  return store_.add(entry, source.package, std::move(stored));
}

/// The resources of a Bundle that have a canonical url, each as a text of its own.
Result<void> Loader::add_bundle(const Source& source, const std::string& name,
                                tree::Document document) {
  tree::Builder builder(document);
  definitions::annotate(builder, *store_.core);
  const tree::Symbol entry = document.find("entry"), resource = document.find("resource");
  std::size_t position = 0;
  for (const tree::Node* at = document.root().child(entry); at != nullptr;
       at = at->next_same(), ++position) {
    const tree::Node* found = at->child(resource);
    if (found == nullptr || !found->is(tree::Flag::resource) ||
        text_of(document, *found, "url").empty()) {
      continue;
    }
    CONCORD_ASSIGN(const std::string text, json::write(document, *found));
    add_resource(source, name + "#entry[" + std::to_string(position) + "]",
                 {pack_text(text), {}, text.size()}, document, *found);
  }
  return {};
}

}  // namespace concord::packages
