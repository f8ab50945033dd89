#pragma once
/// Message bytes in the store: compressed where that pays, checked when read.

#include <string>
#include <string_view>

#include "gateway/store/sql/body.h"
#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

using sql::pack;
using sql::Packed;
using sql::unpack;

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
