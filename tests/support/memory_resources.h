#pragma once
/// Resources in memory: the double of a store in tests, and the oracle of the SQL stores. What a
/// condition means is fhir/search/match.h, value by value, with no index and no SQL.

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/store/resources.h"
#include "gateway/store/store.h"

namespace concord::test {

/// Safe from any thread: one lock around every call. Pages are kept as the list of rows the first
/// one found.
class MemoryResources final : public store::Resources {
 public:
  Result<std::optional<store::ResourceRow>> read(std::string_view type,
                                                 std::string_view id) override;
  Result<std::optional<store::ResourceRow>> read_version(std::string_view type, std::string_view id,
                                                         std::int64_t version) override;
  Result<std::vector<store::ResourceRow>> read_all(
      const std::vector<std::pair<std::string, std::string>>& types_and_ids) override;
  Result<store::ResourcesWritten> write(store::ResourceChanges changes) override;
  Result<store::ResourcePage> search(const store::ResourceSearch& search) override;
  Result<std::vector<store::ResourceRow>> linked(const store::LinkedSearch& search) override;
  Result<store::ResourcePage> history(const store::HistorySearch& search) override;
  Result<store::ResourcePage> changed(const std::string& cursor,
                                      const std::vector<std::string>& types,
                                      std::size_t limit) override;
  Result<std::vector<store::ResourceCounts>> resource_counts() override;
  Result<std::int64_t> index_version() override;
  Result<void> set_index_version(std::int64_t version) override;
  Result<std::vector<store::ResourceRow>> rows_after(std::int64_t row, std::size_t limit) override;
  Result<void> reindex(std::vector<Reindexed> values) override;

  // ---- for tests ----

  /// Called without the lock at the beginning of each write(): the place for a rival.
  void before_write(std::function<void()> call) { before_write_ = std::move(call); }
  /// No search ends before its deadline: `wait` hears when that is, and then it is too costly, as a
  /// store says.
  void search_endlessly(std::function<void(Instant deadline)> wait) { endless_ = std::move(wait); }
  /// Every call fails as a store that is not there, until it is taken back.
  void set_down(bool down) { down_ = down; }
  std::vector<audit::Record> audit() const;
  /// Exchanges that came with changes.
  std::vector<store::NewExchange> notices() const;
  std::size_t writes() const;
  /// What the current version of a resource is found by; empty when there is none.
  search::IndexValues index_of(std::string_view type, std::string_view id) const;
  /// "Patient/123" of what is stored under a resource_hash(), also when it is deleted.
  std::optional<std::string> name_of(std::int64_t hash) const;

 private:
  struct Version {
    store::ResourceRow row;
    std::uint64_t sequence = 0;  ///< of the change, over everything
    search::IndexValues index;
  };
  struct Kept {
    std::vector<Version> versions;  ///< oldest first, never empty
    const Version& now() const { return versions.back(); }
    bool there() const { return now().row.change != store::Change::deleted; }
  };
  struct Pages {
    std::vector<std::int64_t> rows;
    std::string asked;  ///< the search the pages belong to
  };

  class Near;

  Result<void> answering() const;
  const Kept* find(std::string_view type, std::string_view id) const;
  bool meets(const Kept& kept, const search::Condition& condition) const;
  bool meets_link(const Kept& kept, const search::Chain& chain) const;
  bool meets_link(const Kept& kept, const search::Reverse& reverse) const;
  std::vector<const Kept*> found(std::string_view type, const search::Condition& where) const;
  bool still(const store::Guard& guard) const;
  std::optional<std::string> name_under(std::int64_t hash) const;

  mutable std::mutex mutex_;
  std::vector<Kept> kept_;  ///< row r stands at r - 1
  std::map<std::pair<std::string, std::string>, std::size_t, std::less<>> by_name_;
  std::unordered_map<std::int64_t, std::vector<std::size_t>> by_hash_;
  std::vector<Pages> pages_;
  std::vector<audit::Record> audit_;
  std::vector<store::NewExchange> notices_;
  std::function<void()> before_write_;
  std::function<void(Instant)> endless_;
  bool down_ = false;
  std::uint64_t sequence_ = 0;
  std::size_t writes_ = 0;
  std::int64_t index_version_ = 0;
};

/// A condition as text, for messages of tests: the same text, the same condition.
std::string to_text(const search::Condition& condition);

}  // namespace concord::test
