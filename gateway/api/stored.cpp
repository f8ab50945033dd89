#include "gateway/api/stored.h"

#include <algorithm>
#include <array>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "gateway/api/api.h"
#include "gateway/http/http_date.h"
#include "gateway/http/message.h"
#include "gateway/resources/cut.h"

namespace concord::api {

using resources::Cut;
using resources::Done;
using search::SummaryMode;
using What = resources::Done::What;

Result<std::string> type_of(const Call& call, const Services& use) {
  const std::string_view type = call.path_value("type");
  if (use.resources->serves(type)) return std::string(type);
  return make_error(ErrorCode::not_found, "there are no resources of this type here");
}

std::string base_of(const http::Request& request, const Services& use) {
  if (!use.base_url.empty()) return use.base_url;
  const std::string_view host = request.field("host");
  if (host.empty()) return "/FHIR/R4";
  return std::string("http://").append(host).append("/FHIR/R4");
}

resources::Caller caller_of(const Call& call, const Services& use) {
  resources::Caller caller;
  caller.organisation = use.organisation;
  caller.request_id = call.request.request_id;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      call.request.deadline - std::chrono::steady_clock::now());
  caller.deadline = use.clock() + std::min(left, use.search_time);
  caller.base_url = base_of(call.request, use);
  return caller;
}

bool is_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.';
  });
}

Result<tree::Document> read_body(Call& call, const Services& use, std::string_view type) {
  CONCORD_ASSIGN(const Format format, body_format(call.request));
  auto read = format == Format::xml
                  ? xml::read_fhir(std::move(call.request.body), *use.symbols, use.limits)
                  : json::read(std::move(call.request.body), *use.symbols, use.limits);
  if (!read) return as_bad_request(std::move(read).error());
  const std::string_view own = read->text(read->root().type());
  if (!type.empty() && own != type) {
    return make_error(ErrorCode::malformed, "the body must be a " + std::string(type),
                      own.size() > 64 ? std::string() : std::string(own));
  }
  return read;
}

// ---- parameters ----

Result<Cut> read_cut(const Call& call) {
  CONCORD_ASSIGN(Cut cut, resources::cut_asked(call.query));
  if (cut.summary == SummaryMode::count) return resources::count_is_for_searches();
  return cut;
}

Result<void> check_cut(const Call& call) {
  CONCORD_TRY(resources::cut_asked(call.query));
  return {};
}

std::string criteria_of(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::string_view name = pair.substr(0, pair.find('='));
    if (pair.empty() || name == "_format" || name == "_pretty") continue;
    if (!kept.empty()) kept += '&';
    kept += pair;
  }
  return kept;
}

void append_parameter(std::string& query, std::string_view name, std::string_view value) {
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(http::percent_encode(value));
}

void append_criterion(std::string& query, std::string_view name, std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == ',' || c == '|' || c == '$') escaped += '\\';
    escaped += c;
  }
  append_parameter(query, name, escaped);
}

Error as_bad_request(Error error) {
  const bool callers = error.code == ErrorCode::invalid || error.code == ErrorCode::unsupported ||
                       error.code == ErrorCode::too_costly;
  if (!callers) return error;
  for (Issue& issue : error.issues) {
    if (issue.code.empty()) issue.code = error_row(error.code).issue_type;
  }
  error.code = ErrorCode::malformed;
  return error;
}

Error search_error(Error error, const resources::Caller& caller, const Services& use) {
  if (error.code == ErrorCode::too_costly && use.clock() >= caller.deadline) {
    error.code = ErrorCode::timeout;
  }
  if (error.code == ErrorCode::malformed) {
    for (Issue& issue : error.issues) {
      if (issue.code.empty()) issue.code = "invalid";
    }
  }
  return as_bad_request(std::move(error));
}

// ---- answers ----

namespace {

/// A text of ours in another layout or format.
Result<std::string> rewritten(std::string json, const Answering& answering, const Services& use) {
  tree::Limits wide;  // a Bundle of stored resources is longer than what came in
  wide.max_bytes = std::size_t{64} << 20;
  CONCORD_ASSIGN(tree::Document document, json::read(std::move(json), *use.symbols, wide));
  if (answering.format == Format::json)
    return json::write(document, {.pretty = true, .limits = wide});
  if (use.definitions != nullptr) {
    tree::Builder builder(document);
    definitions::annotate(builder, *use.definitions);
    definitions::put_in_order(builder, *use.definitions);
  }
  xml::WriteOptions options;
  options.indent = answering.pretty ? 2U : 0U;
  options.limits = wide;
  return xml::write_fhir(document, options);
}

void add_version_fields(http::Response& response, std::int64_t version, Instant updated_at) {
  response.header("ETag", etag(version));
  response.header("Last-Modified", http::format_http_date(updated_at));
}

std::string version_link(const store::ResourceRow& row) {
  return row.type + "/" + row.id + "/_history/" + std::to_string(row.version);
}

}  // namespace

