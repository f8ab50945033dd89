#pragma once
/// Terminology of what was loaded, with the value sets, code systems and concept maps stored in
/// this server laid over it. Safe from any thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/search/parameters.h"
#include "fhir/terminology/terminology.h"
#include "fhir/tree/document.h"
#include "gateway/api/services.h"

namespace concord::api {

/// A conformance resource by canonical, "url" or "url|version".
struct CanonicalName {
  std::string type;  ///< "CodeSystem"
  std::string canonical;
};

/// What one operation sees. Keeps what it stands on alive.
class Terms {
 public:
  explicit Terms(const terminology::Terminology& loaded) : terms_(&loaded) {}
  explicit Terms(std::shared_ptr<const terminology::Terminology> own)
      : own_(std::move(own)), terms_(own_.get()) {}
  const terminology::Terminology& operator*() const noexcept { return *terms_; }
  const terminology::Terminology* operator->() const noexcept { return terms_; }
  /// To be kept beyond the operation; what was loaded outlives everything.
  std::shared_ptr<const terminology::Terminology> share() const { return {own_, terms_}; }

 private:
  std::shared_ptr<const terminology::Terminology> own_;
  const terminology::Terminology* terms_;
};

/// Every question looks the names up anew, so that a change is seen at once; what was compiled of
/// the same versions is kept for the next one.
class StoredTerminology {
 public:
  /// `use` must outlive it; without resources everything is what was loaded.
  explicit StoredTerminology(const Services& use);
  ~StoredTerminology();
  StoredTerminology(const StoredTerminology&) = delete;
  StoredTerminology& operator=(const StoredTerminology&) = delete;

  /// The resource stored under that id; nothing when there is none, or none any more. One without
  /// url gets its address here as url.
  /// Errors: those of the store; internal (it cannot be read).
  Result<std::optional<tree::Document>> stored(std::string_view type, std::string_view id) const;

  /// Terminology that knows `names` and all they draw on, stored or loaded, at most 200 stored
  /// ones. A system or value set nobody has is left to the operation to report.
  /// Errors: those of the store; too_costly.
  Result<Terms> over(std::vector<CanonicalName> names) const;

  /// For :in of a search: a canonical, or "ValueSet/123" of this server (relative, or below
  /// `Services::base_url`). Errors: as over(); not_found (no such resource here).
  Result<search::ValueSetSource> value_set(std::string_view asked) const;

 private:
  struct Kept;
  std::unique_ptr<Kept> kept_;
};

/// What a ValueSet, CodeSystem or ConceptMap draws on.
std::vector<CanonicalName> drawn_on(const tree::Document& document, const tree::Node& resource);

/// The canonical of a resource with its version; empty when it has no url.
std::string canonical_of(const tree::Document& document, const tree::Node& resource);

}  // namespace concord::api
