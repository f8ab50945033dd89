#include "fhir/packages/detail/store.h"

#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "fhir/json/reader.h"
#include "fhir/packages/version.h"
#include "fhir/xml/reader.h"

namespace concord::packages {

namespace {

constexpr int kLevel = 1;  // texts of JSON shrink to a seventh already
constexpr tree::Limits kLimits{
    .max_bytes = std::size_t{64} << 20, .max_depth = 200, .max_nodes = 8'000'000};
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::string pack_text(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), kLevel);
  packed.resize(ZSTD_isError(size) ? 0 : size);
  packed.shrink_to_fit();
  return packed;
}

Result<std::string> unpack_text(const Stored& stored) {
  if (stored.packed.empty()) return read_file(stored.path, kLimits.max_bytes);
  std::string text(stored.size, '\0');
  const std::size_t size =
      ZSTD_decompress(text.data(), text.size(), stored.packed.data(), stored.packed.size());
  if (ZSTD_isError(size) || size != stored.size) {
    return make_error(ErrorCode::internal, "a text kept in memory is damaged");
  }
  return text;
}

Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(file, failed);
  if (failed || !std::filesystem::is_regular_file(file, failed)) {
    return make_error(ErrorCode::not_found, file.string() + ": cannot be read");
  }
  if (size > limit) return make_error(ErrorCode::too_long, file.string() + ": longer than allowed");
  std::string text(size, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(in.gcount()) != size) {
    return make_error(ErrorCode::not_found, file.string() + ": cannot be read");
  }
  return text;
}

Result<ReadResource> read_resource(std::string text, const tree::Symbols& symbols) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool xml = first != std::string::npos && text[first] == '<';
  auto strict = xml ? xml::read_fhir(text, symbols, kLimits) : json::read(text, symbols, kLimits);
  if (strict) return ReadResource{*std::move(strict), std::nullopt};
  if (strict.error().code != ErrorCode::invalid) return std::move(strict).error();
  tree::Reading mended = xml ? xml::read_fhir_collecting(std::move(text), symbols, kLimits)
                             : json::read_collecting(std::move(text), symbols, kLimits);
  if (!mended.document || !mended.document->root().is(tree::Flag::resource)) {
    return std::move(strict).error();
  }
  return ReadResource{*std::move(mended.document), std::move(strict).error()};
}

const Entry* Registry::Store::add(Entry entry, std::uint32_t package, Stored stored) {
  for (std::string_view* text :
       {&entry.resource_type, &entry.url, &entry.version, &entry.id, &entry.name, &entry.kind,
        &entry.type, &entry.derivation, &entry.supplements, &entry.content, &entry.package,
        &entry.file, &entry.fhir_version}) {
    if (text->empty()) continue;
    *text = texts.copy(*text);
  }
  entry.index = static_cast<std::uint32_t>(items.size());
  Item& item = items.emplace_back();
  item.entry = entry;
  item.package = package;
  item.stored = std::move(stored);
  entries.push_back(&item.entry);
  by_type[item.entry.resource_type].push_back(&item.entry);
  if (!item.entry.url.empty()) {
    auto& same = by_url[item.entry.url];
    const auto at = std::partition_point(same.begin(), same.end(), [&](const Item* other) {
      return compare_versions(other->entry.version, item.entry.version) > 0;
    });
    same.insert(at, &item);
  }
  return &item.entry;
}

void Registry::Store::close_packages() {
  closures.assign(packages.size(), std::vector<bool>(packages.size()));
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    open.assign(1, i);
    while (!open.empty()) {
      const std::uint32_t at = open.back();
      open.pop_back();
      if (closures[i][at]) continue;
      closures[i][at] = true;
      open.insert(open.end(), packages[at].resolved.begin(), packages[at].resolved.end());
    }
  }
}

}  // namespace concord::packages
