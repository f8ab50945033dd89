#include <algorithm>
#include <charconv>

#include "fhir/search/detail/query_reader.h"
#include "fhir/search/detail/query_values.h"
#include "fhir/terminology/terminology.h"

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

/// Coded elements by what people read of them; codes of a known list by the code. Empty: there is
/// no order, as with identifiers, of which the index holds hashes.
std::vector<SortKey> QueryReader::order_of_tokens(const Parameter& parameter) const {
  constexpr ShapeSet kReadable = bit(Shape::coding) | bit(Shape::concept_);
  SortKey key;
  key.by = SortKey::By::value;
  std::vector<std::string> codes;
  bool readable = true;
  bool listed = true;
  for (const Use& use : parameter.uses) {
    const Part& part = *use.part;
    readable = readable && (part.shapes & ~kReadable) == 0;
    if (part.shapes == bit(Shape::boolean)) {
      codes.insert(codes.end(), {"false", "true"});
    } else if (part.shapes == bit(Shape::code) && compiled_.terminology != nullptr) {
      terminology::ExpandOptions options;
      options.max_codes = reading_.limits.codes;
      const auto expansion = compiled_.terminology->expand(part.value_set, options);
      listed = listed && expansion.has_value();
      if (!expansion) continue;
      for (const auto& line : expansion->lines) codes.emplace_back(line.code);
    } else {
      listed = false;
    }
    key.keys.push_back(part.text_key);
  }
  key.kind = IndexKind::text;
  if (readable) return {key};
  if (!listed) return {};
  key.kind = IndexKind::token;
  key.keys = link_keys(parameter);
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  for (const std::string& code : codes) key.codes.push_back(index_hash(code));
  return {key};
}

std::vector<SortKey> QueryReader::order_of(const TypePlan& plan, std::string_view code,
                                           std::string& problem) const {
  SortKey key;
  if (code == "_id" || code == "_lastUpdated") {
    key.by = code == "_id" ? SortKey::By::id : SortKey::By::updated;
    return {key};
  }
  const auto found = plan.parameters.find(code);
  if (found == plan.parameters.end() || !found->second.not_served.empty()) {
    problem = "'" + shown(code) + "' is not known for " + plan.type;
    return {};
  }
  const Parameter& parameter = found->second;
  key.by = SortKey::By::value;
  key.kind = index_kind(parameter.kind);
  key.keys = link_keys(parameter);
  std::vector<SortKey> keys;
  switch (parameter.kind) {
    case Kind::date:
    case Kind::number:
    case Kind::string:
    case Kind::uri:
      keys = {key};
      break;
    case Kind::quantity: {
      // What can be compared in base units comes first, whatever unit it was written in.
      SortKey same_unit = key;
      same_unit.keys.clear();
      for (const Use& use : parameter.uses) same_unit.keys.push_back(use.part->canonical_key);
      keys = {same_unit, key};
      break;
    }
    case Kind::token:
      keys = order_of_tokens(parameter);
      break;
    case Kind::reference: {
      const bool references = std::all_of(
          parameter.uses.begin(), parameter.uses.end(),
          [](const Use& use) { return detail::has(use.part->shapes, Shape::reference); });
      if (!references) break;
      key.by = SortKey::By::target;
      for (const std::string& type : narrowed_types(parameter)) {
        key.types.push_back(type_number(type));
      }
      keys = {key};
      break;
    }
    case Kind::special:  // a position: its three numbers, see settle_positions()
      if (parameter.uses.size() != 1) break;
      key.kind = IndexKind::number;
      key.keys = {parameter.uses[0].part->x_key, parameter.uses[0].part->y_key,
                  parameter.uses[0].part->key};
      keys = {key};
      break;
    case Kind::composite:
      break;
  }
  if (keys.empty()) {
    problem = "'" + shown(code) +
              "' has no order: neither composites, identifiers, contacts nor canonicals have one";
  }
  return keys;
}

Result<void> QueryReader::sort(std::string_view value, Query& query) {
  if (!query.sort.empty()) return bad("_sort", "it is there twice");
  std::vector<SortKey> sort;
  for (std::string_view one : split_escaped(value, ',')) {
    const bool descending = one.starts_with('-');
    if (descending) one.remove_prefix(1);
    if (one.empty()) return bad("_sort", "it names no parameter");
    // Of several types at once: one order over the values of all of them.
    std::vector<SortKey> keys;
    std::string problem;
    for (const std::string& type : query.types) {
      std::vector<SortKey> own = order_of(*catalogue_.plan(type), one, problem);
      if (!problem.empty()) break;
      if (keys.empty()) {
        keys = std::move(own);
        continue;
      }
      const bool alike = std::equal(
          keys.begin(), keys.end(), own.begin(), own.end(), [](const SortKey& a, const SortKey& b) {
            return a.by == b.by && a.kind == b.kind && a.codes == b.codes && a.types == b.types;
          });
      if (!alike) {
        problem = "'" + shown(one) + "' is not the same for every type asked for";
        break;
      }
      for (std::size_t at = 0; at < keys.size(); ++at) {
        for (const IndexKey key : own[at].keys) {
          if (std::find(keys[at].keys.begin(), keys[at].keys.end(), key) == keys[at].keys.end()) {
            keys[at].keys.push_back(key);
          }
        }
      }
    }
    if (!problem.empty()) {
      CONCORD_TRY(pass_over("search parameter '_sort': " + problem, query));
      continue;
    }
    const auto& parameters = catalogue_.plan(query.types[0])->parameters;
    const auto found = parameters.find(one);
    if (found != parameters.end() && found->second.kind == Kind::special) {
      positions_.push_back(keys[0].keys);
    }
    for (SortKey& key : keys) {
      key.descending = descending;
      sort.push_back(std::move(key));
    }
  }
  if (!sort.empty()) query.sort.assign(query.types.size(), sort);
  return {};
}

/// The order of positions is the distance from the one the query is near to. R4 gives results of
/// `near` no order of their own.
Result<void> QueryReader::settle_positions(Query& query) const {
  for (const std::vector<IndexKey>& keys : positions_) {
    const auto is_asked = [&keys](const Condition& one) {
      const auto* near = std::get_if<NearIs>(&one.is);
      return near != nullptr &&
             keys == std::vector<IndexKey>{near->x_key, near->y_key, near->z_key};
    };
    const auto& asked = std::get<All>(query.where[0].is).of;
    if (query.types.size() == 1 && std::count_if(asked.begin(), asked.end(), is_asked) == 1) {
      continue;
    }
    CONCORD_TRY(pass_over(
        "search parameter '_sort': an order by distance needs one place to measure from, as in "
        "'near=51.5|-0.1|5|km&_sort=near'",
        query));
    for (std::vector<SortKey>& sort : query.sort) {
      std::erase_if(sort, [&keys](const SortKey& key) { return key.keys == keys; });
    }
  }
  if (!query.sort.empty() && query.sort[0].empty()) query.sort.clear();
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
