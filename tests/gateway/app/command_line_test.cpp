// Runs the built program as people do.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <regex>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/places.h"
#include "tests/support/process.h"

namespace concord::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

/// What the program prints for trying things out.
std::string demo_bundle() {
  static const std::string kText = [] {
    test::TemporaryFolder folder;
    test::Process::Options options;
    options.arguments = {"demo-bundle"};
    options.log = folder.path() / "err";
    options.output = folder.path() / "out";
    EXPECT_EQ(test::run(test::built_program("concord"), options, 60s), 0);
    return test::read_file(folder.path() / "out");
  }();
  return kText;
}

class CommandLine : public ::testing::Test {
 protected:
  Ran run(std::vector<std::string> arguments, const std::string& input = {},
          std::map<std::string, std::string> environment = {}) {
    std::ofstream(folder_.path() / "in", std::ios::binary) << input;
    std::filesystem::remove(folder_.path() / "err");
    test::Process::Options options;
    options.arguments = std::move(arguments);
    options.environment = std::move(environment);
    options.log = folder_.path() / "err";
    options.input = folder_.path() / "in";
    options.output = folder_.path() / "out";
    Ran ran;
    ran.status = test::run(test::built_program("concord"), options, 60s).value_or(-1);
    ran.out = test::read_file(folder_.path() / "out");
    ran.err = test::read_file(folder_.path() / "err");
    return ran;
  }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
    return (folder_.path() / name).string();
  }
  test::TemporaryFolder folder_;
};

const std::vector<std::string> kTranslate{"translate",
                                          "--from",
                                          "fhir",
                                          "--to",
                                          "eps",
                                          "--now",
                                          "2026-01-05T10:00:00Z",
                                          "--set",
                                          "from_asid=200000001285",
                                          "--set",
                                          "to_asid=567456789789"};

TEST_F(CommandLine, EveryHelpEndsWithAnExampleThatStartsTheProgram) {
  const std::vector<std::vector<std::string>> commands{{},
                                                       {"serve"},
                                                       {"config"},
                                                       {"translate"},
                                                       {"validate"},
                                                       {"fhirpath"},
                                                       {"dosage"},
                                                       {"map"},
                                                       {"map", "lint"},
                                                       {"map", "trace"},
                                                       {"audit"},
                                                       {"audit", "verify"},
                                                       {"demo-bundle"},
                                                       {"package"},
                                                       {"package", "list"},
                                                       {"package", "add"},
                                                       {"package", "check"}};
  for (std::vector<std::string> command : commands) {
    command.emplace_back("--help");
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 0) << command[0];
    const auto example = ran.out.rfind("Example:\n  ");
    ASSERT_NE(example, std::string::npos) << command[0];
    EXPECT_THAT(ran.out.substr(example), HasSubstr("concord ")) << command[0];
    EXPECT_LT(std::count(ran.out.begin() + static_cast<long>(example), ran.out.end(), '\n'), 4);
  }
}

TEST_F(CommandLine, VersionApiAndWrongUse) {
  EXPECT_THAT(run({"--version"}).out, StartsWith("concord 0."));
  EXPECT_THAT(run({"--describe-api"}).out, HasSubstr("POST /FHIR/R4/$process-message\n"));
  EXPECT_EQ(run({}).status, 2);
  EXPECT_EQ(run({"nonsense"}).status, 2);
  EXPECT_EQ(run({"translate", "--to"}).status, 2);
}

TEST_F(CommandLine, ConfigIsPrintedCheckedAndRefusedWithItsPlace) {
  const Ran defaults = run({"config"});
  EXPECT_EQ(defaults.status, 0);
  EXPECT_THAT(defaults.out, HasSubstr("Since 0.1"));
  const std::string whole = file("whole.yaml", defaults.out);
  EXPECT_EQ(run({"config", "--check", "--config", whole}).status, 0);
  const Ran bad = run({"config", "--check", "--config", file("bad.yaml", "http:\n  prot: 1\n")});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:2:3: unknown key \"http.prot\""));
  EXPECT_THAT(run({"config", "--effective"}, "", {{"CONCORD_HTTP_PORT", "9999"}}).out,
              HasSubstr("port: 9999"));
}

