#pragma once
/// What each message asks for, read from its content and checked for itself, without looking at any
/// prescription. Pure functions, safe from any thread. Sources: eps.md sections 5, 8, 9, 11,
/// 12, 13.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/simulators/spine/fault.h"
#include "conformance/simulators/spine/message.h"
#include "conformance/simulators/spine/states.h"
#include "fhir/core/instant.h"

namespace concord::spine {

/// Where the bytes of a message are kept.
struct Kept {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct CheckOptions {
  bool check_digits = true;           ///< refuse a prescription id whose check character is wrong
  bool signatures_needed = false;     ///< refuse an order without a signature (0003)
  std::vector<std::string> deceased = {};  ///< NHS numbers of people recorded as dead (0001)
};

/// An organisation as the tracker tells of it.
struct Party {
  std::string ods;
  std::string name;
  std::string address;  ///< its lines, joined by ", "
  std::string phone;    ///< without "tel:"
};

/// A new prescription. Faults are of the prescribing codes.
struct OrderRequest {
  std::vector<Fault> faults;
  std::string short_id;  ///< "24F5DA-A83008-7EFE6Z"
  std::string long_id;   ///< UUID, upper case
  std::string nhs_number;
  std::string nominated;  ///< ODS code of the nominated pharmacy, or empty
  std::string treatment;  ///< "0001" acute, "0002" repeat prescribing, "0003" repeat dispensing
  std::string author;     ///< role profile id of who wrote it; may be empty
  Party prescriber;
  std::optional<Instant> start;  ///< effectiveTime
  int issues = 1;                ///< more than one for repeat dispensing only
  int days_supply = 0;           ///< how long one issue lasts; 0: not said
  struct Item {
    std::string id;  ///< UUID, upper case
    std::string description, code, quantity, unit, dosage;
  };
  std::vector<Item> items;
};
OrderRequest read_order(const Message& message, const CheckOptions& options);

struct CancelRequest {
  bool whole = false;  ///< everything that must be there is
  std::string id;
  std::string short_id, long_id, nhs_number;
  std::string item;    ///< empty: every item
  std::string author;  ///< role profile id
  std::string reason;  ///< code of …16.27
};
CancelRequest read_cancel(const Message& message);

/// Nominated or by id. Faults are of the dispensing codes.
struct ReleaseRequest {
  std::vector<Fault> faults;
  std::string id;
  Party dispenser;
  std::string short_id;  ///< empty: whatever waits for this dispenser
  Kept bytes;            ///< of the message
};
ReleaseRequest read_release(const Message& message);

struct SuppliedItem {
  std::string line;  ///< id of the dispensed item
  std::string item;  ///< id of the prescribed item
  std::optional<ItemState> state;
};

/// The part a notification and a claim have in common.
struct SupplyRequest {
  std::vector<Fault> faults;
  std::string id;
  std::string nhs_number;  ///< empty in claims
  std::string short_id, long_id;
  std::string dispenser;  ///< ODS code
  std::optional<IssueState> status;
  std::optional<int> issue, authorised;  ///< repeatNumber low and high
  std::vector<SuppliedItem> items;
  std::string replaces;  ///< the message this one amends, or empty
};
SupplyRequest read_dispense(const Message& message);
SupplyRequest read_claim(const Message& message);

struct ReturnRequest {
  std::vector<Fault> faults;
  std::string id, short_id, dispenser;
  std::string reason;   ///< code of …16.28
  std::string release;  ///< the release response it reverses
  std::optional<int> issue;
};
ReturnRequest read_return(const Message& message);

struct WithdrawRequest {
  std::vector<Fault> faults;
  std::string id, short_id, nhs_number, dispenser;
  std::string notification;  ///< the dispense notification it takes back
  std::optional<int> issue;
};
WithdrawRequest read_withdraw(const Message& message);

}  // namespace concord::spine
