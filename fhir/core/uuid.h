#pragma once
/// UUIDs (RFC 4122). Pure but for the generator, which draws from OpenSSL. Safe from any thread.

#include <functional>
#include <string>
#include <string_view>

namespace concord {

/// Makes a new lower-case UUID at each call. Passed in, so that tests can number theirs.
using UuidSource = std::function<std::string()>;

/// Version 4 from OpenSSL's generator, drawn in blocks per thread.
UuidSource random_uuids();

/// The version 5 UUID of `name` within `space` (both any text; `space` is hashed first when it is
/// no UUID). The same arguments give the same UUID, always. Source: RFC 4122 section 4.3.
std::string uuid_v5(std::string_view space, std::string_view name);

/// Eight-four-four-four-twelve hex digits, any case, nothing else.
bool is_uuid(std::string_view text);

/// Whether a UUID occurs anywhere in the text.
bool contains_uuid(std::string_view text);

}  // namespace concord
