#pragma once
/// The NHS Electronic Prescription Service: FHIR messages as HL7 v3 for Spine.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/core/resource.h"
#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/mapping/map_set.h"
#include "mappers/core/golden.h"
#include "mappers/core/mapper.h"
#include "mappers/eps/rules/rules.h"
#include "mappers/eps/signing/trust.h"

namespace concord::eps {

/// What a site may lay over the shipped maps.
struct MapperOptions {
  /// Maps compiled after the shipped ones. One with the url of a shipped map replaces its groups
  /// of the same name and adds the others; the shipped file stays as it is.
  std::vector<mapping::MapSource> overlays;
  /// Whom signatures are trusted from; empty: TrustStore::unjudged(), which every verification
  /// says as a warning.
  TrustSource trust;
  /// Which business rules a message must meet.
  Asking asking = Asking::translation;
};

/// Loads the logical models of this room into `definitions` (once: models that are there already
/// are left alone) and compiles the maps. The mapper is safe from any thread; `definitions` and its
/// symbols must outlive it.
///
/// Parameters of encode(): from_asid, to_asid, user_id, role_id (the last two only together; what
/// is not given is left out of the message), and `now` for the time of creation and, for
/// prescriptions nobody signed, of writing.
///
/// Errors: malformed, invalid, too_long (an overlay does not compile; file, line and column in each
/// issue), internal (a shipped file does not).
Result<std::unique_ptr<mappers::Mapper>> make_mapper(definitions::Definitions& definitions,
                                                     const MapperOptions& options = {});

/// The logical models, maps, tables and examples carried in the binary, named relative to this
/// room.
std::span<const Resource> resources();

/// The shipped maps in the order they are compiled: for `map lint` and for reading them.
std::vector<mapping::MapSource> shipped_maps();

/// The golden cases carried in the program: a few that together run every map. They are run over
/// a site's overlays before those are put to use. Errors: invalid (a shipped file is damaged).
Result<std::vector<mappers::GoldenCase>> shipped_cases();

/// The names of the parameters maps may use.
std::vector<std::string> parameter_names();

/// A prescription-order written for trying things out: every person and organisation is invented,
/// every identifier passes its check.
std::string_view example_prescription_order();

/// The tables of codes the maps translate by, as ConceptMaps. Errors: internal (a shipped file).
Result<std::vector<tree::Document>> code_tables(definitions::Definitions& definitions);

/// Adds the FHIRPath functions the maps use to a table (for `map lint` and overlays' tests).
void add_functions(path::FunctionTable& table);

}  // namespace concord::eps
