#include "fhir/search/detail/query_reader.h"

#include <algorithm>

#include "fhir/core/utf8.h"
#include "fhir/search/detail/fold.h"
#include "fhir/search/detail/query_values.h"

namespace concord::search::detail {

namespace {

constexpr std::size_t kShownLength = 64;
/// An untyped chain with a negation in it asks each type apart; more types than this are refused.
constexpr std::size_t kMaxApart = 16;

/// Known parameters of R4 that no definition of ours serves.
constexpr std::string_view kNotServed[] = {"_text", "_content", "_filter", "_query"};
/// Known to every server, and no business of this room.
constexpr std::string_view kIgnored[] = {"_format", "_pretty"};

bool holds_negation(const Condition& condition) {
  return std::visit(
      [](const auto& is) {
        using T = std::decay_t<decltype(is)>;
        if constexpr (std::is_same_v<T, Not>) {
          return true;
        } else if constexpr (std::is_same_v<T, All> || std::is_same_v<T, Any>) {
          // Empty All holds for everything, so for the other types too.
          return (std::is_same_v<T, All> && is.of.empty()) ||
                 std::any_of(is.of.begin(), is.of.end(), &holds_negation);
        } else if constexpr (std::is_same_v<T, IdIs> || std::is_same_v<T, UpdatedIs>) {
          return true;  // has no key that belongs to one type
        } else {
          return false;
        }
      },
      condition.is);
}

/// Tells whose value was wrong: the elements it is compared with, as paths of FHIRPath.
Error naming_elements(Error error, const Parameter& parameter) {
  constexpr std::size_t kMostPaths = 4;
  if (error.code != ErrorCode::malformed || error.issues.empty() || parameter.uses.empty()) {
    return error;
  }
  std::string& text = error.issues.front().text;
  for (std::size_t at = 0; at < std::min(kMostPaths, parameter.uses.size()); ++at) {
    text.append(at == 0 ? " (it is compared with " : ", ").append(parameter.uses[at].part->text);
  }
  text.append(parameter.uses.size() > kMostPaths ? ", …)" : ")");
  return error;
}

}  // namespace

std::string shown(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= kShownLength &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ':' ||
                              c == '.' || c == '*';
                     });
  return plain ? std::string(name) : std::string("?");
}

Error bad(std::string_view name, std::string_view why) {
  Error error = make_error(ErrorCode::malformed,
                           "search parameter '" + shown(name) + "': " + std::string(why));
  // As fields of a request are named elsewhere: "http.birthdate".
  const std::string code = shown(name.substr(0, name.find_first_of(":.")));
  if (code != "?") error.issues.front().expression = "http." + code;
  return error;
}

std::vector<std::string> targets_of(const Catalogue& catalogue, const Parameter& parameter) {
  if (!parameter.targets.empty()) return parameter.targets;
  std::vector<std::string> all;
  for (const TypePlan& plan : catalogue.plans()) all.push_back(plan.type);
  return all;
}

std::vector<IndexKey> link_keys(const Parameter& parameter) {
  std::vector<IndexKey> keys;
  for (const Use& use : parameter.uses) keys.push_back(use.part->key);
  return keys;
}

