// From a change to what a subscriber hears of it.

#include <algorithm>
#include <atomic>
#include <set>

#include "fhir/json/value.h"
#include "tests/gateway/subscriptions/fixture.h"

namespace concord::subscriptions {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Receiver;
using testing::HasSubstr;
using testing::Not;

/// The text of the first value of that JSON member name after `from`.
std::string member(const std::string& json, const std::string& name, std::size_t from = 0) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t at = json.find(key, from);
  if (at == std::string::npos) return {};
  return json.substr(at + key.size(), json.find('"', at + key.size()) - at - key.size());
}

std::string parameter(const std::string& body, const std::string& name, const std::string& value) {
  return member(body, value, body.find("\"name\":\"" + name + "\""));
}

TEST_F(SubscriptionsTest, CriteriaTellOfWhatMatchesAndOfNothingElse) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made =
      node.create(by_criteria(receiver.url(), "Observation?code=8867-4&status=final"));
  ASSERT_THAT(made, IsOk());
  const std::string id = made->row.id;
  ASSERT_EQ(node.status(id, "active"), "active");
  ASSERT_EQ(receiver.told().size(), 1u) << "the handshake";
  EXPECT_EQ(receiver.told()[0].body, "");
  EXPECT_EQ(receiver.told()[0].token, "Bearer t");

  ASSERT_THAT(node.create(observation("preliminary", "8867-4")), IsOk());
  ASSERT_THAT(node.create(observation("final", "8310-5")), IsOk());
  ASSERT_THAT(node.create(R"({"resourceType":"Patient","active":true})"), IsOk());
  const auto matching = node.create(observation("final", "8867-4"));
  ASSERT_THAT(matching, IsOk());
  const auto told = receiver.wait_for(2);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].path, "/hook");
  EXPECT_EQ(told[1].content_type, "application/fhir+json");
  EXPECT_EQ(told[1].body, matching->row.body);
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(receiver.told().size(), 2u);
}

TEST_F(SubscriptionsTest, WithoutPayloadABareWordIsSent) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_criteria(receiver.url(), "Observation?status=final", ""));
  ASSERT_THAT(made, IsOk());
  ASSERT_EQ(node.status(made->row.id, "active"), "active");
  ASSERT_THAT(node.create(observation("final", "8867-4")), IsOk());
  const auto told = receiver.wait_for(2);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].body, "");
  EXPECT_EQ(told[1].content_type, "");
}

TEST_F(SubscriptionsTest, ATopicTellsOfCreateUpdateAndDeleteWithNumbers) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_topic(receiver.url(), "observation-changes", "id-only",
                                         "Observation?code=http://loinc.org|8867-4"));
  ASSERT_THAT(made, IsOk());
  const std::string id = made->row.id;
  ASSERT_EQ(node.status(id, "active"), "active");
  const std::string handshake = receiver.told()[0].body;
  EXPECT_EQ(parameter(handshake, "type", "valueCode"), "handshake");
  EXPECT_EQ(parameter(handshake, "status", "valueCode"), "requested");
  EXPECT_EQ(parameter(handshake, "events-since-subscription-start", "valueString"), "0");

  ASSERT_THAT(node.update("Observation", "o1", observation("preliminary", "8867-4", "o1")), IsOk());
  ASSERT_THAT(node.update("Observation", "o1", observation("final", "8867-4", "o1")), IsOk());
  ASSERT_THAT(node.create(observation("final", "8310-5")), IsOk());
  ASSERT_THAT(node.remove("Observation", "o1"), IsOk());
  const auto told = receiver.wait_for(4);
  ASSERT_EQ(told.size(), 4u);
  const char* methods[] = {"POST", "PUT", "DELETE"};
  for (std::size_t i = 1; i < 4; ++i) {
    const std::string& body = told[i].body;
    EXPECT_EQ(member(body, "resourceType"), "Bundle");
    EXPECT_THAT(body, HasSubstr("\"type\":\"history\""));
    EXPECT_EQ(parameter(body, "type", "valueCode"), "event-notification");
    EXPECT_EQ(parameter(body, "event-number", "valueString"), std::to_string(i));
    EXPECT_EQ(parameter(body, "events-since-subscription-start", "valueString"), std::to_string(i));
    EXPECT_THAT(body, HasSubstr("https://concord.example/FHIR/R4/Observation/o1"));
    EXPECT_THAT(body, HasSubstr("\"method\":\"" + std::string(methods[i - 1]) + "\""));
    EXPECT_THAT(body, Not(HasSubstr("8867-4"))) << "id-only shows no content";
    EXPECT_THAT(json::read(body, node.known.symbols), IsOk());
  }
}

