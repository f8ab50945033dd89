#include "fhir/dosage/dosage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "fhir/dosage/detail/parts.h"

namespace concord::dosage {

namespace {

struct Holder {
  std::string_view type;
  std::string_view element;
};
constexpr std::array kHolders{Holder{"MedicationRequest", "dosageInstruction"},
                              Holder{"MedicationDispense", "dosageInstruction"},
                              Holder{"MedicationStatement", "dosage"}};

Error too_long(std::string text) { return make_error(ErrorCode::too_long, std::move(text)); }

/// What no part puts into words and so would change the meaning unseen.
Result<void> refuse_unspoken(const detail::Source& source) {
  const tree::Node* timing = source.of_dosage("timing");
  for (const tree::Node* at : {&source.dosage(), timing}) {
    if (const tree::Node* modifier = source.child(at, "modifierExtension")) {
      return source.unsupported(*modifier, "a modifier extension");
    }
  }
  const tree::Node* code = source.child(timing, "code");
  if (code != nullptr && source.repeat() == nullptr && source.child(timing, "event") == nullptr) {
    return source.unsupported(*code, "a timing that is nothing but a code");
  }
  // A value withheld (data-absent-reason) is not one that was never there.
  if (const tree::Node* repeat = source.repeat()) {
    for (const tree::Node& child : repeat->children()) {
      const std::string_view name = source.name(child);
      if (child.has_value() || name.starts_with("bounds") || name == "extension") continue;
      return source.invalid(child, "an element without value");
    }
  }
  return {};
}

/// A number that can be put in order. Errors: invalid (absent, not an integer).
Result<std::int64_t> sequence_of(const tree::Document& document, const tree::Node& dosage) {
  const detail::Source source(document, dosage);
  CONCORD_ASSIGN(const std::string_view text,
                 source.text(dosage, "sequence", "one of several dosages needs a sequence"));
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stop != end) {
    return source.invalid(*source.of_dosage("sequence"), "a sequence is an integer");
  }
  return value;
}

}  // namespace

Result<std::string> to_text(const tree::Document& document, const tree::Node& dosage,
                            const Limits& limits) {
  const detail::Source source(document, dosage);
  CONCORD_TRY(refuse_unspoken(source));
  CONCORD_ASSIGN(std::string text, detail::method(source));
  std::string_view join = text.empty() ? "" : " ";
  for (const detail::Part part : detail::kParts) {
    CONCORD_ASSIGN(const std::string words, part(source));
    if (words.empty()) continue;
    text += join;
    text += words;
    join = " - ";
    if (text.size() > limits.max_bytes) return too_long("the text of a dosage is too long");
  }
  if (text.size() > limits.max_bytes) return too_long("the text of a dosage is too long");
  return text;
}

Result<std::string> to_text(const tree::Document& document,
                            std::span<const tree::Node* const> dosages, const Limits& limits) {
  if (dosages.empty()) return std::string();
  if (dosages.size() == 1) return to_text(document, *dosages.front(), limits);
  if (dosages.size() > limits.max_dosages) return too_long("too many dosages");
  struct Step {
    std::int64_t sequence;
    std::string text;
  };
  std::vector<Step> steps;
  for (const tree::Node* dosage : dosages) {
    CONCORD_ASSIGN(const std::int64_t sequence, sequence_of(document, *dosage));
    CONCORD_ASSIGN(std::string text, to_text(document, *dosage, limits));
    steps.push_back({sequence, std::move(text)});
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.sequence < b.sequence; });
  std::string all;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i > 0) all += steps[i].sequence == steps[i - 1].sequence ? ", and " : ", then ";
    all += steps[i].text;
    if (all.size() > limits.max_bytes) return too_long("the text of the dosages is too long");
  }
  return all;
}

bool holds_dosages(std::string_view resource_type) noexcept {
  return std::any_of(kHolders.begin(), kHolders.end(),
                     [&](const Holder& holder) { return holder.type == resource_type; });
}

Result<std::string> resource_to_text(const tree::Document& document, const tree::Node& resource,
                                     const Limits& limits) {
  const std::string_view type = document.text(resource.type());
  for (const Holder& holder : kHolders) {
    if (holder.type != type) continue;
    const detail::Source source(document, resource);
    std::vector<const tree::Node*> dosages;
    for (const tree::Node* at = source.of_dosage(holder.element); at != nullptr;
         at = at->next_same()) {
      if (dosages.size() == limits.max_dosages) return too_long("too many dosages");
      dosages.push_back(at);
    }
    return to_text(document, dosages, limits);
  }
  return make_error(
      ErrorCode::unsupported,
      "dosages stand in MedicationRequest, MedicationDispense and MedicationStatement");
}

}  // namespace concord::dosage
