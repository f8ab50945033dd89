// Finding exchanges: newest first, from the shortest index, a bounded number of rows at a time.
#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "fhir/search/index.h"
#include "gateway/store/sql/detail/exchange_rows.h"

namespace concord::store::sql {
namespace {

/// Identities lead to few exchanges; more than these say that it is none.
constexpr std::size_t kMostNamed = 200;
/// Senders and destinations an identity is looked for at, one look each.
constexpr std::int64_t kMostParties = 10'000;
constexpr std::size_t kChunk = 2'000;
constexpr std::size_t kMostItems = 100;  ///< shown of one exchange

/// Where an exchange stands in the order of pages.
struct Spot {
  std::int64_t at = 0;
  std::int64_t seq = 0;
  friend auto operator<=>(const Spot&, const Spot&) = default;
};

// ---- cursors ----

std::string cursor_of(const Spot& spot) {
  return "1." + std::to_string(spot.at) + "." + std::to_string(spot.seq);
}

Result<Spot> spot_of(std::string_view cursor) {
  Spot spot;
  const char* const end = cursor.data() + cursor.size();
  const auto number = [end](const char* from, std::int64_t& to) {
    const auto read = std::from_chars(from, end, to);
    return read.ec == std::errc{} && to >= 0 ? read.ptr : nullptr;
  };
  if (cursor.starts_with("1.")) {
    const char* at = number(cursor.data() + 2, spot.at);
    if (at != nullptr && at != end && *at == '.') {
      at = number(at + 1, spot.seq);
      if (at == end) return spot;
    }
  }
  return make_error(ErrorCode::invalid, "this is no cursor of a search of exchanges");
}

// ---- identities ----

/// A sender's identity as it may have been kept: people copy the bare UUID of a Bundle.
std::vector<std::string> message_ids(const std::string& given) {
  return {given, "https://tools.ietf.org/html/rfc4122|" + given,
          "urn:ietf:rfc3986|urn:uuid:" + given};
}

/// All values of the first column of an index, one look for each: "parties AS (…)".
std::string each_of(std::string_view table, std::string_view column, std::string_view where,
                    const std::string& most) {
  const auto next = [&](std::string_view more) {
    return "(SELECT min(" + std::string(column) + ") FROM " + std::string(table) + " WHERE " +
           std::string(where) + std::string(more) + ")";
  };
  return "WITH RECURSIVE each_one(one, n) AS (SELECT " + next("") + ", 1 UNION ALL SELECT " +
         next(" AND " + std::string(column) + " > e.one") +
         ", e.n + 1 FROM each_one e WHERE e.one IS NOT NULL AND e.n < " + most + ") ";
}

class Finder {
 public:
  Finder(const ExchangeSearch& search, const Dialect& dialect, TableRunner& runner)
      : search_(search), dialect_(dialect), runner_(runner) {}

  /// The exchanges the identities lead to; nothing when no identity was given.
  Result<std::optional<std::vector<std::int64_t>>> named() {
    std::optional<std::vector<std::int64_t>> all;
    const auto narrow = [&all](std::vector<std::int64_t> found) {
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
      if (!all) {
        all = std::move(found);
        return;
      }
      std::vector<std::int64_t> both;
      std::set_intersection(all->begin(), all->end(), found.begin(), found.end(),
                            std::back_inserter(both));
      all = std::move(both);
    };
    if (!search_.task.empty()) {
      Builder build(dialect_);
      const std::string key = build.bind(search::resource_hash("Task", search_.task));
      CONCORD_ASSIGN(auto found, numbers(std::move(build).finish(
                                     "SELECT exchange FROM exchange_task WHERE key = " + key)));
      narrow(std::move(found));
    }
    if (!search_.request_id.empty()) {
      CONCORD_ASSIGN(auto found, by_key("request-id", {search_.request_id}));
      narrow(std::move(found));
    }
    if (!search_.message_id.empty()) {
      CONCORD_ASSIGN(auto found, by_key("message-id", message_ids(search_.message_id)));
      CONCORD_ASSIGN(const auto sent, by_sent_id());
      found.insert(found.end(), sent.begin(), sent.end());
      narrow(std::move(found));
    }
    return all;
  }

 private:
  Result<std::vector<std::int64_t>> numbers(const Statement& statement) {
    CONCORD_ASSIGN(const Table rows, runner_.table(statement, columns("i")));
    std::vector<std::int64_t> found;
    for (const Row& row : rows) found.push_back(integer(row, 0));
    return found;
  }

