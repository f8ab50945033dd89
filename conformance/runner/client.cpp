#include "conformance/runner/client.h"

#include <curl/curl.h>

#include <charconv>
#include <mutex>

namespace concord::runner {

namespace {

struct Free {
  void operator()(CURL* at) const { curl_easy_cleanup(at); }
  void operator()(curl_slist* at) const { curl_slist_free_all(at); }
};

/// What an answer is gathered into.
struct Gathering {
  Response response;
  std::size_t max_body = 0;
  bool too_long = false;
};

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* into) {
  auto& gathering = *static_cast<Gathering*>(into);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // after 100 Continue another head follows
    gathering.response.headers.clear();
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(),
                      gathering.response.status);
    }
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
      value.remove_prefix(1);
    }
    constexpr std::size_t kMostHeaders = 1'000;
    if (gathering.response.headers.size() < kMostHeaders) {
      gathering.response.headers.push_back(
          {std::string(line.substr(0, colon)), std::string(value)});
    }
  }
  return size * count;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  auto& gathering = *static_cast<Gathering*>(into);
  if (gathering.response.body.size() + size * count > gathering.max_body) {
    gathering.too_long = true;
    return 0;  // ends the transfer
  }
  gathering.response.body.append(data, size * count);
  return size * count;
}

}  // namespace

struct Client::State {
  ClientOptions options;
  std::unique_ptr<CURL, Free> handle;
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>()) {
  static std::once_flag once;  // libcurl's own global state
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  state_->options = std::move(options);
  state_->handle.reset(curl_easy_init());
}

Client::~Client() = default;

Result<Response> Client::send(const Request& request) {
  CURL* const curl = state_->handle.get();
  if (curl == nullptr) return make_error(ErrorCode::internal, "libcurl cannot start");
  const ClientOptions& options = state_->options;
  curl_easy_reset(curl);  // keeps the connections
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.certificate.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.certificate.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.key.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options.verify ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options.verify ? 2L : 0L);

  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  // libcurl's own additions.
  add("Expect:");
  if (!header(request.headers, "Accept")) add("Accept:");
  if (!header(request.headers, "Content-Type")) add("Content-Type:");
  for (const HeaderLine& line : request.headers) {
    add(line.value.empty() ? line.field + ";" : line.field + ": " + line.value);
  }
  const std::unique_ptr<curl_slist, Free> headers(list);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());

  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  Gathering gathering;
  gathering.max_body = options.max_body;
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &gathering);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &gathering);
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return std::move(gathering.response);
  if (gathering.too_long) return make_error(ErrorCode::too_long, "the answer is too long");
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return make_error(ErrorCode::timeout, "no whole answer in time");
  }
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return make_error(ErrorCode::malformed, "no address of http or https");
  }
  return make_error(ErrorCode::transient, curl_easy_strerror(code));
}

}  // namespace concord::runner
