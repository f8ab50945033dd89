#include "gateway/ops/log.h"

#include <fmt/format.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <iterator>

#include "fhir/core/descriptor.h"

namespace concord::ops {
namespace {

constexpr std::size_t kQueue = 8192;
constexpr std::size_t kLongestText = 1024;
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};

/// Lines to a file descriptor, one write each. Called by the one thread of the pool.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    // Should nobody read the log, the gateway goes on.
    static_cast<void>(write_all(descriptor_, {message.payload.data(), message.payload.size()}));
  }
  void flush_() override {}

 private:
  int descriptor_;
};

void append_number(std::string& out, std::string_view name, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":{}", name, value);
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
  append_json_string(out, value);
}

}  // namespace

struct Log::Impl {
  Impl(int descriptor, std::string name, Clock now)
      : node(std::move(name)),
        clock(std::move(now)),
        pool(std::make_shared<spdlog::details::thread_pool>(kQueue, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "concord", std::make_shared<DescriptorSink>(descriptor), pool,
            spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);
  }
  /// The thread writes what is queued and ends before anything it uses goes.
  ~Impl() { pool.reset(); }

  std::string begin(LogLevel level, std::string_view event, Instant at) const {
    std::string line;
    line.reserve(320);
    fmt::format_to(std::back_inserter(line), R"({{"ts":"{}","level":"{}","event":"{}","node":)",
                   format_instant(at), kLevels[static_cast<std::size_t>(level)], event);
    append_json_string(line, node);
    return line;
  }

  void end(std::string& line) const {
    line += "}\n";
    logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

  std::string node;
  Clock clock;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

Result<LogLevel> parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == name) return static_cast<LogLevel>(i);
  }
  return make_error(ErrorCode::invalid, "log level is one of debug, info, warning, error");
}

Log::Log(int descriptor, LogLevel level, std::string node, Clock clock)
    : impl_(std::make_unique<Impl>(descriptor, std::move(node), std::move(clock))), level_(level) {}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  std::string line = impl_->begin(level, event, impl_->clock());
  for (const LogField& field : fields) {
    if (field.is_number) {
      append_number(line, field.name, field.number);
    } else {
      append_text(line, field.name, field.text);
    }
  }
  impl_->end(line);
}

void Log::access(const http::AccessRecord& record) {
  const LogLevel level = record.status >= 500 ? LogLevel::warning : LogLevel::info;
  if (!enabled(level)) return;
  std::string line = impl_->begin(level, "http", record.received_at);
  append_text(line, "request_id", record.request_id);
  append_text(line, "correlation_id", record.correlation_id);
  append_text(line, "exchange_id", record.exchange_id);
  append_text(line, "method", record.method);
  append_text(line, "route", record.route);
  append_text(line, "peer", record.peer);
  append_number(line, "status", record.status);
  append_number(line, "us", record.took.count());
  append_number(line, "bytes_in", static_cast<std::int64_t>(record.bytes_in));
  append_number(line, "bytes_out", static_cast<std::int64_t>(record.bytes_out));
  impl_->end(line);
}

std::uint64_t Log::dropped() const { return impl_->pool->overrun_counter(); }

void Log::flush() {
  // The pool has one thread and a queue in order: an empty queue and one more turn is enough.
  for (int turn = 0; turn < 200 && impl_->pool->queue_size() > 0; ++turn) ::usleep(1000);
  ::usleep(1000);
}

void append_json_string(std::string& out, std::string_view text) {
  if (text.size() > kLongestText) text = text.substr(0, kLongestText);
  // Ids and names are ASCII; whatever is not may be anything, and is escaped byte by byte.
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace concord::ops
