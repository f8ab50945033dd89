// SIGTERM under load: whoever sent a message hears what became of it. reliability.md F28.

#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"
#include "tests/support/raw_socket.h"
#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

using namespace std::chrono_literals;

std::string request_with(const std::string& bundle, bool last) {
  return "POST /FHIR/R4/$process-message HTTP/1.1\r\nHost: localhost\r\n"
         "Content-Type: application/fhir+json\r\n" +
         std::string(last ? "Connection: close\r\n" : "") +
         "Content-Length: " + std::to_string(bundle.size()) + "\r\n\r\n" + bundle;
}

struct Heard {
  std::atomic<int> accepted{0}, refused{0}, other{0}, silent{0};
};

/// Sends new prescriptions until nobody listens any more.
void keep_sending(std::uint16_t port, const std::string& series, bool reuse, Heard& heard) {
  const std::string example = example_prescription();
  for (std::uint64_t number = 0;;) {
    RawSocket socket(port);
    if (!socket.connected()) return;
    for (bool open = true; open;) {
      if (!socket.send(request_with(renewed(example, series, number++).bundle, !reuse))) break;
      const auto answer = socket.receive(20s);
      if (!answer) {
        ++heard.silent;
        break;
      }
      ++(answer->status == 202   ? heard.accepted
         : answer->status == 503 ? heard.refused
                                 : heard.other);
      open = reuse && answer->field("Connection") != "close";
    }
  }
}

TEST(Shutdown, EveryMessageThatWasSentIsAnsweredAndEveryAcceptedOneIsInTheStore) {
  World world(std::map<std::string, std::string>{{"CONCORD_HTTP_DRAIN_SECONDS", "1"}});
  Heard heard;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i, port = world.port()] {
      keep_sending(port, "shutdown-" + std::to_string(i), i % 2 == 0, heard);
    });
  }
  std::this_thread::sleep_for(700ms);
  world.gateway().signal(SIGTERM);
  EXPECT_EQ(world.gateway().wait(30s), 0);
  for (std::thread& client : clients) client.join();
  EXPECT_GT(heard.accepted, 10);
  EXPECT_EQ(heard.silent, 0) << "of " << heard.accepted + heard.refused;
  EXPECT_EQ(heard.other, 0);

  store::sqlite::Options options;
  options.path = world.folder() / "store.db";
  options.read_only = true;
  const auto kept = store::sqlite::open(options, system_clock());
  ASSERT_THAT(kept, IsOk());
  const auto counts = (*kept)->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->accepted, heard.accepted);
  EXPECT_EQ(counts->difference(), 0);
}

}  // namespace
}  // namespace concord::test
