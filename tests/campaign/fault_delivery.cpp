#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "gateway/app/fault_points.h"

namespace concord::app {
namespace {

class Harmful final : public channels::Channel {
 public:
  Harmful(std::unique_ptr<channels::Channel> channel, std::string harm, std::string text)
      : channel_(std::move(channel)), harm_(std::move(harm)), text_(std::move(text)) {}

  std::string_view name() const override { return channel_->name(); }
  bool knows(std::string_view destination) const override { return channel_->knows(destination); }
  channels::Receipt deliver(const channels::Delivery& delivery, std::chrono::milliseconds timeout,
                            std::stop_token stop) override {
    if (delivery.bytes.find(text_) != std::string_view::npos) do_harm();
    return channel_->deliver(delivery, timeout, std::move(stop));
  }
  channels::Receipt ask(const channels::Question& question, std::chrono::milliseconds timeout,
                        std::stop_token stop) override {
    return channel_->ask(question, timeout, std::move(stop));
  }

 private:
  void do_harm() const {
    if (harm_ == "hang") {
      while (true) std::this_thread::sleep_for(std::chrono::hours(1));
    }
    if (harm_ == "memory") {
      constexpr std::size_t kBlock = std::size_t{16} << 20;
      std::vector<std::unique_ptr<char[]>> taken;
      for (int i = 0; i < 40; ++i) {
        taken.push_back(std::make_unique<char[]>(kBlock));
        std::memset(taken.back().get(), i, kBlock);
      }
    }
    if (harm_ != "none") std::abort();
  }

  std::unique_ptr<channels::Channel> channel_;
  std::string harm_, text_;
};

/// Until the stack is used up.
[[gnu::noinline]] std::size_t go_deep(std::size_t level) {
  volatile char frame[4096];
  frame[level % sizeof frame] = 1;
  return level == SIZE_MAX ? 0 : go_deep(level + 1) + static_cast<std::size_t>(frame[0]);
}

}  // namespace

void end_with(std::string_view bytes) {
  const char* const set = std::getenv("CONCORD_FAULT_ACCEPT");  // NOLINT: nobody changes it
  const std::string_view text = set == nullptr ? "" : set;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos ||
      bytes.find(text.substr(colon + 1)) == std::string_view::npos) {
    return;
  }
  const std::string_view how = text.substr(0, colon);
  if (how == "abort") std::abort();
  if (how == "trap") __builtin_trap();
  if (how == "overflow") static_cast<void>(go_deep(0));
}

std::unique_ptr<channels::Channel> with_faults(std::unique_ptr<channels::Channel> channel,
                                               bool isolated) {
  const char* const set = std::getenv("CONCORD_FAULT_DELIVERY");  // NOLINT: before threads start
  const std::string text = set == nullptr ? "" : set;
  const auto slash = text.find('/');
  const auto colon = text.find(':');
  if (slash == std::string::npos || colon == std::string::npos || slash > colon) return channel;
  return std::make_unique<Harmful>(
      std::move(channel),
      isolated ? text.substr(slash + 1, colon - slash - 1) : text.substr(0, slash),
      text.substr(colon + 1));
}

}  // namespace concord::app