std::vector<std::string> narrowed_types(const Parameter& parameter) {
  std::vector<std::string> types;
  for (const Use& use : parameter.uses) {
    if (use.link_types.empty()) return {};
    types.insert(types.end(), use.link_types.begin(), use.link_types.end());
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

Result<void> QueryReader::pass_over(std::string text, Query& query) const {
  if (reading_.handling == Handling::strict)
    return make_error(ErrorCode::malformed, std::move(text));
  query.issues.push_back({Severity::warning, {}, std::move(text), {}, "not-supported", {}});
  return {};
}

Result<void> QueryReader::choose_types(std::string_view type, const QueryParameters& parameters,
                                       Query& query) const {
  if (!type.empty()) {
    if (catalogue_.plan(type) == nullptr) {
      return make_error(ErrorCode::malformed, "there is no resource type '" + shown(type) + "'");
    }
    query.types.emplace_back(type);
    return {};
  }
  for (const auto& [name, value] : parameters) {
    if (name != "_type") continue;
    for (const std::string_view one : split_escaped(value, ',')) {
      if (one.empty()) continue;
      if (catalogue_.plan(one) == nullptr) return bad(name, "it names no resource type");
      query.types.emplace_back(one);
    }
  }
  if (query.types.empty()) {
    const bool within = reading_.compartment.has_value();
    for (const TypePlan& plan : catalogue_.plans()) {
      if (within) {
        const auto members = compiled_.compartments.find(reading_.compartment->type);
        if (members == compiled_.compartments.end()) break;
        const auto row = members->second.find(plan.type);
        const bool belongs = (row != members->second.end() && !row->second.empty()) ||
                             plan.type == reading_.compartment->type;
        if (!belongs) continue;
      }
      query.types.push_back(plan.type);
    }
  }
  std::sort(query.types.begin(), query.types.end());
  query.types.erase(std::unique(query.types.begin(), query.types.end()), query.types.end());
  return {};
}

Result<void> QueryReader::compartment(Query& query) const {
  if (!reading_.compartment) return {};
  const Compartment& asked = *reading_.compartment;
  const auto members = compiled_.compartments.find(asked.type);
  if (members == compiled_.compartments.end()) {
    return make_error(ErrorCode::malformed, "'" + shown(asked.type) + "' is no compartment");
  }
  for (std::size_t at = 0; at < query.types.size(); ++at) {
    std::vector<Condition> any;
    if (query.types[at] == asked.type) any.push_back({IdIs{{asked.id}}});
    const TypePlan& plan = *catalogue_.plan(query.types[at]);
    const auto row = members->second.find(plan.type);
    if (row != members->second.end()) {
      for (const std::string& code : row->second) {
        const auto parameter = plan.parameters.find(code);
        if (parameter == plan.parameters.end()) continue;
        for (const IndexKey key : link_keys(parameter->second)) {
          any.push_back({LinkIs{key, {resource_hash(asked.type, asked.id)}, {}}});
        }
      }
    }
    std::get<All>(query.where[at].is).of.push_back(any_of(std::move(any)));
  }
  return {};
}

Result<void> QueryReader::filter(const std::string& name, const std::string& value, Query& query) {
  if (value.empty()) return pass_over("search parameter '" + shown(name) + "' has no value", query);
  std::vector<Condition> made;
  std::string without;
  for (const std::string& type : query.types) {
    CONCORD_ASSIGN(auto one, condition(*catalogue_.plan(type), name, value, 0));
    if (!one) {
      without = type;
      break;
    }
    made.push_back(*std::move(one));
  }
  if (made.size() < query.types.size()) {
    return pass_over("search parameter '" + shown(name) + "' is not known for " + without, query);
  }
  for (std::size_t at = 0; at < made.size(); ++at) {
    std::get<All>(query.where[at].is).of.push_back(std::move(made[at]));
  }
  query.used.emplace_back(name, value);
  return {};
}

Result<Query> QueryReader::read(std::string_view type, const QueryParameters& parameters) {
  if (parameters.size() > reading_.limits.parameters) {
    return make_error(
        ErrorCode::too_costly,
        "a query has at most " + std::to_string(reading_.limits.parameters) + " parameters");
  }
  Query query;
  query.count = reading_.limits.default_count;
  CONCORD_TRY(choose_types(type, parameters, query));
  query.where.resize(query.types.size());
  for (const auto& [name, value] : parameters) {
    if (!storable(value) || invalid_utf8_at(value) != std::string_view::npos)
      return bad(name, "its value is no text");
    if (std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored)) {
      query.used.emplace_back(name, value);
      continue;
    }
    if (name == "_type" && type.empty()) {
      query.used.emplace_back(name, value);
      continue;
    }
    CONCORD_ASSIGN(const bool done, control(name, value, query));
    if (!done) CONCORD_TRY(filter(name, value, query));
  }
  CONCORD_TRY(settle_positions(query));
  CONCORD_TRY(compartment(query));
  for (Condition& where : query.where) {
    All& all = std::get<All>(where.is);
    if (all.of.size() == 1) {
      Condition only = std::move(all.of.front());
      where = std::move(only);
    }
  }
  return query;
}

Result<std::optional<Condition>> QueryReader::condition(const TypePlan& plan, std::string_view name,
                                                        std::string_view value, std::size_t depth) {
  constexpr std::string_view kHas = "_has:";
  if (name.starts_with(kHas)) return has(plan, name.substr(kHas.size()), value, depth);
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    return chain(plan, name.substr(0, dot), name.substr(dot + 1), value, depth);
  }
  const std::size_t colon = name.find(':');
  const std::string_view code = name.substr(0, colon);
  const std::string_view modifier =
      colon == std::string_view::npos ? std::string_view{} : name.substr(colon + 1);
  if (colon != std::string_view::npos && modifier.empty())
    return bad(name, "its modifier is empty");
  if (code == "_list" && modifier.empty()) {
    CONCORD_ASSIGN(auto made, list(value));
    return std::optional<Condition>(std::move(made));
  }
  if (code == "_type" && modifier.empty()) {
    bool asked = false;
    for (const std::string_view one : split_escaped(value, ',')) {
      if (catalogue_.plan(one) == nullptr) return bad(name, "it names no resource type");
      asked = asked || one == plan.type;
    }
    return std::optional<Condition>(asked ? Condition{All{}} : Condition{Any{}});
  }
  const auto found = plan.parameters.find(code);
  const bool known = found != plan.parameters.end();
  if ((known && !found->second.not_served.empty()) ||
      std::find(std::begin(kNotServed), std::end(kNotServed), code) != std::end(kNotServed)) {
    return make_error(ErrorCode::unsupported,
                      "search parameter '" + shown(code) + "' is not served: " +
                          (known && !found->second.not_served.empty() ? found->second.not_served
                                                                      : "it is not in the index"));
  }
  if (!known) return std::optional<Condition>();
  auto made = ValueReader(compiled_, reading_, name).read(found->second, modifier, value);
  if (!made) return naming_elements(std::move(made).error(), found->second);
  return std::optional<Condition>(*std::move(made));
}

