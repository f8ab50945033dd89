#pragma once
/// Every prescription and its states: what the national service is for. One thread at a time. Knows
/// no XML: takes what was read from a message, changes states, says how it ended. Every call first
/// lets the time pass (expiry, starts, due dates), so that the same calls at the same instants give
/// the same states. README.md has the table of states, messages and answers.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/prescription.h"
#include "conformance/simulators/spine/requests.h"

namespace concord::spine {

/// Times of the service.
struct Terms {
  std::chrono::days valid{183};         ///< a prescription, from its start or its arrival
  std::chrono::days valid_repeat{366};  ///< one for repeat dispensing
  std::chrono::days lead{7};            ///< the next issue is given out so long before it is needed
  std::chrono::days claim_amended{31};  ///< how long a claim may be amended (0100 afterwards)
  std::chrono::days no_claim{180};      ///< dispensed and not claimed: No-Claimed
  std::size_t batch = 25;               ///< prescriptions in one nominated release
};

class Register {
 public:
  explicit Register(Terms terms) : terms_(terms) {}

  /// How a changing message ended: accepted when there are no faults.
  using Faults = std::vector<Fault>;

  /// Faults: those of the request; 0002, 5008 (`conflict` is set).
  Faults order(const OrderRequest& order, const std::string& message_id, Kept bytes, Instant now,
               bool& conflict);

  /// How a cancellation ended. Source: eps.md section 8.2.
  struct Cancelled {
    std::string_view code;                       ///< of …17.19: "0001"
    const Prescription* prescription = nullptr;  ///< null: not found
    const Issue* with = nullptr;                 ///< the issue a dispenser has or had; else null
    bool changed = false;
  };
  Cancelled cancel(const CancelRequest& request, Instant now);

  /// One issue handed out, with its states as they were before.
  struct Released {
    const Prescription* prescription = nullptr;
    int issue = 1;
    IssueState state{};
    std::vector<IssueItem> items;
    std::optional<Instant> previous_at;  ///< when the issue before was dispensed
  };
  struct Release {
    Faults faults;                     ///< of the dispensing codes; empty: something is handed out
    const Issue* with = nullptr;       ///< the issue another has (0004)
    std::vector<Released> handed_out;  ///< in order of arrival
  };
  /// `response` is the id of the answer, which later messages name.
  Release release(const ReleaseRequest& request, const std::string& response, Instant now);

  Faults dispense(const SupplyRequest& request, Instant now);
  Faults claim(const SupplyRequest& request, Instant now);
  Faults give_back(const ReturnRequest& request, Instant now);
  Faults withdraw(const WithdrawRequest& request, Instant now);

  /// A prescription as it stands now; null when there is none of that short or long form id.
  const Prescription* find(std::string_view id, Instant now);
  /// Prescriptions of a patient in order of arrival.
  std::vector<const Prescription*> of_patient(std::string_view nhs_number, Instant now);

 private:
  Prescription* known(std::string_view id, Instant now);
  void let_time_pass(Prescription& prescription, Instant now) const;
  void complete(Prescription& prescription, Issue& issue, Instant now) const;
  void open_next(Prescription& prescription, const Issue& issue, Instant now) const;
  void cancel_from(Prescription& prescription, std::size_t item, int first_issue) const;
  void hand_out(Prescription& prescription, const ReleaseRequest& request,
                const std::string& response, Instant now, Release& release) const;

  Terms terms_;
  std::vector<std::unique_ptr<Prescription>> prescriptions_;              ///< in order of arrival
  std::map<std::string, Prescription*, std::less<>> by_id_;               ///< upper case ids
  std::multimap<std::string, Prescription*, std::less<>> by_patient_;     ///< NHS number
  std::multimap<std::string, Prescription*, std::less<>> by_nomination_;  ///< ODS code
  std::set<std::string, std::less<>> items_;
};

}  // namespace concord::spine
