#pragma once
/// A resource on its way into the store: checked, stamped, reduced to index values, written once.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/tree/builder.h"
#include "gateway/resources/detail/room.h"

namespace concord::resources::detail {

/// What the server decides about a resource.
struct Stamp {
  std::string_view id;
  std::int64_t version = 1;
  Instant at{};
};

/// Whether definitions were over a document.
bool is_annotated(const tree::Document& body);

/// Gives every node its type, unless they have theirs. Errors: malformed (the body is of another
/// type than the address).
Result<void> annotate(const Room& room, std::string_view type, tree::Document& body);

/// Writes id, meta.versionId and meta.lastUpdated; the rest of meta stays.
/// Errors: too_long (no room for more nodes).
Result<void> stamp(const Room& room, tree::Document& body, const Stamp& stamp);

/// Checks an annotated body as the settings of its type say. Gives warnings and information.
/// Errors: malformed (the base rules of R4), invalid (profiles, invariants and the like), too_long
/// (attachments over their bounds).
Result<std::vector<Issue>> check(const Room& room, std::string_view type,
                                 const tree::Document& body);

/// The text that is stored. Errors: internal, too_long.
Result<std::string> write_body(const Room& room, const tree::Document& body);

/// Reads a stored text, annotated. Errors: internal (it cannot be read).
Result<tree::Document> read_body(const Room& room, std::string body);

/// A resource within an annotated document as an annotated document of its own. Errors: too_long.
Result<tree::Document> alone(const Room& room, const tree::Document& from,
                             const tree::Node& resource);

/// A child of that name: the one there is, or a new one right behind `after` (null: at the front).
/// Null when there is no room for more nodes.
tree::Node* child_at(tree::Builder& builder, tree::Node& parent, tree::Node* after,
                     tree::Symbol name, tree::Kind kind);

}  // namespace concord::resources::detail
