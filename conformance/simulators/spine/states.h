#pragma once
/// The states of a prescription's issue and of its items, as the national service names them.
/// Source: eps.md sections 15 and 21.2.

#include <cstdint>
#include <optional>
#include <string_view>

namespace concord::spine {

/// Where one issue of a prescription stands. The numbers are indices of the table in states.cpp.
enum class IssueState : std::uint8_t {
  awaiting_release,       ///< 0000: the next issue, before it is due
  to_be_dispensed,        ///< 0001
  with_dispenser,         ///< 0002
  with_dispenser_active,  ///< 0003
  expired,                ///< 0004
  cancelled,              ///< 0005
  dispensed,              ///< 0006
  not_dispensed,          ///< 0007
  claimed,                ///< 0008
  no_claimed,             ///< 0009
  future_repeat,          ///< 9000: an issue whose turn has not come
  future,                 ///< 9001: a prescription whose start is still to come
  cancelled_future,       ///< 9005
};

/// Where one item of an issue stands.
enum class ItemState : std::uint8_t {
  dispensed,        ///< 0001
  not_dispensed,    ///< 0002
  partial,          ///< 0003
  owing,            ///< 0004
  cancelled,        ///< 0005
  expired,          ///< 0006
  to_be_dispensed,  ///< 0007
  with_dispenser,   ///< 0008
};

/// Code, the text in HL7 v3 and the text the tracker uses.
struct StateNames {
  std::string_view code;
  std::string_view display;
  std::string_view tracker;
};

StateNames names_of(IssueState state);
StateNames names_of(ItemState state);

/// Nothing for a code nobody knows.
std::optional<IssueState> issue_state(std::string_view code);
std::optional<ItemState> item_state(std::string_view code);

/// No dispensing will happen to it any more.
bool is_final(IssueState state);
bool is_final(ItemState state);

}  // namespace concord::spine