TEST_F(CommandLine, TranslateWritesTheMessageAndNothingElseAndTheSameEachTime) {
  const Ran first = run(kTranslate, demo_bundle());
  EXPECT_THAT(first.out, StartsWith("<?xml"));
  EXPECT_THAT(first.out, HasSubstr("<PORX_IN020101SM31"));
  EXPECT_TRUE(first.out.ends_with("</PORX_IN020101SM31>"));
  EXPECT_EQ(run(kTranslate, demo_bundle()).out, first.out);
}

TEST_F(CommandLine, TranslateListsWhatCouldNotBeCarriedAndSaysSoByItsStatus) {
  const auto with = [&](const std::string& losses, const std::string& input) {
    std::vector<std::string> arguments = kTranslate;
    arguments.insert(arguments.end(), {"--losses", losses});
    return run(arguments, input);
  };
  const Ran documented = run(kTranslate, demo_bundle());
  EXPECT_EQ(documented.status, 0) << documented.err;
  EXPECT_THAT(documented.err, HasSubstr("\"severity\": \"warning\""));
  EXPECT_THAT(documented.err, HasSubstr("\"Bundle.entry[1].resource.substitution\""));
  EXPECT_THAT(documented.err, HasSubstr("\"diagnostics\": \"line "));
  const Ran none = with("none", demo_bundle());
  EXPECT_EQ(none.status, 3);
  EXPECT_EQ(none.err, documented.err);
  EXPECT_EQ(none.out, documented.out);

  std::string more = demo_bundle();
  const std::string patient = "\"resourceType\": \"Patient\",";
  const auto at = more.find(patient);
  ASSERT_NE(at, std::string::npos);
  more.insert(at + patient.size(),
              R"("extension": [{"url": "https://elsewhere.example/x", "valueCode": "a"}],)");
  const Ran unforeseen = run(kTranslate, more);
  EXPECT_EQ(unforeseen.status, 3) << unforeseen.err;
  EXPECT_THAT(unforeseen.err, HasSubstr("not-carried-unexpected"));
  EXPECT_EQ(unforeseen.out, documented.out);
  EXPECT_EQ(with("any", more).status, 0);
}

TEST_F(CommandLine, TranslateWritesOneTraceLineForEachTargetWrite) {
  std::vector<std::string> arguments = kTranslate;
  const std::string trace = (folder_.path() / "trace.jsonl").string();
  arguments.insert(arguments.end(), {"--trace", trace});
  EXPECT_EQ(run(arguments, demo_bundle()).status, 0);
  const std::string lines = test::read_file(trace);
  EXPECT_GT(std::count(lines.begin(), lines.end(), '\n'), 50);
  EXPECT_THAT(lines, HasSubstr("\"rule\":"));
  EXPECT_THAT(lines, HasSubstr("\"target\":"));
}

TEST_F(CommandLine, TranslateRefusesWithAnOutcomeThatSaysWhereAndWritesNothing) {
  const Ran broken = run(kTranslate, "{\"resourceType\": \"Bundle\",\n  \"type\": }");
  EXPECT_EQ(broken.status, 1);
  EXPECT_EQ(broken.out, "");
  EXPECT_THAT(broken.err, HasSubstr("\"resourceType\": \"OperationOutcome\""));
  EXPECT_THAT(broken.err, HasSubstr("line 2, column "));

  const Ran empty = run(kTranslate, "");
  EXPECT_EQ(empty.status, 1);
  EXPECT_THAT(empty.err, HasSubstr("OperationOutcome"));

  const Ran other = run(kTranslate, R"({"resourceType":"Patient"})");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("Expected Bundle, Claim, Parameters or Task"));

  std::string lost = demo_bundle();
  const auto at = lost.find("\"status\": \"active\"");
  ASSERT_NE(at, std::string::npos);
  lost.replace(at, 18, "\"status\": {}");
  const Ran wrong = run(kTranslate, lost);
  EXPECT_EQ(wrong.status, 1);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.err, HasSubstr("Bundle.entry["));
}

