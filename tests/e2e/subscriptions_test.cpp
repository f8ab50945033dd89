// Subscribers of both styles, over real sockets, on both stores: what a client asked for is told,
// once each, in order, whoever was away meanwhile.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/e2e/world.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/prescriptions.h"
#include "tests/support/raw_socket.h"
#include "tests/support/receiver.h"

namespace concord::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Told = Receiver::Told;

const std::string kBackport =
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-";

std::string by_criteria(const std::string& endpoint, const std::string& criteria) {
  return R"({"resourceType":"Subscription","status":"requested","reason":"test","criteria":")" +
         criteria + R"(","channel":{"type":"rest-hook","endpoint":")" + endpoint +
         R"(","payload":"application/fhir+json","header":["Authorization: Bearer t"]}})";
}

std::string by_topic(const std::string& endpoint, const std::string& topic,
                     const std::string& content, const std::string& filter = "",
                     int heartbeat = 0) {
  std::string filters, beats;
  if (!filter.empty()) {
    filters = R"("_criteria":{"extension":[{"url":")" + kBackport +
              R"(filter-criteria","valueString":")" + filter + R"("}]},)";
  }
  if (heartbeat > 0) {
    beats = R"("extension":[{"url":")" + kBackport + R"(heartbeat-period","valueUnsignedInt":)" +
            std::to_string(heartbeat) + "}],";
  }
  return R"({"resourceType":"Subscription","meta":{"profile":[")" + kBackport +
         R"(subscription"]},"status":"requested","reason":"test",)" + filters +
         R"("criteria":"https://concord.example/SubscriptionTopic/)" + topic + R"(","channel":{)" +
         beats + R"("type":"rest-hook","endpoint":")" + endpoint +
         R"(","payload":"application/fhir+json","_payload":{"extension":[{"url":")" + kBackport +
         R"(payload-content","valueCode":")" + content + "\"}]}}}";
}

std::string observation(const std::string& status, const std::string& code,
                        const std::string& id = "") {
  return R"({"resourceType":"Observation",)" + (id.empty() ? "" : R"("id":")" + id + "\",") +
         R"("status":")" + status + R"(","code":{"coding":[{"system":"http://loinc.org","code":")" +
         code + R"("}],"text":"reading"}})";
}

/// The first string of member `value` behind the parameter of that name.
std::string parameter(const std::string& body, const std::string& name, const std::string& value) {
  const auto at = body.find("\"name\":\"" + name + "\"");
  return at == std::string::npos ? std::string() : first_string(body.substr(at), value);
}

std::string kind_of(const Told& told) { return parameter(told.body, "type", "valueCode"); }

struct Kind {
  std::string name;
  bool postgresql = false;
};

class Subscribers : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::map<std::string, std::string> settings{
        {"CONCORD_SUBSCRIPTIONS_ENDPOINTS", receiver_->url("/hook") + ", " + second_.url("/other")},
        {"CONCORD_OUTBOX_CIRCUIT_FAILURES", "1000"}};
    if (GetParam().postgresql) {
      if (PostgresCluster::shared() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
      settings["CONCORD_STORE_KIND"] = "postgresql";
      settings["CONCORD_STORE_CONNECTION"] = PostgresCluster::shared()->make_database();
    }
    world_ = std::make_unique<World>(std::move(settings));
  }

  /// Asks for a subscription and waits until it is active; its id.
  std::string subscribed(const std::string& body) {
    const HttpAnswer made = world_->send("POST", "/FHIR/R4/Subscription", body);
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string id = first_string(made.body, "id");
    EXPECT_EQ(status_of(id, "active"), "active");
    return id;
  }
  std::string status_of(const std::string& id, const std::string& wanted) {
    return first_string(world_->task_when("/FHIR/R4/Subscription/" + id, {wanted}), "status");
  }
  std::string put(const std::string& status, const std::string& code, const std::string& id) {
    const HttpAnswer answer =
        world_->send("PUT", "/FHIR/R4/Observation/" + id, observation(status, code, id));
    EXPECT_TRUE(answer.status == 200 || answer.status == 201) << answer.body;
    return answer.body;
  }
  /// The event notifications among what was told, once there are `count`; first copies only.
  static std::vector<Told> events(const Receiver& receiver, std::size_t count) {
    std::vector<Told> found;
    for (const auto end = std::chrono::steady_clock::now() + 30s;
         std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms)) {
      found.clear();
      std::set<std::string> numbers;
      for (Told& told : receiver.told()) {
        if (kind_of(told) != "event-notification") continue;
        if (numbers.insert(number_of(told)).second) found.push_back(std::move(told));
      }
      if (found.size() >= count) break;
    }
    return found;
  }
  static std::string number_of(const Told& told) {
    return parameter(told.body, "event-number", "valueString");
  }

  std::unique_ptr<Receiver> receiver_ = std::make_unique<Receiver>();
  Receiver second_;
  std::unique_ptr<World> world_;
};

