// No value of a message reaches what operators look at: logs at the most talkative level, metrics,
// events, lists of the command line, nor the texts of errors. Source: issue "Metrics and logs",
// reliability.md section 4 ("no test canary in logs").

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "fhir/json/reader.h"
#include "tests/e2e/canaries.h"
#include "tests/e2e/hostile.h"
#include "tests/e2e/world.h"
#include "tests/support/places.h"
#include "tests/support/prescriptions.h"
#include "tests/support/raw_socket.h"

namespace concord::test {
namespace {

using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr std::string_view kJson = "application/fhir+json";
constexpr std::string_view kXml = "application/fhir+xml";

class Canary : public testing::Test {
 protected:
  World world{{{"CONCORD_LOG_LEVEL", "debug"},
               {"CONCORD_DESTINATIONS_SPINE_GIVE_UP_HOURS", "1"},
               {"CONCORD_OUTBOX_RETRY_CAP_MS", "100"}}};
  const std::string sample = example_prescription();

  /// What a person wrote about a person in the sample; codes, addresses of systems and short words
  /// are public.
  std::vector<std::string> secrets() const {
    static const std::set<std::string_view> kWritten{
        "family", "given",   "line",       "postalCode", "birthDate", "patientInstruction",
        "text",   "display", "district",   "div",        "content",   "comment",
        "note",   "city",    "valueString"};
    std::vector<std::string> all;
    for (const Leaf& leaf : leaves_of(sample)) {
      const bool patients = leaf.path.find("Patient") != std::string::npos;
      const bool identifier = leaf.name == "value" && patients;
      if (leaf.value.size() >= 5 && (kWritten.contains(leaf.name) || identifier)) {
        all.push_back(leaf.value);
      }
    }
    return all;
  }

  /// Sends it; what an error says must hold nothing of it.
  HttpAnswer send(const std::string& path, std::string_view type, const std::string& body) {
    HttpAnswer answer = world.post(path, type, body);
    if (answer.status >= 300) {
      for (auto& found : found_in("answer " + std::to_string(answer.status), answer.body, {})) {
        leaks_.push_back(std::move(found));
      }
    }
    return answer;
  }

  /// A prescription of its own whose leaf of this number is a mark.
  std::string one_mark(std::size_t leaf) {
    return marked(renewed(sample, "canary", ++made_).bundle, {leaf});
  }

  void look_at(std::string_view what, std::string_view text) {
    for (auto& found : found_in(what, text, secrets())) leaks_.push_back(std::move(found));
  }

  /// Everything an operator can look at, now.
  void look_everywhere() {
    look_at("metrics", world.get("/metrics").body);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"store", "check", "--store",
                                   (world.folder() / "store.db").string()},
          {"audit", "verify", "--store", (world.folder() / "store.db").string()}}) {
      const auto log = world.folder() / "command.log";
      std::filesystem::remove(log);
      run(built_program("concord"), {.arguments = command, .log = log}, 120s);
      look_at(command[0] + " " + command[1], read_file(log));
    }
    const std::string log = world.gateway().log();
    EXPECT_FALSE(log.empty());
    look_at("log", log);
  }

  void expect_no_leak() { EXPECT_THAT(leaks_, IsEmpty()); }

  std::uint64_t made_ = 0;
  std::vector<std::string> leaks_;
};

