// What is answered to a message whose sender wants what the other side says.
#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

using exchange::PeerAnswer;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr const char* kOutcome =
    R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]})";

/// An exchange whose answer is awaited, and another side that answers so.
class Awaiting : public Calling {
 public:
  Awaiting() {
    const auto submit = services.submit;
    services.submit = [submit](exchange::Arrival arrival) -> Result<exchange::Answer> {
      auto answer = submit(std::move(arrival));
      if (answer) answer->awaited = true;
      return answer;
    };
    services.peer_answer =
        [this](std::string_view task,
               steady_clock::time_point until) -> Result<std::optional<PeerAnswer>> {
      asked_until.push_back(until);
      if (task != "t1") return std::optional<PeerAnswer>{};
      return std::optional<PeerAnswer>{peer};
    };
  }
  PeerAnswer peer{PeerAnswer::State::given, 400, kOutcome};
  std::vector<steady_clock::time_point> asked_until;
};

TEST(MessageAnswer, WhatTheOtherSideSaysIsTheAnswerWithItsStatus) {
  for (const char* door :
       {"/FHIR/R4/Task/$release", "/FHIR/R4/Task", "/FHIR/R4/Claim", "/FHIR/R4/$process-message"}) {
    Awaiting calling;
    const auto response = calling.post(door);
    EXPECT_EQ(response.status, 400) << door;
    EXPECT_EQ(response.body, kOutcome) << door;
    EXPECT_EQ(field(response, "X-Concord-Task"), "t1") << door;
    ASSERT_EQ(calling.asked_until.size(), 1u) << door;
    EXPECT_LE(calling.asked_until[0], steady_clock::now() + seconds(25)) << door;
  }
}

TEST(MessageAnswer, EachDoorNamesItsResource) {
  Awaiting calling;
  calling.post("/FHIR/R4/Task/$release");
  calling.post("/FHIR/R4/Task");
  calling.post("/FHIR/R4/Claim");
  calling.post("/FHIR/R4/$process-message");
  std::vector<std::string> types;
  for (const auto& arrival : calling.arrivals) types.push_back(arrival.resource_type);
  EXPECT_EQ(types, (std::vector<std::string>{"Parameters", "Task", "Claim", ""}));
}

TEST(MessageAnswer, WithoutAnAnswerInTimeItIs202AndWhereToAskAgain) {
  Awaiting calling;
  calling.peer = {PeerAnswer::State::pending, 0, ""};
  const auto response = calling.post("/FHIR/R4/Claim");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, kTask);
  EXPECT_EQ(field(response, "Content-Location"), "/FHIR/R4/_poll/t1");
  EXPECT_EQ(field(response, "Location"), "/FHIR/R4/Task/t1");
}

TEST(MessageAnswer, WhoPrefersNotToWaitDoesNot) {
  Awaiting calling;
  const auto response = calling.call(
      {"POST",
       "/FHIR/R4/Claim",
       {{"content-type", "application/fhir+json"}, {"prefer", "return=minimal, respond-async"}},
       "{}"});
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(field(response, "Content-Location"), "/FHIR/R4/_poll/t1");
  EXPECT_TRUE(calling.asked_until.empty());
}

TEST(MessageAnswer, WhoPrefersToWaitDoesForAnyMessageButNotForever) {
  Calling calling;
  steady_clock::time_point asked;
  calling.services.peer_answer =
      [&](std::string_view, steady_clock::time_point until) -> Result<std::optional<PeerAnswer>> {
    asked = until;
    return std::optional<PeerAnswer>{PeerAnswer{PeerAnswer::State::given, 200, kOutcome}};
  };
  const auto response =
      calling.call({"POST",
                    "/FHIR/R4/$process-message",
                    {{"content-type", "application/fhir+json"}, {"prefer", "wait=600"}},
                    "{}"});
  EXPECT_EQ(response.status, 200);
  EXPECT_LE(asked, steady_clock::now() + seconds(25));
}

TEST(MessageAnswer, AnswersAreWrittenInTheFormatAskedFor) {
  Awaiting calling;
  const auto response =
      calling.call({"POST",
                    "/FHIR/R4/Claim",
                    {{"content-type", "application/fhir+json"}, {"accept", "application/fhir+xml"}},
                    "{}"});
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("<OperationOutcome xmlns=\"http://hl7.org/fhir\">"));
}

TEST(Poll, TellsPendingGivenGivenUpAndUnknownApart) {
  Awaiting calling;
  EXPECT_EQ(calling.call({"GET", "/FHIR/R4/_poll/t1"}).status, 400);
  EXPECT_EQ(calling.call({"GET", "/FHIR/R4/_poll/t1"}).body, kOutcome);
  EXPECT_EQ(calling.call({"GET", "/FHIR/R4/_poll/t2"}).status, 404);
  calling.peer = {PeerAnswer::State::pending, 0, ""};
  const auto pending = calling.call({"GET", "/FHIR/R4/_poll/t1"});
  EXPECT_EQ(pending.status, 202);
  EXPECT_EQ(field(pending, "Retry-After"), "5");
  EXPECT_EQ(field(pending, "Content-Location"), "/FHIR/R4/_poll/t1");
  calling.peer = {PeerAnswer::State::given_up, 0, ""};
  EXPECT_EQ(calling.call({"GET", "/FHIR/R4/_poll/t1"}).status, 504);
}

TEST(TaskSearch, HandsOverItsParametersAndAnswersWhatWasFound) {
  Calling calling;
  mappers::SearchParameters asked;
  calling.services.search = [&](std::string_view type, const mappers::SearchParameters& parameters,
                                const exchange::SearchContext& context) -> Result<PeerAnswer> {
    EXPECT_EQ(type, "Task");
    EXPECT_TRUE(context.loopback);
    EXPECT_LE(context.timeout, seconds(25));
    asked = parameters;
    return PeerAnswer{PeerAnswer::State::given, 200, kOutcome};
  };
  const auto response = calling.call(
      {"GET", "/FHIR/R4/Task?focus:identifier=s%7CA&_format=json&authored-on=ge2026-01-01"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, kOutcome);
  EXPECT_EQ(asked, (mappers::SearchParameters{{"focus:identifier", "s|A"},
                                              {"authored-on", "ge2026-01-01"}}));
}

TEST(TaskSearch, IsNotSupportedWhereNothingCanBeAsked) {
  Calling calling;
  EXPECT_EQ(calling.call({"GET", "/FHIR/R4/Task?identifier=A"}).status, 422);
}

}  // namespace
}  // namespace concord::api
