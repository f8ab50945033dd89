#include "gateway/http/server.h"

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Runnable.h>
#include <Poco/Thread.h>
#include <Poco/ThreadPool.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "gateway/http/detail/connection.h"

namespace concord::http {
namespace {

using std::chrono::milliseconds;

constexpr int kBacklog = 1024;
/// Threads beyond the allowed connections: those evicted and on their way out.
constexpr int kThreadMargin = 64;
constexpr int kKeptThreads = 8;
constexpr int kThreadIdleSeconds = 60;

/// What is said on a connection that ends without a request of its own, or without room for one.
constexpr std::string_view kUnavailable =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
    "Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n";

/// At a stop: how long a handshake begun before may take to complete, how long a quiet connection
/// may still bring a request, how long the other side may take to close after our goodbye, and how
/// often all that is looked at.
constexpr milliseconds kHandshake{50};
constexpr milliseconds kQuiet{250};
constexpr milliseconds kFarewell{1000};
constexpr milliseconds kLook{10};

/// Has the kernel drop what would begin a connection (SYN without ACK), so that the queue of the
/// listening socket runs empty and closing it resets nobody. Who connects now is refused a second
/// later, when the kernel tries again. Without it (a kernel without socket filters) a connection
/// made between the last accept and the close would be reset.
/// Source: tcp(7), socket(7) SO_ATTACH_FILTER; RFC 9293 section 3.1 (flags are byte 13).
void begin_no_connections(int listening) noexcept {
  sock_filter code[] = {
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},      {BPF_ALU | BPF_AND | BPF_K, 0, 0, TH_SYN | TH_ACK},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, TH_SYN}, {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 0xffffffff},
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  ::setsockopt(listening, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/// One thread's work: owns the socket and itself.
class Session final : public Poco::Runnable {
 public:
  Session(detail::Shared& shared, Poco::Net::StreamSocket socket)
      : shared_(shared), socket_(std::move(socket)) {}

  Poco::Net::StreamSocket& socket() noexcept { return socket_; }
  int descriptor() const { return socket_.impl()->sockfd(); }
  void set_slot(detail::Slot* slot) noexcept { slot_ = slot; }

  void run() override {
    detail::Connection(shared_, *slot_, descriptor()).serve();
    shared_.registry.remove(slot_);
    delete this;  // the pool only borrows
  }

 private:
  detail::Shared& shared_;
  detail::Slot* slot_ = nullptr;
  Poco::Net::StreamSocket socket_;
};

Result<Poco::Net::ServerSocket> listen_on(const ServerOptions& options) {
  // Poco 1.11 does not read "::", so the system's parser looks first.
  const std::string text = options.address == "localhost" ? "127.0.0.1" : options.address;
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, text.c_str(), &four) != 1 &&
      ::inet_pton(AF_INET6, text.c_str(), &six) != 1) {
    return make_error(ErrorCode::invalid, "\"" + options.address + "\" is not an IP address");
  }
  Poco::Net::IPAddress address;
  if (!Poco::Net::IPAddress::tryParse(text, address) || !address.isLoopback()) {
    return make_error(ErrorCode::forbidden,
                      "refusing to listen on " + options.address +
                          ": callers are not authenticated yet, so only loopback addresses "
                          "(127.0.0.1, ::1) are allowed");
  }
  try {
    Poco::Net::ServerSocket socket;
    socket.bind(Poco::Net::SocketAddress(address, options.port), true, false);
    socket.listen(kBacklog);
    return socket;
  } catch (const Poco::Exception&) {
    return make_error(ErrorCode::conflict, "cannot listen on " + options.address + " port " +
                                               std::to_string(options.port) +
                                               ": is another program using it?");
  }
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Handler handler, Refuser refuser, AccessLog log, Clock clock,
       UuidSource uuids, Poco::Net::ServerSocket listening)
      : shared(std::move(options), std::move(handler), std::move(refuser), std::move(log),
               std::move(clock), std::move(uuids)),
        socket(std::move(listening)),
        port(socket.address().port()),
        pool("http", kKeptThreads, static_cast<int>(shared.options.max_connections) + kThreadMargin,
             kThreadIdleSeconds, static_cast<int>(shared.options.thread_stack)) {}

