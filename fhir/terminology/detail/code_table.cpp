#include "fhir/terminology/detail/code_table.h"

#include <algorithm>
#include <set>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/r4_generated.h"

namespace concord::terminology::detail {

namespace {

namespace pack = definitions::pack;

Content content_of(std::string_view code) {
  if (code == "complete") return Content::complete;
  if (code == "fragment") return Content::fragment;
  if (code == "example") return Content::example;
  return code == "supplement" ? Content::supplement : Content::not_present;
}

Designation designation_of(const pack::Designation& row) {
  return {view(row.language()), view(row.use_system()), view(row.use()), view(row.use_display()),
          view(row.value())};
}

Property property_of(const pack::ConceptProperty& row) {
  return {view(row.code()), view(row.type()), view(row.value())};
}

/// The code under which a system says a property of the standard, by its uri.
std::string_view named(const pack::CodeSystem* system, std::string_view fragment) {
  constexpr std::string_view kProperties = "http://hl7.org/fhir/concept-properties#";
  if (system != nullptr && system->properties() != nullptr) {
    for (const auto* row : *system->properties()) {
      const std::string_view uri = view(row->uri());
      if (uri.starts_with(kProperties) && uri.substr(kProperties.size()) == fragment) {
        return view(row->code());
      }
    }
  }
  return fragment;
}

}  // namespace

CodeTable::CodeTable(const pack::CodeSystem& system,
                     const std::vector<const pack::CodeSystem*>& supplements)
    : url_(view(system.url())),
      version_(view(system.version())),
      name_(view(system.name())),
      title_(view(system.title())),
      status_(view(system.status())),
      standards_status_(view(system.standards_status())),
      language_(view(system.language())),
      content_(system.supplements() != nullptr ? Content::supplement
                                               : content_of(view(system.content()))),
      case_sensitive_(system.case_sensitive()),
      experimental_(system.experimental()),
      system_(&system) {
  if (system.concepts() != nullptr) {
    rows_.reserve(system.concepts()->size());
    for (const auto* row : *system.concepts()) {
      rows_.push_back({view(row->code()), view(row->display()), row});
    }
  }
  index();
  for (const pack::CodeSystem* supplement : supplements) {
    if (supplement->concepts() == nullptr) continue;
    for (const auto* row : *supplement->concepts()) {
      const Concept at = find(view(row->code()));
      if (at != kNoConcept) added_[at].push_back(row);
    }
  }
  link();
}

CodeTable::CodeTable(Made made) : made_(std::make_unique<const Made>(std::move(made))) {
  url_ = made_->url;
  name_ = made_->name;
  case_sensitive_ = made_->case_sensitive;
  status_ = "active";
  rows_.reserve(made_->rows.size());
  for (const auto& row : made_->rows) rows_.push_back({row.code, row.display, nullptr});
  index();
  link();
}

void CodeTable::index() {
  by_code_ = TextIndex(rows_.size());
  for (Concept at = 0; at < rows_.size(); ++at) by_code_.add(rows_[at].code, at);
  if (case_sensitive_) return;
  for (Concept at = 0; at < rows_.size(); ++at) by_folded_.emplace(fold(rows_[at].code), at);
}

Concept CodeTable::find(std::string_view code) const noexcept {
  const std::uint32_t at = by_code_.find(code);
  if (at != TextIndex::kAbsent || case_sensitive_ || code.size() > 1024) return at;
  const auto folded = by_folded_.find(fold(code));
  return folded == by_folded_.end() ? kNoConcept : folded->second;
}

/// Hierarchy by nesting and by the properties parent, child and subsumedBy; flags.
void CodeTable::link() {
  const std::string_view parent = named(system_, "parent"), child = named(system_, "child"),
                         hidden = named(system_, "notSelectable"),
                         inactive = named(system_, "inactive"), status = named(system_, "status");
  std::vector<std::pair<Concept, Concept>> edges;  // child, parent
  std::vector<std::uint64_t> gone((rows_.size() + 63) / 64, 0), abstract(gone);
  const auto mark = [](std::vector<std::uint64_t>& words, Concept at) {
    words[at / 64] |= std::uint64_t{1} << (at % 64);
  };
  for (Concept at = 0; at < rows_.size(); ++at) {
    const auto* row = rows_[at].concept_row;
    if (row != nullptr && row->parent() < at) edges.emplace_back(at, row->parent());
    properties(at, [&](const Property& property) {
      const bool is_parent = property.code == parent || property.code == "subsumedBy";
      if (is_parent || property.code == child) {
        const Concept other = find(property.value);
        if (other == kNoConcept || other == at) return;
        edges.emplace_back(is_parent ? at : other, is_parent ? other : at);
      } else if (property.code == hidden || property.code == "abstract") {
        if (property.value == "true") mark(abstract, at);
      } else if (property.code == inactive) {
        if (property.value == "true") mark(gone, at);
      } else if (property.code == status) {
        if (property.value == "inactive" || property.value == "retired") mark(gone, at);
      }
    });
  }
  inactive_ = ConceptSet::bits(std::move(gone));
  abstract_ = ConceptSet::bits(std::move(abstract));
  if (edges.empty()) return;
  const auto lists = [&](bool up) {
    // In the order found, each once.
    std::stable_sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) {
      return up ? a.first < b.first : a.second < b.second;
    });
    Lists made;
    made.first.assign(rows_.size() + 1, 0);
    std::set<std::pair<Concept, Concept>> seen;
    std::size_t next = 0;
    for (Concept at = 0; at < rows_.size(); ++at) {
      made.first[at] = static_cast<std::uint32_t>(made.members.size());
      for (; next < edges.size() && (up ? edges[next].first : edges[next].second) == at; ++next) {
        if (!seen.insert(edges[next]).second) continue;
        made.members.push_back(up ? edges[next].second : edges[next].first);
      }
    }
    made.first[rows_.size()] = static_cast<std::uint32_t>(made.members.size());
    return made;
  };
  up_ = lists(true);
  down_ = lists(false);
}