TEST_F(CommandLine, ValidateNamesFileLineAndPath) {
  const std::string good = file("good.json", demo_bundle());
  // The profiles of the demonstration are not published as a package we could load.
  const std::string options = file("options.json", R"({"unknown-extensions":"accept"})");
  const Ran valid = run({"validate", "--format", "text", "--options", options, good});
  EXPECT_EQ(valid.status, 0) << valid.out;
  EXPECT_THAT(valid.out, HasSubstr("good.json: valid"));
  const std::string bad =
      file("bad.json", "{\"resourceType\":\"Patient\",\n \"birthDate\":\"2026-02-30\"}");
  const Ran invalid = run({"validate", "--format", "text", "--options", options, good, bad});
  EXPECT_EQ(invalid.status, 1);
  EXPECT_THAT(invalid.out, HasSubstr("bad.json:2:"));
  EXPECT_THAT(invalid.out, HasSubstr("(Patient.birthDate)"));
  EXPECT_THAT(invalid.out, Not(HasSubstr("2026-02-30"))) << "no value of the message";
  EXPECT_EQ(run({"validate", "/nowhere.json"}).status, 1);
}

TEST_F(CommandLine, ValidatePrintsOneOperationOutcomeAndTakesProfiles) {
  const std::string profile = file("profile.json", R"({"resourceType":"StructureDefinition",
      "url":"https://concord.example/born","name":"Born","status":"draft","kind":"resource",
      "abstract":false,"type":"Patient","derivation":"constraint",
      "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","differential":{"element":[
      {"id":"Patient.birthDate","path":"Patient.birthDate","min":1}]}})");
  const std::string patient = file("patient.json", R"({"resourceType":"Patient"})");
  const Ran good = run({"validate", patient});
  EXPECT_EQ(good.status, 0) << good.out;
  EXPECT_THAT(good.out, HasSubstr("OperationOutcome"));
  const Ran bad = run({"validate", "--profile", profile, patient});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, HasSubstr("Validation_VAL_Profile_Minimum"));
  EXPECT_THAT(bad.out, HasSubstr("Patient.birthDate"));
  EXPECT_EQ(run({"validate", "--fhir-version", "5.0.0", patient}).status, 2);
  const std::string bad_options = file("bad_options.json", R"({"best-practice":"often"})");
  EXPECT_EQ(run({"validate", "--options", bad_options, patient}).status, 2);
}

TEST_F(CommandLine, PackagesAreAddedListedAndChecked) {
  const std::string archive =
      concord::test::source_dir() + "/tests/fuzz/seeds/packages/package.tgz";
  const std::string folder = (folder_.path() / "packages").string();
  const Ran added = run({"package", "add", archive, "--folder", folder});
  EXPECT_EQ(added.status, 0) << added.err;
  EXPECT_THAT(added.out, StartsWith("test.seed#1.2.0-beta.1+x: 1 resources, "));
  EXPECT_THAT(run({"package", "add", archive, "--folder", folder}).out,
              HasSubstr("is there already"));
  const Ran listed = run({"package", "list", folder});
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_THAT(listed.out, StartsWith("test.seed#1.2.0-beta.1+x  FHIR 4.0.1"));
  EXPECT_THAT(run({"package", "list", "--resources", archive}).out,
              HasSubstr("StructureDefinition https://example.org/p|1.0.0\n"));
  const Ran checked = run({"package", "check", folder});
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("depends on test.other#1.x, which was not found\n"));
  EXPECT_THAT(checked.out, HasSubstr("nobody defines the ValueSet https://example.org/v|1.0\n"));
  EXPECT_THAT(checked.out, HasSubstr("1 packages, 1 resources, 0 errors, 6 warnings\n"));
  EXPECT_EQ(run({"package", "check", "--strict", folder}).status, 1);
  const Ran broken = run({"package", "check", file("broken.tgz", "no archive")});
  EXPECT_EQ(broken.status, 1);
  EXPECT_THAT(broken.err, HasSubstr("not a readable .tgz archive"));
}

