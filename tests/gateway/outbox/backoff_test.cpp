#include "gateway/outbox/backoff.h"

#include <gtest/gtest.h>

#include "tests/gateway/samples.h"

namespace concord::outbox {
namespace {

using std::chrono::milliseconds;
using test::at;

TEST(Backoff, DoublesFromFiveSecondsToAQuarterOfAnHour) {
  const BackoffSettings settings;
  EXPECT_EQ(backoff(settings, 0, 0.5), milliseconds(5'000));
  EXPECT_EQ(backoff(settings, 1, 0.5), milliseconds(10'000));
  EXPECT_EQ(backoff(settings, 5, 0.5), milliseconds(160'000));
  EXPECT_EQ(backoff(settings, 8, 0.5), milliseconds(900'000));
  EXPECT_EQ(backoff(settings, 1'000'000'000, 0.5), milliseconds(900'000));
}

TEST(Backoff, JitterIsFromHalfToOneAndAHalfOfTheWait) {
  const BackoffSettings settings;
  EXPECT_EQ(backoff(settings, 0, 0.0), milliseconds(2'500));
  EXPECT_EQ(backoff(settings, 0, 0.999), milliseconds(7'495));
}

TEST(Circuit, OpensAfterFiveFailuresInARowAndTellsOnce) {
  Circuit circuit{CircuitSettings{}};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(circuit.failed(at(0)), Circuit::Change::none);
  EXPECT_EQ(circuit.failed(at(0)), Circuit::Change::opened);
  EXPECT_EQ(circuit.failed(at(1)), Circuit::Change::none);
  EXPECT_TRUE(circuit.is_open());
}

TEST(Circuit, ASuccessInBetweenStartsTheCountAnew) {
  Circuit circuit{CircuitSettings{}};
  for (int i = 0; i < 4; ++i) circuit.failed(at(0));
  EXPECT_EQ(circuit.succeeded(), Circuit::Change::none);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(circuit.failed(at(0)), Circuit::Change::none);
}

TEST(Circuit, LetsOneProbeThroughEachHalfMinuteWhileOpen) {
  Circuit circuit{CircuitSettings{}};
  for (int i = 0; i < 5; ++i) circuit.failed(at(0));
  EXPECT_EQ(circuit.allowance(at(29), 0, 4), 0u);
  EXPECT_EQ(circuit.allowance(at(30), 0, 4), 1u);
  EXPECT_EQ(circuit.allowance(at(30), 1, 4), 0u);
  circuit.failed(at(31));
  EXPECT_EQ(circuit.probe_at(), at(61));
  EXPECT_EQ(circuit.succeeded(), Circuit::Change::closed);
  EXPECT_EQ(circuit.allowance(at(31), 1, 4), 3u);
}

}  // namespace
}  // namespace concord::outbox
