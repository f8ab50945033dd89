#pragma once
/// One connection from its first byte to its last: requests one after the other.

#include <atomic>
#include <memory>
#include <string>

#include "gateway/http/detail/head_parser.h"
#include "gateway/http/detail/registry.h"
#include "gateway/http/detail/wire.h"
#include "gateway/http/message.h"
#include "gateway/http/server.h"

namespace concord::http::detail {

/// What all connections of a server share.
struct Shared {
  Shared(ServerOptions chosen, Handler handle_with, Refuser refuse_with, AccessLog log_to,
         Clock now, UuidSource ids);

  const ServerOptions options;
  const Handler handler;
  const Refuser refuser;
  const AccessLog log;
  const Clock clock;
  const UuidSource uuids;
  Registry registry;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> buffered{0};
  std::atomic<bool> winding_down{false};  ///< each answer is the last of its connection
  std::atomic<bool> stopping{false};      ///< streams end
};

/// Serves a connected socket until it ends. Does not close it. Throws nothing.
class Connection {
 public:
  Connection(Shared& shared, Slot& slot, int socket)
      : shared_(shared), slot_(slot), wire_(socket) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void serve() noexcept;

 private:
  class BodyBudget;

  bool serve_one();
  void leave_in_peace() noexcept;
  bool wait_for_request();
  /// Reads to the blank line. True with `head_size_`, or false after an answer or the end.
  bool read_head();
  std::optional<Refusal> check_head();
  std::optional<Refusal> read_body(BodyBudget& budget);
  std::optional<Refusal> read_sized_body(std::size_t length, BodyBudget& budget);
  std::optional<Refusal> read_chunked_body(BodyBudget& budget);
  /// The next line without CRLF; from the buffer or the socket.
  std::optional<Refusal> read_line(std::string& line, std::size_t limit);
  std::optional<Refusal> receive_body(std::span<char> into, std::size_t& got);
  Response call_handler();
  void answer_refusal(const Refusal& refusal);
  /// Writes and logs; true when the connection may go on.
  bool answer(Response response, bool close);
  /// Sends a body as its source makes it; true when all of it went out.
  bool send_stream(BodySource& source, std::size_t& bytes);
  std::size_t unread() const noexcept { return buffer_.size() - at_; }

  Shared& shared_;
  Slot& slot_;
  Wire wire_;
  std::string head_;    ///< of the request being served: its views point here
  std::string buffer_;  ///< bytes received; from `at_` on not yet used
  std::size_t at_ = 0;
  std::size_t head_size_ = 0;
  std::unique_ptr<Request> request_;
  Framing framing_;
  SteadyTime started_{};
  SteadyTime body_until_{};
  SteadyTime rate_from_{};
  std::size_t body_received_ = 0;
  std::size_t body_bytes_ = 0;
  std::string head_out_;
  bool lingered_ = false;
};

}  // namespace concord::http::detail