Result<http::Response> text_response(int status, std::string json, const Call& call,
                                     const Services& use) {
  http::Response response;
  response.status = status;
  response.header("Content-Type", std::string(content_type(call.answering.format)));
  const bool as_it_is = call.answering.format == Format::json && !call.answering.pretty;
  if (as_it_is || call.answering.browser) {
    response.body = std::move(json);
    return response;
  }
  auto text = rewritten(std::move(json), call.answering, use);
  if (text) {
    response.body = *std::move(text);
    return response;
  }
  Error error = std::move(text).error();
  if (error.code != ErrorCode::too_long) error.code = ErrorCode::internal;
  return error;
}

Result<http::Response> issues_response(int status, const std::vector<Issue>& issues,
                                       const Call& call, const Services& use) {
  ResourceBuilder out(*use.symbols, "OperationOutcome");
  add_issues(out, out.root(), "informational", issues);
  return resource_response(status, out, call);
}

Result<http::Response> version_response(store::ResourceRow row, const Cut& cut, const Call& call,
                                        const Services& use) {
  if (not_modified(call.request, row.version, row.updated_at)) {
    http::Response response;
    response.status = 304;
    add_version_fields(response, row.version, row.updated_at);
    return response;
  }
  std::string body = std::move(row.body);
  if (cut.any()) {
    CONCORD_ASSIGN(body, use.resources->cut(std::move(body), cut));
  }
  CONCORD_ASSIGN(http::Response response, text_response(200, std::move(body), call, use));
  add_version_fields(response, row.version, row.updated_at);
  return response;
}

Result<http::Response> gone_response(const Error& error, std::string_view type, std::string_view id,
                                     std::string_view version, const Call& call,
                                     const Services& use) {
  std::vector<Issue> issues = error.issues;
  for (Issue& issue : issues) {
    if (issue.code.empty()) issue.code = error_row(error.code).issue_type;
  }
  CONCORD_ASSIGN(http::Response response, issues_response(410, issues, call, use));
  if (!version.empty()) {
    response.header("ETag", std::string("W/\"").append(version).append("\""));
    return response;
  }
  const auto latest = use.resources->history(caller_of(call, use), type, id, "_count=1");
  if (latest && !latest->entries.empty()) {
    const store::ResourceRow& row = latest->entries.front().row;
    add_version_fields(response, row.version, row.updated_at);
  }
  return response;
}

namespace {

Issue told(What what) {
  std::string_view text = "done";
  switch (what) {
    case What::created:
      text = "the resource was created";
      break;
    case What::updated:
      text = "the resource was updated";
      break;
    case What::unchanged:
      text = "the resource was like this already";
      break;
    case What::found:
      text = "there is such a resource already; nothing was created";
      break;
    case What::deleted:
      text = "the resource was deleted";
      break;
    case What::nothing:
      text = "there was nothing to delete";
      break;
    case What::read:
      break;
  }
  Issue issue;
  issue.severity = Severity::information;
  issue.text = text;
  issue.code = "informational";
  return issue;
}

}  // namespace

Result<http::Response> change_response(Done done, const Preferences& preferences, const Call& call,
                                       const Services& use) {
  const store::ResourceRow& row = done.row;
  const bool deletion = done.what == What::deleted || done.what == What::nothing;
  const int status = done.what == What::created ? 201 : 200;
  http::Response response;
  if (preferences.wanted == Wanted::minimal) {
    response.status = deletion ? 204 : status;
  } else if (preferences.wanted == Wanted::outcome || deletion) {
    std::vector<Issue> issues{told(done.what)};
    issues.insert(issues.end(), done.issues.begin(), done.issues.end());
    for (Issue& issue : issues) {
      if (issue.code.empty()) issue.code = "invalid";
    }
    CONCORD_ASSIGN(response, issues_response(status, issues, call, use));
  } else {
    CONCORD_ASSIGN(response, text_response(status, std::move(done.row.body), call, use));
  }
  if (row.version > 0) add_version_fields(response, row.version, row.updated_at);
  if (!deletion && row.version > 0) {
    const bool made = done.what == What::created || done.what == What::found;
    response.header(made ? "Location" : "Content-Location",
                    base_of(call.request, use) + "/" + version_link(row));
  }
  return response;
}

Result<http::Response> page_response(const resources::Page& page, const Call& call,
                                     const Services& use) {
  CONCORD_ASSIGN(std::string text, use.resources->write(page, base_of(call.request, use)));
  return text_response(200, std::move(text), call, use);
}

}  // namespace concord::api
