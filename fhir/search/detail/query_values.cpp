#include "fhir/search/detail/query_values.h"

#include <algorithm>
#include <limits>

#include "fhir/core/decimal.h"
#include "fhir/path/units.h"
#include "fhir/search/detail/extractor.h"
#include "fhir/search/detail/fold.h"
#include "fhir/search/detail/moments.h"
#include "fhir/search/detail/positions.h"
#include "fhir/search/detail/prefix.h"
#include "fhir/search/detail/query_reader.h"

namespace concord::search::detail {

namespace {

bool allows(const Parameter& parameter, std::string_view modifier) {
  if (modifier.empty()) return true;
  const auto one_of = [modifier](std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), modifier) != list.end();
  };
  if (parameter.builtin == Builtin::id) return modifier == "not";
  if (parameter.builtin == Builtin::updated) return false;
  switch (parameter.kind) {
    case Kind::token:
      return one_of({"text", "not", "above", "below", "in", "not-in", "of-type"});
    case Kind::string:
      return one_of({"exact", "contains"});
    case Kind::reference:
      return modifier == "identifier" || (modifier.front() >= 'A' && modifier.front() <= 'Z');
    case Kind::uri:
      return one_of({"above", "below"});
    default:
      return false;
  }
}

}  // namespace

std::vector<std::string_view> split_escaped(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == separator) {
      pieces.push_back(text.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  pieces.push_back(text.substr(std::min(begin, text.size())));
  return pieces;
}

std::string unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size() &&
        std::string_view(",|$\\").find(text[at + 1]) != std::string_view::npos) {
      ++at;
    }
    plain.push_back(text[at]);
  }
  return plain;
}

Condition all_of(std::vector<Condition> conditions) {
  if (conditions.size() == 1) return std::move(conditions.front());
  return {All{std::move(conditions)}};
}

Condition any_of(std::vector<Condition> conditions) {
  if (conditions.size() == 1) return std::move(conditions.front());
  return {Any{std::move(conditions)}};
}

Condition not_of(Condition condition) {
  Not made;
  made.of.push_back(std::move(condition));
  return {std::move(made)};
}

Error ValueReader::bad_value(std::string_view why) const { return bad(name_, why); }