TEST_F(SubscriptionsTest, ContentIsAsMuchAsWasAskedFor) {
  Receiver full, empty;
  Node node(file(), {full.url("/"), empty.url("/")});
  const auto one = node.create(by_topic(full.url(), "observation-changes", "full-resource"));
  const auto two = node.create(by_topic(empty.url(), "observation-changes", "empty"));
  ASSERT_THAT(one, IsOk());
  ASSERT_THAT(two, IsOk());
  ASSERT_EQ(node.status(one->row.id, "active"), "active");
  ASSERT_EQ(node.status(two->row.id, "active"), "active");
  const auto made = node.create(observation("final", "8867-4"));
  ASSERT_THAT(made, IsOk());
  const auto in_full = full.wait_for(2), in_brief = empty.wait_for(2);
  ASSERT_EQ(in_full.size(), 2u);
  ASSERT_EQ(in_brief.size(), 2u);
  EXPECT_THAT(in_full[1].body, HasSubstr("8867-4"));
  EXPECT_THAT(in_brief[1].body, Not(HasSubstr(made->row.id)));
}

/// What an exchange does: commits with a Task, and changes it, each time with what its watch says.
class OwnTask {
 public:
  OwnTask(Node& node, std::string id) : node_(node), id_(std::move(id)) {}

  void commit(const std::string& status) {
    const Instant now = system_clock()();
    store::NewExchange exchange;
    exchange.id = "exchange-" + id_;
    exchange.door = "http";
    exchange.sender = "X99001";
    exchange.content_type = "application/fhir+json";
    exchange.digest = sha256(exchange.payload);
    exchange.accepted_at = now;
    exchange.keys.push_back({"message-id", "X99001", id_});
    exchange.keys_until = now + seconds(60);
    exchange.task = row(1, status, now);
    store::NewItem item;
    item.id = "item-" + id_;
    item.destination = "other-side";
    item.channel = "none";
    item.digest = sha256(item.bytes);
    item.deadline = now + seconds(60);
    exchange.items.push_back(std::move(item));
    exchange.notices = *node_.subscriptions->task_notices(exchange.task);
    ASSERT_THAT(node_.store->commit(std::move(exchange)), IsOk());
  }
  void settle(const std::string& status) {
    const Instant now = system_clock()();
    const auto items = node_.store->lease({"other-side", "node", 10, now, now + seconds(60)});
    ASSERT_THAT(items, IsOk());
    ASSERT_EQ(items->size(), 1u);
    const store::TaskRow next = row(2, status, now);
    store::Settlement settlement;
    settlement.item = items->front().id;
    settlement.fence = items->front().fence;
    settlement.now = now;
    settlement.state = store::ItemState::acked_business;
    settlement.task = store::TaskChange{id_, 1, status, next.body, next.index};
    settlement.task->notices = *node_.subscriptions->task_notices(next);
    ASSERT_THAT(node_.store->settle(std::move(settlement)), IsOk());
  }

 private:
  store::TaskRow row(std::int64_t version, const std::string& status, Instant at) const {
    store::TaskRow task;
    task.id = id_;
    task.exchange = "exchange-" + id_;
    task.version = version;
    task.status = status;
    task.updated_at = at;
    task.body = R"({"resourceType":"Task","id":")" + id_ + R"(","meta":{"versionId":")" +
                std::to_string(version) + R"("},"status":")" + status + R"(","intent":"order"})";
    tree::Document document = node_.read(task.body);
    tree::Builder builder(document);
    definitions::annotate(builder, node_.known.definitions);
    task.index = *node_.known.parameters.extract(document, document.root());
    return task;
  }

  Node& node_;
  std::string id_;
};

