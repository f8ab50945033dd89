// The check digit of SNOMED CT codes. Source: SNOMED CT Release File Specification, section 6.

#include "fhir/core/identifiers.h"
#include "fhir/validate/rules/identifier_rule.h"

namespace concord::validate {

void register_snomed_code(rules::Table& table) {
  table.add(std::make_unique<rules::IdentifierRule>(rules::IdentifierRule::Row{
      .id = "snomed-code",
      .type = "Coding",
      .member = "code",
      .system = "http://snomed.info/sct",
      .policy = &IdentifierPolicy::snomed_code,
      .check = &check_snomed_id,
  }));
}

}  // namespace concord::validate
