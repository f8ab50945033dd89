// A prescription's life as messages: what is asked in XML, answered in XML, and survives a restart.
#include <gmock/gmock.h>

#include <set>

#include "conformance/simulators/spine/elements.h"
#include "conformance/simulators/spine/spine.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::spine {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kShort = "24F5DA-A83008-7EFE6Z";
constexpr const char* kLong = "1B6F2C6A-94DA-4F3B-8C11-77A0F5D3B902";
constexpr const char* kItem = "0F0A6D6E-6A5C-4F61-9D2E-000000000001";

std::string golden() {
  return test::read_file(std::filesystem::path(concord::test::test_dir()) / "prescription.xml");
}

std::string id_of(int number) {
  std::string digits = std::to_string(number);
  return "70000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

/// The wrapper around a content, as every sender writes it.
std::string wrapped(int number, std::string_view interaction, std::string_view content) {
  const std::string device =
      R"(<device classCode="DEV" determinerCode="INSTANCE"><id root="1.2.826.0.1285.0.2.0.107" extension="1"/></device>)";
  std::string out = R"(<?xml version="1.0" encoding="UTF-8"?><)";
  out.append(interaction).append(R"( xmlns="urn:hl7-org:v3"><id root=")").append(id_of(number));
  out.append(R"("/><creationTime value="20260605153000"/><versionCode code="V3NPfIT4.2.00"/>)");
  out.append(R"(<interactionId extension=")").append(interaction);
  out.append(R"(" root="2.16.840.1.113883.2.1.3.2.4.12"/><processingCode code="P"/>)");
  out.append(
      R"(<processingModeCode code="T"/><acceptAckCode code="NE"/><communicationFunctionRcv>)");
  out.append(device).append("</communicationFunctionRcv><communicationFunctionSnd>").append(device);
  out.append(
      "</communicationFunctionSnd><ControlActEvent><author1><AgentSystemSDS><agentSystemSDS>");
  out.append(R"(<id extension="1" root="1.2.826.0.1285.0.2.0.107"/></agentSystemSDS>)");
  out.append("</AgentSystemSDS></author1><subject>").append(content);
  out.append("</subject></ControlActEvent></").append(interaction).append(">");
  return out;
}

std::string agent(std::string_view ods) {
  return R"(<AgentPerson><id extension="555086415105" root="1.2.826.0.1285.0.2.0.67"/>)"
         R"(<code code="S8000:G8000:R8000" codeSystem="1.2.826.0.1285.0.2.1.104"/><agentPerson>)"
         R"(<id extension="3415870201" root="1.2.826.0.1285.0.2.1.54"/><name>Pat Pharmacist</name>)"
         R"(</agentPerson><representedOrganization><id extension=")" +
         std::string(ods) +
         R"(" root="1.2.826.0.1285.0.1.10"/><name>Harbour Pharmacy</name></representedOrganization>)"
         R"(</AgentPerson>)";
}

std::string pid() {
  return R"(<pertinentPrescriptionID><code code="PID"/><value extension=")" + std::string(kShort) +
         R"(" root="2.16.840.1.113883.2.1.3.2.4.18.8"/></pertinentPrescriptionID>)";
}

std::string release_message(int number, std::string_view ods = "FZZ99", bool by_id = true) {
  const std::string root =
      by_id ? "PatientPrescriptionReleaseRequest" : "NominatedPrescriptionReleaseRequest";
  return wrapped(number, by_id ? "PORX_IN132004SM30" : "PORX_IN060102SM30",
                 "<" + root + R"(><id root=")" + id_of(number + 500) +
                     R"("/><effectiveTime value="20260605153000"/><author>)" + agent(ods) +
                     "</author>" +
                     (by_id ? "<pertinentInformation>" + pid() + "</pertinentInformation>" : "") +
                     "</" + root + ">");
}

