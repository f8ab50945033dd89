#include <algorithm>

#include "gateway/exchange/hops.h"

namespace concord::exchange {

const Route* RoutingTable::find(std::string_view message_kind) const {
  const auto row = [this](std::string_view kind) -> const Route* {
    const auto found = std::find_if(routes.begin(), routes.end(),
                                    [&](const Route& route) { return route.message_kind == kind; });
    return found == routes.end() ? nullptr : &*found;
  };
  const Route* own = row(message_kind);
  return own != nullptr ? own : row("*");
}

Result<Routed> route(Permitted&& permitted, const RoutingTable& table) {
  const Route* found = table.find(permitted.decoded().message().kind);
  if (found == nullptr) {
    return make_error(ErrorCode::not_found, "no destination is configured for this kind of message",
                      "Bundle.entry[0].resource.event");
  }
  return Routed(std::move(permitted), *found);
}

}  // namespace concord::exchange
