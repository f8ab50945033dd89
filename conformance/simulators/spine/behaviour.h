#pragma once
/// What the simulated side is told to do instead of answering well.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <string_view>

#include "conformance/simulators/spine/fault.h"
#include "fhir/core/result.h"

namespace concord::spine {

/// When the connection is closed without an answer.
enum class Drop : std::uint8_t { never, before, after };  ///< before or after the message was taken

/// One way to behave. Defaults: take the message, answer at once.
struct Behaviour {
  std::chrono::milliseconds delay{0};  ///< before the message is taken
  std::chrono::milliseconds late{0};   ///< between taking and answering
  int http_status = 0;                 ///< not 0: refuse with this status, take nothing
  int retry_after = -1;                ///< seconds, sent with http_status when >= 0
  AckType ack = AckType::accept;       ///< error or reject: answer so, with `ack_fault`
  Fault ack_fault;
  Drop drop = Drop::never;
  bool twice = false;           ///< send the whole answer two times
  std::int64_t remaining = -1;  ///< requests it is still for; -1: until told otherwise
};

/// Reads "delay_ms=200&drop=after&for=3": names delay_ms, late_ms, http, retry_after, ack (AA | AE
/// | AR, with a code and text after colons: "AE:0099:Resource version mismatch", the code with its
/// system when that is not the usual one: "AE:16.34/5000:…"), drop (before |
/// after), twice (0 | 1), for (number of requests). An empty text is the default behaviour.
/// Errors: invalid (unknown name, value out of range).
Result<Behaviour> read_behaviour(std::string_view form);

/// What each request meets. Safe from any thread.
class Conduct {
 public:
  /// `flaky_permille` of all requests, drawn from `seed`, are refused with 503, dropped before or
  /// after being taken, or answered half a second late.
  Conduct(std::uint32_t flaky_permille, std::uint64_t seed)
      : flaky_permille_(flaky_permille), draw_(seed) {}

  void set(const Behaviour& behaviour);
  Behaviour next();

 private:
  std::mutex lock_;
  Behaviour current_;
  std::uint32_t flaky_permille_;
  std::mt19937_64 draw_;
};

}  // namespace concord::spine
