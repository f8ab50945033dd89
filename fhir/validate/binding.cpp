// Bindings: whether a code is in the value set its element is bound to, and what follows from it by
// strength. Source: hl7.org/fhir/R4/terminologies.html#strength.

#include "fhir/validate/binding.h"

#include <algorithm>

#include "fhir/validate/coded.h"

namespace concord::validate {

namespace {

using definitions::BindingStrength;
using terminology::Answer;
using terminology::Gap;
using terminology::ValueSet;
using tree::Node;

using Set = std::shared_ptr<const ValueSet>;

constexpr std::string_view kIssue = "code-invalid";

bool is_coded_text(std::string_view type) {
  return type == "code" || type == "string" || type == "uri" || type == "url" ||
         type == "canonical";
}

std::string named(const ValueSet& set) {
  std::string name = "'" + std::string(set.title()) + "' (" + std::string(set.url());
  if (!set.version().empty()) name.append("|").append(set.version());
  return name + ")";
}

class Check {
 public:
  Check(const BoundElement& bound, const Node& node, Context& context)
      : bound_(bound), node_(node), context_(context), terms_(*context.terminology()) {}

  void run() {
    const std::string_view type = context_.document().text(node_.type());
    if (type == "CodeableConcept") return concept_node();
    if (type == "Coding" || type == "Quantity") return coding(type == "Coding");
    const definitions::Type* known = context_.definitions().type(node_.type());
    if (known == nullptr || !known->is_primitive()) return;
    if (!node_.has_value() || node_.text().empty()) return missing_value();
    if (is_coded_text(type)) primitive();
  }

 private:
  bool required() const { return bound_.strength == BindingStrength::required; }
  bool extensible() const { return bound_.strength == BindingStrength::extensible; }
  /// Preferred sets of R4 itself are not worth a word.
  bool preferred() const {
    return bound_.strength == BindingStrength::preferred &&
           (!bound_.profile.empty() || context_.options().for_publication);
  }

  void say(Severity severity, std::string_view id, std::string text) {
    context_.report(severity, id, kIssue, node_, std::move(text));
  }

  /// The value set; null, with a finding, when it is not loaded.
  Set resolve(std::string_view canonical) {
    Set set = terms_.value_set(canonical, bound_.asked_from);
    if (set != nullptr) return set;
    if (terms_.code_system(canonical, bound_.asked_from) != nullptr) {
      say(Severity::error, "Terminology_TX_ValueSet_NotFound_CS",
          "the element is bound to a code system, not to a value set: " + std::string(canonical));
    } else {
      say(Severity::warning, "Terminology_TX_ValueSet_NotFound",
          "the value set is not known: " + std::string(canonical));
    }
    return nullptr;
  }

  /// The value set decides on nothing we can see.
  void could_not_check(const ValueSet& set, Gap gap, std::string_view subject) {
    if (!required() && !extensible()) return;
    std::string text = "could not check against the value set " + named(set);
    if (gap == Gap::needs_release) {
      text += ": it draws on " + std::string(subject) + ", which is not loaded";
    } else if (!subject.empty()) {
      text += ": " + std::string(subject) + " is not here, or not whole";
    }
    say(Severity::warning,
        required() ? "TERMINOLOGY_TX_NOSVC_BOUND_REQ" : "TERMINOLOGY_TX_NOSVC_BOUND_EXT",
        std::move(text));
  }

  // ---- CodeableConcept

  void concept_node() {
    const Set set = resolve(bound_.value_set);
    if (set == nullptr || bound_.strength == BindingStrength::example) {
      return check_concept_alone(node_, context_);
    }
    const std::vector<CodedNode> codings = read_codings(node_, context_);
    if (codings.empty()) return no_coding(*set);
    Answer member = Answer::no;
    bool wrong = false;
    Gap gap = Gap::none;
    std::string subject;
    std::vector<const CodedNode*> unknown;
    for (const CodedNode& coded : codings) {
      if (coded.system.empty()) {
        context_.warning("Coding_has_no_system__cannot_validate", "invalid", *coded.node,
                         "a code without a system means nothing and cannot be checked");
        continue;
      }
      CodedOutcome outcome = check_code(coded, node_, set, bound_.asked_from, context_);
      wrong = wrong || outcome.wrong;
      if (outcome.system_unknown) unknown.push_back(&coded);
      if (outcome.member == Answer::yes) {
        member = Answer::yes;
      } else if (outcome.member == Answer::unknown && member == Answer::no) {
        member = Answer::unknown;
        gap = outcome.gap;
        subject = std::move(outcome.subject);
      }
    }
    // Where one coding is right, another of an unknown system does no harm.
    for (const CodedNode* coded : unknown) {
      report_unknown_system(*coded, member == Answer::yes ? BindingStrength::none : bound_.strength,
                            context_);
    }
    if (member == Answer::unknown && !wrong) return could_not_check(*set, gap, subject);
    if (member == Answer::yes && !wrong) return;
    if (required()) {
      say(Severity::error, "Terminology_TX_NoValid_1_CC",
          "no coding is a right one of the required value set " + named(*set));
    } else if (extensible()) {
      if (!bound_.max_value_set.empty()) concept_within_max(codings);
      say(Severity::warning, "Terminology_TX_NoValid_2_CC",
          "no coding is from the value set " + named(*set) +
              ", which is to be used where it has a fitting code");
    } else if (preferred()) {
      say(Severity::information, "Terminology_TX_NoValid_3_CC",
          "no coding is from the preferred value set " + named(*set));
    }
  }