Result<std::optional<Condition>> QueryReader::chain(const TypePlan& plan, std::string_view link,
                                                    std::string_view rest, std::string_view value,
                                                    std::size_t depth) {
  if (depth >= reading_.limits.chain_depth) {
    return make_error(
        ErrorCode::too_costly,
        "a chain has at most " + std::to_string(reading_.limits.chain_depth) + " links");
  }
  const std::size_t colon = link.find(':');
  const std::string_view code = link.substr(0, colon);
  const auto found = plan.parameters.find(code);
  if (found == plan.parameters.end()) return std::optional<Condition>();
  const Parameter& parameter = found->second;
  if (parameter.kind != Kind::reference || !parameter.not_served.empty()) {
    return bad(code, "it is no reference, so nothing can be chained to it");
  }
  if (rest.empty()) return bad(code, "the chain has no end");
  std::vector<std::string> types = narrowed_types(parameter);
  if (types.empty()) types = targets_of(catalogue_, parameter);
  if (colon != std::string_view::npos) {
    const std::string type(link.substr(colon + 1));
    if (catalogue_.plan(type) == nullptr) return bad(code, "its modifier is no resource type");
    if (std::find(types.begin(), types.end(), type) == types.end()) {
      return bad(code, "it does not lead to resources of the type asked for");
    }
    types = {type};
  }
  Chain together{link_keys(parameter), {}, {}};
  std::vector<Condition> inner;
  std::vector<std::string> with;
  std::optional<Error> wrong;
  bool never = false;  // of some type the value can be read and nothing can be found by it
  for (const std::string& type : types) {
    auto made = condition(*catalogue_.plan(type), rest, value, depth + 1);
    if (!made) {
      // Of one type the value or a modifier may mean nothing; of all of them it is a mistake.
      if (made.error().code != ErrorCode::malformed) return std::move(made).error();
      wrong = std::move(made).error();
      continue;
    }
    if (!*made) continue;
    if (const Any* nothing = std::get_if<Any>(&(*made)->is); nothing && nothing->of.empty()) {
      never = true;
      continue;
    }
    inner.push_back(**std::move(made));
    with.push_back(type);
  }
  if (inner.empty()) {
    if (never) return std::optional<Condition>(Condition{Any{}});
    if (wrong) return *std::move(wrong);
    return bad(code, "none of the types it leads to has the parameter chained to it");
  }
  const bool apart = inner.size() > 1 && std::any_of(inner.begin(), inner.end(), &holds_negation);
  if (!apart) {
    together.types = std::move(with);
    together.inner.push_back(any_of(std::move(inner)));
    return std::optional<Condition>(Condition{std::move(together)});
  }
  if (inner.size() > kMaxApart) {
    return make_error(ErrorCode::too_costly, "search parameter '" + shown(code) +
                                                 "': say which type it leads to, as in '" +
                                                 shown(code) + ":Patient'");
  }
  std::vector<Condition> any;
  for (std::size_t at = 0; at < inner.size(); ++at) {
    Chain one{together.keys, {with[at]}, {}};
    one.inner.push_back(std::move(inner[at]));
    any.push_back({std::move(one)});
  }
  return std::optional<Condition>(any_of(std::move(any)));
}

