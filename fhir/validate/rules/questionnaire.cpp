// What holds within a Questionnaire: targets of conditions, and what a questionnaire that is
// derived from another may change. Source: hl7.org/fhir/R4/questionnaire.html,
// questionnaire-profiles.html.

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>

#include "fhir/validate/instances.h"
#include "fhir/validate/questionnaire/form.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using namespace questionnaire;
using tree::Node;

constexpr std::string_view kRule = "business-rule";

/// The conditions of one form.
void check_conditions(const Form& form, const Names& names, Context& context) {
  for (std::uint32_t index = 0; index < form.items().size(); ++index) {
    const Item& item = form[index];
    const Node* condition = item.node->child(names.enable_when);
    for (; condition != nullptr; condition = condition->next_same()) {
      const std::string_view question = value_of(*condition, names.question);
      if (question.empty()) {
        context.error("Questionnaire_Q_EnableWhen_NoLink", kRule, *item.node,
                      "Questions with an enableWhen must have a value for the question link");
        continue;
      }
      const std::uint32_t target = form.find(question);
      if (target == kNoItem) {
        context.error("Questionnaire_Q_EnableWhen_NoTarget", kRule, *item.node,
                      "Unable to find an item with the linkId which is referenced in the "
                      "enableWhen",
                      {}, question);
      } else if (target == index) {
        context.error("Questionnaire_Q_EnableWhen_Self", kRule, *item.node,
                      "Target for this question enableWhen can't reference itself");
      } else if (form.is_within(target, index)) {
        context.error("Questionnaire_Q_EnableWhen_IsInner", kRule, *item.node,
                      "Questions with an enableWhen cannot refer to an inner question for its "
                      "enableWhen condition");
      } else if (target > index) {
        context.warning("Questionnaire_Q_EnableWhen_After", kRule, *item.node,
                        "The target of this enableWhen rule comes after the question itself", {},
                        question);
      }
    }
  }
}

/// One questionnaire against one it is derived from.
class Derivation {
 public:
  Derivation(const Form& form, const Form& base, bool extends, const Names& names, Context& context)
      : form_(form), base_(base), extends_(extends), names_(names), context_(context) {}

  void check() {
    for (const Item& item : form_.items()) {
      const std::uint32_t found = base_.find(item.link_id);
      if (found != kNoItem) {
        check_item(item, base_[found]);
      } else if (!extends_) {
        context_.error("QUESTIONNAIRE_Q_ITEM_NOT_DERIVED", "not-found", *item.node,
                       "No item with this linkId found in the base questionnaire");
      }
    }
  }

 private:
  void error(std::string_view id, const Node& node, std::string text) {
    context_.error(id, kRule, node, std::move(text));
  }
  void information(std::string_view id, const Node& node, std::string text) {
    context_.information(id, kRule, node, std::move(text));
  }

  void check_item(const Item& item, const Item& base) {
    const Node* type = item.node->child(names_.type);
    const std::string_view base_type = value_of(*base.node, names_.type);
    if (type != nullptr && !base_type.empty() && type->text() != base_type) {
      error("QUESTIONNAIRE_Q_ITEM_DERIVED_NC_TYPE", *type,
            "The item has another type in the base questionnaire, and this cannot change");
    }
    if (!base.repeats && item.repeats) {
      error("QUESTIONNAIRE_Q_ITEM_DERIVED_NC_REPEATS", *item.node->child(names_.repeats),
            "The item does not repeat in the base questionnaire, so it cannot repeat here");
    }
    const Node* required = item.node->child(names_.required);
    if (base.required && required != nullptr && !item.required) {
      error("QUESTIONNAIRE_Q_ITEM_DERIVED_NC_REQUIRED", *required,
            "The item is required in the base questionnaire, so it must be required here");
    }
    check_definition(item, base);
    check_length(item, base);
    if (base.node->child(names_.answer_option) != nullptr) check_options(item, base);
    if (base.node->child(names_.answer_value_set) != nullptr) check_value_set(item);
  }

  void check_definition(const Item& item, const Item& base) {
    if (base.node->child(names_.definition) == nullptr) return;
    const Node* own = item.node->child(names_.definition);
    information(own == nullptr ? "QUESTIONNAIRE_Q_ITEM_DERIVED_DEFINITION"
                               : "QUESTIONNAIRE_Q_ITEM_DERIVED_NC_DEFINITION",
                own == nullptr ? *item.node : *own,
                own == nullptr ? "The item has a definition in the base questionnaire, so this "
                                 "should be repeated here"
                               : "The item has a definition in the base questionnaire. Is it "
                                 "intended to change this?");
  }

  void check_length(const Item& item, const Item& base) {
    const std::string_view allowed = value_of(*base.node, names_.max_length);
    if (allowed.empty()) return;
    const Node* own = item.node->child(names_.max_length);
    if (own == nullptr) {
      return error("QUESTIONNAIRE_Q_ITEM_DERIVED_MAXLENGTH", *item.node,
                   "The item has a maxLength in the base questionnaire, so this item must also "
                   "have a max length");
    }
    const auto number = [](std::string_view text) {
      std::int64_t value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    };
    if (number(own->text()) <= number(allowed)) return;
    error("QUESTIONNAIRE_Q_ITEM_DERIVED_NC_MAXLENGTH", *own,
          "The max length cannot be greater than that of the base questionnaire");
  }

