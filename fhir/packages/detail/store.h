#pragma once
// What a Registry holds. Shared by registry.cpp (reading) and loader.cpp (adding).

#include <atomic>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/packages/registry.h"
#include "fhir/tree/arena.h"

namespace concord::packages {

/// Where the text of a resource is.
struct Stored {
  std::string packed;          ///< zstd; empty: in `path`
  std::filesystem::path path;  ///< a file of an indexed folder, read when needed
  std::size_t size = 0;        ///< of the text, when packed
};

/// Text, compressed. Empty texts are not stored.
std::string pack_text(std::string_view text);
/// Errors: internal (damaged memory).
Result<std::string> unpack_text(const Stored& stored);

/// Errors: not_found (no such file), too_long.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit);

/// A resource and, when its text has mistakes that could be read over, the first of them.
struct ReadResource {
  tree::Document document;
  std::optional<Error> mistake;
};
/// JSON or XML by its first character; a byte order mark is skipped. Published definitions have
/// mistakes (text between elements, a name twice): what remains readable is used all the same.
Result<ReadResource> read_resource(std::string text, const tree::Symbols& symbols);

struct Item {
  Entry entry;
  std::uint32_t package = kNoPackage;
  Stored stored;

  mutable std::mutex making;  // of what follows
  mutable std::unique_ptr<const tree::Document> document;
  mutable std::atomic<const tree::Document*> document_made{nullptr};
  mutable std::string bytes;
  mutable std::atomic<const definitions::pack::Pack*> tables_made{nullptr};
  mutable std::unique_ptr<const Error> tables_failed;

  static constexpr std::uint32_t kNoPackage = 0xFFFFFFFF;
};

struct Registry::Store {
  explicit Store(const definitions::Definitions& from) : core(&from) {}

  const definitions::Definitions* core;
  tree::Arena texts{64 * 1024};
  std::deque<Item> items;
  std::vector<const Entry*> entries;
  std::vector<Package> packages;
  std::vector<std::vector<bool>> closures;  ///< of each package: itself and what it depends on
  /// By url, later versions first, of equal ones the last added.
  std::unordered_map<std::string_view, std::vector<const Item*>> by_url;
  std::unordered_map<std::string_view, std::vector<const Entry*>> by_type;

  /// Takes an item over; the texts of its entry are copied.
  const Entry* add(Entry entry, std::uint32_t package, Stored stored);
  void close_packages();
  const Item& item(const Entry& entry) const { return items[entry.index]; }
};

}  // namespace concord::packages
