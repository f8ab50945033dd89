#pragma once
/// What the other side remembers of a prescription. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/simulators/spine/requests.h"
#include "conformance/simulators/spine/states.h"
#include "fhir/core/instant.h"

namespace concord::spine {

/// A cancellation that waits for the dispenser.
struct Mark {
  std::string author;  ///< role profile id of who asked for it
  std::string reason;
};

/// One item in one issue.
struct IssueItem {
  ItemState state = ItemState::to_be_dispensed;
  std::optional<Mark> marked;
};

/// A dispense notification that holds, and what was before it.
struct Notification {
  std::string id;
  IssueState before{};
  std::vector<IssueItem> items_before;
  std::optional<Instant> dispensed_before;
};

/// One issue. A prescription that does not repeat has one.
struct Issue {
  int number = 1;
  IssueState state = IssueState::future_repeat;
  std::vector<IssueItem> items;  ///< as Prescription::items
  Instant due_at{};              ///< not given to the nominated pharmacy before

  Party dispenser;       ///< who has it, or had it last
  std::string release;   ///< id of the response that handed it out
  Kept release_request;  ///< the message that asked for it
  std::optional<Instant> released_at, dispensed_at, claimed_at;
  std::vector<Notification> notifications;  ///< the last is the one that can be amended
  std::string claim;                        ///< the last claim
};

struct Prescription {
  OrderRequest order;
  std::string message_id;
  Kept bytes;  ///< size 0: the bytes are not there (a record of an earlier version)
  Instant accepted_at{};
  Instant expires_at{};
  std::vector<Issue> issues;

  /// The one whose turn it is: the first that is not over, else the last.
  Issue& current();
  const Issue& current() const;
  /// The issue of that number; null when there is none.
  Issue* issue(int number);
  /// The index of an item; nothing when it has no such item.
  std::optional<std::size_t> item(std::string_view id) const;
};

}  // namespace concord::spine
