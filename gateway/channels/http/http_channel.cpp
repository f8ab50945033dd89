#include "gateway/channels/http/http_channel.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>

#include "gateway/channels/http/ending.h"

namespace concord::channels::http {

namespace {

/// Idle connections kept for each endpoint.
constexpr std::size_t kIdleHandles = 64;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

bool global_init() {
  // libcurl asks for one call in a process, before any other.
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  return code == CURLE_OK;
}

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// 127.0.0.0/8 in dotted form, ::1, localhost. A name that only begins like an address is none.
bool is_loopback_name(std::string_view host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<void> check_endpoint(const std::string& name, const Endpoint& endpoint) {
  const auto wrong = [&name](std::string_view what) {
    return make_error(ErrorCode::invalid,
                      "http destination \"" + name + "\": " + std::string(what));
  };
  const Url url(curl_url(), &curl_url_cleanup);
  if (url == nullptr ||
      curl_url_set(url.get(), CURLUPART_URL, endpoint.url.c_str(), 0) != CURLUE_OK) {
    return wrong("the URL is not one");
  }
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return wrong("the URL is neither http nor https");
  if (!url_part(url.get(), CURLUPART_USER).empty() ||
      !url_part(url.get(), CURLUPART_PASSWORD).empty()) {
    return wrong("the URL must not hold a user or password");
  }
  if (scheme == "http" && !endpoint.plain_http_allowed &&
      !is_loopback_name(url_part(url.get(), CURLUPART_HOST))) {
    return wrong("plain http to another machine is not allowed; use https");
  }
  for (const auto& [header, value] : endpoint.headers) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (header.empty() || header.find(':') != std::string::npos ||
        std::any_of(header.begin(), header.end(), is_control) ||
        std::any_of(value.begin(), value.end(), is_control)) {
      return wrong("a header has a control character or no name");
    }
  }
  return {};
}

/// Puts a value in place of a placeholder. Values are ids and names of ours, but one with a control
/// character must never become a header of its own.
std::string filled(std::string text, const Delivery& delivery) {
  const std::pair<std::string_view, std::string_view> places[] = {
      {"{item}", delivery.item},
      {"{message_id}", delivery.message_id},
      {"{interaction}", delivery.interaction}};
  for (const auto& [place, value] : places) {
    for (std::size_t at = text.find(place); at != std::string::npos;
         at = text.find(place, at + value.size())) {
      text.replace(at, place.size(), value);
    }
  }
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return text;
}

bool append(List& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

List request_headers(const Endpoint& endpoint, const Delivery& delivery) {
  List list(nullptr, &curl_slist_free_all);
  bool complete =
      append(list, filled("Content-Type: " + std::string(delivery.content_type), delivery)) &&
      append(list, filled("X-Request-ID: {item}", delivery)) &&
      append(list, "Expect:");  // no waiting for 100-continue
  for (const auto& [name, value] : endpoint.headers) {
    complete = complete && append(list, name + ": " + filled(value, delivery));
  }
  if (!complete) list.reset();
  return list;
}

/// What one transfer fills.
struct Transfer {
  Receipt* receipt;
  std::size_t max_answer;
  const std::stop_token* stop;
  bool too_long = false;
};

std::size_t on_bytes(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (count > transfer.max_answer - transfer.receipt->bytes.size()) {
    transfer.too_long = true;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.receipt->bytes.append(bytes, count);
  return count;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(context)->stop->stop_requested() ? 1 : 0;
}

/// A public sentence; curl's own words may hold host names, so they are not used.
std::string reason_of(CURLcode code, bool too_long) {
  if (too_long) return "the answer is longer than allowed";
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the name of the destination cannot be resolved";
    case CURLE_COULDNT_CONNECT:
      return "no connection to the destination";
    case CURLE_OPERATION_TIMEDOUT:
      return "no answer in time";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return "no TLS connection to the destination";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the certificate of the destination cannot be trusted";
    case CURLE_ABORTED_BY_CALLBACK:
      return "stopped";
    default:
      return "the connection was lost (curl " + std::to_string(static_cast<int>(code)) + ")";
  }
}

class HttpChannel final : public Channel {
 public:
  explicit HttpChannel(std::map<std::string, Endpoint> endpoints) {
    for (auto& [name, endpoint] : endpoints) {
      Peer& peer = peers_[name];
      peer.endpoint = std::move(endpoint);
    }
  }

  std::string_view name() const override { return "http"; }

  bool knows(std::string_view destination) const override {
    return peers_.find(destination) != peers_.end();
  }

  Receipt deliver(const Delivery& delivery, std::chrono::milliseconds timeout,
                  std::stop_token stop) override;

  Receipt ask(const Question& question, std::chrono::milliseconds timeout,
              std::stop_token stop) override;

 private:
  struct Peer {
    Endpoint endpoint;
    std::mutex mutex;
    std::vector<Handle> idle;  ///< each with its open connection
  };

  static Handle take(Peer& peer) {
    {
      const std::lock_guard lock(peer.mutex);
      if (!peer.idle.empty()) {
        Handle handle = std::move(peer.idle.back());
        peer.idle.pop_back();
        return handle;
      }
    }
    return Handle(curl_easy_init(), &curl_easy_cleanup);
  }

  static void give_back(Peer& peer, Handle handle) {
    curl_easy_reset(handle.get());  // keeps the connection, forgets pointers into this request
    const std::lock_guard lock(peer.mutex);
    if (peer.idle.size() < kIdleHandles) peer.idle.push_back(std::move(handle));
  }

  std::map<std::string, Peer, std::less<>> peers_;
};

void set_options(CURL* handle, const Endpoint& endpoint, const std::string& url,
                 std::chrono::milliseconds timeout, curl_slist* headers, Transfer& transfer) {
  const auto connect = std::min(endpoint.connect_timeout, timeout);
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!endpoint.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, endpoint.ca_file.c_str());
  }
  if (!endpoint.client_certificate.empty()) {
    curl_easy_setopt(handle, CURLOPT_SSLCERT, endpoint.client_certificate.c_str());
    curl_easy_setopt(handle, CURLOPT_SSLKEY, endpoint.client_key.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "concord");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_bytes);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

void set_body(CURL* handle, std::string_view bytes) {
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bytes.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(bytes.size()));
}

/// Scheme, host and port of an endpoint with another path and query; empty: that is no URL.
std::string url_at(const std::string& url, std::string_view target) {
  const Url parts(curl_url(), &curl_url_cleanup);
  if (parts == nullptr || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return {};
  }
  const auto mark = target.find('?');
  const std::string path(target.substr(0, mark));
  const std::string query(mark == std::string_view::npos ? std::string_view()
                                                         : target.substr(mark + 1));
  if (curl_url_set(parts.get(), CURLUPART_PATH, path.c_str(), 0) != CURLUE_OK ||
      curl_url_set(parts.get(), CURLUPART_QUERY, query.empty() ? nullptr : query.c_str(), 0) !=
          CURLUE_OK) {
    return {};
  }
  return url_part(parts.get(), CURLUPART_URL);
}

List question_headers(const Question& question) {
  List list(nullptr, &curl_slist_free_all);
  const auto line = [](std::string_view name, std::string_view value) {
    std::string text = std::string(name) + ": " + std::string(value);
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return text;
  };
  bool complete = append(list, line("X-Request-ID", question.request_id)) &&
                  append(list, "Accept: application/json");
  for (const auto& [name, value] : question.headers) {
    complete = complete && append(list, line(name, value));
  }
  if (!complete) list.reset();
  return list;
}

void read_status(CURL* handle, Receipt& receipt) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  receipt.peer_code = static_cast<std::int32_t>(status);
  const char* content_type = nullptr;
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &content_type);
  if (content_type != nullptr) receipt.content_type = content_type;
  curl_off_t wait = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait);
  receipt.retry_after = retry_after(wait);
}

