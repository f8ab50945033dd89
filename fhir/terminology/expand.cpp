// ValueSet/$expand. Source: hl7.org/fhir/R4/valueset-operation-expand.html,
// valueset.html#expansion.

#include <algorithm>
#include <set>
#include <unordered_set>

#include "fhir/definitions/r4_generated.h"
#include "fhir/terminology/detail/displays.h"
#include "fhir/terminology/detail/state.h"

namespace concord::terminology {

namespace {

namespace pack = definitions::pack;
using detail::view;

/// Codes looked at for one answer, whatever the page.
constexpr std::size_t kMostVisited = 2'000'000;
constexpr std::uint32_t kTop = ExpansionLine::kTop;

Error gap_error(const GapNote& note) {
  std::string text = "the value set cannot be expanded: " + note.text;
  if (!note.subject.empty()) text += " (" + note.subject + ")";
  const bool costly = note.gap == Gap::too_costly;
  return make_error(costly ? ErrorCode::too_costly : ErrorCode::invalid, std::move(text));
}

/// Words of the text filter: each must begin a word of a name, or the code.
class TextFilter {
 public:
  explicit TextFilter(std::string_view text) {
    const std::string folded = detail::fold(text);
    for (std::size_t at = 0; at < folded.size();) {
      const std::size_t end = std::min(folded.find(' ', at), folded.size());
      if (end > at) words_.push_back(folded.substr(at, end - at));
      at = end + 1;
    }
  }
  bool empty() const { return words_.empty(); }

  /// Adds one name that the words may be found in.
  void offer(std::string_view name) {
    if (!words_.empty() && !name.empty()) text_ += " " + detail::fold(name);
  }
  /// Whether every word was found; forgets the names.
  bool met() {
    const bool all = std::all_of(words_.begin(), words_.end(), [&](const std::string& word) {
      for (std::size_t at = text_.find(word); at != std::string::npos;
           at = text_.find(word, at + 1)) {
        const char before = at == 0 ? ' ' : text_[at - 1];
        const bool inside = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9') ||
                            static_cast<unsigned char>(before) >= 0x80;
        if (!inside) return true;
      }
      return false;
    });
    text_.clear();
    return all;
  }

 private:
  std::vector<std::string> words_;
  std::string text_;
};

class Expander {
 public:
  Expander(const Terminology::State& state, const ValueSet& set, const ExpandOptions& options,
           Expansion& out)
      : state_(state),
        set_(set),
        root_(*set.compiled().root),
        options_(options),
        filter_(options.filter),
        languages_(detail::languages(options.display_language)),
        nested_(!options.exclude_nested && !options.count && options.offset == 0 &&
                filter_.empty()),
        out_(out) {}

  Result<void> run() {
    if (set_.compiled().table->composed()) {
      CONCORD_TRY(composed(*set_.compiled().table, set_.compiled(), 0));
    } else {
      CONCORD_TRY(as_listed(*set_.compiled().table));
    }
    out_.total = found_;
    return {};
  }

 private:
  using Entry = packages::Entry;

  static const Entry* entry_of(const ValueSet::Compiled& set) {
    return static_cast<const Entry*>(set.entry);
  }

  Result<void> composed(const pack::ValueSet& table, const ValueSet::Compiled& from, int depth) {
    if (table.include() == nullptr) return {};
    for (const auto* include : *table.include()) CONCORD_TRY(part(*include, from, depth));
    return {};
  }

  /// Offers every code one include may hold; take() asks the whole set about each.
  Result<void> part(const pack::Include& include, const ValueSet::Compiled& from, int depth) {
    if (include.system() == nullptr) {
      if (include.value_sets() == nullptr) return {};
      // What several sets have in common is in the first of them.
      const auto found =
          state_.registry.value_set(view(include.value_sets()->Get(0)), entry_of(from));
      if (!found || depth >= static_cast<int>(state_.limits.max_depth)) return {};
      const auto inner = compiled(*found.table);
      if (inner == nullptr) return {};
      if (!found.table->composed()) return as_listed(*found.table);
      return composed(*found.table, inner->compiled(), depth + 1);
    }
    const std::string_view url = view(include.system());
    if (std::any_of(options_.exclude_systems.begin(), options_.exclude_systems.end(),
                    [&](const std::string& at) { return detail::split(at).url == url; })) {
      return {};
    }
    const CodeSystem* system = state_.code_system(
        detail::join(url, version_of(url, view(include.version()))), entry_of(from));
    if (include.concepts() != nullptr) return listed(include, url, system);
    if (system == nullptr) return {};  // a gap, told before
    if (system->content() == Content::grammar) {
      return make_error(ErrorCode::too_costly,
                        "the code system " + std::string(url) + " has codes without number");
    }
    return whole(*system, url);
  }

