#pragma once
/// A message of Spine out of what came over the wire. Pure functions, safe from any thread.
/// Source: eps.md sections 3.3 and 14.1; RFC 2046 section 5.1.1.

#include <functional>
#include <memory>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// An answer with a batch of prescriptions takes some hundred kilobytes; what is far over that is
/// not read.
inline constexpr tree::Limits kAnswerLimits{
    .max_bytes = std::size_t{4} << 20, .max_depth = 60, .max_nodes = 250'000};

/// A message and the text it stands in.
struct Found {
  /// The part that holds it, whole. Positions of its nodes are those of the bytes given (but for
  /// parts sent as base64, which have positions of their own).
  std::shared_ptr<tree::Document> document;
  const tree::Node* message = nullptr;  ///< the element asked for
};

/// The first element `wanted` says yes to, by its name without prefix, in document order: in XML
/// that stands alone, inside a SOAP envelope, or in a part of a MIME package (which starts with its
/// boundary, or is announced by `content_type`). Namespaces and prefixes do not matter.
///
/// Errors: unsupported (none of the parts holds one), malformed (not XML), too_long.
Result<Found> find_message(std::string_view bytes, std::string_view content_type,
                           const tree::Symbols& symbols,
                           const std::function<bool(std::string_view name)>& wanted);

/// The first element of that name at or below `from`, in document order; null when there is none.
const tree::Node* find_element(const tree::Document& document, const tree::Node& from,
                               std::string_view name);

/// The text of the element or attribute at the end of a way of names ("messageRef", "id", "root"),
/// the first of each; "" when there is none.
std::string_view text_at(const tree::Document& document, const tree::Node& from,
                         std::initializer_list<std::string_view> way);

}  // namespace concord::eps
