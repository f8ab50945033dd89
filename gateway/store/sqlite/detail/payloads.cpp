#include "gateway/store/sqlite/detail/payloads.h"

namespace concord::store::sqlite {

namespace {

Error damaged(std::string_view what) {
  return make_error(ErrorCode::internal, "the store is damaged: " + std::string(what));
}

}  // namespace

Result<std::int64_t> insert_payload(Connection& db, const Packed& packed, const Sha256& digest,
                                    std::string_view content_type) {
  CONCORD_TRY(
      db.run("INSERT INTO payload (digest, content_type, encoding, bytes) VALUES (?, ?, ?, ?)",
             Blob(digest), content_type, packed.encoding, Blob(packed.bytes)));
  return db.last_id();
}

Result<Payload> read_payload(Connection& db, std::int64_t id) {
  CONCORD_ASSIGN(
      Query row,
      db.query("SELECT encoding, bytes, content_type, digest FROM payload WHERE id = ?", id));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found) return damaged("a payload is missing");
  Payload payload;
  CONCORD_ASSIGN(payload.bytes, unpack(static_cast<int>(row.integer(0)), row.view(1)));
  payload.content_type = row.text(2);
  CONCORD_ASSIGN(payload.digest, row.digest(3));
  if (sha256(payload.bytes) != payload.digest) {
    return damaged("a payload does not have its digest");
  }
  return payload;
}

}  // namespace concord::store::sqlite