TEST_F(CommandLine, FhirpathPrintsOneLinePerItem) {
  const Ran ran =
      run({"fhirpath", "Bundle.entry.resource.ofType(Patient).name.family", "-"}, demo_bundle());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  const Ran wrong = run({"fhirpath", "Bundle.entry.where(", "-"}, demo_bundle());
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("1:"));
}

TEST_F(CommandLine, MapLintAcceptsTheShippedMapsAndNamesThePlaceOfAFault) {
  const Ran shipped = run({"map", "lint"});
  EXPECT_EQ(shipped.status, 0) << shipped.out << shipped.err;
  const Ran bad =
      run({"map", "lint", file("bad.map", "map \"http://x\" = \"x\"\n\ngroup A(source")});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, HasSubstr("bad.map:3:"));
}

TEST_F(CommandLine, MapTraceShowsRulesAndPaths) {
  const Ran ran = run({"map", "trace", "--source", "-", "--now", "2026-01-05T10:00:00Z", "--set",
                       "from_asid=200000001285", "--set", "to_asid=567456789789"},
                      demo_bundle());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("<-  Bundle"));
}

// ---- serve
// ----------------------------------------------------------------------------------------

class Serve : public CommandLine {
 protected:
  void start(std::map<std::string, std::string> environment = {}) {
    environment.emplace("CONCORD_HTTP_PORT", "0");
    environment.emplace("CONCORD_ADMIN_PORT", "0");
    environment.emplace("CONCORD_STORE_PATH", (folder_.path() / "store.db").string());
    environment.emplace("CONCORD_DESTINATIONS_SPINE_URL", "http://127.0.0.1:9/");
    process_ = test::Process(test::built_program("concord"), {.arguments = {"serve"},
                                                              .environment = std::move(environment),
                                                              .log = folder_.path() / "log"});
    const auto line = process_.wait_for_line("ready http=", 60s);
    ASSERT_TRUE(line.has_value()) << process_.log();
    std::smatch ports;
    ASSERT_TRUE(std::regex_search(
        *line, ports, std::regex("http=127.0.0.1:(\\d+) admin=127.0.0.1:(\\d+) in \\d+ ms")));
    http_ = static_cast<std::uint16_t>(std::stoi(ports[1]));
    admin_ = static_cast<std::uint16_t>(std::stoi(ports[2]));
  }

  test::Process process_;
  std::uint16_t http_ = 0;
  std::uint16_t admin_ = 0;
};

constexpr auto kJson = "application/fhir+json";

TEST_F(Serve, TakesAPrescriptionTellsItsTaskAndCountsIt) {
  start();
  test::HttpClient client(http_);
  const auto accepted =
      client.request("POST", "/FHIR/R4/$process-message", {{"Content-Type", kJson}}, demo_bundle());
  ASSERT_TRUE(accepted.has_value());
  ASSERT_EQ(accepted->status, 202) << accepted->body;
  const std::string location = accepted->headers.at("location");
  EXPECT_THAT(location, StartsWith("/FHIR/R4/Task/"));

  const auto task = client.request("GET", location, {{"Accept", "application/fhir+xml"}});
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->status, 200);
  EXPECT_THAT(task->body, StartsWith("<"));
  EXPECT_THAT(task->body, HasSubstr("<Task xmlns=\"http://hl7.org/fhir\">"));

  const auto again =
      client.request("POST", "/FHIR/R4/$process-message", {{"Content-Type", kJson}}, demo_bundle());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->status, 202);
  EXPECT_EQ(again->headers.at("location"), location);
  EXPECT_EQ(again->headers.at("x-concord-replayed"), "true");

  std::string changed = demo_bundle();
  const auto at = changed.rfind('}');
  changed.insert(at, "  ");
  const auto conflict =
      client.request("POST", "/FHIR/R4/$process-message", {{"Content-Type", kJson}}, changed);
  ASSERT_TRUE(conflict.has_value());
  EXPECT_EQ(conflict->status, 409) << conflict->body;

  test::HttpClient admin(admin_);
  const auto metrics = admin.request("GET", "/metrics");
  ASSERT_TRUE(metrics.has_value());
  EXPECT_THAT(metrics->body, HasSubstr("concord_messages_accepted_total 1\n"));
  EXPECT_THAT(metrics->body, HasSubstr("concord_messages_unaccounted 0\n"));
  EXPECT_THAT(metrics->body,
              HasSubstr("concord_hop_duration_seconds_count{hop=\"translate\"} 1\n"));
  EXPECT_EQ(admin.request("GET", "/FHIR/R4/metadata")->status, 404);
}

