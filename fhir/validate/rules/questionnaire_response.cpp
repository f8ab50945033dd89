// A QuestionnaireResponse against the Questionnaire it names: which items, in what order, how
// often, enabled or not, answered or not. Answers themselves: questionnaire/answers.h. Source:
// hl7.org/fhir/R4/questionnaireresponse.html.

#include <map>
#include <optional>
#include <string>

#include "fhir/validate/instances.h"
#include "fhir/validate/questionnaire/answers.h"
#include "fhir/validate/questionnaire/comparing.h"
#include "fhir/validate/questionnaire/enable_when.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using namespace questionnaire;
using tree::Node;

/// One response against its form.
class Comparison {
 public:
  Comparison(const Form& form, const Names& names, const Node& response, Context& context)
      : form_(form),
        names_(names),
        response_(response),
        context_(context),
        conditions_(form, names, context.document(), response),
        answers_(form, names, context) {}

  void check() {
    const std::string_view status = value_of(response_, names_.status);
    complete_ = status == "completed" || status == "amended";
    check_date();
    check_items(kNoItem, response_);
    if (conditions_.gave_up()) {
      context_.error("too-costly", "too-costly", response_,
                     "The conditions of the questionnaire take too long to evaluate");
    }
  }

 private:
  void error(std::string_view id, std::string_view type, const Node& node, std::string text,
             std::string_view distinct = {}) {
    context_.error(id, type, node, std::move(text), {}, distinct);
  }

  /// Filled in while the questionnaire was in force.
  void check_date() {
    const Node* authored = response_.child(names_.authored);
    const Node* period = form_.questionnaire().child(names_.effective_period);
    if (authored == nullptr || period == nullptr) return;
    const auto at = first_moment(authored->text());
    const auto end = first_moment(value_of(*period, names_.end));
    const auto start = first_moment(value_of(*period, names_.start));
    if (at && end && *at > *end) {
      context_.warning("QUESTIONNAIRE_QR_AUTHOR_END", "business-rule", *authored,
                       "The authored date is after the end of the permitted period defined in the "
                       "Questionnaire");
    }
    if (at && start && *at < *start) {
      context_.warning("QUESTIONNAIRE_QR_AUTHOR_START", "business-rule", *authored,
                       "The authored date is before the start of the permitted period defined in "
                       "the Questionnaire");
    }
  }

  /// The items below one node of the response, against those below one item of the form. Goes as
  /// deep as the response does, which its reader bounds.
  void check_items(std::uint32_t parent, const Node& node) {
    std::map<std::uint32_t, std::vector<const Node*>> found;
    std::uint32_t last = 0;
    for (const Node* at = node.child(names_.item); at != nullptr; at = at->next_same()) {
      const std::string_view link_id = value_of(*at, names_.link_id);
      if (link_id.empty()) {
        error("Questionnaire_QR_Item_NoLinkId", "required", *at,
              "No LinkId, so can't be validated");
        continue;
      }
      const std::uint32_t item = form_.find_below(parent, link_id);
      if (item == kNoItem) {
        check_stray(link_id, *at);
        continue;
      }
      if (form_[item].position < last) {
        error("Questionnaire_QR_Item_Order", "structure", *at,
              "Structural Error: items are out of order");
      }
      last = form_[item].position;
      found[item].push_back(at);
    }
    for (const std::uint32_t item : form_.below(parent)) {
      const auto at = found.find(item);
      if (at == found.end()) {
        check_missing(item, node);
      } else {
        check_found(item, at->second);
      }
    }
  }

  /// An item the form does not have here: elsewhere, or nowhere.
  void check_stray(std::string_view link_id, const Node& node) {
    const std::uint32_t item = form_.find(link_id);
    if (item == kNoItem) {
      return error("Questionnaire_QR_Item_NotFound", "not-found", node,
                   "LinkId not found in questionnaire");
    }
    error("Questionnaire_QR_Item_Misplaced", "structure", node,
          "Structural Error: item is in the wrong place");
    path_.push_back({item, &node});
    check_item(item, node);
    path_.pop_back();
  }

  void check_missing(std::uint32_t item, const Node& node) {
    if (form_[item].required && conditions_.is_enabled(item, path_)) say_missing(item, node);
  }

  void say_missing(std::uint32_t item, const Node& node) {
    context_.report(complete_ ? Severity::error : Severity::warning,
                    "Questionnaire_QR_Item_Missing", "required", node,
                    "No response answer found for required item", {}, form_[item].link_id);
  }

  void check_found(std::uint32_t item, const std::vector<const Node*>& nodes) {
    if (!conditions_.is_enabled(item, path_)) {
      for (const Node* node : nodes) {
        if (node->child(names_.answer) == nullptr && node->child(names_.item) == nullptr) continue;
        error("Questionnaire_QR_Item_NotEnabled2", "invalid", *node,
              "Item has answer, even though it is not enabled");
      }
    }
    if (nodes.size() > 1 && !form_[item].repeats) {
      error("Questionnaire_QR_Item_OnlyOneI_other", "invalid", *nodes[1],
            "Only one response item with this linkId allowed - found " +
                std::to_string(nodes.size()) + " items");
    }
    for (const Node* node : nodes) {
      path_.push_back({item, node});
      check_item(item, *node);
      path_.pop_back();
    }
  }

