#include "gateway/http/detail/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>

#include "gateway/http/detail/head_writer.h"

namespace concord::http::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kFirstBuffer = 4096;
constexpr std::size_t kKeptBuffer = 64 * 1024;
constexpr milliseconds kLinger{2000};
/// How long a stream may take to notice that its peer left or the server stops.
constexpr milliseconds kStreamStep{250};

Refusal too_long(std::string_view what, std::size_t limit) {
  return refusal(413, ErrorCode::too_long,
                 std::string(what) + " is longer than " + std::to_string(limit) + " bytes");
}

Refusal too_slow(std::string_view what) {
  return refusal(408, ErrorCode::timeout, std::string(what) + " did not arrive in time");
}

Refusal ended() { return refusal(0, ErrorCode::malformed, "connection ended inside a request"); }

/// The name in a Host field without its port, brackets kept.
std::string_view host_name(std::string_view host) noexcept {
  if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

Shared::Shared(ServerOptions chosen, Handler handle_with, Refuser refuse_with, AccessLog log_to,
               Clock now, UuidSource ids)
    : options(std::move(chosen)),
      handler(std::move(handle_with)),
      refuser(std::move(refuse_with)),
      log(std::move(log_to)),
      clock(std::move(now)),
      uuids(std::move(ids)),
      registry(options.max_connections, options.max_per_client) {}

/// The share of one body in what all bodies may hold together.
class Connection::BodyBudget {
 public:
  explicit BodyBudget(Shared& shared) : shared_(shared) {}
  ~BodyBudget() { shared_.buffered.fetch_sub(held_, std::memory_order_relaxed); }
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;

  bool grow_to(std::size_t bytes) noexcept {
    if (bytes <= held_) return true;
    const std::size_t more = bytes - held_;
    const std::size_t before = shared_.buffered.fetch_add(more, std::memory_order_relaxed);
    if (before + more > shared_.options.limits.max_buffered) {
      shared_.buffered.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    held_ = bytes;
    return true;
  }

 private:
  Shared& shared_;
  std::size_t held_ = 0;
};

void Connection::serve() noexcept {
  try {
    while (serve_one()) {
    }
  } catch (...) {
    // Out of memory outside the handler: this connection ends, the others go on.
  }
  leave_in_peace();
}

/// A socket closed with bytes in it that nobody took sends a reset, and a reset can take the last
/// answer away from a peer that has not read it yet. RFC 9112 section 9.6.
void Connection::leave_in_peace() noexcept {
  if (!lingered_ && (slot_.ended() || wire_.has_more())) wire_.linger(kLinger);
}

bool Connection::serve_one() {
  if (!wait_for_request()) return false;
  started_ = steady_clock::now();
  request_ = std::make_unique<Request>();
  framing_ = Framing{};
  body_received_ = 0;
  body_bytes_ = 0;
  request_->received_at = shared_.clock();
  request_->deadline = started_ + shared_.options.times.deadline;
  request_->peer = slot_.peer();
  if (!read_head()) return false;
  if (auto refused = check_head()) {
    if (slot_.work()) answer_refusal(*refused);
    return false;
  }
  if (!slot_.work()) return false;

  std::optional<Refusal> refused;
  Response response;
  {
    BodyBudget budget(shared_);
    refused = read_body(budget);
    body_bytes_ = request_->body.size();
    if (!refused) response = call_handler();
    std::string().swap(request_->body);
  }
  if (refused) {
    if (refused->status != 0) answer_refusal(*refused);
    return false;
  }
  // Requests that came with this one are answered before the connection ends.
  const bool close = !framing_.keep_alive ||
                     (shared_.winding_down.load(std::memory_order_relaxed) && unread() == 0);
  return answer(std::move(response), close);
}

bool Connection::wait_for_request() {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  if (buffer_.capacity() > kKeptBuffer) buffer_.shrink_to_fit();
  if (!buffer_.empty()) return slot_.wait_in(Slot::reading);  // the next request is here already
  request_.reset();
  if (!slot_.wait_in(Slot::idle)) return false;
  // A connection that has sent nothing yet holds no buffer.
  std::array<char, kFirstBuffer> first;
  std::size_t got = 0;
  if (wire_.receive_idle(first, shared_.options.times.idle, got) != Transfer::done) return false;
  buffer_.assign(first.data(), got);
  return true;
}

bool Connection::read_head() {
  const SteadyTime until = started_ + shared_.options.times.head;
  const ServerLimits& limits = shared_.options.limits;
  std::size_t scanned = 0;
  while (true) {
    // RFC 9112 section 2.2: an empty line before the request line is skipped.
    if (buffer_.starts_with("\r\n")) buffer_.erase(0, 2);
    head_size_ = find_head_end(buffer_, scanned);
    const std::size_t seen = head_size_ != 0 ? head_size_ : buffer_.size();
    if (seen > limits.max_head) {
      if (!slot_.work()) return false;
      const bool in_target = buffer_.find('\n') == std::string::npos;
      answer_refusal(
          refusal(in_target ? 414 : 431, ErrorCode::too_long,
                  "request head is longer than " + std::to_string(limits.max_head) + " bytes"));
      return false;
    }
    if (head_size_ != 0) return true;
    if (!slot_.wait_in(Slot::reading)) return false;
    std::array<char, kFirstBuffer> more;
    std::size_t got = 0;
    switch (wire_.receive(more, until, got)) {
      case Transfer::done:
        buffer_.append(more.data(), got);
        break;
      case Transfer::closed:
        return false;
      case Transfer::timed_out:
        if (slot_.work()) answer_refusal(too_slow("request head"));
        return false;
    }
  }
}

std::optional<Refusal> Connection::check_head() {
  Request& request = *request_;
  head_.assign(buffer_, 0, head_size_);
  at_ = head_size_;
  if (auto refused = parse_head(head_, shared_.options.limits, request, framing_)) {
    framing_.keep_alive = false;
    return refused;
  }
  const std::string_view request_id = request.field("x-request-id");
  if (request.has_field("x-request-id")) {
    if (!is_plain_id(request_id)) {
      return refusal(400, ErrorCode::malformed,
                     "X-Request-ID is not 1 to 128 of letters, digits, - _ . :");
    }
    request.request_id = request_id;
    request.request_id_given = true;
  }
  if (request.has_field("x-correlation-id")) {
    if (!is_plain_id(request.field("x-correlation-id"))) {
      return refusal(400, ErrorCode::malformed,
                     "X-Correlation-ID is not 1 to 128 of letters, digits, - _ . :");
    }
    request.correlation_id = request.field("x-correlation-id");
  }
  if (request.has_field("host")) {
    const std::string_view name = host_name(request.field("host"));
    constexpr std::array<std::string_view, 3> kLoopback{"localhost", "127.0.0.1", "[::1]"};
    const auto& more = shared_.options.hosts;
    if (std::find(kLoopback.begin(), kLoopback.end(), name) == kLoopback.end() &&
        name != shared_.options.address &&
        std::find(more.begin(), more.end(), name) == more.end()) {
      return refusal(421, ErrorCode::forbidden, "Host is not a name this gateway answers to");
    }
  }
  const bool needs_body =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (needs_body && !framing_.chunked && !framing_.content_length) {
    return refusal(411, ErrorCode::malformed, "Content-Length is missing");
  }
  const std::size_t limit = shared_.options.limits.max_body;
  if (framing_.content_length && *framing_.content_length > limit) {
    return too_long("request body", limit);
  }
  return std::nullopt;
}

std::optional<Refusal> Connection::read_body(BodyBudget& budget) {
  const bool expected = framing_.chunked || framing_.content_length.value_or(0) > 0;
  if (!expected) return std::nullopt;
  const ServerTimes& times = shared_.options.times;
  rate_from_ = steady_clock::now();
  body_until_ = std::min(rate_from_ + times.body, request_->deadline);
  if (framing_.expects_continue && unread() == 0 &&
      wire_.send("HTTP/1.1 100 Continue\r\n\r\n", {}, rate_from_ + times.write) != Transfer::done) {
    return ended();
  }
  return framing_.chunked ? read_chunked_body(budget)
                          : read_sized_body(*framing_.content_length, budget);
}

std::optional<Refusal> Connection::receive_body(std::span<char> into, std::size_t& got) {
  const ServerTimes& times = shared_.options.times;
  SteadyTime until = body_until_;
  if (times.min_rate > 0) {
    // The point in time at which what has come so far becomes too little.
    const auto earned = milliseconds(body_received_ * 1000 / times.min_rate);
    until = std::min(until, rate_from_ + std::max<milliseconds>(earned, times.rate_grace));
  }
  switch (wire_.receive(into, until, got)) {
    case Transfer::done:
      body_received_ += got;
      return std::nullopt;
    case Transfer::timed_out:
      return too_slow("request body");
    case Transfer::closed:
      break;
  }
  return ended();
}

std::optional<Refusal> Connection::read_sized_body(std::size_t length, BodyBudget& budget) {
  std::string& body = request_->body;
  const std::size_t here = std::min(unread(), length);
  std::size_t filled = here;
  std::size_t step = kKeptBuffer;
  while (true) {
    // Memory follows the bytes that came, not the length that was promised.
    const std::size_t size = std::min(length, std::max(filled + step, here));
    if (!budget.grow_to(size)) {
      return refusal(503, ErrorCode::transient, "too many request bodies at once");
    }
    body.resize(size);
    if (filled == here && here > 0) std::memcpy(body.data(), buffer_.data() + at_, here);
    while (filled < size) {
      std::size_t got = 0;
      if (auto refused = receive_body({body.data() + filled, size - filled}, got)) return refused;
      filled += got;
    }
    if (filled == length) break;
    step = std::min<std::size_t>(step * 2, std::size_t{1} << 20);
  }
  at_ += here;
  return std::nullopt;
}

std::optional<Refusal> Connection::read_line(std::string& line, std::size_t limit) {
  while (true) {
    const std::size_t feed = buffer_.find('\n', at_);
    if (feed != std::string::npos) {
      if (feed == at_ || buffer_[feed - 1] != '\r') {
        return refusal(400, ErrorCode::malformed, "line feed without carriage return");
      }
      if (feed - at_ > limit) return refusal(400, ErrorCode::malformed, "chunk line is too long");
      line.assign(buffer_, at_, feed - 1 - at_);
      at_ = feed + 1;
      return std::nullopt;
    }
    if (unread() > limit) return refusal(400, ErrorCode::malformed, "chunk line is too long");
    buffer_.erase(0, at_);
    at_ = 0;
    std::array<char, kFirstBuffer> more;
    std::size_t got = 0;
    if (auto refused = receive_body(more, got)) return refused;
    buffer_.append(more.data(), got);
  }
}

std::optional<Refusal> Connection::read_chunked_body(BodyBudget& budget) {
  const ServerLimits& limits = shared_.options.limits;
  std::string& body = request_->body;
  std::string line;
  while (true) {
    if (auto refused = read_line(line, 300)) return refused;
    const auto size = parse_chunk_size(line);
    if (!size) return refusal(400, ErrorCode::malformed, "chunk size is not a hexadecimal number");
    if (*size == 0) break;
    if (*size > limits.max_body - std::min(limits.max_body, body.size())) {
      return too_long("request body", limits.max_body);
    }
    std::size_t left = *size;
    while (left > 0) {
      const std::size_t start = body.size();
      const std::size_t part = std::min(left, kKeptBuffer);
      if (!budget.grow_to(start + part)) {
        return refusal(503, ErrorCode::transient, "too many request bodies at once");
      }
      if (const std::size_t here = std::min(unread(), part); here > 0) {
        body.append(buffer_, at_, here);
        at_ += here;
        left -= here;
        continue;
      }
      body.resize(start + part);
      std::size_t got = 0;
      auto refused = receive_body({body.data() + start, part}, got);
      body.resize(start + got);
      if (refused) return refused;
      left -= got;
    }
    if (auto refused = read_line(line, 2)) return refused;
    if (!line.empty())
      return refusal(400, ErrorCode::malformed, "chunk does not end where it said");
  }
  // Trailers are read and dropped: nothing here acts on them.
  std::size_t trailer_bytes = 0;
  while (true) {
    if (auto refused = read_line(line, limits.max_field)) return refused;
    if (line.empty()) return std::nullopt;
    trailer_bytes += line.size();
    if (trailer_bytes > limits.max_field) {
      return refusal(431, ErrorCode::too_long, "trailer is too long");
    }
  }
}

Response Connection::call_handler() {
  struct Place {
    std::atomic<std::size_t>& count;
    ~Place() { count.fetch_sub(1, std::memory_order_relaxed); }
  };
  const std::size_t before = shared_.in_flight.fetch_add(1, std::memory_order_relaxed);
  const Place place{shared_.in_flight};
  Request& request = *request_;
  if (!request.request_id_given) request.request_id = shared_.uuids();
  if (before >= shared_.options.max_in_flight) {
    Response busy = shared_.refuser(request, 503,
                                    make_error(ErrorCode::transient, "too many requests at once"));
    const bool told = std::any_of(busy.headers.begin(), busy.headers.end(),
                                  [](const auto& field) { return field.first == "Retry-After"; });
    if (!told) busy.header("Retry-After", "1");
    return busy;
  }
  Error error;
  try {
    return shared_.handler(request);
  } catch (const std::bad_alloc&) {
    error = make_error(ErrorCode::transient, "out of memory");
  } catch (...) {
    error = make_error(ErrorCode::internal, "unexpected failure");
  }
  return shared_.refuser(request, error_row(error.code).http_status, error);
}

void Connection::answer_refusal(const Refusal& refused) {
  Request& request = *request_;
  if (request.request_id.empty()) request.request_id = shared_.uuids();
  answer(shared_.refuser(request, refused.status, refused.error), true);
  wire_.linger(kLinger);
  lingered_ = true;
}

bool Connection::answer(Response response, bool close) {
  const Request& request = *request_;
  const bool head_only =
      request.method == "HEAD" || response.status == 204 || response.status == 304;
  const bool streamed = response.stream != nullptr && !head_only;
  if (streamed && framing_.http_1_0) close = true;  // it knows no chunks: the end is the end
  write_head(head_out_, response, request, shared_.clock(), framing_.http_1_0, close);
  const std::string_view body = head_only ? std::string_view() : std::string_view(response.body);
  Transfer sent = wire_.send(head_out_, streamed ? std::string_view() : body,
                             steady_clock::now() + shared_.options.times.write);
  std::size_t bytes_out = body.size();
  if (streamed && sent == Transfer::done && !send_stream(*response.stream, bytes_out)) {
    sent = Transfer::closed;
  }
  if (shared_.log) {
    AccessRecord record;
    record.received_at = request.received_at;
    record.request_id = request.request_id;
    record.correlation_id = request.correlation_id;
    record.exchange_id = response.exchange_id;
    record.method = known_method(request.method);
    record.route = response.route;
    record.peer = request.peer;
    record.status = response.status;
    record.took =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - started_);
    record.bytes_in = body_bytes_;
    record.bytes_out = bytes_out;
    shared_.log(record);
  }
  return sent == Transfer::done && !close;
}

bool Connection::send_stream(BodySource& source, std::size_t& bytes) {
  const bool chunked = !framing_.http_1_0;
  const auto send = [this](std::string_view size, std::string_view piece) {
    const SteadyTime until = steady_clock::now() + shared_.options.times.write;
    return wire_.send(size, piece, until) == Transfer::done;
  };
  bytes = 0;
  while (!shared_.stopping.load(std::memory_order_relaxed)) {
    std::optional<std::string> piece;
    try {
      piece = source.next(kStreamStep);
    } catch (...) {
      return false;
    }
    if (!piece) break;
    if (piece->empty()) {
      if (wire_.peer_left()) return false;
      continue;
    }
    bytes += piece->size();
    if (chunked) {
      std::array<char, 20> size{};
      const auto end = std::to_chars(size.data(), size.data() + size.size(), piece->size(), 16).ptr;
      std::string head(size.data(), end);
      head += "\r\n";
      *piece += "\r\n";
      if (!send(head, *piece)) return false;
    } else if (!send({}, *piece)) {
      return false;
    }
  }
  return !chunked || send("0\r\n\r\n", {});
}

}  // namespace concord::http::detail
