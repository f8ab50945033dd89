#pragma once
/// Numbers and texts as bytes: seven bits a byte, the lowest first, the eighth says that more
/// follow. Internal to the room. Pure functions.

#include <cstdint>
#include <string>
#include <string_view>

namespace concord::mapping::varint {

inline void append(std::string& to, std::uint64_t number) {
  while (number >= 0x80) {
    to += static_cast<char>((number & 0x7F) | 0x80);
    number >>= 7;
  }
  to += static_cast<char>(number);
}

inline void append_text(std::string& to, std::string_view text) {
  append(to, text.size());
  to += text;
}

/// Small numbers of either sign become small numbers.
constexpr std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

/// Reads them back. Once something is missing it stays not good() and gives zeros.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool good() const noexcept { return good_; }
  bool at_end() const noexcept { return left_.empty(); }
  void fail() noexcept { good_ = false; }

  bool skip(std::string_view mark) {
    if (!left_.starts_with(mark)) good_ = false;
    if (good_) left_.remove_prefix(mark.size());
    return good_;
  }
  std::string_view take(std::size_t bytes) {
    if (bytes > left_.size()) good_ = false;
    if (!good_) return {};
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; good_ && shift < 64; shift += 7) {
      const std::string_view one = take(1);
      if (one.empty()) return 0;
      const auto byte = static_cast<unsigned char>(one.front());
      number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    good_ = false;
    return 0;
  }
  std::string_view text() { return take(number()); }

 private:
  std::string_view left_;
  bool good_ = true;
};

}  // namespace concord::mapping::varint