  void check_options(const Item& item, const Item& base) {
    if (item.node->child(names_.answer_value_set) != nullptr) {
      return error("QUESTIONNAIRE_Q_ITEM_DERIVED_NC_ANSWER_TYPE", *item.node,
                   "The item has answerOption in the base questionnaire, while this has "
                   "answerValueSet. This might be valid, but it cannot be checked");
    }
    const Node* option = item.node->child(names_.answer_option);
    if (option == nullptr) {
      return error("QUESTIONNAIRE_Q_ITEM_DERIVED_ANSWER_OPTIONS", *item.node,
                   "The item has answerOptions in the base questionnaire, so this item must have "
                   "some too");
    }
    for (; option != nullptr; option = option->next_same()) {
      const Node* value = value_child(form_.document(), *option);
      if (value == nullptr || is_offered(*value, base)) continue;
      error("QUESTIONNAIRE_Q_ITEM_DERIVED_ANSWER_OPTIONS_NEW", *option,
            "The item does not have this answerOption in the base questionnaire, so it is not "
            "valid");
    }
  }

  bool is_offered(const Node& value, const Item& base) {
    const std::string_view type = form_.document().text(value.type());
    const Node* option = base.node->child(names_.answer_option);
    for (; option != nullptr; option = option->next_same()) {
      if (++compared_ > kMostCompared) return true;
      const Node* offered = value_child(base_.document(), *option);
      if (offered == nullptr || base_.document().text(offered->type()) != type) continue;
      const auto same = [&](tree::Symbol name) {
        return value_of(value, name) == value_of(*offered, name);
      };
      if (type == "Coding"      ? same(names_.system) && same(names_.code) && same(names_.version)
          : type == "Reference" ? same(names_.reference)
                                : value.text() == offered->text()) {
        return true;
      }
    }
    return false;
  }

  void check_value_set(const Item& item) {
    if (item.node->child(names_.answer_option) != nullptr) {
      error("QUESTIONNAIRE_Q_ITEM_DERIVED_NC_ANSWER_TYPE", *item.node,
            "The item has answerValueSet in the base questionnaire, while this has answerOption. "
            "This might be valid, but it cannot be checked");
    }
  }

  static constexpr std::size_t kMostCompared = 2'000'000;
  const Form& form_;
  const Form& base_;
  bool extends_;
  const Names& names_;
  Context& context_;
  std::size_t compared_ = 0;
};

class Questionnaire final : public Rule {
 public:
  std::string_view id() const override { return "questionnaire"; }
  void prepare(const definitions::Definitions& definitions) override {
    names_.emplace(definitions.symbols());
  }
  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Questionnaire") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& questionnaire, Context& context) {
    const Names& names = *static_cast<const Questionnaire*>(data)->names_;
    const Form form(context.document(), questionnaire, names);
    check_conditions(form, names, context);
    constexpr std::size_t kMostDerived = 32;
    std::size_t derived = 0;
    const Node* at = questionnaire.child(names.derived_from);
    for (; at != nullptr && derived < kMostDerived; at = at->next_same(), ++derived) {
      check_derivation(form, *at, names, context);
    }
  }

  static void check_derivation(const Form& form, const Node& from, const Names& names,
                               Context& context) {
    constexpr std::string_view kType =
        "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType";
    constexpr std::string_view kSystem = "http://hl7.org/fhir/questionnaire-derivationType";
    const auto warn = [&](std::string_view id, const Node& node, std::string text) {
      context.warning(id, kRule, node, std::move(text));
    };
    const Instance base = find_instance("Questionnaire", from.text(), from, context);
    if (!base) {
      return warn("QUESTIONNAIRE_Q_UNKNOWN_DERIVATION", from,
                  "The questionnaire referred to in the derivation could not be found");
    }
    const Node* value = extension_value(context.document(), from, kType, names);
    if (value == nullptr) {
      return warn("QUESTIONNAIRE_Q_NO_DERIVATION_TYPE", from,
                  "The questionnaire has no derivation type specified, so no derivation checking "
                  "has been performed");
    }
    const std::string_view code = value_of(*value, names.code);
    const bool known = value_of(*value, names.system) == kSystem;
    if (known && (code == "extends" || code == "compliesWith")) {
      const Form other(*base.document, *base.node, names);
      Derivation(form, other, code == "extends", names, context).check();
    } else if (known && code == "inspiredBy") {
      context.information("QUESTIONNAIRE_Q_DERIVATION_TYPE_IGNORED", kRule, *value,
                          "The derivation type means that no derivation checking has been "
                          "performed against this questionnaire");
    } else {
      warn("QUESTIONNAIRE_Q_DERIVATION_TYPE_UNKNOWN", *value,
           "The derivation type is unknown, which means that no derivation checking has been "
           "performed against this questionnaire");
    }
  }

  std::optional<Names> names_;
};

}  // namespace

void register_questionnaire(rules::Table& table) { table.add(std::make_unique<Questionnaire>()); }

}  // namespace concord::validate
