#include "gateway/store/sql/body.h"

#include <zstd.h>

#include <memory>

namespace concord::store::sql {

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
    // A context is 600 KB: one for each thread that writes, made once.
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
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  &ZSTD_freeDCtx);
  if (context == nullptr) {
    return make_error(ErrorCode::transient, "the store has no memory left");
  }
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got =
      ZSTD_decompressDCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) {
    return damaged("a payload cannot be decompressed");
  }
  return out;
}

}  // namespace concord::store::sql
