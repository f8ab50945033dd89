#pragma once
/// Resources over SQLite. resources.cpp holds what reads and writes single ones, search.cpp what
/// finds them.

#include "gateway/store/resources.h"
#include "gateway/store/sqlite/detail/readers.h"
#include "gateway/store/sqlite/detail/writer.h"

namespace concord::store::sqlite {

class SqliteResources final : public Resources {
 public:
  /// `write` runs work in the writer's thread.
  using Write = std::function<Result<void>(const Writer::Work&)>;
  SqliteResources(Readers& readers, Write write, Clock clock)
      : readers_(&readers), write_(std::move(write)), clock_(std::move(clock)) {}

  Result<std::optional<ResourceRow>> read(std::string_view type, std::string_view id) override;
  Result<std::optional<ResourceRow>> read_version(std::string_view type, std::string_view id,
                                                  std::int64_t version) override;
  Result<std::vector<ResourceRow>> read_all(
      const std::vector<std::pair<std::string, std::string>>& types_and_ids) override;
  Result<ResourcesWritten> write(ResourceChanges changes) override;
  Result<ResourcePage> search(const ResourceSearch& search) override;
  Result<std::vector<ResourceRow>> linked(const LinkedSearch& search) override;
  Result<ResourcePage> history(const HistorySearch& search) override;
  Result<ResourcePage> changed(const std::string& cursor, const std::vector<std::string>& types,
                               std::size_t limit) override;
  Result<std::vector<ResourceCounts>> resource_counts() override;
  Result<std::int64_t> index_version() override;
  Result<void> set_index_version(std::int64_t version) override;
  Result<std::vector<ResourceRow>> rows_after(std::int64_t row, std::size_t limit) override;
  Result<void> reindex(std::vector<Reindexed> values) override;

 private:
  Readers* readers_;
  Write write_;
  Clock clock_;
};

}  // namespace concord::store::sqlite
