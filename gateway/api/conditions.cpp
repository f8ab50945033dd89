#include "gateway/api/conditions.h"

#include <charconv>

#include "gateway/http/http_date.h"

namespace concord::api {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// What stands between the quotes of an entity tag, weak or not; a bare version is taken too, as
/// clients send it.
std::optional<std::string_view> tag_value(std::string_view tag) noexcept {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.empty()) return std::nullopt;
  if (tag.front() != '"') {
    if (tag.find('"') != std::string_view::npos) return std::nullopt;
    return tag;
  }
  if (tag.size() < 3 || tag.back() != '"') return std::nullopt;
  tag = tag.substr(1, tag.size() - 2);
  if (tag.find('"') != std::string_view::npos) return std::nullopt;
  return tag;
}

/// The number of a version as this server writes it.
std::optional<std::int64_t> version_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  if (text.front() == '0') return std::nullopt;
  return number;
}

Result<void> read_if_match(const http::Request& request, resources::Conditions& conditions) {
  if (!request.has_field("if-match")) return {};
  const std::string field = request.joined_field("if-match");
  const std::string_view tag = trimmed(field);
  const auto value = tag.find(',') == std::string_view::npos ? tag_value(tag) : std::nullopt;
  if (!value || tag == "*") {
    return make_error(ErrorCode::malformed, "If-Match must name one version: W/\"3\"",
                      "http.if-match");
  }
  conditions.if_match = version_number(*value);
  if (conditions.if_match) return {};
  return make_error(ErrorCode::precondition, "the resource has no such version", "http.if-match");
}

}  // namespace

Result<resources::Conditions> read_conditions(const http::Request& request) {
  resources::Conditions conditions;
  CONCORD_TRY(read_if_match(request, conditions));
  if (request.has_field("if-none-match")) {
    if (trimmed(request.joined_field("if-none-match")) != "*") {
      return make_error(ErrorCode::malformed, "If-None-Match of a change must be *",
                        "http.if-none-match");
    }
    conditions.if_none_match_any = true;
  }
  if (request.has_field("if-none-exist")) {
    const std::string field = request.joined_field("if-none-exist");
    std::string_view query = trimmed(field);
    // Some clients send it with the type, or as the query of an address.
    if (const auto mark = query.find('?'); mark != std::string_view::npos) {
      query.remove_prefix(mark + 1);
    }
    if (query.empty()) {
      return make_error(ErrorCode::malformed, "If-None-Exist holds no criteria",
                        "http.if-none-exist");
    }
    conditions.if_none_exist = std::string(query);
  }
  return conditions;
}

namespace {

/// What npm fhirclient sends with every patch (2.6.3, lib/FhirClient.js).
constexpr std::string_view kMisspelt = "presentation";

Error unknown_preference(std::string_view name) {
  return make_error(ErrorCode::malformed,
                    "Prefer: " + std::string(name) + " has a value nobody knows", "http.prefer");
}

Result<void> hear(std::string_view preference, Preferences& into) {
  const std::size_t equals = preference.find('=');
  const std::string_view name = trimmed(preference.substr(0, equals));
  if (name != "return" && name != "handling") return {};
  std::string_view value;
  if (equals != std::string_view::npos) value = trimmed(preference.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  if (name == "handling") {
    if (value != "strict" && value != "lenient") return unknown_preference(name);
    into.handling = value == "strict" ? search::Handling::strict : search::Handling::lenient;
    return {};
  }
  if (value == "minimal") {
    into.wanted = Wanted::minimal;
    into.returns = "minimal";
  } else if (value == "representation" || value == kMisspelt) {
    into.wanted = Wanted::representation;
    into.returns = "representation";
  } else if (value == "OperationOutcome") {
    into.wanted = Wanted::outcome;
    into.returns = "OperationOutcome";
  } else {
    return unknown_preference(name);
  }
  return {};
}

}  // namespace

Result<Preferences> read_preferences(const http::Request& request) {
  Preferences preferences;
  const std::string all = request.joined_field("prefer");
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(",;");
    const std::string_view part = trimmed(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    CONCORD_TRY(hear(part, preferences));
  }
  return preferences;
}

std::string etag(std::int64_t version) { return "W/\"" + std::to_string(version) + "\""; }

bool not_modified(const http::Request& request, std::int64_t version, Instant updated_at) {
  if (request.has_field("if-none-match")) {
    const std::string field = request.joined_field("if-none-match");
    std::string_view rest = field;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view tag = trimmed(rest.substr(0, comma));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      if (tag == "*") return true;
      const auto value = tag_value(tag);
      if (value && version_number(*value) == version) return true;
    }
    return false;
  }
  const auto since = http::parse_http_date(trimmed(request.field("if-modified-since")));
  return since && std::chrono::floor<std::chrono::seconds>(updated_at) <= *since;
}

}  // namespace concord::api