  /// By idempotency keys. SQLite keeps them by party first, PostgreSQL by value.
  Result<std::vector<std::int64_t>> by_key(const std::string& scope,
                                           const std::vector<std::string>& values) {
    Builder build(dialect_);
    const std::string of = build.bind(scope);
    const std::string is = " AND k.value IN (" + build.bind_all(values) + ")";
    const std::string most = " LIMIT " + build.bind(std::int64_t{kMostNamed});
    std::string statement;
    if (!search_.sender.empty()) {
      statement = "SELECT k.exchange FROM idempotency k WHERE k.scope = " + of +
                  " AND k.party = " + build.bind(search_.sender) + is + most;
    } else if (dialect_.parameter == kPostgresql.parameter) {
      statement = "SELECT k.exchange FROM idempotency k WHERE k.scope = " + of + is + most;
    } else {
      statement =
          each_of("idempotency", "party", "scope = " + of, build.bind(std::int64_t{kMostParties})) +
          "SELECT k.exchange FROM each_one e CROSS JOIN idempotency k WHERE k.scope = " + of +
          " AND k.party = e.one" + is + most;
    }
    return numbers(std::move(build).finish(std::move(statement)));
  }

  /// By the identity a message has in its format.
  Result<std::vector<std::int64_t>> by_sent_id() {
    Builder build(dialect_);
    const std::string id = build.bind(search_.message_id);
    const std::string is = dialect_.parameter == kPostgresql.parameter
                               ? "lower(o.message_id) = lower(" + id + " COLLATE \"C\")"
                               : "o.message_id = " + id;
    const std::string most = " LIMIT " + build.bind(std::int64_t{kMostNamed});
    std::string statement;
    if (!search_.destination.empty()) {
      statement = "SELECT o.exchange FROM outbox o WHERE o.destination = " +
                  build.bind(search_.destination) + " AND " + is + most;
    } else {
      statement = each_of("outbox", "destination", "destination >= ''",
                          build.bind(std::int64_t{kMostParties})) +
                  "SELECT o.exchange FROM each_one e CROSS JOIN outbox o "
                  "WHERE o.destination = e.one AND " +
                  is + most;
    }
    return numbers(std::move(build).finish(std::move(statement)));
  }

  const ExchangeSearch& search_;
  const Dialect& dialect_;
  TableRunner& runner_;
};

// ---- streams of candidates ----

std::vector<std::int64_t> item_states(const std::vector<ExchangeState>& states) {
  std::vector<std::int64_t> all;
  for (int state = 0; state <= static_cast<int>(ItemState::cancelled); ++state) {
    const auto of = exchange_state(static_cast<ItemState>(state));
    if (std::find(states.begin(), states.end(), of) != states.end()) all.push_back(state);
  }
  return all;
}

/// Candidates of one list in the order of pages, each with whether it fits what else is asked.
class Candidates {
 public:
  enum class From { all, sender, kind, subject, named, state };
  struct One {
    Spot spot;
    bool fits = false;
  };

  Candidates(const ExchangeSearch& search, From from, Spot behind)
      : search_(&search), from_(from), at_(behind) {}
  Candidates(const ExchangeSearch& search, std::int64_t state, Spot behind)
      : search_(&search), from_(From::state), at_(behind), state_(state) {}
  Candidates(const ExchangeSearch& search, std::vector<std::int64_t> named, Spot behind)
      : search_(&search), from_(From::named), at_(behind), named_(std::move(named)) {}

  /// The next candidate, or null at the end of the list.
  Result<const One*> peek(const Dialect& dialect, TableRunner& runner) {
    if (next_ == ready_.size() && !ended_) CONCORD_TRY(fill(dialect, runner));
    return next_ == ready_.size() ? nullptr : &ready_[next_];
  }
  void pass() { ++next_; }

 private:
  Result<void> fill(const Dialect& dialect, TableRunner& runner) {
    // Most pages end within the first rows.
    const std::size_t chunk = ready_.empty() ? search_->limit + 1 : kChunk;
    CONCORD_ASSIGN(const Table rows, runner.table(made(dialect, chunk), columns("iii")));
    ready_.clear();
    next_ = 0;
    for (const Row& row : rows) {
      ready_.push_back({{integer(row, 0), integer(row, 1)}, integer(row, 2) != 0});
    }
    ended_ = rows.size() < chunk;
    if (!ready_.empty()) at_ = ready_.back().spot;
    return {};
  }

