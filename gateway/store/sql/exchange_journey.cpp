// The whole journey of one exchange: each table once, by its key.
#include <algorithm>
#include <cstring>

#include "fhir/search/index.h"
#include "gateway/store/sql/detail/exchange_rows.h"
#include "gateway/store/sql/place.h"

namespace concord::store::sql {
namespace {

constexpr std::int64_t kMostItems = 100;
constexpr std::int64_t kMostAttempts = 500;
constexpr std::int64_t kMostEffects = 500;
constexpr std::int64_t kMostVersions = 500;
constexpr std::int64_t kMostUnmatched = 100;
/// Later exchanges of a workflow that are looked at.
constexpr std::int64_t kMostLater = 500;

Result<Sha256> digest_of(std::string_view bytes) {
  Sha256 digest{};
  if (bytes.size() != digest.size()) {
    return make_error(ErrorCode::internal, "the store is damaged: a digest has the wrong size");
  }
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

class JourneyReader {
 public:
  JourneyReader(const Dialect& dialect, TableRunner& runner) : dialect_(dialect), runner_(runner) {}

  Result<std::optional<ExchangeJourney>> read(std::string_view id) {
    CONCORD_ASSIGN(const bool found, exchange(id));
    if (!found) return std::optional<ExchangeJourney>{};
    CONCORD_TRY(items());
    for (std::size_t i = 0; i < journey_.items.size(); ++i) {
      ItemJourney& item = journey_.items[i];
      CONCORD_TRY(attempts(item, numbers_[i]));
      CONCORD_TRY(awaited(item, numbers_[i]));
      CONCORD_TRY(unmatched(item));
      CONCORD_TRY(neighbours(item, numbers_[i]));
    }
    CONCORD_TRY(effects());
    CONCORD_TRY(task());
    return std::optional<ExchangeJourney>{std::move(journey_)};
  }

 private:
  using Bind = Builder&;

  /// Rows of a statement whose values `text` binds.
  template <typename Text>
  Result<Table> rows(std::string_view types, const Text& text) {
    Builder build(dialect_);
    std::string statement = text(build);
    return runner_.table(std::move(build).finish(std::move(statement)), columns(types));
  }

  /// Keeps the bound: one row more was asked for.
  void bound(Table& rows, std::int64_t most) {
    if (rows.size() <= static_cast<std::size_t>(most)) return;
    rows.resize(static_cast<std::size_t>(most));
    journey_.cut = true;
  }

  Result<bool> exchange(std::string_view id) {
    CONCORD_ASSIGN(const Table found, rows(std::string(kExchangeTypes) + "tttii", [&](Bind build) {
                     return "SELECT " + std::string(kExchangeColumns) +
                            ", i.decision, p.content_type, p.digest, "
                            "CASE WHEN EXISTS (SELECT 1 FROM lineage l WHERE l.exchange = i.seq) "
                            "THEN 1 ELSE 0 END, i.items "
                            "FROM inbox i CROSS JOIN payload p WHERE p.id = i.payload AND i.id = " +
                            build.bind(std::string(id));
                   }));
    if (found.empty()) return false;
    const Row& row = found.front();
    seq_ = integer(row, 0);
    journey_.exchange = exchange_at(row);
    journey_.decision = text(row, 9);
    journey_.content_type = text(row, 10);
    CONCORD_ASSIGN(journey_.digest, digest_of(text(row, 11)));
    journey_.has_lineage = integer(row, 12) != 0;
    return true;
  }

  Result<void> items() {
    CONCORD_ASSIGN(Table found, rows(std::string(kItemTypes) + "ttttttiit", [&](Bind build) {
                     return "SELECT " + std::string(kItemColumns) +
                            ", o.channel, o.format, o.purpose, o.interaction, p.content_type, "
                            "o.subject, o.fence, o.number, p.digest "
                            "FROM outbox o JOIN payload p ON p.id = o.payload "
                            "LEFT JOIN dead d ON d.item = o.seq WHERE o.exchange = " +
                            build.bind(seq_) + " LIMIT " + build.bind(kMostItems + 1);
                   }));
    std::sort(found.begin(), found.end(),
              [](const Row& a, const Row& b) { return integer(a, 1) < integer(b, 1); });
    bound(found, kMostItems);
    for (const Row& row : found) {
      numbers_.push_back(integer(row, 1));
      ItemJourney& item = journey_.items.emplace_back();
      item.item = item_at(row);
      item.channel = text(row, 18);
      item.format = text(row, 19);
      item.purpose = text(row, 20);
      item.interaction = text(row, 21);
      item.content_type = text(row, 22);
      item.subject = text(row, 23);
      item.fence = integer(row, 24);
      item.number = integer(row, 25);
      CONCORD_ASSIGN(item.digest, digest_of(text(row, 26)));
      if (journey_.task.empty()) journey_.task = item.item.task;
    }
    return {};
  }

  Result<void> attempts(ItemJourney& item, std::int64_t number) {
    CONCORD_ASSIGN(
        Table found, rows("iiitiit", [&](Bind build) {
          // An empty text is no digest: there was no answer.
          const std::string none = dialect_.parameter == kPostgresql.parameter ? "''::bytea" : "''";
          return "SELECT a.n, a.started_at, a.ended_at, a.result, a.peer_code, "
                 "CASE WHEN p.id IS NULL THEN 0 ELSE 1 END, coalesce(p.digest, " +
                 none +
                 ") "
                 "FROM attempt a LEFT JOIN payload p ON p.id = a.payload WHERE a.item = " +
                 build.bind(number) + " ORDER BY a.n DESC LIMIT " + build.bind(kMostAttempts + 1);
        }));
    bound(found, kMostAttempts);
    for (auto row = found.rbegin(); row != found.rend(); ++row) {
      AttemptMade& made = item.attempts.emplace_back();
      made.n = static_cast<std::int32_t>(integer(*row, 0));
      made.started_at = instant(*row, 1);
      made.ended_at = instant(*row, 2);
      made.result = text(*row, 3);
      made.peer_code = static_cast<std::int32_t>(integer(*row, 4));
      if (integer(*row, 5) == 0) continue;
      CONCORD_ASSIGN(made.answer, digest_of(text(*row, 6)));
    }
    return {};
  }

  Result<void> awaited(ItemJourney& item, std::int64_t number) {
    CONCORD_ASSIGN(const Table found, rows("tii", [&](Bind build) {
                     return "SELECT layer, due_at, step FROM ack_expect WHERE item = " +
                            build.bind(number) + " ORDER BY layer LIMIT 10";
                   }));
    for (const Row& row : found) {
      item.awaited.push_back(
          {text(row, 0), instant(row, 1), static_cast<std::int32_t>(integer(row, 2))});
    }
    return {};
  }

  /// Answers that came back for the item, or that name its message.
  Result<void> unmatched(ItemJourney& item) {
    const auto by = [&](std::string_view column, const std::string& value) -> Result<void> {
      if (value.empty()) return {};
      CONCORD_ASSIGN(Table found, rows("iitttt", [&](Bind build) {
                       return "SELECT seq, at, destination, item, refers_to, reason FROM unmatched "
                              "WHERE " +
                              std::string(column) + " = " + build.bind(value) +
                              " ORDER BY seq DESC LIMIT " + build.bind(kMostUnmatched + 1);
                     }));
      bound(found, kMostUnmatched);
      for (const Row& row : found) {
        // The second look is for those that named no item.
        if (column == "refers_to" && text(row, 3) == item.item.id) continue;
        item.unmatched.push_back(
            {instant(row, 1), text(row, 2), text(row, 3), text(row, 4), text(row, 5)});
      }
      return {};
    };
    CONCORD_TRY(by("item", item.item.id));
    CONCORD_TRY(by("refers_to", item.item.message_id));
    std::stable_sort(item.unmatched.begin(), item.unmatched.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    return {};
  }

  /// Who stands before it in its subject, and whether something later went past it.
  Result<void> neighbours(ItemJourney& item, std::int64_t number) {
    if (item.subject.empty()) return {};
    if (item.item.state == ItemState::pending) {
      CONCORD_ASSIGN(const Table found, rows("t", [&](Bind build) {
                       return "SELECT i.id FROM outbox o CROSS JOIN inbox i WHERE i.seq = "
                              "o.exchange AND o.destination = " +
                              build.bind(item.item.destination) +
                              " AND o.subject = " + build.bind(item.subject) +
                              " AND o.state IN (0, 5) AND o.seq < " + build.bind(number) +
                              " ORDER BY o.seq LIMIT 1";
                     }));
      if (!found.empty()) item.waits_for = text(found.front(), 0);
    }
    if (item.item.state != ItemState::dead) return {};
    CONCORD_ASSIGN(
        const Table found, rows("ti", [&](Bind build) {
          const std::string subject = build.bind(item.subject);
          const std::string at = build.bind(millis(journey_.exchange.accepted_at));
          return "SELECT i.id, CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.exchange = i.seq "
                 "AND o.state IN (1, 2, 3)) THEN 1 ELSE 0 END FROM inbox i WHERE i.subject = " +
                 subject + " AND (i.accepted_at, i.seq) > (" + at + ", " + build.bind(seq_) +
                 ") ORDER BY i.accepted_at, i.seq LIMIT " + build.bind(kMostLater);
        }));
    const auto past = std::find_if(found.begin(), found.end(),
                                   [](const Row& row) { return integer(row, 1) != 0; });
    if (past != found.end()) item.superseded_by = text(*past, 0);
    return {};
  }

  Result<void> effects() {
    CONCORD_ASSIGN(Table found, rows("tti", [&](Bind build) {
                     return "SELECT kind, target, at FROM effect WHERE exchange = " +
                            build.bind(seq_) + " LIMIT " + build.bind(kMostEffects + 1);
                   }));
    bound(found, kMostEffects);
    for (const Row& row : found) {
      journey_.effects.push_back({text(row, 0), text(row, 1), instant(row, 2)});
    }
    std::stable_sort(journey_.effects.begin(), journey_.effects.end(),
                     [](const EffectMade& a, const EffectMade& b) { return a.at < b.at; });
    return {};
  }

  Result<void> task() {
    if (journey_.task.empty()) return {};
    const std::int64_t key = search::resource_hash("Task", journey_.task);
    CONCORD_ASSIGN(const Table now, rows("iiit", [&](Bind build) {
                     return "SELECT r.created_nr, r.version, r.place, t.status FROM resource r "
                            "CROSS JOIN exchange_task t WHERE t.key = r.key AND r.key = " +
                            build.bind(key);
                   }));
    if (now.empty()) return {};
    journey_.task_status = text(now.front(), 3);
    CONCORD_ASSIGN(Table earlier, rows("ii", [&](Bind build) {
                     return "SELECT version, place FROM resource_version WHERE created_nr = " +
                            build.bind(integer(now.front(), 0)) + " ORDER BY version DESC LIMIT " +
                            build.bind(kMostVersions + 1);
                   }));
    bound(earlier, kMostVersions);
    for (auto row = earlier.rbegin(); row != earlier.rend(); ++row) {
      journey_.task_versions.push_back({integer(*row, 0), changed_at(integer(*row, 1))});
    }
    journey_.task_versions.push_back({integer(now.front(), 1), changed_at(integer(now.front(), 2))});
    return {};
  }

  const Dialect& dialect_;
  TableRunner& runner_;
  ExchangeJourney journey_;
  std::int64_t seq_ = 0;
  std::vector<std::int64_t> numbers_;  ///< outbox.seq of each item
};

}  // namespace

Result<std::optional<ExchangeJourney>> read_journey(std::string_view id, const Dialect& dialect,
                                                    TableRunner& runner) {
  return JourneyReader(dialect, runner).read(id);
}

}  // namespace concord::store::sql
