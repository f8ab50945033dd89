#pragma once
/// TestScripts from files. One thread.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "conformance/runner/script.h"
#include "conformance/runner/standard.h"

namespace concord::runner {

/// Reads a TestScript (JSON or XML) and checks it against R4 and its invariants tst-1 to tst-13.
/// What is wrong stands in Script::issues, with line and column; an action that breaks an invariant
/// carries the reason in Action::fault and is not run. The dialect of http://ignixa.io/testscript/
/// is read as it is: whole resources in fixtures, extensions, what R4 requires and it leaves out.
///
/// Errors: malformed, too_long (not readable at all), invalid (no TestScript).
Result<Script> load(std::string text, const std::filesystem::path& file, Standard& standard);

/// The same with the file. Errors: not_found, and those above.
Result<Script> load_file(const std::filesystem::path& file, Standard& standard);

/// The TestScripts among `places`, sorted by path: files as named, and of folders every .json and
/// .xml below them that holds a TestScript.
/// Errors: not_found (no such file or folder).
Result<std::vector<std::filesystem::path>> find_scripts(
    std::span<const std::filesystem::path> places);

/// A whole file. Errors: not_found, too_long (over 64 MiB).
Result<std::string> read_file(const std::filesystem::path& file);

}  // namespace concord::runner
