#include "fhir/core/uuid.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace concord {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr std::size_t kLength = 36;
constexpr bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string to_text(Bytes bytes, std::uint8_t version) {
  constexpr char kHex[] = "0123456789abcdef";
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | version << 4);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string text(kLength, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_hyphen_place(at)) ++at;
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 15];
  }
  return text;
}

Bytes from_text(std::string_view uuid) {
  Bytes bytes{};
  std::size_t digit = 0;
  for (const char c : uuid) {
    if (c == '-') continue;
    auto& byte = bytes[digit / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | hex_value(c));
    ++digit;
  }
  return bytes;
}

Bytes hash(const Bytes& space, std::string_view name) {
  std::string input(reinterpret_cast<const char*>(space.data()), space.size());
  input += name;
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data());
  Bytes bytes;
  std::memcpy(bytes.data(), digest.data(), bytes.size());
  return bytes;
}

/// Random bytes of one thread, drawn from OpenSSL 4 KiB at a time and used once.
class RandomBlock {
 public:
  Bytes next() {
    if (used_ + sizeof(Bytes) > block_.size()) {
      // Without randomness nothing may go on: ids would repeat.
      if (RAND_bytes(block_.data(), static_cast<int>(block_.size())) != 1) std::abort();
      used_ = 0;
    }
    Bytes bytes;
    std::memcpy(bytes.data(), block_.data() + used_, bytes.size());
    std::memset(block_.data() + used_, 0, bytes.size());
    used_ += sizeof(Bytes);
    return bytes;
  }

 private:
  std::array<std::uint8_t, 4096> block_{};
  std::size_t used_ = sizeof block_;
};

}  // namespace

UuidSource random_uuids() {
  return [] {
    thread_local RandomBlock block;
    return to_text(block.next(), 4);
  };
}

std::string uuid_v5(std::string_view space, std::string_view name) {
  const Bytes root = is_uuid(space) ? from_text(space) : hash(Bytes{}, space);
  return to_text(hash(root, name), 5);
}

bool is_uuid(std::string_view text) {
  if (text.size() != kLength) return false;
  for (std::size_t i = 0; i < kLength; ++i) {
    if (is_hyphen_place(i) ? text[i] != '-' : hex_value(text[i]) < 0) return false;
  }
  return true;
}

bool contains_uuid(std::string_view text) {
  for (std::size_t at = 8; (at = text.find('-', at)) != std::string_view::npos; ++at) {
    if (is_uuid(text.substr(at - 8, kLength))) return true;
  }
  return false;
}

}  // namespace concord
