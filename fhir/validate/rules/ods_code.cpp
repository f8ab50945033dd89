// The form of ODS codes. Source: Organisation Data Service.

#include "fhir/core/identifiers.h"
#include "fhir/validate/rules/identifier_rule.h"

namespace concord::validate {

void register_ods_code(rules::Table& table) {
  table.add(std::make_unique<rules::IdentifierRule>(rules::IdentifierRule::Row{
      .id = "ods-code",
      .type = "Identifier",
      .member = "value",
      .system = "https://fhir.nhs.uk/Id/ods-organization-code",
      .policy = &IdentifierPolicy::ods_code,
      .check = &check_ods_code,
  }));
}

}  // namespace concord::validate
