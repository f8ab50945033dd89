#pragma once
/// JSON into the tree, in one pass. Pure functions, safe from any thread; no exception leaves.

#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "fhir/tree/reading.h"

namespace concord::json {

/// Reads one FHIR resource. Numbers keep their digits, `_name` members become the children of the
/// primitive they belong to, every node carries the byte offset it was read from. Members stay in
/// the order written, `resourceType` becomes the type of its object wherever it stands.
///
/// Positions in errors are line and column (bytes), `expression` is the FHIRPath of the element.
/// Errors:
///   malformed  not JSON, not UTF-8, lone surrogates, bytes after the end
///   invalid    no or misplaced `resourceType`, a name twice in one object, null outside of padding
///              in arrays, empty object or array, array in array, `_name` that fits no primitive
///   too_long   over a limit of `limits`, or more than 32,768 names nobody knows
/// Which elements and types exist is not this room's question (fhir/definitions, fhir/validate).
/// Source: hl7.org/fhir/R4/json.html; RFC 8259.
Result<tree::Document> read(std::string source, const tree::Symbols& symbols,
                            const tree::Limits& limits = {});

/// Reads one FHIR resource as `read` does, but passes over empty arrays: FHIR forbids them and some
/// senders write them all the same; they say nothing. `passed`, when given, gets a finding for
/// each. A text with any other mistake is refused as by `read`.
Result<tree::Document> read_passing_empty_arrays(
    std::string source, const tree::Symbols& symbols, const tree::Limits& limits = {},
    std::vector<tree::SyntaxFinding>* passed = nullptr);

/// Reads any other JSON object (manifests, settings, package.json): `resourceType` and `_name` are
/// ordinary members, nulls and empty arrays leave no node, empty objects are nodes without
/// children. Errors: as above, but for what is only FHIR's rule.
Result<tree::Document> read_plain(std::string source, const tree::Symbols& symbols,
                                  const tree::Limits& limits = {});

/// What is let through without a finding.
struct Leniency {
  bool comments = false;  ///< `//` and `/* */` (the reference's option "allow-comments")
};

/// Reads one FHIR resource as `read` does, but goes on after mistakes and reports each: comments,
/// commas too many or missing, names and values without quotes, names twice in an object, empty
/// objects and arrays, nulls, `_name` members that fit nothing, misplaced `resourceType`. Slower
/// than `read`: for text that `read` refused, or whose mistakes a person wants to know.
///
/// What is wrong only by the definitions (unknown names, JSON types, arrays) is left in the tree
/// as it was written, for fhir/validate. What the tree cannot hold is left out with a finding.
/// A text that stays no JSON after 200 mends is one fatal finding, as is one over a limit.
tree::Reading read_collecting(std::string source, const tree::Symbols& symbols,
                              const tree::Limits& limits = {}, const Leniency& leniency = {});

}  // namespace concord::json
