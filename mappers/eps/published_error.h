#pragma once
/// The errors the EPS translation publishes. Pure functions, safe from any thread.
/// Source: eps.md section 2, "Exceptions thrown while translating".

#include <string>
#include <string_view>
#include <utility>

#include "fhir/core/error.h"

namespace concord::eps {

inline constexpr std::string_view kInvalidValue = "INVALID_VALUE";
inline constexpr std::string_view kTooFewValues = "TOO_FEW_VALUES_SUBMITTED";
inline constexpr std::string_view kTooManyValues = "TOO_MANY_VALUES_SUBMITTED";
/// Several dosages, one of them without sequence. Source: eps.md section 17.
inline constexpr std::string_view kMissingValue = "MISSING_VALUE";

/// Code systems of published codes. Exceptions of the translation name the first with "/R4".
inline constexpr std::string_view kSpineCodes =
    "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";
inline constexpr std::string_view kSpineCodesR4 =
    "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode";
inline constexpr std::string_view kEpsIssueCodes = "https://fhir.nhs.uk/CodeSystem/EPS-IssueCode";

/// The issue of an exception of the translation: fatal, `text` as display of `detail_code`.
Issue published_issue(std::string_view detail_code, std::string text, std::string expression = {},
                      Position position = {});

/// Gives the issues of a map's error (INVALID_VALUE, TOO_FEW_VALUES_SUBMITTED,
/// TOO_MANY_VALUES_SUBMITTED) the shape they are published in; others stay as they are.
void publish(Error& error);

/// An error of code invalid whose one issue carries `detail_code`. `text` names elements and
/// public codes only.
Error published_error(std::string_view detail_code, std::string text, std::string expression = {},
                      Position position = {});

inline Error invalid_value(std::string text, std::string expression = {}, Position position = {}) {
  return published_error(kInvalidValue, std::move(text), std::move(expression), position);
}

}  // namespace concord::eps
