#include <algorithm>

#include "fhir/search/detail/query_reader.h"
#include "fhir/search/detail/query_values.h"

namespace concord::search::detail {

namespace {

/// Moves conditions on values to the rows a composite made of them.
void mark(Condition& condition, std::int64_t code, std::optional<std::int32_t> system) {
  std::visit(
      [&](auto& is) {
        using T = std::decay_t<decltype(is)>;
        if constexpr (std::is_same_v<T, All> || std::is_same_v<T, Any> || std::is_same_v<T, Not>) {
          for (Condition& inner : is.of) mark(inner, code, system);  // as deep as we made it
        } else if constexpr (requires { is.mark; }) {
          is.key = marked_key(is.key, code, std::nullopt);
          is.mark = system;
        } else if constexpr (requires { is.key; }) {
          is.key = marked_key(is.key, code, system);
        }
      },
      condition.is);
}

std::vector<Use> uses_of(const std::vector<const Part*>& parts) {
  std::vector<Use> uses;
  for (const Part* part : parts) uses.push_back({part, {}, {}});
  return uses;
}

}  // namespace

Result<Condition> ValueReader::component(const Parameter& parameter, std::size_t index,
                                         const std::vector<Use>& uses,
                                         std::string_view value) const {
  if (value.empty()) return bad_value("one of its components has no value");
  switch (parameter.component_kinds[index]) {
    case Kind::token:
      return token(uses, value);
    case Kind::string:
      return string(uses, {}, unescaped(value));
    case Kind::date:
      return date(uses, unescaped(value));
    case Kind::number:
      return number(uses, unescaped(value));
    case Kind::quantity:
      return quantity(uses, value);
    case Kind::uri:
      return uri(uses, {}, unescaped(value));
    case Kind::reference: {
      Parameter of;  // a component may lead to whatever its own parameter does
      const auto& [url, expression] = parameter.definition->components[index];
      if (const Definition* own = catalogue_.definition(url)) of.targets = own->target;
      return reference(of, uses, {}, unescaped(value));
    }
    default:
      return bad_value("one of its components cannot be searched by");
  }
}

Result<Condition> ValueReader::marked(const Parameter& parameter, const Composite& rows,
                                      const std::vector<std::string_view>& values) const {
  const std::string_view token_value = values[rows.marked_at];
  const auto pieces = split_escaped(token_value, '|');
  const std::string code =
      unescaped(pieces.size() == 1 ? token_value : token_value.substr(pieces[0].size() + 1));
  if (code.empty()) return bad_value("its token needs a code");
  std::optional<std::int32_t> system;
  if (pieces.size() > 1) {
    const std::string text = unescaped(pieces[0]);
    system = text.empty() ? 0 : short_hash(text);
    const bool implied =
        std::any_of(rows.marked_parts.begin(), rows.marked_parts.end(), [&text](const Part* part) {
          return has(part->shapes, Shape::code) &&
                 std::binary_search(part->systems.begin(), part->systems.end(), text);
        });
    if (implied) system = 0;
  }
  const std::size_t carried = 1 - rows.marked_at;
  CONCORD_ASSIGN(auto made,
                 component(parameter, carried, uses_of(rows.carried_parts), values[carried]));
  mark(made, index_hash(code), system);
  return made;
}

Result<Condition> ValueReader::composite(const Parameter& parameter, std::string_view value) const {
  const auto values = split_escaped(value, '$');
  if (values.size() != parameter.component_kinds.size()) {
    return bad_value("it asks for " + std::to_string(parameter.component_kinds.size()) +
                     " values separated by $");
  }
  std::vector<Condition> any;
  for (const CompositeUse& use : parameter.composites) {
    if (use.rows != nullptr) {
      CONCORD_ASSIGN(auto made, marked(parameter, *use.rows, values));
      any.push_back(std::move(made));
      continue;
    }
    std::vector<Condition> all;
    for (std::size_t at = 0; at < values.size(); ++at) {
      CONCORD_ASSIGN(auto made, component(parameter, at, use.components[at], values[at]));
      all.push_back(std::move(made));
    }
    any.push_back(all_of(std::move(all)));
  }
  return any_of(std::move(any));
}

}  // namespace concord::search::detail
