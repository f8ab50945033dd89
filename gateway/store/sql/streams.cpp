#include "gateway/store/sql/detail/streams.h"

#include <algorithm>
#include <limits>

namespace concord::store::sql {

namespace {

using search::Comparison;
using search::Condition;
using search::IndexKind;

/// Periods have their end within this behind their beginning, or stand in the index of long ones.
std::int64_t earlier(std::int64_t millis, std::int64_t by = kLongPeriod) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  return millis < kLeast + by ? kLeast : millis - by;
}

Drive drive_of_any(const search::Any& any) {
  if (any.of.empty()) return Drive::none;
  std::vector<const Condition*> others;
  const auto groups = token_groups(any, others);
  std::size_t streams = others.size();
  bool ordered = true;
  for (const Condition* one : others) {
    const Drive drive = drive_of(*one);
    if (drive == Drive::none) return Drive::none;
    ordered = ordered && drive == Drive::ordered;
  }
  for (const TokenGroup& group : groups) {
    if (group.codes.size() > kStreams) {
      ordered = false;
      streams += 1;
    } else {
      streams += group.codes.size();
    }
  }
  if (streams > 4 * kStreams) return Drive::none;
  return ordered && streams <= kStreams ? Drive::ordered : Drive::unordered;
}

struct DriveOf {
  Drive operator()(const search::All& all) const {
    Drive best = Drive::none;
    for (const Condition& one : all.of) best = std::max(best, drive_of(one));
    return best;
  }
  Drive operator()(const search::Any& any) const { return drive_of_any(any); }
  Drive operator()(const search::Not&) const { return Drive::none; }
  Drive operator()(const search::TokenIs& is) const {
    return is.code ? Drive::ordered : Drive::none;
  }
  Drive operator()(const search::TextIs& is) const {
    using Match = search::TextIs::Match;
    if (is.match == Match::equals) return Drive::ordered;
    if (is.match == Match::exactly) return is.folded.empty() ? Drive::none : Drive::ordered;
    return is.match == Match::starts && !is.value.empty() ? Drive::unordered : Drive::none;
  }
  Drive operator()(const search::PeriodIs& is) const {
    return is.comparison == Comparison::ne ? Drive::none : Drive::unordered;
  }
  Drive operator()(const search::NumberIs& is) const {
    return is.comparison == Comparison::ne ? Drive::none : Drive::unordered;
  }
  Drive operator()(const search::NearIs&) const { return Drive::unordered; }
  Drive operator()(const search::LinkIs& is) const {
    if (is.targets.empty()) return Drive::none;
    return is.targets.size() <= kStreams ? Drive::ordered : Drive::unordered;
  }
  Drive operator()(const search::Present&) const { return Drive::none; }
  Drive operator()(const search::IdIs&) const { return Drive::unordered; }
  Drive operator()(const search::UpdatedIs&) const { return Drive::none; }
  Drive operator()(const search::Chain& chain) const {
    return chain.keys.empty() || chain.types.empty() ? Drive::none : below(chain.inner);
  }
  Drive operator()(const search::Reverse& reverse) const {
    return reverse.keys.empty() ? Drive::none : below(reverse.inner);
  }

  static Drive below(const std::vector<Condition>& inner) {
    return inner.size() == 1 && drive_of(inner[0]) != Drive::none ? Drive::unordered : Drive::none;
  }
};

struct StreamsOf {
  Builder& sql;
  const std::vector<std::string>& types;
  Runner& runner;
  int depth;

  using Streams = Result<std::vector<Stream>>;

  Streams operator()(const search::All& all) const {
    const Condition whole{all};
    const auto parts = conjuncts(whole);
    CONCORD_ASSIGN(const Start start,
                   choose(parts, types, sql.dialect(), runner, false, false, depth + 1));
    return streams_from(sql, start, parts, types, runner, depth + 1);
  }