/// Runs a transfer whose options are set.
void perform(CURL* handle, Transfer& transfer, Receipt& receipt) {
  const CURLcode code = curl_easy_perform(handle);
  if (code == CURLE_OK) {
    read_status(handle, receipt);
    receipt.carried = carried_by_status(receipt.peer_code);
    if (receipt.carried != Carried::answered) {
      receipt.reason = "HTTP status " + std::to_string(receipt.peer_code);
    }
    return;
  }
  long sent = 0;
  curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &sent);
  receipt.carried = carried_by_code(code, sent > 0);
  receipt.reason = reason_of(code, transfer.too_long);
  receipt.bytes.clear();  // part of an answer is no answer
}

/// One POST from its options to its receipt.
void post(CURL* handle, const Endpoint& endpoint, const Delivery& delivery,
          std::chrono::milliseconds timeout, curl_slist* headers, const std::stop_token& stop,
          Receipt& receipt) {
  Transfer transfer{&receipt, endpoint.max_answer, &stop};
  timeout = std::max(std::min(timeout, endpoint.total_timeout), std::chrono::milliseconds{1});
  set_options(handle, endpoint, endpoint.url, timeout, headers, transfer);
  set_body(handle, delivery.bytes);
  perform(handle, transfer, receipt);
}

Receipt HttpChannel::deliver(const Delivery& delivery, std::chrono::milliseconds timeout,
                             std::stop_token stop) {
  Receipt receipt;
  const auto found = peers_.find(delivery.destination);
  if (found == peers_.end()) {
    receipt.carried = Carried::turned_away;
    receipt.reason = "the destination is not configured for this channel";
    return receipt;
  }
  Peer& peer = found->second;
  Handle handle = take(peer);
  const List headers = request_headers(peer.endpoint, delivery);
  if (handle == nullptr || headers == nullptr) {
    receipt.reason = "no memory for the request";
    return receipt;
  }
  post(handle.get(), peer.endpoint, delivery, timeout, headers.get(), stop, receipt);
  give_back(peer, std::move(handle));
  return receipt;
}