TEST_F(SubscriptionsTest, TheTaskOfAnExchangeIsToldAsItsExchangeChangesIt) {
  Receiver by_search, by_topics;
  Node node(file(), {by_search.url("/"), by_topics.url("/")});
  const auto one = node.create(by_criteria(by_search.url(), "Task?status=completed"));
  const auto two = node.create(by_topic(by_topics.url(), "task-changes", "full-resource"));
  ASSERT_THAT(one, IsOk());
  ASSERT_THAT(two, IsOk());
  ASSERT_EQ(node.status(one->row.id, "active"), "active");
  ASSERT_EQ(node.status(two->row.id, "active"), "active");

  OwnTask task(node, "t1");
  task.commit("requested");
  task.settle("completed");

  const auto searched = by_search.wait_for(2);
  ASSERT_EQ(searched.size(), 2u) << "of the completed one alone";
  EXPECT_EQ(searched[1].body, (*node.store->task("t1"))->body);
  const auto topics = by_topics.wait_for(3);
  ASSERT_EQ(topics.size(), 3u);
  EXPECT_EQ(parameter(topics[1].body, "event-number", "valueString"), "1");
  EXPECT_THAT(topics[1].body, HasSubstr(R"("method":"POST")"));
  EXPECT_THAT(topics[1].body, HasSubstr(R"("status":"requested")"));
  EXPECT_EQ(parameter(topics[2].body, "event-number", "valueString"), "2");
  EXPECT_THAT(topics[2].body, HasSubstr(R"("method":"PUT")"));
  EXPECT_THAT(topics[2].body, HasSubstr(R"("status":"completed")"));
}

TEST_F(SubscriptionsTest, AnAddressNobodyRegisteredIsRefused) {
  Node node(file(), {"https://consumer.example/hooks"});
  for (const char* address :
       {"https://evil.example/hooks", "https://consumer.example/other",
        "https://consumer.example/hooksy", "https://consumer.example:8443/hooks",
        "http://consumer.example/hooks", "https://consumer.example/hooks/../admin",
        "https://consumer.example/hooks/%2e%2e/admin", "https://user:pw@consumer.example/hooks",
        "ftp://consumer.example/hooks", "https://127.0.0.1/hooks",
        "https://169.254.169.254/latest"}) {
    const auto made = node.create(by_criteria(address, "Observation?status=final"));
    EXPECT_THAT(made, FailsWith(ErrorCode::invalid)) << address;
    if (made) continue;
    EXPECT_THAT(to_string(made.error()), Not(HasSubstr(address)));
  }
  EXPECT_THAT(
      node.create(by_criteria("https://consumer.example/hooks/a", "Observation?status=final")),
      IsOk());
}

TEST_F(SubscriptionsTest, WhatCannotBeServedIsRefusedWithItsElement) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto refused = [&](const std::string& body, const std::string& element) {
    const auto made = node.create(body);
    ASSERT_THAT(made, FailsWith(ErrorCode::invalid)) << body;
    EXPECT_EQ(made.error().issues.front().expression, element) << to_string(made.error());
  };
  const std::string url = receiver.url();
  refused(by_criteria(url, "Observation?nothing=1"), "Subscription.criteria");
  refused(by_criteria(url, "Nothing?status=final"), "Subscription.criteria");
  refused(by_criteria(url, "Observation?patient.name=x"), "Subscription.criteria");
  refused(by_criteria(url, "Patient?_has:Observation:patient:code=x"), "Subscription.criteria");
  refused(by_topic(url, "no-such-topic", "id-only"), "Subscription.criteria");
  refused(by_topic(url, "observation-changes", "id-only", "Observation?value-quantity=5"),
          "Subscription.criteria");
  refused(by_topic(url, "observation-changes", "id-only", "Patient?name=x"),
          "Subscription.criteria");
  refused(by_topic(url, "observation-changes", "everything"), "Subscription.channel.payload");
  refused(by_criteria(url, "Observation?status=final", R"("payload":"text/plain",)"),
          "Subscription.channel.payload");
  refused(by_criteria(url, "Observation?status=final", "", R"(,"end":"2001-01-01T00:00:00Z")"),
          "Subscription.end");
  std::string body = by_criteria(url, "Observation?status=final");
  body.replace(body.find("rest-hook"), 9, "websocket");
  refused(body, "Subscription.channel.type");
  body = by_criteria(url, "Observation?status=final");
  body.replace(body.find("requested"), 9, "active");
  refused(body, "Subscription.status");
  for (const char* header : {"Host: x", "no header", "X: {item}", "Content-Length: 5"}) {
    body = by_criteria(url, "Observation?status=final");
    body.replace(body.find("Authorization: Bearer t"), 23, header);
    refused(body, "Subscription.channel.header");
  }
}

