#include "gateway/api/negotiate.h"

#include <algorithm>
#include <array>
#include <optional>

namespace concord::api {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Up to the next `separator` outside quotes; takes it off `rest`.
std::string_view next_part(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (quoted && rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      quoted = !quoted;
    } else if (rest[at] == separator && !quoted) {
      break;
    }
  }
  at = std::min(at, rest.size());
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return part;
}

struct KnownType {
  std::string_view type;
  Format format;
};
constexpr std::array kKnownTypes{
    KnownType{"application/fhir+json", Format::json},
    KnownType{"application/json", Format::json},
    KnownType{"text/json", Format::json},
    KnownType{"application/json+fhir", Format::json},
    KnownType{"application/fhir+xml", Format::xml},
    KnownType{"application/xml", Format::xml},
    KnownType{"text/xml", Format::xml},
    KnownType{"application/xml+fhir", Format::xml},
};

std::optional<Format> known_format(std::string_view type) noexcept {
  for (const KnownType& known : kKnownTypes) {
    if (known.type == type) return known.format;
  }
  return std::nullopt;
}

/// R4 in any of the ways it is written; no parameter at all is R4 as well.
bool is_r4(std::string_view version) noexcept {
  return version.empty() || version == "4.0" || version == "4.0.1" || version == "R4" ||
         version == "r4";
}