Condition ValueReader::present(const Parameter& parameter) const {
  std::vector<Condition> any;
  if (parameter.builtin != Builtin::none) return {All{}};
  for (const Use& use : parameter.uses) {
    const Part& part = *use.part;
    if (use.contact_system) {
      any.push_back({TokenIs{part.key, std::nullopt, use.contact_system}});
    } else if (!use.link_types.empty()) {
      LinkIs link{part.key, {}, {}};
      for (const std::string& type : use.link_types) link.types.push_back(type_number(type));
      any.push_back({std::move(link)});
    } else {
      any.push_back({Present{index_kind(part.kind), part.key}});
      if (part.kind == Kind::reference && has(part.shapes, Shape::reference)) {
        any.push_back({Present{IndexKind::token, part.identifier_key}});
      }
      if (part.kind == Kind::token && has(part.shapes, Shape::concept_)) {
        any.push_back({Present{IndexKind::text, part.text_key}});
      }
    }
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::read(const Parameter& parameter, std::string_view modifier,
                                    std::string_view value) const {
  if (modifier == "missing") {
    if (parameter.kind == Kind::composite) return bad_value("composites have no modifiers");
    if (value != "true" && value != "false") return bad_value(":missing is true or false");
    Condition there = present(parameter);
    return value == "false" ? std::move(there) : not_of(std::move(there));
  }
  if (!allows(parameter, modifier)) {
    return bad_value("parameters of its type do not have this modifier");
  }
  std::vector<std::string_view> values = split_escaped(value, ',');
  std::erase_if(values, [](std::string_view one) { return one.empty(); });
  if (values.empty()) return bad_value("it has no value");
  if (values.size() > reading_.limits.values) {
    return make_error(ErrorCode::too_costly, "search parameter '" + shown(name_) + "': more than " +
                                                 std::to_string(reading_.limits.values) +
                                                 " values in one list");
  }
  if (parameter.builtin == Builtin::id) return id(modifier, values);
  std::vector<Condition> any;
  const bool negated = modifier == "not" || modifier == "not-in";
  for (const std::string_view one_value : values) {
    CONCORD_ASSIGN(auto made, one(parameter, modifier, one_value));
    any.push_back(std::move(made));
  }
  Condition made = any_of(std::move(any));
  return negated ? not_of(std::move(made)) : std::move(made);
}

Result<Condition> ValueReader::id(std::string_view modifier,
                                  const std::vector<std::string_view>& values) const {
  IdIs ids;
  for (const std::string_view value : values) ids.ids.push_back(unescaped(value));
  return modifier == "not" ? not_of({std::move(ids)}) : Condition{std::move(ids)};
}

Result<Condition> ValueReader::updated(std::string_view value) const {
  CONCORD_ASSIGN(const auto asked, read_date(name_, value, reading_.now));
  return Condition{UpdatedIs{asked.comparison, asked.low, asked.high}};
}

Result<Condition> ValueReader::one(const Parameter& parameter, std::string_view modifier,
                                   std::string_view value) const {
  if (parameter.builtin == Builtin::updated) return updated(unescaped(value));
  const std::vector<Use>& uses = parameter.uses;
  switch (parameter.kind) {
    case Kind::token:
      if (modifier == "text") return token_text(uses, unescaped(value));
      if (modifier == "of-type") return of_type(uses, value);
      if (modifier == "in" || modifier == "not-in") return in_value_set(uses, unescaped(value));
      if (modifier == "above" || modifier == "below") {
        return hierarchy(uses, value, modifier == "below");
      }
      return token(uses, value);
    case Kind::string:
      return string(uses, modifier, unescaped(value));
    case Kind::date:
      return date(uses, unescaped(value));
    case Kind::number:
      return number(uses, unescaped(value));
    case Kind::quantity:
      return quantity(uses, value);
    case Kind::reference:
      if (modifier == "identifier") return identifier(uses, value);
      return reference(parameter, uses, modifier, unescaped(value));
    case Kind::uri:
      return uri(uses, modifier, unescaped(value));
    case Kind::composite:
      return composite(parameter, value);
    case Kind::special:
      return near(uses, value);
  }
  return bad_value("it cannot be searched by");
}

// ---- texts --------------------------------------------------------------------------------------

Result<Condition> ValueReader::token_text(const std::vector<Use>& uses,
                                          std::string_view value) const {
  const std::string folded = fold(value);
  if (folded.empty()) return bad_value("it has no value");
  std::vector<Condition> any;
  for (const Use& use : uses) {
    any.push_back({TextIs{use.part->text_key, TextIs::Match::contains, folded}});
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::string(const std::vector<Use>& uses, std::string_view modifier,
                                      std::string_view value) const {
  const std::string folded = fold(value);
  if (folded.empty()) return bad_value("it has no value");
  std::vector<Condition> any;
  for (const Use& use : uses) {
    if (modifier == "exact") {
      any.push_back({TextIs{use.part->key, TextIs::Match::exactly,
                            std::string(within_bounds(value)), folded}});
    } else {
      any.push_back({TextIs{
          use.part->key, modifier == "contains" ? TextIs::Match::contains : TextIs::Match::starts,
          folded}});
    }
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::uri(const std::vector<Use>& uses, std::string_view modifier,
                                   std::string_view whole) const {
  const std::string value(within_bounds(whole));
  std::vector<Condition> any;
  for (const Use& use : uses) {
    const IndexKey key = use.part->key;
    const auto equals = [&](std::string text) {
      any.push_back({TextIs{key, TextIs::Match::equals, std::move(text)}});
    };
    const auto starts = [&](std::string text) {
      any.push_back({TextIs{key, TextIs::Match::starts, std::move(text)}});
    };
    equals(value);
    if (has(use.part->shapes, Shape::canonical)) {
      // A canonical without version is any version of it; a version is any fragment.
      if (value.find('|') == std::string::npos) starts(value + "|");
      if (value.find('#') == std::string::npos) starts(value + "#");
    }
    if (modifier == "below" && !value.starts_with("urn")) {
      // A hierarchy is what urls have: parts between slashes, and below a scheme all of it.
      const bool scheme_only = value.find(':') == std::string::npos;
      starts(scheme_only ? value + "://" : value.ends_with('/') ? value : value + "/");
    }
    if (modifier == "above") {
      const std::size_t scheme = value.find("://");
      const std::size_t first = scheme == std::string::npos ? 0 : scheme + 3;
      for (std::size_t at = value.rfind('/'); at != std::string::npos && at >= first && at > 0;
           at = value.rfind('/', at - 1)) {
        equals(value.substr(0, at));
        equals(value.substr(0, at + 1));
      }
    }
  }
  return any_of(std::move(any));
}

// ---- times and numbers --------------------------------------------------------------------------

Result<Condition> ValueReader::date(const std::vector<Use>& uses, std::string_view value) const {
  CONCORD_ASSIGN(const auto asked, read_date(name_, value, reading_.now));
  std::vector<Condition> any;
  for (const Use& use : uses) {
    any.push_back({PeriodIs{use.part->key, asked.comparison, asked.low, asked.high}});
    if (asked.comparison == Comparison::eq) {
      any.push_back({PeriodIs{use.part->key, Comparison::co, asked.low, asked.high}});
    }
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::number(const std::vector<Use>& uses, std::string_view value) const {
  CONCORD_ASSIGN(const auto asked, read_number(name_, value));
  std::vector<Condition> any;
  for (const Use& use : uses) {
    any.push_back({NumberIs{use.part->key, asked.comparison, asked.low(), asked.high(),
                            std::nullopt, std::nullopt}});
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::quantity(const std::vector<Use>& uses,
                                        std::string_view value) const {
  const auto pieces = split_escaped(value, '|');
  if (pieces.size() > 3) return bad_value("a quantity is number|system|code");
  CONCORD_ASSIGN(const auto asked, read_number(name_, unescaped(pieces[0])));
  const std::string system = pieces.size() > 1 ? unescaped(pieces[1]) : std::string();
  const std::string code = pieces.size() > 2 ? unescaped(pieces[2]) : std::string();
  std::vector<Condition> any;
  const auto canonical =
      system.empty() || code.empty() ? std::nullopt : asked.in_base_units(system, code);
  for (const Use& use : uses) {
    const Part& part = *use.part;
    if (canonical && !part.lean) {
      any.push_back({NumberIs{part.canonical_key, asked.comparison, canonical->low, canonical->high,
                              std::nullopt, short_hash(canonical->unit)}});
      continue;
    }
    NumberIs raw{part.key, asked.comparison, asked.low(), asked.high(), std::nullopt, std::nullopt};
    if (!system.empty()) raw.system = short_hash(system);
    if (!code.empty()) raw.code = short_hash(code);
    any.push_back({raw});
  }
  return any_of(std::move(any));
}

/// latitude|longitude|distance|units; without distance it is kNearby, without units kilometres.
/// Source: hl7.org/fhir/R4/location.html#search ("near").
Result<Condition> ValueReader::near(const std::vector<Use>& uses, std::string_view value) const {
  constexpr double kNearby = 10'000;  // metres
  const auto pieces = split_escaped(value, '|');
  if (pieces.size() < 2 || pieces.size() > 4) {
    return bad_value("it is latitude|longitude|distance|units");
  }
  const auto number = [](std::string_view text) { return Decimal::parse(text); };
  const auto latitude = number(pieces[0]), longitude = number(pieces[1]);
  const auto point = latitude && longitude ? point_at(latitude->to_double(), longitude->to_double())
                                           : std::nullopt;
  if (!point) {
    return bad_value("its latitude goes from -90 to 90, its longitude from -180 to 180");
  }
  double metres = kNearby;
  if (pieces.size() > 2 && !pieces[2].empty()) {
    const auto distance = number(pieces[2]);
    if (!distance || distance->to_double() < 0) return bad_value("its distance is no distance");
    const std::string units = pieces.size() > 3 ? unescaped(pieces[3]) : std::string();
    const auto length = path::convert_unit(*distance, units.empty() ? "km" : units, "m");
    if (!length) return bad_value("its units are no UCUM code of a length");
    metres = length->to_double();
  }
  const Cap cap = cap_around(latitude->to_double(), metres);
  std::vector<Condition> any;
  for (const Use& use : uses) {
    any.push_back({NearIs{use.part->x_key, use.part->y_key, use.part->key, point->x, point->y,
                          point->z, cap.line_squared, cap.z_low, cap.z_high}});
  }
  return any_of(std::move(any));
}

// ---- references ---------------------------------------------------------------------------------

Result<Condition> ValueReader::identifier(const std::vector<Use>& uses,
                                          std::string_view value) const {
  const auto pieces = split_escaped(value, '|');
  if (pieces.size() > 2) return bad_value("an identifier is system|value");
  TokenIs asked;
  const std::string code = unescaped(pieces.back());
  if (!code.empty()) asked.code = index_hash(code);
  if (pieces.size() == 2) asked.system = pieces[0].empty() ? 0 : short_hash(unescaped(pieces[0]));
  if (!asked.code && asked.system.value_or(0) == 0) return bad_value("it has no value");
  std::vector<Condition> any;
  for (const Use& use : uses) {
    asked.key = use.part->identifier_key;
    any.push_back({asked});
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::reference(const Parameter& parameter, const std::vector<Use>& uses,
                                         std::string_view modifier, std::string_view value) const {
  if (!modifier.empty() && catalogue_.plan(modifier) == nullptr) {
    return bad_value("its modifier is neither known nor a resource type");
  }
  const auto read = read_reference(value, reading_.base_url, catalogue_);
  const bool bare = !read && value.find('/') == std::string_view::npos;
  if (!read && !bare) {
    // "organization/1", "Nothing/1": a mistake, or nothing that could be found.
    if (reading_.handling == Handling::lenient) return Condition{Any{}};
    return bad_value("it is no reference to a known type");
  }
  std::vector<Condition> any;
  for (const Use& use : uses) {
    LinkIs link{use.part->key, {}, {}};
    const auto fits_type = [&](std::string_view type) {
      return (modifier.empty() || modifier == type) &&
             (use.link_types.empty() || std::find(use.link_types.begin(), use.link_types.end(),
                                                  type) != use.link_types.end());
    };
    if (bare) {
      std::vector<std::string> types = use.link_types;
      if (types.empty()) types = targets_of(catalogue_, parameter);
      if (!modifier.empty()) types = {std::string(modifier)};
      for (const std::string& type : types) {
        if (fits_type(type)) link.targets.push_back(resource_hash(type, value));
      }
      if (has(use.part->shapes, Shape::canonical)) link.targets.push_back(index_hash(value));
    } else if (!read->absolute.empty()) {
      const std::string_view whole = value.substr(0, value.find('#'));
      link.targets.push_back(
          index_hash(has(use.part->shapes, Shape::canonical) ? whole : read->absolute));
      for (const std::string& type : use.link_types) link.types.push_back(type_number(type));
      if (!modifier.empty()) link.types = {type_number(modifier)};
    } else if (fits_type(read->type)) {
      link.targets.push_back(resource_hash(read->type, read->id));
    }
    if (!link.targets.empty()) any.push_back({std::move(link)});
  }
  return any_of(std::move(any));
}

}  // namespace concord::search::detail