TEST_F(Canary, InEachElementOfAMessageReachesNobodysLog) {
  const std::vector<Leaf> leaves = leaves_of(sample);
  ASSERT_GT(leaves.size(), 100u);
  std::vector<std::size_t> taken;
  std::string last;
  for (const Leaf& leaf : leaves) {
    const HttpAnswer answer = send("/FHIR/R4/$process-message", kJson, one_mark(leaf.number));
    if (answer.status == 202 || answer.status == 200) {
      taken.push_back(leaf.number);
      last = answer.headers.at("location");
    }
  }
  // Both ways must have been gone: messages with marks in them were delivered, and refused.
  EXPECT_GT(taken.size(), 15u);
  EXPECT_LT(taken.size(), leaves.size());
  world.task_when(last, {"completed", "rejected", "failed"});

  // All at once, in the elements that may hold anything.
  send("/FHIR/R4/$process-message", kJson,
       marked(renewed(sample, "canary", ++made_).bundle, taken));
  std::vector<std::size_t> all;
  for (const Leaf& leaf : leaves) all.push_back(leaf.number);
  send("/FHIR/R4/$process-message", kJson, marked(sample, all));
  send("/FHIR/R4/$process-message", kJson,
       with_unknown_extensions(renewed(sample, "canary", ++made_).bundle));

  // The marks did travel, and would be seen.
  EXPECT_FALSE(
      found_in("arrivals", read_file(world.folder() / "arrivals.tsv.messages"), {}).empty());
  look_everywhere();
  expect_no_leak();
}

TEST_F(Canary, InAMessageThatIsBrokenReachesNobodysLog) {
  std::vector<std::size_t> written;
  for (const Leaf& leaf : leaves_of(sample)) {
    if (leaf.name != "url" && leaf.name != "system" && leaf.name != "reference") {
      written.push_back(leaf.number);
    }
  }
  const std::string json = with_unknown_extensions(marked(sample, written));
  const std::string xml = as_xml(json);
  for (const std::string_view path :
       {"/FHIR/R4/$process-message", "/FHIR/R4/$validate", "/FHIR/R4/$transform",
        "/FHIR/R4/$prepare", "/FHIR/R4/$verify-signature", "/FHIR/R4", "/FHIR/R4/Bundle"}) {
    send(std::string(path), kJson, json);
    send(std::string(path), kXml, xml);
    send(std::string(path), kXml, json);
    send(std::string(path), kJson, xml);
    send(std::string(path), std::string(kCanary) + "/json", json);
  }
  // Cut at every sort of place.
  for (std::size_t part = 1; part < 40; ++part) {
    send("/FHIR/R4/$process-message", kJson, json.substr(0, json.size() * part / 40));
    send("/FHIR/R4/$process-message", kXml, xml.substr(0, xml.size() * part / 40));
  }
  for (const Hostile& hostile : hostile_inputs()) {
    if (hostile.name.find("MB") != std::string::npos) continue;  // size is not the matter here
    send("/FHIR/R4/$process-message", hostile.content_type, hostile.make(json));
  }
  look_everywhere();
  expect_no_leak();
}

TEST_F(Canary, InResourcesSearchesAndPathsReachesNobodysLog) {
  const std::string mark(kCanary);
  const tree::Symbols symbols;
  const auto bundle = json::read(sample, symbols);
  ASSERT_TRUE(bundle.has_value());
  for (const Leaf& leaf : leaves_of(R"({"resourceType":"Patient","id":"a","active":true,
      "identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],
      "name":[{"family":"F","given":["G"],"text":"T"}],"birthDate":"1970-01-01","gender":"male",
      "address":[{"line":["L"],"postalCode":"ZZ99 3CZ"}],"telecom":[{"system":"phone","value":"1"}],
      "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">D</div>"}})")) {
    std::string patient = marked(
        R"({"resourceType":"Patient","id":"a","active":true,
      "identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],
      "name":[{"family":"F","given":["G"],"text":"T"}],"birthDate":"1970-01-01","gender":"male",
      "address":[{"line":["L"],"postalCode":"ZZ99 3CZ"}],"telecom":[{"system":"phone","value":"1"}],
      "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">D</div>"}})",
        {leaf.number});
    send("/FHIR/R4/Patient", kJson, patient);
    send("/FHIR/R4/Patient/$validate", kJson, patient);
  }
  for (const std::string& path :
       {"/FHIR/R4/Patient?name=" + mark, "/FHIR/R4/Patient?identifier=" + mark + "|" + mark,
        "/FHIR/R4/Patient?birthdate=" + mark, "/FHIR/R4/Patient?" + mark + "=1",
        "/FHIR/R4/Patient?_sort=" + mark, "/FHIR/R4/Patient?_page=" + mark,
        "/FHIR/R4/Patient/" + mark, "/FHIR/R4/" + mark, "/" + mark, "/FHIR/R4/Task/" + mark,
        "/FHIR/R4/Task?identifier=" + mark, "/FHIR/R4/_poll/" + mark,
        "/FHIR/R4/Patient/" + mark + "/_history/" + mark, "/metrics?" + mark + "=" + mark}) {
    world.get(path, {{"User-Agent", mark}, {"Authorization", "Bearer " + mark}, {"Cookie", mark}});
  }
  send("/FHIR/R4/Patient/_search", "application/x-www-form-urlencoded",
       "name=" + mark + "&" + mark + "=1");
  look_everywhere();
  expect_no_leak();
}

