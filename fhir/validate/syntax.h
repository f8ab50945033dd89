#pragma once
/// Reading for validation: everything wrong with how a resource is written, in the words of the
/// reference validator, and a tree that holds only what the definitions know.

#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/reading.h"
#include "fhir/validate/report.h"

namespace concord::validate {

/// What is let through without a finding.
struct SyntaxOptions {
  bool allow_comments = false;  ///< comments in JSON
};

/// Reads FHIR JSON or XML (told apart by the first character) and annotates it. A clean text takes
/// the fast readers and one quick walk. Anything else is read again by the readers that go on, and
/// what the definitions do not know is reported and taken out of the tree: unknown elements and
/// attributes, choices of types not allowed, arrays and single values in each other's place, JSON
/// types of primitives (reported; the value stays), resources of unknown types, XML order. So no
/// later check meets, or reports, the same again.
///
/// Never fails: whatever is wrong is a finding; without a document one of them is fatal. Pure
/// function, safe from any thread. Time and memory are bounded by `limits`.
/// Source: hl7.org/fhir/R4/json.html, xml.html; message ids: the reference's Messages.properties.
tree::Reading read_for_validation(std::string text, const definitions::Definitions& definitions,
                                  const SyntaxOptions& options = {},
                                  const tree::Limits& limits = {});

/// The findings as issues, in front of those of a report on the same text.
Report with_syntax(std::vector<tree::SyntaxFinding> findings, Report report = {});

}  // namespace concord::validate
