#include "gateway/app/reach.h"

#include <stop_token>

#include "fhir/json/reader.h"
#include "gateway/channels/http/http_channel.h"

namespace concord::app {
namespace {

namespace http = channels::http;

constexpr std::chrono::milliseconds kPatience{40'000};
constexpr std::size_t kMostAnswer = std::size_t{64} << 20;

http::Endpoint endpoint_at(const std::string& url) {
  http::Endpoint endpoint;
  endpoint.url = url;
  endpoint.total_timeout = kPatience;
  endpoint.max_answer = kMostAnswer;
  return endpoint;
}

ErrorCode code_of(int status) {
  switch (status) {
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 429:
      return ErrorCode::throttled;
    case 403:
      return ErrorCode::forbidden;
    default:
      return status >= 500 ? ErrorCode::transient : ErrorCode::malformed;
  }
}

/// The texts of an OperationOutcome, or that it is none.
Error error_of(int status, std::string body) {
  Error error = make_error(code_of(status), "");
  error.issues.clear();
  const tree::Symbols symbols;
  if (const auto document = json::read(std::move(body), symbols)) {
    const auto child = [&](const tree::Node& of, std::string_view name) {
      return of.child(document->find(name));
    };
    for (const tree::Node* issue = child(document->root(), "issue"); issue != nullptr;
         issue = issue->next_same()) {
      const tree::Node* details = child(*issue, "details");
      const tree::Node* text = details == nullptr ? nullptr : child(*details, "text");
      if (text != nullptr) {
        error.issues.push_back(make_error(error.code, std::string(text->text())).issues.front());
      }
    }
  }
  if (error.issues.empty()) {
    return make_error(code_of(status), "the gateway answered " + std::to_string(status));
  }
  return error;
}

Result<channels::Receipt> get_receipt(const std::string& url, const std::string& target) {
  CONCORD_ASSIGN(const auto channel, http::make_channel({{"gateway", endpoint_at(url)}}));
  const std::vector<std::pair<std::string, std::string>> headers;
  return channel->ask({"gateway", target, "concord-tool", headers}, kPatience, {});
}

Result<channels::Receipt> post_receipt(const std::string& url, std::string_view json) {
  CONCORD_ASSIGN(const auto sender, http::make_sender());
  channels::Delivery delivery;
  delivery.destination = "gateway";
  delivery.item = "concord-tool";
  delivery.content_type = "application/json";
  delivery.bytes = json;
  return sender->send(endpoint_at(url), delivery, kPatience, {});
}

Result<std::string> answer_of(channels::Receipt receipt) {
  if (receipt.peer_code >= 200 && receipt.peer_code < 300) return std::move(receipt.bytes);
  if (receipt.peer_code != 0) return error_of(receipt.peer_code, std::move(receipt.bytes));
  return make_error(ErrorCode::transient, "no gateway answers there: " + receipt.reason);
}

}  // namespace

Result<Reach> Reach::to(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  CONCORD_ASSIGN(const http::Address address, http::parse_address(url));
  if (address.path != "/") {
    return make_error(ErrorCode::invalid, "the address of a gateway is scheme, host and port");
  }
  if (address.scheme != "https" && !address.loopback) {
    return make_error(ErrorCode::invalid, "plain http is spoken to this machine only");
  }
  return Reach(std::move(url));
}

Result<std::string> Reach::get(const std::string& target) const {
  CONCORD_ASSIGN(channels::Receipt receipt, get_receipt(url_, target));
  return answer_of(std::move(receipt));
}

Result<std::string> Reach::post(const std::string& target, std::string_view json) const {
  CONCORD_ASSIGN(channels::Receipt receipt, post_receipt(url_ + target, json));
  return answer_of(std::move(receipt));
}

Result<Reach::Reply> Reach::ask(const std::string& target) const {
  CONCORD_ASSIGN(channels::Receipt receipt, get_receipt(url_, target));
  return Reply{receipt.peer_code != 0, receipt.peer_code, std::move(receipt.bytes)};
}

Result<Reach::Reply> Reach::tell(const std::string& target, std::string_view json) const {
  CONCORD_ASSIGN(channels::Receipt receipt, post_receipt(url_ + target, json));
  return Reply{receipt.peer_code != 0, receipt.peer_code, std::move(receipt.bytes)};
}

}  // namespace concord::app