  Streams operator()(const search::Any& any) const {
    std::vector<Stream> streams;
    std::vector<const Condition*> others;
    for (const TokenGroup& group : token_groups(any, others)) {
      if (group.codes.size() > kStreams) {
        streams.push_back({"index_token d", group_test(sql, group, "d")});
        continue;
      }
      for (const std::int64_t code : group.codes) {
        streams.push_back({"index_token d", token_test(sql, {group.key, code, group.system}, "d")});
      }
    }
    for (const Condition* one : others) {
      CONCORD_ASSIGN(auto more, streams_of(sql, *one, types, runner, depth + 1));
      for (Stream& stream : more) streams.push_back(std::move(stream));
    }
    return streams;
  }

  Streams operator()(const search::Not&) const { return none(); }
  Streams operator()(const search::Present&) const { return none(); }
  Streams operator()(const search::UpdatedIs&) const { return none(); }

  Streams operator()(const search::TokenIs& is) const {
    return one("index_token d", token_test(sql, is, "d"));
  }
  Streams operator()(const search::TextIs& is) const {
    return one("index_text d", text_test(sql, is, "d"));
  }

  Streams operator()(const search::PeriodIs& is) const {
    const std::string test = period_test(sql, is, "d");
    const auto from = [&](std::int64_t low) { return " AND d.low >= " + sql.bind(low); };
    const auto before = [&](std::int64_t high) { return " AND d.low < " + sql.bind(high); };
    switch (is.comparison) {
      case Comparison::eq:  // what ends before a time begins before it
        return one("index_period d", test + before(is.high));
      case Comparison::lt:
      case Comparison::sa:
      case Comparison::ne:
        return one("index_period d", test);
      case Comparison::eb:
        return one("index_period d", test + before(is.low));
      case Comparison::le:
        return one("index_period d", test + before(std::max(is.low, is.high)));
      case Comparison::gt:
        return short_and_long(test, from(earlier(is.high)), sql.bind(is.high));
      case Comparison::ge: {
        std::vector<Stream> streams{
            {"index_period d", test + from(std::min(is.low, earlier(is.high)))}};
        // A long one inside of what is asked for begins inside of it: the first stream has it.
        const std::string key = sql.bind(std::int64_t{is.key});
        streams.push_back({"index_period d", "d.key = " + key + " AND d.high > " +
                                                 sql.bind(is.high) + " AND " +
                                                 std::string(kIsLong)});
        return streams;
      }
      case Comparison::ap:
        return short_and_long(test, from(earlier(is.low)) + before(is.high), sql.bind(is.low));
      case Comparison::co:
        return short_and_long(test, from(earlier(is.high)), sql.bind(earlier(is.high, 1)));
    }
    return none();
  }

  Streams operator()(const search::NumberIs& is) const {
    const std::string test = number_test(sql, is, "d");
    const auto with = [&](const char* op, double bound) {
      return " AND d.low " + std::string(op) + " " + sql.bind(bound);
    };
    const auto ranges = [&](const char* op, double bound) {
      return Stream{"index_number d", test + " AND d.high " + op + " " + sql.bind(bound) + " AND " +
                                          std::string(kIsRange)};
    };
    switch (is.comparison) {
      case Comparison::eq:
        return one("index_number d", test + with("<=", is.high));
      case Comparison::lt:
      case Comparison::sa:
      case Comparison::ne:
        return one("index_number d", test);
      case Comparison::eb:
        return one("index_number d", test + with("<", is.low));
      case Comparison::le:
        return one("index_number d", test + with("<=", std::max(is.low, is.high)));
      case Comparison::gt:
        return two({"index_number d", test + with(">", is.high)}, ranges(">", is.high));
      case Comparison::ge: {
        const double least = std::min(is.low, is.high);
        return two({"index_number d", test + with(">=", least)}, ranges(">=", least));
      }
      case Comparison::co:
        return one("index_number d", test + with("<=", is.low));
      case Comparison::ap:
        return two({"index_number d", test + with(">=", is.low) + with("<=", is.high)},
                   ranges(">=", is.low));
    }
    return none();
  }

