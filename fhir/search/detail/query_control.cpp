#include <algorithm>
#include <charconv>

#include "fhir/search/detail/query_reader.h"
#include "fhir/search/detail/query_values.h"

// What a query says of its answer: _count, _sort, _total, _summary, _elements, _include.
// Source: hl7.org/fhir/R4/search.html#return.

namespace concord::search::detail {

namespace {

template <typename Mode>
std::optional<Mode> mode_of(std::string_view value,
                            std::initializer_list<std::pair<std::string_view, Mode>> rows) {
  for (const auto& [name, mode] : rows) {
    if (name == value) return mode;
  }
  return std::nullopt;
}

}  // namespace

Result<bool> QueryReader::control(std::string_view name, const std::string& value, Query& query) {
  const std::string_view code = name.substr(0, name.find(':'));
  if (code == "_include" || code == "_revinclude") {
    if (value.empty()) return bad(name, "it has no value");
    CONCORD_TRY(include(name, value, query));
  } else if (name == "_count") {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error == std::errc::result_out_of_range && end == value.data() + value.size()) {
      count = reading_.limits.max_count;
    } else if (error != std::errc{} || end != value.data() + value.size()) {
      return bad(name, "it is no count");
    }
    query.count = std::min(count, reading_.limits.max_count);
  } else if (name == "_sort") {
    CONCORD_TRY(sort(value, query));
  } else if (name == "_total") {
    const auto mode = mode_of<TotalMode>(value, {{"none", TotalMode::none},
                                                 {"estimate", TotalMode::estimate},
                                                 {"accurate", TotalMode::accurate}});
    if (!mode) return bad(name, "it is none, estimate or accurate");
    query.total = *mode;
    query.total_asked = true;
  } else if (name == "_summary") {
    const auto mode = mode_of<SummaryMode>(value, {{"false", SummaryMode::no},
                                                   {"true", SummaryMode::yes},
                                                   {"text", SummaryMode::text},
                                                   {"data", SummaryMode::data},
                                                   {"count", SummaryMode::count}});
    if (!mode) return bad(name, "it is true, false, text, data or count");
    query.summary = *mode;
  } else if (name == "_elements") {
    for (const std::string_view one : split_escaped(value, ',')) {
      if (!one.empty()) query.elements.emplace_back(one);
    }
  } else if (name == "_cursor") {
    query.cursor = value;
    return true;  // not of the self link
  } else if (name == "_contained") {
    if (value != "false") {
      return make_error(ErrorCode::unsupported,
                        "search parameter '_contained' is not served: contained resources are not "
                        "in the index");
    }
  } else if (name == "_containedType") {
    return make_error(ErrorCode::unsupported,
                      "search parameter '_containedType' is not served: contained resources are "
                      "not in the index");
  } else {
    return false;
  }
  query.used.emplace_back(name, value);
  return true;
}

Result<void> QueryReader::sort(std::string_view value, Query& query) {
  if (!query.sort.empty()) return bad("_sort", "it is there twice");
  std::vector<std::vector<SortKey>> keys(query.types.size());
  for (std::string_view one : split_escaped(value, ',')) {
    const bool descending = one.starts_with('-');
    if (descending) one.remove_prefix(1);
    if (one.empty()) return bad("_sort", "it names no parameter");
    std::vector<SortKey> made;
    std::string problem;
    for (const std::string& type : query.types) {
      SortKey key;
      key.descending = descending;
      if (one == "_id" || one == "_lastUpdated") {
        key.by = one == "_id" ? SortKey::By::id : SortKey::By::updated;
        made.push_back(std::move(key));
        continue;
      }
      const TypePlan& plan = *catalogue_.plan(type);
      const auto found = plan.parameters.find(one);
      if (found == plan.parameters.end() || !found->second.not_served.empty()) {
        problem = "'" + shown(one) + "' is not known for " + type;
        break;
      }
      const Parameter& parameter = found->second;
      key.by = SortKey::By::value;
      key.kind = index_kind(parameter.kind);
      if (parameter.kind == Kind::composite || key.kind == IndexKind::token ||
          key.kind == IndexKind::link) {
        problem = "'" + shown(one) +
                  "' has no order: sort by dates, numbers, quantities, strings, "
                  "uris, _id or _lastUpdated";
        break;
      }
      key.keys = link_keys(parameter);
      made.push_back(std::move(key));
    }
    if (!problem.empty()) {
      CONCORD_TRY(pass_over("search parameter '_sort': " + problem, query));
      continue;
    }
    for (std::size_t at = 0; at < made.size(); ++at) keys[at].push_back(std::move(made[at]));
  }
  if (!keys.empty() && !keys.front().empty()) query.sort = std::move(keys);
  return {};
}

Result<void> QueryReader::include(std::string_view name, std::string_view value,
                                  Query& query) const {
  Include made;
  made.reverse = name.starts_with("_revinclude");
  if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
    const std::string_view modifier = name.substr(colon + 1);
    if (modifier != "iterate" && modifier != "recurse") {
      return bad(name, "its only modifier is :iterate");
    }
    made.iterate = true;
  }
  if (query.includes.size() >= reading_.limits.includes) {
    return make_error(ErrorCode::too_costly, "a query has at most " +
                                                 std::to_string(reading_.limits.includes) +
                                                 " _include and _revinclude");
  }
  if (value == "*") {
    query.includes.push_back(std::move(made));
    return {};
  }
  const auto pieces = split_escaped(value, ':');
  if (pieces.size() < 2 || pieces.size() > 3)
    return bad(name, "it is Type:parameter[:Target] or *");
  const TypePlan* plan = catalogue_.plan(pieces[0]);
  if (plan == nullptr) return bad(name, "it names no resource type");
  made.source_type = plan->type;
  if (pieces[1] != "*") {
    const auto found = plan->parameters.find(pieces[1]);
    if (found == plan->parameters.end()) return bad(name, "its type has no such parameter");
    const Parameter& parameter = found->second;
    if (parameter.kind != Kind::reference || !parameter.not_served.empty()) {
      return bad(name, "its parameter is no reference");
    }
    made.keys = link_keys(parameter);
    made.types = narrowed_types(parameter);
    if (pieces.size() == 3) {
      std::vector<std::string> types =
          made.types.empty() ? targets_of(catalogue_, parameter) : made.types;
      if (std::find(types.begin(), types.end(), pieces[2]) == types.end()) {
        return bad(name, "its parameter does not lead to the type asked for");
      }
    }
  }
  if (pieces.size() == 3) {
    if (catalogue_.plan(pieces[2]) == nullptr) return bad(name, "it names no resource type");
    made.types = {std::string(pieces[2])};
  }
  query.includes.push_back(std::move(made));
  return {};
}

}  // namespace concord::search::detail
