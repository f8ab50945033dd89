#include "tests/support/memory_resources.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "fhir/search/match.h"
#include "tests/support/memory_order.h"

namespace concord::test {

using search::Condition;
using store::Change;
using store::ResourcePage;
using store::ResourceRow;

namespace {

template <typename T>
bool holds(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error no_cursor() { return make_error(ErrorCode::invalid, "this is no cursor of a page"); }

}  // namespace

Result<void> MemoryResources::answering() const {
  if (down_) return make_error(ErrorCode::transient, "the store does not answer");
  return {};
}

const MemoryResources::Kept* MemoryResources::find(std::string_view type,
                                                   std::string_view id) const {
  const auto at = by_name_.find(std::pair(std::string(type), std::string(id)));
  return at == by_name_.end() ? nullptr : &kept_[at->second];
}

bool MemoryResources::meets_link(const Kept& kept, const search::Chain& chain) const {
  for (const search::Link& link : kept.now().index.links) {
    if (!holds(chain.keys, link.key)) continue;
    const auto at = by_hash_.find(link.target);
    if (at == by_hash_.end()) continue;
    for (const std::size_t far : at->second) {
      const Kept& target = kept_[far];
      if (target.there() && holds(chain.types, target.now().row.type) &&
          meets(target, chain.inner.front())) {
        return true;
      }
    }
  }
  return false;
}

bool MemoryResources::meets_link(const Kept& kept, const search::Reverse& reverse) const {
  const ResourceRow& row = kept.now().row;
  const std::int64_t here = search::resource_hash(row.type, row.id);
  return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& other) {
    if (!other.there() || other.now().row.type != reverse.type) return false;
    const auto& links = other.now().index.links;
    return std::any_of(links.begin(), links.end(),
                       [&](const search::Link& link) {
                         return link.target == here && holds(reverse.keys, link.key);
                       }) &&
           meets(other, reverse.inner.front());
  });
}

/// What a condition asks of the other resources here.
class MemoryResources::Near final : public search::Others {
 public:
  Near(const MemoryResources& all, const Kept& kept) : all_(all), kept_(kept) {}
  bool holds(const search::Subject&, const search::Chain& chain) const override {
    return all_.meets_link(kept_, chain);
  }
  bool holds(const search::Subject&, const search::Reverse& reverse) const override {
    return all_.meets_link(kept_, reverse);
  }

 private:
  const MemoryResources& all_;
  const Kept& kept_;
};

bool MemoryResources::meets(const Kept& kept, const Condition& condition) const {
  const ResourceRow& row = kept.now().row;
  const Near near(*this, kept);
  return search::matches(condition, {row.type, row.id, row.updated_at, &kept.now().index}, &near);
}

std::vector<const MemoryResources::Kept*> MemoryResources::found(std::string_view type,
                                                                 const Condition& where) const {
  std::vector<const Kept*> all;
  for (const Kept& kept : kept_) {
    if (kept.there() && kept.now().row.type == type && meets(kept, where)) all.push_back(&kept);
  }
  return all;
}

Result<std::optional<ResourceRow>> MemoryResources::read(std::string_view type,
                                                         std::string_view id) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  const Kept* kept = find(type, id);
  if (kept == nullptr) return std::optional<ResourceRow>();
  return std::optional(kept->now().row);
}

Result<std::optional<ResourceRow>> MemoryResources::read_version(std::string_view type,
                                                                 std::string_view id,
                                                                 std::int64_t version) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  if (const Kept* kept = find(type, id); kept != nullptr) {
    for (const Version& one : kept->versions) {
      if (one.row.version == version) return std::optional(one.row);
    }
  }
  return std::optional<ResourceRow>();
}

Result<std::vector<ResourceRow>> MemoryResources::read_all(
    const std::vector<std::pair<std::string, std::string>>& types_and_ids) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  std::vector<ResourceRow> rows;
  for (const auto& [type, id] : types_and_ids) {
    if (const Kept* kept = find(type, id); kept != nullptr) rows.push_back(kept->now().row);
  }
  return rows;
}

