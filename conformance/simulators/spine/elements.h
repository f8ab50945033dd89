#pragma once
/// Finding things in a message. Pure functions, safe from any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/tree/document.h"

namespace concord::spine {

/// The first element or attribute at a path of names joined by '/', an attribute last as "@name";
/// null when there is none.
const tree::Node* find(const tree::Document& document, const tree::Node& from,
                       std::string_view path);

/// Its text; empty when there is none.
std::string text_at(const tree::Document& document, const tree::Node& from, std::string_view path);

/// Elements of a name below a node, in order.
std::vector<const tree::Node*> all(const tree::Document& document, const tree::Node& from,
                                   std::string_view name);

/// Identifiers are compared without regard to case: this is the form they are kept in.
std::string upper(std::string_view text);

/// A whole number of at most nine digits; nothing for any other text.
std::optional<int> whole_number(std::string_view text);

/// "20220201093000" or "20220201" as UTC; nothing for any other text.
/// Source: eps.md section 3.4.
std::optional<Instant> v3_instant(std::string_view text);

/// 2022-02-01T09:30:00Z → "20220201093000".
std::string v3_time(Instant at);

}  // namespace concord::spine
