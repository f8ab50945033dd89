#include "conformance/simulators/spine/states.h"

#include <algorithm>
#include <array>

namespace concord::spine {
namespace {

constexpr std::array kIssueStates{
    StateNames{"0000", "Awaiting Release Ready", "Awaiting Release Ready"},
    StateNames{"0001", "To Be Dispensed", "To Be Dispensed"},
    StateNames{"0002", "With Dispenser", "With Dispenser"},
    StateNames{"0003", "With Dispenser - Active", "With Dispenser - Active"},
    StateNames{"0004", "Expired", "Expired"},
    StateNames{"0005", "Cancelled", "Cancelled"},
    StateNames{"0006", "Dispensed", "Dispensed"},
    StateNames{"0007", "Not Dispensed", "Not Dispensed"},
    StateNames{"0008", "Claimed", "Claimed"},
    StateNames{"0009", "No-Claimed", "No-Claimed"},
    StateNames{"9000", "Repeat Dispense future instance", "Repeat Dispense future instance"},
    StateNames{"9001", "Prescription future instance", "Prescription future instance"},
    StateNames{"9005", "Cancelled future instance", "Cancelled future instance"},
};

constexpr std::array kItemStates{
    StateNames{"0001", "Item fully dispensed", "Dispensed"},
    StateNames{"0002", "Item not dispensed", "Not Dispensed"},
    StateNames{"0003", "Item dispensed - partial", "Dispensed - Partial"},
    StateNames{"0004", "Item not dispensed owing", "Not Dispensed - Owing"},
    StateNames{"0005", "Item cancelled", "Cancelled"},
    StateNames{"0006", "Expired", "Expired"},
    StateNames{"0007", "To Be Dispensed", "To be Dispensed"},
    StateNames{"0008", "Item with dispenser", "With Dispenser"},
};

template <typename State, std::size_t N>
std::optional<State> by_code(const std::array<StateNames, N>& rows, std::string_view code) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const StateNames& row) { return row.code == code; });
  if (found == rows.end()) return std::nullopt;
  return static_cast<State>(found - rows.begin());
}

}  // namespace

StateNames names_of(IssueState state) { return kIssueStates[static_cast<std::size_t>(state)]; }
StateNames names_of(ItemState state) { return kItemStates[static_cast<std::size_t>(state)]; }

std::optional<IssueState> issue_state(std::string_view code) {
  return by_code<IssueState>(kIssueStates, code);
}
std::optional<ItemState> item_state(std::string_view code) {
  return by_code<ItemState>(kItemStates, code);
}

bool is_final(IssueState state) {
  switch (state) {
    case IssueState::expired:
    case IssueState::cancelled:
    case IssueState::dispensed:
    case IssueState::not_dispensed:
    case IssueState::claimed:
    case IssueState::no_claimed:
    case IssueState::cancelled_future:
      return true;
    default:
      return false;
  }
}

bool is_final(ItemState state) {
  return state == ItemState::dispensed || state == ItemState::not_dispensed ||
         state == ItemState::cancelled || state == ItemState::expired;
}

}  // namespace concord::spine
