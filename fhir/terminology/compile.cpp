// ValueSet.compose into an expression over sets. Source:
// hl7.org/fhir/R4/valueset.html#compositions.

#include <algorithm>
#include <set>

#include "fhir/definitions/r4_generated.h"
#include "fhir/terminology/detail/builtins.h"
#include "fhir/terminology/detail/state.h"

namespace concord::terminology {

namespace detail {

namespace {

namespace pack = definitions::pack;

/// A set of R4 whose short forms no syntax tells (CapabilityStatement.format).
constexpr std::string_view kMimeTypes = "http://hl7.org/fhir/ValueSet/mimetypes";
constexpr std::string_view kMimeSystem = "urn:ietf:bcp:13";

void systems_of(const Node& node, std::set<std::string>& into) {
  for (const Extent& at : node.extents) into.emplace(at.system);
  if (node.grammar != nullptr) into.emplace(node.grammar->url());
  if (!node.system.empty()) into.emplace(node.system);
  for (const NodePtr& part : node.parts) systems_of(*part, into);
}

void tables_of(const Node& node, std::set<const CodeSystem*>& into) {
  for (const Extent& at : node.extents) {
    if (at.in != nullptr) into.insert(at.in);
  }
  for (const NodePtr& part : node.parts) tables_of(*part, into);
}

std::string_view first_of(std::string_view a, std::string_view b, std::string_view c) {
  return !a.empty() ? a : !b.empty() ? b : c;
}

bool is_whole(const CodeSystem& system) {
  return system.content() == Content::complete || system.content() == Content::grammar;
}

}  // namespace

NodePtr Compiler::gap(Gap why, std::string_view system, std::string subject, std::string text,
                      const CodeSystem* in) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::gap;
  node->gap = why;
  node->system = system;
  node->subject = subject;
  node->in = in;
  const bool noted = std::any_of(gaps_.begin(), gaps_.end(), [&](const GapNote& at) {
    return at.gap == why && at.subject == subject && at.text == text;
  });
  if (!noted && gaps_.size() < 1000) gaps_.push_back({why, std::move(subject), std::move(text)});
  return node;
}

std::shared_ptr<const ValueSet> Compiler::run(const pack::ValueSet& table,
                                              const packages::Entry* entry,
                                              std::shared_ptr<const std::string> owned) {
  // What one value set has beside those around it.
  std::vector<GapNote> gaps_around;
  gaps_around.swap(gaps_);
  open_.push_back(&table);
  auto compiled = std::make_unique<ValueSet::Compiled>();
  compiled->table = &table;
  compiled->owned = std::move(owned);
  compiled->url = view(table.url());
  compiled->version = view(table.version());
  compiled->title = first_of(view(table.title()), view(table.name()), compiled->url);
  compiled->status = view(table.status());
  compiled->standards_status = view(table.standards_status());
  compiled->language = view(table.language());
  compiled->experimental = table.experimental();
  compiled->entry = entry;
  compiled->root = composed(table, entry);
  std::set<std::string> systems;
  systems_of(*compiled->root, systems);
  compiled->systems.assign(systems.begin(), systems.end());
  open_.pop_back();
  compiled->gaps = gaps_;
  for (GapNote& at : gaps_) {
    const bool noted =
        std::any_of(gaps_around.begin(), gaps_around.end(), [&](const GapNote& other) {
          return other.gap == at.gap && other.subject == at.subject && other.text == at.text;
        });
    if (!noted && gaps_around.size() < 1000) gaps_around.push_back(std::move(at));
  }
  gaps_ = std::move(gaps_around);
  return std::make_shared<const ValueSet>(std::move(compiled));
}

NodePtr Compiler::composed(const pack::ValueSet& table, const packages::Entry* entry) {
  const bool has_expansion = table.expansion() != nullptr && table.expansion()->size() > 0;
  if (!table.composed()) {
    if (has_expansion) return listed_expansion(table, entry);
    return gap(Gap::unknown_value_set, {}, std::string(view(table.url())),
               "the value set has neither a compose nor an expansion");
  }
  std::vector<NodePtr> in, out;
  if (table.include() != nullptr) {
    for (const auto* include : *table.include()) in.push_back(part(*include, entry));
  }
  // Somebody with a terminology server may have listed what cannot be told here: all of it, or
  // some.
  const bool uncertain = !gaps_.empty();
  if (uncertain && has_expansion && !table.expansion_incomplete()) {
    gaps_.clear();
    return listed_expansion(table, entry);
  }
  if (view(table.url()) == kMimeTypes) {
    auto rows = std::make_shared<TextIndex>(3);
    for (const std::string_view code : {"xml", "json", "ttl"}) rows->add(code, 0);
    auto node = std::make_shared<Node>();
    node->extents.push_back({kMimeSystem, {}, nullptr, {}, std::move(rows)});
    in.push_back(std::move(node));
  }
  if (uncertain && has_expansion) in.push_back(listed_expansion(table, entry));
  NodePtr root = any_of(std::move(in));
  if (table.exclude() != nullptr) {
    for (const auto* exclude : *table.exclude()) out.push_back(part(*exclude, entry));
    root = without(std::move(root), any_of(std::move(out)));
  }
  return table.inactive() == 1 ? without_inactive(std::move(root)) : root;
}

NodePtr Compiler::without_inactive(NodePtr root) {
  std::set<const CodeSystem*> tables;
  tables_of(*root, tables);
  auto gone = std::make_shared<Node>();
  for (const CodeSystem* system : tables) {
    std::vector<std::uint64_t> words((system->size() + 63) / 64, 0);
    for (Concept at = 0; at < system->size(); ++at) {
      if (system->is_inactive(at)) words[at / 64] |= std::uint64_t{1} << (at % 64);
    }
    ConceptSet inactive = ConceptSet::bits(std::move(words));
    if (inactive.empty()) continue;
    gone->extents.push_back({system->url(), {}, system, std::move(inactive), nullptr});
  }
  return gone->extents.empty() ? root : without(std::move(root), std::move(gone));
}

NodePtr Compiler::listed_expansion(const pack::ValueSet& table, const packages::Entry* entry) {
  auto node = std::make_shared<Node>();
  std::map<std::string_view, std::shared_ptr<TextIndex>> by_system;
  for (const auto* row : *table.expansion()) {
    if (row->code() == nullptr || row->abstract()) continue;
    if (++listed_ > state_.limits.max_listed) {
      return gap(Gap::too_costly, {}, std::string(view(table.url())), "too many codes are listed");
    }
    auto& rows = by_system[view(row->system())];
    if (rows == nullptr) rows = std::make_shared<TextIndex>();
    rows->add(view(row->code()), 0);
  }
  for (auto& [system, rows] : by_system) {
    Extent extent;
    extent.system = system;
    extent.in = state_.resolve(system, entry);
    if (extent.in != nullptr && extent.in->size() > 0) {
      std::vector<std::uint64_t> words((extent.in->size() + 63) / 64, 0);
      auto rest = std::make_shared<TextIndex>();
      for (const auto& row : rows->rows()) {
        const Concept at = extent.in->find(row.text);
        if (at == kNoConcept) {
          rest->add(row.text, 0);
        } else {
          words[at / 64] |= std::uint64_t{1} << (at % 64);
        }
      }
      extent.numbers = ConceptSet::bits(std::move(words));
      if (rest->size() > 0) extent.listed = std::move(rest);
    } else {
      extent.in = nullptr;
      extent.listed = std::move(rows);
    }
    node->extents.push_back(std::move(extent));
  }
  return node;
}

NodePtr Compiler::part(const pack::Include& include, const packages::Entry* entry) {
  if (++parts_ > state_.limits.max_parts) {
    return gap(Gap::too_costly, {}, {}, "the value set has too many parts");
  }
  std::vector<NodePtr> all;
  if (include.system() != nullptr) all.push_back(of_system(include, entry));
  if (include.value_sets() != nullptr) {
    for (const auto* canonical : *include.value_sets()) {
      all.push_back(imported(view(canonical), entry));
    }
  }
  if (all.empty()) {
    return gap(Gap::bad_filter, {}, {}, "a part names neither a code system nor a value set");
  }
  return all_of(std::move(all));
}

NodePtr Compiler::imported(std::string_view canonical, const packages::Entry* entry) {
  const auto found = state_.registry.value_set(canonical, entry);
  if (!found) {
    // A code system's own url in the place of a value set, as implicit value sets have it.
    constexpr std::string_view kSnomed = "http://snomed.info/sct?fhir_vs";
    if (canonical.starts_with(kSnomed)) {
      return gap(Gap::needs_release, "http://snomed.info/sct", "http://snomed.info/sct",
                 "an implicit value set of SNOMED CT");
    }
    return gap(Gap::unknown_value_set, {}, std::string(canonical), "the value set is not loaded");
  }
  const auto at = std::find(open_.begin(), open_.end(), found.table);
  if (at != open_.end()) {
    return gap(Gap::cycle, {}, std::string(canonical), "the value set imports itself");
  }
  if (open_.size() >= state_.limits.max_depth) {
    return gap(Gap::too_costly, {}, std::string(canonical), "value sets import too deep");
  }
  if (versions_ == nullptr) {
    if (const auto kept = state_.compiled.find(found.table); kept != state_.compiled.end()) {
      const ValueSet::Compiled& ready = kept->second->compiled();
      for (const GapNote& note : ready.gaps) {
        const bool noted = std::any_of(gaps_.begin(), gaps_.end(), [&](const GapNote& other) {
          return other.gap == note.gap && other.subject == note.subject && other.text == note.text;
        });
        if (!noted && gaps_.size() < 1000) gaps_.push_back(note);
      }
      return ready.root;
    }
  }
  const auto ready = run(*found.table, found.entry);
  // One that met a circle or a bound says less here than on its own.
  const bool cut = std::any_of(ready->gaps().begin(), ready->gaps().end(), [](const GapNote& note) {
    return note.gap == Gap::cycle || note.gap == Gap::too_costly;
  });
  if (versions_ == nullptr && !cut) state_.compiled.emplace(found.table, ready);
  return ready->compiled().root;
}

NodePtr Compiler::of_system(const pack::Include& include, const packages::Entry* entry) {
  const std::string_view url = view(include.system());
  std::string_view version = view(include.version());
  if (versions_ != nullptr) {
    if (const auto at = versions_->always.find(url); at != versions_->always.end()) {
      version = at->second;
    } else if (const auto other = versions_->where_unsaid.find(url);
               version.empty() && other != versions_->where_unsaid.end()) {
      version = other->second;
    }
  }
  const std::string canonical = join(url, version);
  const CodeSystem* system = state_.resolve(canonical, entry);
  if (include.concepts() != nullptr) {
    // The list decides, whatever the system may say of its codes.
    auto node = std::make_shared<Node>();
    Extent extent;
    extent.system = url;
    extent.version = view(include.version());
    extent.in = system != nullptr && system->size() > 0 ? system : nullptr;
    std::vector<std::uint64_t> words;
    if (extent.in != nullptr) words.resize((system->size() + 63) / 64, 0);
    auto rest = std::make_shared<TextIndex>();
    for (const auto* row : *include.concepts()) {
      if (row->code() == nullptr) continue;
      if (++listed_ > state_.limits.max_listed) {
        return gap(Gap::too_costly, url, canonical, "too many codes are listed");
      }
      const Concept at = extent.in == nullptr ? kNoConcept : extent.in->find(view(row->code()));
      if (at == kNoConcept) {
        rest->add(view(row->code()), 0);
      } else {
        words[at / 64] |= std::uint64_t{1} << (at % 64);
      }
    }
    extent.numbers = ConceptSet::bits(std::move(words));
    if (rest->size() > 0) extent.listed = std::move(rest);
    node->extents.push_back(std::move(extent));
    return node;
  }
  if (system == nullptr) {
    if (!version.empty() && state_.resolve(url, entry) != nullptr && !needs_release(url)) {
      return gap(Gap::unknown_version, url, canonical,
                 "the code system is here in another version");
    }
    const Gap why = needs_release(url) ? Gap::needs_release : Gap::unknown_system;
    return gap(why, url, canonical, "the code system is not loaded");
  }
  return filtered(include, *system, url);
}

NodePtr Compiler::filtered(const pack::Include& include, const CodeSystem& system,
                           std::string_view url) {
  std::vector<Filter> filters;
  if (include.filters() != nullptr) {
    for (const auto* row : *include.filters()) {
      filters.push_back({view(row->property()), view(row->op()), view(row->value())});
    }
  }
  const std::string canonical = join(url, system.version());
  if (system.content() == Content::grammar) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::grammar;
    node->grammar = &system;
    for (const Filter& at : filters) {
      const auto test = text_test(at);
      if ((at.property != "code" && at.property != "concept") || !test || !*test) {
        return gap(Gap::bad_filter, url, canonical,
                   "the filter " + std::string(at.property) + " " + std::string(at.op) +
                       " cannot be answered");
      }
      node->conditions.push_back(
          {std::string(at.property), std::string(at.op), std::string(at.value)});
    }
    return node;
  }
  if (system.content() == Content::supplement) {
    return gap(Gap::incomplete_system, url, canonical, "a supplement is no code system of its own");
  }
  ConceptSet set = ConceptSet::range(0, static_cast<Concept>(system.size()));
  const bool whole = is_whole(system);
  for (const Filter& at : filters) {
    auto selected = system.select(at);
    if (!selected) {
      const Error& error = selected.error();
      const Gap why = error.code == ErrorCode::too_costly ? Gap::too_costly
                      : whole                             ? Gap::bad_filter
                      : needs_release(url)                ? Gap::needs_release
                                                          : Gap::incomplete_system;
      return gap(why, url, canonical, error.issues.empty() ? std::string() : error.issues[0].text);
    }
    set = set & *selected;
  }
  auto node = std::make_shared<Node>();
  node->extents.push_back({url, view(include.version()), &system, std::move(set), nullptr});
  if (whole) return node;
  const Gap why = needs_release(url) ? Gap::needs_release : Gap::incomplete_system;
  std::vector<NodePtr> both{
      std::move(node), gap(why, url, canonical, "the code system is here in part only", &system)};
  return any_of(std::move(both));
}

}  // namespace detail

