#pragma once
/// Message bytes in the store: compressed where that pays, checked when read.

#include <string>
#include <string_view>

#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Bytes as they are kept.
struct Packed {
  int encoding = 0;  ///< 0: as they are, 1: one zstd frame
  std::string bytes;
};

/// Compresses when that saves at least an eighth. CPU only: call it before the transaction.
Packed pack(std::string_view bytes);

/// Errors: internal (not what pack() made, or larger than any message may be).
Result<std::string> unpack(int encoding, std::string_view bytes);

/// Writes a row and gives its id.
Result<std::int64_t> insert_payload(Connection& db, const Packed& packed, const Sha256& digest,
                                    std::string_view content_type);

struct Payload {
  std::string bytes;
  std::string content_type;
  Sha256 digest{};
};

/// Errors: internal (absent, damaged).
Result<Payload> read_payload(Connection& db, std::int64_t id);

}  // namespace concord::store::sqlite
