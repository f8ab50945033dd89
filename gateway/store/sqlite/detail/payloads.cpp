#include "gateway/store/sqlite/detail/payloads.h"

#include <zstd.h>

#include <memory>

namespace concord::store::sqlite {

namespace {

constexpr std::size_t kWorthCompressing = 256;
constexpr unsigned long long kLargest = 1ull << 30;
constexpr int kLevel = 1;

Error damaged(std::string_view what) {
  return make_error(ErrorCode::internal, "the store is damaged: " + std::string(what));
}

}  // namespace

Packed pack(std::string_view bytes) {
  Packed packed;
  if (bytes.size() >= kWorthCompressing) {
    // A context is 600 KB: one for each thread that accepts or settles, made once.
    thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(
        ZSTD_createCCtx(), &ZSTD_freeCCtx);
    packed.bytes.resize(ZSTD_compressBound(bytes.size()));
    const std::size_t size =
        context == nullptr
            ? 0
            : ZSTD_compressCCtx(context.get(), packed.bytes.data(), packed.bytes.size(),
                                bytes.data(), bytes.size(), kLevel);
    if (size != 0 && ZSTD_isError(size) == 0 && size <= bytes.size() - bytes.size() / 8) {
      packed.bytes.resize(size);
      packed.encoding = 1;
      return packed;
    }
  }
  packed.bytes.assign(bytes);
  return packed;
}

Result<std::string> unpack(int encoding, std::string_view bytes) {
  if (encoding == 0) return std::string(bytes);
  if (encoding != 1) return damaged("a payload has an unknown encoding");
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kLargest) {
    return damaged("a payload cannot be decompressed");
  }
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) {
    return damaged("a payload cannot be decompressed");
  }
  return out;
}

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