std::string cancel_message(int number) {
  const std::string person =
      R"(<AgentPerson><id extension="100"/><representedOrganization/></AgentPerson>)";
  return wrapped(
      number, "PORX_IN030101SM32",
      R"(<CancellationRequest><id root=")" + id_of(number) +
          R"("/><effectiveTime value="20260605153000"/><recordTarget><Patient>)"
          R"(<id extension="9990000018"/></Patient></recordTarget><author>)" +
          person + "</author><responsibleParty>" + person +
          "</responsibleParty><pertinentInformation2>" + pid() +
          R"(</pertinentInformation2><pertinentInformation1><pertinentLineItemRef><id root=")" +
          kItem +
          R"("/></pertinentLineItemRef></pertinentInformation1><pertinentInformation>)"
          R"(<pertinentCancellationReason><text>Error</text><value code="0001"/>)"
          R"(</pertinentCancellationReason></pertinentInformation><pertinentInformation3>)"
          R"(<pertinentOriginalPrescriptionRef><id root=")" +
          kLong +
          R"("/></pertinentOriginalPrescriptionRef></pertinentInformation3></CancellationRequest>)");
}

/// A notification or a claim.
std::string supply_message(int number, std::string_view root, std::string_view interaction,
                           std::string_view agent_element, std::string_view status) {
  const std::string agent_name(agent_element);
  const std::string name(root);
  return wrapped(
      number, interaction,
      "<" + name + R"(><id root=")" + id_of(number) +
          R"("/><code code="163541000000107"/><effectiveTime value="20260605153000"/>)"
          R"(<typeId extension="PORX_MT024001UK31"/><recordTarget><patient>)"
          R"(<id extension="9990000018"/></patient></recordTarget><primaryInformationRecipient>)"
          R"(<AgentOrg><agentOrganization><id extension="T1450"/></agentOrganization></AgentOrg>)"
          R"(</primaryInformationRecipient><pertinentInformation1><pertinentSupplyHeader><id root=")" +
          id_of(number) + R"("/><)" + agent_name + ">" + agent("FZZ99") + "</" + agent_name +
          R"(><pertinentInformation1><pertinentSuppliedLineItem><id root=")" + id_of(900) +
          R"("/><pertinentInformation3><pertinentItemStatus><value code="0001"/>)"
          R"(</pertinentItemStatus></pertinentInformation3><inFulfillmentOf><priorOriginalItemRef>)"
          R"(<id root=")" +
          kItem +
          R"("/></priorOriginalItemRef></inFulfillmentOf></pertinentSuppliedLineItem>)"
          R"(</pertinentInformation1><pertinentInformation3><pertinentPrescriptionStatus>)"
          R"(<value code=")" +
          std::string(status) +
          R"("/></pertinentPrescriptionStatus></pertinentInformation3><pertinentInformation4>)" +
          pid() +
          R"(</pertinentInformation4><inFulfillmentOf><priorOriginalPrescriptionRef><id root=")" +
          kLong +
          R"("/></priorOriginalPrescriptionRef></inFulfillmentOf></pertinentSupplyHeader>)"
          R"(</pertinentInformation1><sequelTo><priorPrescriptionReleaseEventRef><id root=")" +
          id_of(901) + R"("/></priorPrescriptionReleaseEventRef></sequelTo></)" + name + ">");
}

std::string dispense_message(int number) {
  return supply_message(number, "DispenseNotification", "PORX_IN080101SM31", "author", "0006");
}
std::string claim_message(int number) {
  return supply_message(number, "DispenseClaim", "PORX_IN090101SM31", "legalAuthenticator", "0006");
}

class LifeTest : public testing::Test {
 protected:
  void SetUp() override { restart(); }
  void restart() {
    side_.reset();
    auto opened = Spine::open(folder_.path() / "arrivals.tsv", {}, [this] { return now_; });
    ASSERT_THAT(opened, IsOk());
    side_ = *std::move(opened);
  }
  Spine::Answer send(std::string bytes) { return side_->receive(std::move(bytes), "", {}); }
  std::string details(int issue = 1) {
    TrackerQuery query;
    query.prescription_id = kShort;
    query.issue = issue;
    return side_->track(query);
  }

  Instant now_ = *parse_instant("2026-06-05T15:30:00Z");
  test::TemporaryFolder folder_;
  std::unique_ptr<Spine> side_;
};

