#include <algorithm>
#include <set>

#include "fhir/search/detail/fold.h"
#include "fhir/search/detail/query_reader.h"
#include "fhir/search/detail/query_values.h"
#include "fhir/search/detail/systems.h"
#include "fhir/terminology/terminology.h"

namespace concord::search::detail {

void ValueReader::add_token(const Use& use, std::optional<std::string_view> system,
                            std::optional<std::string_view> code,
                            std::vector<Condition>& into) const {
  const Part& part = *use.part;
  if (code && code->empty()) code.reset();
  TokenIs asked{part.key, std::nullopt, std::nullopt};
  if (has(part.shapes, Shape::contact)) {
    // The system of a contact is phone, email …, stored as it stands; a sender's uri means nothing.
    if (code) asked.code = index_hash(lower_ascii(*code));
    if (system && !system->empty()) asked.system = short_hash(*system);
    if (use.contact_system) asked.system = use.contact_system;
    if (asked.code || asked.system) into.push_back({asked});
    return;
  }
  if (code) asked.code = index_hash(*code);
  if (system) asked.system = system->empty() ? 0 : short_hash(*system);
  // A code is stored without the system its binding implies.
  const bool implied = system && !system->empty() && has(part.shapes, Shape::code) &&
                       std::binary_search(part.systems.begin(), part.systems.end(), *system);
  const bool only_codes = part.shapes == bit(Shape::code);
  if ((asked.code || asked.system) && !(implied && only_codes)) into.push_back({asked});
  if (!implied) return;
  if (code) {
    asked.system = 0;
    into.push_back({asked});
  } else {
    into.push_back({Present{IndexKind::token, part.key}});
  }
}

Result<Condition> ValueReader::token(const std::vector<Use>& uses, std::string_view value) const {
  const auto pieces = split_escaped(value, '|');
  std::optional<std::string> system;
  std::string code;
  if (pieces.size() == 1) {
    code = unescaped(value);
  } else {
    system = unescaped(pieces[0]);
    code = unescaped(value.substr(pieces[0].size() + 1));
    if (system->empty() && code.empty()) return bad_value("it has neither system nor code");
  }
  std::vector<Condition> any;
  for (const Use& use : uses) {
    add_token(use, system ? std::optional<std::string_view>(*system) : std::nullopt, code, any);
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::of_type(const std::vector<Use>& uses, std::string_view value) const {
  const auto pieces = split_escaped(value, '|');
  if (pieces.size() != 3 || pieces[1].empty() || pieces[2].empty()) {
    return bad_value(":of-type asks for system|code|value");
  }
  TokenIs asked;
  asked.code = of_type_hash(unescaped(pieces[1]), unescaped(pieces[2]));
  if (!pieces[0].empty()) asked.system = short_hash(unescaped(pieces[0]));
  std::vector<Condition> any;
  for (const Use& use : uses) {
    if (!has(use.part->shapes, Shape::identifier)) continue;
    asked.key = use.part->of_type_key;
    any.push_back({asked});
  }
  if (any.empty()) return bad_value(":of-type is for identifiers");
  return any_of(std::move(any));
}

Result<Condition> ValueReader::in_value_set(const std::vector<Use>& uses,
                                            std::string_view value) const {
  ValueSetSource source;
  const terminology::Terminology* terms = compiled_.terminology;
  if (reading_.value_set) {
    auto found = reading_.value_set(value);
    if (!found && found.error().code != ErrorCode::not_found) return std::move(found).error();
    if (!found) return bad_value("this value set is not known here");
    source = *std::move(found);
    terms = source.terminology.get();
  }
  if (terms == nullptr) {
    return make_error(ErrorCode::unsupported,
                      "search parameter '" + shown(name_) + "': this server has no terminology");
  }
  terminology::ExpandOptions options;
  options.max_codes = reading_.limits.codes;
  const auto expansion = source.value_set != nullptr ? terms->expand(source.value_set, options)
                                                     : terms->expand(value, options);
  if (!expansion) {
    if (expansion.error().code == ErrorCode::too_costly) {
      return make_error(ErrorCode::too_costly,
                        "search parameter '" + shown(name_) + "': the value set has more than " +
                            std::to_string(reading_.limits.codes) + " codes");
    }
    return bad_value(expansion.error().code == ErrorCode::not_found
                         ? "this value set is not known here"
                         : "this value set cannot be listed here");
  }
  std::vector<Condition> any;
  for (const auto& line : expansion->lines) {
    if (line.code.empty()) continue;
    for (const Use& use : uses) add_token(use, line.system, line.code, any);
  }
  return any_of(std::move(any));
}

Result<Condition> ValueReader::hierarchy(const std::vector<Use>& uses, std::string_view value,
                                         bool below) const {
  const auto pieces = split_escaped(value, '|');
  if (pieces.size() != 2 || pieces[0].empty() || pieces[1].empty()) {
    return bad_value(":above and :below ask for system|code");
  }
  const std::string system = unescaped(pieces[0]), code = unescaped(pieces[1]);
  if (compiled_.terminology == nullptr) {
    return make_error(ErrorCode::unsupported,
                      "search parameter '" + shown(name_) + "': this server has no terminology");
  }
  const terminology::CodeSystem* known = compiled_.terminology->code_system(system);
  if (known == nullptr) return bad_value("this code system is not known here");
  const terminology::Concept start = known->find(code);
  if (start == terminology::kNoConcept) return bad_value("its code system has no such code");
  std::set<terminology::Concept> seen{start};
  std::vector<terminology::Concept> next{start};
  while (!next.empty()) {
    const terminology::Concept at = next.back();
    next.pop_back();
    for (const terminology::Concept other : below ? known->children(at) : known->parents(at)) {
      if (!seen.insert(other).second) continue;
      if (seen.size() > reading_.limits.codes) {
        return make_error(ErrorCode::too_costly,
                          "search parameter '" + shown(name_) + "': it comes to more than " +
                              std::to_string(reading_.limits.codes) + " codes");
      }
      next.push_back(other);
    }
  }
  std::vector<Condition> any;
  for (const terminology::Concept at : seen) {
    for (const Use& use : uses) add_token(use, system, known->code(at), any);
  }
  return any_of(std::move(any));
}

}  // namespace concord::search::detail
