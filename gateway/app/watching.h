#pragma once
/// The gateway's two clocks over its store: counting all messages over (promise P4) and looking for
/// acknowledgements that are late. Source: reliability.md DEL-09 and section 2.3.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "fhir/core/instant.h"
#include "gateway/exchange/settle.h"
#include "gateway/ops/log.h"
#include "gateway/ops/metrics.h"
#include "gateway/store/store.h"

namespace concord::app {

/// Everything must outlive it. Safe from any thread.
class Watching {
 public:
  struct Parts {
    store::Store* store = nullptr;
    exchange::Settler* settler = nullptr;
    ops::Log* log = nullptr;
    ops::Metrics* metrics = nullptr;
    Clock clock;
    std::function<double()> random;  ///< in [0, 1)
    /// What a destination is called in a label.
    std::function<std::string(std::string_view)> label;
    std::string node = "concord";
  };
  struct Settings {
    std::chrono::milliseconds reconcile{60'000};  ///< a tenth of it is added at random
    std::chrono::milliseconds look{15'000};       ///< between looks for late acknowledgements
  };

  Watching(Parts parts, Settings settings);
  /// As stop().
  ~Watching();
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  void start();
  void stop();

  /// Counts once: a difference is a line in the log each time, and a record of the audit when it is
  /// another than the one told of before.
  void reconcile();
  /// Takes each step of escalation that is due.
  void escalate();

 private:
  void run(const std::stop_token& stop);

  Parts parts_;
  Settings settings_;
  std::mutex mutex_;
  std::condition_variable_any wait_;
  std::jthread thread_;
};

}  // namespace concord::app
