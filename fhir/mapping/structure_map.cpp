#include "fhir/mapping/structure_map.h"

#include "fhir/mapping/findings.h"
#include "fhir/mapping/parser.h"
#include "fhir/mapping/printer.h"
#include "fhir/mapping/structure_map_read.h"

namespace concord::mapping {

Result<ast::Map> read_map(const MapSource& source, const MapLimits& limits,
                          std::vector<Issue>* not_carried) {
  Findings findings;
  ast::Map map = parse(source, limits, findings, not_carried);
  if (findings.failed()) return to_error(findings.sorted({source.name}));
  return map;
}

Result<std::string> to_text(const MapSource& source, const MapLimits& limits,
                            std::vector<Issue>* not_carried) {
  CONCORD_ASSIGN(const ast::Map map, read_map(source, limits, not_carried));
  return print(map);
}

}  // namespace concord::mapping
