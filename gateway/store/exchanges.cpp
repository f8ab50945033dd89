#include "gateway/store/exchanges.h"

#include <algorithm>
#include <array>

namespace concord::store {
namespace {

constexpr std::array<std::string_view, 5> kNames{"open", "delivered", "dead", "rejected",
                                                 "cancelled"};

}  // namespace

ExchangeState exchange_state(ItemState state) {
  switch (state) {
    case ItemState::pending:
      return ExchangeState::open;
    case ItemState::acked_transport:
    case ItemState::acked_infrastructure:
    case ItemState::acked_business:
      return ExchangeState::delivered;
    case ItemState::nacked:
      return ExchangeState::rejected;
    case ItemState::dead:
      return ExchangeState::dead;
    case ItemState::cancelled:
      return ExchangeState::cancelled;
  }
  return ExchangeState::open;
}

std::string_view exchange_state_name(ExchangeState state) {
  return kNames[static_cast<std::size_t>(state)];
}

std::optional<ExchangeState> exchange_state_named(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<ExchangeState>(found - kNames.begin());
}

}  // namespace concord::store
