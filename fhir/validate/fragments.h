#pragma once
/// What "#name" may lead to inside a document: ids of elements and resources, ids and anchors of
/// narratives.

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/xml/xhtml.h"

namespace concord::validate {

/// Nodes of one narrative that are read; a larger one counts as not readable.
inline constexpr std::size_t kMostNarrativeNodes = 200'000;

/// Built in one walk when the first name is asked for. One thread; the document must outlive it.
class Fragments {
 public:
  Fragments(const tree::Document& document, const definitions::Definitions& definitions);

  /// How many places have that name.
  std::uint32_t count(std::string_view name);

 private:
  void build();
  void add_narrative(const tree::Node& div);

  const tree::Document& document_;
  tree::Symbol xhtml_, id_;
  bool built_ = false;
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::vector<xml::Xhtml> narratives_;  // names are views into them
};

}  // namespace concord::validate
