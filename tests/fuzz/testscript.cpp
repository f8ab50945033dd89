// A TestScript that can be read runs to its end against a server that echoes, whatever it says; its
// TestReport is valid, and every other report can be written. Polling ends by the time of the test.
//
// DEPENDS conformance/runner

#include <cstdint>
#include <cstdlib>
#include <string>

#include "conformance/runner/engine.h"
#include "conformance/runner/load.h"
#include "conformance/runner/reports/reports.h"

using namespace concord;

namespace {

constexpr std::size_t kMostAsked = 2'000;  // requests of one input; parametrised tests multiply
constexpr int kKeepStandard = 1'000;       // expressions leave names behind for good

Instant fixed_time() { return *parse_instant("2026-03-02T10:20:30Z"); }

runner::Standard& standard() {
  static std::unique_ptr<runner::Standard> loaded;
  static int used = 0;
  if (loaded == nullptr || ++used > kKeepStandard) {
    used = 0;
    loaded.reset();
    loaded = *runner::Standard::load({}, [] { return fixed_time(); });
  }
  return *loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  runner::Standard& r4 = standard();
  const auto script =
      runner::load(std::string(reinterpret_cast<const char*>(data), size), "fuzz/input.json", r4);
  if (!script) {
    if (script.error().issues.empty()) std::abort();  // refusals say why
    return 0;
  }
  runner::Settings settings;
  settings.servers = {"http://server.test/r4"};
  std::size_t asked = 0;
  std::chrono::microseconds now{0};
  runner::Engine engine(
      r4, settings,
      [&](const runner::Request& request) -> Result<runner::Response> {
        if (++asked > kMostAsked) return make_error(ErrorCode::transient, "asked too often");
        // Nothing may leave the servers that were named.
        if (!request.url.starts_with("http://server.test/r4")) std::abort();
        const std::string body =
            request.body.empty() ? R"({"resourceType":"Patient","id":"a"})" : request.body;
        return runner::Response{200, {{"Content-Type", "application/fhir+json"}}, body};
      },
      {[] { return fixed_time(); }, [&] { return now; },
       [&](std::chrono::milliseconds pause) { now += pause; }});
  runner::RunResult run;
  run.server = settings.servers.front();
  run.scripts.push_back(engine.run(*script));
  const auto report = runner::test_report(run, run.scripts[0], r4);
  if (!report) std::abort();
  const auto document = r4.read(*report, false);
  if (!document) std::abort();
  if (!runner::junit_xml(run) || !runner::json_record(run)) std::abort();
  if (runner::html_page(run).find("<script") != std::string::npos) std::abort();
  return 0;
}
