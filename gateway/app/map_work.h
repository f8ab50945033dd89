#pragma once
/// What the commands of `concord map` share: one message taken through its format, with the maps of
/// a site laid over ours, every step noted.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/record.h"
#include "gateway/app/command_line.h"
#include "gateway/app/engine.h"

namespace concord::app {

struct MapWorkOptions {
  std::vector<std::string> files;  ///< maps laid over the shipped ones, in order
  std::string overlays;            ///< folder of more, before them
  std::string source = "-";        ///< the message; "-" is standard input
  std::string now;
  std::vector<std::string> set;
};

/// Adds the options to a command.
void add_map_options(CLI::App& command, MapWorkOptions& options);
/// Those that need no message: files and --overlays.
void add_overlay_options(CLI::App& command, MapWorkOptions& options);

/// Parameters of a format from --now and --set. Errors: invalid.
Result<mappers::Parameters> parameters_from(const std::string& now,
                                            const std::vector<std::string>& set);

/// The folder's overlays, then the files. Errors: those of read_overlays() and read_whole().
Result<Overlays> overlays_from(const MapWorkOptions& options);

/// The shipped maps and those over them, in the order they are compiled. The first
/// shipped_maps().size() are ours.
std::vector<mapping::MapSource> layered_maps(const Overlays& overlays);

/// A message that was read: of FHIR (then `fhir`), or of a format.
struct MapMessage {
  std::string text;
  std::optional<tree::Document> fhir;  ///< annotated
  const mappers::Mapper* mapper = nullptr;
};

/// Reads it and finds its format. Errors: not_found, too_long, malformed, unsupported.
Result<MapMessage> read_message(Engine& engine, const std::string& source);

/// A message on its way through the maps. The way of FHIR is to its format, that of any other
/// message to FHIR.
class MapWork {
 public:
  /// Errors: overlays that do not compile, a message that cannot be read or has no format. A
  /// translation that stops is no error: see stopped().
  static Result<std::unique_ptr<MapWork>> run(const MapWorkOptions& options);

  /// Every run of the maps there was; at least one.
  const std::vector<mapping::RunRecord>& runs() const { return recorder_.runs(); }
  /// Why the translation stopped, when it did.
  const std::optional<Error>& stopped() const { return stopped_; }
  /// The text of a rule's first lines as it stands in its file, on one line; "" when it is unknown.
  std::string rule_text(const mapping::RuleRow& rule) const;

 private:
  MapWork() = default;
  std::unique_ptr<Engine> engine_;
  std::vector<mapping::MapSource> sources_;
  MapMessage message_;
  mapping::RunRecorder recorder_;
  std::optional<Error> stopped_;
};

/// `group "rule" (file:line:column)`.
std::string told(const mapping::RuleRow& rule);

}  // namespace concord::app
