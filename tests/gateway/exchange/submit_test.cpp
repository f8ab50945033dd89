#include <latch>
#include <thread>

#include "fhir/definitions/annotate.h"
#include "tests/gateway/exchange/fixture.h"

namespace concord::test {
namespace {

using exchange::Answer;
using exchange::Arrival;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ExchangeTest, AnAcceptedMessageIsAnsweredWithItsTaskAndItsLosses) {
  const auto answer = submit(SampleMessage{}, "request-1");

  ASSERT_THAT(answer, IsOk());
  EXPECT_FALSE(answer->replayed);
  EXPECT_EQ(answer->exchange_id, "uuid-1");
  EXPECT_EQ(answer->task_id, "uuid-2");
  const std::string& task = answer->task;
  EXPECT_EQ(value(task, {"id"}), "uuid-2");
  EXPECT_EQ(value(task, {"meta", "versionId"}), "1");
  EXPECT_EQ(value(task, {"identifier", "value"}), "urn:uuid:uuid-1");
  EXPECT_EQ(value(task, {"groupIdentifier", "value"}), "A0B1C2-X99001-00001A");
  EXPECT_EQ(value(task, {"status"}), "requested");
  EXPECT_EQ(value(task, {"businessStatus", "coding", "code"}), "queued");
  EXPECT_EQ(value(task, {"intent"}), "order");
  EXPECT_EQ(value(task, {"focus", "identifier", "value"}), SampleMessage{}.id);
  EXPECT_EQ(value(task, {"requester", "identifier", "value"}), "X99001");
  EXPECT_EQ(value(task, {"owner", "identifier", "value"}), "FZZ99");
  EXPECT_EQ(value(task, {"restriction", "period", "end"}),
            format_instant(clock_.now() + std::chrono::hours(72)));
  EXPECT_EQ(value(task, {"input", "valueString"}), to_hex(sha256(message_json())));
  EXPECT_EQ(value(task, {"output", "valueString"}), SampleMessage{}.id);
  ASSERT_FALSE(answer->issues.empty());
  EXPECT_EQ(answer->issues.back().text, "plain has no place for notes");
  EXPECT_THAT(woken_, ElementsAre("spine"));
}

TEST_F(ExchangeTest, TheTaskThatIsMadeIsToldOnceWithTheExchange) {
  std::vector<std::string> seen;
  parts_.watch = [&](const store::TaskRow& task) -> Result<std::vector<store::NewExchange>> {
    seen.push_back(task.id + "/" + std::to_string(task.version) + " " + task.status);
    store::NewExchange notice = sample_exchange("n", "Subscription/s");
    notice.keys.clear();
    notice.task = {};
    notice.items[0].bytes = task.body;
    notice.items[0].digest = sha256(task.body);
    return std::vector<store::NewExchange>{std::move(notice)};
  };
  make_service();
  const auto answer = submit(SampleMessage{}, "request-1");
  ASSERT_THAT(answer, IsOk());
  ASSERT_THAT(submit(SampleMessage{}, "request-1"), IsOk());

  EXPECT_THAT(seen, ElementsAre("uuid-2/1 requested"));
  const auto items = store_->lease(sample_lease("Subscription/s", clock_.now()));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ(items->front().bytes, answer->task);
  EXPECT_EQ(store_->counts()->difference(), 0);
}

TEST_F(ExchangeTest, TheTaskIsValidFhir) {
  const auto answer = submit(SampleMessage{}, "request-1");
  ASSERT_THAT(answer, IsOk());
  tree::Document document = task(answer->task);
  tree::Builder builder(document);
  definitions::annotate(builder, *loaded().definitions);
  const validate::Report report = loaded().validator->validate(document);
  EXPECT_TRUE(report.ok()) << to_string(Error{ErrorCode::invalid, report.issues, ""});
}

TEST_F(ExchangeTest, AcceptingStoresBytesDecisionTaskItemAndAuditTogether) {
  const auto answer = submit(SampleMessage{}, "request-1");
  ASSERT_THAT(answer, IsOk());

  const auto stored = store_->exchange(answer->exchange_id);
  ASSERT_THAT(stored, IsOk());
  ASSERT_TRUE(stored->has_value());
  EXPECT_EQ((*stored)->payload, message_json());
  EXPECT_EQ((*stored)->sender, "X99001");
  EXPECT_EQ((*stored)->message_kind, "prescription-order");
  EXPECT_EQ((*stored)->request_id, "request-1");
  EXPECT_EQ((*stored)->decision, agreements::to_json(agreements::Decisions{}));

  const store::Item item = item_of(*answer);
  EXPECT_EQ(item.exchange, answer->exchange_id);
  EXPECT_EQ(item.task, answer->task_id);
  EXPECT_EQ(item.destination, "spine");
  EXPECT_EQ(item.channel, "fake");
  EXPECT_EQ(item.format, "plain");
  EXPECT_EQ(item.message_id, SampleMessage{}.id);
  EXPECT_EQ(item.interaction, "PLAIN_IN01");
  EXPECT_EQ(item.bytes, "plain " + SampleMessage{}.id + " from 567456789789 at " +
                            format_instant(clock_.now()) + " " +
                            std::to_string(message_json().size()));
  EXPECT_EQ(item.digest, sha256(item.bytes));
  EXPECT_EQ(item.subject.size(), 32u);

  const auto view = service_->task(answer->task_id);
  ASSERT_THAT(view, IsOk());
  ASSERT_TRUE(view->has_value());
  EXPECT_EQ((*view)->body, answer->task);

  const auto links = store_->audit_links(1, 100);
  ASSERT_THAT(links, IsOk());
  std::string bodies;
  for (const audit::Link& link : *links) bodies += link.body;
  EXPECT_THAT(bodies, HasSubstr("event exchange.accepted"));
  EXPECT_THAT(bodies, HasSubstr("digest " + to_hex(sha256(message_json()))));
  EXPECT_THAT(bodies, HasSubstr("event decision.recorded"));
  EXPECT_THAT(bodies, HasSubstr("event item.queued"));
  EXPECT_THAT(bodies, HasSubstr("event task.changed"));
  EXPECT_FALSE(store::verify_audit(*store_)->broken.has_value());
}

TEST_F(ExchangeTest, MessagesOfOneWorkflowShareASubjectAndOthersDoNot) {
  SampleMessage same;
  same.id = "11111111-0000-4000-8000-000000000001";
  SampleMessage other;
  other.id = "11111111-0000-4000-8000-000000000002";
  other.workflow = "B0B1C2-X99001-00001B";
  ASSERT_THAT(submit(SampleMessage{}), IsOk());
  ASSERT_THAT(submit(same), IsOk());
  ASSERT_THAT(submit(other), IsOk());

  const auto due = store_->lease(sample_lease("spine", clock_.now()));

  ASSERT_THAT(due, IsOk());
  ASSERT_EQ(due->size(), 2u) << "the second waits behind the first";
  EXPECT_NE((*due)[0].subject, (*due)[1].subject);
  EXPECT_THAT((*due)[0].subject, testing::Not(HasSubstr("A0B1C2")));
}

TEST_F(ExchangeTest, AMessageInXmlIsTakenAsWell) {
  Arrival xml = arrival(message_xml());
  xml.content_type = "application/fhir+xml; charset=UTF-8";
  const auto answer = submit(std::move(xml));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ((*store_->exchange(answer->exchange_id))->payload, message_xml());
}

TEST_F(ExchangeTest, AnUnknownTaskIsNothing) {
  const auto view = service_->task("nobody");
  ASSERT_THAT(view, IsOk());
  EXPECT_FALSE(view->has_value());
}

// ---- the same message again ----

TEST_F(ExchangeTest, TheSameMessageAgainGivesTheFirstAnswerWordForWord) {
  const auto first = submit(SampleMessage{}, "request-1");
  ASSERT_THAT(first, IsOk());
  clock_.advance(std::chrono::hours(5));

  const auto again = submit(SampleMessage{}, "request-1");

  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->exchange_id, first->exchange_id);
  EXPECT_EQ(again->task_id, first->task_id);
  EXPECT_EQ(again->task, first->task);
  EXPECT_EQ(again->issues, first->issues);
  EXPECT_EQ(accepted(), 1);
  EXPECT_EQ(woken_.size(), 1u);
}

