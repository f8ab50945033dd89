// Every state and every message that may change it: README.md of the simulator, table of states.
#include "conformance/simulators/spine/register.h"

#include <gmock/gmock.h>

namespace concord::spine {

inline void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.code << " " << fault.display;
}

namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::ElementsAre;
using testing::SizeIs;

constexpr const char* kShort = "24F5DA-A83008-7EFE6Z";
constexpr const char* kLong = "1B6F2C6A-94DA-4F3B-8C11-77A0F5D3B902";
constexpr const char* kPatient = "9990000018";
constexpr const char* kPharmacy = "FZZ99";

/// The codes of a list of faults.
std::vector<std::string> codes(const std::vector<Fault>& faults) {
  std::vector<std::string> all;
  for (const Fault& fault : faults) all.push_back(fault.code);
  return all;
}

class RegisterTest : public testing::Test {
 protected:
  static OrderRequest order_for(std::string short_id, std::string long_id, int items = 2) {
    OrderRequest order;
    order.short_id = std::move(short_id);
    order.long_id = std::move(long_id);
    order.nhs_number = kPatient;
    order.nominated = kPharmacy;
    order.treatment = "0001";
    order.author = "100";
    order.start = *parse_instant("2026-06-01T00:00:00Z");
    for (int at = 1; at <= items; ++at) {
      order.items.push_back(
          {order.long_id + "/" + std::to_string(at), "Drug", "1", "28", "tablet", "One each day"});
    }
    return order;
  }
  static std::string item(int number) { return std::string(kLong) + "/" + std::to_string(number); }

  Register::Faults order(const OrderRequest& request) {
    bool conflict = false;
    return register_.order(request, "M", {}, now_, conflict);
  }
  void order_acute() { ASSERT_THAT(order(order_for(kShort, kLong)), ElementsAre()); }
  void order_repeat_dispensing(int issues, int days_supply = 0) {
    OrderRequest request = order_for(kShort, kLong, 1);
    request.treatment = "0003";
    request.issues = issues;
    request.days_supply = days_supply;
    ASSERT_THAT(order(request), ElementsAre());
  }

  Register::Release release(std::string by = kPharmacy, std::string short_id = kShort) {
    ReleaseRequest request;
    request.id = "REQUEST";
    request.dispenser.ods = std::move(by);
    request.short_id = std::move(short_id);
    return register_.release(request, "RELEASE", now_);
  }
  SupplyRequest supply(std::string id, IssueState status,
                       std::vector<std::pair<int, ItemState>> items = {}) const {
    SupplyRequest request;
    request.id = std::move(id);
    request.nhs_number = kPatient;
    request.short_id = kShort;
    request.long_id = kLong;
    request.dispenser = kPharmacy;
    request.status = status;
    for (const auto& [number, state] : items) request.items.push_back({"L", item(number), state});
    return request;
  }
  Register::Faults dispense_all(int items = 2, std::string id = "N") {
    std::vector<std::pair<int, ItemState>> all;
    for (int at = 1; at <= items; ++at) all.emplace_back(at, ItemState::dispensed);
    return register_.dispense(supply(std::move(id), IssueState::dispensed, all), now_);
  }
  std::string_view cancel(std::string item_id = "", std::string author = "100") {
    CancelRequest request;
    request.whole = true;
    request.id = "C";
    request.short_id = kShort;
    request.long_id = kLong;
    request.nhs_number = kPatient;
    request.item = std::move(item_id);
    request.author = std::move(author);
    return register_.cancel(request, now_).code;
  }
  Register::Faults give_back(std::string by = kPharmacy, std::string reason = "0001") {
    ReturnRequest request;
    request.id = "R";
    request.short_id = kShort;
    request.dispenser = std::move(by);
    request.reason = std::move(reason);
    request.release = "RELEASE";
    return register_.give_back(request, now_);
  }
  Register::Faults withdraw(std::string notification) {
    WithdrawRequest request;
    request.id = "W";
    request.short_id = kShort;
    request.nhs_number = kPatient;
    request.dispenser = kPharmacy;
    request.notification = std::move(notification);
    return register_.withdraw(request, now_);
  }

