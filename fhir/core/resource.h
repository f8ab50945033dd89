#pragma once
/// Files carried inside the binary: maps, models, definitions, default configuration.

#include <cstddef>
#include <span>
#include <string_view>

namespace concord {

/// One file: its path relative to its room ("maps/parent_prescription.map") and its bytes, which
/// are constant, 16-byte aligned and followed by a zero byte.
struct Resource {
  std::string_view name;
  std::string_view bytes;
};

}  // namespace concord
