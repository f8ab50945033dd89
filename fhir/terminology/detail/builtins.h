#pragma once
/// Code systems the program knows by itself: grammars, and the tables of ICU. Internal to the room.

#include <memory>
#include <string_view>

#include "fhir/terminology/code_system.h"

namespace concord::terminology::detail {

/// The built-in system of that url, made anew; null when there is none.
///   urn:ietf:bcp:13  MIME types, by the syntax of RFC 6838 and the registered top-level types
///   urn:ietf:bcp:47  language tags, by syntax; ISO 639-1 languages and regions by ICU's tables
///   urn:ietf:rfc:3986  URIs; urn:oid: and urn:uuid: have their form
///   http://unitsofmeasure.org  UCUM
///   urn:iso:std:iso:3166  countries: two and three letters, three digits (ICU)
///   urn:iso:std:iso:4217  currencies (ICU)
///   https://www.iana.org/time-zones  time zones (ICU)
std::unique_ptr<const CodeSystem> built_in(std::string_view url);

/// Systems that are known but come as a release of their own.
bool needs_release(std::string_view url) noexcept;

bool is_mime_type(std::string_view text) noexcept;
bool is_language_tag(std::string_view text);
bool is_absolute_uri(std::string_view text) noexcept;

}  // namespace concord::terminology::detail
