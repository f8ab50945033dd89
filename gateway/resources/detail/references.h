#pragma once
/// References within a transaction: what its entries call one another becomes what they are called
/// here. Source: hl7.org/fhir/R4/http.html#trules, bundle.html#references.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "gateway/resources/detail/room.h"

namespace concord::resources::detail {

/// fullUrl → "Patient/123"; also "Patient?identifier=…" of conditional creates in the same Bundle.
using Identities = std::map<std::string, std::string, std::less<>>;

/// Finds the one resource a conditional reference ("Patient?identifier=…") means, as "Patient/123".
using ResolveConditional =
    std::function<Result<std::string>(std::string_view type, std::string_view query)>;

/// Rewrites every reference of an annotated body that leads to an entry: Reference.reference, uri,
/// url, canonical, oid and uuid elements, href and src in narratives. Fragments and versions behind
/// an identity stay. `own_url` is the fullUrl of the body's entry: relative references are read as
/// next to it. Conditional references are resolved in Reference.reference.
/// Errors: those of `conditional`, with the expression; too_long.
Result<void> rewrite_references(const Room& room, tree::Document& body,
                                const Identities& identities, std::string_view own_url,
                                const ResolveConditional& conditional);

}  // namespace concord::resources::detail