  const Prescription& prescription() { return *register_.find(kShort, now_); }
  IssueState state(int issue = 1) {
    return prescription().issues[static_cast<std::size_t>(issue) - 1].state;
  }
  ItemState item_state(int number, int issue = 1) {
    return prescription()
        .issues[static_cast<std::size_t>(issue) - 1]
        .items[static_cast<std::size_t>(number) - 1]
        .state;
  }

  Instant now_ = *parse_instant("2026-06-05T09:00:00Z");
  Register register_{Terms{}};
};

// ---- orders ----

TEST_F(RegisterTest, AnOrderWaitsToBeDispensed) {
  order_acute();
  EXPECT_EQ(state(), IssueState::to_be_dispensed);
  EXPECT_EQ(item_state(1), ItemState::to_be_dispensed);
}

TEST_F(RegisterTest, TheSamePrescriptionAgainIsADuplicateAndSoIsItsItemInAnother) {
  order_acute();
  EXPECT_THAT(codes(order(order_for(kShort, "OTHER"))), ElementsAre("0002"));
  EXPECT_THAT(codes(order(order_for("OTHER", kLong))), ElementsAre("0002"));
  OrderRequest other = order_for("OTHER", "OTHER-LONG");
  other.items[1].id = item(1);
  EXPECT_THAT(codes(order(other)), ElementsAre("5008"));
}

TEST_F(RegisterTest, APostDatedPrescriptionStartsByItself) {
  OrderRequest later = order_for(kShort, kLong);
  later.start = now_ + days(3);
  ASSERT_THAT(order(later), ElementsAre());
  EXPECT_EQ(state(), IssueState::future);
  EXPECT_THAT(codes(release().faults), ElementsAre("0003"));
  now_ += days(3);
  EXPECT_EQ(state(), IssueState::to_be_dispensed);
}

TEST_F(RegisterTest, APrescriptionNobodyAskedForExpires) {
  order_acute();
  now_ += Terms{}.valid;
  EXPECT_EQ(state(), IssueState::expired);
  EXPECT_EQ(item_state(2), ItemState::expired);
  EXPECT_THAT(codes(release().faults), ElementsAre("0002"));
  EXPECT_EQ(cancel(), "0005");
}

// ---- releases ----

TEST_F(RegisterTest, AReleaseHandsOutTheStatesAsTheyWereAndMovesThemOn) {
  order_acute();
  const auto released = release();
  ASSERT_THAT(released.handed_out, SizeIs(1));
  EXPECT_EQ(released.handed_out[0].state, IssueState::to_be_dispensed);
  EXPECT_EQ(released.handed_out[0].items[0].state, ItemState::to_be_dispensed);
  EXPECT_EQ(state(), IssueState::with_dispenser);
  EXPECT_EQ(item_state(1), ItemState::with_dispenser);
}

TEST_F(RegisterTest, WhatADispenserHasIsNotHandedOutAgain) {
  order_acute();
  static_cast<void>(release());
  const auto again = release("FAA11");
  EXPECT_THAT(codes(again.faults), ElementsAre("0004"));
  ASSERT_NE(again.with, nullptr);
  EXPECT_EQ(again.with->dispenser.ods, kPharmacy);
}

TEST_F(RegisterTest, ReleasesOfWhatIsOverNameWhy) {
  EXPECT_THAT(codes(release().faults), ElementsAre("0003"));
  order_acute();
  ASSERT_EQ(cancel(), "0001");
  EXPECT_THAT(codes(release().faults), ElementsAre("0001"));
}

