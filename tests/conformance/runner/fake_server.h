#pragma once
// A server of the tests: answers by a function, remembers what it was asked. No sockets.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/engine.h"
#include "conformance/runner/load.h"
#include "conformance/runner/session.h"
#include "tests/conformance/runner/r4.h"

namespace concord::runner {

inline constexpr std::string_view kBase = "http://server.test/r4";

/// A resource with a statement for /metadata, and answers for the rest.
struct FakeServer {
  using Answer = std::function<Response(const Request&)>;
  Answer answer = [](const Request&) { return Response{404, {}, {}}; };
  std::string statement;  ///< CapabilityStatement; empty: /metadata answers 404
  std::vector<Request> asked = {};

  Transport transport() {
    return [this](const Request& request) -> Result<Response> {
      if (request.url == std::string(kBase) + "/metadata") {
        if (statement.empty()) return Response{404, {}, {}};
        return Response{200, {{"Content-Type", "application/fhir+json"}}, statement};
      }
      asked.push_back(request);
      Response response = answer(request);
      if (response.status < 0) return make_error(ErrorCode::transient, "the connection broke");
      return response;
    };
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const Request& request : asked) {
      std::string url = request.url;
      if (url.starts_with(kBase)) url.erase(0, kBase.size());
      all.push_back(request.method + " " + url);
    }
    return all;
  }
};

/// Time that only goes on when the engine sleeps.
struct FakeTime {
  std::chrono::microseconds ticks{0};
  Timing timing() {
    return {[] { return test_now(); }, [this] { return ticks; },
            [this](std::chrono::milliseconds pause) { ticks += pause; }};
  }
};

inline Settings settings() {
  Settings made;
  made.servers = {std::string(kBase)};
  return made;
}

/// A TestScript with those members beside what R4 requires: R"("test":[…])".
inline std::string script_text(const std::string& members) {
  return R"({"resourceType":"TestScript","url":"http://example.org/script","name":"Sample",)"
         R"("status":"active",)" +
         members + "}";
}

inline Script loaded(const std::string& members) {
  auto script = load(script_text(members), "folder/sample.json", r4());
  if (!script) {
    ADD_FAILURE() << to_string(script.error());
    return {};
  }
  return *std::move(script);
}

inline ScriptResult run(FakeServer& server, const std::string& members,
                        Settings given = settings()) {
  FakeTime time;
  Engine engine(r4(), std::move(given), server.transport(), time.timing());
  const Script script = loaded(members);
  return engine.run(script);
}

/// One test whose actions are `actions`: R"({"operation":{…}},{"assert":{…}})".
inline TestResult run_test(FakeServer& server, const std::string& actions,
                           const std::string& more = {}) {
  const auto result = run(server, more + R"("test":[{"name":"only","action":[)" + actions + "]}]");
  if (result.tests.size() != 1) {
    ADD_FAILURE() << result.tests.size() << " tests";
    return {};
  }
  return result.tests.front();
}

inline const char* const kRead =
    R"({"operation":{"type":{"code":"read"},"resource":"Patient","params":"/p1",)"
    R"("encodeRequestUrl":true,"responseId":"answer","requestId":"question"}})";

inline const char* const kPatient =
    R"({"resourceType":"Patient","id":"p1","meta":{"versionId":"3","lastUpdated":"2026-01-02T03:04:05Z"},)"
    R"("active":true,"name":[{"family":"Quay","given":["Rowan","Ash"]}],"birthDate":"1970-05-06",)"
    R"("multipleBirthInteger":2})";

inline Response patient() {
  return {200,
          {{"Content-Type", "application/fhir+json; charset=utf-8"},
           {"ETag", "W/\"3\""},
           {"Location", std::string(kBase) + "/Patient/p1/_history/3"}},
          kPatient};
}

}  // namespace concord::runner
