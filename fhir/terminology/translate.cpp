// ConceptMap/$translate. Source: hl7.org/fhir/R4/conceptmap-operation-translate.html,
// conceptmap.html.

#include <algorithm>
#include <set>

#include "fhir/definitions/r4_generated.h"
#include "fhir/terminology/detail/state.h"

namespace concord::terminology {

namespace {

namespace pack = definitions::pack;
using detail::view;

/// Maps that lead from one to the next (unmapped.mode other-map).
constexpr int kMostMaps = 8;
constexpr std::size_t kMostMatches = 10'000;

/// R5's words in R4's.
std::string_view equivalence_of(const pack::MapTarget& target) {
  struct Row {
    std::string_view relationship, equivalence;
  };
  constexpr Row kRows[] = {{"related-to", "relatedto"},
                           {"equivalent", "equivalent"},
                           {"source-is-narrower-than-target", "wider"},
                           {"source-is-broader-than-target", "narrower"},
                           {"not-related-to", "disjoint"}};
  if (target.equivalence() != nullptr) return view(target.equivalence());
  for (const Row& row : kRows) {
    if (row.relationship == view(target.relationship())) return row.equivalence;
  }
  return {};
}

/// Equivalences seen from the other end. Source:
/// hl7.org/fhir/R4/valueset-concept-map-equivalence.html.
std::string_view reversed(std::string_view equivalence) {
  if (equivalence == "wider") return "narrower";
  if (equivalence == "narrower") return "wider";
  if (equivalence == "subsumes") return "specializes";
  if (equivalence == "specializes") return "subsumes";
  return equivalence;
}

bool is_no_match(std::string_view equivalence) {
  return equivalence == "unmatched" || equivalence == "disjoint";
}

bool same_canonical(std::string_view a, std::string_view b) {
  const auto x = detail::split(a), y = detail::split(b);
  return x.url == y.url && (x.version.empty() || y.version.empty() || x.version == y.version);
}

class Translator {
 public:
  Translator(const Terminology::State& state, const TranslateOptions& options, Translation& out)
      : state_(state), options_(options), out_(out) {}

  /// Whether the map says anything of the code.
  bool run(const pack::ConceptMap& map, const packages::Entry* entry, const Code& code,
           int depth = 0) {
    if (map.groups() == nullptr) return false;
    bool said = false;
    for (const auto* group : *map.groups()) {
      const bool here =
          options_.reverse ? backwards(map, *group, code) : forwards(map, *group, code);
      if (here) {
        said = true;
      } else if (!options_.reverse &&
                 fits(view(group->source()), view(group->source_version()), code) &&
                 wanted(view(group->target()))) {
        said = unmapped(map, *group, entry, code, depth) || said;
      }
    }
    return said;
  }

 private:
  static bool fits(std::string_view system, std::string_view version, const Code& code) {
    if (!system.empty() && !code.system.empty() && system != code.system) return false;
    return version.empty() || code.version.empty() || detail::version_fits(version, code.version);
  }
  bool wanted(std::string_view system) const {
    return options_.target_system.empty() || options_.target_system == system;
  }

  bool depends_met(const pack::MapTarget& target) const {
    if (target.depends_on() == nullptr) return true;
    for (const auto* row : *target.depends_on()) {
      const bool met = std::any_of(
          options_.dependencies.begin(), options_.dependencies.end(), [&](const auto& given) {
            const auto& [property, value] = given;
            if (property != view(row->property()) || value.code != view(row->value())) return false;
            return value.system.empty() || view(row->system()).empty() ||
                   value.system == view(row->system());
          });
      if (!met) return false;
    }
    return true;
  }

  void add(TranslationMatch match) {
    if (out_.matches.size() >= kMostMatches) return;
    const bool there =
        std::any_of(out_.matches.begin(), out_.matches.end(), [&](const TranslationMatch& at) {
          return at.system == match.system && at.code == match.code && at.map == match.map &&
                 at.equivalence == match.equivalence;
        });
    if (!there) out_.matches.push_back(std::move(match));
  }

  bool forwards(const pack::ConceptMap& map, const pack::MapGroup& group, const Code& code) {
    if (!fits(view(group.source()), view(group.source_version()), code)) return false;
    if (group.elements() == nullptr || !wanted(view(group.target()))) return false;
    bool said = false;
    for (const auto* element : *group.elements()) {
      if (view(element->code()) != code.code) continue;
      said = true;
      if (element->targets() == nullptr) continue;
      for (const auto* target : *element->targets()) {
        if (!depends_met(*target)) continue;
        TranslationMatch match;
        match.equivalence = equivalence_of(*target);
        match.system = view(group.target());
        match.version = view(group.target_version());
        match.code = view(target->code());
        match.display = view(target->display());
        match.comment = view(target->comment());
        match.map = view(map.url());
        if (target->products() != nullptr) {
          for (const auto* row : *target->products()) {
            match.products.push_back({view(row->property()), view(row->system()),
                                      view(row->value()), view(row->display())});
          }
        }
        add(std::move(match));
      }
    }
    return said;
  }