  Statement made(const Dialect& dialect, std::size_t chunk) const {
    Builder build(dialect);
    const bool by_state = from_ == From::state;
    // A list of numbers is looked up, never walked to: "+" keeps the index of times out of it.
    const std::string at = by_state               ? "o.created_at"
                           : from_ == From::named ? "+i.accepted_at"
                                                  : "i.accepted_at";
    const std::string seq = by_state ? "o.exchange" : "i.seq";
    std::string where;
    const auto equal = [&](const char* column, const std::string& value) {
      where += std::string(column) + " = " + build.bind(value) + " AND ";
    };
    if (by_state) {
      // The list of states as the index has it: it holds no others.
      where += "i.seq = o.exchange AND o.state IN (0, 4, 5, 6) AND o.state = " +
               build.bind(state_) + " AND ";
    }
    if (from_ == From::sender) equal("i.sender", search_->sender);
    if (from_ == From::kind) equal("i.message_kind", search_->message_kind);
    if (from_ == From::subject) equal("i.subject", search_->subject);
    if (from_ == From::named) where += "i.seq IN (" + build.bind_all(named_) + ") AND ";
    if (search_->since) where += at + " >= " + build.bind(millis(*search_->since)) + " AND ";
    const std::string behind_at = build.bind(at_.at), behind_seq = build.bind(at_.seq);
    where += "(" + at + ", " + seq + ") < (" + behind_at + ", " + behind_seq + ")";
    const std::string fits = this->fits(build);
    const std::string most = build.bind(static_cast<std::int64_t>(chunk));
    return std::move(build).finish("SELECT " + at + ", " + seq + ", " + fits + " FROM " +
                                   (by_state ? "outbox o CROSS JOIN inbox i" : "inbox i") +
                                   " WHERE " + where + " ORDER BY " + at + " DESC, " + seq +
                                   " DESC LIMIT " + most);
  }

  /// What the list does not say by itself, as 1 or 0.
  std::string fits(Builder& build) const {
    std::string all;
    const auto equal = [&](const char* column, const std::string& value) {
      if (value.empty()) return;
      all += (all.empty() ? "" : " AND ") + std::string(column) + " = " + build.bind(value);
    };
    if (from_ != From::sender) equal("i.sender", search_->sender);
    if (from_ != From::kind) equal("i.message_kind", search_->message_kind);
    if (from_ != From::subject) equal("i.subject", search_->subject);
    const bool states =
        !search_->states.empty() && (from_ != From::state || !search_->destination.empty());
    if (states || !search_->destination.empty()) {
      std::string item = "x.exchange = i.seq";
      if (!search_->destination.empty()) {
        item += " AND x.destination = " + build.bind(search_->destination);
      }
      if (states) item += " AND x.state IN (" + build.bind_all(item_states(search_->states)) + ")";
      all += (all.empty() ? "" : " AND ") + ("EXISTS (SELECT 1 FROM outbox x WHERE " + item + ")");
    }
    return all.empty() ? "1" : "CASE WHEN " + all + " THEN 1 ELSE 0 END";
  }

  const ExchangeSearch* search_;
  From from_;
  Spot at_;
  std::int64_t state_ = 0;
  std::vector<std::int64_t> named_;
  std::vector<One> ready_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

/// The lists a search begins with: identities, the workflow, a state few are in, else the sender,
/// the kind, all.
Result<std::vector<Candidates>> lists_of(const ExchangeSearch& search, const Dialect& dialect,
                                         TableRunner& runner, Spot behind) {
  std::vector<Candidates> lists;
  CONCORD_ASSIGN(auto named, Finder(search, dialect, runner).named());
  if (named) {
    if (named->size() > kMostNamed) named->erase(named->begin(), named->end() - kMostNamed);
    if (!named->empty()) lists.emplace_back(search, *std::move(named), behind);
    return lists;
  }
  const std::vector<std::int64_t> states = item_states(search.states);
  const bool many = std::find(search.states.begin(), search.states.end(),
                              ExchangeState::delivered) != search.states.end();
  using From = Candidates::From;
  if (!search.subject.empty()) {
    lists.emplace_back(search, From::subject, behind);
  } else if (!states.empty() && !many) {
    for (const std::int64_t state : states) lists.emplace_back(search, state, behind);
  } else if (!search.sender.empty()) {
    lists.emplace_back(search, From::sender, behind);
  } else if (!search.message_kind.empty()) {
    lists.emplace_back(search, From::kind, behind);
  } else {
    lists.emplace_back(search, From::all, behind);
  }
  return lists;
}

/// Fills in what is shown of the exchanges found, in their order.
Result<void> read_found(const std::vector<Spot>& spots, const Dialect& dialect, TableRunner& runner,
                        std::vector<FoundExchange>& found) {
  if (spots.empty()) return {};
  std::vector<std::int64_t> numbers;
  std::map<std::int64_t, std::size_t> places;
  for (const Spot& spot : spots) {
    places[spot.seq] = numbers.size();
    numbers.push_back(spot.seq);
  }
  found.resize(spots.size());
  {
    Builder build(dialect);
    const std::string in = build.bind_all(numbers);
    CONCORD_ASSIGN(
        const Table rows,
        runner.table(std::move(build).finish("SELECT " + std::string(kExchangeColumns) +
                                             " FROM inbox i WHERE i.seq IN (" + in + ")"),
                     columns(kExchangeTypes)));
    for (const Row& row : rows) found[places[integer(row, 0)]] = exchange_at(row);
  }
  Builder build(dialect);
  const std::string in = build.bind_all(numbers);
  const std::string most =
      build.bind(static_cast<std::int64_t>(kMostItems * ExchangeSearch::kMostLimit));
  CONCORD_ASSIGN(
      Table rows,
      runner.table(std::move(build).finish("SELECT " + std::string(kItemColumns) +
                                           " FROM outbox o LEFT JOIN dead d ON d.item = o.seq "
                                           "WHERE o.exchange IN (" +
                                           in + ") LIMIT " + most),
                   columns(kItemTypes)));
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return integer(a, 1) < integer(b, 1); });
  for (const Row& row : rows) {
    std::vector<FoundItem>& items = found[places[integer(row, 0)]].items;
    if (items.size() < kMostItems) items.push_back(item_at(row));
  }
  return {};
}

}  // namespace