TEST_F(Serve, DryRunIsTheTranslationAndStoresNothing) {
  start();
  test::HttpClient client(http_);
  const auto run =
      client.request("POST", "/FHIR/R4/$transform", {{"Content-Type", kJson}}, demo_bundle());
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->status, 200) << run->body;
  EXPECT_THAT(run->body, HasSubstr(R"({"name":"interaction","valueString":"PORX_IN020101SM31"})"));
  EXPECT_THAT(run->body, HasSubstr(R"({"name":"trace","part":[{"name":"map")"));
  EXPECT_THAT(client.request("GET", "/metrics")->body,
              HasSubstr("concord_messages_accepted_total 0\n"));
}

TEST_F(Serve, EveryHttpErrorIsAnOutcome) {
  start({{"CONCORD_LIMITS_MAX_BYTES", "20000000"}, {"CONCORD_LIMITS_MAX_DEPTH", "16"}});
  test::HttpClient client(http_);
  const auto post = [&](std::string_view type, std::string_view body) {
    return client.request("POST", "/FHIR/R4/$process-message",
                          {{"Content-Type", std::string(type)}}, body);
  };
  const auto expect = [](const std::optional<test::HttpAnswer>& answer, int status) {
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, status) << answer->body;
    EXPECT_THAT(answer->body, HasSubstr("OperationOutcome"));
    EXPECT_FALSE(answer->headers.at("x-request-id").empty());
  };
  expect(post(kJson, ""), 400);
  expect(post(kJson, "{"), 400);
  expect(post(kJson, R"({"resourceType":"Bundle"})"), 422);
  expect(post("text/plain", "x"), 415);
  expect(post("application/fhir+xml", "<!DOCTYPE a []><Bundle xmlns=\"http://hl7.org/fhir\"/>"),
         400);
  std::string deep = R"({"resourceType":"Bundle","entry":)";
  for (int i = 0; i < 100'000; ++i) deep += "[{\"a\":";
  expect(post(kJson, deep), 413);
  expect(client.request("GET", "/FHIR/R4/Task/none"), 404);
  expect(client.request("GET", "/nothing"), 404);
  expect(client.request("PUT", "/FHIR/R4/Task/none", {}, "x"), 415);
  expect(client.request("PUT", "/FHIR/R4/metadata", {}, "x"), 405);
  expect(client.request("GET", "/FHIR/R4/Patient/none"), 404);
  expect(client.request("GET", "/FHIR/R4/Patient?birthdate=soon"), 400);
  expect(client.request("GET", "/metadata", {{"Accept", "image/png"}}), 406);
  expect(client.raw("GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n"), 421);
  expect(client.raw("POST /FHIR/R4/$process-message HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    "200000000\r\n\r\n"),
         413);
}

TEST_F(Serve, LogHoldsNoValueOfTheMessage) {
  start({{"CONCORD_LOG_LEVEL", "debug"}});
  test::HttpClient client(http_);
  client.request("POST", "/FHIR/R4/$process-message",
                 {{"Content-Type", kJson}, {"X-Request-ID", "find-me"}}, demo_bundle());
  client.request("GET", "/FHIR/R4/Task/secret-in-a-path?secret=in-a-query");
  process_.signal(SIGTERM);
  ASSERT_EQ(process_.wait(30s), 0);
  const std::string log = process_.log();
  EXPECT_THAT(log, HasSubstr("\"request_id\":\"find-me\""));
  EXPECT_THAT(log, HasSubstr("\"route\":\"/FHIR/R4/Task/{id}\""));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  const Ran names = run(
      {"fhirpath",
       "Bundle.entry.resource.ofType(Patient).select(name.family | identifier.value | birthDate)",
       "-"},
      demo_bundle());
  std::istringstream values(names.out);
  int seen = 0;
  for (std::string value; std::getline(values, value); ++seen)
    EXPECT_THAT(log, Not(HasSubstr(value)));
  EXPECT_GE(seen, 3);
}

TEST_F(Serve, SigtermEndsItWithStatusZeroAndTheChainIsWhole) {
  start();
  test::HttpClient client(http_);
  EXPECT_EQ(client.request("GET", "/health/ready")->status, 200);
  EXPECT_EQ(
      client.request("POST", "/FHIR/R4/$process-message", {{"Content-Type", kJson}}, demo_bundle())
          ->status,
      202);
  process_.signal(SIGTERM);
  EXPECT_EQ(process_.wait(30s), 0);
  const Ran audit = run({"audit", "verify", "--store", (folder_.path() / "store.db").string()});
  EXPECT_EQ(audit.status, 0) << audit.out << audit.err;
  EXPECT_THAT(audit.out, StartsWith("whole: "));
}

TEST_F(Serve, ReadinessGoesOffBeforeThePortClosesAndASecondSignalEndsItAtOnce) {
  start({{"CONCORD_HTTP_DRAIN_SECONDS", "30"}});
  test::HttpClient client(http_);
  process_.signal(SIGTERM);
  int status = 200;
  for (int i = 0; i < 200 && status == 200; ++i) {
    std::this_thread::sleep_for(10ms);
    status = client.request("GET", "/health/ready")->status;
  }
  EXPECT_EQ(status, 503);
  EXPECT_EQ(client.request("GET", "/health/live")->status, 200);
  process_.signal(SIGTERM);
  EXPECT_EQ(process_.wait(5s), 128 + SIGTERM);
}

TEST_F(Serve, RefusesToStartWithOneClearLine) {
  const auto serve = [&](std::map<std::string, std::string> environment) {
    environment.emplace("CONCORD_STORE_PATH", (folder_.path() / "other.db").string());
    environment.emplace("CONCORD_HTTP_PORT", "0");
    environment.emplace("CONCORD_ADMIN_PORT", "0");
    return run({"serve"}, "", std::move(environment));
  };
  const Ran open = serve({{"CONCORD_HTTP_ADDRESS", "0.0.0.0"}});
  EXPECT_EQ(open.status, 1);
  EXPECT_THAT(open.err, HasSubstr("error: refusing to listen on 0.0.0.0"));
  EXPECT_EQ(open.out, "");
  const Ran folder = serve({{"CONCORD_AGREEMENTS_FOLDER", "/nowhere"}});
  EXPECT_EQ(folder.status, 1);
  EXPECT_THAT(folder.err, HasSubstr("/nowhere"));
  const Ran key = serve({{"CONCORD_LIMITS_MAX_DEPTH", "lots"}});
  EXPECT_EQ(key.status, 2);
  EXPECT_THAT(key.err, HasSubstr("CONCORD_LIMITS_MAX_DEPTH"));
  start();
  const Ran second = run({"serve"}, "",
                         {{"CONCORD_STORE_PATH", (folder_.path() / "store.db").string()},
                          {"CONCORD_HTTP_PORT", "0"},
                          {"CONCORD_ADMIN_PORT", "0"}});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("store.db"));
}

}  // namespace
}  // namespace concord::app