TEST_F(RegisterTest, ADispensedPrescriptionIsNotReleasedAgain) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(), ElementsAre());
  EXPECT_THAT(codes(release().faults), ElementsAre("0005"));
}

TEST_F(RegisterTest, ANominatedReleaseHandsOutEverythingThatWaitsForThatPharmacyOnce) {
  order_acute();
  ASSERT_THAT(order(order_for("B", "B-LONG")), ElementsAre());
  OrderRequest elsewhere = order_for("C", "C-LONG");
  elsewhere.nominated = "FAA11";
  ASSERT_THAT(order(elsewhere), ElementsAre());
  const auto released = release(kPharmacy, "");
  ASSERT_THAT(released.handed_out, SizeIs(2));
  EXPECT_EQ(released.handed_out[0].prescription->order.short_id, kShort);
  EXPECT_EQ(released.handed_out[1].prescription->order.short_id, "B");
  EXPECT_THAT(codes(release(kPharmacy, "").faults), ElementsAre("0006"));
}

TEST_F(RegisterTest, ANominatedReleaseHasABatchSize) {
  Terms terms;
  terms.batch = 3;
  register_ = Register(terms);
  for (int at = 0; at < 5; ++at) {
    ASSERT_THAT(order(order_for("S" + std::to_string(at), "L" + std::to_string(at))),
                ElementsAre());
  }
  EXPECT_THAT(release(kPharmacy, "").handed_out, SizeIs(3));
  EXPECT_THAT(release(kPharmacy, "").handed_out, SizeIs(2));
}

// ---- dispensing ----

TEST_F(RegisterTest, DispensingInPartsGoesFromActiveToDispensed) {
  order_acute();
  static_cast<void>(release());
  EXPECT_THAT(register_.dispense(supply("N1", IssueState::with_dispenser_active,
                                        {{1, ItemState::dispensed}, {2, ItemState::owing}}),
                                 now_),
              ElementsAre());
  EXPECT_EQ(state(), IssueState::with_dispenser_active);
  EXPECT_EQ(item_state(2), ItemState::owing);
  EXPECT_THAT(
      register_.dispense(supply("N2", IssueState::dispensed, {{2, ItemState::dispensed}}), now_),
      ElementsAre());
  EXPECT_EQ(state(), IssueState::dispensed);
}

TEST_F(RegisterTest, NothingDispensedIsNotDispensed) {
  order_acute();
  static_cast<void>(release());
  EXPECT_THAT(register_.dispense(supply("N1", IssueState::not_dispensed,
                                        {{1, ItemState::not_dispensed}, {2, ItemState::expired}}),
                                 now_),
              ElementsAre());
  EXPECT_EQ(state(), IssueState::not_dispensed);
  EXPECT_EQ(cancel(), "0010");
}

TEST_F(RegisterTest, ANotificationMustAgreeWithItselfAndWithWhatIsKnown) {
  const auto wrong = [&](SupplyRequest request) {
    return codes(register_.dispense(request, now_));
  };
  const SupplyRequest whole =
      supply("N", IssueState::dispensed, {{1, ItemState::dispensed}, {2, ItemState::dispensed}});
  EXPECT_THAT(wrong(whole), ElementsAre("0005"));
  order_acute();
  EXPECT_THAT(wrong(whole), ElementsAre("0012")) << "nobody has it";
  static_cast<void>(release());
  SupplyRequest other = whole;
  other.dispenser = "FAA11";
  EXPECT_THAT(wrong(other), ElementsAre("0012"));
  other = whole;
  other.nhs_number = "9990000026";
  EXPECT_THAT(wrong(other), ElementsAre("0007"));
  other = whole;
  other.authorised = 6;
  EXPECT_THAT(wrong(other), ElementsAre("0018"));
  other = whole;
  other.items[1].item = "UNKNOWN";
  EXPECT_THAT(wrong(other), ElementsAre("0014"));
  EXPECT_THAT(wrong(supply("N", IssueState::dispensed, {{1, ItemState::dispensed}})),
              ElementsAre("0012"))
      << "the second item is not over";
  EXPECT_THAT(wrong(supply("N", IssueState::claimed, {{1, ItemState::dispensed}})),
              ElementsAre("0012"));
  EXPECT_EQ(state(), IssueState::with_dispenser);
  EXPECT_EQ(item_state(1), ItemState::with_dispenser);
}

