#pragma once
/// What can be said of a code by itself and in a value set, as findings. Shared by the rules for
/// bindings, for codes without binding, and for answers of questionnaires. Stateless, safe from any
/// thread. Source: hl7.org/fhir/R4/terminologies.html.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/terminology.h"
#include "fhir/validate/context.h"

namespace concord::validate {

/// One Coding, Quantity or code with the nodes its parts stand in. Views live as long as the
/// document.
struct CodedNode {
  const tree::Node* node = nullptr;  ///< the Coding, the Quantity, the primitive
  const tree::Node* system_node = nullptr;
  const tree::Node* code_node = nullptr;
  const tree::Node* display_node = nullptr;
  std::string_view system, code, display, version;
};

/// A Coding, or a Quantity (whose unit is no display).
CodedNode read_coded(const tree::Node& node, const Context& context);
/// The codings of a CodeableConcept, in order.
std::vector<CodedNode> read_codings(const tree::Node& concept_node, const Context& context);

/// The language displays are to be in: of the resource around the node, else the option, else
/// English.
std::string_view display_language(const tree::Node& node, const Context& context);

/// How a code did.
struct CodedOutcome {
  terminology::Answer member =
      terminology::Answer::unknown;  ///< of the value set, when one is given
  bool wrong = false;                ///< the code itself is at fault: an error was found
  bool system_unknown = false;       ///< its system is not here; wrong stays false
  terminology::Gap gap = terminology::Gap::none;  ///< for an unknown member: why
  std::string subject;                            ///< and of which system
};

/// Asks for the code in its own system, and in `value_set` when it is not null; reports what is
/// wrong with the code itself: unknown (at .code), wrong display (at .display), a supplement as
/// system (at .system), a status that wants review (at `owner`). What the caller must weigh by its
/// binding (an unknown system, not a member) is only in the outcome.
CodedOutcome check_code(const CodedNode& coded, const tree::Node& owner,
                        const std::shared_ptr<const terminology::ValueSet>& value_set,
                        const packages::Entry* asked_from, Context& context);

/// Reports a code system nobody here knows, or not in the version given, at .system. The severity
/// falls to a warning unless the binding is required and the system is one of HL7's.
void report_unknown_system(const CodedNode& coded, definitions::BindingStrength strength,
                           Context& context, Severity otherwise = Severity::warning);

/// A CodeableConcept that no value set is to decide on: each coding by itself.
void check_concept_alone(const tree::Node& node, Context& context);
/// The same for a Coding or Quantity, with what its system's address may not be.
void check_coding_alone(const tree::Node& node, const packages::Entry* asked_from,
                        Context& context);

}  // namespace concord::validate
