// Cancellation: eps.md section 8.2, one outcome for each state.
#include <algorithm>

#include "conformance/simulators/spine/register.h"

namespace concord::spine {
namespace {

/// What a state of an issue answers when nothing can be cancelled in it.
std::string_view too_late(IssueState state) {
  switch (state) {
    case IssueState::expired:
      return "0005";
    case IssueState::cancelled:
    case IssueState::cancelled_future:
      return "0006";
    case IssueState::not_dispensed:
      return "0010";
    default:
      return "0004";
  }
}

/// The same for an item of an issue that is not over.
std::string_view too_late(ItemState state) {
  switch (state) {
    case ItemState::expired:
      return "0005";
    case ItemState::cancelled:
      return "0006";
    case ItemState::not_dispensed:
      return "0010";
    default:
      return "0004";
  }
}

}  // namespace

Register::Cancelled Register::cancel(const CancelRequest& request, Instant now) {
  Cancelled result;
  if (!request.whole) {
    result.code = "5888";
    return result;
  }
  Prescription* prescription = known(request.short_id, now);
  if (prescription == nullptr || prescription->order.long_id != request.long_id ||
      prescription->order.nhs_number != request.nhs_number) {
    result.code = "0008";
    return result;
  }
  std::vector<std::size_t> items;
  for (std::size_t at = 0; at < prescription->order.items.size(); ++at) {
    if (request.item.empty() || prescription->order.items[at].id == request.item) {
      items.push_back(at);
    }
  }
  if (items.empty()) {
    result.code = "0008";
    return result;
  }
  result.prescription = prescription;
  Issue& issue = prescription->current();
  if (!issue.dispenser.ods.empty()) result.with = &issue;
  if (is_final(issue.state)) {
    result.code = too_late(issue.state);
    return result;
  }
  std::erase_if(items, [&](std::size_t at) { return is_final(issue.items[at].state); });
  if (items.empty()) {
    const std::size_t named = *prescription->item(
        request.item.empty() ? prescription->order.items.front().id : request.item);
    result.code = too_late(issue.items[named].state);
    return result;
  }
  const bool out =
      issue.state == IssueState::with_dispenser || issue.state == IssueState::with_dispenser_active;
  if (!out) {
    for (const std::size_t at : items) cancel_from(*prescription, at, issue.number);
    result.code = "0001";
    result.with = nullptr;
    result.changed = true;
    return result;
  }
  if (std::any_of(items.begin(), items.end(), [&](std::size_t at) {
        return issue.items[at].marked && issue.items[at].marked->author != request.author;
      })) {
    result.code = "0007";
    return result;
  }
  for (const std::size_t at : items) {
    issue.items[at].marked = Mark{request.author, request.reason};
    cancel_from(*prescription, at, issue.number + 1);
  }
  result.code = issue.state == IssueState::with_dispenser ? "0002" : "0003";
  result.changed = true;
  return result;
}

}  // namespace concord::spine