/// Everything of `part` that is not in `whole` any more, read with the reader of the tests.
void expect_same_but_for(const tree::Document& whole, const tree::Node& before,
                         const tree::Document& answer, const tree::Node& after,
                         const std::set<std::string>& added) {
  const tree::Node* other = after.first_child();
  for (const tree::Node& child : before.children()) {
    while (other != nullptr && added.contains(std::string(answer.name(*other)))) {
      const bool is_status = find(answer, *other, "pertinentItemStatus") != nullptr ||
                             find(answer, *other, "pertinentPrescriptionStatus") != nullptr;
      if (!is_status) break;
      other = other->next_sibling();
    }
    ASSERT_NE(other, nullptr) << whole.path(child);
    EXPECT_EQ(whole.name(child), answer.name(*other)) << whole.path(child);
    EXPECT_EQ(child.text(), other->text()) << whole.path(child);
    expect_same_but_for(whole, child, answer, *other, added);
    other = other->next_sibling();
  }
}

TEST_F(LifeTest, AReleaseGivesThePrescriptionBackAsItCameWithItsStates) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  const auto answer = send(release_message(1));
  ASSERT_EQ(answer.type, AckType::accept) << answer.xml;
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:PORX_IN070103UK31 "));
  EXPECT_THAT(answer.xml, HasSubstr("extension=\"PORX_MT122003UK32\""));
  EXPECT_THAT(answer.xml,
              HasSubstr("code=\"0001\" codeSystem=\"2.16.840.1.113883.2.1.3.2.4.16.35\""));
  EXPECT_THAT(answer.xml,
              HasSubstr("code=\"0007\" codeSystem=\"2.16.840.1.113883.2.1.3.2.4.17.23\""));
  EXPECT_THAT(answer.xml,
              HasSubstr("<priorDownloadRequestRef classCode=\"INFO\" moodCode=\"RQO\">"));

  const tree::Symbols symbols;
  const auto sent = xml::read(golden(), symbols);
  const auto got = xml::read(answer.xml, symbols);
  ASSERT_THAT(sent, IsOk());
  ASSERT_THAT(got, IsOk());
  const tree::Node* before =
      find(*sent, sent->root(), "ControlActEvent/subject/ParentPrescription");
  const tree::Node* after =
      find(*got, got->root(),
           "ControlActEvent/subject/PrescriptionReleaseResponse/component/ParentPrescription");
  ASSERT_NE(before, nullptr);
  ASSERT_NE(after, nullptr);
  expect_same_but_for(*sent, *before, *got, *after,
                      {"pertinentInformation4", "pertinentInformation10"});
}

TEST_F(LifeTest, ASignatureComesBackInItsNamespaceWithItsTexts) {
  std::string order = golden();
  const std::string none = "<signatureText nullFlavor=\"NA\"/>";
  const auto at = order.find(none);
  ASSERT_NE(at, std::string::npos);
  order.replace(
      at, none.size(),
      "<signatureText><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>"
      "<DigestValue>a5Nt=</DigestValue></SignedInfo></Signature></signatureText>");
  ASSERT_EQ(send(order).type, AckType::accept);
  EXPECT_THAT(send(release_message(1)).xml,
              HasSubstr("<signatureText><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">"
                        "<SignedInfo><DigestValue>a5Nt=</DigestValue></SignedInfo></Signature>"
                        "</signatureText>"));
}

TEST_F(LifeTest, FromOrderToClaimTheTrackerFollows) {
  EXPECT_THAT(details(), HasSubstr("\"statusCode\":\"1\""));
  ASSERT_EQ(send(golden()).type, AckType::accept);
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"To Be Dispensed\""));
  ASSERT_EQ(send(release_message(1)).type, AckType::accept);
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"With Dispenser\""));
  EXPECT_THAT(details(), HasSubstr("\"dispensingPharmacy\":{\"name\":\"Harbour Pharmacy\""));
  ASSERT_EQ(send(dispense_message(2)).type, AckType::accept);
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"Dispensed\""));
  EXPECT_THAT(details(), HasSubstr("\"itemStatus\":\"Dispensed\""));
  ASSERT_EQ(send(claim_message(3)).type, AckType::accept);
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"Claimed\""));
  EXPECT_THAT(details(2), HasSubstr("\"statusCode\":\"8\""));
}

