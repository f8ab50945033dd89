// Answers and units that must be in a value set.
#include "fhir/terminology/terminology.h"
#include "fhir/validate/questionnaire/answers.h"

namespace concord::validate::questionnaire {

using terminology::Answer;
using tree::Node;

std::shared_ptr<const terminology::ValueSet> Answers::value_set(std::string_view canonical) {
  const auto known = sets_.find(canonical);
  if (known != sets_.end()) return known->second;
  std::shared_ptr<const terminology::ValueSet> found;
  const auto& terminology = *context_.terminology();
  if (canonical.starts_with('#')) {
    // Contained in the questionnaire, or, where that is contained itself, in the response.
    const Node* holder = &form_.questionnaire();
    if (holder->parent() != nullptr) holder = holder->parent();
    const tree::Symbol contained = form_.document().find("contained");
    const Node* at = contained == tree::Symbol::kNone ? nullptr : holder->child(contained);
    for (; at != nullptr; at = at->next_same()) {
      if (value_of(*at, form_.document().find("id")) != canonical.substr(1)) continue;
      if (form_.document().text(at->type()) != "ValueSet") break;
      if (auto compiled = terminology.compile(form_.document(), *at)) found = *std::move(compiled);
      break;
    }
  } else {
    found = terminology.value_set(canonical);
  }
  return sets_.emplace(std::string(canonical), std::move(found)).first->second;
}

void Answers::check_coding_in_set(const Item& item, const Node& answer, const Node& value) {
  if (context_.terminology() == nullptr) return;
  const auto set = value_set(value_of(*item.node, names_.answer_value_set));
  if (set == nullptr) {
    context_.warning("Terminology_TX_ValueSet_NotFound", "code-invalid", answer,
                     "The value set of the questionnaire was not found");
    return;
  }
  const auto member =
      context_.terminology()->contains(set, {.system = value_of(value, names_.system),
                                             .code = value_of(value, names_.code),
                                             .display = {},
                                             .version = value_of(value, names_.version)});
  if (member.answer == Answer::yes) return;
  if (member.answer == Answer::unknown) {
    context_.warning("QUESTIONNAIRE_QR_ITEM_BADOPTION_CS", "code-invalid", answer,
                     "The code cannot be validated in the options value set of the questionnaire "
                     "because its system or value set is not known whole");
    return;
  }
  context_.error("Questionnaire_QR_Item_BadOption", "code-invalid", answer,
                 "The code is not in the options value set specified by the questionnaire");
}

void Answers::check_string_in_set(std::string_view canonical, const Node& value) {
  const auto set = value_set(canonical);
  if (set == nullptr) {
    context_.warning("QUESTIONNAIRE_QR_ITEM_VS_BAD", "invariant", value,
                     "The value set of the questionnaire could not be found");
  } else if (set->infer(value.text()).answer == Answer::no) {
    error("QUESTIONNAIRE_QR_ITEM_VS_FAIL", value, "The value is not in the list of allowed values");
  }
}

void Answers::check_unit_in_set(std::string_view canonical, std::string_view system,
                                std::string_view code, const Node& value) {
  const auto set = value_set(canonical);
  if (set == nullptr) {
    context_.warning("QUESTIONNAIRE_QR_ITEM_DECIMAL_INVALID_UNIT_VS", "invariant", value,
                     "The unit value set could not be found");
  } else if (set->contains(system, code) == Answer::no) {
    error("QUESTIONNAIRE_QR_ITEM_DECIMAL_UNIT_FAIL_VS", value,
          "The value has a unit that is not in the unit value set");
  }
}

}  // namespace concord::validate::questionnaire