  void check_item(std::uint32_t index, const Node& node) {
    const Item& item = form_[index];
    const std::string_view text = value_of(node, names_.text);
    if (!text.empty() && text != value_of(*item.node, names_.text)) {
      error("Questionnaire_QR_Item_Text", "invalid", node,
            "If text exists, it must match the questionnaire definition for the linkId");
    }
    const std::size_t answers = node.count(names_.answer);
    if (answers == 0 && item.required && item.type != ItemType::group &&
        (!complete_ || conditions_.is_enabled(index, path_))) {
      say_missing(index, node);
    }
    check_count(item, node, answers);
    std::size_t position = 0;
    for (const Node* at = node.child(names_.answer); at != nullptr; at = at->next_same()) {
      const std::string which = std::to_string(++position);
      if (item.type == ItemType::group) {
        error("Questionnaire_QR_Item_Group", "structure", node,
              "Items of type group should not have answers", which);
      } else if (item.type == ItemType::display) {
        error("QUESTIONNAIRE_QR_ITEM_DISPLAY_NO_VALUE", "structure", node,
              "Items of type 'display' cannot have answers", which);
      } else {
        answers_.check(item, *at, answers);
      }
      if (item.type != ItemType::group) check_items(index, *at);
    }
    check_below(item, index, node);
  }

  void check_count(const Item& item, const Node& node, std::size_t answers) {
    constexpr std::string_view kMax =
        "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs";
    constexpr std::string_view kMin =
        "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs";
    if (answers > 1 && !item.repeats) {
      error("Questionnaire_QR_Item_OnlyOneA", "invalid", node,
            "Only one response answer item with this linkId allowed");
    }
    const auto count = static_cast<std::int64_t>(answers);
    const auto most = extension_integer(form_.document(), *item.node, kMax, names_);
    if (most && *most >= 0 && count > *most) {
      error("QUESTIONNAIRE_QR_ITEM_MAX_OCCURS", "invalid", node,
            "The maximum number of answers is " + std::to_string(*most) + " but this has " +
                std::to_string(answers) + " answers");
    }
    const auto least = extension_integer(form_.document(), *item.node, kMin, names_);
    if (least && *least >= 0 && count < *least) {
      error("QUESTIONNAIRE_QR_ITEM_MIN_OCCURS", "invalid", node,
            "The minimum number of answers is " + std::to_string(*least) + " but this has " +
                std::to_string(answers) + " answers");
    }
  }

  /// Items that stand directly in an item: only groups have them.
  void check_below(const Item& item, std::uint32_t index, const Node& node) {
    const bool any = node.child(names_.item) != nullptr;
    switch (item.type) {
      case ItemType::none:
        error("Questionnaire_QR_Item_NoType", "required", node,
              "Definition for item does not contain a type");
        return;
      case ItemType::group:
        if (item.required && !any) {
          error("QUESTIONNAIRE_QR_ITEM_GROUP_REQUIRED", "invariant", node,
                "No sub-items found for required group");
        }
        check_items(index, node);
        return;
      case ItemType::display:
        if (any) {
          error("Questionnaire_QR_Item_Display", "structure", node,
                "Items of type display should not have items");
        }
        return;
      default:
        if (any) {
          error("Questionnaire_QR_Item_GroupAnswer", "structure", node,
                "Items not of type group should not have items outside answers (use answer.item "
                "not .item)");
        }
    }
  }

  const Form& form_;
  const Names& names_;
  const Node& response_;
  Context& context_;
  EnableWhen conditions_;
  Answers answers_;
  Path path_;
  bool complete_ = false;
};

class QuestionnaireResponse final : public Rule {
 public:
  std::string_view id() const override { return "questionnaire-response"; }
  void prepare(const definitions::Definitions& definitions) override {
    names_.emplace(definitions.symbols());
  }
  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "QuestionnaireResponse") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& response, Context& context) {
    const Names& names = *static_cast<const QuestionnaireResponse*>(data)->names_;
    const Node* canonical = response.child(names.questionnaire);
    if (canonical == nullptr || !canonical->has_value() || canonical->text().empty()) {
      context.information("Questionnaire_QR_Q_None", "required", response,
                          "No questionnaire is identified, so no validation can be performed "
                          "against the base questionnaire");
      return;
    }
    const Instance found = find_instance("Questionnaire", canonical->text(), *canonical, context);
    if (!found) {
      const bool example = canonical->text().starts_with("http://example.org") ||
                           canonical->text().starts_with("https://example.org");
      context.report(example ? Severity::information : Severity::warning,
                     "Questionnaire_QR_Q_NotFound", "required", *canonical,
                     "The questionnaire could not be resolved, so no validation can be performed "
                     "against the base questionnaire");
      return;
    }
    const Form form(*found.document, *found.node, names);
    Comparison(form, names, response, context).check();
  }

  std::optional<Names> names_;
};

}  // namespace

void register_questionnaire_response(rules::Table& table) {
  table.add(std::make_unique<QuestionnaireResponse>());
}

}  // namespace concord::validate