TEST_F(LifeTest, ARejectionNamesItsReasonAndWhoHasThePrescription) {
  EXPECT_THAT(send(release_message(1)).xml, HasSubstr("<value code=\"0003\""));
  ASSERT_EQ(send(golden()).type, AckType::accept);
  static_cast<void>(send(release_message(2)));
  const auto answer = send(release_message(3, "FAA11"));
  EXPECT_EQ(answer.type, AckType::error);
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:PORX_IN110101UK30 "));
  EXPECT_THAT(answer.xml, HasSubstr("<value code=\"0004\""));
  EXPECT_THAT(answer.xml, HasSubstr("<performer contextControlCode=\"OP\" typeCode=\"PRF\">"));
  EXPECT_THAT(answer.xml, HasSubstr("extension=\"FZZ99\""));
}

TEST_F(LifeTest, ACancellationIsAnsweredWithPatientAuthorAndOutcome) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  const auto answer = send(cancel_message(1));
  EXPECT_EQ(answer.type, AckType::accept);
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:PORX_IN050101UK31 "));
  EXPECT_THAT(answer.xml,
              HasSubstr("code=\"0001\" displayName=\"Prescription/item was cancelled\""));
  EXPECT_THAT(answer.xml, HasSubstr("<recordTarget><Patient><id extension=\"9990000018\"/>"));
  EXPECT_THAT(answer.xml, HasSubstr("<id root=\"" + id_of(1) + "\"/>"));
  EXPECT_THAT(answer.xml, Not(HasSubstr("<performer")));
  const auto again = send(cancel_message(2));
  EXPECT_EQ(again.type, AckType::error);
  EXPECT_THAT(again.xml, HasSubstr("code=\"0006\""));
}

TEST_F(LifeTest, ACancellationOfWhatADispenserHasNamesTheDispenser) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  static_cast<void>(send(release_message(1)));
  const auto answer = send(cancel_message(2));
  EXPECT_THAT(answer.xml, HasSubstr("code=\"0002\""));
  EXPECT_THAT(answer.xml, HasSubstr("<performer contextControlCode=\"OP\" typeCode=\"PRF\">"));
  EXPECT_THAT(answer.xml, HasSubstr("<name>Harbour Pharmacy</name>"));
  EXPECT_THAT(details(), HasSubstr("\"pendingCancellations\":\"True\""));
}

TEST_F(LifeTest, StatesAndAnswersSurviveARestartByteForByte) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  const auto released = send(release_message(1));
  const auto marked = send(cancel_message(2));
  const auto refused = send(release_message(3, "FAA11"));
  now_ += std::chrono::hours(1);
  const std::string before = details();
  restart();
  EXPECT_EQ(details(), before);
  EXPECT_EQ(send(release_message(1)).xml, released.xml);
  EXPECT_EQ(send(cancel_message(2)).xml, marked.xml);
  EXPECT_EQ(send(release_message(3, "FAA11")).xml, refused.xml);
  EXPECT_EQ(send(dispense_message(4)).type, AckType::accept);
  restart();
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"Dispensed\""));
  EXPECT_EQ(side_->counts().repeats, 3u);
}

TEST_F(LifeTest, ItsClockGoesForwardAndNeverBack) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  side_->advance(std::chrono::hours(24 * 400));
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"Expired\""));
  EXPECT_THAT(send(release_message(1)).xml, HasSubstr("<value code=\"0002\""));
  restart();
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"Expired\""));
}