TEST_P(Subscribers, HearOfACreateThatMatchesAndOfNothingElse) {
  subscribed(by_criteria(receiver_->url("/hook"), "Observation?code=8867-4&status=final"));
  subscribed(by_topic(second_.url("/other/deep"), "observation-changes", "full-resource",
                      "Observation?code=http://loinc.org|8867-4", 1));
  ASSERT_EQ(receiver_->told().size(), 1u) << "the handshake of R4 is an empty POST";
  EXPECT_EQ(receiver_->told()[0].body, "");
  EXPECT_EQ(receiver_->told()[0].token, "Bearer t");
  ASSERT_FALSE(second_.told().empty());
  EXPECT_EQ(kind_of(second_.told()[0]), "handshake");
  EXPECT_EQ(second_.told()[0].path, "/other/deep");

  const auto create = [this](const std::string& status, const std::string& code) {
    return world_->send("POST", "/FHIR/R4/Observation", observation(status, code));
  };
  ASSERT_EQ(create("final", "8310-5").status, 201);
  const HttpAnswer matching = create("final", "8867-4");
  ASSERT_EQ(matching.status, 201);

  const auto plain = receiver_->wait_for(2);
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(plain[1].body, matching.body) << "R4: the resource as it is stored";
  EXPECT_THAT(plain[1].content_type, HasSubstr("application/fhir+json"));
  const auto told = events(second_, 1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(number_of(told[0]), "1");
  EXPECT_THAT(told[0].body, HasSubstr("\"type\":\"history\""));
  EXPECT_THAT(told[0].body, HasSubstr("8867-4"));
  EXPECT_THAT(told[0].body, Not(HasSubstr("8310-5")));

  // A heartbeat says how far the subscriber should be.
  bool beat = false;
  for (const auto end = std::chrono::steady_clock::now() + 15s;
       !beat && std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(50ms)) {
    const auto all = second_.told();
    beat = std::any_of(all.begin(), all.end(), [](const Told& one) {
      return kind_of(one) == "heartbeat" &&
             parameter(one.body, "events-since-subscription-start", "valueString") == "1";
    });
  }
  EXPECT_TRUE(beat);
  EXPECT_EQ(receiver_->told().size(), 2u);
}

TEST_P(Subscribers, ThatWereAwayGetEverythingInOrderAlsoWhenTheGatewayWasKilled) {
  const std::string id =
      subscribed(by_topic(receiver_->url("/hook"), "observation-changes", "id-only"));
  put("registered", "8867-4", "o1");
  ASSERT_EQ(events(*receiver_, 1).size(), 1u);
  const std::uint16_t port = receiver_->port();
  receiver_.reset();  // away: its port refuses

  put("preliminary", "8867-4", "o1");
  put("final", "8867-4", "o2");
  world_->kill_and_restart();
  put("final", "8867-4", "o1");
  put("amended", "8867-4", "o1");
  ASSERT_EQ(world_->send("DELETE", "/FHIR/R4/Observation/o1", "").status, 200);
  std::this_thread::sleep_for(300ms);  // tried and refused meanwhile
  EXPECT_EQ(status_of(id, "active"), "active");

  receiver_ = std::make_unique<Receiver>([](const Told&) { return 200; }, port);
  const auto told = events(*receiver_, 5);
  ASSERT_EQ(told.size(), 5u);
  std::vector<int> numbers, of_o1;
  for (const Told& one : told) {
    numbers.push_back(std::stoi(number_of(one)));
    if (one.body.find("Observation/o1") != std::string::npos) of_o1.push_back(numbers.back());
  }
  EXPECT_THAT(of_o1, testing::ElementsAre(2, 4, 5, 6)) << "one resource, one order";
  EXPECT_THAT(numbers, testing::UnorderedElementsAre(2, 3, 4, 5, 6)) << "no number is missing";
  const HttpAnswer asked =
      world_->get("/FHIR/R4/Subscription/" + id + "/$events?eventsSinceNumber=1");
  EXPECT_EQ(asked.status, 200) << asked.body;
  EXPECT_THAT(asked.body, HasSubstr("\"6\""));
}

TEST_P(Subscribers, AtAnAddressNobodyRegisteredAreRefused) {
  for (const std::string& address :
       {second_.url("/elsewhere"), std::string("http://127.0.0.1:1/hook"),
        std::string("https://consumer.example/hook")}) {
    const HttpAnswer refused = world_->send("POST", "/FHIR/R4/Subscription",
                                            by_criteria(address, "Observation?status=final"));
    EXPECT_EQ(refused.status, 422) << address;
    EXPECT_THAT(refused.body, HasSubstr("Subscription.channel.endpoint"));
    EXPECT_THAT(refused.body, Not(HasSubstr(address)));
  }
  put("final", "8867-4", "o1");
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(second_.told().empty());
}

TEST_P(Subscribers, OfTasksFollowAnExchangeFromItsAcceptanceToItsEnd) {
  subscribed(by_criteria(receiver_->url("/hook"), "Task?status=completed"));
  subscribed(by_topic(second_.url("/other"), "task-changes", "full-resource"));
  const Prescription order = renewed(example_prescription(), "subscribed", 1);
  const HttpAnswer accepted = world_->process(order.bundle);
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  const std::string location = accepted.headers.at("location");
  const std::string task = world_->task_when(location, {"completed"});
  ASSERT_EQ(first_string(task, "status"), "completed");

  const auto plain = receiver_->wait_for(2);
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(plain[1].body, task) << "the Task as anybody reads it";
  const auto told = events(second_, 2);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(number_of(told[0]), "1");
  EXPECT_THAT(told[0].body, HasSubstr("\"method\":\"POST\""));
  EXPECT_THAT(told[0].body, HasSubstr("\"code\":\"queued\""));
  EXPECT_EQ(number_of(told[1]), "2");
  EXPECT_THAT(told[1].body, HasSubstr("\"method\":\"PUT\""));
  EXPECT_THAT(told[1].body, HasSubstr("\"code\":\"acknowledged\""));

  // The same message again is the same exchange: nothing new to tell, also after a crash.
  ASSERT_EQ(world_->process(order.bundle).status, 202);
  world_->kill_and_restart();
  ASSERT_EQ(world_->process(order.bundle).status, 202);
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(events(second_, 2).size(), 2u);
}

/// A console on the stream of changes.
class Console {
 public:
  explicit Console(std::uint16_t port, const std::string& after = "") : socket_(port) {
    EXPECT_TRUE(socket_.send("GET /events?types=Task HTTP/1.1\r\nHost: localhost\r\n" +
                             (after.empty() ? "" : "Last-Event-ID: " + after + "\r\n") + "\r\n"));
    head_ = socket_.receive_until("\r\n\r\n");
    opening_ = socket_.receive_until("\n\n");
  }
  const std::string& head() const { return head_; }
  const std::string& opening() const { return opening_; }
  /// Events up to the one that holds `text`; "" when it does not come.
  std::string until(const std::string& text) {
    std::string all = socket_.receive_until(text, 20s);
    return all.empty() ? all : all + socket_.receive_until("\n\n");
  }

 private:
  RawSocket socket_;
  std::string head_, opening_;
};

TEST_P(Subscribers, ThatAreConsolesSeeStatesAsTheyComeAndGoOnWhereTheyWere) {
  Console console(world_->port());
  EXPECT_THAT(console.head(), HasSubstr(" 200 "));
  EXPECT_THAT(console.head(), HasSubstr("text/event-stream"));
  const auto id_in = [](const std::string& text) {
    const auto at = text.rfind("id: ");
    return at == std::string::npos ? std::string()
                                   : text.substr(at + 4, text.find('\n', at) - at - 4);
  };
  const std::string beginning = id_in(console.opening());
  ASSERT_NE(beginning, "") << console.opening();

  const Prescription order = renewed(example_prescription(), "streamed", 1);
  const HttpAnswer accepted = world_->process(order.bundle);
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  const std::string location = accepted.headers.at("location");
  const std::string task = location.substr(location.rfind('/') + 1);
  const std::string completed = R"("change":"updated")";
  const std::string seen = console.until("\"status\":\"completed\"");
  EXPECT_THAT(seen, HasSubstr("event: change\n"));
  EXPECT_THAT(seen, HasSubstr(R"({"type":"Task","id":")" + task + "\""));
  EXPECT_THAT(seen, HasSubstr(completed));
  EXPECT_THAT(seen, Not(HasSubstr("resourceType"))) << "no content";

  // After a crash the console comes back with the last position it had.
  world_->kill_and_restart();
  Console again(world_->port(), beginning);
  EXPECT_THAT(again.opening(), Not(HasSubstr("event: reset")));
  EXPECT_THAT(again.until("\"status\":\"completed\""), HasSubstr(task));
  Console lost(world_->port(), "no-such-position");
  EXPECT_THAT(lost.opening(), HasSubstr("event: reset\n"));
}

INSTANTIATE_TEST_SUITE_P(On, Subscribers,
                         testing::Values(Kind{"Sqlite", false}, Kind{"Postgresql", true}),
                         [](const testing::TestParamInfo<Kind>& one) { return one.param.name; });

}  // namespace
}  // namespace concord::test
