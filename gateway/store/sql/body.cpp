#include "gateway/store/sql/body.h"

#include <zstd.h>

#include <memory>
#include <span>

#include "fhir/core/resource.h"

namespace concord::sql {
std::span<const Resource> resources();  // generated from dictionaries/*.txt
}

namespace concord::store::sql {

namespace {

constexpr std::size_t kWorthCompressing = 256;
constexpr unsigned long long kLargest = 1ull << 30;
constexpr int kLevel = 1;
constexpr int kWithDictionary = 2;  // Packed::encoding

/// fhir_1, digested once for both ways; read by all threads.
struct Dictionary {
  Dictionary() {
    const std::string_view text = concord::sql::resources().front().bytes;
    making.reset(ZSTD_createCDict(text.data(), text.size(), kLevel));
    reading.reset(ZSTD_createDDict(text.data(), text.size()));
  }
  std::unique_ptr<ZSTD_CDict, decltype(&ZSTD_freeCDict)> making{nullptr, &ZSTD_freeCDict};
  std::unique_ptr<ZSTD_DDict, decltype(&ZSTD_freeDDict)> reading{nullptr, &ZSTD_freeDDict};
};

const Dictionary& dictionary() {
  static const Dictionary digested;
  return digested;
}

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
    const ZSTD_CDict* const known = dictionary().making.get();
    const std::size_t size =
        context == nullptr || known == nullptr
            ? 0
            : ZSTD_compress_usingCDict(context.get(), packed.bytes.data(), packed.bytes.size(),
                                       bytes.data(), bytes.size(), known);
    if (size != 0 && ZSTD_isError(size) == 0 && size <= bytes.size() - bytes.size() / 8) {
      packed.bytes.resize(size);
      packed.encoding = kWithDictionary;
      return packed;
    }
  }
  packed.bytes.assign(bytes);
  return packed;
}

Result<std::string> unpack(int encoding, std::string_view bytes) {
  if (encoding == 0) return std::string(bytes);
  if (encoding != 1 && encoding != kWithDictionary)
    return damaged("a payload has an unknown encoding");
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kLargest) {
    return damaged("a payload cannot be decompressed");
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  &ZSTD_freeDCtx);
  const ZSTD_DDict* const known =
      encoding == kWithDictionary ? dictionary().reading.get() : nullptr;
  if (context == nullptr || (known == nullptr && encoding == kWithDictionary)) {
    return make_error(ErrorCode::transient, "the store has no memory left");
  }
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress_usingDDict(context.get(), out.data(), out.size(),
                                                     bytes.data(), bytes.size(), known);
  if (ZSTD_isError(got) != 0 || got != out.size()) {
    return damaged("a payload cannot be decompressed");
  }
  return out;
}

}  // namespace concord::store::sql
