#pragma once
/// Searches of both stores: SQL out of ResourceSearch, LinkedSearch and HistorySearch, and pages
/// out of what it finds. Safe from any thread; a Runner belongs to one.
///
/// A search begins with its most selective condition. How many entries each one has is counted in
/// the index, up to a bound, so no statistics of the database are needed. All other conditions are
/// looked up for each resource the first one gives. Pages are cut by the values of the order
/// (keyset), never by counting rows.

#include <chrono>

#include "gateway/store/resources.h"
#include "gateway/store/sql/runner.h"
#include "gateway/store/sql/statement.h"

namespace concord::store::sql {

/// What a cursor is good for.
struct CursorRules {
  std::int64_t index_version = 0;  ///< cursors of another one are gone
  Instant now{};
  std::chrono::milliseconds kept{std::chrono::hours{1}};  ///< older cursors are gone
};

/// Errors: invalid (the cursor is none), gone (the cursor is of another search, of another index or
/// too old), too_costly (more conditions than a database takes), those of the runner.
Result<ResourcePage> find_page(const ResourceSearch& search, const Dialect& dialect, Runner& runner,
                               const CursorRules& rules);

/// ResourcePage::previous leads back when it is asked for in the other order; what was on the page
/// before then comes nearest first. Errors: as find_page().
Result<ResourcePage> find_history(const HistorySearch& search, const Dialect& dialect,
                                  Runner& runner, const CursorRules& rules);

/// Errors: those of the runner.
Result<std::vector<ResourceRow>> find_linked(const LinkedSearch& search, const Dialect& dialect,
                                             Runner& runner);

/// Stands for what a guard asks: two guards with the same type and criteria have the same, so that
/// a store can let them come one after the other.
std::int64_t guard_hash(const Guard& guard);

/// Whether a search still finds what a decision rested on. Errors: as find_page().
Result<bool> guard_holds(const Guard& guard, const Dialect& dialect, Runner& runner);

}  // namespace concord::store::sql