Result<std::optional<Condition>> QueryReader::has(const TypePlan& plan, std::string_view name,
                                                  std::string_view value, std::size_t depth) {
  if (depth >= reading_.limits.chain_depth) {
    return make_error(
        ErrorCode::too_costly,
        "a chain has at most " + std::to_string(reading_.limits.chain_depth) + " links");
  }
  const std::size_t first = name.find(':');
  const std::size_t second =
      first == std::string_view::npos ? std::string_view::npos : name.find(':', first + 1);
  if (second == std::string_view::npos || second + 1 == name.size()) {
    return bad("_has", "it is _has:Type:reference:parameter");
  }
  const std::string_view type = name.substr(0, first),
                         link = name.substr(first + 1, second - first - 1),
                         rest = name.substr(second + 1);
  const TypePlan* from = catalogue_.plan(type);
  if (from == nullptr) return bad("_has", "it names no resource type");
  const auto found = from->parameters.find(link);
  if (found == from->parameters.end() || found->second.kind != Kind::reference ||
      !found->second.not_served.empty()) {
    return bad("_has", "its type has no such reference");
  }
  std::vector<std::string> types = narrowed_types(found->second);
  if (types.empty()) types = targets_of(catalogue_, found->second);
  CONCORD_ASSIGN(auto inner, condition(*from, rest, value, depth + 1));
  if (!inner) return bad("_has", "its type has no such parameter");
  if (std::find(types.begin(), types.end(), plan.type) == types.end()) {
    return std::optional<Condition>(Condition{Any{}});
  }
  Reverse reverse{std::string(type), link_keys(found->second), {}};
  reverse.inner.push_back(*std::move(inner));
  return std::optional<Condition>(Condition{std::move(reverse)});
}

Result<Condition> QueryReader::list(std::string_view value) const {
  const TypePlan* lists = catalogue_.plan(std::string_view("List"));
  if (lists == nullptr) return bad("_list", "there are no lists");
  const auto items = lists->parameters.find(std::string_view("item"));
  if (items == lists->parameters.end()) return bad("_list", "lists have no items");
  std::vector<Condition> any;
  for (const std::string_view id : split_escaped(value, ',')) {
    if (id.empty()) continue;
    if (id.starts_with('$')) {
      return make_error(ErrorCode::unsupported,
                        "search parameter '_list': lists by name ($) are not served");
    }
    Reverse reverse{"List", link_keys(items->second), {}};
    reverse.inner.push_back({IdIs{{unescaped(id)}}});
    any.push_back({std::move(reverse)});
  }
  if (any.empty()) return bad("_list", "it has no value");
  if (any.size() > reading_.limits.values) {
    return make_error(ErrorCode::too_costly, "search parameter '_list': too many values");
  }
  return any_of(std::move(any));
}

}  // namespace concord::search::detail

namespace concord::search {

Result<Query> Parameters::parse(std::string_view type, const QueryParameters& parameters,
                                const Reading& reading) const {
  return detail::QueryReader(*compiled_, reading).read(type, parameters);
}

}  // namespace concord::search
