// The check digit of NHS numbers. Source: NHS Data Dictionary, NHS NUMBER.

#include "fhir/core/identifiers.h"
#include "fhir/validate/rules/identifier_rule.h"

namespace concord::validate {

void register_nhs_number(rules::Table& table) {
  table.add(std::make_unique<rules::IdentifierRule>(rules::IdentifierRule::Row{
      .id = "nhs-number",
      .type = "Identifier",
      .member = "value",
      .system = "https://fhir.nhs.uk/Id/nhs-number",
      .policy = &IdentifierPolicy::nhs_number,
      .check = &check_nhs_number,
  }));
}

}  // namespace concord::validate