  /// The band of latitude, by the index; the rest is looked at for each of it.
  Streams operator()(const search::NearIs& is) const {
    const std::string x = sql.alias(), y = sql.alias();
    const std::string table(place_table(sql.dialect(), IndexKind::number));
    const std::string by(by_place(sql.dialect()));
    return one("index_number d CROSS JOIN " + table + " " + x + " CROSS JOIN " + table + " " + y,
               by + x + ".place = d.place AND " + by + y + ".place = d.place AND " +
                   near_test(sql, is, x, y, "d"));
  }

  Streams operator()(const search::LinkIs& is) const {
    if (is.targets.size() > kStreams) return one("index_link d", link_test(sql, is, "d"));
    std::vector<Stream> streams;
    for (const std::int64_t target : is.targets) {
      streams.push_back({"index_link d", link_test(sql, {is.key, {target}, is.types}, "d")});
    }
    return streams;
  }

  Streams operator()(const search::IdIs& is) const {
    if (is.ids.empty() || types.empty()) return one("resource d", "1 = 0");
    return one("resource d",
               "d.key IN (" + sql.bind_all(keys_of(types, is.ids)) + ") AND d.deleted = 0");
  }

  Streams operator()(const search::Chain& chain) const {
    CONCORD_ASSIGN(const std::string inner, inner_places(chain.inner, chain.types));
    const std::string far = sql.alias();
    const std::string list = sql.alias();
    return one(
        "(" + inner + ") " + list + " CROSS JOIN resource " + far + " CROSS JOIN index_link d",
        far + ".place = " + list + ".place AND " + far + ".deleted = 0 AND " + far + ".type IN (" +
            sql.bind_all(numbers_of(chain.types)) + ") AND d.target = " + far +
            ".key AND d.key IN (" + sql.bind_all(chain.keys) + ")");
  }

  Streams operator()(const search::Reverse& reverse) const {
    const std::vector<std::string> far_types{reverse.type};
    CONCORD_ASSIGN(const std::string inner, inner_places(reverse.inner, far_types));
    const std::string link = sql.alias();
    const std::string list = sql.alias();
    const std::string by(by_place(sql.dialect()));
    return one("(" + inner + ") " + list + " CROSS JOIN " +
                   std::string(place_table(sql.dialect(), IndexKind::link)) + " " + link +
                   " CROSS JOIN resource d",
               by + link + ".place = " + list + ".place AND " + by + link + ".key IN (" +
                   sql.bind_all(reverse.keys) + ") AND d.key = " + link +
                   ".target AND d.deleted = 0 AND d.type IN (" + sql.bind_all(numbers_of(types)) +
                   ")");
  }

 private:
  static Streams one(std::string from, std::string where) {
    std::vector<Stream> streams;
    streams.push_back({std::move(from), std::move(where)});
    return streams;
  }
  static Streams two(Stream a, Stream b) {
    std::vector<Stream> streams;
    streams.push_back(std::move(a));
    streams.push_back(std::move(b));
    return streams;
  }
  static Streams none() {
    return make_error(ErrorCode::internal, "a search begins with a condition that has no list");
  }

  static Streams short_and_long(const std::string& test, const std::string& range,
                                const std::string& end) {
    return two({"index_period d", test + range},
               {"index_period d", test + " AND d.high > " + end + " AND " + std::string(kIsLong)});
  }

