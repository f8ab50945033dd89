#pragma once
/// Where a search begins: lists of places the index holds ready, and which of them is the shortest.

#include <optional>
#include <string>
#include <vector>

#include "gateway/store/sql/detail/conditions.h"
#include "gateway/store/sql/runner.h"

namespace concord::store::sql {

/// Entries of an index that are counted at most before a list counts as long. A shorter list is
/// cheap to sort; on a longer one a walk in order of places soon has its page.
inline constexpr std::int64_t kLong = 2000;
/// Entries of a list that are read to intersect it with another, at most.
inline constexpr std::int64_t kBeside = 20'000;
/// Selects put together into one at most.
inline constexpr std::size_t kStreams = 8;

/// A list of places: "SELECT d.place FROM <from> WHERE <where>". `d` is its main table.
struct Stream {
  std::string from;
  std::string where;
};

/// Whether a list can be made of a condition, and whether its places come in order.
enum class Drive : std::uint8_t { none, unordered, ordered };
Drive drive_of(const search::Condition& condition);

/// The list of a condition, in one or several streams that may hold a place twice. Only for a
/// condition whose drive_of() is not none.
Result<std::vector<Stream>> streams_of(Builder& sql, const search::Condition& condition,
                                       const std::vector<std::string>& types, Runner& runner,
                                       int depth);

/// Every current resource of these types, in order of places.
Stream every(Builder& sql, const std::vector<std::string>& types);

/// The conditions of nested Alls, side by side.
std::vector<const search::Condition*> conjuncts(const search::Condition& where);

/// Which of `all` a search begins with.
struct Start {
  const search::Condition* condition = nullptr;  ///< null: with every resource of the type
  bool ordered = true;                           ///< its places come in order
  bool is_short = false;                         ///< there are fewer than kLong
  std::int64_t length = 0;                       ///< of a short one that was counted
  const search::Condition* also = nullptr;       ///< its list is intersected with that of condition
};
/// `in_order`: a long list is of use only in order of places; `always`: the length must be known.
Result<Start> choose(const std::vector<const search::Condition*>& all,
                     const std::vector<std::string>& types, const Dialect& dialect, Runner& runner,
                     bool in_order, bool always, int depth);

/// For a search that wants all it finds, with a Start of `always` or not: makes it begin with the
/// shorter of two long lists, or with what stands in both, when the dialect intersects and both are
/// single lists of less than kBeside.
Result<void> narrow(Start& start, const std::vector<const search::Condition*>& all,
                    const std::vector<std::string>& types, const Dialect& dialect, Runner& runner);

/// The streams a search over all conditions begins with, each with the other conditions in its
/// `where`.
Result<std::vector<Stream>> streams_from(Builder& sql, const Start& start,
                                         const std::vector<const search::Condition*>& all,
                                         const std::vector<std::string>& types, Runner& runner,
                                         int depth);

/// One select of the places of all streams, each place once: "place" is its only column. `more` is
/// added to each where.
std::string union_of(const std::vector<Stream>& streams, const std::string& more = {});

}  // namespace concord::store::sql
