#pragma once
/// Structured dosages as English text, by the rules of the NHS: "Apply 100 milligram - twice a day
/// - as required". Pure functions, safe from any thread.
///
/// Source: NHS Digital, "Dosage to narrative" (implementation guide for interoperable medicines),
/// as the EPS FHIR API runs it in $dose-to-text; hl7.org/fhir/R4/dosage.html, R4 datatypes Timing,
/// Quantity, Range and Ratio.

#include <cstddef>
#include <span>
#include <string>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::dosage {

/// Bounds of one text. Past one of them: too_long.
struct Limits {
  std::size_t max_dosages = 256;                  ///< of one list
  std::size_t max_bytes = std::size_t{64} << 10;  ///< of the text
};

/// The text of one R4 Dosage. A text somebody wrote (`Dosage.text`) is not looked at: this is what
/// the structure says. All or nothing: a dosage of which a part cannot be told is refused whole, as
/// a text that lacks a part reads like a complete one.
///
/// Errors, each issue with the element as FHIRPath:
///   invalid      a part lacks a piece (a Quantity without value or unit, a coding without display,
///                a concept without coding), a maximum stands without what it is the maximum of, a
///                unit of time, weekday, `when` code, time or date is none
///   unsupported  the meaning stands in what has no words here: a timing given as nothing but a
///                code, a comparator, a modifier extension
///   too_long     over a limit
Result<std::string> to_text(const tree::Document& document, const tree::Node& dosage,
                            const Limits& limits = {});

/// The text of a list of Dosages: none give an empty text; several need a `sequence` each, those of
/// one sequence are joined by ", and ", the sequences in ascending order by ", then ".
/// Errors: as for one; invalid (one of several without sequence).
Result<std::string> to_text(const tree::Document& document,
                            std::span<const tree::Node* const> dosages, const Limits& limits = {});

/// The text of a resource that holds dosages: `dosageInstruction` of MedicationRequest and
/// MedicationDispense, `dosage` of MedicationStatement. Empty when there are none.
/// Errors: as for a list; unsupported (a resource of another type).
Result<std::string> resource_to_text(const tree::Document& document, const tree::Node& resource,
                                     const Limits& limits = {});

/// Whether resource_to_text() knows that type of resource.
bool holds_dosages(std::string_view resource_type) noexcept;

}  // namespace concord::dosage
