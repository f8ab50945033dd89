#include "gateway/resources/detail/pages.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace concord::resources::detail {

using store::ResourcePage;
using store::ResourceRow;

Result<std::size_t> read_count(const Room& room, std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range) return room.settings.query.max_count;
  if (error != std::errc{} || end != text.data() + text.size()) {
    return make_error(ErrorCode::malformed, "_count is no number");
  }
  return std::min(count, room.settings.query.max_count);
}

Result<PageCursor> take_cursor(const Room& room, search::QueryParameters& parameters) {
  const std::optional<std::string> text = take(parameters, "_cursor");
  if (!text) return PageCursor{};
  return read_cursor(*text, room.parts.clock());
}

void set_links(const Room& room, Page& page, std::string_view path,
               const search::QueryParameters& used, const std::string& asked_cursor,
               const ResourcePage& found) {
  const Instant until = room.parts.clock() + room.settings.pages_kept;
  const auto at = [&](std::string cursor) {
    search::QueryParameters parameters = used;
    if (!cursor.empty()) parameters.emplace_back("_cursor", std::move(cursor));
    return with_query(path, parameters);
  };
  page.self = at(asked_cursor);
  page.first = at({});
  if (!found.next.empty()) page.next = at(write_cursor({false, found.next}, until));
  if (!found.previous.empty()) page.previous = at(write_cursor({true, found.previous}, until));
  if (found.next.empty()) {
    page.last = page.self;
  } else {
    page.last = at(write_cursor({true, {}}, until));  // nothing lies behind it
  }
}

namespace {

/// One step of an include from `near` to rows that are not in `seen` yet.
Result<std::vector<ResourceRow>> follow(const Room& room, const search::Include& include,
                                        const std::vector<ResourceRow>& near, std::size_t limit) {
  store::LinkedSearch search;
  search.reverse = include.reverse;
  search.keys = include.keys;
  search.limit = limit;
  if (include.reverse) {
    if (!include.source_type.empty()) search.types = {include.source_type};
  } else {
    search.types = include.types;
  }
  for (const ResourceRow& row : near) {
    const bool wanted = include.reverse
                            ? include.types.empty() ||
                                  std::find(include.types.begin(), include.types.end(), row.type) !=
                                      include.types.end()
                            : include.source_type.empty() || include.source_type == row.type;
    if (wanted) search.rows.push_back(row.row);
  }
  if (search.rows.empty()) return std::vector<ResourceRow>();
  return room.parts.store->linked(search);
}

}  // namespace

Result<void> add_includes(const Room& room, const std::vector<search::Include>& includes,
                          Page& page) {
  if (includes.empty() || page.entries.empty()) return {};
  std::set<std::int64_t> seen;
  std::vector<ResourceRow> near;  // without bodies
  const auto note = [&](const ResourceRow& row) {
    ResourceRow bare;
    bare.row = row.row;
    bare.type = row.type;
    near.push_back(std::move(bare));
  };
  for (const Page::Entry& entry : page.entries) {
    seen.insert(entry.row.row);
    note(entry.row);
  }
  std::size_t left = room.settings.included;
  // Each round follows the links of what the round before found.
  for (bool first = true; !near.empty() && left > 0; first = false) {
    std::vector<ResourceRow> found;
    for (const search::Include& include : includes) {
      if (!first && !include.iterate) continue;
      CONCORD_ASSIGN(std::vector<ResourceRow> rows,
                     follow(room, include, near, left + seen.size() + 1));
      for (ResourceRow& row : rows) {
        if (!room.serves(row.type) || !seen.insert(row.row).second) continue;
        if (left == 0) {
          page.issues.push_back({Severity::warning,
                                 {},
                                 "more resources would be included than one page may bring",
                                 {},
                                 "too-costly",
                                 {}});
          return {};
        }
        --left;
        found.push_back(std::move(row));
      }
    }
    near.clear();
    for (ResourceRow& row : found) {
      note(row);
      page.entries.push_back({std::move(row), true});
    }
  }
  return {};
}

