#pragma once
/// What is compiled once at start and knows FHIR: names, definitions, validator, formats. Shared by
/// the service and the commands that work on files.

#include <filesystem>
#include <memory>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/mapping/map_set.h"
#include "fhir/path/function_table.h"
#include "fhir/tree/symbols.h"
#include "mappers/core/mapper.h"
#include "mappers/eps/rules/rules.h"
#include "mappers/eps/signing/trust.h"

namespace concord::app {

/// Immutable once loaded; safe from any thread. Addresses of its parts never change.
class Engine {
 public:
  /// Names and R4 only: what `validate` and `fhirpath` need.
  /// Errors: internal (the definitions carried in the program do not fit it).
  static Result<std::unique_ptr<Engine>> load();

  /// Adds every format, EPS with the maps of `eps_overlays` laid over its own and signatures
  /// trusted as `eps_trust` says (empty: chains are not judged), with the business rules that
  /// `asking` says.
  /// Errors: invalid, malformed (an overlay does not compile; file, line, column), internal.
  Result<void> add_mappers(const std::vector<mapping::MapSource>& eps_overlays,
                           eps::TrustSource eps_trust = {},
                           eps::Asking asking = eps::Asking::translation);

  tree::Symbols& symbols() noexcept { return *symbols_; }
  definitions::Definitions& definitions() noexcept { return *definitions_; }
  const mappers::Mappers& mappers() const noexcept { return mappers_; }
  const path::FunctionTable& functions() const noexcept { return functions_; }

 private:
  Engine() = default;
  std::unique_ptr<tree::Symbols> symbols_ = std::make_unique<tree::Symbols>();
  std::unique_ptr<definitions::Definitions> definitions_;
  path::FunctionTable functions_ = path::FunctionTable::standard();
  mappers::Mappers mappers_;
};

/// Every *.map file of a folder, in order of name; none for an empty path.
/// Errors: not_found (no such folder), transient (a file cannot be read).
Result<std::vector<mapping::MapSource>> read_maps(const std::filesystem::path& folder);

/// A whole file of at most `limit` bytes; "-" is standard input.
/// Errors: not_found (cannot be read), too_long.
Result<std::string> read_whole(const std::filesystem::path& file, std::size_t limit);

}  // namespace concord::app
