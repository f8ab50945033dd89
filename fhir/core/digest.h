#pragma once
/// Digests and base64 over OpenSSL. Pure functions, safe from any thread.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

/// For comparing with hashes FHIR asks for (Attachment.hash), never for security.
std::array<std::uint8_t, 20> sha1(std::string_view bytes);

/// For identities others make this way (EPS status updates), never for security.
std::array<std::uint8_t, 16> md5(std::string_view bytes);

/// Lower-case hex.
std::string to_hex(const Sha256& digest);

/// Standard alphabet, padded, no line feeds. Source: RFC 4648 section 4.
std::string base64_encode(std::string_view bytes);

/// White space is skipped (FHIR base64Binary allows it).
/// Errors: invalid (other characters, bad padding or length).
Result<std::string> base64_decode(std::string_view text);

}  // namespace concord
