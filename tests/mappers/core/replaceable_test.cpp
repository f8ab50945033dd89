// A mapper is replaced while it is used: calls end with the one they began with.

#include "mappers/core/replaceable.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "fhir/mapping/trace.h"
#include "tests/support/result_matchers.h"

namespace concord::mappers {
namespace {

/// Counts how many of its kind there are.
class Counted final : public Mapper {
 public:
  Counted(std::string answer, std::atomic<int>& alive) : answer_(std::move(answer)), alive_(alive) {
    ++alive_;
  }
  ~Counted() override { --alive_; }
  std::string_view name() const override { return "eps"; }
  std::string version() const override { return answer_; }
  bool recognises(const tree::Document&) const override { return true; }
  Result<Encoded> encode(const tree::Document&, const Parameters&,
                         mapping::TraceSink*) const override {
    std::this_thread::yield();
    Encoded encoded;
    encoded.bytes = answer_;
    encoded.interaction = answer_;
    return encoded;
  }

 private:
  std::string answer_;
  std::atomic<int>& alive_;
};

TEST(ReplaceableMapper, NewCallsGoToTheNewOneAndTheOldOneEndsWithItsLastCall) {
  tree::Symbols symbols;
  const tree::Document bundle(symbols);
  std::atomic<int> alive = 0;
  ReplaceableMapper mapper(std::make_shared<Counted>("old", alive));
  mapping::TraceRecorder trace;
  auto traced = mapper.encode(bundle, {}, &trace);
  ASSERT_THAT(traced, IsOk());

  mapper.replace(std::make_shared<Counted>("new", alive));
  EXPECT_EQ(mapper.encode(bundle, {}, nullptr)->bytes, "new");
  EXPECT_EQ(mapper.version(), "new");
  EXPECT_EQ(alive, 2) << "a trace may still point into the old one";
  traced->maps.reset();
  EXPECT_EQ(alive, 1);
}

TEST(ReplaceableMapper, UnderLoadEveryCallGivesOneOfTheTwoWhole) {
  tree::Symbols symbols;
  const tree::Document bundle(symbols);
  std::atomic<int> alive = 0;
  ReplaceableMapper mapper(std::make_shared<Counted>("0", alive));
  std::atomic<bool> enough = false;
  std::atomic<int> torn = 0, calls = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!enough) {
        const auto encoded = mapper.encode(bundle, {}, nullptr);
        torn += encoded && encoded->bytes == encoded->interaction ? 0 : 1;
        ++calls;
      }
    });
  }
  for (int i = 1; i <= 200 || calls < 1000; ++i) {
    mapper.replace(std::make_shared<Counted>(std::to_string(i), alive));
    std::this_thread::yield();
  }
  enough = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(alive, 1);
}

}  // namespace
}  // namespace concord::mappers
