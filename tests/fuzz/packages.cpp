// Archives, package.json, .index.json and loose definitions: whatever comes is loaded or refused,
// what is loaded can be found, read and checked, and a second load says the same.
// DEPENDS fhir/core fhir/definitions fhir/packages

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/packages/archive.h"
#include "fhir/packages/check.h"
#include "fhir/packages/manifest.h"
#include "fhir/packages/registry.h"
#include "fhir/packages/version.h"

using namespace concord;

namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = load(symbols);

 private:
  static definitions::Definitions load(tree::Symbols& symbols) {
    auto loaded = definitions::Definitions::r4(symbols);
    if (!loaded) std::abort();
    return *std::move(loaded);
  }
};

constexpr packages::Bounds kBounds{.max_archive = std::size_t{1} << 20,
                                   .max_total = std::size_t{4} << 20,
                                   .max_file = std::size_t{1} << 20,
                                   .max_entries = 1000};

void archive(std::string_view bytes) {
  std::size_t total = 0, files = 0;
  const auto read = packages::read_archive(
      bytes, "fuzz.tgz", kBounds, [](std::string_view) { return true; },
      [&](std::string_view path, std::string content) -> Result<bool> {
        if (path.empty() || path.front() == '/' || path.find("..") == 0) std::abort();
        total += content.size();
        ++files;
        return true;
      });
  if (total > kBounds.max_total || files > kBounds.max_entries) std::abort();
  if (!read && read.error().issues.empty()) std::abort();
}

void texts(const std::string& text, const Loaded& loaded) {
  if (const auto manifest = packages::read_manifest(text, loaded.symbols)) {
    if (!packages::is_package_id(manifest->id)) std::abort();
    for (const auto& [id, version] : manifest->dependencies) {
      const bool fits = packages::dependency_fits(version, manifest->version);
      if (version == manifest->version && !fits) std::abort();
      const auto order = packages::compare_versions(version, manifest->version);
      if ((order <=> 0) != (0 <=> packages::compare_versions(manifest->version, version))) {
        std::abort();
      }
    }
  }
  if (const auto rows = packages::read_index(text, loaded.symbols)) {
    for (const packages::IndexRow& row : *rows) {
      if (row.file.empty() || row.resource_type.empty()) std::abort();
    }
  }
}

void definition(const std::string& text, const Loaded& loaded) {
  packages::Registry registry(loaded.r4);
  const auto added = registry.add_text("fuzz", text);
  if (!added) return;
  for (const packages::Entry* entry : registry.all()) {
    const bool plain = entry->url.find_first_of("|#") == std::string_view::npos;
    if (!entry->url.empty() && plain &&
        registry.find(entry->resource_type, entry->url) == nullptr) {
      std::abort();
    }
    const auto kept = registry.text(*entry);
    if (!kept || kept->empty()) std::abort();
    const auto first = registry.tables(*entry), again = registry.tables(*entry);
    if (first.has_value() != again.has_value() || (first && *first != *again)) std::abort();
    if (!registry.document(*entry)) std::abort();
  }
  static_cast<void>(packages::check(registry));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Loaded loaded;
  const std::string text(reinterpret_cast<const char*>(data), size);
  archive(text);
  texts(text, loaded);
  definition(text, loaded);
  return 0;
}
