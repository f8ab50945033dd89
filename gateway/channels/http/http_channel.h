#pragma once
/// HTTP and HTTPS through libcurl: POST (deliver) or GET (ask), one answer, connections kept for
/// reuse.

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/channels/channel.h"

namespace concord::channels::http {

/// Where a destination is and how to speak with it.
struct Endpoint {
  std::string url;  ///< "https://spine.example/Prescription"
  /// Plain http is spoken to this machine only, unless an operator says otherwise here.
  bool plain_http_allowed = false;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{30'000};  ///< from connecting to the last byte
  std::size_t max_answer = std::size_t{1} << 20;    ///< bytes; a longer answer is not read
  std::string ca_file;                              ///< PEM bundle; empty: the system's
  std::string client_certificate;                   ///< PEM file; empty: none
  std::string client_key;                           ///< PEM file
  /// Sent with each request. "{item}", "{message_id}" and "{interaction}" in a value are replaced.
  /// Content-Type and X-Request-ID (the item's id) are always sent.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The parts of an address that decide whether it may be called. Host in lower case, dots in the
/// path resolved, port always there.
struct Address {
  std::string scheme;
  std::string host;
  std::string port;
  std::string path;       ///< "/" at least
  bool loopback = false;  ///< this machine: 127.0.0.0/8 in dotted form, ::1, localhost
};

/// Errors: invalid (not a URL of http or https, or one with user, password or fragment).
Result<Address> parse_address(const std::string& url);

/// Sends to addresses that come with the call, for destinations no configuration names. Safe from
/// any thread.
class Sender {
 public:
  virtual ~Sender() = default;
  /// POSTs `delivery.bytes` once, as Channel::deliver() of make_channel() does; an empty
  /// content_type sends none. An endpoint that make_channel() would refuse is turned away.
  virtual Receipt send(const Endpoint& endpoint, const Delivery& delivery,
                       std::chrono::milliseconds timeout, std::stop_token stop) = 0;
};

/// Errors: internal (libcurl has no TLS).
Result<std::unique_ptr<Sender>> make_sender();

/// The longest total_timeout among endpoints; leases must last longer.
std::chrono::milliseconds longest_timeout(const std::map<std::string, Endpoint>& endpoints);

/// A channel of the name "http". TLS 1.2 or newer, certificate and host name verified, redirects
/// not followed, proxies of the environment not used.
///
/// How an exchange ends: ending.h. Bytes of an answer are given back with any status.
///
/// Errors: invalid (an endpoint's URL is not http or https, is plain http to another machine, has
/// user or password in it; a header has a control character), internal (libcurl has no TLS).
Result<std::unique_ptr<Channel>> make_channel(std::map<std::string, Endpoint> endpoints);

}  // namespace concord::channels::http
