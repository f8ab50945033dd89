#pragma once
/// Bytes as both stores keep them: one zstd frame where that saves an eighth. CPU only, safe from
/// any thread; work it before the transaction.

#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::store::sql {

/// Bytes as they are kept.
struct Packed {
  int encoding = 0;  ///< 0: as they are, 1: one zstd frame
  std::string bytes;
};

Packed pack(std::string_view bytes);

/// Errors: internal (not what pack() made, or more than 1 GB).
Result<std::string> unpack(int encoding, std::string_view bytes);

}  // namespace concord::store::sql