  std::string_view version_of(std::string_view url, std::string_view said) const {
    const auto in = [&](const std::vector<std::string>& rules) -> std::string_view {
      for (const std::string& rule : rules) {
        const auto [system, version] = detail::split(rule);
        if (system == url) return version;
      }
      return {};
    };
    if (const auto forced = in(options_.force_system_versions); !forced.empty()) return forced;
    return said.empty() ? in(options_.system_versions) : said;
  }

  std::shared_ptr<const ValueSet> compiled(const pack::ValueSet& table) const {
    const std::lock_guard lock(state_.compiling);
    const auto at = state_.compiled.find(&table);
    if (at != state_.compiled.end()) return at->second;
    return detail::Compiler(state_).run(table, nullptr);
  }

  Result<void> listed(const pack::Include& include, std::string_view url,
                      const CodeSystem* system) {
    for (const auto* row : *include.concepts()) {
      const std::string_view code = view(row->code());
      if (code.empty()) continue;
      ExpansionLine line;
      line.system = url;
      line.code = code;
      const Concept at = system == nullptr ? kNoConcept : system->find(code);
      if (system != nullptr) fill(line, *system, at);
      std::vector<Designation> own;
      if (row->designations() != nullptr) {
        for (const auto* name : *row->designations()) {
          own.push_back({view(name->language()), view(name->use_system()), view(name->use()),
                         view(name->use_display()), view(name->value())});
        }
      }
      if (!view(row->display()).empty()) line.display = view(row->display());
      if (!languages_.empty()) {
        double best = 0;
        for (const Designation& name : own) {
          const double here = detail::weight(languages_, name.language);
          if (here <= best || name.value.empty()) continue;
          best = here;
          line.display = name.value;
        }
        if (best == 0 && at != kNoConcept) {
          const auto other = detail::preferred_display(*system, at, languages_);
          if (!other.empty() && other != system->display(at)) line.display = other;
        }
      }
      CONCORD_TRY(take(std::move(line), system, at, own));
    }
    return {};
  }

  /// A system without list of concepts: every concept the set has of it, in its order or as a tree.
  Result<void> whole(const CodeSystem& system, std::string_view url) {
    std::vector<Concept> members;
    for (Concept at = 0; at < system.size(); ++at) {
      if (++visited_ > kMostVisited) return costly();
      if (detail::find(root_, url, system.code(at), {}).answer == Answer::yes) {
        members.push_back(at);
      }
    }
    if (!nested_) {
      for (const Concept at : members) CONCORD_TRY(take_concept(system, url, at, kTop));
      return {};
    }
    // Below the nearest concept that is in the set too.
    const std::unordered_set<Concept> in(members.begin(), members.end());
    std::unordered_map<Concept, std::vector<Concept>> below;
    std::vector<Concept> top;
    for (const Concept at : members) {
      Concept above = kNoConcept, here = at;
      for (int step = 0; step < 256; ++step) {
        const auto parents = system.parents(here);
        if (parents.empty()) break;
        here = parents.front();
        if (here == at) break;
        if (in.contains(here)) {
          above = here;
          break;
        }
      }
      if (above == kNoConcept) {
        top.push_back(at);
      } else {
        below[above].push_back(at);
      }
    }
    std::unordered_set<Concept> done;
    std::vector<std::pair<Concept, std::uint32_t>> open;  // concept, line it stands below
    const auto grow = [&]() -> Result<void> {
      while (!open.empty()) {
        const auto [at, parent] = open.back();
        open.pop_back();
        if (!done.insert(at).second) continue;
        const std::size_t before = out_.lines.size();
        CONCORD_TRY(take_concept(system, url, at, parent));
        const std::uint32_t line =
            out_.lines.size() > before ? static_cast<std::uint32_t>(out_.lines.size() - 1) : parent;
        const auto children = below.find(at);
        if (children == below.end()) continue;
        for (auto child = children->second.rbegin(); child != children->second.rend(); ++child) {
          open.emplace_back(*child, line);
        }
      }
      return {};
    };
    for (auto at = top.rbegin(); at != top.rend(); ++at) open.emplace_back(*at, kTop);
    CONCORD_TRY(grow());
    // A hierarchy that runs in a circle has no top.
    for (const Concept at : members) {
      if (done.contains(at)) continue;
      open.emplace_back(at, kTop);
      CONCORD_TRY(grow());
    }
    return {};
  }

