#pragma once
/// The tree as FHIR JSON. Pure functions, safe from any thread.

#include <string>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::json {

struct WriteOptions {
  bool pretty = false;    ///< two spaces per level and line feeds, none at the end
  tree::Limits limits{};  ///< of the output: bytes, depth, nodes
};

/// Writes a resource or any node below it: `resourceType` first, then the children in their order,
/// `name` followed by its `_name` companion. Members of a repeating element must stand side by
/// side. Canonical text (compact, that order, shortest escapes) comes back as the same bytes.
/// Numbers are written as they were read; what is a number is the node's kind, so trees from XML
/// are annotated with definitions first.
///
/// Errors: invalid (mixed content or attributes, an element without content, repeats that do not
/// stand together, text that is no JSON number in a number node), too_long (over a limit;
/// depth at most 1,000 whatever the limits say).
Result<std::string> write(const tree::Document& document, const tree::Node& node,
                          const WriteOptions& options = {});
inline Result<std::string> write(const tree::Document& document, const WriteOptions& options = {}) {
  return write(document, document.root(), options);
}

}  // namespace concord::json
