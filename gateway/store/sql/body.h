#pragma once
/// Bytes as both stores keep them: one zstd frame where that saves an eighth. Up to 4 KB the frame is
/// made with a dictionary of what FHIR resources usually hold (dictionaries/fhir_1.txt), which halves
/// it once more and takes a third of the time; longer texts gain nothing by it. A dictionary is part of every store made with it: it is never
/// edited, a better one gets the next number. CPU only, safe from any thread; work it before the
/// transaction.

#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::store::sql {

/// Bytes as they are kept.
struct Packed {
  int encoding = 0;  ///< 0: as they are, 1: one zstd frame, 2: one made with dictionary fhir_1
  std::string bytes;
};

Packed pack(std::string_view bytes);

/// Errors: internal (not what pack() made, or more than 1 GB).
Result<std::string> unpack(int encoding, std::string_view bytes);

}  // namespace concord::store::sql