  Result<std::string> inner_places(const std::vector<Condition>& inner,
                                   const std::vector<std::string>& far_types) const {
    if (inner.size() != 1) return make_error(ErrorCode::internal, "a Chain of one condition");
    const auto parts = conjuncts(inner[0]);
    CONCORD_ASSIGN(const Start start, choose(parts, far_types, sql.dialect(), runner, false, false,
                                             depth + kChainDepth));
    CONCORD_ASSIGN(const auto streams,
                   streams_from(sql, start, parts, far_types, runner, depth + kChainDepth));
    return union_of(streams);
  }
};

/// How many entries the list of a condition has, at most `bound`.
Result<std::int64_t> length_of(const Condition& condition, const std::vector<std::string>& types,
                               const Dialect& dialect, Runner& runner, int depth,
                               std::int64_t bound = kLong) {
  // What a chain begins with must be short, or the chain is no place to begin.
  const std::vector<Condition>* inner = nullptr;
  std::vector<std::string> far_types;
  if (const auto* chain = std::get_if<search::Chain>(&condition.is)) {
    inner = &chain->inner;
    far_types = chain->types;
  } else if (const auto* reverse = std::get_if<search::Reverse>(&condition.is)) {
    inner = &reverse->inner;
    far_types = {reverse->type};
  }
  if (inner != nullptr && inner->size() == 1) {
    CONCORD_ASSIGN(const Start start, choose(conjuncts((*inner)[0]), far_types, dialect, runner,
                                             false, true, depth + 1));
    if (!start.is_short) return bound;
  }
  Builder sql(dialect);
  CONCORD_ASSIGN(const auto streams, streams_of(sql, condition, types, runner, depth + 1));
  std::string text = "SELECT 0";
  const std::string most = sql.bind(bound);
  for (const Stream& stream : streams) {
    text += " + (SELECT count(*) FROM (SELECT 1 FROM " + stream.from + " WHERE " + stream.where +
            " LIMIT " + most + ") " + sql.alias() + ")";
  }
  CONCORD_ASSIGN(const std::int64_t length, runner.number(std::move(sql).finish(std::move(text))));
  return std::min(length, bound);
}

/// Whether the list of a condition is one range of an index, in order of places.
bool is_single_list(const Condition& condition) {
  if (const auto* link = std::get_if<search::LinkIs>(&condition.is)) {
    return link->targets.size() == 1;
  }
  return !std::holds_alternative<search::Any>(condition.is) &&
         !std::holds_alternative<search::All>(condition.is) &&
         drive_of(condition) == Drive::ordered;
}

}  // namespace

Drive drive_of(const Condition& condition) { return std::visit(DriveOf{}, condition.is); }

Result<std::vector<Stream>> streams_of(Builder& sql, const Condition& condition,
                                       const std::vector<std::string>& types, Runner& runner,
                                       int depth) {
  if (depth > kDepth) return make_error(ErrorCode::too_costly, "the search is nested too deeply");
  return std::visit(StreamsOf{sql, types, runner, depth}, condition.is);
}

Stream every(Builder& sql, const std::vector<std::string>& types) {
  if (types.size() == 1) {
    return {"resource d", "d.type = " + sql.bind(std::int64_t{search::type_number(types[0])}) +
                              " AND d.deleted = 0"};
  }
  // The plus keeps the index of types out: several of them would have to be sorted.
  return {"resource d", "+d.type IN (" + sql.bind_all(numbers_of(types)) + ") AND +d.deleted = 0"};
}

std::vector<const Condition*> conjuncts(const Condition& where) {
  std::vector<const Condition*> all;
  std::vector<const Condition*> open{&where};
  while (!open.empty()) {
    const Condition* one = open.back();
    open.pop_back();
    if (const auto* nested = std::get_if<search::All>(&one->is)) {
      for (auto part = nested->of.rbegin(); part != nested->of.rend(); ++part) {
        open.push_back(&*part);
      }
    } else {
      all.push_back(one);
    }
  }
  return all;
}

