// Faults of the other side and of the network to it.
#include <array>
#include <chrono>
#include <thread>

#include "tests/campaign/faults.h"
#include "tests/support/http_client.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;

/// Tells the simulated side how to behave.
void behave(Scene& scene, const std::string& kind, const std::string& how) {
  scene.meet();
  test::HttpClient other(scene.stage.other_side_port(), 10s);
  const auto answer = other.request("POST", "/_behaviour",
                                    {{"Content-Type", "application/x-www-form-urlencoded"}}, how);
  scene.note(kind, how);
  if (!answer || answer->status / 100 != 2) scene.trouble("the simulated side does not obey");
}

/// It misbehaves for some requests.
void misbehave(Scene& scene) {
  static constexpr std::array kWays{"http=503&retry_after=0", "drop=before",  "drop=after",
                                    "delay_ms=300",           "late_ms=4000", "twice=1"};
  behave(scene, "peer",
         std::string(kWays[scene.occurrence % kWays.size()]) +
             "&for=" + std::to_string(scene.between(1, 8)));
}

/// It refuses some requests for good: they become dead letters, and a person replays or cancels
/// them, while further faults come.
void refuse_for_good(Scene& scene) {
  static constexpr std::array kStatus{"400", "403", "404"};
  behave(scene, "refuse",
         "http=" + std::string(kStatus[scene.occurrence % kStatus.size()]) +
             "&for=" + std::to_string(scene.between(1, 5)));
}

/// A bad network between the gateways and the other side, for a while.
void harm_network(Scene& scene) {
  // Never a corrupted request: a receiver without checksums of its own would take it.
  static constexpr std::array kWays{R"("kind":"refuse")",
                                    R"("kind":"cut","direction":"request")",
                                    R"("kind":"cut","direction":"response")",
                                    R"("kind":"half-open","direction":"request")",
                                    R"("kind":"half-open","direction":"response")",
                                    R"("kind":"duplicate","direction":"request")",
                                    R"("kind":"duplicate","direction":"response")",
                                    R"("kind":"reorder")",
                                    R"("kind":"wrong-answer")",
                                    R"("kind":"corrupt","direction":"response")",
                                    R"("kind":"slow","direction":"request","rate":20000)",
                                    R"("kind":"delay","ms":400)"};
  const std::string faults = std::string("{\"faults\":[{") +
                             kWays[scene.occurrence % kWays.size()] +
                             ",\"permille\":" + std::to_string(scene.between(200, 900)) + "}]}";
  const std::uint64_t ms = scene.between(200, 1500);
  test::HttpClient control(scene.stage.network_port(), 10s);
  const auto tell = [&](const std::string& what) {
    const auto answer = control.request("POST", "/faults", {}, what);
    if (!answer || answer->status != 200) scene.trouble("the proxy does not take faults");
  };
  scene.meet();
  tell(faults);
  scene.note("network", faults + " ms=" + std::to_string(ms));
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  tell("{}");
}

}  // namespace

void add_network_faults(std::vector<FaultKind>& to) {
  to.push_back(
      {"peer", "the other side refuses, hangs up, is late, answers twice", always, misbehave});
  to.push_back({"refuse", "the other side refuses for good: dead letters, replayed or cancelled",
                always, refuse_for_good});
  to.push_back({"network", "cuts, silence, duplicates, disorder, wrong answers on the way", always,
                harm_network});
}

}  // namespace concord::campaign
