#include "fhir/definitions/definitions.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <set>

#include "fhir/core/resource.h"
#include "fhir/definitions/detail/type_builder.h"
#include "fhir/definitions/pack_writer.h"
#include "fhir/definitions/r4_generated.h"

namespace concord::definitions {

std::span<const Resource> resources();  // generated: the pack

const Type::Slot Type::kNoSlot{};

namespace {

/// A file mapped read-only.
class Mapping {
 public:
  Mapping() = default;
  explicit Mapping(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat about {};
    if (::fstat(descriptor, &about) == 0 && about.st_size > 0) {
      const auto size = static_cast<std::size_t>(about.st_size);
      void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
      if (at != MAP_FAILED) bytes_ = {static_cast<const char*>(at), size};
    }
    ::close(descriptor);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

std::string_view without_version(std::string_view canonical) {
  return canonical.substr(0, canonical.find('|'));
}

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// Rows are in byte order of their urls.
template <typename Table>
const Table* find_in(const flatbuffers::Vector<flatbuffers::Offset<Table>>* rows,
                     std::string_view canonical) noexcept {
  if (rows == nullptr) return nullptr;
  const std::string_view url = without_version(canonical);
  const auto found = std::partition_point(
      rows->begin(), rows->end(), [&](const Table* row) { return text_of(row->url()) < url; });
  return found != rows->end() && text_of(found->url()) == url ? *found : nullptr;
}

/// The rules of a pack, where elements can point to them.
std::span<const Invariant* const> read_rules(const pack::Pack& pack, tree::Arena& arena) {
  const auto* rows = pack.constraints();
  if (rows == nullptr) return {};
  const auto rules = arena.array<const Invariant*>(rows->size());
  for (flatbuffers::uoffset_t i = 0; i < rows->size(); ++i) {
    const pack::Constraint& row = *rows->Get(i);
    rules[i] = arena.make<Invariant>(
        Invariant{text_of(row.key()), text_of(row.human()), text_of(row.expression()),
                  row.warning() ? Severity::warning : Severity::error, row.best_practice()});
  }
  return rules;
}

/// What the verifier of FlatBuffers cannot know: rows that count into other rows.
bool references_hold(const pack::Pack& pack) {
  const std::size_t rules = pack.constraints() == nullptr ? 0 : pack.constraints()->size();
  for (const auto* definition : *pack.types()) {
    if (definition->elements()->size() == 0) return false;
    for (const auto* element : *definition->elements()) {
      if (element->binding() > static_cast<std::uint8_t>(BindingStrength::required) ||
          element->value_rule() > static_cast<std::uint8_t>(FixedValue::Rule::pattern) ||
          element->representation() > static_cast<std::uint8_t>(Representation::xhtml)) {
        return false;
      }
      if (element->types() != nullptr && element->types()->size() == 0) return false;
      if (element->constraints() == nullptr) continue;
      for (const std::uint16_t rule : *element->constraints()) {
        if (rule >= rules) return false;
      }
    }
  }
  if (pack.search_index() != nullptr) {
    for (const auto* entry : *pack.search_index()) {
      if (pack.search_parameters() == nullptr ||
          entry->parameter() >= pack.search_parameters()->size()) {
        return false;
      }
    }
  }
  if (pack.code_systems() != nullptr) {
    for (const auto* system : *pack.code_systems()) {
      const std::size_t concepts = system->concepts() == nullptr ? 0 : system->concepts()->size();
      if ((system->by_code() == nullptr ? 0 : system->by_code()->size()) != concepts) return false;
      for (std::size_t i = 0; i < concepts; ++i) {
        const auto at = static_cast<flatbuffers::uoffset_t>(i);
        const std::uint32_t parent = system->concepts()->Get(at)->parent();
        if (system->by_code()->Get(at) >= concepts) return false;
        if (parent != Element::kUnbounded && parent >= i) return false;
      }
    }
  }
  return true;
}

}  // namespace

struct Definitions::Store {
  tree::Symbols* symbols = nullptr;
  std::unique_ptr<Mapping> mapping;
  std::deque<std::string> added;  // packs of the models added; they never move
  const pack::Pack* pack = nullptr;
  tree::Arena arena{std::size_t{2} << 20};
  TypeTable table;

