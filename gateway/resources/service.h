#pragma once
/// The interactions of the FHIR RESTful API over stored resources, for every type alike. Knows no
/// HTTP: what it answers is status-free, texts are FHIR JSON. Safe from any thread; calls block.
/// Source: hl7.org/fhir/R4/http.html, search.html, bundle.html; fhir-engine.md section 8.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/core/uuid.h"
#include "fhir/search/parameters.h"
#include "fhir/tree/document.h"
#include "gateway/store/store.h"

namespace concord::definitions {
class Definitions;
}
namespace concord::path {
class FunctionTable;
}
namespace concord::validate {
class Validator;
}

namespace concord::resources {

/// Who asks, and until when.
struct Caller {
  std::string organisation;
  std::string request_id;
  Instant deadline{};      ///< searches end with too_costly, Bundles with timeout; zero: no end
  std::string base_url{};  ///< the address the caller used; empty: that of the settings
};

/// What is asked of a resource before it is stored.
struct Validation {
  enum class Mode : std::uint8_t {
    off,      ///< only what the index and the tree need: known elements, types, formats
    warn,     ///< everything is checked; findings go back as warnings
    enforce,  ///< errors refuse the resource
  };
  Mode mode = Mode::enforce;
  std::vector<std::string> profiles;  ///< canonical urls it must meet, besides those it claims
};

struct Settings {
  /// The types that exist here. Empty: every concrete type of R4 but Parameters, which has no
  /// endpoint.
  std::vector<std::string> types;
  std::map<std::string, Validation, std::less<>> validation;  ///< by type; "*": every other
  search::QueryLimits query;
  search::Handling handling = search::Handling::lenient;  ///< unless the caller prefers otherwise
  std::string base_url;          ///< "https://…/FHIR/R4" as callers see it; empty: relative links
  std::string node = "concord";  ///< in audit records
  tree::Limits limits;
  std::size_t bundle_entries = 1000;      ///< of a batch or transaction
  std::size_t delete_many = 0;            ///< resources a conditional delete may take; 0: one only
  bool update_creates = true;             ///< PUT to an id that was never there makes it
  std::chrono::seconds pages_kept{3600};  ///< links to further pages lead somewhere
  std::size_t included = 1000;            ///< resources a page may bring besides its matches
  std::size_t attachment_bytes = std::size_t{10} << 20;  ///< of one base64Binary, decoded
  std::size_t attachments = 50;                          ///< of one resource
};

/// What an interaction came to. The resource is as stored, whether or not it goes back.
struct Done {
  enum class What : std::uint8_t {
    read,
    created,
    updated,
    unchanged,  ///< what was sent is what was there: no new version
    found,      ///< conditional create: there was one
    deleted,
    nothing,  ///< delete of what was not there
  };
  What what = What::read;
  store::ResourceRow row;
  std::vector<Issue> issues;  ///< warnings and information
};

/// If-Match, If-None-Match and If-None-Exist of a change.
struct Conditions {
  std::optional<std::int64_t> if_match;                  ///< the version that must be there
  bool if_none_match_any = false;                        ///< If-None-Match: *
  std::optional<std::string> if_none_exist;              ///< a query, not decoded
  search::Handling handling = search::Handling::strict;  ///< of criteria
};

/// A list of resources on its way into a Bundle.
struct Page {
  std::string bundle_type;  ///< "searchset", "history"
  struct Entry {
    store::ResourceRow row;
    bool included = false;  ///< search.mode include
  };
  std::vector<Entry> entries;
  std::optional<std::int64_t> total;
  /// Relative to the base, with query: "Patient?name=x&_count=20". Empty: there is no such page.
  std::string self, first, previous, next, last;
  std::vector<Issue> issues;  ///< searchset: told in an entry of mode outcome
  search::SummaryMode summary = search::SummaryMode::no;
  std::vector<std::string> elements;
};

/// How a resource is cut for reading. Source: hl7.org/fhir/R4/search.html#summary, #elements.
struct Cut {
  search::SummaryMode summary = search::SummaryMode::no;
  std::vector<std::string> elements;
  bool any() const noexcept { return summary != search::SummaryMode::no || !elements.empty(); }
};

/// The changes of one body: JSON Patch, or Parameters of FHIRPath Patch.
struct Patch {
  enum class Kind : std::uint8_t { json_patch, fhirpath_patch } kind = Kind::json_patch;
  std::string text;                            ///< JSON Patch as received
  const tree::Document* parameters = nullptr;  ///< FHIRPath Patch
};

/// Sees every change that is about to be stored and may add messages to the same transaction
/// (subscriptions). Called from many threads.
class ChangeObserver {
 public:
  virtual ~ChangeObserver() = default;
  /// `before` is null for a new resource, `after` for a deleted one.
  virtual Result<void> changing(const store::ResourceRow* before, const tree::Document* after,
                                const store::ResourceWrite& write,
                                store::ResourceChanges& changes) = 0;
  /// After the commit.
  virtual void changed(const store::ResourceChanges& changes) = 0;
};

/// Everything must outlive the service.
struct Parts {
  const definitions::Definitions* definitions = nullptr;
  const search::Parameters* parameters = nullptr;
  const validate::Validator* validator = nullptr;
  const path::FunctionTable* functions = nullptr;  ///< for FHIRPath Patch
  store::Resources* store = nullptr;
  /// Whether a Task is that of an exchange: such a one is changed by its exchange only. Empty: none
  /// is.
  std::function<Result<bool>(std::string_view task)> of_exchange;
  ChangeObserver* observer = nullptr;  ///< null: nobody
  /// As search::Parameters::Reading::value_set: value sets stored here. Empty: only loaded ones.
  std::function<Result<search::ValueSetSource>(std::string_view value_set)> value_set;
  Clock clock;
  UuidSource uuids;
};

/// Errors of every call: transient (the store), internal, not_found (a type that is not served).
/// Bodies given are annotated or not: the service annotates.
///
/// What is wrong with a body: malformed when it breaks the base rules of R4 (unknown elements,
/// cardinality, the form of primitives, codes outside a required binding, scripts in narratives, a
/// SearchParameter that does not compile), invalid when it breaks a profile, an invariant or
/// another rule that asks for knowledge of the content. Source: hl7.org/fhir/R4/http.html#create.
class ResourceService {
 public:
  ResourceService(Parts parts, Settings settings);
  ~ResourceService();

