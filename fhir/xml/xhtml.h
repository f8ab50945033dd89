#pragma once
/// The XHTML of narratives: read into a flat list, and which names FHIR lets stand in it. Pure
/// functions, safe from any thread; no exception leaves.
/// Source: hl7.org/fhir/R4/narrative.html.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::xml {

inline constexpr std::string_view kXhtmlNamespace = "http://www.w3.org/1999/xhtml";

struct XhtmlAttribute {
  std::string_view name;  ///< as written, but the prefix of the XML namespace is always "xml"
  std::string_view value;
};

/// One element, or one run of characters.
struct XhtmlNode {
  static constexpr std::uint32_t kRoot = 0xFFFFFFFF;

  std::string_view name;        ///< of an element, without prefix; empty: text
  std::string_view name_space;  ///< of an element; empty: none
  std::string_view text;        ///< of a run of characters
  std::uint32_t parent = kRoot;
  std::uint32_t end = 0;  ///< index behind the last node below this one
  std::uint32_t first_attribute = 0;
  std::uint32_t attributes = 0;  ///< how many
  bool is_element() const noexcept { return !name.empty(); }
};

/// A narrative. Move-only; its views live as long as it does.
class Xhtml {
 public:
  /// In the order of the text, the root first.
  std::span<const XhtmlNode> nodes() const noexcept { return nodes_; }
  std::span<const XhtmlAttribute> attributes(const XhtmlNode& node) const noexcept {
    return std::span(attributes_).subspan(node.first_attribute, node.attributes);
  }
  /// The value of an attribute; null data when there is none.
  std::string_view attribute(const XhtmlNode& node, std::string_view name) const noexcept;
  /// Names of entities that HTML has and XML has not ("nbsp"), each once: FHIR refuses them. They
  /// were read as a space.
  std::span<const std::string> html_entities() const noexcept { return entities_; }
  /// "div/p/a": the elements down to a node; of a run of characters, those around it.
  std::string path(const XhtmlNode& node) const;

 private:
  friend class XhtmlEvents;
  friend Result<Xhtml> read_xhtml(std::string_view text, const tree::Limits& limits);
  std::unique_ptr<std::string> source_;
  std::vector<std::unique_ptr<std::string>> texts_;  // what is not in the source as it is
  std::vector<XhtmlNode> nodes_;
  std::vector<XhtmlAttribute> attributes_;
  std::vector<std::string> entities_;
};

/// Reads one element of XHTML.
/// Errors: malformed (not well-formed, a document type, not UTF-8), too_long (a limit; more than
/// 512 attributes on one element).
Result<Xhtml> read_xhtml(std::string_view text, const tree::Limits& limits = {});

/// Whether the element may stand in a narrative.
bool is_narrative_element(std::string_view name) noexcept;
/// Whether an attribute may stand on an element of a narrative. "xml:space" may not, though the
/// reference lets it pass with a hint.
bool is_narrative_attribute(std::string_view element, std::string_view attribute) noexcept;

/// The rule of htmlChecks(): only the elements and attributes FHIR lets stand in a narrative.
bool has_narrative_names_only(const Xhtml& narrative) noexcept;
/// The rule of htmlChecks2(): some text that is more than white space, or an image.
bool has_content(const Xhtml& narrative) noexcept;

}  // namespace concord::xml