  void no_coding(const ValueSet& set) {
    if (required()) {
      say(Severity::error, "Terminology_TX_Code_ValueSet",
          "a coding from the value set " + named(set) + " is required");
    } else if (extensible() && !bound_.max_value_set.empty()) {
      say(Severity::error, "Terminology_TX_Code_ValueSetMax",
          "a coding from the value set " + std::string(bound_.max_value_set) + " is required");
    } else if (extensible()) {
      say(Severity::warning, "Terminology_TX_Code_ValueSet_Ext",
          "there should be a coding from the value set " + named(set));
    }
  }

  void concept_within_max(const std::vector<CodedNode>& codings) {
    const Set set = resolve(bound_.max_value_set);
    if (set == nullptr) return;
    Answer best = Answer::no;
    for (const CodedNode& coded : codings) {
      const Answer here = set->find(coded.system, coded.code, coded.version).answer;
      if (here == Answer::yes) return;
      if (here == Answer::unknown) best = here;
    }
    outside_max(*set, best, "Terminology_TX_NoValid_8", "Terminology_TX_NoValid_7");
  }

  void outside_max(const ValueSet& set, Answer answer, std::string_view id,
                   std::string_view unknown_id) {
    if (answer == Answer::unknown) {
      say(Severity::warning, unknown_id,
          "could not check against the widest value set " + named(set));
    } else {
      say(Severity::error, id, "the code is outside of the widest value set " + named(set));
    }
  }

  // ---- Coding, Quantity

  void coding(bool is_coding) {
    const CodedNode coded = read_coded(node_, context_);
    if (is_coding && !coded.code.empty() && coded.system.empty()) {
      context_.warning("TERMINOLOGY_TX_SYSTEM_NO_CODE", kIssue, node_,
                       "a code without a system means nothing and cannot be checked");
    }
    if (coded.code.empty() || coded.system.empty()) return;
    const Set set = resolve(bound_.value_set);
    if (set == nullptr || bound_.strength == BindingStrength::example) {
      return check_coding_alone(node_, bound_.asked_from, context_);
    }
    bool wrong = false;
    if (!is_absolute(coded.system)) {
      wrong = true;
      context_.error("Terminology_TX_System_Relative", "invalid", *coded.system_node,
                     "the system must be an absolute address");
    }
    const CodedOutcome outcome = check_code(coded, node_, set, bound_.asked_from, context_);
    wrong = wrong || outcome.wrong;
    if (outcome.system_unknown) {
      if (terms_.code_system(coded.system) == nullptr &&
          terms_.value_set(coded.system, bound_.asked_from) != nullptr) {
        wrong = true;
        context_.error("Terminology_TX_System_ValueSet2", "invalid", *coded.system_node,
                       "the system is the address of a value set, not of a code system");
      } else {
        report_unknown_system(coded, bound_.strength, context_);
      }
    }
    if (outcome.member == Answer::unknown && !wrong) {
      return could_not_check(*set, outcome.gap, outcome.subject);
    }
    if (outcome.member == Answer::yes && !wrong) return;
    if (required()) {
      say(Severity::error, "Terminology_TX_Confirm_4a",
          "the code is not a right one of the required value set " + named(*set));
    } else if (extensible() && !bound_.max_value_set.empty()) {
      if (const Set max = resolve(bound_.max_value_set)) {
        const Answer here = max->find(coded.system, coded.code, coded.version).answer;
        if (here != Answer::yes) {
          outside_max(*max, here, "Terminology_TX_NoValid_10", "Terminology_TX_NoValid_9");
        }
      }
    } else if (extensible()) {
      say(Severity::warning, "Terminology_TX_NoValid_13",
          "the code is not from the value set " + named(*set) +
              ", which is to be used where it has a fitting code");
    } else if (preferred()) {
      say(Severity::information, "Terminology_TX_NoValid_14",
          "the code is not from the preferred value set " + named(*set));
    }
  }

  static bool is_absolute(std::string_view system) {
    const std::size_t colon = system.find(':');
    return colon != std::string_view::npos && colon != 0 &&
           system.find_first_of(" \t\r\n") == std::string_view::npos;
  }

  // ---- code, string, uri

