// The check character of short form prescription ids. Source: EPS; ISO 7064 MOD 37-2.

#include "fhir/core/identifiers.h"
#include "fhir/validate/rules/identifier_rule.h"

namespace concord::validate {

void register_prescription_id(rules::Table& table) {
  table.add(std::make_unique<rules::IdentifierRule>(rules::IdentifierRule::Row{
      .id = "prescription-id",
      .type = "Identifier",
      .member = "value",
      .system = "https://fhir.nhs.uk/Id/prescription-order-number",
      .policy = &IdentifierPolicy::prescription_id,
      .check = &check_prescription_id,
  }));
}

}  // namespace concord::validate
