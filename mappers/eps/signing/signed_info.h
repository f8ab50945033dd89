#pragma once
/// SignedInfo of XML signatures as EPS writes it. Pure functions, safe from any thread.
/// Source: http://www.w3.org/TR/xmldsig-core1/; eps.md section 6, rows 4 and 5.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::eps::signing {

enum class Hash : std::uint8_t { sha1, sha256 };

inline constexpr std::string_view kSignatureNamespace = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view kExclusiveC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Inclusive canonical form: the same bytes for a SignedInfo that stands alone in one namespace.
inline constexpr std::string_view kInclusiveC14n =
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";

/// The names of RSA with that hash, of the hash, and the word of `$prepare` for it.
std::string_view signature_method(Hash hash) noexcept;
std::string_view digest_method(Hash hash) noexcept;
std::string_view algorithm_word(Hash hash) noexcept;

/// The hash a signature method (`…rsa-sha256`, `…rsa-sha1`) or digest method names; nothing for
/// any other.
std::optional<Hash> hash_of_signature_method(std::string_view uri) noexcept;
std::optional<Hash> hash_of_digest_method(std::string_view uri) noexcept;
/// "RS256" or "RS1".
std::optional<Hash> hash_of_algorithm_word(std::string_view word) noexcept;

/// The digest of `bytes`, base64.
std::string digest_of(Hash hash, std::string_view bytes);

/// The SignedInfo over a digest, in its canonical form: what is signed.
std::string signed_info(Hash hash, std::string_view digest);

}  // namespace concord::eps::signing
