// Looking after exchanges, as an operator does: reliability.md section 2.4.

#include <gmock/gmock.h>

#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class LookingAfter : public testing::Test {
 protected:
  /// concord exchange …, against the gateway; its exit status.
  int concord(std::vector<std::string> arguments, bool store = false) {
    arguments.insert(arguments.begin(), "exchange");
    if (store) {
      arguments.insert(arguments.end(), {"--store", (world.folder() / "store.db").string()});
    } else {
      arguments.insert(arguments.end(), {"--url", world.url()});
    }
    Process::Options options;
    options.arguments = std::move(arguments);
    options.output = world.folder() / "out";
    options.log = world.folder() / "err";
    std::filesystem::remove(options.output);
    std::filesystem::remove(options.log);
    const int status = run(built_program("concord"), options, 60s).value_or(-1);
    out = read_file(world.folder() / "out");
    err = read_file(world.folder() / "err");
    return status;
  }

  /// Accepts an order while the other side turns everything away; its exchange, once given up.
  std::string dead_letter(const Prescription& order, std::string& location) {
    world.other_side().behave("http=404");
    const HttpAnswer answer = world.process(order.bundle);
    EXPECT_EQ(answer.status, 202) << answer.body;
    if (answer.status != 202) return {};
    location = answer.headers.at("location");
    const std::string task = world.task_when(location, {"failed"});
    EXPECT_EQ(first_string(task, "status"), "failed") << task;
    return answer.headers.at("x-concord-exchange");
  }

  World world;
  std::string out, err;
};

TEST_F(LookingAfter, ADeadLetterIsListedShownReplayedAndDeliveredWithTheSameIds) {
  const Prescription order = renewed(example_prescription(), "looking-after", 1);
  std::string location;
  const std::string id = dead_letter(order, location);
  ASSERT_NE(id, "");

  ASSERT_EQ(concord({"list", "--state", "dead", "--destination", "spine"}), 0) << err;
  EXPECT_THAT(out, AllOf(HasSubstr(id), HasSubstr("prescription-order"), HasSubstr("dead spine")));
  ASSERT_EQ(concord({"show", id}), 0) << err;
  EXPECT_THAT(out, AllOf(HasSubstr("given up until a person acts"), HasSubstr("code 404"),
                         HasSubstr("decision"), HasSubstr("lineage        kept")));
  EXPECT_THAT(out, Not(HasSubstr("9990123411")));
  EXPECT_THAT(out, Not(HasSubstr(order.short_id)));
  const std::string shown = out;
  ASSERT_EQ(concord({"show", id}, true), 0) << err;
  EXPECT_THAT(out, HasSubstr("given up until a person acts")) << "read from the store itself";
  ASSERT_EQ(concord({"show", id, "--json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"state\":\"dead\""));
  const std::string message_id = first_string(out, "messageId");

  EXPECT_EQ(concord({"replay", id, "--dry-run"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("1 would be done, 0 refused"));
  EXPECT_EQ(concord({"replay", id}), 1);
  EXPECT_THAT(err, HasSubstr("who wants this has to be said"));
  EXPECT_EQ(concord({"replay", id, "--by", "A Smith", "--why", "INC-1"}, true), 1);
  EXPECT_THAT(err, HasSubstr("reading only"));

  world.other_side().behave("");
  EXPECT_EQ(concord({"replay", "--destination", "spine", "--since", "1h", "--by", "A Smith",
                     "--why", "INC-1: address corrected"}),
            0)
      << err;
  EXPECT_THAT(out, HasSubstr("1 done, 0 refused"));
  const std::string task = world.task_when(location, {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed") << task;

  const auto arrivals = world.other_side().arrivals();
  ASSERT_FALSE(arrivals.empty());
  EXPECT_EQ(arrivals.back().verdict, "AA");
  for (const auto& arrival : arrivals) {
    EXPECT_THAT(arrival.message_id, testing::StrCaseEq(message_id));
    EXPECT_EQ(arrival.digest, arrivals.front().digest);
  }
  ASSERT_EQ(concord({"list", "--state", "delivered", "--json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr(id));
  EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
  ASSERT_EQ(concord({"list", "--state", "dead"}), 0) << err;
  EXPECT_EQ(out, "none\n");
  EXPECT_EQ(concord({"replay", id, "--by", "A Smith", "--why", "once more"}), 1);
  EXPECT_THAT(err, HasSubstr("no item of this exchange is a dead letter: it is delivered"));
}

TEST_F(LookingAfter, ACancelledOneIsNeverSentAndItsTaskSaysSo) {
  std::string location;
  const std::string id = dead_letter(renewed(example_prescription(), "looking-after", 2), location);
  world.other_side().behave("");
  const auto before = world.other_side().arrivals().size();

  EXPECT_EQ(concord({"cancel", id, "--by", "A Smith", "--why", "sent on paper"}), 0) << err;

  EXPECT_EQ(first_string(world.get(location).body, "status"), "cancelled");
  ASSERT_EQ(concord({"list", "--state", "cancelled"}), 0) << err;
  EXPECT_THAT(out, HasSubstr(id));
  EXPECT_THAT(world.other_side().arrivals(), SizeIs(before));
  EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
  EXPECT_EQ(concord({"cancel", "nobody", "--by", "A Smith", "--why", "sent on paper"}), 1);
  EXPECT_THAT(err, HasSubstr("there is no exchange of this id"));
}

TEST_F(LookingAfter, BrowsersGetPagesWithoutScriptsAndProgramsJson) {
  std::string location;
  const std::string id = dead_letter(renewed(example_prescription(), "looking-after", 3), location);

  const HttpAnswer list = world.get("/exchange?state=dead", {{"Accept", "text/html"}});
  EXPECT_EQ(list.status, 200);
  EXPECT_THAT(list.headers.at("content-type"), HasSubstr("text/html"));
  EXPECT_THAT(list.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(list.body, HasSubstr("<a href=\"/exchange/" + id + "\">"));
  EXPECT_THAT(list.body, Not(HasSubstr("<script")));
  const HttpAnswer one = world.get("/exchange/" + id, {{"Accept", "text/html"}});
  EXPECT_EQ(one.status, 200);
  EXPECT_THAT(one.body, AllOf(HasSubstr("$lineage"), HasSubstr("given up"), HasSubstr("Steps")));
  EXPECT_THAT(one.body, Not(HasSubstr("9990123411")));

  const HttpAnswer json = world.get("/exchange/" + id);
  EXPECT_EQ(json.headers.at("content-type"), "application/json; charset=utf-8");
  EXPECT_EQ(world.get("/exchange/nobody").status, 404);
  EXPECT_EQ(world.get("/exchange?colour=red").status, 400);
  EXPECT_EQ(world.get("/exchange?cursor=x").status, 400);
  EXPECT_EQ(world.post("/exchange/" + id + "/$replay", "text/plain", "{\"by\":\"A Smith\"}").status,
            400)
      << "what a page of another origin may send without asking";
  EXPECT_EQ(world.post("/exchange/" + id + "/$replay", "application/json", "{\"by\":1,").status,
            400);
}

}  // namespace
}  // namespace concord::test
