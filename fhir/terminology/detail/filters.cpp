// The filters of value sets over tables in memory.
// Source: hl7.org/fhir/R4/valueset-filter-operator.html, codesystem.html#properties.

#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "fhir/definitions/r4_generated.h"
#include "fhir/terminology/detail/code_table.h"

namespace concord::terminology {

std::optional<bool> CodeSystem::meets(std::string_view, const Filter&) const {
  return std::nullopt;
}

Result<ConceptSet> LargeCodeSystem::constrained(std::string_view) const {
  return make_error(ErrorCode::unsupported,
                    "the code system " + std::string(url()) + " has no language of constraints");
}

namespace detail {

namespace {

constexpr std::size_t kLongestPattern = 2000;
constexpr std::int64_t kPatternMemory = std::int64_t{4} << 20;

Error refused(const Filter& filter, std::string_view why) {
  return make_error(ErrorCode::invalid, "the filter " + std::string(filter.property) + " " +
                                            std::string(filter.op) +
                                            " cannot be answered: " + std::string(why));
}

bool is_concept(std::string_view property) { return property == "concept" || property == "code"; }

}  // namespace

std::optional<Result<std::function<bool(std::string_view)>>> text_test(const Filter& filter) {
  using Test = std::function<bool(std::string_view)>;
  if (filter.op == "=") {
    return Result<Test>(
        Test([value = std::string(filter.value)](std::string_view text) { return text == value; }));
  }
  if (filter.op == "in" || filter.op == "not-in") {
    auto listed = std::make_shared<std::vector<std::string>>();
    for (const std::string_view member : members(filter.value)) listed->emplace_back(member);
    std::sort(listed->begin(), listed->end());
    const bool wanted = filter.op == "in";
    return Result<Test>(Test([listed, wanted](std::string_view text) {
      return std::binary_search(listed->begin(), listed->end(), text) == wanted;
    }));
  }
  if (filter.op == "regex") {
    if (filter.value.size() > kLongestPattern) {
      return Result<Test>(refused(filter, "the pattern is too long"));
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    auto pattern = std::make_shared<const RE2>(
        re2::StringPiece(filter.value.data(), filter.value.size()), options);
    if (!pattern->ok()) return Result<Test>(refused(filter, "the pattern is none"));
    // The whole text, as the reference implementations match.
    return Result<Test>(Test([pattern](std::string_view text) {
      return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *pattern);
    }));
  }
  return std::nullopt;
}

Result<ConceptSet> CodeTable::select(const Filter& filter) const {
  if (filter.property.empty() || filter.op.empty() || filter.value.empty()) {
    return refused(filter, "property, operator or value is missing");
  }
  if (is_concept(filter.property)) return by_hierarchy(filter);
  return by_property(filter);
}

Result<ConceptSet> CodeTable::by_hierarchy(const Filter& filter) const {
  if (const auto test = text_test(filter)) {
    if (!*test) return test->error();
    if (filter.op == "=") {  // as find() does, for systems in which case does not matter
      const Concept at = find(filter.value);
      return at == kNoConcept ? ConceptSet{} : ConceptSet::range(at, at + 1);
    }
    return marked([&](Concept at) { return (**test)(rows_[at].code); });
  }
  if (filter.op == "exists") {
    return filter.value == "false" ? ConceptSet{}
                                   : ConceptSet::range(0, static_cast<Concept>(rows_.size()));
  }
  const Concept top = find(filter.value);
  if (top == kNoConcept) {
    // A fragment may lack it; a whole system never has it.
    return refused(filter, "the system has no such concept");
  }
  const ConceptSet whole = ConceptSet::range(0, static_cast<Concept>(rows_.size()));
  const ConceptSet itself = ConceptSet::range(top, top + 1);
  if (filter.op == "is-a") return below(top, down_);
  if (filter.op == "descendent-of") return below(top, down_) - itself;
  if (filter.op == "is-not-a") return whole - below(top, down_);
  if (filter.op == "generalizes") return below(top, up_);
  if (filter.op == "child-of" || filter.op == "descendent-leaf") {
    const ConceptSet all = filter.op == "child-of" ? ConceptSet{} : below(top, down_) - itself;
    const std::vector<Concept> direct = children(top);
    return marked([&](Concept at) {
      if (filter.op == "child-of")
        return std::find(direct.begin(), direct.end(), at) != direct.end();
      return all.contains(at) && children(at).empty();
    });
  }
  return make_error(ErrorCode::unsupported,
                    "the filter operator " + std::string(filter.op) + " is not known");
}

bool CodeTable::has_property(std::string_view code) const {
  // The standard's own properties need no declaration.
  constexpr std::string_view kStandard[] = {
      "inactive",      "status",     "deprecated",    "deprecationDate", "retirementDate",
      "notSelectable", "parent",     "child",         "partOf",          "synonym",
      "comment",       "itemWeight", "effectiveDate", "subsumedBy",      "display",
      "definition",    "designation"};
  if (std::find(std::begin(kStandard), std::end(kStandard), code) != std::end(kStandard)) {
    return true;
  }
  if (system_ != nullptr && system_->properties() != nullptr) {
    for (const auto* row : *system_->properties()) {
      if (view(row->code()) == code) return true;
    }
  }
  for (Concept at = 0; at < rows_.size(); ++at) {
    bool found = false;
    properties(at, [&](const Property& property) { found = found || property.code == code; });
    if (found) return true;
  }
  return false;
}

Result<ConceptSet> CodeTable::by_property(const Filter& filter) const {
  const std::string_view property = filter.property;
  if (!has_property(property)) return refused(filter, "the system has no such property");
  // Hierarchy under its own names, which nesting says without a property.
  if ((property == "parent" || property == "child") && filter.op == "=") {
    const Concept other = find(filter.value);
    if (other == kNoConcept) return ConceptSet{};
    const auto near = property == "parent" ? children(other) : parents(other);
    return marked(
        [&](Concept at) { return std::find(near.begin(), near.end(), at) != near.end(); });
  }
  const auto each = [&](Concept at, const std::function<void(std::string_view)>& sink) {
    if (property == "display") return sink(rows_[at].display);
    if (property == "definition") return sink(definition(at));
    if (property == "designation") {
      return designations(at, [&](const Designation& name) { sink(name.value); });
    }
    if (property == "parent" || property == "child") {
      for (const Concept other : property == "parent" ? parents(at) : children(at)) {
        sink(rows_[other].code);
      }
      return;
    }
    bool given = false;
    properties(at, [&](const Property& one) {
      if (one.code != property) return;
      given = true;
      sink(one.value);
    });
    // What is not said of these is false.
    if (!given && (property == "inactive" || property == "notSelectable")) sink("false");
  };
  if (filter.op == "exists") {
    const bool wanted = filter.value == "true";
    return marked([&](Concept at) {
      bool found = false;
      each(at, [&](std::string_view value) { found = found || !value.empty(); });
      return found == wanted;
    });
  }
  const auto test = text_test(filter);
  if (!test) {
    return make_error(ErrorCode::unsupported, "the filter operator " + std::string(filter.op) +
                                                  " is not known for properties");
  }
  if (!*test) return test->error();
  // A concept with several values meets a condition when one does; not-in when none is listed.
  const bool every = filter.op == "not-in";
  return marked([&](Concept at) {
    bool all = true, any = false;
    each(at, [&](std::string_view value) {
      const bool met = (**test)(value);
      all = all && met;
      any = any || met;
    });
    return every ? all : any;
  });
}

}  // namespace detail
}  // namespace concord::terminology
