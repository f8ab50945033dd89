#pragma once
/// Versions of packages and canonical resources. Pure functions, safe from any thread.
/// Source: semver.org 2.0.0 section 11; hl7.org/fhir/R4/references.html#canonical.

#include <compare>
#include <string_view>

namespace concord::packages {

/// Which of two versions is the later one: semantic versions by number, a pre-release before its
/// release, build labels ignored; dates before those (as terminologies moved from dates to semantic
/// versions); any other text before both, runs of digits compared as numbers. Empty comes first.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

/// True when `version` is what was asked for: equal, or `asked` names only major or major.minor and
/// `version` goes on from there ("4.0" and "4.0.1"; not "4.0" and "4.01").
bool version_fits(std::string_view asked, std::string_view version);

/// The same major and minor, both semantic versions.
bool same_minor(std::string_view a, std::string_view b);

/// As package.json asks: version_fits, or with x wildcards ("4.0.x", "4.x", "x", "*"), or a range
/// of npm in its two usual forms: "^1.2.0" (same major, not lower), "~1.2.0" (same minor, not
/// lower).
bool dependency_fits(std::string_view asked, std::string_view version);

/// A pre-release by its label: "3.0.0-ballot".
bool is_prerelease(std::string_view version);

}  // namespace concord::packages