Receipt HttpChannel::ask(const Question& question, std::chrono::milliseconds timeout,
                         std::stop_token stop) {
  Receipt receipt;
  const auto found = peers_.find(question.destination);
  const std::string url =
      found == peers_.end() ? std::string() : url_at(found->second.endpoint.url, question.target);
  if (url.empty()) {
    receipt.carried = Carried::turned_away;
    receipt.reason = "the destination is not configured for this channel";
    return receipt;
  }
  Peer& peer = found->second;
  Handle handle = take(peer);
  const List headers = question_headers(question);
  if (handle == nullptr || headers == nullptr) {
    receipt.reason = "no memory for the request";
    return receipt;
  }
  Transfer transfer{&receipt, peer.endpoint.max_answer, &stop};
  timeout = std::max(std::min(timeout, peer.endpoint.total_timeout), std::chrono::milliseconds{1});
  set_options(handle.get(), peer.endpoint, url, timeout, headers.get(), transfer);
  curl_easy_setopt(handle.get(), CURLOPT_HTTPGET, 1L);
  perform(handle.get(), transfer, receipt);
  give_back(peer, std::move(handle));
  return receipt;
}

/// Each handle keeps its open connections, whoever they lead to.
class HttpSender final : public Sender {
 public:
  Receipt send(const Endpoint& endpoint, const Delivery& delivery,
               std::chrono::milliseconds timeout, std::stop_token stop) override {
    Receipt receipt;
    if (auto good = check_endpoint(std::string(delivery.destination), endpoint); !good) {
      receipt.carried = Carried::turned_away;
      receipt.reason = "the address may not be called";
      return receipt;
    }
    Handle handle = take();
    const List headers = request_headers(endpoint, delivery);
    if (handle == nullptr || headers == nullptr) {
      receipt.reason = "no memory for the request";
      return receipt;
    }
    post(handle.get(), endpoint, delivery, timeout, headers.get(), stop, receipt);
    curl_easy_reset(handle.get());
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleHandles) idle_.push_back(std::move(handle));
    return receipt;
  }

 private:
  Handle take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return Handle(curl_easy_init(), &curl_easy_cleanup);
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace

std::chrono::milliseconds longest_timeout(const std::map<std::string, Endpoint>& endpoints) {
  std::chrono::milliseconds longest{0};
  for (const auto& [name, endpoint] : endpoints) {
    longest = std::max(longest, endpoint.total_timeout);
  }
  return longest;
}

Result<Address> parse_address(const std::string& text) {
  const auto wrong = [](std::string_view what) {
    return make_error(ErrorCode::invalid, "the address " + std::string(what));
  };
  const Url url(curl_url(), &curl_url_cleanup);
  if (url == nullptr || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return wrong("is no URL");
  }
  Address address;
  address.scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (address.scheme != "http" && address.scheme != "https") return wrong("is not http or https");
  if (!url_part(url.get(), CURLUPART_USER).empty() ||
      !url_part(url.get(), CURLUPART_PASSWORD).empty() ||
      !url_part(url.get(), CURLUPART_FRAGMENT).empty()) {
    return wrong("must not hold a user, password or fragment");
  }
  address.host = url_part(url.get(), CURLUPART_HOST);
  std::transform(address.host.begin(), address.host.end(), address.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  address.port = url_part(url.get(), CURLUPART_PORT);
  if (address.port.empty()) address.port = address.scheme == "https" ? "443" : "80";
  address.path = url_part(url.get(), CURLUPART_PATH);
  if (address.path.empty()) address.path = "/";
  address.loopback = is_loopback_name(address.host);
  return address;
}

Result<std::unique_ptr<Sender>> make_sender() {
  if (!global_init()) return make_error(ErrorCode::internal, "libcurl does not start");
  if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SSL) == 0) {
    return make_error(ErrorCode::internal, "this libcurl has no TLS");
  }
  return std::unique_ptr<Sender>(std::make_unique<HttpSender>());
}

Result<std::unique_ptr<Channel>> make_channel(std::map<std::string, Endpoint> endpoints) {
  if (!global_init()) return make_error(ErrorCode::internal, "libcurl does not start");
  if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SSL) == 0) {
    return make_error(ErrorCode::internal, "this libcurl has no TLS");
  }
  for (const auto& [name, endpoint] : endpoints) CONCORD_TRY(check_endpoint(name, endpoint));
  return std::unique_ptr<Channel>(std::make_unique<HttpChannel>(std::move(endpoints)));
}

}  // namespace concord::channels::http