  Result<void> take_concept(const CodeSystem& system, std::string_view url, Concept at,
                            std::uint32_t parent) {
    ExpansionLine line;
    line.system = url;
    line.code = system.code(at);
    line.parent = parent;
    fill(line, system, at);
    return take(std::move(line), &system, at, {});
  }

  void fill(ExpansionLine& line, const CodeSystem& system, Concept at) const {
    line.version = system.version();
    if (at == kNoConcept) return;
    line.display = detail::preferred_display(system, at, languages_);
    line.abstract = system.is_abstract(at);
    line.inactive = system.is_inactive(at);
  }

  bool wanted(const Designation& name) const {
    if (options_.designations.empty()) return true;
    return std::any_of(options_.designations.begin(), options_.designations.end(),
                       [&](const std::string& at) {
                         const auto [system, code] = detail::split(at);
                         if (code.empty()) return detail::speaks(system, name.language);
                         if (system == "urn:ietf:bcp:47")
                           return detail::speaks(code, name.language);
                         return system == name.use_system && code == name.use_code;
                       });
  }

  Result<void> take(ExpansionLine line, const CodeSystem* system, Concept at,
                    const std::vector<Designation>& own) {
    if (++visited_ > kMostVisited) return costly();
    if (detail::find(root_, line.system, line.code, {}).answer != Answer::yes) return {};
    if (options_.active_only && line.inactive) return {};
    if (options_.exclude_not_for_ui && line.abstract) return {};
    const auto each_name = [&](const std::function<void(const Designation&)>& sink) {
      for (const Designation& name : own) sink(name);
      if (system != nullptr && at != kNoConcept) system->designations(at, sink);
    };
    if (!filter_.empty()) {
      filter_.offer(line.code);
      filter_.offer(line.display);
      if (system != nullptr && at != kNoConcept) filter_.offer(system->display(at));
      each_name([&](const Designation& name) { filter_.offer(name.value); });
      if (!filter_.met()) return {};
    }
    std::string key(line.system);
    key.append(1, '\0').append(line.version).append(1, '\0').append(line.code);
    if (!seen_.insert(std::move(key)).second) return {};
    const std::size_t number = found_++;
    if (!line.version.empty()) {
      used_.insert(detail::join(line.system, line.version));
    }
    if (number < options_.offset) return {};
    if (options_.count && out_.lines.size() >= *options_.count) return {};
    if (out_.lines.size() >= options_.max_codes) return costly();
    if (options_.include_designations) {
      each_name([&](const Designation& name) {
        if (wanted(name)) line.designations.push_back(name);
      });
    }
    out_.lines.push_back(std::move(line));
    return {};
  }

  Result<void> as_listed(const pack::ValueSet& table) {
    if (table.expansion() == nullptr) return {};
    std::vector<std::uint32_t> line_of;
    for (const auto* row : *table.expansion()) {
      ExpansionLine line;
      line.system = view(row->system());
      line.version = view(row->version());
      line.code = view(row->code());
      line.display = view(row->display());
      line.abstract = row->abstract();
      line.inactive = row->inactive();
      if (nested_ && row->parent() < line_of.size()) line.parent = line_of[row->parent()];
      const std::size_t before = out_.lines.size();
      const std::uint32_t above = line.parent;
      if (line.abstract || line.code.empty()) {
        // A heading of the tree.
        if (nested_ && !options_.exclude_not_for_ui) out_.lines.push_back(std::move(line));
      } else {
        CONCORD_TRY(take(std::move(line), nullptr, kNoConcept, {}));
      }
      line_of.push_back(
          out_.lines.size() > before ? static_cast<std::uint32_t>(out_.lines.size() - 1) : above);
    }
    return {};
  }

