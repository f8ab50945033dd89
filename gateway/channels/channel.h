#pragma once
/// A transport: carries bytes to a named destination and brings back the bytes of the answer.
/// It knows neither what they mean nor whether to try again.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/result.h"

namespace concord::channels {

/// What to carry. Every attempt of an item carries the same values.
struct Delivery {
  std::string_view destination;   ///< by name; the channel knows its address
  std::string_view item;          ///< id of the outbox item: the request id on every attempt
  std::string_view message_id;    ///< identity of the message in its format
  std::string_view interaction;   ///< name of the message in its format
  std::string_view content_type;  ///< of `bytes`
  std::string_view bytes;
  std::int64_t number = 0;  ///< of the item among the numbered ones of its destination; 0: none
};

/// A question that changes nothing on the other side: it may be asked again at will.
struct Question {
  std::string_view destination;  ///< by name; the channel knows its address
  std::string_view target;       ///< path and query below that address
  std::string_view request_id;
  const std::vector<std::pair<std::string, std::string>>& headers;
};

/// How a carrying ended. Source: reliability.md section 2.4.
enum class Carried : std::uint8_t {
  answered,     ///< the other side took it; there may be bytes of an answer
  not_sent,     ///< it never left, or was turned away for now: may be sent again
  unknown,      ///< it may have arrived: send again with the same ids
  turned_away,  ///< refused by the transport for good: sending it again is pointless
};

/// "answered", "transient" (not_sent), "unknown", "permanent" (turned_away): as attempts are kept.
std::string_view carried_name(Carried carried);

/// What came of one attempt. Not an error: each way to end is one the sender must handle.
struct Receipt {
  Carried carried = Carried::not_sent;
  std::int32_t peer_code = 0;                       ///< status of the transport; 0: none came
  std::string bytes;                                ///< the answer, bounded by the channel
  std::string content_type;                         ///< of `bytes`
  std::optional<std::chrono::seconds> retry_after;  ///< the other side's wish
  std::string reason;                               ///< public text when not answered
};

/// One transport. Safe from any thread; deliver() may be called many times at once.
class Channel {
 public:
  virtual ~Channel() = default;

  /// "http"
  virtual std::string_view name() const = 0;

  /// Whether a destination of that name can be reached through this channel.
  virtual bool knows(std::string_view destination) const = 0;

  /// Carries once; blocks at most `timeout`, and ends early when `stop` is asked for.
  virtual Receipt deliver(const Delivery& delivery, std::chrono::milliseconds timeout,
                          std::stop_token stop) = 0;

  /// Asks once; as deliver(). A channel that cannot ask turns the question away.
  virtual Receipt ask(const Question& question, std::chrono::milliseconds timeout,
                      std::stop_token stop);

 protected:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
};

/// The transports of a program. Filled once at start, by one thread; reading is safe from any.
class Channels {
 public:
  /// Adds a channel. A later one of the same name takes the place of the earlier.
  void add(std::unique_ptr<Channel> channel);
  /// The channel of that name, or null.
  Channel* find(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace concord::channels