TEST_F(RegisterTest, AnItemThatIsOverDoesNotBecomeSomethingElse) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(
      register_.dispense(
          supply("N1", IssueState::with_dispenser_active, {{1, ItemState::dispensed}}), now_),
      ElementsAre());
  EXPECT_THAT(codes(register_.dispense(
                  supply("N2", IssueState::with_dispenser_active, {{1, ItemState::owing}}), now_)),
              ElementsAre("0013"));
}

TEST_F(RegisterTest, OnlyTheLastNotificationIsAmended) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(
      register_.dispense(
          supply("N1", IssueState::with_dispenser_active, {{1, ItemState::dispensed}}), now_),
      ElementsAre());
  ASSERT_THAT(
      register_.dispense(supply("N2", IssueState::dispensed, {{2, ItemState::dispensed}}), now_),
      ElementsAre());
  SupplyRequest amended = supply("N3", IssueState::with_dispenser_active, {{2, ItemState::owing}});
  amended.replaces = "N1";
  EXPECT_THAT(codes(register_.dispense(amended, now_)), ElementsAre("0021"));
  amended.replaces = "N2";
  EXPECT_THAT(register_.dispense(amended, now_), ElementsAre());
  EXPECT_EQ(state(), IssueState::with_dispenser_active);
  EXPECT_EQ(item_state(1), ItemState::dispensed);
  EXPECT_EQ(item_state(2), ItemState::owing);
  EXPECT_THAT(codes(register_.dispense(amended, now_)), ElementsAre("0021"))
      << "N2 was replaced already";
}

// ---- returns and withdrawals ----

TEST_F(RegisterTest, AReturnedPrescriptionCanBeReleasedToAnother) {
  order_acute();
  static_cast<void>(release());
  EXPECT_THAT(codes(give_back("FAA11")), ElementsAre("0012"));
  EXPECT_THAT(give_back(), ElementsAre());
  EXPECT_EQ(state(), IssueState::to_be_dispensed);
  EXPECT_EQ(item_state(1), ItemState::to_be_dispensed);
  EXPECT_THAT(release("FAA11").handed_out, SizeIs(1));
}

TEST_F(RegisterTest, OnlyWhatADispenserHasUntouchedGoesBack) {
  EXPECT_THAT(codes(give_back()), ElementsAre("0005"));
  order_acute();
  EXPECT_THAT(codes(give_back()), ElementsAre("0012"));
  static_cast<void>(release());
  ASSERT_THAT(
      register_.dispense(
          supply("N1", IssueState::with_dispenser_active, {{1, ItemState::dispensed}}), now_),
      ElementsAre());
  EXPECT_THAT(codes(give_back()), ElementsAre("0012"));
}

TEST_F(RegisterTest, AReturnNamesTheReleaseItReverses) {
  order_acute();
  static_cast<void>(release());
  ReturnRequest request;
  request.short_id = kShort;
  request.dispenser = kPharmacy;
  request.reason = "0001";
  request.release = "ANOTHER";
  const auto faults = register_.give_back(request, now_);
  ASSERT_THAT(codes(faults), ElementsAre("0003"));
  EXPECT_EQ(faults[0].system, kDispensingCodes);
}

TEST_F(RegisterTest, AnInvalidSignatureIsReturnedInThePrescribersName) {
  order_acute();
  static_cast<void>(release());
  EXPECT_THAT(give_back("A83008", "0005"), ElementsAre());
}