TEST_F(ExchangeTest, TheBundleIdentifierAloneIsEnoughToRecogniseIt) {
  ASSERT_THAT(submit(SampleMessage{}, "request-1"), IsOk());
  const auto again = submit(SampleMessage{}, "request-2");
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
}

TEST_F(ExchangeTest, AReplayIsAnsweredEvenWhenTheMessageWouldNotPassAnyMore) {
  ASSERT_THAT(submit(SampleMessage{}), IsOk());
  settings_.routes.routes.clear();
  make_service();
  const auto again = submit(SampleMessage{});
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
}

TEST_F(ExchangeTest, OtherContentUnderTheSameBundleIdentifierIsAConflictAndStoresNothing) {
  ASSERT_THAT(submit(SampleMessage{}, "request-1"), IsOk());
  SampleMessage other;
  other.medication = "Ibuprofen 400mg tablets";

  const auto answer = submit(other, "request-2");

  ASSERT_THAT(answer, FailsWith(ErrorCode::conflict));
  EXPECT_EQ(answer.error().issues[0].text,
            "this message-id was used before for a message with other content");
  EXPECT_EQ(accepted(), 1);
}

TEST_F(ExchangeTest, OtherContentUnderTheSameRequestIdIsAConflictAndStoresNothing) {
  ASSERT_THAT(submit(SampleMessage{}, "request-1"), IsOk());
  SampleMessage other;
  other.id = "11111111-0000-4000-8000-000000000001";

  EXPECT_THAT(submit(other, "request-1"), FailsWith(ErrorCode::conflict));
  EXPECT_EQ(accepted(), 1);
}