bool MemoryResources::still(const store::Guard& guard) const {
  std::vector<std::string> now;
  for (const Kept* kept : found(guard.type, guard.where)) now.push_back(kept->now().row.id);
  if (guard.ids.size() >= 2) {
    return now.size() >= 2 && std::all_of(guard.ids.begin(), guard.ids.end(),
                                          [&](const std::string& id) { return holds(now, id); });
  }
  return now == guard.ids;
}

Result<store::ResourcesWritten> MemoryResources::write(store::ResourceChanges changes) {
  if (before_write_) before_write_();
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  using End = store::ResourcesWritten::End;
  for (std::size_t i = 0; i < changes.guards.size(); ++i) {
    if (!still(changes.guards[i])) return store::ResourcesWritten{End::guard_conflict, i};
  }
  for (std::size_t i = 0; i < changes.writes.size(); ++i) {
    const store::ResourceWrite& write = changes.writes[i];
    const Kept* kept = find(write.type, write.id);
    if ((kept == nullptr ? 0 : kept->now().row.version) != write.expected_version) {
      return store::ResourcesWritten{End::version_conflict, i};
    }
  }
  for (store::ResourceWrite& write : changes.writes) {
    auto [at, is_new] = by_name_.try_emplace(std::pair(write.type, write.id), kept_.size());
    if (is_new) {
      by_hash_[search::resource_hash(write.type, write.id)].push_back(kept_.size());
      kept_.emplace_back();
    }
    Version version;
    version.row.row = static_cast<std::int64_t>(at->second) + 1;
    version.row.type = write.type;
    version.row.id = write.id;
    version.row.version = write.expected_version + 1;
    version.row.updated_at = write.updated_at;
    version.row.change = write.change;
    version.row.body = std::move(write.body);
    version.sequence = ++sequence_;
    version.index = std::move(write.index);
    kept_[at->second].versions.push_back(std::move(version));
  }
  for (auto& record : changes.audit) audit_.push_back(std::move(record));
  for (auto& notice : changes.notices) notices_.push_back(std::move(notice));
  ++writes_;
  return store::ResourcesWritten{};
}

Result<ResourcePage> MemoryResources::search(const store::ResourceSearch& search) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  if (endless_) {
    endless_(search.deadline);
    return make_error(ErrorCode::too_costly, "the search took longer than it may");
  }
  std::string asked;
  for (const auto& part : search.parts) asked += part.type + '?' + to_text(part.where) + ';';

  std::size_t book = 0;
  std::size_t begin = 0;
  if (search.cursor.empty()) {
    std::vector<OrderedRow> ordered;
    for (const auto& part : search.parts) {
      for (const Kept* kept : found(part.type, part.where)) {
        ordered.push_back(
            {kept->now().row.row, kept->now().sequence,
             order_values(
                 kept->now().row, kept->now().index, part.sort,
                 [this](std::int64_t hash) { return name_under(hash); }, part.where)});
      }
    }
    const auto sort = search.parts.empty() ? std::vector<search::SortKey>{} : search.parts[0].sort;
    std::sort(ordered.begin(), ordered.end(),
              [&](const OrderedRow& a, const OrderedRow& b) { return comes_before(a, b, sort); });
    Pages pages;
    pages.asked = asked;
    for (const OrderedRow& row : ordered) pages.rows.push_back(row.row);
    book = pages_.size();
    pages_.push_back(std::move(pages));
    if (search.backwards) begin = pages_.back().rows.size();
  } else {
    const std::string_view cursor = search.cursor;
    const std::size_t dot = cursor.find('.');
    if (dot == std::string_view::npos) return no_cursor();
    const auto first = number_in(cursor.substr(0, dot));
    const auto second = number_in(cursor.substr(dot + 1));
    if (!first || !second || *first >= pages_.size()) return no_cursor();
    book = *first;
    begin = std::min<std::size_t>(*second, pages_[book].rows.size());
    if (pages_[book].asked != asked) {
      return make_error(ErrorCode::gone, "the cursor belongs to another search");
    }
  }
  const Pages& pages = pages_[book];
  const auto there = [&](std::int64_t row) {
    return kept_[static_cast<std::size_t>(row) - 1].there();
  };
  ResourcePage page;
  if (search.count) page.total = std::count_if(pages.rows.begin(), pages.rows.end(), there);
  if (search.limit == 0) return page;
  std::size_t end = begin;
  if (search.backwards) {
    end = begin;
    std::size_t taken = 0;
    while (begin > 0 && taken < search.limit) taken += there(pages.rows[--begin]) ? 1 : 0;
  } else {
    std::size_t taken = 0;
    while (end < pages.rows.size() && taken < search.limit) taken += there(pages.rows[end++]);
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (there(pages.rows[i])) {
      page.rows.push_back(kept_[static_cast<std::size_t>(pages.rows[i]) - 1].now().row);
    }
  }
  const std::string prefix = std::to_string(book) + '.';
  if (end < pages.rows.size()) page.next = prefix + std::to_string(end);
  if (begin > 0) page.previous = prefix + std::to_string(begin);
  return page;
}