TEST_F(RegisterTest, AReturnAfterItsTimeExpires) {
  order_acute();
  static_cast<void>(release());
  now_ += Terms{}.valid;
  EXPECT_EQ(state(), IssueState::with_dispenser) << "the dispenser decides";
  EXPECT_THAT(give_back(), ElementsAre());
  EXPECT_EQ(state(), IssueState::expired);
}

TEST_F(RegisterTest, WithdrawingGoesBackNotificationByNotification) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(
      register_.dispense(
          supply("N1", IssueState::with_dispenser_active, {{1, ItemState::dispensed}}), now_),
      ElementsAre());
  ASSERT_THAT(
      register_.dispense(supply("N2", IssueState::dispensed, {{2, ItemState::dispensed}}), now_),
      ElementsAre());
  EXPECT_THAT(codes(withdraw("N1")), ElementsAre("0021"));
  EXPECT_THAT(withdraw("N2"), ElementsAre());
  EXPECT_EQ(state(), IssueState::with_dispenser_active);
  EXPECT_EQ(item_state(2), ItemState::with_dispenser);
  EXPECT_THAT(withdraw("N1"), ElementsAre());
  EXPECT_EQ(state(), IssueState::with_dispenser);
  EXPECT_THAT(codes(withdraw("N1")), ElementsAre("0021"));
}

TEST_F(RegisterTest, WhatIsClaimedIsNotWithdrawn) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(), ElementsAre());
  ASSERT_THAT(register_.claim(supply("K", IssueState::dispensed), now_), ElementsAre());
  EXPECT_THAT(codes(withdraw("N")), ElementsAre("0012"));
}

// ---- claims ----

TEST_F(RegisterTest, AClaimNeedsADispensedPrescriptionAndIsMadeOnce) {
  const SupplyRequest claim = supply("K", IssueState::dispensed, {{1, ItemState::dispensed}});
  EXPECT_THAT(codes(register_.claim(claim, now_)), ElementsAre("0005"));
  order_acute();
  EXPECT_THAT(codes(register_.claim(claim, now_)), ElementsAre("0015"));
  static_cast<void>(release());
  EXPECT_THAT(codes(register_.claim(claim, now_)), ElementsAre("0015"));
  ASSERT_THAT(dispense_all(), ElementsAre());
  SupplyRequest other = claim;
  other.dispenser = "FAA11";
  EXPECT_THAT(codes(register_.claim(other, now_)), ElementsAre("0012"));
  other = claim;
  other.items[0].item = "UNKNOWN";
  EXPECT_THAT(codes(register_.claim(other, now_)), ElementsAre("0014"));
  EXPECT_THAT(register_.claim(claim, now_), ElementsAre());
  EXPECT_EQ(state(), IssueState::claimed);
  EXPECT_THAT(codes(register_.claim(claim, now_)), ElementsAre("0012"));
}

TEST_F(RegisterTest, AClaimIsAmendedWithinItsPeriod) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(), ElementsAre());
  SupplyRequest amended = supply("K2", IssueState::dispensed);
  amended.replaces = "K1";
  EXPECT_THAT(codes(register_.claim(amended, now_)), ElementsAre("0012")) << "nothing to amend";
  ASSERT_THAT(register_.claim(supply("K1", IssueState::dispensed), now_), ElementsAre());
  EXPECT_THAT(register_.claim(amended, now_), ElementsAre());
  EXPECT_THAT(codes(register_.claim(amended, now_)), ElementsAre("0021")) << "K1 was replaced";
  amended.id = "K3";
  amended.replaces = "K2";
  now_ += Terms{}.claim_amended + hours(1);
  EXPECT_THAT(codes(register_.claim(amended, now_)), ElementsAre("0100"));
}

TEST_F(RegisterTest, WhatNobodyClaimsBecomesNoClaimed) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(), ElementsAre());
  now_ += Terms{}.no_claim;
  EXPECT_EQ(state(), IssueState::no_claimed);
  EXPECT_THAT(codes(register_.claim(supply("K", IssueState::dispensed), now_)),
              ElementsAre("0012"));
}

