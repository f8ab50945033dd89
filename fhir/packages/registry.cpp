#include "fhir/packages/registry.h"

#include <algorithm>
#include <tuple>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/pack_writer.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/packages/detail/loader.h"
#include "fhir/packages/detail/store.h"
#include "fhir/packages/version.h"

namespace concord::packages {

namespace pack = definitions::pack;

namespace {

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

struct Canonical {
  std::string_view url, version;
  explicit Canonical(std::string_view text) {
    text = text.substr(0, text.find('#'));
    const std::size_t bar = text.find('|');
    url = text.substr(0, bar);
    if (bar != std::string_view::npos) version = text.substr(bar + 1);
  }
};

/// How well a version answers what was asked, 0 for not at all.
constexpr int kExact = 3;
int fit(std::string_view asked, std::string_view version) {
  if (asked.empty()) return 1;
  if (asked == version) return kExact;
  if (version_fits(asked, version)) return 2;
  return same_minor(asked, version) ? 1 : 0;
}

/// The definition of one resource in a pack made of it alone.
template <typename T>
const T* only(const pack::Pack& from);
template <>
const pack::StructureDefinition* only(const pack::Pack& from) {
  if (from.types()->size() > 0) return from.types()->Get(0);
  return from.profiles() != nullptr && from.profiles()->size() > 0 ? from.profiles()->Get(0)
                                                                   : nullptr;
}
template <typename T>
const T* first(const flatbuffers::Vector<flatbuffers::Offset<T>>* rows) {
  return rows != nullptr && rows->size() > 0 ? rows->Get(0) : nullptr;
}
template <>
const pack::ValueSet* only(const pack::Pack& from) {
  return first(from.value_sets());
}
template <>
const pack::CodeSystem* only(const pack::Pack& from) {
  return first(from.code_systems());
}
template <>
const pack::ConceptMap* only(const pack::Pack& from) {
  return first(from.concept_maps());
}

/// True for definitions of another release of FHIR than the core's.
bool is_foreign(const Entry& entry, const definitions::Definitions& core) {
  return !entry.fhir_version.empty() && !same_minor(entry.fhir_version, core.fhir_version());
}

/// The better of what was loaded and what the core has.
template <typename T>
Found<T> choose(const Registry& registry, const T* core, const Entry* loaded,
                std::string_view canonical) {
  const Canonical asked(canonical);
  if (core != nullptr && !asked.version.empty() && fit(asked.version, view(core->version())) == 0) {
    core = nullptr;
  }
  bool prefer_loaded = loaded != nullptr;
  if (loaded != nullptr && core != nullptr) {
    if (asked.version.empty()) {
      prefer_loaded = !is_foreign(*loaded, registry.core()) &&
                      compare_versions(loaded->version, view(core->version())) >= 0;
    } else {
      prefer_loaded =
          fit(asked.version, loaded->version) >= fit(asked.version, view(core->version()));
    }
  }
  if (prefer_loaded) {
    const auto tables = registry.tables(*loaded);
    if (tables) {
      if (const T* table = only<T>(**tables)) return {table, *tables, loaded};
    }
  }
  if (core == nullptr) return {};
  return {core, &registry.core().pack(), nullptr};
}

}  // namespace

Registry::Registry(const definitions::Definitions& core) : store_(std::make_unique<Store>(core)) {}
Registry::~Registry() = default;

Result<Loaded> Registry::add(const std::filesystem::path& what, const AddOptions& options) {
  Loader loader(*store_, options);
  return loader.add(what);
}

Result<const Entry*> Registry::add_text(std::string name, std::string bytes) {
  const AddOptions options;
  Loader loader(*store_, options);
  return loader.add_text(std::move(name), std::move(bytes));
}

const Entry* Registry::find(std::string_view resource_type, std::string_view canonical,
                            const Entry* asked_from) const {
  const Canonical asked(canonical);
  const auto at = store_->by_url.find(asked.url);
  if (at == store_->by_url.end()) return nullptr;
  const std::vector<bool>* near = nullptr;
  if (asked_from != nullptr) {
    const std::uint32_t package = store_->item(*asked_from).package;
    if (package != Item::kNoPackage) near = &store_->closures[package];
  }
  const Item* best = nullptr;
  // The very version asked for, wherever it is; else in the closure, then how well it fits.
  std::tuple<bool, bool, int> best_rank;
  for (const Item* item : at->second) {  // the highest version first
    if (item->entry.resource_type != resource_type) continue;
    const int fits = fit(asked.version, item->entry.version);
    if (fits == 0) continue;
    const bool is_near = near != nullptr && item->package < near->size() && (*near)[item->package];
    const std::tuple rank(fits == kExact, is_near, fits);
    if (best == nullptr || rank > best_rank) best = item, best_rank = rank;
  }
  return best == nullptr ? nullptr : &best->entry;
}

std::span<const Entry* const> Registry::all(std::string_view resource_type) const {
  const auto at = store_->by_type.find(resource_type);
  if (at == store_->by_type.end()) return {};
  return at->second;
}

std::span<const Entry* const> Registry::all() const { return store_->entries; }

std::span<const Package> Registry::packages() const { return store_->packages; }

Result<std::string> Registry::text(const Entry& entry) const {
  return unpack_text(store_->item(entry).stored);
}

Result<tree::Document> Registry::read(const Entry& entry) const {
  CONCORD_ASSIGN(std::string text, unpack_text(store_->item(entry).stored));
  CONCORD_ASSIGN(ReadResource found, read_resource(std::move(text), store_->core->symbols()));
  tree::Document document = std::move(found.document);
  const auto said = [&](std::string_view name) {
    const tree::Node* at = document.root().child(document.find(name));
    return at == nullptr ? std::string_view{} : at->text();
  };
  if (document.text(document.root().type()) != entry.resource_type || said("url") != entry.url ||
      said("version") != entry.version) {
    return make_error(ErrorCode::conflict, std::string(entry.file) + ": is not what the index of " +
                                               std::string(entry.package) +
                                               " says, or changed since it was loaded");
  }
  tree::Builder builder(document);
  definitions::annotate(builder, *store_->core);
  return document;
}

Result<const tree::Document*> Registry::document(const Entry& entry) const {
  const Item& item = store_->item(entry);
  if (const auto* made = item.document_made.load(std::memory_order_acquire)) return made;
  const std::scoped_lock lock(item.making);
  if (item.document == nullptr) {
    CONCORD_ASSIGN(tree::Document document, read(entry));
    item.document = std::make_unique<const tree::Document>(std::move(document));
    item.document_made.store(item.document.get(), std::memory_order_release);
  }
  return item.document.get();
}

Result<const pack::Pack*> Registry::tables(const Entry& entry) const {
  const Item& item = store_->item(entry);
  if (const auto* made = item.tables_made.load(std::memory_order_acquire)) return made;
  const std::scoped_lock lock(item.making);
  if (const auto* made = item.tables_made.load(std::memory_order_relaxed)) return made;
  if (item.tables_failed != nullptr) return *item.tables_failed;
  const auto make = [&]() -> Result<std::string> {
    definitions::PackWriter writer;
    if (item.document != nullptr) {
      CONCORD_TRY(writer.add(*item.document, item.document->root()));
    } else {
      CONCORD_ASSIGN(const tree::Document document, read(entry));
      CONCORD_TRY(writer.add(document, document.root()));
    }
    return writer.finish(entry.fhir_version);
  };
  auto bytes = make();
  if (!bytes) {
    item.tables_failed = std::make_unique<const Error>(std::move(bytes).error());
    return *item.tables_failed;
  }
  item.bytes = *std::move(bytes);
  item.bytes.shrink_to_fit();
  const pack::Pack* made = pack::GetPack(item.bytes.data());
  item.tables_made.store(made, std::memory_order_release);
  return made;
}

Found<pack::StructureDefinition> Registry::structure(std::string_view canonical,
                                                     const Entry* asked_from) const {
  return choose(*this, store_->core->structure(Canonical(canonical).url),
                find("StructureDefinition", canonical, asked_from), canonical);
}

Found<pack::ValueSet> Registry::value_set(std::string_view canonical,
                                          const Entry* asked_from) const {
  return choose(*this, store_->core->value_set(Canonical(canonical).url),
                find("ValueSet", canonical, asked_from), canonical);
}

Found<pack::CodeSystem> Registry::code_system(std::string_view canonical,
                                              const Entry* asked_from) const {
  return choose(*this, store_->core->code_system(Canonical(canonical).url),
                find("CodeSystem", canonical, asked_from), canonical);
}

Found<pack::ConceptMap> Registry::concept_map(std::string_view canonical,
                                              const Entry* asked_from) const {
  return choose(*this, store_->core->concept_map(Canonical(canonical).url),
                find("ConceptMap", canonical, asked_from), canonical);
}

const definitions::Definitions& Registry::core() const noexcept { return *store_->core; }

}  // namespace concord::packages
