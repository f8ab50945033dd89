#include "gateway/api/api.h"

#include <algorithm>

#include "gateway/api/capabilities.h"
#include "gateway/api/cors.h"
#include "gateway/api/page.h"
#include "gateway/api/stored_terminology.h"
#include "gateway/http/content_coding.h"

namespace concord::api {
namespace {

/// Below it packing costs more than it saves.
constexpr std::size_t kWorthPacking = 1024;

/// A best guess at the format of an error when asking for one failed.
Answering lenient_format(const http::Request& request) {
  std::vector<std::pair<std::string, std::string>> query;
  if (auto parsed = http::parse_query(request.query)) query = *std::move(parsed);
  return answer_format(request, query).value_or(Answering{});
}

std::string allow_value(const std::vector<std::string_view>& methods) {
  std::string value;
  for (const std::string_view method : methods) {
    value += method;
    value += ", ";
    if (method == "GET") value += "HEAD, ";
  }
  return value + "OPTIONS";
}

bool is_text(std::string_view type) noexcept {
  return type.starts_with("text/") || type.starts_with("application/fhir+") ||
         type.starts_with("application/json") || type.starts_with("application/xml");
}

/// Packs a long answer for a caller that takes it. `Vary` is there either way.
void pack(http::Response& response, const http::Request& request) {
  std::string_view type;
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Encoding") return;
    if (name == "Content-Type") type = value;
  }
  if (response.stream || response.body.size() < kWorthPacking || !is_text(type)) return;
  response.header("Vary", "Accept, Accept-Encoding");
  if (!http::accepts_gzip(request.joined_field("accept-encoding"))) return;
  auto packed = http::gzip(response.body);
  if (!packed || packed->size() >= response.body.size()) return;
  response.body = *std::move(packed);
  response.header("Content-Encoding", "gzip");
}

bool has_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

/// The status of an error: that of its code; of findings a national service publishes, theirs.
/// Source: eps.md section 2, "Status from issues".
int status_of(const Error& error) {
  const bool published =
      error.code == ErrorCode::invalid && !error.issues.empty() &&
      std::all_of(error.issues.begin(), error.issues.end(),
                  [](const Issue& issue) { return issue.wording != Wording::details; });
  if (!published) return error_row(error.code).http_status;
  const bool forbidden = std::all_of(error.issues.begin(), error.issues.end(),
                                     [](const Issue& issue) { return issue.code == "forbidden"; });
  return forbidden ? 403 : 400;
}

}  // namespace

Api::Api(Services services)
    : services_(std::move(services)),
      endpoints_(EndpointTable::standard(
          services_.resources != nullptr ? EndpointTable::Stored::yes : EndpointTable::Stored::no)),
      capabilities_(std::make_unique<Capabilities>(services_, endpoints_)),
      stored_terms_(std::make_unique<StoredTerminology>(services_)) {
  services_.endpoints = &endpoints_;
  services_.stored_terms = stored_terms_.get();
  services_.capabilities = capabilities_.get();
}

Api::~Api() = default;

http::Response Api::handle(http::Request& request) const {
  http::Response response = dispatch(request, false);
  pack(response, request);
  add_cors(response, request, services_);
  return response;
}

Result<search::ValueSetSource> Api::value_set(std::string_view asked) const {
  return stored_terms_->value_set(asked);
}

http::Response Api::handle_service(http::Request& request) const { return dispatch(request, true); }

http::Response Api::refuse(const http::Request& request, int status, const Error& error) const {
  if (status >= 500 && services_.failed) services_.failed(request, error);
  http::Response response = outcome(request, status, error, lenient_format(request), "-");
  add_cors(response, request, services_);
  return response;
}

http::Response Api::outcome(const http::Request& request, int status, const Error& error,
                            const Answering& answering, std::string_view route) const {
  OutcomeText text = write_outcome(*services_.symbols, error, answering);
  http::Response response;
  response.status = status;
  response.route = route;
  response.header("Content-Type", std::string(content_type(text.format)));
  if (error_row(error.code).retryable) response.header("Retry-After", "5");
  response.body = std::move(text.body);
  if (answering.browser) show_as_page(response, request, services_);
  return response;
}

http::Response Api::options(http::Request& request, std::string_view allowed) const {
  if (is_preflight(request, services_)) return preflight_response(allowed);
  const bool base = request.segments.size() == 2 && request.segments[0] == "FHIR";
  const std::vector<std::string> metadata{"FHIR", "R4", "metadata"};
  const EndpointTable::Match match = endpoints_.match("GET", metadata);
  if (!base || match.row == nullptr) {
    http::Response response;
    response.status = 204;
    return std::move(response.header("Allow", std::string(allowed)));
  }
  http::Response response = call_endpoint(*match.row, request);
  return std::move(response.header("Allow", std::string(allowed)));
}