  Error costly() const {
    return make_error(ErrorCode::too_costly,
                      "the expansion has too many codes; ask for a page of it (offset, count)");
  }

 public:
  const std::set<std::string>& used() const { return used_; }

 private:
  const Terminology::State& state_;
  const ValueSet& set_;
  const detail::Node& root_;
  const ExpandOptions& options_;
  TextFilter filter_;
  std::vector<detail::Language> languages_;
  bool nested_;
  Expansion& out_;
  std::unordered_set<std::string> seen_;
  std::set<std::string> used_;
  std::size_t found_ = 0;
  std::size_t visited_ = 0;
};

detail::VersionRules rules_of(const ExpandOptions& options) {
  detail::VersionRules rules;
  const auto read = [](const std::vector<std::string>& from, auto& into) {
    for (const std::string& rule : from) {
      const auto [system, version] = detail::split(rule);
      if (!version.empty()) into.emplace(system, version);
    }
  };
  read(options.system_versions, rules.where_unsaid);
  read(options.force_system_versions, rules.always);
  return rules;
}

}  // namespace

Result<Expansion> Terminology::expand(std::string_view canonical,
                                      const ExpandOptions& options) const {
  auto set = state_->value_set(canonical, nullptr);
  if (set == nullptr) return make_error(ErrorCode::not_found, "the value set is not loaded");
  return expand(std::move(set), options);
}

Result<Expansion> Terminology::expand(std::shared_ptr<const ValueSet> set,
                                      const ExpandOptions& options) const {
  const detail::VersionRules rules = rules_of(options);
  if (!rules.where_unsaid.empty() || !rules.always.empty()) {
    // Compiled anew with the versions asked for, and not kept.
    const ValueSet::Compiled& from = set->compiled();
    const std::lock_guard lock(state_->compiling);
    set = detail::Compiler(*state_, &rules)
              .run(*from.table, static_cast<const packages::Entry*>(from.entry), from.owned);
  }
  if (!set->gaps().empty()) return gap_error(set->gaps().front());
  Expansion result;
  Expander expander(*state_, *set, options, result);
  CONCORD_TRY(expander.run());
  for (const std::string& used : expander.used()) {
    const auto [system, version] = detail::split(used);
    for (const std::string& check : options.check_system_versions) {
      const auto [asked, want] = detail::split(check);
      if (asked == system && !detail::version_fits(want, version)) {
        return make_error(ErrorCode::invalid, "the code system " + std::string(system) +
                                                  " is used in version " + std::string(version) +
                                                  ", not in the version asked for");
      }
    }
    result.parameters.emplace_back("version", used);
  }
  result.offset = options.offset;
  result.paged = options.count.has_value() || options.offset > 0;
  const auto say = [&](std::string_view name, std::string value) {
    result.parameters.emplace_back(name, std::move(value));
  };
  if (!options.filter.empty()) say("filter", options.filter);
  if (options.offset > 0) say("offset", std::to_string(options.offset));
  if (options.count) say("count", std::to_string(*options.count));
  if (options.active_only) say("activeOnly", "true");
  if (options.exclude_nested) say("excludeNested", "true");
  if (options.exclude_not_for_ui) say("excludeNotForUI", "true");
  if (options.include_designations) say("includeDesignations", "true");
  if (!options.display_language.empty()) say("displayLanguage", options.display_language);
  for (const auto& at : options.exclude_systems) say("exclude-system", at);
  for (const auto& at : options.system_versions) say("system-version", at);
  for (const auto& at : options.force_system_versions) say("force-system-version", at);
  for (const auto& at : options.check_system_versions) say("check-system-version", at);
  result.value_set = std::move(set);
  return result;
}

}  // namespace concord::terminology
