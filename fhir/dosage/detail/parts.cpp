// What is given, how and for how long: everything but the times of administration (timing.cpp).
#include "fhir/dosage/detail/parts.h"

#include <vector>

#include "fhir/dosage/detail/quantities.h"
#include "fhir/dosage/detail/words.h"

namespace concord::dosage::detail {

const tree::Node* Source::child(const tree::Node* node, std::string_view name) const noexcept {
  if (node == nullptr) return nullptr;
  const tree::Symbol symbol = document_->find(name);
  if (symbol != tree::Symbol::kNone) {
    if (const tree::Node* found = node->child(symbol)) return found;
  }
  // A name that became shared after the document was read.
  const tree::Symbol own = document_->find_local(name);
  return own == tree::Symbol::kNone ? nullptr : node->child(own);
}

Error Source::invalid(const tree::Node& node, std::string text) const {
  return make_error(ErrorCode::invalid, std::move(text), document_->path(node),
                    document_->position(node));
}

Error Source::unsupported(const tree::Node& node, std::string text) const {
  return make_error(ErrorCode::unsupported, std::move(text), document_->path(node),
                    document_->position(node));
}

Result<std::string_view> Source::text(const tree::Node& parent, std::string_view name,
                                      std::string_view what) const {
  const tree::Node* found = child(&parent, name);
  if (found == nullptr || !found->has_value() || found->text().empty()) {
    return invalid(parent, std::string(what));
  }
  return found->text();
}

namespace {

/// The display of every coding. Errors: invalid (no coding, or one without display).
Result<void> add_displays(const Source& source, const tree::Node& concept_node,
                          std::vector<std::string>& displays) {
  const tree::Node* coding = source.child(&concept_node, "coding");
  if (coding == nullptr) return source.invalid(concept_node, "a concept needs a coding");
  for (; coding != nullptr; coding = coding->next_same()) {
    CONCORD_ASSIGN(const std::string_view display,
                   source.text(*coding, "display", "a coding needs a display"));
    displays.emplace_back(display);
  }
  return {};
}

/// The displays of a concept one behind the other; empty when the dosage does not have it.
Result<std::string> concept_text(const Source& source, std::string_view name) {
  const tree::Node* node = source.of_dosage(name);
  if (node == nullptr) return std::string();
  std::vector<std::string> displays;
  CONCORD_TRY(add_displays(source, *node, displays));
  std::string text;
  for (const std::string& display : displays) text += display;
  return text;
}

/// That element of the first doseAndRate which has it, or null.
const tree::Node* of_dose_and_rate(const Source& source, std::string_view name) {
  for (const tree::Node* at = source.of_dosage("doseAndRate"); at != nullptr;
       at = at->next_same()) {
    if (const tree::Node* found = source.child(at, name)) return found;
  }
  return nullptr;
}

Result<std::string> maximum(const Source& source, std::string_view name, std::string_view per) {
  const tree::Node* quantity = source.of_dosage(name);
  if (quantity == nullptr) return std::string();
  CONCORD_ASSIGN(const Amount most, amount(source, *quantity, Plural::no));
  return "up to a maximum of " + most.text() + std::string(per);
}

}  // namespace

Result<std::string> method(const Source& source) { return concept_text(source, "method"); }
Result<std::string> route(const Source& source) { return concept_text(source, "route"); }
Result<std::string> site(const Source& source) { return concept_text(source, "site"); }

Result<std::string> dose(const Source& source) {
  if (const tree::Node* quantity = of_dose_and_rate(source, "doseQuantity")) {
    CONCORD_ASSIGN(const Amount given, amount(source, *quantity, Plural::no));
    return given.text();
  }
  const tree::Node* between = of_dose_and_rate(source, "doseRange");
  return between == nullptr ? Result<std::string>(std::string())
                            : range(source, *between, Plural::no);
}

Result<std::string> rate(const Source& source) {
  const std::string prefix = "at a rate of ";
  if (const tree::Node* node = of_dose_and_rate(source, "rateRatio")) {
    CONCORD_ASSIGN(const Ratio given, ratio(source, *node));
    if (given.denominator.value == "1") {
      return prefix + given.numerator.text() + " per " + given.denominator.unit;
    }
    return prefix + given.numerator.text() + " every " + std::string(given.denominator.value) +
           " " + counted(given.denominator.value, given.denominator.unit);
  }
  if (const tree::Node* node = of_dose_and_rate(source, "rateRange")) {
    CONCORD_ASSIGN(const std::string between, range(source, *node, Plural::no));
    return prefix + between;
  }
  const tree::Node* quantity = of_dose_and_rate(source, "rateQuantity");
  if (quantity == nullptr) return std::string();
  CONCORD_ASSIGN(const Amount given, amount(source, *quantity, Plural::no));
  return prefix + given.text();
}

Result<std::string> as_needed(const Source& source) {
  if (const tree::Node* reason = source.of_dosage("asNeededCodeableConcept")) {
    std::vector<std::string> displays;
    CONCORD_TRY(add_displays(source, *reason, displays));
    return "as required for " + list_of(displays);
  }
  const tree::Node* needed = source.of_dosage("asNeededBoolean");
  if (needed == nullptr || needed->text() == "false") return std::string();
  if (needed->text() != "true") return source.invalid(*needed, "neither true nor false");
  return std::string("as required");
}

Result<std::string> maximum_per_period(const Source& source) {
  const tree::Node* node = source.of_dosage("maxDosePerPeriod");
  if (node == nullptr) return std::string();
  CONCORD_ASSIGN(const Ratio most, ratio(source, *node));
  return "up to a maximum of " + most.numerator.text() + " in " +
         std::string(most.denominator.value) + " " +
         counted(most.denominator.value, most.denominator.unit);
}

Result<std::string> maximum_per_administration(const Source& source) {
  return maximum(source, "maxDosePerAdministration", " per dose");
}

Result<std::string> maximum_per_lifetime(const Source& source) {
  return maximum(source, "maxDosePerLifetime", " for the lifetime of the patient");
}

Result<std::string> additional_instruction(const Source& source) {
  std::vector<std::string> displays;
  for (const tree::Node* at = source.of_dosage("additionalInstruction"); at != nullptr;
       at = at->next_same()) {
    CONCORD_TRY(add_displays(source, *at, displays));
  }
  return list_of(displays);
}

Result<std::string> patient_instruction(const Source& source) {
  const tree::Node* text = source.of_dosage("patientInstruction");
  if (text == nullptr) return std::string();
  if (!text->has_value()) return source.invalid(*text, "an element without value");
  return std::string(text->text());
}

}  // namespace concord::dosage::detail