http::Response Api::dispatch(http::Request& request, bool services_only) const {
  // The base is an address with and without its last slash.
  if (request.segments.size() == 3 && request.segments[0] == "FHIR" &&
      request.segments[2].empty()) {
    request.segments.pop_back();
  }
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  if (method == "OPTIONS") {
    std::vector<std::string_view> methods = endpoints_.methods(request.segments);
    if (request.target == "*") methods = {"GET", "POST"};
    if (!methods.empty() && !services_only) return options(request, allow_value(methods));
  }
  EndpointTable::Match match = endpoints_.match(method, request.segments);
  if (services_only && match.row != nullptr && match.row->endpoint->interaction != "service") {
    match = {};
  }
  if (match.row == nullptr && match.methods.empty()) {
    return outcome(request, 404,
                   make_error(ErrorCode::not_found, "there is nothing at this address"),
                   lenient_format(request), "-");
  }
  if (match.row == nullptr) {
    http::Response response = outcome(
        request, 405, make_error(ErrorCode::unsupported, "this address does not know the method"),
        lenient_format(request), "-");
    return std::move(response.header("Allow", allow_value(match.methods)));
  }
  return call_endpoint(*match.row, request);
}

namespace {

/// What the body of a call must be: 415 otherwise. An operation may be asked by its address alone.
Result<void> check_body(const Endpoint& endpoint, const http::Request& request) {
  const bool none = request.body.empty() && !request.has_field("content-type");
  switch (endpoint.takes) {
    case Takes::fhir:
      if (none && endpoint.interaction == "operation") return {};
      if (const auto format = body_format(request); !format) return format.error();
      return {};
    case Takes::form:
      return none ? Result<void>{} : check_form(request);
    case Takes::patch:
      if (const auto format = patch_format(request); !format) return format.error();
      return {};
  }
  return {};
}

}  // namespace

http::Response Api::call_endpoint(const EndpointTable::Row& row, http::Request& request) const {
  const Endpoint& endpoint = *row.endpoint;
  const bool service = endpoint.interaction == "service";
  Call call{request, endpoint, {}, {}, {}, {}};
  const auto refused = [&](int status, const Error& error, const Answering& answering) {
    return outcome(request, status, error, answering, endpoint.path);
  };

  if (has_body(request.method) && request.has_field("content-encoding")) {
    http::InflateLimits limits;
    limits.max_bytes = services_.limits.max_bytes;
    auto plain = http::decode_content(std::move(request.body),
                                      request.joined_field("content-encoding"), limits);
    if (!plain) {
      const ErrorCode code = plain.error().code;
      return refused(code == ErrorCode::unsupported ? 415 : error_row(code).http_status,
                     plain.error(), lenient_format(request));
    }
    request.body = *std::move(plain);
  }
  if (endpoint.takes == Takes::form) call.form = std::move(request.body);
  auto query = http::parse_query(call.raw_query());
  if (!query) return refused(400, query.error(), lenient_format(request));
  call.query = *std::move(query);

  auto answering = answer_format(request, call.query);
  const bool other = !endpoint.also_writes.empty() &&
                     request.joined_field("accept").starts_with(endpoint.also_writes);
  if (!answering && !other && !service) {
    const bool unknown = answering.error().code == ErrorCode::unsupported;
    return refused(unknown ? 406 : 400, answering.error(), Answering{});
  }
  if (answering) call.answering = *answering;
  if (has_body(request.method) && !service) {
    if (const auto fits = check_body(endpoint, request); !fits) {
      return refused(415, fits.error(), call.answering);
    }
  }
  for (std::size_t i = 0; i < row.segments.size(); ++i) {
    const std::string_view segment = row.segments[i];
    if (!segment.empty() && segment.front() == '{') {
      call.path.emplace_back(segment.substr(1, segment.size() - 2), request.segments[i]);
    }
  }

  auto response = row.handler(call, services_);
  if (response) {
    response->route = endpoint.path;
    if (call.answering.browser) show_as_page(*response, request, services_);
    return *std::move(response);
  }
  const Error& error = response.error();
  const int status = status_of(error);
  if (status >= 500 && services_.failed) services_.failed(request, error);
  return refused(status, error, call.answering);
}

Result<http::Response> resource_response(int status, const ResourceBuilder& resource,
                                         const Call& call) {
  CONCORD_ASSIGN(std::string body, resource.written(call.answering));
  http::Response response;
  response.status = status;
  response.header("Content-Type", std::string(content_type(call.answering.format)));
  response.body = std::move(body);
  return response;
}

std::string link(const Services& use, std::string_view relative) {
  std::string address = use.base_url.empty() ? std::string("/FHIR/R4") : use.base_url;
  address += '/';
  address += relative;
  return address;
}

}  // namespace concord::api