Result<Start> choose(const std::vector<const Condition*>& all,
                     const std::vector<std::string>& types, const Dialect& dialect, Runner& runner,
                     bool in_order, bool always, int depth) {
  if (depth > kDepth) return make_error(ErrorCode::too_costly, "the search is nested too deeply");
  std::vector<const Condition*> candidates;
  for (const Condition* one : all) {
    if (std::holds_alternative<search::IdIs>(one->is)) return Start{one, false, true};
    if (drive_of(*one) != Drive::none) candidates.push_back(one);
  }
  if (candidates.empty()) return Start{};
  const auto start_at = [](const Condition* one, bool is_short) {
    return Start{one, drive_of(*one) == Drive::ordered, is_short};
  };
  if (candidates.size() == 1 && !always &&
      (!in_order || drive_of(*candidates[0]) == Drive::ordered)) {
    return start_at(candidates[0], false);
  }
  const Condition* shortest = nullptr;
  std::int64_t least = kLong;
  for (const Condition* one : candidates) {
    CONCORD_ASSIGN(const std::int64_t length, length_of(*one, types, dialect, runner, depth));
    if (length < least) {
      shortest = one;
      least = length;
    }
    if (least < 20) break;  // not worth another look
  }
  if (shortest != nullptr) {
    Start start = start_at(shortest, true);
    start.length = least;
    return start;
  }
  // All are long. A link is usually the rarest, then the values that are one entry of an index.
  const auto rank = [](const Condition* one) {
    if (std::holds_alternative<search::LinkIs>(one->is)) return 0;
    return drive_of(*one) == Drive::ordered ? 1 : 2;
  };
  const Condition* best =
      *std::min_element(candidates.begin(), candidates.end(),
                        [&](const Condition* a, const Condition* b) { return rank(a) < rank(b); });
  if (in_order && drive_of(*best) != Drive::ordered) return Start{};
  return start_at(best, false);
}

Result<void> narrow(Start& start, const std::vector<const Condition*>& all,
                    const std::vector<std::string>& types, const Dialect& dialect, Runner& runner) {
  /// So many entries are read in the time one is looked up.
  constexpr std::int64_t kReadsOfALook = 8;
  /// A shorter list is soon looked up.
  constexpr std::int64_t kFewLooks = 256;
  constexpr int kCounted = 4;
  if (!dialect.intersects || start.condition == nullptr || !is_single_list(*start.condition) ||
      (start.is_short && start.length <= kFewLooks)) {
    return {};
  }
  const Condition* other = nullptr;
  std::int64_t least = kBeside;
  int counted = 0;
  for (const Condition* one : all) {
    if (one == start.condition || !is_single_list(*one) || counted == kCounted) continue;
    ++counted;
    CONCORD_ASSIGN(const std::int64_t length, length_of(*one, types, dialect, runner, 0, least));
    if (length >= least) continue;
    other = one;
    least = length;
  }
  if (other == nullptr) return {};
  if (!start.is_short) {
    CONCORD_ASSIGN(start.length, length_of(*start.condition, types, dialect, runner, 0, kBeside));
  }
  if (start.length >= std::min(kReadsOfALook * least, kBeside)) {
    start.condition = other;
    start.length = least;
  } else if (least < kReadsOfALook * start.length) {
    start.also = other;
  }
  return {};
}

Result<std::vector<Stream>> streams_from(Builder& sql, const Start& start,
                                         const std::vector<const Condition*>& all,
                                         const std::vector<std::string>& types, Runner& runner,
                                         int depth) {
  std::vector<Stream> streams;
  if (start.condition == nullptr) {
    streams.push_back(every(sql, types));
  } else {
    CONCORD_ASSIGN(streams, streams_of(sql, *start.condition, types, runner, depth + 1));
  }
  if (start.also != nullptr) {
    CONCORD_ASSIGN(const auto others, streams_of(sql, *start.also, types, runner, depth + 1));
    const auto list = [](const Stream& stream) {
      return "SELECT d.place FROM " + stream.from + " WHERE " + stream.where;
    };
    streams[0] = {"(" + list(streams[0]) + " INTERSECT " + list(others[0]) + ") d", "1 = 1"};
  }
  std::string rest;
  for (const Condition* one : all) {
    if (one == start.condition || one == start.also) continue;
    CONCORD_ASSIGN(const std::string test, holds(sql, *one, "d.place", types, depth + 1));
    rest += " AND " + test;
  }
  for (Stream& stream : streams) stream.where += rest;
  return streams;
}

std::string union_of(const std::vector<Stream>& streams, const std::string& more) {
  std::string text;
  for (const Stream& stream : streams) {
    if (!text.empty()) text += " UNION ";
    text += streams.size() == 1 ? "SELECT DISTINCT" : "SELECT";
    text += " d.place AS place FROM " + stream.from + " WHERE " + stream.where + more;
  }
  return text;
}

}  // namespace concord::store::sql
