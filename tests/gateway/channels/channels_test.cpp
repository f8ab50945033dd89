#include <gtest/gtest.h>

#include "gateway/channels/channel.h"

namespace concord::channels {
namespace {

class Named final : public Channel {
 public:
  Named(std::string name, int n) : number(n), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  bool knows(std::string_view) const override { return true; }
  Receipt deliver(const Delivery&, std::chrono::milliseconds, std::stop_token) override {
    return {};
  }
  int number;

 private:
  std::string name_;
};

TEST(Channels, FindsByNameAndTheLaterOfANameCounts) {
  Channels channels;
  EXPECT_EQ(channels.find("http"), nullptr);
  channels.add(std::make_unique<Named>("http", 1));
  channels.add(std::make_unique<Named>("mesh", 2));
  channels.add(std::make_unique<Named>("http", 3));
  EXPECT_EQ(static_cast<Named*>(channels.find("http"))->number, 3);
  EXPECT_EQ(static_cast<Named*>(channels.find("mesh"))->number, 2);
}

TEST(Channels, EachWayToEndHasTheNameItIsKeptUnder) {
  EXPECT_EQ(carried_name(Carried::answered), "answered");
  EXPECT_EQ(carried_name(Carried::not_sent), "transient");
  EXPECT_EQ(carried_name(Carried::unknown), "unknown");
  EXPECT_EQ(carried_name(Carried::turned_away), "permanent");
}

}  // namespace
}  // namespace concord::channels
