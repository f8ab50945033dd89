// concord map test: golden cases over maps and overlays.
#include <filesystem>
#include <fstream>
#include <ostream>

#include "gateway/app/commands/registry.h"
#include "gateway/app/line_diff.h"
#include "gateway/app/map_work.h"
#include "mappers/eps/eps.h"

namespace concord::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  bool update = false;
  bool alone = false;
};

Result<void> write_file(const fs::path& file, std::string_view text) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (out.flush()) return {};
  return make_error(ErrorCode::not_found, "cannot write " + file.string());
}

/// Puts what a case gives beside the site's maps. Of a shipped case that is a copy with all its
/// files: from then on it stands in the shipped one's place.
Result<void> accept(const Options& options, const mappers::GoldenCase& golden,
                    const mappers::GoldenResult& result) {
  const fs::path folder = fs::path(options.folder) / "cases" / golden.name;
  if (!fs::exists(folder / golden.input_file)) {
    CONCORD_TRY(write_file(folder / golden.input_file, golden.input));
    std::string parameters = "now=" + format_instant(golden.parameters.now) + '\n';
    for (const auto& [name, value] : golden.parameters.values)
      parameters += name + '=' + value + '\n';
    CONCORD_TRY(write_file(folder / "parameters.txt", parameters));
  } else if (!golden.expected_file.empty() && golden.expected_file != result.file) {
    std::error_code failed;
    fs::remove(folder / golden.expected_file, failed);
  }
  return write_file(folder / result.file, result.got);
}

Result<bool> test(const Options& options, Streams& streams) {
  CONCORD_ASSIGN(const Overlays overlays, read_overlays(options.folder));
  CONCORD_ASSIGN(auto engine, Engine::load());
  CONCORD_TRY(engine->add_mappers(overlays.maps));
  std::vector<mappers::GoldenCase> cases = overlays.cases;
  if (!options.alone) {
    CONCORD_ASSIGN(auto shipped, eps::shipped_cases());
    cases = mappers::with_site_cases(std::move(shipped), overlays.cases);
  }
  const mappers::Mapper& mapper = *engine->mappers().find("eps");
  std::size_t failed = 0, updated = 0;
  for (const mappers::GoldenCase& golden : cases) {
    const mappers::GoldenResult result =
        mappers::run_golden_case(golden, mapper, engine->definitions());
    if (result.passed) {
      streams.out << "pass  " << golden.place << '\n';
      continue;
    }
    if (options.update) {
      CONCORD_TRY(accept(options, golden, result));
      streams.out << "new   " << golden.place << '/' << result.file << '\n';
      ++updated;
      continue;
    }
    ++failed;
    streams.out << "FAIL  " << golden.place;
    if (golden.expected_file.empty()) {
      streams.out << ": no expected file yet (--update writes it)\n";
    } else if (golden.expected_file != result.file) {
      streams.out << ": " << golden.expected_file << " was expected, this is " << result.file
                  << '\n'
                  << result.got;
    } else {
      streams.out << '/' << golden.expected_file << '\n' << line_diff(golden.expected, result.got);
    }
  }
  streams.out << cases.size() << " cases, " << failed << " failed";
  if (updated > 0) streams.out << ", " << updated << " rewritten: read the difference";
  streams.out << '\n';
  return failed == 0;
}

}  // namespace

void register_map_test(commands::Table& table) {
  CLI::App& below =
      table.add("test",
                "Run the golden cases, ours and those in cases/ of a folder, with the folder's "
                "maps laid over "
                "the shipped ones; print what differs line by line. A reload runs the same cases",
                "mkdir -p /tmp/site && concord map test /tmp/site", table.find("map"));
  const auto options = std::make_shared<Options>();
  below.add_option("folder", options->folder, "Folder with *.map and cases/<name>/")->required();
  below.add_flag("--update", options->update,
                 "Write what cases give as what they expect; one of ours is copied first and then "
                 "stands in its place");
  below.add_flag("--alone", options->alone, "Without the cases carried in the program");
  table.on(below, [options](Streams& streams) -> int {
    const auto passed = test(*options, streams);
    if (passed) return *passed ? kDone : kFailed;
    print_error(streams.err, options->folder, passed.error());
    return kFailed;
  });
}

}  // namespace concord::app
