#include "gateway/store/sql/body.h"

#include <zstd.h>

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "fhir/core/resource.h"

namespace concord::sql {
std::span<const Resource> resources();  // generated from dictionaries/*.txt
}

namespace concord::store::sql {

namespace {

constexpr std::size_t kWorthCompressing = 256;
constexpr unsigned long long kLargest = 1ull << 30;
constexpr int kLevel = 1;
/// Longer texts repeat enough of themselves: the dictionary saves them little and doubles the time.
constexpr std::size_t kLong = 4096;
/// Packed::encoding.
constexpr int kAlone = 1;
constexpr int kWithDictionary = 2;

/// Contexts for packing, 600 KB each: the one used last is the next, whichever thread asks, so that
/// a few stay warm in the caches instead of one for each of a hundred threads.
class Contexts {
 public:
  using Owned = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;

  /// Null when there is no memory.
  Owned take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        Owned last = std::move(free_.back());
        free_.pop_back();
        return last;
      }
    }
    return {ZSTD_createCCtx(), &ZSTD_freeCCtx};
  }
  void give(Owned context) {
    if (context == nullptr) return;
    const std::lock_guard lock(mutex_);
    if (free_.size() < kMost) free_.push_back(std::move(context));
  }

 private:
  static constexpr std::size_t kMost = 8;
  std::mutex mutex_;
  std::vector<Owned> free_;
};

Contexts& contexts() {
  static Contexts all;
  return all;
}

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
    packed.bytes.resize(ZSTD_compressBound(bytes.size()));
    const bool alone = bytes.size() >= kLong;
    const ZSTD_CDict* const known = alone ? nullptr : dictionary().making.get();
    Contexts::Owned context = contexts().take();
    std::size_t size = 0;
    if (context != nullptr && alone) {
      size = ZSTD_compressCCtx(context.get(), packed.bytes.data(), packed.bytes.size(),
                               bytes.data(), bytes.size(), kLevel);
    } else if (context != nullptr && known != nullptr) {
      size = ZSTD_compress_usingCDict(context.get(), packed.bytes.data(), packed.bytes.size(),
                                      bytes.data(), bytes.size(), known);
    }
    contexts().give(std::move(context));
    if (size != 0 && ZSTD_isError(size) == 0 && size <= bytes.size() - bytes.size() / 8) {
      packed.bytes.resize(size);
      packed.encoding = alone ? kAlone : kWithDictionary;
      return packed;
    }
  }
  packed.bytes.assign(bytes);
  return packed;
}

Result<std::string> unpack(int encoding, std::string_view bytes) {
  if (encoding == 0) return std::string(bytes);
  if (encoding != kAlone && encoding != kWithDictionary)
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