TEST_F(SubscriptionsTest, ARefusedHandshakeMakesItAnErrorAndAnotherRequestMendsIt) {
  Receiver receiver([](const auto&) { return 404; });
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_topic(receiver.url(), "observation-changes", "id-only"));
  ASSERT_THAT(made, IsOk());
  const std::string id = made->row.id;
  ASSERT_EQ(node.status(id, "error"), "error");
  EXPECT_THAT(node.service->read("Subscription", id)->row.body, HasSubstr("HTTP status 404"));
  ASSERT_THAT(node.create(observation("final", "8867-4")), IsOk());

  receiver.set_answer([](const auto&) { return 204; });
  std::string again = by_topic(receiver.url(), "observation-changes", "id-only");
  again.insert(1, R"("id":")" + id + "\",");
  ASSERT_THAT(node.update("Subscription", id, again), IsOk());
  ASSERT_EQ(node.status(id, "active"), "active");
  EXPECT_THAT(node.service->read("Subscription", id)->row.body, Not(HasSubstr("\"error\"")));
}

TEST_F(SubscriptionsTest, EachSubjectIsToldInOrderUnderConcurrency) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_topic(receiver.url(), "observation-changes", "full-resource"));
  ASSERT_THAT(made, IsOk());
  ASSERT_EQ(node.status(made->row.id, "active"), "active");
  // A third of the answers ask for another try.
  std::atomic<int> count{0};
  receiver.set_answer([&](const auto&) { return ++count % 3 == 0 ? 503 : 200; });
  constexpr int kThreads = 4, kVersions = 8;
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      const std::string id = "o" + std::to_string(t);
      for (int v = 0; v < kVersions; ++v) {
        EXPECT_THAT(node.update("Observation", id, observation("final", std::to_string(v), id)),
                    IsOk());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  // Each event once, and those that were asked for again.
  std::map<std::string, std::vector<int>> numbers;
  std::set<int> seen;
  const auto until = std::chrono::steady_clock::now() + seconds(30);
  while (seen.size() < kThreads * kVersions && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(20));
    seen.clear();
    for (const auto& told : receiver.told()) {
      const std::string number = parameter(told.body, "event-number", "valueString");
      if (!number.empty()) seen.insert(std::stoi(number));
    }
  }
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kVersions));
  EXPECT_EQ(*seen.begin(), 1);
  EXPECT_EQ(*seen.rbegin(), kThreads * kVersions) << "numbers have no gaps";
  for (const auto& told : receiver.told()) {
    const std::string number = parameter(told.body, "event-number", "valueString");
    if (number.empty()) continue;
    const std::size_t at = told.body.rfind("/Observation/o");
    numbers[told.body.substr(at, 16)].push_back(std::stoi(number));
  }
  for (const auto& [subject, list] : numbers) {
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end())) << subject;
  }
}

TEST_F(SubscriptionsTest, GivenUpNotificationsMakeItAnErrorAndTheCountIsKept) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_topic(receiver.url(), "observation-changes", "id-only"));
  ASSERT_THAT(made, IsOk());
  const std::string id = made->row.id;
  ASSERT_EQ(node.status(id, "active"), "active");
  ASSERT_THAT(node.create(observation("final", "1")), IsOk());
  ASSERT_EQ(receiver.wait_for(2).size(), 2u);
  receiver.set_answer([](const auto&) { return 410; });
  ASSERT_THAT(node.create(observation("final", "2")), IsOk());
  ASSERT_EQ(node.status(id, "error"), "error");

  const auto status = node.subscriptions->status({{id}, {}});
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(parameter(*status, "status", "valueCode"), "error");
  EXPECT_EQ(parameter(*status, "type", "valueCode"), "query-status");
  EXPECT_EQ(parameter(*status, "events-since-subscription-start", "valueString"), "2");
  const auto events = node.subscriptions->events({id, 2, 2, Content::full_resource});
  ASSERT_THAT(events, IsOk());
  EXPECT_EQ(parameter(*events, "event-number", "valueString"), "2");
  EXPECT_THAT(*events, HasSubstr("\"code\":\"2\""));
  EXPECT_THAT(node.subscriptions->status({{"nobody"}, {}}), FailsWith(ErrorCode::not_found));

  const auto until = std::chrono::steady_clock::now() + seconds(5);
  auto counts = node.store->counts();
  while ((!counts || counts->pending > 0) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(20));
    counts = node.store->counts();
  }
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->difference(), 0);
  EXPECT_EQ(counts->dead, 0) << "nobody has to act on it but the subscriber";
  EXPECT_EQ(counts->cancelled, 1);
}

