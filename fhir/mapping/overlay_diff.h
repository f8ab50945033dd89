#pragma once
/// What overlays change in the maps below them, rule by rule. Works on texts: maps that do not
/// compile can be compared as well, as long as they can be parsed.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/core/result.h"
#include "fhir/mapping/map_set.h"

namespace concord::mapping {

enum class ChangeKind : std::uint8_t {
  added,
  removed,
  changed,
  renamed,  ///< another name, the same text
};

/// "added", "removed", "changed", "renamed".
std::string_view change_name(ChangeKind kind) noexcept;

/// A place in a file.
struct TextPlace {
  std::string file;
  Position at{};
};

/// One rule of a group; texts on one line, without comments between rules.
struct RuleChange {
  ChangeKind kind = ChangeKind::changed;
  std::string name;           ///< of the new rule, of the old one when it is removed
  std::string before_name;    ///< of the old rule
  std::string before, after;  ///< text; empty: there is none
  TextPlace before_at, after_at;
};

/// A group, a concept map, or another declaration ("let", "uses", "imports") of a map.
struct DeclarationChange {
  std::string map;   ///< url
  std::string what;  ///< "group", "conceptmap", "let", "uses", "imports", "map" (all of it new)
  std::string name;  ///< "Address", "#address-use"
  ChangeKind kind = ChangeKind::changed;  ///< changed: replaced; added
  TextPlace before_at, after_at;
  std::string before, after;      ///< of a group the head alone; of anything else its text
  std::vector<RuleChange> rules;  ///< of a group; a group in which nothing is said has none
  std::size_t unchanged = 0;      ///< rules of the group that stay as they are
};

/// What the sources from `first_overlay` on change in those before them, in the order of the
/// overlays. A later overlay is compared with what the earlier ones made.
/// Errors: malformed, too_long (a source cannot be parsed: place in the issue).
Result<std::vector<DeclarationChange>> overlay_changes(std::span<const MapSource> sources,
                                                       std::size_t first_overlay,
                                                       const MapLimits& limits = {});

/// The text of the rule that begins at `at`, on one line; "" when there is none.
std::string text_of_rule(std::string_view map, Position at);

/// For people: one paragraph a declaration, `-` and `+` before texts.
std::string changes_text(std::span<const DeclarationChange> changes);

/// The same as JSON lines, one object a declaration.
std::string changes_json_lines(std::span<const DeclarationChange> changes);

}  // namespace concord::mapping
