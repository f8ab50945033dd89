#include "gateway/channels/channel.h"

#include <algorithm>
#include <array>

namespace concord::channels {

std::string_view carried_name(Carried carried) {
  constexpr std::array<std::string_view, 4> kNames{"answered", "transient", "unknown", "permanent"};
  return kNames[static_cast<std::size_t>(carried)];
}

Receipt Channel::ask(const Question&, std::chrono::milliseconds, std::stop_token) {
  Receipt receipt;
  receipt.carried = Carried::turned_away;
  receipt.reason = "this channel cannot ask";
  return receipt;
}

void Channels::add(std::unique_ptr<Channel> channel) {
  const auto same = std::find_if(channels_.begin(), channels_.end(), [&](const auto& known) {
    return known->name() == channel->name();
  });
  if (same == channels_.end()) {
    channels_.push_back(std::move(channel));
  } else {
    *same = std::move(channel);
  }
}

Channel* Channels::find(std::string_view name) const {
  for (const auto& channel : channels_) {
    if (channel->name() == name) return channel.get();
  }
  return nullptr;
}

}  // namespace concord::channels
