#include "fhir/snapshot/profiles.h"

#include <deque>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "fhir/definitions/pack_writer.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/snapshot/detail/output.h"
#include "fhir/snapshot/detail/registry_source.h"

namespace concord::snapshot {

namespace pack = definitions::pack;

namespace {

constexpr std::size_t kMostMadeUp = 1000;  // a sender may ask for any url

/// What was made for one definition.
struct Made {
  std::string bytes;
  std::vector<Issue> messages;
  Profile profile;
  Error error;
  bool failed = false;
};

}  // namespace

struct Profiles::State {
  State(const packages::Registry& used, const Limits& limits)
      : registry(used), source(used), store(source, used.core().symbols(), limits) {
    store.set_fix_slice_names(true);
    store.set_complete_slicing(true);
  }

  const packages::Registry& registry;
  mutable std::shared_mutex lock;
  RegistrySource source;
  Store store;
  std::deque<Made> kept;
  std::unordered_map<const packages::Entry*, Made*> by_entry;
  std::unordered_map<std::string, Made*> made_up;

  Result<void> fill(Made& made, const packages::Entry& entry);
  Result<void> write(Made& made, const Definition& definition);
  static Result<Profile> answer(const Made& made) {
    if (made.failed) return made.error;
    return made.profile;
  }
};

Result<void> Profiles::State::fill(Made& made, const packages::Entry& entry) {
  made.profile.entry = &entry;
  CONCORD_ASSIGN(const tree::Document* const document, registry.document(entry));
  Definition& definition = *store.add(*document, &entry);
  if (definition.state == Definition::State::published && definition.has_snapshot()) {
    CONCORD_ASSIGN(const pack::Pack* const tables, registry.tables(entry));
    const auto* rows = tables->profiles() != nullptr && tables->profiles()->size() > 0
                           ? tables->profiles()
                           : tables->types();
    if (rows == nullptr || rows->size() == 0) {
      return make_error(ErrorCode::invalid, "the definition has no url");
    }
    made.profile.definition = rows->Get(0);
    made.profile.pack = tables;
    return {};
  }
  CONCORD_TRY(store.prepare(definition));
  CONCORD_TRY(write(made, definition));
  made.messages = definition.messages;
  made.profile.messages = made.messages;
  return {};
}

Result<void> Profiles::State::write(Made& made, const Definition& definition) {
  CONCORD_ASSIGN(const tree::Document document,
                 write_definition(definition, nullptr, registry.core(), Content::structure));
  definitions::PackWriter writer;
  CONCORD_TRY(writer.add(document, document.root()));
  CONCORD_ASSIGN(made.bytes, writer.finish(definition.version));
  const pack::Pack* tables = pack::GetPack(made.bytes.data());
  const auto* rows = tables->profiles() != nullptr && tables->profiles()->size() > 0
                         ? tables->profiles()
                         : tables->types();
  if (rows == nullptr || rows->size() == 0) {
    return make_error(ErrorCode::internal, "the snapshot was not written");
  }
  made.profile.definition = rows->Get(0);
  made.profile.pack = tables;
  return {};
}

Profiles::Profiles(const packages::Registry& registry, const Limits& limits)
    : state_(std::make_unique<State>(registry, limits)) {}
Profiles::~Profiles() = default;

Result<Profile> Profiles::find(std::string_view canonical,
                               const packages::Entry* asked_from) const {
  State& state = *state_;
  canonical = canonical.substr(0, canonical.find('#'));
  const Named named = resolve(state.registry, canonical, asked_from);
  if (named.core != nullptr) {
    return Profile{named.core, &state.registry.core().pack(), nullptr, {}};
  }
  const std::string url(canonical.substr(0, canonical.find('|')));
  if (named.entry == nullptr && !is_cross_version(url)) {
    return make_error(ErrorCode::not_found, "nobody defines " + std::string(canonical));
  }
  {
    const std::shared_lock reading(state.lock);
    if (named.entry != nullptr) {
      const auto found = state.by_entry.find(named.entry);
      if (found != state.by_entry.end()) return State::answer(*found->second);
    } else {
      const auto found = state.made_up.find(url);
      if (found != state.made_up.end()) return State::answer(*found->second);
    }
  }
  const std::unique_lock writing(state.lock);
  Made*& slot = named.entry != nullptr ? state.by_entry[named.entry] : state.made_up[url];
  if (slot != nullptr) return State::answer(*slot);  // another thread was faster
  if (named.entry == nullptr && state.made_up.size() > kMostMadeUp) {
    state.made_up.erase(url);
    return make_error(ErrorCode::not_found,
                      "too many extensions of other FHIR versions are unknown");
  }
  Made& made = state.kept.emplace_back();
  slot = &made;
  Result<void> done;
  if (named.entry != nullptr) {
    done = state.fill(made, *named.entry);
  } else {
    Definition& definition = *state.store.find_or_make(url, nullptr);
    done = state.store.prepare(definition);
    if (done) done = state.write(made, definition);
    made.messages.push_back(Issue{Severity::information,
                                  "StructureDefinition",
                                  "The extension " + url +
                                      " of another version of FHIR is not known; anything is "
                                      "accepted in it",
                                  {},
                                  {},
                                  {}});
    made.profile.messages = made.messages;
  }
  if (!done) {
    made.failed = true;
    made.error = std::move(done).error();
  }
  return State::answer(made);
}

}  // namespace concord::snapshot
