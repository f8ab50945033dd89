#include "fhir/terminology/terminology.h"

#include <algorithm>

#include "fhir/definitions/pack_writer.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/terminology/detail/builtins.h"
#include "fhir/terminology/detail/displays.h"
#include "fhir/terminology/detail/state.h"

namespace concord::terminology {

namespace pack = definitions::pack;
using detail::split;
using detail::view;

// ---- what is kept
// --------------------------------------------------------------------------------

const CodeSystem* Terminology::State::table(const pack::CodeSystem& system) const {
  auto& kept = tables[&system];
  if (kept == nullptr) {
    find_supplements();
    static const std::vector<const pack::CodeSystem*> kNone;
    const auto added = supplements.find(view(system.url()));
    kept = std::make_unique<detail::CodeTable>(system,
                                               added == supplements.end() ? kNone : added->second);
  }
  return kept.get();
}

void Terminology::State::find_supplements() const {
  if (supplements_known) return;
  supplements_known = true;
  const auto add = [&](const pack::CodeSystem& system) {
    const std::string_view to = split(view(system.supplements())).url;
    if (!to.empty()) supplements[std::string(to)].push_back(&system);
  };
  const auto* core = registry.core().pack().code_systems();
  for (flatbuffers::uoffset_t i = 0; core != nullptr && i < core->size(); ++i) add(*core->Get(i));
  for (const packages::Entry* entry : registry.all("CodeSystem")) {
    if (entry->supplements.empty()) continue;
    const auto tables_of = registry.tables(*entry);
    if (!tables_of || (*tables_of)->code_systems() == nullptr) continue;
    for (const auto* system : *(*tables_of)->code_systems()) add(*system);
  }
}

const CodeSystem* Terminology::State::resolve(std::string_view canonical,
                                              const packages::Entry* from) const {
  {
    const std::shared_lock lock(names);
    const auto at = code_systems.find(detail::AskedView{canonical, from});
    if (at != code_systems.end()) return at->second;
  }
  const auto [url, version] = split(canonical);
  const CodeSystem* found = nullptr;
  for (const auto& system : plugged) {
    if (system->url() == url && detail::version_fits(version, system->version())) {
      found = system.get();
      break;
    }
  }
  if (found == nullptr && !url.empty()) {
    const auto loaded = registry.code_system(canonical, from);
    if (loaded) found = table(*loaded.table);
    if (found == nullptr ||
        (found->content() != Content::complete && found->content() != Content::supplement)) {
      auto at = built_in.find(url);
      if (at == built_in.end()) {
        at = built_in.emplace(std::string(url), detail::built_in(url)).first;
      }
      if (at->second != nullptr) found = at->second.get();
    }
  }
  // What nobody has is asked for again and again too; a bound keeps hostile names from piling up.
  const std::unique_lock lock(names);
  constexpr std::size_t kMostKept = 100'000;
  if (code_systems.size() < kMostKept) {
    code_systems.emplace(detail::Asked{std::string(canonical), from}, found);
  }
  return found;
}

const CodeSystem* Terminology::State::code_system(std::string_view canonical,
                                                  const packages::Entry* from) const {
  {
    const std::shared_lock lock(names);
    const auto at = code_systems.find(detail::AskedView{canonical, from});
    if (at != code_systems.end()) return at->second;
  }
  const std::lock_guard lock(compiling);
  return resolve(canonical, from);
}

std::shared_ptr<const ValueSet> Terminology::State::value_set(std::string_view canonical,
                                                              const packages::Entry* from) const {
  {
    const std::shared_lock lock(names);
    const auto at = value_sets.find(detail::AskedView{canonical, from});
    if (at != value_sets.end()) return at->second;
  }
  const std::lock_guard lock(compiling);
  std::shared_ptr<const ValueSet> ready;
  if (const auto found = registry.value_set(canonical, from)) {
    auto& kept = compiled[found.table];
    if (kept == nullptr) {
      auto made = detail::Compiler(*this).run(*found.table, found.entry);
      // Compiling may have moved what `kept` refers to.
      compiled[found.table] = made;
      ready = std::move(made);
    } else {
      ready = kept;
    }
  }
  const std::unique_lock naming(names);
  constexpr std::size_t kMostKept = 100'000;
  if (value_sets.size() < kMostKept) {
    value_sets.emplace(detail::Asked{std::string(canonical), from}, ready);
  }
  return ready;
}

// ---- Terminology
// ---------------------------------------------------------------------------------

Terminology::Terminology(const packages::Registry& registry, Limits limits)
    : state_(std::make_unique<State>(registry, limits)) {}
Terminology::~Terminology() = default;

void Terminology::plug(std::unique_ptr<LargeCodeSystem> system) {
  const std::unique_lock lock(state_->names);
  state_->plugged.push_back(std::move(system));
}

const packages::Registry& Terminology::registry() const noexcept { return state_->registry; }

std::shared_ptr<const ValueSet> Terminology::value_set(std::string_view canonical,
                                                       const packages::Entry* asked_from) const {
  return state_->value_set(canonical, asked_from);
}

const CodeSystem* Terminology::code_system(std::string_view canonical,
                                           const packages::Entry* asked_from) const {
  return state_->code_system(canonical, asked_from);
}

bool Terminology::needs_release(std::string_view system) noexcept {
  return detail::needs_release(system);
}

Result<std::shared_ptr<const ValueSet>> Terminology::compile(
    const tree::Document& document, const tree::Node& resource,
    const packages::Entry* asked_from) const {
  if (document.text(resource.type()) != "ValueSet") {
    return make_error(ErrorCode::invalid, "the resource is no ValueSet");
  }
  definitions::PackWriter writer;
  CONCORD_TRY(writer.add(document, resource));
  CONCORD_ASSIGN(std::string bytes, writer.finish({}));
  const auto owned = std::make_shared<const std::string>(std::move(bytes));
  const auto* sets = pack::GetPack(owned->data())->value_sets();
  if (sets == nullptr || sets->size() != 1) {
    return make_error(ErrorCode::invalid, "the ValueSet cannot be read");
  }
  const std::lock_guard lock(state_->compiling);
  return detail::Compiler(*state_).run(*sets->Get(0), asked_from, owned);
}

namespace {

/// "NN" and a country in HL7's table 0203: the national identifier of that country.
bool is_national_identifier(std::string_view system, std::string_view code) {
  return system == "http://terminology.hl7.org/CodeSystem/v2-0203" && code.size() > 3 &&
         code.starts_with("NN");
}

}  // namespace

CodeCheck Terminology::check(const Code& code, std::string_view language,
                             const packages::Entry* asked_from) const {
  CodeCheck result;
  if (code.system.empty()) {
    result.standing = Standing::no_system;
    return result;
  }
  const CodeSystem* system = nullptr;
  if (code.version.empty()) {
    system = state_->code_system(code.system, asked_from);
  } else {
    system = state_->code_system(detail::join(code.system, code.version), asked_from);
    if (system == nullptr) {
      const CodeSystem* other = state_->code_system(code.system, asked_from);
      // A system that says no version of its own answers for any.
      if (other != nullptr && other->version().empty()) {
        system = other;
      } else if (other != nullptr && other->content() == Content::complete) {
        result.standing = Standing::unknown_version;
        result.gap = Gap::unknown_version;
        result.system = other;
        return result;
      }
    }
  }
  if (system == nullptr) {
    if (detail::needs_release(code.system)) {
      result.standing = Standing::not_checked;
      result.gap = Gap::needs_release;
    } else if (state_->registry.value_set(code.system, asked_from)) {
      result.standing = Standing::value_set;
    } else {
      result.standing = Standing::unknown_system;
      result.gap = Gap::unknown_system;
    }
    return result;
  }
  result.system = system;
  if (system->content() == Content::supplement) {
    result.standing = Standing::supplement;
    return result;
  }
  if (system->content() == Content::grammar) {
    result.standing = system->has(code.code) ? Standing::valid : Standing::unknown_code;
    return result;
  }
  result.number = system->find(code.code);
  if (result.number == kNoConcept) {
    if (is_national_identifier(code.system, code.code)) {
      const CodeSystem* countries = state_->code_system("urn:iso:std:iso:3166", asked_from);
      if (countries != nullptr && countries->has(code.code.substr(2))) {
        result.standing = Standing::valid;
        return result;
      }
    }
    if (system->content() == Content::complete) {
      result.standing = Standing::unknown_code;
    } else {
      result.standing = Standing::not_checked;
      result.gap = detail::needs_release(code.system) ? Gap::needs_release : Gap::incomplete_system;
    }
    return result;
  }
  result.standing = Standing::valid;
  result.inactive = system->is_inactive(result.number);
  result.abstract = system->is_abstract(result.number);
  result.other_case = system->code(result.number) != code.code;
  if (!code.display.empty()) {
    auto names = detail::check_display(*system, result.number, code.display, language, nullptr);
    result.display = names.standing;
    if (names.standing != DisplayStanding::right) result.displays = std::move(names.allowed);
  }
  return result;
}

Membership Terminology::contains(std::string_view value_set_canonical, const Code& code,
                                 std::string_view language,
                                 const packages::Entry* asked_from) const {
  auto set = state_->value_set(value_set_canonical, asked_from);
  if (set == nullptr) {
    Membership result;
    result.gap = Gap::unknown_value_set;
    result.subject = value_set_canonical;
    result.system = code.system;
    if (!code.system.empty()) {
      result.code = check(code, language, asked_from);
    } else {
      result.code.standing = Standing::no_system;
    }
    return result;
  }
  return contains(std::move(set), code, language, asked_from);
}

Membership Terminology::contains(std::shared_ptr<const ValueSet> set, const Code& code,
                                 std::string_view language,
                                 const packages::Entry* asked_from) const {
  Membership result;
  const Hit hit =
      code.system.empty() ? set->infer(code.code) : set->find(code.system, code.code, code.version);
  result.answer = hit.answer;
  result.gap = hit.gap;
  result.subject = hit.subject;
  result.system = code.system.empty() ? hit.system : code.system;
  Code own = code;
  own.system = result.system;
  result.code = check(own, language, asked_from);
  // A name of the value set itself is as good.
  if (result.code.number != kNoConcept && result.code.display != DisplayStanding::right &&
      result.code.display != DisplayStanding::unknown) {
    auto names = detail::check_display(*result.code.system, result.code.number, code.display,
                                       language, set.get());
    result.code.display = names.standing;
    result.code.displays = std::move(names.allowed);
    if (result.code.display == DisplayStanding::right) result.code.displays.clear();
  }
  result.value_set = std::move(set);
  return result;
}

}  // namespace concord::terminology