// ---- ValueSet

ValueSet::ValueSet(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
ValueSet::~ValueSet() = default;

std::string_view ValueSet::url() const noexcept { return compiled_->url; }
std::string_view ValueSet::version() const noexcept { return compiled_->version; }
std::string_view ValueSet::title() const noexcept { return compiled_->title; }
std::string_view ValueSet::status() const noexcept { return compiled_->status; }
bool ValueSet::is_experimental() const noexcept { return compiled_->experimental; }
std::string_view ValueSet::standards_status() const noexcept { return compiled_->standards_status; }
std::span<const GapNote> ValueSet::gaps() const noexcept { return compiled_->gaps; }

Hit ValueSet::find(std::string_view system, std::string_view code, std::string_view version) const {
  return detail::find(*compiled_->root, system, code, version);
}

Hit ValueSet::infer(std::string_view code) const {
  Hit doubt;
  for (const std::string& system : compiled_->systems) {
    const Hit hit = detail::find(*compiled_->root, system, code, {});
    if (hit.answer == Answer::yes) return hit;
    if (hit.answer == Answer::unknown && doubt.answer != Answer::unknown) doubt = hit;
  }
  if (doubt.answer == Answer::unknown) return doubt;
  // A part nobody here knows any system of.
  for (const GapNote& note : compiled_->gaps) {
    if (note.gap != Gap::unknown_value_set && note.gap != Gap::cycle &&
        note.gap != Gap::too_costly && note.gap != Gap::bad_filter) {
      continue;
    }
    const Hit hit = detail::find(*compiled_->root, {}, code, {});
    if (hit.answer == Answer::unknown) return hit;
    break;
  }
  return {};
}

std::string_view ValueSet::own_display(std::string_view system, std::string_view code) const {
  const auto* include = compiled_->table->include();
  if (include == nullptr) return {};
  for (const auto* part : *include) {
    if (part->concepts() == nullptr || detail::view(part->system()) != system) continue;
    for (const auto* row : *part->concepts()) {
      if (detail::view(row->code()) == code) return detail::view(row->display());
    }
  }
  return {};
}

}  // namespace concord::terminology
