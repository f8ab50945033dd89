#include "conformance/simulators/fault_proxy/proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace concord::fault_proxy {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr int kTick = 100;  ///< ms
constexpr std::uint64_t kReorderMs = 500;

std::uint64_t rate_of(const std::optional<Fault>& fault, Direction direction) {
  return fault && fault->kind == Kind::slow && fault->direction == direction ? fault->rate : 0;
}

bool is(const std::optional<Fault>& fault, Kind kind, Direction direction) {
  return fault && fault->kind == kind && fault->direction == direction;
}

/// One bit of a byte of the body turned; of the head when there is no body.
void corrupt(std::string& message, std::uint64_t place) {
  const Frame frame = frame_of(message);
  const std::size_t from = frame.head < message.size() ? frame.head : 0;
  if (message.empty()) return;
  message[from + place % (message.size() - from)] ^= 0x01;
}

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::start(const Options& options) {
  std::unique_ptr<Proxy> proxy(new Proxy(options));
  if (!options.record.empty()) {
    proxy->record_.open(options.record, std::ios::app);
    if (!proxy->record_) return make_error(ErrorCode::transient, "cannot open the record");
  }
  proxy->listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(proxy->listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  void* const at = &address;
  if (::bind(proxy->listener_, static_cast<sockaddr*>(at), size) != 0 ||
      ::listen(proxy->listener_, 256) != 0 ||
      ::getsockname(proxy->listener_, static_cast<sockaddr*>(at), &size) != 0) {
    return make_error(ErrorCode::transient,
                      "cannot listen on port " + std::to_string(options.port));
  }
  proxy->port_ = ntohs(address.sin_port);
  proxy->accepting_ = std::thread([raw = proxy.get()] { raw->accept_all(); });
  return proxy;
}

Proxy::~Proxy() {
  stopping_ = true;
  moved_.notify_all();
  if (accepting_.joinable()) accepting_.join();
  std::map<std::uint64_t, std::thread> left;
  {
    const std::scoped_lock guard(lock_);
    left.swap(threads_);
  }
  for (auto& [number, thread] : left) thread.join();
  if (listener_ >= 0) ::close(listener_);
}

void Proxy::set(std::vector<Phase> phases) { faults_.set(std::move(phases), SteadyClock::now()); }

Counts Proxy::counts() const { return {connections_, requests_, harmed_}; }

void Proxy::accept_all() {
  while (!stopping_) {
    pollfd one{listener_, POLLIN, 0};
    const bool somebody = ::poll(&one, 1, kTick) > 0;
    std::unique_lock guard(lock_);
    for (const std::uint64_t number : std::exchange(finished_, {})) {
      const auto at = threads_.find(number);
      at->second.join();
      threads_.erase(at);
    }
    if (!somebody) continue;
    Wire client(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.open() || threads_.size() >= options_.max_connections) continue;
    const int on = 1;
    ::setsockopt(client.socket(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::uint64_t number = ++connections_;
    threads_.emplace(number, std::thread([this, number, wire = std::move(client)]() mutable {
                       serve(std::move(wire), number);
                       const std::scoped_lock inner(lock_);
                       finished_.push_back(number);
                     }));
  }
}

std::optional<Fault> Proxy::draw(std::uint64_t number, std::uint64_t connection) {
  auto fault = choose(faults_.current(SteadyClock::now()), options_.seed, number);
  if (!fault) return fault;
  ++harmed_;
  const std::scoped_lock guard(lock_);
  if (record_.is_open()) {
    record_
        << fmt::format(
               R"({{"seed":{},"number":{},"connection":{},"kind":"{}","direction":"{}","ms":{},"bytes":{},"rate":{}}})",
               options_.seed, number, connection, kind_name(fault->kind),
               fault->direction == Direction::request ? "request" : "response", fault->ms,
               fault->bytes, fault->rate)
        << std::endl;
  }
  return fault;
}

void Proxy::wait(std::uint64_t ms) const {
  const auto until = SteadyClock::now() + std::chrono::milliseconds(ms);
  while (!stopping_ && SteadyClock::now() < until) {
    std::this_thread::sleep_for(std::min<SteadyClock::duration>(until - SteadyClock::now(), 50ms));
  }
}

void Proxy::wait_for_another(std::uint64_t ms) {
  std::unique_lock guard(lock_);
  const std::uint64_t before = passed_;
  moved_.wait_for(guard, std::chrono::milliseconds(ms),
                  [&] { return stopping_ || passed_ != before; });
}

void Proxy::serve(Wire client, std::uint64_t connection) {
  options_.http ? serve_http(client, connection) : serve_bytes(client, connection);
}

// ---- requests ----

void Proxy::serve_http(Wire& client, std::uint64_t connection) {
  Wire upstream;
  std::string rest;
  while (!stopping_) {
    auto request = read_message(client, rest, stopping_);
    if (!request || !exchange(client, upstream, std::move(*request), connection)) return;
  }
}

std::optional<std::string> Proxy::ask(Wire& upstream, const std::string& request,
                                      std::uint64_t rate) {
  if (upstream.stale()) upstream = Wire::to(options_.upstream);
  std::string rest;
  std::optional<std::string> response;
  if (upstream.open() && upstream.send(request, stopping_, rate)) {
    response = read_message(upstream, rest, stopping_);
  }
  if (!response || !rest.empty()) upstream.close();
  {
    const std::scoped_lock guard(lock_);
    ++passed_;
  }
  moved_.notify_all();
  return response;
}

bool Proxy::exchange(Wire& client, Wire& upstream, std::string request, std::uint64_t connection) {
  const auto fault = draw(++requests_, connection);
  if (is(fault, Kind::refuse, Direction::request)) {
    client.reset();
    return false;
  }
  if (is(fault, Kind::half_open, Direction::request)) {
    client.swallow(stopping_);
    return false;
  }
  if (is(fault, Kind::cut, Direction::request)) {
    Wire alone = Wire::to(options_.upstream);
    alone.send(std::string_view(request).substr(0, fault->bytes), stopping_);
    return false;  // both end here
  }
  if (is(fault, Kind::delay, Direction::request)) wait(fault->ms);
  if (is(fault, Kind::reorder, Direction::request)) {
    wait_for_another(fault->ms == 0 ? kReorderMs : fault->ms);
  }
  if (is(fault, Kind::corrupt, Direction::request)) corrupt(request, fault->bytes);
  if (is(fault, Kind::duplicate, Direction::request)) {
    Wire second = Wire::to(options_.upstream);
    if (!ask(second, request, 0)) return false;
  }
  auto response = ask(upstream, request, rate_of(fault, Direction::request));
  if (!response) return false;
  if (is(fault, Kind::wrong_answer, Direction::response)) {
    const std::scoped_lock guard(lock_);
    if (kept_answer_.empty()) {
      kept_answer_ = *response;  // the first one is right, and comes once more later
    } else {
      kept_answer_.swap(*response);
    }
  }
  return answer(client, *response, fault);
}

bool Proxy::answer(Wire& client, const std::string& response, const std::optional<Fault>& fault) {
  if (!fault || fault->direction != Direction::response) return client.send(response, stopping_);
  switch (fault->kind) {
    case Kind::delay:
      wait(fault->ms);
      return client.send(response, stopping_);
    case Kind::cut:
      client.send(std::string_view(response).substr(0, fault->bytes), stopping_);
      return false;
    case Kind::half_open:
      client.swallow(stopping_);
      return false;
    case Kind::corrupt: {
      std::string other = response;
      corrupt(other, fault->bytes);
      return client.send(other, stopping_);
    }
    case Kind::duplicate:
      return client.send(response, stopping_) && client.send(response, stopping_);
    case Kind::slow:
      return client.send(response, stopping_, fault->rate);
    case Kind::wrong_answer:
    case Kind::refuse:
    case Kind::reorder:
      break;
  }
  return client.send(response, stopping_);
}

// ---- bytes ----

void Proxy::serve_bytes(Wire& client, std::uint64_t connection) {
  const auto fault = draw(connection, connection);
  if (is(fault, Kind::refuse, Direction::request)) return client.reset();
  Wire upstream = Wire::to(options_.upstream);
  if (!upstream.open()) return;
  // Each way on a thread of its own, so that a slow one does not hold the other.
  const auto pass = [this, &fault](Wire& from, Wire& to, Direction direction) {
    std::uint64_t passed = 0;
    bool first = true;
    for (std::string bytes; from.receive(bytes, stopping_); bytes.clear()) {
      if (is(fault, Kind::half_open, direction)) continue;
      if (std::exchange(first, false) && is(fault, Kind::delay, direction)) wait(fault->ms);
      bool over = false;
      if (is(fault, Kind::cut, direction) && passed + bytes.size() >= fault->bytes) {
        bytes.resize(fault->bytes - passed);
        over = true;
      }
      if (is(fault, Kind::corrupt, direction) && passed <= fault->bytes &&
          fault->bytes < passed + bytes.size()) {
        bytes[fault->bytes - passed] ^= 0x01;
      }
      passed += bytes.size();
      if (!to.send(bytes, stopping_, rate_of(fault, direction)) || over) break;
    }
    // The end goes on to both, so that the other way ends as well.
    ::shutdown(to.socket(), is(fault, Kind::cut, direction) ? SHUT_RDWR : SHUT_WR);
    if (is(fault, Kind::cut, direction)) ::shutdown(from.socket(), SHUT_RDWR);
  };
  std::thread back([&] { pass(upstream, client, Direction::response); });
  pass(client, upstream, Direction::request);
  back.join();
}

}  // namespace concord::fault_proxy