Result<std::vector<ResourceRow>> MemoryResources::linked(const store::LinkedSearch& search) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  const auto wanted = [&](const search::Link& link) {
    return search.keys.empty() || holds(search.keys, link.key);
  };
  std::set<std::size_t> far;
  const auto add = [&](std::size_t index) {
    const Kept& kept = kept_[index];
    if (kept.there() && (search.types.empty() || holds(search.types, kept.now().row.type))) {
      far.insert(index);
    }
  };
  for (const std::int64_t row : search.rows) {
    if (row < 1 || static_cast<std::size_t>(row) > kept_.size()) continue;
    const Kept& near = kept_[static_cast<std::size_t>(row) - 1];
    if (!search.reverse) {
      for (const search::Link& link : near.now().index.links) {
        if (!wanted(link)) continue;
        if (const auto at = by_hash_.find(link.target); at != by_hash_.end()) {
          for (const std::size_t index : at->second) add(index);
        }
      }
      continue;
    }
    const std::int64_t here = search::resource_hash(near.now().row.type, near.now().row.id);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      const auto& links = kept_[i].now().index.links;
      if (std::any_of(links.begin(), links.end(), [&](const search::Link& link) {
            return link.target == here && wanted(link);
          })) {
        add(i);
      }
    }
  }
  std::vector<ResourceRow> rows;
  for (const std::size_t index : far) {
    if (rows.size() == search.limit) break;
    rows.push_back(kept_[index].now().row);
  }
  return rows;
}

Result<ResourcePage> MemoryResources::history(const store::HistorySearch& search) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  std::vector<const Version*> all;
  for (const Kept& kept : kept_) {
    const ResourceRow& row = kept.now().row;
    if ((!search.type.empty() && row.type != search.type) ||
        (!search.id.empty() && row.id != search.id)) {
      continue;
    }
    for (const Version& version : kept.versions) {
      if ((search.since && version.row.updated_at < *search.since) ||
          (search.before && version.row.updated_at >= *search.before)) {
        continue;
      }
      all.push_back(&version);
    }
  }
  ResourcePage page;
  if (search.count) page.total = static_cast<std::int64_t>(all.size());
  std::sort(all.begin(), all.end(), [&](const Version* a, const Version* b) {
    return search.ascending ? a->sequence < b->sequence : a->sequence > b->sequence;
  });
  if (!search.cursor.empty()) {
    const auto last = number_in(search.cursor);
    if (!last) return no_cursor();
    std::erase_if(all, [&](const Version* version) {
      return search.ascending ? version->sequence <= *last : version->sequence >= *last;
    });
  }
  for (const Version* version : all) {
    if (page.rows.size() == search.limit) break;
    page.rows.push_back(version->row);
  }
  if (search.limit > 0 && all.size() > page.rows.size()) {
    page.next = std::to_string(all[page.rows.size() - 1]->sequence);
  }
  if (!search.cursor.empty() && !page.rows.empty()) {
    page.previous = std::to_string(all[0]->sequence);
  }
  return page;
}

