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
    detail::Wire(descriptor)
        .send(
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
            "Content-Length: 0\r\n\r\n",
            {}, std::chrono::steady_clock::now());
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

bool Server::stop(milliseconds patience) {
  const std::scoped_lock once(impl_->stop_mutex);
  if (impl_->stopped) return true;
  impl_->stopped = true;
  detail::Shared& shared = impl_->shared;
  // Sequentially consistent on both sides: a connection says that it waits, then looks here; we say
  // that we stop, then look who waits. One of the two sees the other.
  shared.stopping.store(true);
  impl_->acceptor.join();
  impl_->socket.close();
  shared.registry.close_waiting();
  const bool clean = shared.registry.wait_empty(std::chrono::steady_clock::now() + patience);
  if (!clean) {
    shared.registry.close_all();
    // A handler cannot be cut, only its connection: wait for the last one.
    while (!shared.registry.wait_empty(std::chrono::steady_clock::now() + std::chrono::hours(1))) {
    }
  }
  impl_->pool.joinAll();
  return clean;
}

}  // namespace concord::http
