// Faults as text, and what meets which of them.
#include "conformance/simulators/fault_proxy/fault.h"

#include <gmock/gmock.h>

#include "conformance/simulators/fault_proxy/wire.h"
#include "tests/support/result_matchers.h"

namespace concord::fault_proxy {
namespace {

using namespace std::chrono_literals;

TEST(Fault, IsReadWithAllItsMembers) {
  const auto phases = read_phases(
      R"({"faults":[{"kind":"half-open","direction":"request","permille":50,"ms":7,"bytes":8,"rate":9},
                    {"kind":"refuse"}]})",
      true);
  ASSERT_THAT(phases, IsOk());
  ASSERT_EQ(phases->size(), 1u);
  ASSERT_EQ(phases->front().faults.size(), 2u);
  const Fault& fault = phases->front().faults.front();
  EXPECT_EQ(fault.kind, Kind::half_open);
  EXPECT_EQ(fault.direction, Direction::request);
  EXPECT_EQ(fault.permille, 50u);
  EXPECT_EQ(fault.ms, 7u);
  EXPECT_EQ(fault.bytes, 8u);
  EXPECT_EQ(fault.rate, 9u);
  EXPECT_EQ(phases->front().faults.back().direction, Direction::request);
}

TEST(Fault, WhatIsNoneIsRefused) {
  for (const std::string_view text :
       {"", "[]", "{\"faults\":7}", "{\"faults\":[7]}", "{\"faults\":[{}]}",
        "{\"faults\":[{\"kind\":\"other\"}]}", "{\"faults\":[{\"kind\":7}]}",
        "{\"faults\":[{\"kind\":\"cut\",\"permille\":1001}]}",
        "{\"faults\":[{\"kind\":\"cut\",\"bytes\":-1}]}",
        "{\"faults\":[{\"kind\":\"cut\",\"bytes\":\"1\"}]}",
        "{\"faults\":[{\"kind\":\"cut\",\"direction\":\"up\"}]}",
        "{\"faults\":[{\"kind\":\"cut\",\"what\":1}]}", "{\"faults\":[{\"kind\":\"slow\"}]}",
        "{\"other\":1}", "{\"phases\":[],\"seconds\":1}", "{\"phases\":[7]}"}) {
    EXPECT_FALSE(read_phases(text, true)) << text;
  }
  for (const std::string_view kind : {"duplicate", "reorder", "wrong-answer"}) {
    const std::string text = "{\"faults\":[{\"kind\":\"" + std::string(kind) + "\"}]}";
    EXPECT_THAT(read_phases(text, true), IsOk());
    EXPECT_FALSE(read_phases(text, false)) << kind << " knows no bytes";
  }
  std::string many = "{\"faults\":[";
  for (int i = 0; i < 65; ++i) many += (i == 0 ? "" : ",") + std::string(R"({"kind":"cut"})");
  EXPECT_FALSE(read_phases(many + "]}", true));
}

TEST(Fault, TheShareIsMetAndTheSameRequestsMeetItAgain) {
  const Phase phase{0, {{Kind::delay, Direction::response, 250, 5, 0, 0}, {Kind::cut}}};
  int delayed = 0;
  for (std::uint64_t number = 0; number < 4000; ++number) {
    const auto fault = choose(phase, 7, number);
    ASSERT_TRUE(fault);
    delayed += fault->kind == Kind::delay;
    if (fault->kind == Kind::cut) {
      EXPECT_GE(fault->bytes, 1u);
      EXPECT_LE(fault->bytes, 2000u);
    }
    EXPECT_EQ(choose(phase, 7, number)->bytes, fault->bytes);
  }
  EXPECT_NEAR(delayed, 1000, 120);
  EXPECT_FALSE(choose(Phase{}, 7, 1));
}

TEST(Fault, PhasesFollowEachOtherAndTheLastStays) {
  Faults faults;
  const auto began = std::chrono::steady_clock::time_point{} + 100s;
  EXPECT_TRUE(faults.current(began).faults.empty());
  faults.set({{10, {{Kind::delay}}}, {5, {}}, {5, {{Kind::cut}}}}, began);
  EXPECT_EQ(faults.current(began + 9s).faults.at(0).kind, Kind::delay);
  EXPECT_TRUE(faults.current(began + 12s).faults.empty());
  EXPECT_EQ(faults.current(began + 16s).faults.at(0).kind, Kind::cut);
  EXPECT_EQ(faults.current(began + 600s).faults.at(0).kind, Kind::cut);
}

TEST(Frame, MessagesAreFramedByContentLength) {
  EXPECT_EQ(frame_of("").framing, Framing::more);
  EXPECT_EQ(frame_of("GET / HTTP/1.1\r\n").framing, Framing::more);
  const Frame bare = frame_of("GET / HTTP/1.1\r\n\r\nrest");
  EXPECT_EQ(bare.framing, Framing::whole);
  EXPECT_EQ(bare.size, 18u);
  const std::string head = "POST / HTTP/1.1\r\ncontent-LENGTH:  3 \r\n\r\n";
  EXPECT_EQ(frame_of(head + "ab").framing, Framing::more);
  EXPECT_EQ(frame_of(head + "abc").size, head.size() + 3);
  for (const std::string_view bad :
       {"P / H\r\nTransfer-Encoding: chunked\r\n\r\n", "P / H\r\nContent-Length: x\r\n\r\n",
        "P / H\r\nContent-Length: -1\r\n\r\n", "P / H\r\nContent-Length: 99999999999\r\n\r\n"}) {
    EXPECT_EQ(frame_of(bad).framing, Framing::impossible) << bad;
  }
  EXPECT_EQ(frame_of(std::string(70'000, 'x')).framing, Framing::impossible);
}

}  // namespace
}  // namespace concord::fault_proxy