  /// Errors: not_found (unknown type or id), gone (deleted; the error's first issue says so).
  Result<Done> read(std::string_view type, std::string_view id) const;
  Result<Done> vread(std::string_view type, std::string_view id, std::string_view version) const;

  /// The id and meta.versionId, lastUpdated given are not used.
  /// Errors: invalid (with every finding), precondition (several match if_none_exist), malformed.
  Result<Done> create(const Caller& caller, std::string_view type, tree::Document body,
                      const Conditions& conditions);
  /// Errors: as create(); forbidden (the Task of an exchange); malformed (the body's id is not the
  /// one of the address); precondition (if_match); not_found (no such resource, and update_creates
  /// is off).
  Result<Done> update(const Caller& caller, std::string_view type, std::string_view id,
                      tree::Document body, const Conditions& conditions);
  /// `query` not decoded. None: creates (201), one: updates it, several: precondition.
  Result<Done> update_where(const Caller& caller, std::string_view type, std::string_view query,
                            tree::Document body, const Conditions& conditions);
  /// Errors: not_found, gone, precondition, malformed (the patch), invalid (what it would make, or
  /// a test operation that fails).
  Result<Done> patch(const Caller& caller, std::string_view type, std::string_view id,
                     const Patch& patch, const Conditions& conditions);
  Result<Done> patch_where(const Caller& caller, std::string_view type, std::string_view query,
                           const Patch& patch, const Conditions& conditions);
  Result<Done> remove(const Caller& caller, std::string_view type, std::string_view id,
                      const Conditions& conditions);
  /// Errors: precondition (more than `delete_many`, or several when that is 0).
  Result<std::vector<Done>> remove_where(const Caller& caller, std::string_view type,
                                         std::string_view query, const Conditions& conditions);

  /// Several creates, updates … given by the caller and stored together, for X-Provenance: `body`
  /// created, then `provenance` with its target.
  Result<Done> create_with_provenance(const Caller& caller, std::string_view type,
                                      tree::Document body, tree::Document provenance,
                                      const Conditions& conditions);

  /// `type` empty: the whole system; `id` empty: the type. `query` not decoded (_since, _before,
  /// _at, _count, _sort=±_lastUpdated, _summary=count, _cursor).
  Result<Page> history(const Caller& caller, std::string_view type, std::string_view id,
                       std::string_view query) const;

  /// `query` not decoded, of the address and, for POST, of the form joined by "&".
  /// Errors: those of search::Parameters::parse(), gone (a link that is over).
  Result<Page> search(const Caller& caller, std::string_view type, std::string_view query,
                      search::Handling handling,
                      const std::optional<search::Compartment>& compartment = {}) const;

  /// Patient/$everything. Source: hl7.org/fhir/R4/operation-patient-everything.html.
  Result<Page> everything(const Caller& caller, std::string_view patient,
                          std::string_view query) const;

  /// A Bundle of type batch or transaction. The answer is the response Bundle, JSON.
  /// `preference` is the Prefer return value for its entries: "minimal", "representation",
  /// "OperationOutcome" or "".
  /// Errors: malformed, invalid (what is wrong with which entry), and for a transaction the error
  /// of the entry that failed: nothing was stored.
  Result<std::string> bundle(const Caller& caller, tree::Document bundle,
                             std::string_view preference);

  /// A page as Bundle, JSON. `base_url` is the address the caller used; empty: that of the
  /// settings. Errors: too_long.
  Result<std::string> write(const Page& page, std::string_view base_url = {}) const;
  /// A stored body cut for reading, JSON. Mandatory elements stay; a cut resource gets the tag
  /// SUBSETTED. Errors: internal (the body cannot be read).
  Result<std::string> cut(std::string body, const Cut& cut) const;

  const search::Parameters& parameters() const noexcept;
  /// The types that exist here, in order of name.
  const std::vector<std::string>& types() const noexcept;
  bool serves(std::string_view type) const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace concord::resources