  void accept_loop() {
    while (!shared.stopping.load(std::memory_order_acquire)) {
      try {
        if (!socket.poll(Poco::Timespan(0, 100'000), Poco::Net::Socket::SELECT_READ)) continue;
        accept_one();
      } catch (...) {
        // Out of descriptors or memory, or the peer left first: breathe, then go on listening.
        std::this_thread::sleep_for(milliseconds(10));
      }
    }
  }

  void accept_one() {
    auto session = std::make_unique<Session>(shared, socket.acceptConnection());
    session->socket().setNoDelay(true);
    accepted.fetch_add(1, std::memory_order_relaxed);
    detail::Slot* const slot = shared.registry.add(
        session->descriptor(), session->socket().peerAddress().host().toString());
    if (slot == nullptr) {
      turn_away(session->descriptor());
      return;
    }
    session->set_slot(slot);
    try {
      pool.start(*session);
      session.release();  // NOLINT(bugprone-unused-return-value): deletes itself
    } catch (...) {
      shared.registry.remove(slot);
      turn_away(session->descriptor());
    }
  }

  void turn_away(int descriptor) {
    refused.fetch_add(1, std::memory_order_relaxed);
    detail::Wire wire(descriptor);
    wire.send(kUnavailable, {}, std::chrono::steady_clock::now());
    wire.drop_arrived();
  }

  /// Accepts what the kernel completed before no more connections could begin.
  void accept_rest(milliseconds patience) {
    begin_no_connections(socket.impl()->sockfd());
    const auto until = std::chrono::steady_clock::now() + patience;
    // Without the filter the queue may never run empty.
    for (int left = 4 * kBacklog; left > 0; --left) {
      const auto wait = std::max<std::chrono::microseconds>(
          std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()),
          milliseconds(0));
      try {
        if (!socket.poll(Poco::Timespan(wait.count()), Poco::Net::Socket::SELECT_READ)) return;
        accept_one();
      } catch (...) {
        std::this_thread::sleep_for(milliseconds(1));  // as in accept_loop()
      }
    }
  }

  detail::Shared shared;
  Poco::Net::ServerSocket socket;
  const std::uint16_t port;
  Poco::ThreadPool pool;
  std::thread acceptor;
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::mutex stop_mutex;
  bool stopped = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop(milliseconds(0)); }

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler,
                                              Refuser refuser, AccessLog log, Clock clock,
                                              UuidSource uuids) {
  auto listening = listen_on(options);
  if (!listening) return std::move(listening).error();
  try {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(handler), std::move(refuser),
                                       std::move(log), std::move(clock), std::move(uuids),
                                       *std::move(listening));
    Impl* const running = impl.get();
    running->acceptor = std::thread([running] { running->accept_loop(); });
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::exception& failure) {
    Error error = make_error(ErrorCode::internal, "cannot start the threads of the HTTP server");
    error.log_detail = failure.what();
    return error;
  }
}

std::uint16_t Server::port() const noexcept { return impl_->port; }

ServerStats Server::stats() const {
  ServerStats stats;
  stats.connections = impl_->shared.registry.size();
  stats.in_flight = impl_->shared.in_flight.load(std::memory_order_relaxed);
  stats.accepted = impl_->accepted.load(std::memory_order_relaxed);
  stats.refused = impl_->refused.load(std::memory_order_relaxed);
  stats.evicted = impl_->shared.registry.evicted();
  return stats;
}

void Server::wind_down() { impl_->shared.winding_down.store(true, std::memory_order_relaxed); }

bool Server::stop(milliseconds patience) {
  const std::scoped_lock once(impl_->stop_mutex);
  if (impl_->stopped) return true;
  impl_->stopped = true;
  detail::Shared& shared = impl_->shared;
  using SteadyClock = std::chrono::steady_clock;
  const auto until = SteadyClock::now() + patience;
  const milliseconds quiet = std::min(kQuiet, patience / 4);
  wind_down();
  shared.stopping.store(true, std::memory_order_release);
  impl_->acceptor.join();
  impl_->accept_rest(std::min(kHandshake, patience / 4));
  impl_->socket.close();
  detail::Registry& registry = shared.registry;
  bool empty = false;
  for (auto now = SteadyClock::now(); !empty && now < until; now = SteadyClock::now()) {
    registry.dismiss(detail::Slot::idle, now - quiet, kUnavailable);
    registry.close_dismissed(now - kFarewell);
    empty = registry.wait_empty(std::min(until, now + kLook));
  }
  std::size_t cut = 0;
  if (!empty) {
    const auto now = SteadyClock::now();
    registry.dismiss(detail::Slot::idle, now, kUnavailable);
    registry.dismiss(detail::Slot::reading, now, kUnavailable);
    // Who was just told may still read it.
    if (patience.count() > 0) registry.wait_empty(now + kLook);
    cut = registry.close_all();
    // A handler cannot be cut, only its connection: wait for the last one.
    while (!registry.wait_empty(SteadyClock::now() + std::chrono::hours(1))) {
    }
  }
  impl_->pool.joinAll();
  return cut == 0;
}

}  // namespace concord::http
