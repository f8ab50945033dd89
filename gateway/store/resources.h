#pragma once
/// FHIR resources with their versions and what they are found by. Part of a Store; the rules of
/// store.h hold: every changing call is one durable transaction, safe from any thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/search/criteria.h"
#include "fhir/search/index.h"
#include "gateway/audit/record.h"

namespace concord::store {

struct NewExchange;

/// What made a version. The numbers are stored: append only.
enum class Change : std::uint8_t { created = 1, updated = 2, patched = 3, deleted = 4 };

/// One version of a resource.
struct ResourceRow {
  std::int64_t row = 0;  ///< the store's own number of the resource, the same for all its versions
  std::string type;
  std::string id;
  std::int64_t version = 0;
  Instant updated_at{};
  Change change = Change::created;
  std::string body;  ///< FHIR JSON with meta.versionId and meta.lastUpdated; empty when deleted
};

/// A version to be added.
struct ResourceWrite {
  Change change = Change::created;
  std::string type;
  std::string id;
  /// The version that is there now, also a deleted one; 0: there was never such a resource. The new
  /// version is one more.
  std::int64_t expected_version = 0;
  Instant updated_at{};
  std::string body;  ///< as in ResourceRow
  search::IndexValues index{};
};

/// What a decision rested on: that a search finds exactly these. Looked at again in the
/// transaction, so that of two conditional creates with the same criteria one finds what the other
/// made.
struct Guard {
  std::string type;
  search::Condition where;
  std::vector<std::string> ids;  ///< found when the decision was made, in any order, at most two
};

/// Versions that come together or not at all.
struct ResourceChanges {
  std::vector<ResourceWrite> writes;  ///< no resource twice
  std::vector<Guard> guards;
  std::vector<NewExchange> notices;  ///< messages these changes bring: subscriptions
  std::vector<audit::Record> audit;
};

/// What write() did.
struct ResourcesWritten {
  enum class End : std::uint8_t {
    done,
    version_conflict,  ///< writes[at] expected another version; nothing was stored
    guard_conflict,    ///< guards[at] finds others now; nothing was stored
  };
  End end = End::done;
  std::size_t at = 0;
};

/// A page of a search over one type, or several types at once.
struct ResourceSearch {
  struct Part {
    std::string type;
    search::Condition where;
    std::vector<search::SortKey> sort;  ///< empty: latest change first
  };
  std::vector<Part> parts;  ///< several: sorted by id or time of change only
  std::size_t limit = 20;   ///< rows of a page; 0: none, for a count alone
  /// Where the page begins, as a page before said; empty: the first. A later page holds nothing
  /// created after the first one was made, and shows nothing twice that did not change.
  std::string cursor;
  bool backwards = false;  ///< the page that ends before `cursor`
  bool count = false;      ///< also the number of all
  Instant deadline{};      ///< the store gives up after it: too_costly; zero: none
};

struct ResourcePage {
  std::vector<ResourceRow> rows;
  std::string next;      ///< cursor of the page behind; empty: there is none
  std::string previous;  ///< cursor, for backwards, of the page before; empty: there is none
  std::optional<std::int64_t> total;
};

/// Resources at the other end of links.
struct LinkedSearch {
  std::vector<std::int64_t> rows;      ///< ResourceRow::row of the near end
  bool reverse = false;                ///< those whose links lead to `rows`
  std::vector<search::IndexKey> keys;  ///< empty: every link
  std::vector<std::string> types;      ///< of the far end; empty: every type
  std::size_t limit = 1000;
};

struct HistorySearch {
  std::string type;               ///< empty: of everything
  std::string id;                 ///< empty: of the type
  std::optional<Instant> since;   ///< versions made at or after it
  std::optional<Instant> before;  ///< … before it
  bool ascending = false;         ///< oldest first
  std::size_t limit = 20;
  std::string cursor;
  bool count = false;
};

/// What is stored, for an operator.
struct ResourceCounts {
  std::string type;
  std::int64_t current = 0;
  std::int64_t deleted = 0;
  std::int64_t versions = 0;
};

class Resources {
 public:
  virtual ~Resources() = default;

  /// The current version, also of a deleted resource; nothing when there was never one.
  virtual Result<std::optional<ResourceRow>> read(std::string_view type, std::string_view id) = 0;
  virtual Result<std::optional<ResourceRow>> read_version(std::string_view type,
                                                          std::string_view id,
                                                          std::int64_t version) = 0;
  /// Several current versions at once; those that were never there are left out.
  virtual Result<std::vector<ResourceRow>> read_all(
      const std::vector<std::pair<std::string, std::string>>& types_and_ids) = 0;

  /// All of `changes`, or nothing of them.
  virtual Result<ResourcesWritten> write(ResourceChanges changes) = 0;

  /// Errors: invalid (a cursor that is not one of these), gone (a cursor of another search or an
  /// older index), too_costly (the deadline passed).
  virtual Result<ResourcePage> search(const ResourceSearch& search) = 0;
  virtual Result<std::vector<ResourceRow>> linked(const LinkedSearch& search) = 0;
  /// Errors: as search().
  virtual Result<ResourcePage> history(const HistorySearch& search) = 0;

  /// Current versions in the order their changes became visible, after `cursor` (empty: from now
  /// on, which gives no rows). A resource that changed twice may come once. For streams.
  virtual Result<ResourcePage> changed(const std::string& cursor,
                                       const std::vector<std::string>& types,
                                       std::size_t limit) = 0;

  virtual Result<std::vector<ResourceCounts>> resource_counts() = 0;

  // ---- the index ----

  /// search::Parameters::version() the index was made with; 0: none yet.
  virtual Result<std::int64_t> index_version() = 0;
  virtual Result<void> set_index_version(std::int64_t version) = 0;
  /// Current, undeleted resources after a row, in order of rows.
  virtual Result<std::vector<ResourceRow>> rows_after(std::int64_t row, std::size_t limit) = 0;
  /// New index values for resources still at that version; others are passed over.
  struct Reindexed {
    std::int64_t row = 0;
    std::int64_t version = 0;
    search::IndexValues index;
  };
  virtual Result<void> reindex(std::vector<Reindexed> values) = 0;

 protected:
  Resources() = default;
  Resources(const Resources&) = delete;
  Resources& operator=(const Resources&) = delete;
};

}  // namespace concord::store