TEST_F(Canary, InWhatTheOtherSideAnswersReachesNobodysLog) {
  const std::string mark = canary(1);
  std::string location;
  for (const std::string& behaviour :
       {"ack=AE:0002:" + mark + "&for=1", "ack=AR:" + mark + ":" + mark + "&for=1",
        "ack=AE:9999:" + mark + "&for=1", std::string("http=400&for=1"),
        std::string("drop=after&for=2"), std::string("twice=1&for=1")}) {
    world.other_side().behave(behaviour);
    const HttpAnswer answer = world.process(renewed(sample, "canary-answers", ++made_).bundle);
    ASSERT_EQ(answer.status, 202) << answer.body;
    location = answer.headers.at("location");
    world.task_when(location, {"completed", "rejected", "failed"});
  }
  look_everywhere();
  expect_no_leak();
}

TEST_F(Canary, InAChangedResourceIsNotInTheStreamOfEvents) {
  std::atomic<bool> stop = false;
  std::string events;
  RawSocket socket(world.port());
  ASSERT_TRUE(
      socket.send("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"));
  const std::vector<Leaf> leaves = leaves_of(sample);
  std::string location;
  for (const Leaf& leaf : leaves) {
    if (leaf.name != "display" && leaf.name != "family" && leaf.name != "text") continue;
    const HttpAnswer answer = send("/FHIR/R4/$process-message", kJson, one_mark(leaf.number));
    if (answer.status == 202) location = answer.headers.at("location");
  }
  ASSERT_FALSE(location.empty());
  world.task_when(location, {"completed", "rejected", "failed"});
  const std::string id = location.substr(location.rfind('/') + 1);
  events = socket.receive_until(id, 20s);
  EXPECT_FALSE(events.empty()) << "the stream tells of Tasks";
  look_at("events", events);
  expect_no_leak();
}

/// The log is one schema: every line is JSON, and every member of it stands in the page.
TEST_F(Canary, LogLinesAreOfTheDocumentedSchema) {
  world.other_side().behave("http=503&for=3");
  const HttpAnswer answer = world.process(sample);
  ASSERT_EQ(answer.status, 202);
  send("/FHIR/R4/$process-message", kJson, "{");
  world.task_when(answer.headers.at("location"), {"completed"});
  const std::string page =
      read_file(std::filesystem::path(concord::test::source_dir()) / "gateway/ops/README.md");
  std::istringstream lines(world.gateway().log());
  std::set<std::string> members;
  std::size_t count = 0;
  const tree::Symbols symbols;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('{')) continue;  // the "ready" line of standard output
    const auto document = json::read_plain(line, symbols);
    ASSERT_TRUE(document.has_value()) << line;
    ++count;
    for (const tree::Node& member : document->root().children()) {
      members.insert(std::string(document->name(member)));
    }
  }
  EXPECT_GT(count, 3u);
  for (const std::string& member : members) {
    EXPECT_NE(page.find("`" + member + "`"), std::string::npos)
        << member << " is not in gateway/ops/README.md";
  }
}

}  // namespace
}  // namespace concord::test