Result<ResourcePage> MemoryResources::changed(const std::string& cursor,
                                              const std::vector<std::string>& types,
                                              std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  ResourcePage page;
  page.next = std::to_string(sequence_);
  if (cursor.empty()) return page;
  const auto after = number_in(cursor);
  if (!after) return no_cursor();
  std::vector<const Version*> all;
  for (const Kept& kept : kept_) {
    if (kept.now().sequence > *after && (types.empty() || holds(types, kept.now().row.type))) {
      all.push_back(&kept.now());
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Version* a, const Version* b) { return a->sequence < b->sequence; });
  for (const Version* version : all) {
    if (page.rows.size() == limit) {
      page.next = cursor;
      break;
    }
    page.rows.push_back(version->row);
  }
  if (all.size() > page.rows.size()) {
    page.next = page.rows.empty() ? cursor : std::to_string(all[page.rows.size() - 1]->sequence);
  }
  return page;
}

Result<std::vector<store::ResourceCounts>> MemoryResources::resource_counts() {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  std::map<std::string, store::ResourceCounts> counts;
  for (const Kept& kept : kept_) {
    store::ResourceCounts& count = counts[kept.now().row.type];
    count.type = kept.now().row.type;
    ++(kept.there() ? count.current : count.deleted);
    count.versions += static_cast<std::int64_t>(kept.versions.size());
  }
  std::vector<store::ResourceCounts> rows;
  for (auto& [type, count] : counts) rows.push_back(std::move(count));
  return rows;
}

Result<std::int64_t> MemoryResources::index_version() {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  return index_version_;
}

Result<void> MemoryResources::set_index_version(std::int64_t version) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  index_version_ = version;
  return {};
}

Result<std::vector<ResourceRow>> MemoryResources::rows_after(std::int64_t row, std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  std::vector<ResourceRow> rows;
  for (std::size_t i = static_cast<std::size_t>(std::max<std::int64_t>(row, 0));
       i < kept_.size() && rows.size() < limit; ++i) {
    if (kept_[i].there()) rows.push_back(kept_[i].now().row);
  }
  return rows;
}

Result<void> MemoryResources::reindex(std::vector<Reindexed> values) {
  const std::scoped_lock lock(mutex_);
  CONCORD_TRY(answering());
  for (Reindexed& value : values) {
    if (value.row < 1 || static_cast<std::size_t>(value.row) > kept_.size()) continue;
    Version& now = kept_[static_cast<std::size_t>(value.row) - 1].versions.back();
    if (now.row.version == value.version) now.index = std::move(value.index);
  }
  return {};
}

std::vector<audit::Record> MemoryResources::audit() const {
  const std::scoped_lock lock(mutex_);
  return audit_;
}

std::vector<store::NewExchange> MemoryResources::notices() const {
  const std::scoped_lock lock(mutex_);
  return notices_;
}

std::size_t MemoryResources::writes() const {
  const std::scoped_lock lock(mutex_);
  return writes_;
}

search::IndexValues MemoryResources::index_of(std::string_view type, std::string_view id) const {
  const std::scoped_lock lock(mutex_);
  const Kept* kept = find(type, id);
  return kept == nullptr ? search::IndexValues{} : kept->now().index;
}

std::optional<std::string> MemoryResources::name_of(std::int64_t hash) const {
  const std::scoped_lock lock(mutex_);
  return name_under(hash);
}

std::optional<std::string> MemoryResources::name_under(std::int64_t hash) const {
  const auto at = by_hash_.find(hash);
  if (at == by_hash_.end() || at->second.empty()) return std::nullopt;
  const store::ResourceRow& row = kept_[at->second.front()].now().row;
  return row.type + "/" + row.id;
}

}  // namespace concord::test
