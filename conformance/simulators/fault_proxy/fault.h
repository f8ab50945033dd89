#pragma once
/// What can go wrong between two programs, and when it does. Values; Faults is safe from any
/// thread.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

namespace concord::fault_proxy {

enum class Kind : std::uint8_t {
  refuse,        ///< the connection is reset before anything is read
  delay,         ///< `ms` pass first
  cut,           ///< the connection ends after `bytes`
  half_open,     ///< bytes are swallowed, and nothing is ever said
  corrupt,       ///< one bit of the byte at `bytes` is turned
  slow,          ///< no more than `rate` bytes a second
  duplicate,     ///< the whole message goes twice (HTTP)
  reorder,       ///< the request waits until another one went, `ms` at most (HTTP)
  wrong_answer,  ///< the answer of an earlier request comes, this one's answer later (HTTP)
};
std::string_view kind_name(Kind kind);
/// Kinds that need to know where a message ends.
bool needs_http(Kind kind);

enum class Direction : std::uint8_t { request, response };

struct Fault {
  Kind kind = Kind::delay;
  Direction direction = Direction::response;  ///< reorder and refuse: always of the request
  std::uint32_t permille = 1000;              ///< of requests (HTTP) or connections (TCP)
  std::uint64_t ms = 0;
  std::uint64_t bytes = 0;  ///< cut, corrupt; 0: drawn, 1 to 2000
  std::uint64_t rate = 0;   ///< bytes a second, slow
};

/// Faults that hold for a while.
struct Phase {
  std::uint64_t seconds = 0;  ///< 0: for good
  std::vector<Fault> faults;
};

/// Reads `{"faults":[{"kind":"cut","direction":"response","permille":100,"bytes":40}, …]}`, or
/// several with times: `{"phases":[{"seconds":10,"faults":[…]}, …]}`. Without faults: none.
/// Errors: malformed (no JSON), invalid (an unknown name or kind, a value out of range, more than
/// 64 faults or 1000 phases; a kind that needs HTTP where `http` is false).
Result<std::vector<Phase>> read_phases(std::string_view json, bool http);

/// Which request or connection meets which fault: the first of the phase whose draw, by seed,
/// number and place in the list, falls. The same arguments, the same answer.
std::optional<Fault> choose(const Phase& phase, std::uint64_t seed, std::uint64_t number);

/// The phases in force. The last one stays when its time is over.
class Faults {
 public:
  void set(std::vector<Phase> phases, std::chrono::steady_clock::time_point now);
  Phase current(std::chrono::steady_clock::time_point now) const;

 private:
  mutable std::mutex lock_;
  std::vector<Phase> phases_;
  std::chrono::steady_clock::time_point since_{};
};

}  // namespace concord::fault_proxy
