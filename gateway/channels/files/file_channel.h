#pragma once
/// Delivers by leaving files in a folder somebody else empties.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "gateway/channels/channel.h"

namespace concord::channels::files {

/// Where the files of a destination go.
struct DropFolder {
  std::filesystem::path folder;  ///< must exist; every file in it is whole
  std::string suffix = ".xml";   ///< of the names; begins with a dot
};

/// Called before each step that changes the disk, with its name: "create", "write", "sync",
/// "publish", "sync folder", "remove". For crash tests.
using StepHook = std::function<void(std::string_view step)>;

/// A channel of the name "files". One file for each item, `<item>_<message id><suffix>`, with
/// whatever is no letter, digit or hyphen of the ids replaced. It is written under a name that
/// begins with a dot and ends with ".tmp", synced, given its name only if nobody has that name yet
/// (a hard link), and the folder is synced: whoever lists the folder sees whole files only, and
/// after `answered` the file survives a power cut.
///
/// The same bytes under that name already: answered, they were left by an earlier attempt. Other
/// bytes: turned_away, nothing is overwritten. No space, no folder, no right: not_sent. When
/// syncing failed after the name was given: unknown. A receiver that takes files away must do so by
/// rename or after reading; one that took the file before a crash of ours gets it again under the
/// same name.
///
/// Source: POSIX link(2), fsync(2); reliability.md P1, P2.
/// Errors: invalid (a suffix without a dot or with a slash, an empty folder).
Result<std::unique_ptr<Channel>> make_channel(std::map<std::string, DropFolder> folders,
                                              StepHook on_step = {});

}  // namespace concord::channels::files