  bool backwards(const pack::ConceptMap& map, const pack::MapGroup& group, const Code& code) {
    if (!fits(view(group.target()), view(group.target_version()), code)) return false;
    if (group.elements() == nullptr || !wanted(view(group.source()))) return false;
    bool said = false;
    for (const auto* element : *group.elements()) {
      if (element->targets() == nullptr) continue;
      for (const auto* target : *element->targets()) {
        if (view(target->code()) != code.code || !depends_met(*target)) continue;
        said = true;
        TranslationMatch match;
        match.equivalence = reversed(equivalence_of(*target));
        match.system = view(group.source());
        match.version = view(group.source_version());
        match.code = view(element->code());
        match.display = view(element->display());
        match.comment = view(target->comment());
        match.map = view(map.url());
        add(std::move(match));
      }
    }
    return said;
  }

  bool unmapped(const pack::ConceptMap& map, const pack::MapGroup& group,
                const packages::Entry* entry, const Code& code, int depth) {
    const std::string_view mode = view(group.unmapped_mode());
    TranslationMatch match;
    match.map = view(map.url());
    match.system = view(group.target());
    match.version = view(group.target_version());
    if (mode == "provided") {
      match.equivalence = "equal";
      match.code = code.code;
      match.display = code.display;
      add(std::move(match));
      return true;
    }
    if (mode == "fixed") {
      match.equivalence = "inexact";
      match.code = view(group.unmapped_code());
      match.display = view(group.unmapped_display());
      add(std::move(match));
      return true;
    }
    if (mode != "other-map" || depth >= kMostMaps) return false;
    const auto other = state_.registry.concept_map(view(group.unmapped_url()), entry);
    if (!other || !followed_.insert(other.table).second) return false;
    const bool said = run(*other.table, other.entry, code, depth + 1);
    followed_.erase(other.table);
    return said;
  }

  const Terminology::State& state_;
  const TranslateOptions& options_;
  Translation& out_;
  std::set<const pack::ConceptMap*> followed_;
};

void conclude(Translation& result, bool said) {
  result.result = std::any_of(result.matches.begin(), result.matches.end(),
                              [](const auto& at) { return !is_no_match(at.equivalence); });
  if (result.result) return;
  result.message = said ? "the map holds no match for the code" : "the map does not hold the code";
}

struct Chosen {
  const pack::ConceptMap* map;
  const packages::Entry* entry;
};

/// Every map between the value sets or systems asked for.
std::vector<Chosen> choose(const Terminology::State& state, std::span<const Code> codes,
                           const TranslateOptions& options) {
  std::vector<Chosen> chosen;
  const std::string_view from = options.reverse ? options.target : options.source;
  const std::string_view to = options.reverse ? options.source : options.target;
  const auto fits = [&](const pack::ConceptMap& map) {
    if (!from.empty() && !same_canonical(from, view(map.source()))) return false;
    if (!to.empty() && !same_canonical(to, view(map.target()))) return false;
    if (!from.empty() || !to.empty()) return true;
    // No value set named: by the systems of its groups.
    if (map.groups() == nullptr) return false;
    for (const auto* group : *map.groups()) {
      const auto here = view(options.reverse ? group->target() : group->source());
      const auto there = view(options.reverse ? group->source() : group->target());
      if (!options.target_system.empty() && there != options.target_system) continue;
      if (std::any_of(codes.begin(), codes.end(),
                      [&](const Code& code) { return code.system == here; })) {
        return true;
      }
    }
    return false;
  };
  std::set<std::string_view> known;
  for (const packages::Entry* entry : state.registry.all("ConceptMap")) {
    const auto found = state.registry.concept_map(entry->url, entry);
    if (found && known.insert(view(found.table->url())).second && fits(*found.table)) {
      chosen.push_back({found.table, found.entry});
    }
  }
  const auto* core = state.registry.core().pack().concept_maps();
  for (flatbuffers::uoffset_t i = 0; core != nullptr && i < core->size(); ++i) {
    const auto* map = core->Get(i);
    if (known.insert(view(map->url())).second && fits(*map)) chosen.push_back({map, nullptr});
  }
  return chosen;
}

}  // namespace

Result<Translation> Terminology::translate(std::span<const Code> codes,
                                           const TranslateOptions& options) const {
  if (codes.empty()) return make_error(ErrorCode::invalid, "no code is given");
  std::vector<Chosen> maps;
  if (!options.map.empty()) {
    const auto found = state_->registry.concept_map(options.map);
    if (!found) return make_error(ErrorCode::not_found, "the concept map is not loaded");
    maps.push_back({found.table, found.entry});
  } else if (options.source.empty() && options.target.empty() && options.target_system.empty()) {
    return make_error(ErrorCode::invalid,
                      "a concept map, a source or target value set or a target system is needed");
  } else {
    maps = choose(*state_, codes, options);
    if (maps.empty()) return make_error(ErrorCode::not_found, "no concept map loaded fits");
  }
  Translation result;
  bool said = false;
  Translator translator(*state_, options, result);
  for (const Chosen& at : maps) {
    for (const Code& code : codes) said = translator.run(*at.map, at.entry, code) || said;
  }
  conclude(result, said);
  return result;
}

Result<Translation> Terminology::translate(std::span<const Code> codes,
                                           const TranslateOptions& options,
                                           const pack::ConceptMap& map) const {
  if (codes.empty()) return make_error(ErrorCode::invalid, "no code is given");
  Translation result;
  bool said = false;
  Translator translator(*state_, options, result);
  for (const Code& code : codes) said = translator.run(map, nullptr, code) || said;
  conclude(result, said);
  return result;
}

}  // namespace concord::terminology