std::vector<ColumnType> columns(std::string_view letters) {
  std::vector<ColumnType> types;
  for (const char letter : letters) {
    types.push_back(letter == 'i' ? ColumnType::integer : ColumnType::text);
  }
  return types;
}

FoundExchange exchange_at(const Row& row) {
  FoundExchange found;
  found.id = text(row, 1);
  found.door = text(row, 2);
  found.sender = text(row, 3);
  found.request_id = text(row, 4);
  found.message_kind = text(row, 5);
  found.subject = text(row, 6);
  found.received_at = instant(row, 7);
  found.accepted_at = instant(row, 8);
  return found;
}

FoundItem item_at(const Row& row) {
  FoundItem item;
  item.id = text(row, 2);
  item.task = text(row, 3);
  item.destination = text(row, 4);
  item.message_id = text(row, 5);
  item.state = static_cast<ItemState>(integer(row, 6));
  item.attempts = static_cast<std::int32_t>(integer(row, 7));
  item.due_at = maybe_instant(row, 8);
  item.leased_by = text(row, 9);
  item.created_at = instant(row, 10);
  item.deadline = instant(row, 11);
  item.finished_at = maybe_instant(row, 12);
  if (const auto at = maybe_instant(row, 17)) {
    item.dead = DeadItem{{text(row, 13), text(row, 14), text(row, 15), instant(row, 16)}, *at};
  }
  return item;
}

Result<ExchangePage> find_exchanges(const ExchangeSearch& search, const Dialect& dialect,
                                    TableRunner& runner, std::size_t most) {
  if (search.limit == 0 || search.limit > ExchangeSearch::kMostLimit) {
    return make_error(
        ErrorCode::invalid,
        "a page holds 1 to " + std::to_string(ExchangeSearch::kMostLimit) + " exchanges");
  }
  Spot behind{std::numeric_limits<std::int64_t>::max(), 0};
  if (search.before) behind = {millis(*search.before), 0};
  if (!search.cursor.empty()) {
    CONCORD_ASSIGN(const Spot from, spot_of(search.cursor));
    behind = std::min(behind, from);
  }
  CONCORD_ASSIGN(std::vector<Candidates> lists, lists_of(search, dialect, runner, behind));

  std::vector<Spot> spots;
  ExchangePage page;
  Spot last = behind;
  for (std::size_t looked_at = 0;; ++looked_at) {
    Candidates* newest = nullptr;
    Candidates::One next;
    for (Candidates& list : lists) {
      CONCORD_ASSIGN(const Candidates::One* const one, list.peek(dialect, runner));
      if (one == nullptr || (newest != nullptr && one->spot <= next.spot)) continue;
      newest = &list;
      next = *one;
    }
    if (newest == nullptr) break;
    const bool again = !spots.empty() && spots.back() == next.spot;  // by another item of it
    if (next.fits && !again && spots.size() == search.limit) {
      page.next = cursor_of(spots.back());
      break;
    }
    if (looked_at == most) {
      page.next = cursor_of(last);
      page.looked_back_to = Instant{std::chrono::milliseconds{last.at}};
      break;
    }
    newest->pass();
    last = next.spot;
    if (next.fits && !again) spots.push_back(next.spot);
  }
  CONCORD_TRY(read_found(spots, dialect, runner, page.exchanges));
  return page;
}

}  // namespace concord::store::sql
