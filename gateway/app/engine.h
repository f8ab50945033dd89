#pragma once
/// What is compiled once at start and knows FHIR: names, definitions, validator, formats. Shared by
/// the service and the commands that work on files.

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/mapping/map_set.h"
#include "fhir/path/function_table.h"
#include "fhir/tree/symbols.h"
#include "mappers/core/golden.h"
#include "mappers/core/mapper.h"
#include "mappers/core/replaceable.h"
#include "mappers/eps/eps.h"
#include "mappers/eps/rules/rules.h"
#include "mappers/eps/signing/trust.h"

namespace concord::app {

/// What a site lays over the shipped maps: a folder with *.map files and, below cases/, a folder
/// for each golden case.
struct Overlays {
  std::vector<mapping::MapSource> maps;    ///< in order of file name
  std::vector<mappers::GoldenCase> cases;  ///< in order of name
};

/// Immutable once loaded, but for the maps, which replace_maps() exchanges as a whole; safe from
/// any thread. Addresses of its parts never change.
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
  /// The same, with all that EPS may be given.
  Result<void> add_mappers(eps::MapperOptions options);

  /// Compiles the shipped maps with those of `overlays` over them, runs the shipped golden cases
  /// and the site's, and only then puts the maps in the place of those in use. Translations that
  /// have begun end with the maps they began with. One call at a time; others wait.
  ///
  /// Errors, each leaving the maps in use as they are: invalid, malformed, too_long (a map does not
  /// compile: file, line, column in each issue; or a case fails: its place, `golden-case`),
  /// too_costly (so many new names that only a start has room for them), internal.
  struct Replaced {
    std::string version;    ///< of the maps now in use
    bool changed = false;   ///< it is another one than before
    std::size_t cases = 0;  ///< that were run
  };
  Result<Replaced> replace_maps(const Overlays& overlays);

  /// Runs the shipped golden cases and the site's over the maps in use. Errors: as replace_maps().
  Result<void> check_cases(const Overlays& overlays) const;

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
  eps::MapperOptions eps_options_;             ///< without overlays
  mappers::ReplaceableMapper* eps_ = nullptr;  ///< in mappers_
  std::mutex replacing_;
};

/// Every *.map file of a folder, in order of name; none for an empty path.
/// Errors: not_found (no such folder), transient (a file cannot be read).
Result<std::vector<mapping::MapSource>> read_maps(const std::filesystem::path& folder);

/// The same with the cases below cases/. Errors: also invalid (a folder that is no case), too_long.
Result<Overlays> read_overlays(const std::filesystem::path& folder);

/// A whole file of at most `limit` bytes; "-" is standard input.
/// Errors: not_found (cannot be read), too_long.
Result<std::string> read_whole(const std::filesystem::path& file, std::size_t limit);

}  // namespace concord::app
