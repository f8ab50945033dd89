// Packed bodies from the network: what comes out is bounded, and packing it again gives it back;
// the fields that ask for it are read without fault.
// DEPENDS gateway/http

#include "gateway/http/content_coding.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/http/http_date.h"

using namespace concord;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'a') {
    static_cast<void>(http::accepts_gzip(input));
    if (const auto at = http::parse_http_date(input)) {
      // What is a date is written as the same one.
      if (http::parse_http_date(http::format_http_date(*at)) != at) std::abort();
    }
    return 0;
  }
  http::InflateLimits limits;
  limits.max_bytes = 100'000;
  limits.free_bytes = 10'000;
  const auto plain = http::decode_content(input, data[0] == 'd' ? "deflate" : "gzip", limits);
  if (!plain) return 0;
  if (plain->size() > limits.max_bytes) std::abort();
  if (plain->size() > std::max(limits.free_bytes, input.size() * limits.max_ratio)) std::abort();
  const auto packed = http::gzip(*plain);
  if (!packed) std::abort();
  http::InflateLimits wide;
  wide.max_ratio = 2000;
  const auto again = http::decode_content(*packed, "gzip", wide);
  if (!again || *again != *plain) std::abort();
  return 0;
}
