// What a dispenser says of an issue it has: notifications, their amendment and withdrawal, returns,
// claims. Source: eps.md sections 11 to 13.
#include <algorithm>

#include "conformance/simulators/spine/register.h"

namespace concord::spine {
namespace {

using Faults = Register::Faults;

Fault no_prescription() { return {"0005", "Prescription can not be found. Contact prescriber"}; }
Fault bad_transition() { return {"0012", "Invalid State Transition for Prescription"}; }
Fault bad_item_transition() { return {"0013", "Invalid State Transition for Prescription Item"}; }
Fault not_the_last() {
  return {"0021", "Dispense Amendment/Cancellation Request does not pertain to Last Dispense"};
}
Fault wrong_patient() { return {"0007", "Invalid resource id - NHS number"}; }

/// An item of an issue a dispenser has: what is over stays as it is, the rest may become anything
/// but what only Spine decides.
bool may_become(ItemState from, ItemState to) {
  if (is_final(from)) return from == to;
  return to != ItemState::cancelled;
}

/// Whether an issue's state says what its items say.
bool agrees(IssueState state, const std::vector<IssueItem>& items) {
  const auto every = [&](auto&& is) { return std::all_of(items.begin(), items.end(), is); };
  const auto some = [&](auto&& is) { return std::any_of(items.begin(), items.end(), is); };
  const auto over = [](const IssueItem& item) { return is_final(item.state); };
  const auto given = [](const IssueItem& item) { return item.state == ItemState::dispensed; };
  switch (state) {
    case IssueState::with_dispenser_active:
      return !every(over);
    case IssueState::dispensed:
      return every(over) && some(given);
    case IssueState::not_dispensed:
      return every(over) && !some(given);
    default:
      return false;
  }
}

/// The items of an issue once a notification holds. Faults: 0014, 0013, 0012.
Faults apply(const Prescription& prescription, const SupplyRequest& request,
             std::vector<IssueItem>& items) {
  for (const SuppliedItem& supplied : request.items) {
    const auto at = prescription.item(supplied.item);
    if (!at) return {{"0014", "Prescription Item Not found"}};
    if (!supplied.state || !may_become(items[*at].state, *supplied.state)) {
      return {bad_item_transition()};
    }
    items[*at].state = *supplied.state;
  }
  if (!request.status || !agrees(*request.status, items)) return {bad_transition()};
  return {};
}

/// The issue a message is about: the one it names, else the last a dispenser had.
Issue* named_issue(Prescription& prescription, const std::optional<int>& number) {
  if (number) return prescription.issue(*number);
  const auto last = std::find_if(prescription.issues.rbegin(), prescription.issues.rend(),
                                 [](const Issue& issue) { return issue.released_at.has_value(); });
  return last == prescription.issues.rend() ? &prescription.current() : &*last;
}

bool takes_notifications(IssueState state) {
  return state == IssueState::with_dispenser || state == IssueState::with_dispenser_active;
}

/// Whether a state can be taken back to what was before the last notification.
bool can_go_back(IssueState state) {
  return state == IssueState::with_dispenser_active || state == IssueState::dispensed ||
         state == IssueState::not_dispensed;
}

/// Whether nobody has been given the issue after this one.
bool is_latest(Prescription& prescription, const Issue& issue) {
  const Issue* next = prescription.issue(issue.number + 1);
  return next == nullptr || !next->released_at;
}

/// Undoes the last notification of an issue, and with it the turn of the next one.
void go_back(Prescription& prescription, Issue& issue) {
  Notification last = std::move(issue.notifications.back());
  issue.notifications.pop_back();
  issue.state = last.before;
  issue.items = std::move(last.items_before);
  issue.dispensed_at = last.dispensed_before;
  Issue* next = prescription.issue(issue.number + 1);
  if (next != nullptr && !is_final(next->state)) next->state = IssueState::future_repeat;
}

}  // namespace

Register::Faults Register::dispense(const SupplyRequest& request, Instant now) {
  if (!request.faults.empty()) return request.faults;
  Prescription* prescription = known(request.short_id, now);
  if (prescription == nullptr || prescription->order.long_id != request.long_id) {
    return {no_prescription()};
  }
  if (prescription->order.nhs_number != request.nhs_number) return {wrong_patient()};
  if (request.authorised && *request.authorised != prescription->order.issues) {
    return {{"0018", "Mismatch in authorised repeat counts"}};
  }
  Issue* issue = named_issue(*prescription, request.issue);
  if (issue == nullptr || issue->dispenser.ods != request.dispenser) return {bad_transition()};

  std::vector<IssueItem> items = issue->items;
  IssueState before = issue->state;
  if (!request.replaces.empty()) {
    if (issue->notifications.empty() || issue->notifications.back().id != request.replaces ||
        !is_latest(*prescription, *issue)) {
      return {not_the_last()};
    }
    if (!can_go_back(issue->state)) return {bad_transition()};
    items = issue->notifications.back().items_before;
    before = issue->notifications.back().before;
  } else if (!takes_notifications(issue->state)) {
    return {bad_transition()};
  }
  const std::vector<IssueItem> items_before = items;
  if (Faults faults = apply(*prescription, request, items); !faults.empty()) return faults;

  if (!request.replaces.empty()) go_back(*prescription, *issue);
  issue->notifications.push_back({request.id, before, items_before, issue->dispensed_at});
  issue->items = std::move(items);
  issue->state = *request.status;
  if (is_final(issue->state)) {
    complete(*prescription, *issue, now);
  } else {
    issue->dispensed_at = now;
  }
  return {};
}

Register::Faults Register::withdraw(const WithdrawRequest& request, Instant now) {
  if (!request.faults.empty()) return request.faults;
  Prescription* prescription = known(request.short_id, now);
  if (prescription == nullptr) return {no_prescription()};
  if (prescription->order.nhs_number != request.nhs_number) return {wrong_patient()};
  Issue* issue = named_issue(*prescription, request.issue);
  if (issue == nullptr || issue->dispenser.ods != request.dispenser) return {bad_transition()};
  if (issue->notifications.empty() || issue->notifications.back().id != request.notification ||
      !is_latest(*prescription, *issue)) {
    return {not_the_last()};
  }
  if (!can_go_back(issue->state)) return {bad_transition()};
  go_back(*prescription, *issue);
  return {};
}

Register::Faults Register::give_back(const ReturnRequest& request, Instant now) {
  if (!request.faults.empty()) return request.faults;
  Prescription* prescription = known(request.short_id, now);
  if (prescription == nullptr) return {no_prescription()};
  Issue* issue = named_issue(*prescription, request.issue);
  if (issue == nullptr || issue->state != IssueState::with_dispenser) return {bad_transition()};
  // One with an invalid signature goes back in its prescriber's name. Source: eps.md section 7.
  const bool signature = request.reason == "0005";
  if (!signature && issue->dispenser.ods != request.dispenser) return {bad_transition()};
  if (request.release != issue->release) {
    return {{"0003", "Resource not found - release response", kDispensingCodes}};
  }
  issue->state = IssueState::to_be_dispensed;
  issue->dispenser = {};
  issue->release.clear();
  issue->released_at.reset();
  for (IssueItem& item : issue->items) {
    if (item.state == ItemState::with_dispenser) item.state = ItemState::to_be_dispensed;
  }
  for (std::size_t at = 0; at < issue->items.size(); ++at) {
    if (issue->items[at].marked) cancel_from(*prescription, at, issue->number);
  }
  let_time_pass(*prescription, now);
  return {};
}

Register::Faults Register::claim(const SupplyRequest& request, Instant now) {
  if (!request.faults.empty()) return request.faults;
  Prescription* prescription = known(request.short_id, now);
  if (prescription == nullptr || prescription->order.long_id != request.long_id) {
    return {no_prescription()};
  }
  if (request.authorised && *request.authorised != prescription->order.issues) {
    return {{"0018", "Mismatch in authorised repeat counts"}};
  }
  Issue* issue = named_issue(*prescription, request.issue);
  if (issue == nullptr) return {bad_transition()};
  for (const SuppliedItem& supplied : request.items) {
    if (!prescription->item(supplied.item)) return {{"0014", "Prescription Item Not found"}};
  }
  const bool amends = !request.replaces.empty();
  const bool complete =
      issue->state == IssueState::dispensed || issue->state == IssueState::not_dispensed;
  if (!complete && issue->state != IssueState::claimed) {
    const bool over = is_final(issue->state);
    return {over ? bad_transition()
                 : Fault{"0015", "Invalid Claim. Prescription is not Dispensed"}};
  }
  if (amends != (issue->state == IssueState::claimed)) return {bad_transition()};
  if (issue->dispenser.ods != request.dispenser) return {bad_transition()};
  if (amends && request.replaces != issue->claim) return {not_the_last()};
  if (amends && now > *issue->claimed_at + terms_.claim_amended) {
    return {{"0100", "Claim amendment is not permitted outside of the claim period"}};
  }
  issue->state = IssueState::claimed;
  issue->claim = request.id;
  if (!amends) issue->claimed_at = now;
  return {};
}

}  // namespace concord::spine