TEST_F(LifeTest, ToldToRefuseItAnswersInTheFormOfTheMessageAndChangesNothing) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  const auto release =
      side_->receive(release_message(1), "", *read_behaviour("ack=AE:0007:Functionality disabled"));
  EXPECT_THAT(release.xml, HasSubstr("<hl7:PORX_IN110101UK30 "));
  EXPECT_THAT(release.xml, HasSubstr("<value code=\"0007\""));
  const auto cancel =
      side_->receive(cancel_message(2), "", *read_behaviour("ack=AE:0009:Disabled"));
  EXPECT_THAT(cancel.xml, HasSubstr("code=\"0009\" displayName=\"Disabled\""));
  const auto claim = side_->receive(claim_message(3), "",
                                    *read_behaviour("ack=AE:16.34/5000:Cannot be processed"));
  EXPECT_THAT(claim.xml,
              HasSubstr("codeSystem=\"2.16.840.1.113883.2.1.3.2.4.16.34\" code=\"5000\""));
  EXPECT_THAT(details(), HasSubstr("\"prescriptionStatus\":\"To Be Dispensed\""));
  restart();
  EXPECT_EQ(send(release_message(1)).xml, release.xml);
  EXPECT_EQ(send(claim_message(3)).xml, claim.xml);
}

TEST_F(LifeTest, AnEmptyReleaseOrContentIsInvalid) {
  EXPECT_THAT(send(wrapped(1, "PORX_IN132004SM30", "<Something/>")).xml,
              HasSubstr("<value code=\"5888\""));
  EXPECT_THAT(send(wrapped(2, "PORX_IN080101SM31", "<Something/>")).xml,
              HasSubstr("code=\"0009\""));
  EXPECT_THAT(send(wrapped(3, "PORX_IN510101SM31", "<ETPWithdraw/>")).xml,
              HasSubstr("code=\"0008\""));
}

TEST_F(LifeTest, ANominatedReleaseAnswersWithItsOwnInteraction) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  const auto answer = send(release_message(1, "FZZ99", false));
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:PORX_IN070101UK31 "));
  EXPECT_THAT(send(release_message(2, "FZZ99", false)).xml, HasSubstr("<value code=\"0006\""));
}

TEST(TrackerQueryText, ReadsWhatIsDocumentedAndRefusesTheRest) {
  const auto details = read_tracker_query("/mm/nhs111itemdetails?prescriptionId=A+B&issueNumber=2");
  ASSERT_THAT(details, IsOk());
  EXPECT_EQ(details->prescription_id, "A B");
  EXPECT_EQ(details->issue, 2);
  const auto summary = read_tracker_query(
      "/mm/nhs111itemsummary?nhsNumber=9990000018&prescriptionStatus=With%20Dispenser&"
      "earliestDate=20260101&latestDate=20260131");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->status, "With Dispenser");
  EXPECT_EQ(summary->latest, parse_instant("2026-01-31T00:00:00Z").value_or(Instant{}));
  EXPECT_THAT(read_tracker_query("/mm/other"), FailsWith(ErrorCode::not_found));
  for (const char* wrong :
       {"/mm/nhs111itemdetails", "/mm/nhs111itemdetails?prescriptionId=A",
        "/mm/nhs111itemdetails?prescriptionId=A&issueNumber=0",
        "/mm/nhs111itemsummary?nhsNumber=1&earliestDate=2026", "/mm/nhs111itemsummary",
        "/mm/nhs111itemsummary?nhsNumber=1&x=2", "/mm/nhs111itemsummary?nhsNumber=1&nhsNumber=2"}) {
    EXPECT_THAT(read_tracker_query(wrong), FailsWith(ErrorCode::invalid)) << wrong;
  }
}

TEST_F(LifeTest, TheSummaryListsWhatAPatientHasAndFiltersIt) {
  ASSERT_EQ(send(golden()).type, AckType::accept);
  TrackerQuery query;
  query.summary = true;
  query.nhs_number = "9990000018";
  EXPECT_THAT(side_->track(query), HasSubstr("\"prescriptions\":{\"24F5DA-A83008-7EFE6Z\":{"));
  query.status = "Claimed";
  EXPECT_THAT(side_->track(query), HasSubstr("\"prescriptions\":{}"));
  query.nhs_number = "9990000026";
  EXPECT_THAT(side_->track(query), HasSubstr("\"reason\":\"No prescriptions found\""));
}

}  // namespace
}  // namespace concord::spine
