#pragma once
/// What every interaction stands on: the parts and settings of one ResourceService, and the names
/// it looks for in trees. Read only once made: safe from any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/tree/symbols.h"
#include "gateway/resources/service.h"

namespace concord::resources::detail {

struct Room {
  Room(Parts given_parts, Settings given_settings);

  bool serves(std::string_view type) const noexcept;
  /// Errors: not_found (a type that is not served).
  Result<void> known(std::string_view type) const;
  const Validation& validation_of(std::string_view type) const;
  tree::Symbols& symbols() const noexcept;
  /// The text of a primitive child; empty when there is none.
  static std::string_view text_of(const tree::Node& node, tree::Symbol name) noexcept;

  Parts parts;
  Settings settings;
  std::vector<std::string> types;  ///< sorted

  struct Names {
    tree::Symbol id, meta, version_id, last_updated, text, div, data, content_type, tag, system,
        code, reference, target;
    tree::Symbol type, entry, full_url, resource, request, method, url, if_none_match,
        if_modified_since, if_match, if_none_exist;
    tree::Symbol base64_type, xhtml_type, reference_type, meta_type,
        instant_type;  ///< of Node::type()
    std::vector<tree::Symbol> uri_types;
  } names;
};

/// Letters, digits, "-" and ".", at most 64. Source: hl7.org/fhir/R4/datatypes.html#id.
bool is_id(std::string_view text) noexcept;
/// "Patient/123".
std::string name_of(std::string_view type, std::string_view id);
/// A version as it stands in an address; nothing when it is no number of ours.
std::optional<std::int64_t> version_in(std::string_view text) noexcept;

}  // namespace concord::resources::detail
