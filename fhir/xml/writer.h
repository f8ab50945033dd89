#pragma once
/// The tree as XML. Pure functions, safe from any thread.

#include <string>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::xml {

struct WriteOptions {
  bool declaration = true;    ///< `<?xml version="1.0" encoding="UTF-8"?>` and a line feed first
  unsigned indent = 2;        ///< spaces per level; 0: all on one line
  bool expand_empty = false;  ///< `<x></x>` instead of `<x/>`, as canonical XML has it
  tree::Limits limits{};      ///< of the output: bytes, depth, nodes
};

/// Writes any tree: `xmlns` first, the other attributes sorted by name, children in their order, no
/// line feed at the end. A node without namespace is in its parent's. `xmlns` is written where the
/// namespace changes. Mixed content is never indented.
/// Text escapes `& < >`; attributes also `"` and `'` (as `&#39;`), runs of tab or form feed become
/// one space, CR LF and LF become one space.
///
/// Errors: invalid (a name that is no XML name, a character XML 1.0 cannot carry), too_long (over a
/// limit; depth at most 1,000 whatever the limits say). Source: the serialisation EPS puts its
/// signature on; XML 1.0 sections 2.2 and 2.3.
Result<std::string> write(const tree::Document& document, const tree::Node& node,
                          const WriteOptions& options = {});
inline Result<std::string> write(const tree::Document& document, const WriteOptions& options = {}) {
  return write(document, document.root(), options);
}

/// Writes a FHIR resource as FHIR XML: text as `value` attribute, `id` of elements and `url` of
/// extensions as attributes, resources inside their element, `div` as it is once it was found to be
/// well-formed. Line feeds, tabs and carriage returns in values are written as character references
/// so that they come back. Children must be in the order of their definition already.
///
/// Errors: invalid (the node is no resource, an element without content, a `div` that is not one
/// well-formed element of XHTML, a character XML 1.0 cannot carry), too_long (over a limit; depth
/// at most 1,000 whatever the limits say).
Result<std::string> write_fhir(const tree::Document& document, const tree::Node& node,
                               const WriteOptions& options = {.indent = 0});
inline Result<std::string> write_fhir(const tree::Document& document,
                                      const WriteOptions& options = {.indent = 0}) {
  return write_fhir(document, document.root(), options);
}

}  // namespace concord::xml
