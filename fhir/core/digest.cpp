#include "fhir/core/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace concord {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kOther = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kOther);
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(kBase64[i])] = i;
  return values;
}
constexpr auto kBase64Values = base64_values();

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// SHA-256 of one thread, looked up once: the one-shot function of OpenSSL 3 looks the algorithm up
/// in each call, which takes four times as long as hashing a short text.
class Hasher {
 public:
  Hasher() : md_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    ready_ =
        md_ != nullptr && context_ != nullptr && EVP_DigestInit_ex2(context_, md_, nullptr) == 1;
  }
  ~Hasher() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(md_);
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  bool hash(std::string_view bytes, Sha256& digest) {
    ready_ = ready_ && EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1 &&
             EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1 &&
             EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
    return ready_;
  }

 private:
  EVP_MD* md_;
  EVP_MD_CTX* context_;
  bool ready_ = false;
};

}  // namespace

Sha256 sha256(std::string_view bytes) {
  thread_local Hasher hasher;
  Sha256 digest;
  if (hasher.hash(bytes, digest)) return digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  std::array<std::uint8_t, 20> digest;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::array<std::uint8_t, 16> md5(std::string_view bytes) {
  std::array<std::uint8_t, 16> digest{};
  // The one-shot functions of OpenSSL 3 count as deprecated for MD5.
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  return digest;
}

std::string to_hex(const Sha256& digest) {
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return hex;
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const auto at = [&](std::size_t k) -> std::uint32_t {
      return k < left ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const std::uint32_t group = at(0) << 16 | at(1) << 8 | at(2);
    text += kBase64[group >> 18];
    text += kBase64[group >> 12 & 63];
    text += left > 1 ? kBase64[group >> 6 & 63] : '=';
    text += left > 2 ? kBase64[group & 63] : '=';
  }
  return text;
}

Result<std::string> base64_decode(std::string_view text) {
  const auto refuse = [](const char* why) { return make_error(ErrorCode::invalid, why); };
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  char* out = bytes.data();
  std::uint32_t group = 0;
  int digits = 0;
  int padding = 0;
  const auto value_at = [&](std::size_t at) {
    return std::uint32_t{kBase64Values[static_cast<unsigned char>(text[at])]};
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    // Four digits at once wherever a group begins; line ends and padding one by one.
    for (; digits == 0 && padding == 0 && text.size() - at > 4; at += 4, out += 3) {
      const std::uint32_t a = value_at(at), b = value_at(at + 1), c = value_at(at + 2),
                          d = value_at(at + 3);
      if ((a | b | c | d) > 63) break;
      const std::uint32_t whole = a << 18 | b << 12 | c << 6 | d;
      out[0] = static_cast<char>(whole >> 16);
      out[1] = static_cast<char>(whole >> 8);
      out[2] = static_cast<char>(whole);
    }
    const char c = text[at];
    const std::uint8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == kOther) [[unlikely]] {
      if (is_space(c)) continue;
      if (c != '=') return refuse("base64 holds a character outside its alphabet");
      ++padding;
      continue;
    }
    if (padding > 0) return refuse("base64 goes on after its padding");
    group = group << 6 | value;
    if (++digits == 4) {
      *out++ = static_cast<char>(group >> 16);
      *out++ = static_cast<char>(group >> 8);
      *out++ = static_cast<char>(group);
      group = 0;
      digits = 0;
    }
  }
  const int expected_padding = digits == 0 ? 0 : 4 - digits;
  if (digits == 1 || padding != expected_padding) {
    return refuse("base64 is not padded to a multiple of four characters");
  }
  if (digits == 2) {
    if ((group & 15) != 0) return refuse("base64 ends with bits that belong to no byte");
    *out++ = static_cast<char>(group >> 4);
  } else if (digits == 3) {
    if ((group & 3) != 0) return refuse("base64 ends with bits that belong to no byte");
    *out++ = static_cast<char>(group >> 10);
    *out++ = static_cast<char>(group >> 2);
  }
  bytes.resize(static_cast<std::size_t>(out - bytes.data()));
  return bytes;
}

}  // namespace concord
