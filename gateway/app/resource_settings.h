#pragma once
/// The FHIR server as the configuration asks for it. Pure functions but for reading packages.

#include "fhir/core/result.h"
#include "fhir/search/parameters.h"
#include "gateway/app/checking.h"
#include "gateway/app/config.h"
#include "gateway/app/engine.h"
#include "gateway/resources/service.h"

namespace concord::app {

/// Errors: invalid (fhir.types, fhir.validation or fhir.profiles name a type R4 does not have, or
/// say something else than they may; a profile nobody knows, which no resource could meet; each
/// fault one issue with the key).
Result<resources::Settings> resource_settings(const Config& config,
                                              const definitions::Definitions& definitions,
                                              const Checking& checking);

/// The search parameters of R4 and of the loaded packages. One of a package that cannot be served
/// is left out with an issue in `left_out`. Errors: internal.
Result<search::Parameters> compile_parameters(Engine& engine, const Checking& checking,
                                              const Config& config, std::vector<Issue>& left_out);

}  // namespace concord::app
