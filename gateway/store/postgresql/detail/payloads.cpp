#include "gateway/store/postgresql/detail/payloads.h"

#include "gateway/store/sql/body.h"

namespace concord::store::postgresql {

Result<Payload> payload_at(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) {
    return make_error(ErrorCode::internal, "the store is damaged: a payload is missing");
  }
  Payload payload;
  CONCORD_ASSIGN(payload.bytes, sql::unpack(static_cast<int>(rows.integer(row, column)),
                                            rows.view(row, column + 1)));
  payload.content_type = rows.text(row, column + 2);
  CONCORD_ASSIGN(payload.digest, rows.digest(row, column + 3));
  if (sha256(payload.bytes) != payload.digest) {
    return make_error(ErrorCode::internal,
                      "the store is damaged: a payload does not have its digest");
  }
  return payload;
}

}  // namespace concord::store::postgresql
