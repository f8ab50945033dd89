#pragma once
/// Trees as text, for comparing them in tests.

#include <string>

#include "fhir/tree/document.h"

namespace concord::test {

/// One line per node: depth by indentation, kind, name, type, namespace, flags and value. Two trees
/// with the same outline are equal but for offsets.
std::string outline(const tree::Document& document, const tree::Node& node, int depth = 0);
inline std::string outline(const tree::Document& document) {
  return outline(document, document.root());
}

}  // namespace concord::test
