#pragma once
/// Message bytes read back: decompressed and checked.

#include <string>
#include <string_view>

#include "gateway/store/postgresql/detail/values.h"

namespace concord::store::postgresql {

struct Payload {
  std::string bytes;
  std::string content_type;
  Sha256 digest{};
};

/// The columns payload_at() reads, of a table or join named p.
inline constexpr std::string_view kPayloadColumns = "p.encoding, p.bytes, p.content_type, p.digest";

/// Reads kPayloadColumns from `column` on. Errors: internal (absent, damaged).
Result<Payload> payload_at(const Rows& rows, int row, int column);

}  // namespace concord::store::postgresql
