// concord map diff: what overlays change in the shipped maps, rule by rule.
#include <ostream>

#include "fhir/mapping/overlay_diff.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/map_work.h"

namespace concord::app {
namespace {

struct Options {
  MapWorkOptions work;
  bool json = false;
};

int diff(const Options& options, Streams& streams) {
  const auto stop = [&](const Error& error) {
    print_error(streams.err, "", error);
    return kFailed;
  };
  const auto overlays = overlays_from(options.work);
  if (!overlays) return stop(overlays.error());
  const std::vector<mapping::MapSource> sources = layered_maps(*overlays);
  const auto changes = mapping::overlay_changes(sources, sources.size() - overlays->maps.size());
  if (!changes) return stop(changes.error());
  streams.out << (options.json ? mapping::changes_json_lines(*changes)
                               : mapping::changes_text(*changes));
  if (!options.json && changes->empty()) streams.out << "no change\n";
  return kDone;
}

}  // namespace

void register_map_diff(commands::Table& table) {
  CLI::App& below = table.add(
      "diff",
      "Show what overlays change in the shipped maps: groups replaced or added, and in each the "
      "rules removed, added and changed, with both texts",
      "concord map diff --overlays overlays", table.find("map"));
  const auto options = std::make_shared<Options>();
  add_overlay_options(below, options->work);
  below.add_flag("--json", options->json, "JSON lines");
  table.on(below, [options](Streams& streams) { return diff(*options, streams); });
}

}  // namespace concord::app
