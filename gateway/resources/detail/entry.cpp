#include "gateway/resources/detail/entry.h"

#include <algorithm>
#include <array>
#include <vector>

#include "fhir/core/digest.h"
#include "gateway/resources/detail/body.h"

namespace concord::resources::detail {

using tree::Document;
using tree::Node;

namespace {

Error wrong(std::string text) { return make_error(ErrorCode::malformed, std::move(text)); }

/// The version in W/"3"; "3" and 3 are taken too.
std::optional<std::int64_t> version_of_etag(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return version_in(text);
}

std::optional<Method> method_of(std::string_view code) {
  constexpr std::array<std::pair<std::string_view, Method>, 6> kMethods{{
      {"DELETE", Method::remove},
      {"POST", Method::post},
      {"PUT", Method::put},
      {"PATCH", Method::patch},
      {"GET", Method::get},
      {"HEAD", Method::head},
  }};
  for (const auto& [name, method] : kMethods) {
    if (name == code) return method;
  }
  return std::nullopt;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

/// Takes the address apart. What it may mean together with the method is looked at afterwards.
Result<void> read_address(const Room& room, std::string_view url, Entry& entry) {
  const std::string& base = room.settings.base_url;
  if (!base.empty() && url.starts_with(base)) url.remove_prefix(base.size());
  if (url.starts_with('/')) url.remove_prefix(1);
  const std::size_t question = std::min(url.find('?'), url.size());
  if (question < url.size()) entry.query = url.substr(question + 1);
  const std::vector<std::string_view> at = segments_of(url.substr(0, question));
  const Error meaningless = wrong("request.url means nothing here");
  if (at.size() > 4) return meaningless;
  if (!at.empty() && at.back().starts_with('$') && at.back() != "$everything") {
    return make_error(ErrorCode::unsupported, "operations are not served within a Bundle");
  }
  if (at.empty()) {
    entry.form = Entry::Form::system;
    return {};
  }
  if (at[0] == "_history" && at.size() == 1) {
    entry.form = Entry::Form::history;
    return {};
  }
  entry.type = at[0];
  CONCORD_TRY(room.known(entry.type));
  if (at.size() == 1) return {};
  if (at[1] == "_history") {
    entry.form = Entry::Form::history;
    return at.size() == 2 ? Result<void>() : meaningless;
  }
  entry.id = at[1];
  entry.form = Entry::Form::instance;
  if (at.size() == 2) return {};
  if (at[2] == "_history") {
    entry.form = at.size() == 3 ? Entry::Form::history : Entry::Form::version;
    if (at.size() == 4) entry.version = at[3];
    return {};
  }
  if (at.size() == 4) return meaningless;
  entry.form = Entry::Form::compartment;
  entry.member = at[2];
  if (entry.member == "$everything") {
    entry.form = Entry::Form::everything;
    if (entry.type != "Patient") return meaningless;
  }
  return {};
}

/// Whether the method may stand with that address.
Result<void> check_form(const Entry& entry) {
  using Form = Entry::Form;
  switch (entry.method) {
    case Method::get:
    case Method::head:
      return {};
    case Method::post:
      if (entry.form == Form::type) return {};
      return wrong("request.url of a POST is a resource type");
    case Method::remove:
    case Method::put:
    case Method::patch:
      if (entry.form == Form::instance) return {};
      if (entry.form == Form::type && !entry.query.empty()) return {};
      return wrong("request.url names no resource, neither by id nor by criteria");
  }
  return {};
}

}  // namespace

Result<Entry> read_entry(const Room& room, const Document&, const Node& node, std::size_t at) {
  const Room::Names& names = room.names;
  Entry entry;
  entry.at = at;
  entry.full_url = Room::text_of(node, names.full_url);
  entry.resource = node.child(names.resource);
  const Node* request = node.child(names.request);
  if (request == nullptr) return wrong("the entry has no request");
  const auto method = method_of(Room::text_of(*request, names.method));
  if (!method) return wrong("request.method is not DELETE, POST, PUT, PATCH, GET or HEAD");
  entry.method = *method;
  const std::string_view url = Room::text_of(*request, names.url);
  if (url.empty()) return wrong("the entry has no request.url");
  CONCORD_TRY(read_address(room, url, entry));
  CONCORD_TRY(check_form(entry));
  const bool with_body =
      entry.method == Method::post || entry.method == Method::put || entry.method == Method::patch;
  if (with_body && entry.resource == nullptr) return wrong("the entry has no resource");

  if (const Node* etag = request->child(names.if_match); etag != nullptr) {
    const auto version = version_of_etag(etag->text());
    // A version that cannot be is one the resource is not at.
    entry.conditions.if_match = version.value_or(-1);
  }
  if (const Node* query = request->child(names.if_none_exist); query != nullptr) {
    std::string_view criteria = query->text();
    if (const std::size_t mark = criteria.find('?'); mark != std::string_view::npos) {
      criteria.remove_prefix(mark + 1);  // senders write the type in front
    }
    entry.conditions.if_none_exist = criteria;
  }
  if (const Node* etag = request->child(names.if_none_match); etag != nullptr) {
    entry.conditions.if_none_match_any = etag->text() == "*";
    entry.if_none_match = version_of_etag(etag->text());
  }
  if (const Node* since = request->child(names.if_modified_since); since != nullptr) {
    auto instant = parse_instant(since->text());
    if (!instant) return wrong("request.ifModifiedSince is no instant");
    entry.if_modified_since = *instant;
  }
  return entry;
}

Error of_entry(Error error, std::size_t at) {
  const std::string entry = "Bundle.entry[" + std::to_string(at) + "]";
  if (error.issues.empty()) {
    error.issues.push_back(
        {Severity::error, {}, std::string(error_row(error.code).name), {}, {}, {}});
  }
  for (Issue& issue : error.issues) {
    issue.position = {};
    if (issue.expression.starts_with("Bundle.entry[")) continue;
    if (issue.expression.starts_with("http.")) {  // a parameter of the address
      issue.expression = entry + ".request.url";
      continue;
    }
    const std::size_t dot = issue.expression.find('.');
    const bool inside = dot != std::string::npos && !issue.expression.empty() &&
                        issue.expression[0] >= 'A' && issue.expression[0] <= 'Z';
    issue.expression = inside ? entry + ".resource" + issue.expression.substr(dot) : entry;
  }
  return error;
}

Result<Patch> read_patch(const Room& room, const Document& bundle, const Entry& entry,
                         std::optional<Document>& held) {
  const std::string_view type = bundle.text(entry.resource->type());
  Patch patch;
  if (type == "Parameters") {
    CONCORD_ASSIGN(held, alone(room, bundle, *entry.resource));
    patch.kind = Patch::Kind::fhirpath_patch;
    patch.parameters = &*held;
    return patch;
  }
  if (type != "Binary") return wrong("the resource of a PATCH is a Binary or Parameters");
  const std::string_view content = Room::text_of(*entry.resource, room.names.content_type);
  if (!content.starts_with("application/json-patch+json")) {
    return wrong("the Binary of a PATCH has the contentType application/json-patch+json");
  }
  auto text = base64_decode(Room::text_of(*entry.resource, room.names.data));
  if (!text) return wrong("the data of the Binary is no base64");
  patch.text = *std::move(text);
  return patch;
}

}  // namespace concord::resources::detail
