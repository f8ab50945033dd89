#pragma once
/// How hard the gateway is pressed, and which work it refuses because of that. Pure functions over
/// plain values. Source: reliability.md section 2.5.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace concord::admission {

/// What a call wants, in the order in which it is refused.
enum class Kind : std::uint8_t {
  bulk,     ///< batches and transactions: 429
  read,     ///< nothing is stored: 503
  routine,  ///< writes: 503
  urgent,   ///< messages for somebody else, prescriptions among them: 503, last of all
};
inline constexpr std::size_t kKinds = 4;
/// "bulk", "read", "routine", "urgent".
std::string_view kind_name(Kind kind);

/// What was measured that refuses, in the order of judge().
enum class Reason : std::uint8_t { store_wait, disk, memory, queue_lag };
inline constexpr std::size_t kReasons = 4;
/// "store_wait", "disk", "memory", "queue_lag".
std::string_view reason_name(Reason reason);
/// Public words for it.
std::string_view reason_text(Reason reason);

/// What was measured last. Nothing: it cannot be, or is not looked at.
struct Readings {
  std::chrono::milliseconds store_wait{0};  ///< how long a write that changes nothing takes
  std::chrono::milliseconds queue_lag{0};   ///< how long due items wait where they could be sent
  std::optional<double> disk_free;          ///< share of the store's file system, 0 … 1
  std::optional<double> memory_used;        ///< share of what this process may use
};

/// Where refusing begins; 0 of any of them: it is not looked at.
struct Limits {
  std::chrono::milliseconds store_wait{250};
  std::chrono::milliseconds queue_lag{60'000};
  std::chrono::milliseconds queue_lag_urgent{3'600'000};  ///< for urgent work; 0: never
  double disk_warn = 0.15;                                ///< below: a warning
  double disk_refuse = 0.05;                              ///< below: no new work
  double memory = 0.80;                                   ///< of the memory allowed
};

/// What is refused, and why; nothing for what may come in.
struct Verdict {
  std::array<std::optional<Reason>, kKinds> refused{};
  bool disk_low = false;  ///< below Limits::disk_warn

  std::optional<Reason> reason(Kind kind) const { return refused[static_cast<std::size_t>(kind)]; }
  /// How many kinds are refused: 0 … kKinds.
  std::size_t level() const;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// | reading | bulk | read | routine | urgent |
/// |---|---|---|---|---|
/// | store_wait, times its limit | 1 | 1.5 | 2 | 4 |
/// | queue_lag, times its limit | 1 | 2 | 4 | queue_lag_urgent |
/// | memory_used | limit | a quarter of the rest more | half | seven eighths |
/// | disk_free below | disk_refuse | never | disk_refuse | half of disk_refuse |
Verdict judge(const Readings& readings, const Limits& limits);

/// How hard it presses: 1 is where refusing begins, 0 nothing or not looked at.
double pressure(Reason reason, const Readings& readings, const Limits& limits);

}  // namespace concord::admission
