#pragma once
/// The entries of one Bundle by what they can be found by. Source: hl7.org/fhir/R4/bundle.html
/// #references.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"

namespace concord::validate {

/// One entry. Texts are empty where it has none; `resource` may be null.
struct BundleEntry {
  const tree::Node* node = nullptr;
  const tree::Node* resource = nullptr;
  std::string_view full_url;
  std::string_view type;     ///< of the resource: "Patient"
  std::string_view id;       ///< of the resource
  std::string_view version;  ///< meta.versionId of the resource
  std::uint32_t index = 0;   ///< position in the Bundle
};

/// Built in one pass over the entries; lives as long as the document. Reading is safe from many
/// threads.
class BundleIndex {
 public:
  BundleIndex(const tree::Document& document, const tree::Node& bundle);

  const tree::Node& bundle() const noexcept { return *bundle_; }
  /// Bundle.type, or empty.
  std::string_view type() const noexcept { return type_; }
  /// In the order of the Bundle.
  std::span<const BundleEntry> entries() const noexcept { return entries_; }

  using Indices = std::span<const std::uint32_t>;  ///< into entries(), ascending
  Indices with_url(std::string_view full_url) const noexcept;
  Indices with_type_and_id(std::string_view type, std::string_view id) const noexcept;

 private:
  const tree::Node* bundle_;
  std::string_view type_;
  std::vector<BundleEntry> entries_;
  std::vector<std::uint32_t> by_url_;
  std::vector<std::uint32_t> by_id_;
};

/// A reference without what says which version or fragment.
struct SplitReference {
  std::string_view plain;
  std::string_view version;  ///< after "/_history/"
};
SplitReference split_reference(std::string_view reference) noexcept;

/// Whether an url begins with a scheme ("http:", "urn:").
bool is_absolute_url(std::string_view url) noexcept;
/// Whether an url has the form [base]/Type/id of a RESTful server, Type a resource of R4.
bool is_restful_url(std::string_view url, const definitions::Definitions& definitions) noexcept;
/// "Patient?name=x": a resource of R4 and parameters with values.
bool is_search_url(std::string_view url, const definitions::Definitions& definitions) noexcept;

}  // namespace concord::validate
