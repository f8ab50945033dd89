// Patient/$everything: the patient, what is in the patient's compartment, and what that refers to.
// Source: hl7.org/fhir/R4/operation-patient-everything.html.

#include <algorithm>
#include <set>

#include "gateway/resources/detail/pages.h"

namespace concord::resources::detail {

using search::Condition;
using store::ResourcePage;
using store::ResourceRow;

namespace {

Error wrong(std::string text) { return make_error(ErrorCode::malformed, std::move(text)); }

struct Asked {
  std::string start, end, since;
  std::set<std::string, std::less<>> types;  ///< empty: every
  std::size_t count = 0;
  search::QueryParameters used;
};

Result<Asked> understand(const Room& room, const search::QueryParameters& parameters) {
  Asked asked;
  asked.count = room.settings.query.default_count;
  for (const auto& [name, value] : parameters) {
    std::string said = value;
    if (name == "start") {
      asked.start = value;
    } else if (name == "end") {
      asked.end = value;
    } else if (name == "_since") {
      asked.since = value;
    } else if (name == "_type") {
      for (std::size_t at = 0; at <= value.size();) {
        const std::size_t comma = std::min(value.find(',', at), value.size());
        const std::string_view type = std::string_view(value).substr(at, comma - at);
        if (!room.serves(type)) return wrong("_type names a type that does not exist here");
        asked.types.emplace(type);
        at = comma + 1;
      }
    } else if (name == "_count") {
      CONCORD_ASSIGN(asked.count, read_count(room, value));
      if (asked.count == 0) return wrong("_count of $everything is at least 1");
      said = std::to_string(asked.count);
    } else if (name == "_format" || name == "_pretty") {
      continue;
    } else {
      return wrong("$everything takes start, end, _since, _type, _count only");
    }
    asked.used.emplace_back(name, std::move(said));
  }
  return asked;
}

/// Whether a type is searched by "date": when care took place. Others have no dates of care, so
/// start and end do not leave them out.
bool has_date(const Room& room, std::string_view type) {
  const auto parameters = room.parts.parameters->of_type(type);
  return std::any_of(parameters.begin(), parameters.end(), [](const search::ParameterView& one) {
    return one.code == "date" && one.type == "date";
  });
}

Result<std::vector<store::ResourceSearch::Part>> parts_of(const Room& room, const Asked& asked,
                                                          std::string_view patient) {
  std::vector<store::ResourceSearch::Part> parts;
  for (const std::string& type : room.parts.parameters->compartment_types("Patient")) {
    if (!room.serves(type) || (!asked.types.empty() && !asked.types.contains(type))) continue;
    search::QueryParameters query;
    if (!asked.since.empty()) query.emplace_back("_lastUpdated", "ge" + asked.since);
    if (has_date(room, type)) {
      if (!asked.start.empty()) query.emplace_back("date", "ge" + asked.start);
      if (!asked.end.empty()) query.emplace_back("date", "le" + asked.end);
    }
    search::Parameters::Reading reading;
    reading.value_set = room.parts.value_set;
    reading.handling = search::Handling::strict;
    reading.limits = room.settings.query;
    reading.compartment = search::Compartment{"Patient", std::string(patient)};
    reading.base_url = room.settings.base_url;
    reading.now = room.parts.clock();
    auto read = room.parts.parameters->parse(type, query, reading);
    if (!read) return of_query(std::move(read).error());
    Condition where = std::move(read->where.front());
    if (type == "Patient") {  // those linked to this one; this one itself comes first
      search::All all;
      all.of.push_back(std::move(where));
      all.of.push_back({search::Not{{Condition{search::IdIs{{std::string(patient)}}}}}});
      where = Condition{std::move(all)};
    }
    parts.push_back({type, std::move(where), {}});
  }
  return parts;
}

/// What the page refers to, but for what is in somebody's compartment: that is on another page, or
/// another patient's.
Result<void> add_support(const Room& room, const Asked& asked, Page& page) {
  const auto members = room.parts.parameters->compartment_types("Patient");
  search::Include everything;
  Page reached = page;
  CONCORD_TRY(add_includes(room, {everything}, reached));
  page.issues = std::move(reached.issues);
  for (std::size_t i = page.entries.size(); i < reached.entries.size(); ++i) {
    const std::string& type = reached.entries[i].row.type;
    if (std::find(members.begin(), members.end(), type) != members.end()) continue;
    if (!asked.types.empty() && !asked.types.contains(type)) continue;
    page.entries.push_back(std::move(reached.entries[i]));
  }
  return {};
}

}  // namespace

Result<Page> everything_page(const Room& room, const Caller& caller, std::string_view patient,
                             std::string_view query) {
  CONCORD_TRY(room.known("Patient"));
  CONCORD_ASSIGN(search::QueryParameters parameters, read_query(query));
  std::string asked_cursor;
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor") asked_cursor = value;
  }
  CONCORD_ASSIGN(const PageCursor cursor, take_cursor(room, parameters));
  CONCORD_ASSIGN(const Asked asked, understand(room, parameters));
  CONCORD_ASSIGN(std::optional<ResourceRow> row, room.parts.store->read("Patient", patient));
  if (!row) return make_error(ErrorCode::not_found, "there is no such patient");
  if (row->change == store::Change::deleted) {
    return make_error(ErrorCode::gone, "the patient was deleted");
  }

  store::ResourceSearch search;
  CONCORD_ASSIGN(search.parts, parts_of(room, asked, patient));
  search.limit = asked.count;
  search.cursor = cursor.cursor;
  search.backwards = cursor.backwards;
  search.count = asked_cursor.empty();
  search.deadline = caller.deadline;
  ResourcePage found;
  if (!search.parts.empty()) {
    auto answer = room.parts.store->search(search);
    if (!answer) return of_query(std::move(answer).error());
    found = *std::move(answer);
  }

  Page page;
  page.bundle_type = "searchset";
  const bool with_patient = asked.types.empty() || asked.types.contains("Patient");
  if (with_patient && found.previous.empty()) page.entries.push_back({*std::move(row), false});
  if (asked_cursor.empty()) page.total = found.total.value_or(0) + (with_patient ? 1 : 0);
  for (ResourceRow& one : found.rows) page.entries.push_back({std::move(one), false});
  CONCORD_TRY(add_support(room, asked, page));
  set_links(room, page, name_of("Patient", patient) + "/$everything", asked.used, asked_cursor,
            found);
  return page;
}

}  // namespace concord::resources::detail
