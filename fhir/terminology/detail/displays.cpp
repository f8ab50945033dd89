#include "fhir/terminology/detail/displays.h"

#include <algorithm>

#include "fhir/definitions/r4_generated.h"
#include "fhir/terminology/detail/extent.h"

namespace concord::terminology::detail {

namespace {

constexpr std::size_t kMostListed = 50;

/// Whether a name in the language `have` answers; what has no language is English.
bool answers(const std::vector<Language>& asked, std::string_view have) {
  return asked.empty() || weight(asked, have.empty() ? std::string_view("en") : have) > 0;
}

}  // namespace

Displays check_display(const CodeSystem& system, Concept at, std::string_view display,
                       std::string_view asked_list, const ValueSet* value_set) {
  Displays result;
  if (display.empty()) return result;
  const std::vector<Language> asked = languages(asked_list);
  const std::string folded = fold_case(display), squeezed = fold(display);
  bool right = false, spaced = false, by_default = false;
  const auto take = [&](std::string_view name, std::string_view language, bool own) {
    if (name.empty()) return;
    const bool same = fold_case(name) == folded;
    if (!answers(asked, language)) {
      by_default = by_default || (same && own);
      return;
    }
    right = right || same;
    spaced = spaced || fold(name) == squeezed;
    if (result.allowed.size() < kMostListed &&
        std::find(result.allowed.begin(), result.allowed.end(), name) == result.allowed.end()) {
      result.allowed.push_back(name);
    }
  };
  take(system.display(at), system.language(), true);
  system.designations(at, [&](const Designation& name) {
    take(name.value, name.language, name.language.empty() || name.language == system.language());
  });
  if (value_set != nullptr) {
    const ValueSet::Compiled& set = value_set->compiled();
    const auto* include = set.table->include();
    for (flatbuffers::uoffset_t i = 0; include != nullptr && i < include->size(); ++i) {
      const auto* part = include->Get(i);
      if (part->concepts() == nullptr || view(part->system()) != system.url()) continue;
      for (const auto* row : *part->concepts()) {
        if (view(row->code()) != system.code(at)) continue;
        take(view(row->display()), set.language, false);
        for (flatbuffers::uoffset_t n = 0;
             row->designations() != nullptr && n < row->designations()->size(); ++n) {
          const auto* name = row->designations()->Get(n);
          take(view(name->value()), view(name->language()), false);
        }
      }
    }
  }
  if (right) {
    result.standing = DisplayStanding::right;
  } else if (!result.allowed.empty()) {
    result.standing = spaced ? DisplayStanding::white_space : DisplayStanding::wrong;
  } else if (by_default) {
    result.standing = DisplayStanding::default_language;
  } else if (!system.display(at).empty()) {
    result.standing = DisplayStanding::none_in_language;
    result.allowed.push_back(system.display(at));
  }
  return result;
}

std::string_view preferred_display(const CodeSystem& system, Concept at,
                                   const std::vector<Language>& asked) {
  std::string_view best = system.display(at);
  if (asked.empty()) return best;
  const std::string_view own = system.language().empty() ? "en" : system.language();
  double best_weight = best.empty() ? 0 : weight(asked, own);
  system.designations(at, [&](const Designation& name) {
    const double here = name.language.empty() ? 0 : weight(asked, name.language);
    if (here <= best_weight || name.value.empty()) return;
    best = name.value;
    best_weight = here;
  });
  return best;
}

}  // namespace concord::terminology::detail