TEST_F(SubscriptionsTest, WhoIsSwitchedOffHearsNothingMore) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_criteria(receiver.url(), "Observation?status=final"));
  ASSERT_THAT(made, IsOk());
  const std::string id = made->row.id;
  ASSERT_EQ(node.status(id, "active"), "active");
  receiver.set_answer([](const auto&) { return 503; });
  ASSERT_THAT(node.create(observation("final", "1")), IsOk());
  ASSERT_GE(receiver.wait_for(2).size(), 2u) << "it is being tried";
  std::string off = by_criteria(receiver.url(), "Observation?status=final");
  off.replace(off.find("requested"), 9, "off");
  off.insert(1, R"("id":")" + id + "\",");
  ASSERT_THAT(node.update("Subscription", id, off), IsOk());
  ASSERT_THAT(node.create(observation("final", "2")), IsOk());
  const auto until = std::chrono::steady_clock::now() + seconds(25);
  auto counts = node.store->counts();
  while ((!counts || counts->pending > 0) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(50));
    counts = node.store->counts();
  }
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->pending, 0) << "what waited is called off";
  EXPECT_EQ(counts->cancelled, 1) << "and nothing new came";
}

TEST_F(SubscriptionsTest, WhatWasCommittedBeforeACrashIsDeliveredAfterIt) {
  Receiver receiver;
  std::string id;
  {
    Node node(file(), {receiver.url("/")});
    const auto made = node.create(by_topic(receiver.url(), "observation-changes", "id-only"));
    ASSERT_THAT(made, IsOk());
    id = made->row.id;
    ASSERT_EQ(node.status(id, "active"), "active");
  }
  {
    Node node(file(), {receiver.url("/")}, false);  // it ends before anything is sent
    ASSERT_THAT(node.create(observation("final", "8867-4")), IsOk());
    ASSERT_THAT(node.create(observation("final", "8867-4")), IsOk());
    EXPECT_EQ(receiver.told().size(), 1u);
  }
  Node node(file(), {receiver.url("/")});
  const auto told = receiver.wait_for(3);
  ASSERT_EQ(told.size(), 3u);
  std::set<std::string> numbers;
  for (std::size_t i = 1; i < 3; ++i) {
    numbers.insert(parameter(told[i].body, "event-number", "valueString"));
  }
  EXPECT_THAT(numbers, testing::ElementsAre("1", "2"));
}

TEST_F(SubscriptionsTest, HeartbeatsComeWithTheLastNumberAndEndsAreKept) {
  Receiver receiver;
  Node node(file(), {receiver.url("/")});
  const auto made = node.create(by_topic(
      receiver.url(), "observation-changes", "id-only", "",
      R"(,"extension":[{"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-heartbeat-period","valueUnsignedInt":1}])"));
  ASSERT_THAT(made, IsOk());
  ASSERT_EQ(node.status(made->row.id, "active"), "active");
  ASSERT_THAT(node.create(observation("final", "1")), IsOk());
  const auto until = std::chrono::steady_clock::now() + seconds(15);
  std::string beat;
  while (beat.empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(50));
    for (const auto& told : receiver.told()) {
      if (parameter(told.body, "type", "valueCode") == "heartbeat") beat = told.body;
    }
  }
  ASSERT_FALSE(beat.empty());
  EXPECT_EQ(parameter(beat, "events-since-subscription-start", "valueString"), "1");
  EXPECT_THAT(beat, Not(HasSubstr("event-number")));

  const std::string soon = format_instant(system_clock()() + seconds(2));
  const auto brief = node.create(
      by_criteria(receiver.url(), "Observation?status=final", "", R"(,"end":")" + soon + "\""));
  ASSERT_THAT(brief, IsOk());
  EXPECT_EQ(node.status(brief->row.id, "off"), "off");
}

TEST_F(SubscriptionsTest, TopicsAreResourcesAnybodyFinds) {
  Node node(file(), {});
  const auto page = node.service->search({"X99001", "r", {}}, "Basic", "code=SubscriptionTopic",
                                         search::Handling::strict);
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->entries.size(), node.known.topics.size());
  EXPECT_EQ(page->entries.size(), 5u);
}

}  // namespace
}  // namespace concord::subscriptions