  /// A code is required, and an extension stands in its place.
  void missing_value() {
    if (!required()) return;
    if (says_it_in_another_release()) {
      say(Severity::warning, "Terminology_TX_Code_ValueSet_XVER_SOURCE",
          "a code is required; an extension gives one of another release");
    } else {
      say(Severity::error, "Terminology_TX_Code_ValueSet_MISSING",
          "a code from a value set is required");
    }
  }

  /// "http://hl7.org/fhir/5.0/StructureDefinition/extension-…" with a value.
  bool says_it_in_another_release() const {
    constexpr std::string_view kStart = "http://hl7.org/fhir/";
    constexpr std::string_view kMiddle = "/StructureDefinition/extension-";
    const auto extension = context_.document().find("extension");
    const auto url = context_.document().find("url");
    for (const Node* at = node_.child(extension); at != nullptr; at = at->next_same()) {
      const Node* named_by = at->child(url);
      if (named_by == nullptr || !named_by->text().starts_with(kStart)) continue;
      std::string_view rest = named_by->text().substr(kStart.size());
      const std::size_t digits = rest.find_first_not_of("0123456789.");
      if (digits != 0 && digits != std::string_view::npos &&
          rest.substr(digits).starts_with(kMiddle)) {
        return true;
      }
    }
    return false;
  }

  void primitive() {
    const Set set = resolve(bound_.value_set);
    if (set == nullptr || bound_.strength == BindingStrength::example) return;
    const std::string_view code = node_.text();
    // Types of FHIRPath stand where the set has those of FHIR.
    if (code.starts_with("http://hl7.org/fhirpath/System.") &&
        set->url() == "http://hl7.org/fhir/ValueSet/defined-types") {
      return;
    }
    const terminology::Hit hit = set->infer(code);
    if (hit.answer == Answer::yes) return status_of(hit);
    if (hit.answer == Answer::unknown) return could_not_check(*set, hit.gap, hit.subject);
    if (required()) {
      context_.error("UNABLE_TO_INFER_CODESYSTEM", "not-found", node_,
                     "no code system of the value set " + named(*set) + " has the code");
      say(Severity::error, "Terminology_TX_NoValid_16",
          "the value is not in the required value set " + named(*set));
    } else if (extensible() && !bound_.max_value_set.empty()) {
      if (const Set max = resolve(bound_.max_value_set)) {
        const Answer here = max->infer(code).answer;
        if (here != Answer::yes) {
          outside_max(*max, here, "Terminology_TX_NoValid_11", "Terminology_TX_NoValid_9");
        }
      }
    } else if (extensible()) {
      say(Severity::warning, "Terminology_TX_NoValid_17",
          "the value is not from the value set " + named(*set) +
              ", which is to be used where it has a fitting code");
    } else if (preferred()) {
      say(Severity::information, "Terminology_TX_NoValid_18",
          "the value is not from the preferred value set " + named(*set));
    }
  }

  void status_of(const terminology::Hit& hit) {
    if (hit.in == nullptr || hit.number == terminology::kNoConcept) return;
    if (hit.in->is_inactive(hit.number)) {
      context_.warning(
          "INACTIVE_CONCEPT_FOUND", "business-rule", node_,
          "the code of the code system " + std::string(hit.in->url()) + " is no longer in use");
    }
  }

  const BoundElement& bound_;
  const Node& node_;
  Context& context_;
  const terminology::Terminology& terms_;
};

Member member_of(Answer answer) {
  return answer == Answer::yes ? Member::yes : answer == Answer::no ? Member::no : Member::unknown;
}

}  // namespace

void check_binding(const BoundElement& bound, const Node& node, Context& context) {
  if (context.terminology() == nullptr || bound.strength == BindingStrength::none ||
      bound.value_set.empty()) {
    return;
  }
  Check(bound, node, context).run();
}

Member is_member(std::string_view value_set, const packages::Entry* asked_from, const Node& node,
                 Context& context) {
  if (context.terminology() == nullptr) return Member::unknown;
  const Set set = context.terminology()->value_set(value_set, asked_from);
  if (set == nullptr) return Member::unknown;
  const std::string_view type = context.document().text(node.type());
  const auto of = [&](const CodedNode& coded) {
    if (coded.code.empty()) return Answer::no;
    return coded.system.empty() ? set->infer(coded.code).answer
                                : set->find(coded.system, coded.code, coded.version).answer;
  };
  if (type == "Coding" || type == "Quantity") return member_of(of(read_coded(node, context)));
  if (type == "CodeableConcept") {
    Answer best = Answer::no;
    for (const CodedNode& coded : read_codings(node, context)) {
      const Answer here = of(coded);
      if (here == Answer::yes) return Member::yes;
      if (here == Answer::unknown) best = here;
    }
    return member_of(best);
  }
  if (!node.has_value()) return Member::no;
  return member_of(set->infer(node.text()).answer);
}

}  // namespace concord::validate
