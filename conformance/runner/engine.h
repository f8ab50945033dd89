#pragma once
/// Runs TestScripts against servers. One thread.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "conformance/runner/client.h"
#include "conformance/runner/results.h"
#include "conformance/runner/script.h"
#include "conformance/runner/settings.h"
#include "conformance/runner/standard.h"

namespace concord::runner {

/// Where the engine gets time from; tests count their own.
struct Timing {
  Clock now;
  std::function<std::chrono::microseconds()> ticks;  ///< monotonic
  std::function<void(std::chrono::milliseconds)> sleep;
};
Timing system_timing();

/// Setup, tests, teardown as the page has them: fixtures with autocreate are created first and
/// those with autodelete deleted last, in reverse order; when setup fails, tests are skipped and
/// teardown still runs; within a test failed assertions do not stop the rest (but stopTestOnFail),
/// an operation that cannot be sent does.
/// Source: hl7.org/fhir/R4/testscript.html; fhir-engine.md section 7.1.
class Engine {
 public:
  /// All must outlive the engine. `settings.servers` has at least one address.
  Engine(Standard& standard, Settings settings, Transport transport, Timing timing);

  /// Reads /metadata of each server once; failures are told in the result of run().
  void look_at_servers();
  /// The CapabilityStatement of destination n; null when it could not be read.
  const tree::Document* statement(int destination) const;

  ScriptResult run(const Script& script);
  /// All of them, in their order. `seen`, when given, hears of each script as it ends.
  RunResult run(std::span<const Script> scripts,
                const std::function<void(const ScriptResult&)>& seen = {});

 private:
  class Run;
  struct Server {
    std::optional<tree::Document> statement;
    std::string unreadable;
  };

  Standard& standard_;
  Settings settings_;
  Transport transport_;
  Timing timing_;
  Mask mask_;
  std::vector<Server> servers_;
  bool looked_ = false;
};

}  // namespace concord::runner