/// The weight of a media range in thousandths; 1000 without q, nothing when it is not a weight.
std::optional<int> weight(const MediaType& range) noexcept {
  const std::string_view q = range.parameter("q");
  if (q.empty()) return 1000;
  if ((q[0] != '0' && q[0] != '1') || q.size() > 5 || (q.size() > 1 && q[1] != '.')) {
    return std::nullopt;
  }
  int value = (q[0] - '0') * 1000;
  int unit = 100;
  for (const char c : q.substr(std::min<std::size_t>(2, q.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return std::min(value, 1000);
}

Error not_acceptable() {
  return make_error(ErrorCode::unsupported,
                    "answers are written as application/fhir+json or application/fhir+xml, "
                    "fhirVersion 4.0",
                    "http.accept");
}

struct Asked {
  Format format = Format::json;
  bool browser = false;
};

Result<Asked> from_format_parameter(std::string_view value) {
  if (value == "json") return Asked{};
  if (value == "xml") return Asked{Format::xml};
  if (value == "html" || value == "text/html") return Asked{Format::json, true};
  // "application/fhir+json" unescaped in a query arrives with a space for its plus.
  std::string text(value);
  const std::size_t slash = text.find('/');
  if (const std::size_t space = text.find(' ', slash);
      slash != std::string::npos && space != std::string::npos && text.find(';') > space) {
    text[space] = '+';
  }
  const auto media = parse_media_type(text);
  if (media && is_r4(media->parameter("fhirversion"))) {
    if (const auto format = known_format(media->type)) return Asked{*format};
  }
  Error error = not_acceptable();
  error.issues.front().expression = "http._format";
  return error;
}

}  // namespace

std::string_view content_type(Format format) noexcept {
  return format == Format::json ? "application/fhir+json; charset=utf-8"
                                : "application/fhir+xml; charset=utf-8";
}

std::string_view MediaType::parameter(std::string_view name) const noexcept {
  for (const auto& [own, value] : parameters) {
    if (own == name) return value;
  }
  return {};
}

Result<MediaType> parse_media_type(std::string_view text) {
  MediaType media;
  std::string_view rest = text;
  media.type = lowered(trimmed(next_part(rest, ';')));
  const std::size_t slash = media.type.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == media.type.size() ||
      media.type.find_first_of(" \t\",") != std::string::npos) {
    return make_error(ErrorCode::malformed, "not a media type");
  }
  while (!rest.empty()) {
    const std::string_view part = trimmed(next_part(rest, ';'));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return make_error(ErrorCode::malformed, "not a parameter of a media type");
    }
    std::string_view value = trimmed(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    media.parameters.emplace_back(lowered(trimmed(part.substr(0, equals))), std::string(value));
  }
  return media;
}

namespace {

Error refuse_type(std::string text) {
  return make_error(ErrorCode::unsupported, std::move(text), "http.content-type");
}

/// The media type of a body, once its charset and version are right.
Result<MediaType> body_type(const http::Request& request, std::string_view read_as) {
  if (!request.has_field("content-type")) return refuse_type("Content-Type is missing");
  auto media = parse_media_type(request.joined_field("content-type"));
  if (!media) return refuse_type(std::string("bodies are read as ").append(read_as));
  const std::string charset = lowered(media->parameter("charset"));
  if (!charset.empty() && charset != "utf-8" && charset != "utf8" && charset != "us-ascii") {
    return refuse_type("bodies are read as UTF-8");
  }
  if (!is_r4(media->parameter("fhirversion"))) {
    return refuse_type("only fhirVersion 4.0 is spoken here");
  }
  return media;
}

constexpr std::string_view kFhirTypes = "application/fhir+json or application/fhir+xml";
constexpr std::string_view kPatchTypes =
    "application/json-patch+json, application/fhir+json or application/fhir+xml";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

}  // namespace

Result<Format> body_format(const http::Request& request) {
  CONCORD_ASSIGN(const MediaType media, body_type(request, kFhirTypes));
  if (const auto format = known_format(media.type)) return *format;
  return refuse_type(std::string("bodies are read as ").append(kFhirTypes));
}

Result<PatchFormat> patch_format(const http::Request& request) {
  CONCORD_ASSIGN(const MediaType media, body_type(request, kPatchTypes));
  if (media.type == "application/json-patch+json") return PatchFormat::json_patch;
  if (const auto format = known_format(media.type)) {
    return *format == Format::json ? PatchFormat::fhir_json : PatchFormat::fhir_xml;
  }
  return refuse_type(std::string("patches are read as ").append(kPatchTypes));
}

Result<void> check_form(const http::Request& request) {
  CONCORD_ASSIGN(const MediaType media, body_type(request, kFormType));
  if (media.type == kFormType) return {};
  return refuse_type(std::string("searches are read as ").append(kFormType));
}

namespace {

/// What the ranges of an Accept field say of one format: the most specific one that covers it
/// decides. Source: RFC 9110 section 12.5.1.
struct Weight {
  int value = 0;
  int specific = -1;
  void hear(int heard, int how_specific) noexcept {
    if (how_specific < specific || (how_specific == specific && heard <= value)) return;
    specific = how_specific;
    value = heard;
  }
};

struct Weights {
  std::array<Weight, 2> formats{};
  int named = 0;  ///< the highest weight of a FHIR format named itself
  int html = 0;   ///< of text/html, once it goes before every format named
};

Weights weigh(std::string_view accept) {
  Weights weights;
  std::string_view rest = accept;
  while (!rest.empty()) {
    const std::string_view part = trimmed(next_part(rest, ','));
    if (part.empty()) continue;
    const auto range = parse_media_type(part);
    const auto q = range ? weight(*range) : std::nullopt;
    if (!q || !is_r4(range->parameter("fhirversion"))) continue;
    if (range->type == "text/html" && *q > weights.named) weights.html = *q;
    if (const auto exact = known_format(range->type)) {
      weights.formats[static_cast<std::size_t>(*exact)].hear(*q, 2);
      weights.named = std::max(weights.named, *q);
      if (weights.named > weights.html) weights.html = 0;
      continue;
    }
    const bool any_of_kind = range->type == "application/*" || range->type == "text/*";
    if (!any_of_kind && range->type != "*/*") continue;
    for (Weight& format : weights.formats) format.hear(*q, any_of_kind ? 1 : 0);
  }
  return weights;
}

}  // namespace

Result<Answering> answer_format(const http::Request& request,
                                const std::vector<std::pair<std::string, std::string>>& query) {
  Answering answering;
  std::string_view asked;
  for (const auto& [name, value] : query) {
    if (name == "_pretty") {
      if (value != "true" && value != "false") {
        return make_error(ErrorCode::malformed, "_pretty must be true or false", "http._pretty");
      }
      answering.pretty = value == "true";
    }
    if (name == "_format" && asked.empty()) asked = value;
  }
  if (!asked.empty()) {
    CONCORD_ASSIGN(const Asked chosen, from_format_parameter(asked));
    answering.format = chosen.format;
    answering.browser = chosen.browser;
    return answering;
  }
  const std::string accept = request.joined_field("accept");
  if (trimmed(accept).empty()) return answering;
  const Weights weights = weigh(accept);
  if (weights.html > 0) {
    answering.browser = true;
    return answering;
  }
  const int json = weights.formats[0].value, xml = weights.formats[1].value;
  if (json == 0 && xml == 0) return not_acceptable();
  answering.format = xml > json ? Format::xml : Format::json;
  return answering;
}

}  // namespace concord::api
