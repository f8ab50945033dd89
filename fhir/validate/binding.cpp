#include "fhir/validate/binding.h"

#include "fhir/terminology/terminology.h"

namespace concord::validate {

namespace {

using terminology::Answer;
using tree::Node;

std::string_view text_of(const Context& context, const Node& node, std::string_view name) {
  const tree::Symbol symbol = context.document().find(name);
  const Node* found = symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  return found == nullptr ? std::string_view{} : found->text();
}

Member member(std::string_view value_set, const packages::Entry* asked_from,
              const terminology::Code& code, Context& context) {
  const auto found = context.terminology()->contains(value_set, code, {}, asked_from);
  if (found.answer == Answer::unknown) return Member::unknown;
  return found.answer == Answer::yes ? Member::yes : Member::no;
}

}  // namespace

Member is_member(std::string_view value_set, const packages::Entry* asked_from, const Node& node,
                 Context& context) {
  if (context.terminology() == nullptr) return Member::unknown;
  if (node.has_value()) {
    return member(value_set, asked_from, {{}, node.text(), {}, {}}, context);
  }
  const std::string_view type = context.document().text(node.type());
  if (type == "CodeableConcept") {
    Member answer = Member::no;
    const tree::Symbol coding = context.document().find("coding");
    if (coding == tree::Symbol::kNone) return answer;
    for (const Node* at = node.child(coding); at != nullptr; at = at->next_same()) {
      const Member one = is_member(value_set, asked_from, *at, context);
      if (one == Member::yes) return one;
      if (one == Member::unknown) answer = one;
    }
    return answer;
  }
  return member(value_set, asked_from,
                {text_of(context, node, "system"),
                 text_of(context, node, "code"),
                 {},
                 text_of(context, node, "version")},
                context);
}

void check_binding(const BoundElement& bound, const Node& node, Context& context) {
  if (bound.strength != definitions::BindingStrength::required) return;
  if (is_member(bound.value_set, bound.asked_from, node, context) != Member::no) return;
  context.error("Terminology_TX_NoValid_16", "code-invalid", node,
                "is not in the required value set " + std::string(bound.value_set));
}

}  // namespace concord::validate
