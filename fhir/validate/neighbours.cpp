#include "fhir/validate/neighbours.h"

#include <algorithm>
#include <fstream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/validate/formats.h"
#include "fhir/xml/reader.h"

namespace concord::validate {

namespace {

constexpr std::size_t kMostRead = 10'000;  // files one call may make us look for

std::unique_ptr<tree::Document> read(std::string text, const definitions::Definitions& definitions,
                                     std::size_t max_bytes) {
  tree::Limits limits;
  limits.max_bytes = max_bytes;
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  auto document = is_xml ? xml::read_fhir(std::move(text), definitions.symbols(), limits)
                         : json::read(std::move(text), definitions.symbols(), limits);
  if (!document) return nullptr;
  tree::Builder builder(*document);
  definitions::annotate(builder, definitions);
  return std::make_unique<tree::Document>(*std::move(document));
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

}  // namespace

FileNeighbours::FileNeighbours(const definitions::Definitions& definitions,
                               std::filesystem::path folder, std::size_t max_bytes)
    : definitions_(definitions), folder_(std::move(folder)), max_bytes_(max_bytes) {}

bool FileNeighbours::add(std::string text) {
  auto document = read(std::move(text), definitions_, max_bytes_);
  if (document == nullptr) return false;
  const tree::Symbol id = document->find("id");
  const tree::Node* own = id == tree::Symbol::kNone ? nullptr : document->root().child(id);
  if (own == nullptr || own->text().empty()) return false;
  std::string name(document->text(document->root().type()));
  name.append("/").append(own->text());
  const std::lock_guard lock(reading_);
  known_[std::move(name)] = std::move(document);
  return true;
}

const tree::Document* FileNeighbours::find(std::string_view reference) const {
  reference = reference.substr(0, reference.find_first_of("#?"));
  reference = reference.substr(0, reference.find("/_history/"));
  const std::size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return nullptr;
  const std::size_t before = reference.rfind('/', slash - 1);
  const std::string_view name =
      before == std::string_view::npos ? reference : reference.substr(before + 1);
  const std::string_view type = name.substr(0, name.find('/'));
  const std::string_view id = name.substr(type.size() + 1);
  const definitions::Type* known = definitions_.type(type);
  if (known == nullptr || !known->is_resource() || !is_id(id)) return nullptr;
  const std::lock_guard lock(reading_);
  if (const auto at = known_.find(name); at != known_.end()) return at->second.get();
  if (registry_ != nullptr) {
    for (const packages::Entry* entry : registry_->all(type)) {
      if (entry->id != id) continue;
      auto document = registry_->document(*entry);
      if (document) return *document;
    }
  }
  if (folder_.empty() || known_.size() > kMostRead) return nullptr;
  known_.emplace(name, nullptr);  // looked for once
  return read_file(type, id);
}

const tree::Document* FileNeighbours::read_file(std::string_view type, std::string_view id) const {
  const std::string typed = lower(type) + "-" + lower(id), bare = lower(id);
  for (const auto& [stem, suffix] : {std::pair(typed, ".json"), std::pair(typed, ".xml"),
                                     std::pair(bare, ".json"), std::pair(bare, ".xml")}) {
    const std::filesystem::path file = folder_ / (stem + suffix);
    std::error_code failed;
    const auto size = std::filesystem::file_size(file, failed);
    if (failed || size > max_bytes_) continue;
    std::ifstream in(file, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in) continue;
    auto document = read(std::move(text), definitions_, max_bytes_);
    if (document == nullptr) continue;
    std::string name(type);
    name.append("/").append(id);
    return (known_[std::move(name)] = std::move(document)).get();
  }
  return nullptr;
}

}  // namespace concord::validate
