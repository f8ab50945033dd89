// Source: hl7.org/fhir/R4/http.html#history.

#include <algorithm>

#include "gateway/resources/detail/pages.h"

namespace concord::resources::detail {

using store::HistorySearch;
using store::ResourcePage;
using store::ResourceRow;

namespace {

Error wrong(std::string text) { return make_error(ErrorCode::malformed, std::move(text)); }

/// [low, high) of an instant, or of a date with as much of it as is given.
struct Span {
  Instant low{};
  Instant high{};
};

Result<Span> span_of(std::string_view name, std::string_view text) {
  using namespace std::chrono;
  const Error no_time = wrong(std::string(name) + " is no instant and no date");
  if (text.size() > 10) {
    auto at = parse_instant(text);
    if (!at) return no_time;
    return Span{*at, *at + milliseconds(1)};
  }
  const std::string whole = std::string(text) +
                            (text.size() == 4   ? "-01-01"
                             : text.size() == 7 ? "-01"
                                                : "") +
                            "T00:00:00Z";
  auto low = parse_instant(whole);
  if (!low || (text.size() != 4 && text.size() != 7 && text.size() != 10)) return no_time;
  const year_month_day day{floor<days>(*low)};
  const sys_days end = text.size() == 4   ? sys_days((day.year() + years(1)) / January / 1)
                       : text.size() == 7 ? sys_days((day.year() / day.month() + months(1)) / 1)
                                          : sys_days(day) + days(1);
  return Span{*low, Instant(end)};
}

struct Asked {
  HistorySearch search;
  bool only_count = false;
  std::optional<Span> at;
  search::QueryParameters used;
};

Result<Asked> understand(const Room& room, const search::QueryParameters& parameters,
                         bool instance) {
  Asked asked;
  asked.search.limit = room.settings.query.default_count;
  for (const auto& [name, value] : parameters) {
    if (name == "_since") {
      CONCORD_ASSIGN(const Span span, span_of(name, value));
      asked.search.since = span.low;
    } else if (name == "_before") {
      CONCORD_ASSIGN(const Span span, span_of(name, value));
      if (span.low > room.parts.clock()) return wrong("_before is in the future");
      asked.search.before = span.low;
    } else if (name == "_at") {
      if (!instance) {
        Error error = wrong("_at is served for the history of one resource only");
        error.issues[0].code = "not-supported";
        return error;
      }
      CONCORD_ASSIGN(asked.at, span_of(name, value));
    } else if (name == "_count") {
      CONCORD_ASSIGN(asked.search.limit, read_count(room, value));
      asked.used.emplace_back(name, std::to_string(asked.search.limit));
      asked.only_count = asked.only_count || asked.search.limit == 0;
      continue;
    } else if (name == "_sort") {
      if (value != "_lastUpdated" && value != "-_lastUpdated") {
        return wrong("a history is sorted by _lastUpdated or -_lastUpdated only");
      }
      asked.search.ascending = value == "_lastUpdated";
    } else if (name == "_summary") {
      if (value != "count" && value != "false") {
        return wrong("_summary of a history is count or false");
      }
      asked.only_count = asked.only_count || value == "count";
    } else if (name == "_total") {
      if (value != "none" && value != "estimate" && value != "accurate") {
        return wrong("_total is none, estimate or accurate");
      }
      asked.search.count = value != "none";
    } else if (name != "_format" && name != "_pretty") {
      return wrong(
          "a history is chosen by _since, _before, _at, _count, _sort, _summary and "
          "_total only");
    } else {
      continue;
    }
    asked.used.emplace_back(name, value);
  }
  return asked;
}

/// With _at: from the version that was current when the time began.
Result<void> begin_at(const Room& room, Asked& asked) {
  if (!asked.at) return {};
  HistorySearch before = asked.search;
  before.since.reset();
  before.before = asked.at->low + std::chrono::milliseconds(1);
  before.ascending = false;
  before.limit = 1;
  before.count = false;
  CONCORD_ASSIGN(const ResourcePage current, room.parts.store->history(before));
  const Instant since = current.rows.empty() ? asked.at->low : current.rows[0].updated_at;
  asked.search.since = std::max(asked.search.since.value_or(since), since);
  asked.search.before = std::min(asked.search.before.value_or(asked.at->high), asked.at->high);
  return {};
}

}  // namespace

Result<Page> history_page(const Room& room, const Caller&, std::string_view type,
                          std::string_view id, std::string_view query) {
  if (!type.empty()) CONCORD_TRY(room.known(type));
  CONCORD_ASSIGN(search::QueryParameters parameters, read_query(query));
  std::string asked_cursor;
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor") asked_cursor = value;
  }
  CONCORD_ASSIGN(const PageCursor cursor, take_cursor(room, parameters));
  CONCORD_ASSIGN(Asked asked, understand(room, parameters, !id.empty()));
  asked.search.type = type;
  asked.search.id = id;
  asked.search.cursor = cursor.cursor;
  if (!id.empty()) {
    CONCORD_ASSIGN(const std::optional<ResourceRow> row, room.parts.store->read(type, id));
    if (!row) return make_error(ErrorCode::not_found, "there was never such a resource");
    asked.search.count = true;  // of one resource they are few
  }
  if (asked.only_count) {
    asked.search.limit = 0;
    asked.search.count = true;
  }
  CONCORD_TRY(begin_at(room, asked));
  if (cursor.backwards) asked.search.ascending = !asked.search.ascending;
  auto found = room.parts.store->history(asked.search);
  if (!found) return of_query(std::move(found).error());
  if (cursor.backwards) {  // read from its end: what lies behind in that order lies before
    std::reverse(found->rows.begin(), found->rows.end());
    std::swap(found->next, found->previous);
  }

  Page page;
  page.bundle_type = "history";
  page.total = found->total;
  if (!page.total && found->next.empty() && asked_cursor.empty()) {
    page.total = static_cast<std::int64_t>(found->rows.size());
  }
  for (ResourceRow& row : found->rows) page.entries.push_back({std::move(row), false});
  std::string path(type);
  if (!id.empty()) path = name_of(type, id);
  path += path.empty() ? "_history" : "/_history";
  set_links(room, page, path, asked.used, asked_cursor, *found);
  return page;
}

}  // namespace concord::resources::detail
