#include "gateway/http/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <optional>

namespace concord::http {
namespace {

/// Window of 32 KiB; 16 more: the gzip frame instead of zlib's.
constexpr int kWindow = 15;
constexpr int kGzipFrame = 16;
constexpr std::size_t kPiece = std::size_t{64} << 10;
/// Most of what there is to gain at a third of the time of zlib's own choice.
constexpr int kLevel = 3;
constexpr int kMemory = 8;

bool same(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

class Inflater {
 public:
  explicit Inflater(int window) { ready_ = inflateInit2(&stream_, window) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> run(std::string& packed, const InflateLimits& limits) {
    if (!ready_) return make_error(ErrorCode::internal, "a compressed body cannot be read now");
    const std::size_t most =
        std::min(limits.max_bytes, std::max(limits.free_bytes, packed.size() * limits.max_ratio));
    stream_.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    while (true) {
      const std::size_t had = out.size();
      // One byte over the bound is enough to know.
      const std::size_t room = std::min(kPiece, most + 1 - had);
      out.resize(had + room);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream_.avail_out = static_cast<uInt>(room);
      const int end = inflate(&stream_, Z_NO_FLUSH);
      out.resize(had + room - stream_.avail_out);
      if (out.size() > most) {
        return make_error(ErrorCode::too_long, "the body is too long once it is unpacked",
                          "http.content-encoding");
      }
      if (end == Z_STREAM_END) break;
      if (end != Z_OK || (stream_.avail_in == 0 && stream_.avail_out != 0)) return damaged();
    }
    if (stream_.avail_in != 0) return damaged();
    return out;
  }

 private:
  static Error damaged() {
    return make_error(ErrorCode::malformed, "the body is not what its Content-Encoding says",
                      "http.content-encoding");
  }

  z_stream stream_{};
  bool ready_ = false;
};

/// The weight of one entry in thousandths; nothing when it is not a weight.
std::optional<int> weight(std::string_view parameters) noexcept {
  parameters = trimmed(parameters);
  if (parameters.empty()) return 1000;
  if (parameters.size() < 3 || !same(parameters.substr(0, 2), "q=")) return std::nullopt;
  const std::string_view q = parameters.substr(2);
  if ((q[0] != '0' && q[0] != '1') || q.size() > 5 || (q.size() > 1 && q[1] != '.')) {
    return std::nullopt;
  }
  int value = (q[0] - '0') * 1000, unit = 100;
  for (const char c : q.substr(std::min<std::size_t>(2, q.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return std::min(value, 1000);
}

}  // namespace

Result<std::string> decode_content(std::string body, std::string_view content_encoding,
                                   const InflateLimits& limits) {
  const std::string_view coding = trimmed(content_encoding);
  if (coding.empty() || same(coding, "identity")) return body;
  const bool is_gzip = same(coding, "gzip") || same(coding, "x-gzip");
  if (!is_gzip && !same(coding, "deflate")) {
    return make_error(ErrorCode::unsupported,
                      "bodies are read plain, or packed once as gzip or deflate",
                      "http.content-encoding");
  }
  if (body.size() > std::numeric_limits<uInt>::max() / 2) {
    return make_error(ErrorCode::too_long, "the body is too long", "http.content-encoding");
  }
  try {
    return Inflater(is_gzip ? kWindow + kGzipFrame : kWindow).run(body, limits);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "out of memory");
  }
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<int> gzip, any, identity;
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    const std::string_view entry = trimmed(accept_encoding.substr(0, comma));
    accept_encoding.remove_prefix(comma == std::string_view::npos ? accept_encoding.size()
                                                                  : comma + 1);
    const std::size_t semicolon = entry.find(';');
    const std::string_view name = trimmed(entry.substr(0, semicolon));
    const auto q = weight(semicolon == std::string_view::npos ? std::string_view{}
                                                              : entry.substr(semicolon + 1));
    if (!q) continue;
    if (same(name, "gzip") || same(name, "x-gzip")) gzip = std::max(gzip.value_or(0), *q);
    if (name == "*") any = q;
    if (same(name, "identity")) identity = q;
  }
  const int wanted = gzip.value_or(any.value_or(0));
  return wanted > 0 && wanted >= identity.value_or(0);
}

Result<std::string> gzip(std::string_view bytes) {
  const Error failed = make_error(ErrorCode::internal, "the answer cannot be packed");
  if (bytes.size() > std::numeric_limits<uInt>::max() / 2) return failed;
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kWindow + kGzipFrame, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return failed;
  }
  std::string out;
  int end = Z_MEM_ERROR;
  try {
    out.resize(deflateBound(&stream, static_cast<uLong>(bytes.size())));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    end = deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
  } catch (const std::bad_alloc&) {
    end = Z_MEM_ERROR;
  }
  deflateEnd(&stream);
  if (end != Z_STREAM_END) return failed;
  return out;
}

}  // namespace concord::http
