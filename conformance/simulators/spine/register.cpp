#include "conformance/simulators/spine/register.h"

#include <algorithm>

#include "conformance/simulators/spine/elements.h"

namespace concord::spine {

Issue& Prescription::current() {
  const auto open = std::find_if(issues.begin(), issues.end(),
                                 [](const Issue& issue) { return !is_final(issue.state); });
  return open == issues.end() ? issues.back() : *open;
}
const Issue& Prescription::current() const { return const_cast<Prescription*>(this)->current(); }

Issue* Prescription::issue(int number) {
  if (number < 1 || static_cast<std::size_t>(number) > issues.size()) return nullptr;
  return &issues[static_cast<std::size_t>(number) - 1];
}

std::optional<std::size_t> Prescription::item(std::string_view id) const {
  const auto found = std::find_if(order.items.begin(), order.items.end(),
                                  [&](const OrderRequest::Item& own) { return own.id == id; });
  if (found == order.items.end()) return std::nullopt;
  return static_cast<std::size_t>(found - order.items.begin());
}

Register::Faults Register::order(const OrderRequest& order, const std::string& message_id,
                                 Kept bytes, Instant now, bool& conflict) {
  Faults faults = order.faults;
  if (by_id_.contains(upper(order.short_id)) || by_id_.contains(order.long_id)) {
    faults.push_back({"0002", "Duplicate prescription ID exists"});
    conflict = true;
  } else if (std::any_of(order.items.begin(), order.items.end(),
                         [&](const auto& item) { return items_.contains(item.id); })) {
    faults.push_back({"5008", "Duplicate item ID exists"});
    conflict = true;
  }
  if (!faults.empty()) return faults;

  auto made = std::make_unique<Prescription>();
  Prescription& prescription = *made;
  prescription.order = order;
  prescription.message_id = message_id;
  prescription.bytes = bytes;
  prescription.accepted_at = now;
  const Instant start = std::max(order.start.value_or(now), now);
  prescription.expires_at = start + (order.issues > 1 ? terms_.valid_repeat : terms_.valid);
  for (int number = 1; number <= order.issues; ++number) {
    Issue issue;
    issue.number = number;
    issue.items.resize(order.items.size());
    prescription.issues.push_back(std::move(issue));
  }
  Issue& first = prescription.issues.front();
  first.state = start > now ? IssueState::future : IssueState::to_be_dispensed;
  first.due_at = start;

  by_id_.emplace(upper(order.short_id), &prescription);
  by_id_.emplace(order.long_id, &prescription);
  by_patient_.emplace(order.nhs_number, &prescription);
  if (!order.nominated.empty()) by_nomination_.emplace(order.nominated, &prescription);
  for (const OrderRequest::Item& item : order.items) items_.insert(item.id);
  prescriptions_.push_back(std::move(made));
  return {};
}

Prescription* Register::known(std::string_view id, Instant now) {
  const auto found = by_id_.find(upper(id));
  if (found == by_id_.end()) return nullptr;
  let_time_pass(*found->second, now);
  return found->second;
}

const Prescription* Register::find(std::string_view id, Instant now) { return known(id, now); }

std::vector<const Prescription*> Register::of_patient(std::string_view nhs_number, Instant now) {
  std::vector<const Prescription*> found;
  const auto [first, last] = by_patient_.equal_range(nhs_number);
  for (auto at = first; at != last; ++at) {
    let_time_pass(*at->second, now);
    found.push_back(at->second);
  }
  return found;
}

/// Starts, due dates, expiry, the end of the time for claims.
void Register::let_time_pass(Prescription& prescription, Instant now) const {
  for (Issue& issue : prescription.issues) {
    if ((issue.state == IssueState::future || issue.state == IssueState::awaiting_release) &&
        now >= issue.due_at) {
      issue.state = IssueState::to_be_dispensed;
    }
    const bool waiting = !is_final(issue.state) && issue.state != IssueState::with_dispenser &&
                         issue.state != IssueState::with_dispenser_active;
    if (waiting && now >= prescription.expires_at) {
      issue.state = IssueState::expired;
      for (IssueItem& item : issue.items) {
        if (!is_final(item.state)) item.state = ItemState::expired;
      }
    }
    if ((issue.state == IssueState::dispensed || issue.state == IssueState::not_dispensed) &&
        issue.dispensed_at && now >= *issue.dispensed_at + terms_.no_claim) {
      issue.state = IssueState::no_claimed;
    }
  }
}

/// The next issue's turn: at once for one that lasts no known time, else `lead` before it is
/// needed.
void Register::open_next(Prescription& prescription, const Issue& issue, Instant now) const {
  Issue* next = prescription.issue(issue.number + 1);
  if (next == nullptr || next->state != IssueState::future_repeat) return;
  next->due_at = now;
  const std::chrono::days supply{prescription.order.days_supply};
  if (supply > terms_.lead) next->due_at = now + supply - terms_.lead;
  next->state = next->due_at > now ? IssueState::awaiting_release : IssueState::to_be_dispensed;
}

/// An issue is dispensed or will not be. What was marked for cancellation comes too late for it.
void Register::complete(Prescription& prescription, Issue& issue, Instant now) const {
  issue.dispensed_at = now;
  for (IssueItem& item : issue.items) item.marked.reset();
  open_next(prescription, issue, now);
}

/// Cancels an item in the issues from `first_issue` on that no dispenser has.
void Register::cancel_from(Prescription& prescription, std::size_t item, int first_issue) const {
  for (Issue& issue : prescription.issues) {
    if (issue.number < first_issue || is_final(issue.state)) continue;
    if (issue.state == IssueState::with_dispenser ||
        issue.state == IssueState::with_dispenser_active) {
      continue;
    }
    issue.items[item].state = ItemState::cancelled;
    issue.items[item].marked.reset();
    const bool every =
        std::all_of(issue.items.begin(), issue.items.end(),
                    [](const IssueItem& own) { return own.state == ItemState::cancelled; });
    if (!every) continue;
    issue.state = issue.state == IssueState::future_repeat ? IssueState::cancelled_future
                                                           : IssueState::cancelled;
  }
}

}  // namespace concord::spine
