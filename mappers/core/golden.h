#pragma once
/// Golden cases: a message, and what a format must make of it. They lie beside the maps, ours
/// carried in the program and a site's in a folder, and are run before maps are put to use.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/resource.h"
#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "mappers/core/mapper.h"

namespace concord::mappers {

/// One folder:
///
///     cases/<name>/input.json | input.xml      the message; FHIR, or of the format
///                  expected.xml                FHIR → format: the bytes
///                  expected.json               format → FHIR: the resource, two spaces a level
///                  expected.txt                a refusal: "<code>", then "<detail code> <path>"
///                  lines parameters.txt              name=value lines, `now` among them; # is a
///                  comment
///
/// A line feed at the end of an expected file does not count.
struct GoldenCase {
  std::string name;   ///< of the folder
  std::string place;  ///< where it lies, for people
  std::string input_file, input;
  std::string expected_file, expected;  ///< empty name: there is none yet
  Parameters parameters;
};

/// What a case gave.
struct GoldenResult {
  bool passed = false;
  std::string file;      ///< "expected.xml" …: of what kind `got` is
  std::string got;       ///< with a line feed at the end
  std::size_t line = 0;  ///< the first line that differs; 0: none
};

/// The cases among files named "cases/<name>/<file>" (other files are left alone), by name.
/// `place` goes before each name. Errors: invalid (no input, two of a kind, a line of
/// parameters.txt that is none).
Result<std::vector<GoldenCase>> golden_cases(std::span<const Resource> files,
                                             std::string_view place);

/// `ours` with every case of `site` added, or put in the place of ours of the same name: how a site
/// says that its overlay changes what we expect.
std::vector<GoldenCase> with_site_cases(std::vector<GoldenCase> ours, std::vector<GoldenCase> site);

/// Runs a case. FHIR input is translated to the format, other input from it.
GoldenResult run_golden_case(const GoldenCase& golden, const Mapper& mapper,
                             const definitions::Definitions& definitions);

/// Runs all. Errors: invalid, one issue for each case that fails: expression = its place, text
/// names the file and the first line that differs, never what stands there.
Result<void> check_golden_cases(std::span<const GoldenCase> cases, const Mapper& mapper,
                                const definitions::Definitions& definitions);

}  // namespace concord::mappers
