#include "gateway/api/api.h"

#include <algorithm>

namespace concord::api {
namespace {

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
    : services_(std::move(services)), endpoints_(EndpointTable::standard()) {
  services_.endpoints = &endpoints_;
}

http::Response Api::handle(http::Request& request) const { return dispatch(request, false); }

http::Response Api::handle_service(http::Request& request) const { return dispatch(request, true); }

http::Response Api::refuse(const http::Request& request, int status, const Error& error) const {
  if (status >= 500 && services_.failed) services_.failed(request, error);
  return outcome(status, error, lenient_format(request), "-");
}

http::Response Api::outcome(int status, const Error& error, const Answering& answering,
                            std::string_view route) const {
  OutcomeText text = write_outcome(*services_.symbols, error, answering);
  http::Response response;
  response.status = status;
  response.route = route;
  response.header("Content-Type", std::string(content_type(text.format)));
  if (error_row(error.code).retryable) response.header("Retry-After", "5");
  response.body = std::move(text.body);
  return response;
}

http::Response Api::dispatch(http::Request& request, bool services_only) const {
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  EndpointTable::Match match = endpoints_.match(method, request.segments);
  if (request.method == "OPTIONS" && request.target == "*") match.methods = {"GET", "POST"};
  if (services_only && match.row != nullptr && match.row->endpoint->interaction != "service") {
    match = {};
  }
  if (match.methods.empty()) {
    return outcome(404, make_error(ErrorCode::not_found, "there is nothing at this address"),
                   lenient_format(request), "-");
  }
  if (request.method == "OPTIONS") {
    http::Response response;
    response.status = 204;
    return std::move(response.header("Allow", allow_value(match.methods)));
  }
  if (match.row == nullptr) {
    http::Response response =
        outcome(405, make_error(ErrorCode::unsupported, "this address does not know the method"),
                lenient_format(request), "-");
    return std::move(response.header("Allow", allow_value(match.methods)));
  }

  const Endpoint& endpoint = *match.row->endpoint;
  Call call{request, endpoint, {}, {}, {}};
  auto query = http::parse_query(request.query);
  if (!query) {
    return outcome(400, query.error(), lenient_format(request), endpoint.path);
  }
  call.query = *std::move(query);
  auto answering = answer_format(request, call.query);
  const bool other = !endpoint.also_writes.empty() &&
                     request.joined_field("accept").starts_with(endpoint.also_writes);
  if (!answering && !other && endpoint.interaction != "service") {
    return outcome(406, answering.error(), Answering{}, endpoint.path);
  }
  if (answering) call.answering = *answering;
  if (method == "POST" && endpoint.interaction != "service") {
    if (const auto format = body_format(request); !format) {
      return outcome(415, format.error(), call.answering, endpoint.path);
    }
  }
  for (std::size_t i = 0; i < match.row->segments.size(); ++i) {
    const std::string_view segment = match.row->segments[i];
    if (segment.front() == '{') {
      call.path.emplace_back(segment.substr(1, segment.size() - 2), request.segments[i]);
    }
  }

  auto response = match.row->handler(call, services_);
  if (response) {
    response->route = endpoint.path;
    return *std::move(response);
  }
  const Error& error = response.error();
  const int status = status_of(error);
  if (status >= 500 && services_.failed) services_.failed(request, error);
  return outcome(status, error, call.answering, endpoint.path);
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
