#include "gateway/subscriptions/endpoints.h"

#include <algorithm>

namespace concord::subscriptions {

using channels::http::Address;

Result<Endpoints> Endpoints::make(const std::vector<std::string>& registered) {
  Endpoints made;
  for (const std::string& text : registered) {
    auto address = channels::http::parse_address(text);
    if (!address || (address->scheme == "http" && !address->loopback)) {
      return make_error(ErrorCode::invalid,
                        "subscriptions.endpoints: \"" + text +
                            "\" is not https (plain http: to this machine only)");
    }
    while (address->path.ends_with('/')) address->path.pop_back();
    made.registered_.push_back(*std::move(address));
  }
  return made;
}

Result<void> Endpoints::check(const std::string& text) const {
  const auto refuse = [](std::string why) {
    return make_error(ErrorCode::invalid, std::move(why), "Subscription.channel.endpoint");
  };
  auto address = channels::http::parse_address(text);
  if (!address) return refuse(address.error().issues.front().text);
  const bool known = std::any_of(registered_.begin(), registered_.end(), [&](const Address& one) {
    return one.scheme == address->scheme && one.host == address->host &&
           one.port == address->port && address->path.starts_with(one.path) &&
           (address->path.size() == one.path.size() || address->path[one.path.size()] == '/');
  });
  // An encoded slash or dot is read differently by different servers.
  const bool encoded = address->path.find("%2") != std::string::npos ||
                       address->path.find('\\') != std::string::npos;
  if (known && !encoded) return {};
  return refuse("the address is not registered with this gateway (subscriptions.endpoints)");
}

}  // namespace concord::subscriptions