  Result<void> load(const pack::Pack& from) {
    pack = &from;
    const auto rules = read_rules(from, arena);
    std::vector<Model> models;
    models.reserve(from.types()->size());
    for (const auto* definition : *from.types()) models.push_back({definition, rules, {}, {}});
    return TypeBuilder(*symbols, arena, table).build(models);
  }
};

Definitions::Definitions(std::unique_ptr<Store> store) : store_(std::move(store)) {}
Definitions::Definitions(Definitions&&) noexcept = default;
Definitions& Definitions::operator=(Definitions&&) noexcept = default;
Definitions::~Definitions() = default;

Result<Definitions> Definitions::r4(tree::Symbols& symbols) {
  const std::string_view bytes = resources().front().bytes;
  const pack::Pack* pack = pack::GetPack(bytes.data());
  if (!pack::PackBufferHasIdentifier(bytes.data()) || pack->format() != kFormat) {
    return make_error(ErrorCode::internal, "the definitions carried are of another format");
  }
  auto store = std::make_unique<Store>();
  store->symbols = &symbols;
  CONCORD_TRY(store->load(*pack));
  return Definitions(std::move(store));
}

Result<Definitions> Definitions::open(const std::filesystem::path& file, tree::Symbols& symbols) {
  auto mapping = std::make_unique<Mapping>(file);
  const std::string_view bytes = mapping->bytes();
  if (bytes.empty()) {
    return make_error(ErrorCode::not_found, "the definitions cannot be read: " + file.string());
  }
  const auto refused = [&](std::string_view why) {
    return make_error(ErrorCode::malformed, file.string() + ": " + std::string(why));
  };
  flatbuffers::Verifier check(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                              /*max_depth=*/64, /*max_tables=*/10'000'000);
  if (bytes.size() < 16 || !pack::PackBufferHasIdentifier(bytes.data())) {
    return refused("no pack of definitions");
  }
  if (!pack::VerifyPackBuffer(check)) return refused("the pack is damaged");
  const pack::Pack* pack = pack::GetPack(bytes.data());
  if (pack->format() != kFormat) return refused("the pack is of another format version");
  if (!references_hold(*pack)) return refused("the pack is damaged");
  auto store = std::make_unique<Store>();
  store->symbols = &symbols;
  store->mapping = std::move(mapping);
  CONCORD_TRY(store->load(*pack));
  return Definitions(std::move(store));
}

Result<Definitions> Definitions::made(std::string pack, tree::Symbols& symbols) {
  auto store = std::make_unique<Store>();
  store->symbols = &symbols;
  const pack::Pack* tables = pack::GetPack(store->added.emplace_back(std::move(pack)).data());
  if (tables->format() != kFormat) {
    return make_error(ErrorCode::malformed, "the pack is of another format version");
  }
  CONCORD_TRY(store->load(*tables));
  return Definitions(std::move(store));
}

namespace {

/// Paths of the elements of a differential without a `max`; slices aside.
std::set<std::string, std::less<>> max_unsaid(const tree::Document& document) {
  std::set<std::string, std::less<>> paths;
  const tree::Symbol path = document.find("path"), max = document.find("max"),
                     slice = document.find("sliceName");
  const tree::Node* list = document.root().child(document.find("differential"));
  if (list == nullptr || document.root().child(document.find("snapshot")) != nullptr) return paths;
  for (const tree::Node* at = list->child(document.find("element")); at != nullptr;
       at = at->next_same()) {
    const tree::Node* named = at->child(path);
    if (named != nullptr && at->child(max) == nullptr && at->child(slice) == nullptr) {
      paths.emplace(named->text());
    }
  }
  return paths;
}

}  // namespace

Result<void> Definitions::add(std::span<const Source> sources, UnknownTypes unknown) {
  std::vector<std::string> packs;
  packs.reserve(sources.size());
  std::vector<Model> models;
  for (const Source& source : sources) {
    const tree::Document& document = *source.document;
    const auto refused = [&](ErrorCode code, std::string_view why) {
      return make_error(code, source.file.empty()
                                  ? std::string(why)
                                  : std::string(source.file) + ": " + std::string(why));
    };
    const auto text = [&](std::string_view name) {
      const tree::Node* at = document.root().child(document.find(name));
      return at == nullptr ? std::string_view{} : at->text();
    };
    if (document.text(document.root().type()) != "StructureDefinition") {
      return refused(ErrorCode::invalid, "not a StructureDefinition");
    }
    if (text("kind") != "logical") {
      return refused(ErrorCode::unsupported, "only StructureDefinitions of kind logical are added");
    }
    PackWriter writer;
    if (auto taken = writer.add(document, document.root()); !taken) {
      for (Issue& issue : taken.error().issues) {
        if (!source.file.empty()) issue.text = std::string(source.file) + ": " + issue.text;
      }
      return taken;
    }
    CONCORD_ASSIGN(std::string bytes, writer.finish({}));
    packs.push_back(std::move(bytes));
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const pack::Pack* pack = pack::GetPack(store_->added.emplace_back(std::move(packs[i])).data());
    const auto rules = read_rules(*pack, store_->arena);
    // Profiles of models stand apart in a pack; here they are types like any other.
    const auto* rows =
        pack->types() != nullptr && pack->types()->size() > 0 ? pack->types() : pack->profiles();
    models.push_back({rows->Get(0), rules, sources[i].file, max_unsaid(*sources[i].document)});
  }
  return TypeBuilder(*store_->symbols, store_->arena, store_->table, unknown).build(models);
}

Result<void> Definitions::add(const tree::Document& document, std::string_view file) {
  const Source source{file, &document};
  return add({&source, 1});
}

const Type* Definitions::type(tree::Symbol name) const noexcept { return store_->table.find(name); }

const Type* Definitions::type(std::string_view name_or_url) const noexcept {
  if (const Type* named = type(store_->symbols->find(name_or_url))) return named;
  const auto at = store_->table.by_url.find(without_version(name_or_url));
  return at == store_->table.by_url.end() ? nullptr : at->second;
}

std::span<const Type* const> Definitions::types() const noexcept { return store_->table.types; }

tree::Symbols& Definitions::symbols() const noexcept { return *store_->symbols; }

std::string_view Definitions::fhir_version() const noexcept {
  return text_of(store_->pack->fhir_version());
}

const pack::ValueSet* Definitions::value_set(std::string_view url) const noexcept {
  return find_in(store_->pack->value_sets(), url);
}

const pack::CodeSystem* Definitions::code_system(std::string_view url) const noexcept {
  return find_in(store_->pack->code_systems(), url);
}

const pack::ConceptMap* Definitions::concept_map(std::string_view url) const noexcept {
  return find_in(store_->pack->concept_maps(), url);
}

const pack::StructureDefinition* Definitions::structure(std::string_view url) const noexcept {
  const auto* type = find_in(store_->pack->types(), url);
  return type != nullptr ? type : find_in(store_->pack->profiles(), url);
}

const pack::SearchParameter* Definitions::search_parameter(std::string_view resource,
                                                           std::string_view code) const noexcept {
  const auto* index = store_->pack->search_index();
  if (index == nullptr) return nullptr;
  for (const Type* at = type(resource); at != nullptr; at = at->base()) {
    const auto wanted = std::pair(at->text(), code);
    const auto found =
        std::partition_point(index->begin(), index->end(), [&](const pack::SearchEntry* row) {
          return std::pair(text_of(row->base()), text_of(row->code())) < wanted;
        });
    if (found == index->end()) continue;
    const pack::SearchEntry& row = **found;
    if (text_of(row.base()) == at->text() && text_of(row.code()) == code) {
      return store_->pack->search_parameters()->Get(row.parameter());
    }
  }
  return nullptr;
}

const pack::Pack& Definitions::pack() const noexcept { return *store_->pack; }

}  // namespace concord::definitions