// ---- cancellations ----

TEST_F(RegisterTest, CancellingBeforeReleaseTakesItemsOneByOneAndThenTheWhole) {
  EXPECT_EQ(cancel(), "0008");
  order_acute();
  EXPECT_EQ(cancel("UNKNOWN"), "0008");
  EXPECT_EQ(cancel(item(1)), "0001");
  EXPECT_EQ(state(), IssueState::to_be_dispensed);
  EXPECT_EQ(item_state(1), ItemState::cancelled);
  EXPECT_EQ(cancel(item(1)), "0006");
  EXPECT_EQ(cancel(item(2)), "0001");
  EXPECT_EQ(state(), IssueState::cancelled);
  EXPECT_EQ(cancel(item(2)), "0006");
}

TEST_F(RegisterTest, CancellingWithoutAnItemTakesAll) {
  order_acute();
  EXPECT_EQ(cancel(), "0001");
  EXPECT_EQ(state(), IssueState::cancelled);
}

TEST_F(RegisterTest, CancellingWhatADispenserHasTakesEffectWhenItComesBack) {
  order_acute();
  static_cast<void>(release());
  EXPECT_EQ(cancel(item(1)), "0002");
  EXPECT_EQ(state(), IssueState::with_dispenser);
  EXPECT_EQ(cancel(item(1), "200"), "0007");
  EXPECT_EQ(cancel(item(1)), "0002");
  ASSERT_THAT(give_back(), ElementsAre());
  EXPECT_EQ(item_state(1), ItemState::cancelled);
  EXPECT_EQ(item_state(2), ItemState::to_be_dispensed);
  EXPECT_EQ(state(), IssueState::to_be_dispensed);
}

TEST_F(RegisterTest, EveryItemMarkedMakesAReturnedPrescriptionCancelled) {
  order_acute();
  static_cast<void>(release());
  EXPECT_EQ(cancel(), "0002");
  ASSERT_THAT(give_back(), ElementsAre());
  EXPECT_EQ(state(), IssueState::cancelled);
}

TEST_F(RegisterTest, CancellingWhatIsBeingDispensedTellsSoItemByItem) {
  order_acute();
  static_cast<void>(release());
  ASSERT_THAT(
      register_.dispense(
          supply("N1", IssueState::with_dispenser_active, {{1, ItemState::dispensed}}), now_),
      ElementsAre());
  EXPECT_EQ(cancel(item(1)), "0004");
  EXPECT_EQ(cancel(item(2)), "0003");
  ASSERT_THAT(
      register_.dispense(supply("N2", IssueState::dispensed, {{2, ItemState::dispensed}}), now_),
      ElementsAre());
  EXPECT_EQ(cancel(item(2)), "0004");
}

TEST_F(RegisterTest, ACancellationThatLacksSomethingIsInvalid) {
  EXPECT_EQ(register_.cancel(CancelRequest{}, now_).code, "5888");
}

// ---- repeat dispensing ----

TEST_F(RegisterTest, TheNextIssueComesWhenThisOneIsDispensed) {
  order_repeat_dispensing(3);
  EXPECT_EQ(state(2), IssueState::future_repeat);
  for (int issue = 1; issue <= 3; ++issue) {
    const auto released = release();
    ASSERT_THAT(released.handed_out, SizeIs(1)) << issue;
    EXPECT_EQ(released.handed_out[0].issue, issue);
    EXPECT_EQ(released.handed_out[0].previous_at.has_value(), issue > 1);
    ASSERT_THAT(dispense_all(1, "N" + std::to_string(issue)), ElementsAre());
    EXPECT_EQ(state(issue), IssueState::dispensed);
  }
  EXPECT_THAT(codes(release().faults), ElementsAre("0005"));
}

