// Release: eps.md sections 9 and 10, rejections of section 14.3.
#include "conformance/simulators/spine/register.h"

namespace concord::spine {
namespace {

Fault dispensing(std::string_view code, std::string_view display) {
  return {std::string(code), std::string(display), kDispensingCodes};
}

/// Why an issue is not handed out; nothing when it may be.
std::optional<Fault> refusal(IssueState state) {
  switch (state) {
    case IssueState::awaiting_release:  // the next issue may be asked for before it is due
    case IssueState::to_be_dispensed:
      return std::nullopt;
    case IssueState::with_dispenser:
    case IssueState::with_dispenser_active:
      return dispensing("0004", "Prescription is with another dispenser");
    case IssueState::expired:
      return dispensing("0002", "Prescription has expired");
    case IssueState::cancelled:
    case IssueState::cancelled_future:
      return dispensing("0001", "Prescription has been cancelled");
    case IssueState::future:
    case IssueState::future_repeat:
      return dispensing("0003", "Prescription can not be found");
    default:
      return dispensing("0005", "Prescription has been dispensed");
  }
}

}  // namespace

void Register::hand_out(Prescription& prescription, const ReleaseRequest& request,
                        const std::string& response, Instant now, Release& release) const {
  Issue& issue = prescription.current();
  Released released{&prescription, issue.number, issue.state, issue.items, std::nullopt};
  if (const Issue* before = prescription.issue(issue.number - 1)) {
    released.previous_at = before->dispensed_at;
  }
  release.handed_out.push_back(std::move(released));
  issue.state = IssueState::with_dispenser;
  for (IssueItem& item : issue.items) {
    if (item.state == ItemState::to_be_dispensed) item.state = ItemState::with_dispenser;
  }
  issue.dispenser = request.dispenser;
  issue.release = response;
  issue.release_request = request.bytes;
  issue.released_at = now;
}

Register::Release Register::release(const ReleaseRequest& request, const std::string& response,
                                    Instant now) {
  Release release;
  release.faults = request.faults;
  if (!release.faults.empty()) return release;
  if (!request.short_id.empty()) {
    Prescription* prescription = known(request.short_id, now);
    if (prescription == nullptr) {
      release.faults.push_back(dispensing("0003", "Prescription can not be found"));
      return release;
    }
    Issue& issue = prescription->current();
    if (auto refused = refusal(issue.state)) {
      if (refused->code == "0004") release.with = &issue;
      release.faults.push_back(*std::move(refused));
      return release;
    }
    hand_out(*prescription, request, response, now, release);
    return release;
  }
  const auto [first, last] = by_nomination_.equal_range(request.dispenser.ods);
  for (auto at = first; at != last && release.handed_out.size() < terms_.batch; ++at) {
    let_time_pass(*at->second, now);
    if (at->second->current().state != IssueState::to_be_dispensed) continue;
    hand_out(*at->second, request, response, now, release);
  }
  if (release.handed_out.empty()) {
    release.faults.push_back(dispensing("0006", "No more prescriptions available"));
  }
  return release;
}

}  // namespace concord::spine