TEST_F(ExchangeTest, ARequestIdMadeAtTheDoorIsNoIdentity) {
  ASSERT_THAT(submit(SampleMessage{}), IsOk());
  SampleMessage other;
  other.id = "11111111-0000-4000-8000-000000000001";
  const auto answer = submit(other);
  ASSERT_THAT(answer, IsOk());
  EXPECT_FALSE(answer->replayed);
}

TEST_F(ExchangeTest, ARefusedMessageMayComeAgainAndBeAccepted) {
  settings_.routes.routes[0].message_kind = "something-else";
  make_service();
  ASSERT_THAT(submit(SampleMessage{}, "request-1"), FailsWith(ErrorCode::not_found));
  settings_.routes.routes[0].message_kind = "prescription-order";
  make_service();
  const auto answer = submit(SampleMessage{}, "request-1");
  ASSERT_THAT(answer, IsOk());
  EXPECT_FALSE(answer->replayed);
}

TEST_F(ExchangeTest, RacingIdenticalRequestsBecomeOneExchange) {
  parts_.wake = nullptr;
  make_service();
  constexpr std::size_t kThreads = 6;
  std::vector<Result<Answer>> answers(kThreads, make_error(ErrorCode::internal, "not run"));
  std::latch ready(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        ready.arrive_and_wait();
        answers[i] = submit(SampleMessage{}, "request-1");
      });
    }
  }
  int fresh = 0;
  for (const auto& answer : answers) {
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->exchange_id, answers[0]->exchange_id);
    EXPECT_EQ(answer->task, answers[0]->task);
    fresh += answer->replayed ? 0 : 1;
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(accepted(), 1);
}

TEST_F(ExchangeTest, TheWindowOfAnIdentityIsNinetyDays) {
  ASSERT_THAT(submit(SampleMessage{}), IsOk());
  EXPECT_EQ(*store_->forget_keys(clock_.now() + std::chrono::hours(90 * 24 - 1), 10), 0u);
  EXPECT_EQ(*store_->forget_keys(clock_.now() + std::chrono::hours(90 * 24), 10), 1u);
}

TEST_F(ExchangeTest, ARowForEveryKindTakesWhatHasNoneOfItsOwn) {
  settings_.routes.routes[0].message_kind = "*";
  make_service();
  SampleMessage other;
  other.kind = "dispense-notification";
  EXPECT_THAT(submit(other), IsOk());
}

// ---- dry runs and observers ----

TEST_F(ExchangeTest, ADryRunShowsWhatWouldBeSentAndStoresNothing) {
  const auto run = transform(arrival(message_json(), "request-1"));

  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->destination, "spine");
  EXPECT_EQ(run->channel, "fake");
  EXPECT_EQ(run->format, "plain");
  EXPECT_EQ(run->message_kind, "sample-order");
  EXPECT_EQ(run->interaction, "PLAIN_IN01");
  EXPECT_EQ(run->digest, to_hex(sha256(run->bytes)));
  EXPECT_EQ(run->decisions.outcome, agreements::Effect::permit);
  std::vector<std::string> hops;
  for (const exchange::HopTime& hop : run->hops) hops.emplace_back(hop.hop);
  EXPECT_THAT(hops, ElementsAre("authenticate", "decode", "validate", "decide", "route",
                                "translate", "verify"));
  EXPECT_EQ(accepted(), 0);
  EXPECT_EQ(store_->audit_head()->sequence, migrations_);

  const auto answer = submit(SampleMessage{}, "request-1");
  ASSERT_THAT(answer, IsOk());
  EXPECT_FALSE(answer->replayed);
  EXPECT_EQ(item_of(*answer).bytes, run->bytes);
}

TEST_F(ExchangeTest, TheObserverHearsOfEachHopAndHowItEnded) {
  parts_.observe = [this](std::string_view hop, std::chrono::microseconds, std::string_view end) {
    hops_.push_back(std::string(hop) + (end.empty() ? "" : ":" + std::string(end)));
  };
  make_service();
  ASSERT_THAT(submit(SampleMessage{}), IsOk());
  EXPECT_THAT(hops_, ElementsAre("authenticate", "decode", "lookup", "validate", "decide", "route",
                                 "translate", "verify", "commit"));
  hops_.clear();
  SampleMessage other;
  other.id = "11111111-0000-4000-8000-000000000001";
  other.kind = "dispense-notification";
  ASSERT_THAT(submit(other), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(hops_, ElementsAre("authenticate", "decode", "lookup", "validate", "decide",
                                 "route:not_found"));
}

}  // namespace
}  // namespace concord::test