std::vector<Concept> CodeTable::Lists::of(Concept at) const {
  if (first.empty()) return {};
  return {members.begin() + first[at], members.begin() + first[at + 1]};
}

std::string_view CodeTable::definition(Concept at) const noexcept {
  const auto* row = rows_[at].concept_row;
  return row == nullptr ? std::string_view{} : view(row->definition());
}

void CodeTable::designations(Concept at,
                             const std::function<void(const Designation&)>& sink) const {
  const auto all_of = [&](const pack::Concept& row) {
    if (row.designations() == nullptr) return;
    for (const auto* name : *row.designations()) sink(designation_of(*name));
  };
  if (rows_[at].concept_row != nullptr) all_of(*rows_[at].concept_row);
  const auto added = added_.find(at);
  if (added == added_.end()) return;
  for (const auto* row : added->second) {
    if (row->display() != nullptr) sink({{}, {}, {}, {}, view(row->display())});
    all_of(*row);
  }
}

void CodeTable::properties(Concept at, const std::function<void(const Property&)>& sink) const {
  if (made_ != nullptr) {
    for (const auto& [code, value] : made_->rows[at].properties) sink({code, "string", value});
    return;
  }
  const auto all_of = [&](const pack::Concept& row) {
    if (row.properties() == nullptr) return;
    for (const auto* property : *row.properties()) sink(property_of(*property));
  };
  all_of(*rows_[at].concept_row);
  const auto added = added_.find(at);
  if (added == added_.end()) return;
  for (const auto* row : added->second) all_of(*row);
}

bool CodeTable::is_a(Concept at, Concept ancestor) const {
  if (at == ancestor) return true;
  if (up_.first.empty()) return false;
  // Every concept once: a hierarchy that runs in a circle ends here too.
  std::vector<Concept> open{at};
  std::set<Concept> seen{at};
  while (!open.empty()) {
    const Concept here = open.back();
    open.pop_back();
    for (std::uint32_t i = up_.first[here]; i < up_.first[here + 1]; ++i) {
      const Concept parent = up_.members[i];
      if (parent == ancestor) return true;
      if (seen.insert(parent).second) open.push_back(parent);
    }
  }
  return false;
}

ConceptSet CodeTable::marked(const std::function<bool(Concept)>& test) const {
  std::vector<std::uint64_t> words((rows_.size() + 63) / 64, 0);
  for (Concept at = 0; at < rows_.size(); ++at) {
    if (test(at)) words[at / 64] |= std::uint64_t{1} << (at % 64);
  }
  return ConceptSet::bits(std::move(words));
}

/// Everything reached from `top` through `lists`, with it.
ConceptSet CodeTable::below(Concept top, const Lists& lists) const {
  std::vector<std::uint64_t> words((rows_.size() + 63) / 64, 0);
  words[top / 64] |= std::uint64_t{1} << (top % 64);
  std::vector<Concept> open{top};
  while (!open.empty() && !lists.first.empty()) {
    const Concept here = open.back();
    open.pop_back();
    for (std::uint32_t i = lists.first[here]; i < lists.first[here + 1]; ++i) {
      const Concept at = lists.members[i];
      const std::uint64_t bit = std::uint64_t{1} << (at % 64);
      if ((words[at / 64] & bit) != 0) continue;
      words[at / 64] |= bit;
      open.push_back(at);
    }
  }
  return ConceptSet::bits(std::move(words));
}

}  // namespace concord::terminology::detail
