// Hop 1: bytes within the limits, in an encoding we read. Hop 2: from somebody we know.
#include <algorithm>
#include <optional>

#include "gateway/exchange/hops.h"

namespace concord::exchange {

namespace {

std::string lower_trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  std::string value(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  std::transform(value.begin(), value.end(), value.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return value;
}

std::optional<Encoding> encoding_of(std::string_view media_type) {
  const std::string name = lower_trimmed(media_type.substr(0, media_type.find(';')));
  if (name == "application/fhir+json" || name == "application/json" || name == "text/json") {
    return Encoding::json;
  }
  if (name == "application/fhir+xml" || name == "application/xml" || name == "text/xml") {
    return Encoding::xml;
  }
  return std::nullopt;
}

/// FHIR is UTF-8; a charset that says otherwise is a lie or another format.
bool is_utf8(std::string_view media_type) {
  const std::string parameters = lower_trimmed(media_type);
  const auto at = parameters.find("charset=");
  if (at == std::string::npos) return true;
  std::string charset = parameters.substr(at + 8);
  charset = charset.substr(0, charset.find(';'));
  std::erase(charset, '"');
  return lower_trimmed(charset) == "utf-8";
}

}  // namespace

Result<Received> receive(Arrival&& arrival, const ReceiveLimits& limits) {
  if (arrival.bytes.size() > limits.max_bytes) {
    return make_error(ErrorCode::too_long,
                      "the message is longer than " + std::to_string(limits.max_bytes) + " bytes");
  }
  const std::optional<Encoding> encoding = encoding_of(arrival.content_type);
  if (!encoding) {
    return make_error(ErrorCode::unsupported, "the content type is neither FHIR JSON nor FHIR XML");
  }
  if (!is_utf8(arrival.content_type)) {
    return make_error(ErrorCode::unsupported, "the charset is not UTF-8");
  }
  if (arrival.bytes.empty()) return make_error(ErrorCode::malformed, "the message is empty");
  return Received(std::move(arrival), *encoding, limits);
}

Result<Authenticated> authenticate(Received&& received, const CallerDirectory& callers) {
  if (!received.arrival().loopback) {
    return make_error(ErrorCode::login, "callers from other machines are not known here");
  }
  return Authenticated(std::move(received), callers.loopback);
}

}  // namespace concord::exchange