TEST_F(RegisterTest, TheNextIssueIsDueAWeekBeforeItIsNeeded) {
  order_repeat_dispensing(2, 28);
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(1), ElementsAre());
  EXPECT_EQ(state(2), IssueState::awaiting_release);
  EXPECT_THAT(codes(release(kPharmacy, "").faults), ElementsAre("0006"));
  now_ += days(21);
  EXPECT_EQ(state(2), IssueState::to_be_dispensed);
  EXPECT_THAT(release(kPharmacy, "").handed_out, SizeIs(1));
}

TEST_F(RegisterTest, APatientMayAskForTheNextIssueBeforeItIsDue) {
  order_repeat_dispensing(2, 28);
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(1), ElementsAre());
  EXPECT_THAT(release().handed_out, SizeIs(1));
}

TEST_F(RegisterTest, CancellingInTheMiddleEndsTheIssuesToCome) {
  order_repeat_dispensing(6);
  for (int issue = 1; issue <= 2; ++issue) {
    static_cast<void>(release());
    ASSERT_THAT(dispense_all(1, "N" + std::to_string(issue)), ElementsAre());
  }
  static_cast<void>(release());
  EXPECT_EQ(cancel(item(1)), "0002");
  EXPECT_EQ(state(3), IssueState::with_dispenser);
  for (int issue = 4; issue <= 6; ++issue) {
    EXPECT_EQ(state(issue), IssueState::cancelled_future) << issue;
  }
  ASSERT_THAT(dispense_all(1, "N3"), ElementsAre());
  EXPECT_EQ(state(3), IssueState::dispensed);
  EXPECT_THAT(codes(release().faults), ElementsAre("0001"));
}

TEST_F(RegisterTest, CancellingBetweenIssuesEndsTheNextAndAllToCome) {
  order_repeat_dispensing(3);
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(1), ElementsAre());
  EXPECT_EQ(cancel(item(1)), "0001");
  EXPECT_EQ(state(1), IssueState::dispensed);
  EXPECT_EQ(state(2), IssueState::cancelled);
  EXPECT_EQ(state(3), IssueState::cancelled_future);
}

TEST_F(RegisterTest, WithdrawingTakesTheNextIssuesTurnBack) {
  order_repeat_dispensing(3);
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(1, "N1"), ElementsAre());
  EXPECT_EQ(state(2), IssueState::to_be_dispensed);
  EXPECT_THAT(withdraw("N1"), ElementsAre());
  EXPECT_EQ(state(1), IssueState::with_dispenser);
  EXPECT_EQ(state(2), IssueState::future_repeat);
}

TEST_F(RegisterTest, AnIssueBeforeTheLastReleasedOneIsNotWithdrawn) {
  order_repeat_dispensing(3);
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(1, "N1"), ElementsAre());
  static_cast<void>(release());
  WithdrawRequest request;
  request.short_id = kShort;
  request.nhs_number = kPatient;
  request.dispenser = kPharmacy;
  request.notification = "N1";
  request.issue = 1;
  EXPECT_THAT(codes(register_.withdraw(request, now_)), ElementsAre("0021"));
}

TEST_F(RegisterTest, ClaimsNameTheirIssue) {
  order_repeat_dispensing(3);
  static_cast<void>(release());
  ASSERT_THAT(dispense_all(1, "N1"), ElementsAre());
  static_cast<void>(release());
  SupplyRequest claim = supply("K", IssueState::dispensed);
  claim.issue = 2;
  claim.authorised = 3;
  EXPECT_THAT(codes(register_.claim(claim, now_)), ElementsAre("0015"));
  claim.issue = 1;
  EXPECT_THAT(register_.claim(claim, now_), ElementsAre());
  EXPECT_EQ(state(1), IssueState::claimed);
  EXPECT_EQ(state(2), IssueState::with_dispenser);
}

}  // namespace
}  // namespace concord::spine