namespace {

/// What the answer is shaped by and the search is not.
void take_presentation(search::QueryParameters& parameters) {
  take(parameters, "_format");
  take(parameters, "_pretty");
}

/// Types of a query that exist here, and belong to the compartment.
std::vector<store::ResourceSearch::Part> parts_of(const Room& room, search::Query& query,
                                                  bool any_type,
                                                  const std::optional<search::Compartment>& in) {
  std::vector<std::string> members;
  if (any_type && in) members = room.parts.parameters->compartment_types(in->type);
  std::vector<store::ResourceSearch::Part> parts;
  for (std::size_t i = 0; i < query.types.size(); ++i) {
    const std::string& type = query.types[i];
    if (!room.serves(type)) continue;
    if (any_type && in && std::find(members.begin(), members.end(), type) == members.end()) {
      continue;
    }
    parts.push_back({type, std::move(query.where[i]),
                     i < query.sort.size() ? query.sort[i] : std::vector<search::SortKey>{}});
  }
  return parts;
}

}  // namespace

Result<Page> search_page(const Room& room, const Caller& caller, std::string_view type,
                         std::string_view query, search::Handling handling,
                         const std::optional<search::Compartment>& compartment) {
  if (type == "*") type = {};
  if (!type.empty()) CONCORD_TRY(room.known(type));
  if (compartment) {
    CONCORD_TRY(room.known(compartment->type));
    if (!is_id(compartment->id)) {
      return make_error(ErrorCode::not_found, "there is no such compartment");
    }
  }
  CONCORD_ASSIGN(search::QueryParameters parameters, read_query(query));
  take_presentation(parameters);
  std::string asked_cursor;
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor") asked_cursor = value;
  }
  CONCORD_ASSIGN(const PageCursor cursor, take_cursor(room, parameters));
  const bool counted = std::any_of(parameters.begin(), parameters.end(),
                                   [](const auto& p) { return p.first == "_count"; });

  search::Parameters::Reading reading;
  reading.value_set = room.parts.value_set;
  reading.handling = handling;
  reading.limits = room.settings.query;
  reading.compartment = compartment;
  reading.base_url = room.settings.base_url;
  reading.now = room.parts.clock();
  auto understood = room.parts.parameters->parse(type, parameters, reading);
  if (!understood) return of_query(std::move(understood).error());
  search::Query& asked = *understood;

  const bool only_count = asked.summary == search::SummaryMode::count || asked.count == 0;
  store::ResourceSearch search;
  search.parts = parts_of(room, asked, type.empty(), compartment);
  search.limit = only_count ? 0 : asked.count;
  search.cursor = cursor.cursor;
  search.backwards = cursor.backwards;
  search.count = only_count || asked.total == search::TotalMode::accurate ||
                 asked.total == search::TotalMode::estimate;
  search.deadline = caller.deadline;
  ResourcePage found;
  if (!search.parts.empty()) {
    auto answer = room.parts.store->search(search);
    if (!answer) return of_query(std::move(answer).error());
    found = *std::move(answer);
  } else if (search.count) {
    found.total = 0;
  }

  Page page;
  page.bundle_type = "searchset";
  page.total = found.total;
  const bool whole = found.next.empty() && found.previous.empty() && asked_cursor.empty();
  if (!page.total && whole && !(asked.total_asked && asked.total == search::TotalMode::none)) {
    page.total = static_cast<std::int64_t>(found.rows.size());
  }
  page.issues = std::move(asked.issues);
  page.summary = asked.summary;
  page.elements = std::move(asked.elements);
  for (ResourceRow& row : found.rows) page.entries.push_back({std::move(row), false});
  CONCORD_TRY(add_includes(room, asked.includes, page));

  search::QueryParameters used = std::move(asked.used);
  take(used, "_cursor");
  if (counted && !only_count) {
    take(used, "_count");
    used.emplace_back("_count", std::to_string(asked.count));
  }
  std::string path;
  if (compartment) path = name_of(compartment->type, compartment->id) + '/';
  path += compartment && type.empty() ? "*" : std::string(type);
  set_links(room, page, path, used, asked_cursor, found);
  return page;
}

}  // namespace concord::resources::detail
