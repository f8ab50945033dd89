#include "fhir/core/digest.h"
#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProcessMessage, AcceptedMessageGives202WithItsTaskAndWhereToFindIt) {
  Calling calling;
  const auto response = calling.post("/FHIR/R4/$process-message", R"({"resourceType":"Bundle"})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, kTask);
  EXPECT_EQ(field(response, "Location"), "/FHIR/R4/Task/t1");
  EXPECT_EQ(field(response, "Content-Type"), "application/fhir+json; charset=utf-8");
  EXPECT_EQ(field(response, "X-Concord-Exchange"), "x1");
  EXPECT_EQ(field(response, "X-Concord-Replayed"), "");
  EXPECT_EQ(response.exchange_id, "x1");
  EXPECT_EQ(response.route, "/FHIR/R4/$process-message");
  ASSERT_EQ(calling.arrivals.size(), 1U);
  const exchange::Arrival& arrival = calling.arrivals[0];
  EXPECT_EQ(arrival.bytes, R"({"resourceType":"Bundle"})");
  EXPECT_EQ(arrival.content_type, "application/fhir+json");
  EXPECT_EQ(arrival.request_id, "r1");
  EXPECT_TRUE(arrival.request_id_given);
  EXPECT_TRUE(arrival.loopback);
  EXPECT_GT(arrival.deadline, calling.services.clock() + std::chrono::seconds(25));
}

TEST(ProcessMessage, WarningsAreAnOutcomeInsideTheTask) {
  Calling calling;
  calling.issues = {{Severity::warning,
                     "Bundle.entry[1].resource.note",
                     "not carried",
                     {7, 3},
                     "not-supported",
                     "loss"}};
  const auto response = calling.post("/FHIR/R4/$process-message");
  EXPECT_EQ(
      response.body,
      R"({"resourceType":"Task","id":"t1","contained":[{"resourceType":"OperationOutcome","id":"issues",)"
      R"("issue":[{"severity":"warning","code":"not-supported","details":{"coding":[{"system":)"
      R"("https://concord.example/CodeSystem/issue-detail","code":"loss"}],"text":"not carried"},)"
      R"("diagnostics":"line 7, column 3","location":["Line[7] Col[3]"],)"
      R"("expression":["Bundle.entry[1].resource.note"]}]}],"status":"accepted","intent":"order",)"
      R"("output":[{"type":{"text":"issues"},"valueReference":{"reference":"#issues"}}]})");
}

TEST(ProcessMessage, RepeatedMessageIsMarkedAndGetsTheSameStatus) {
  Calling calling;
  calling.post("/FHIR/R4/$process-message");
  const auto again = calling.post("/FHIR/R4/$process-message");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(field(again, "X-Concord-Replayed"), "true");
}

TEST(ProcessMessage, PreferChoosesTheBody) {
  Calling calling;
  const auto with = [&](const char* prefer) {
    return calling.call({"POST",
                         "/FHIR/R4/$process-message",
                         {{"content-type", "application/fhir+json"}, {"prefer", prefer}},
                         "{}"});
  };
  EXPECT_EQ(with("return=minimal").body, "");
  EXPECT_EQ(with("handling=strict, return=minimal").body, "");
  EXPECT_THAT(with("return=OperationOutcome").body,
              HasSubstr(R"("resourceType":"OperationOutcome")"));
  EXPECT_EQ(with("return=representation").body, kTask);
  EXPECT_EQ(with("return=minimal").status, 202);
}

TEST(ProcessMessage, TaskThatCannotBeWrittenStillGives202BecauseTheMessageIsOurs) {
  Calling calling;
  calling.services.submit = [](exchange::Arrival) -> Result<exchange::Answer> {
    exchange::Answer answer;
    answer.task_id = "t1";
    answer.task = "not json";
    return answer;
  };
  const auto response = calling.post("/FHIR/R4/$process-message");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(field(response, "Location"), "/FHIR/R4/Task/t1");
}

TEST(Errors, EveryCodeIsAnOutcomeWithTheStatusAndTypeOfTheTable) {
  for (const ErrorRow& row : kErrorTable) {
    SCOPED_TRACE(std::string(row.name));
    Calling calling;
    Error error = make_error(row.code, "what is wrong", "Bundle.type", {2, 5});
    error.log_detail = "kept inside";
    calling.fails = error;
    const auto response = calling.post("/FHIR/R4/$process-message");
    EXPECT_EQ(response.status, row.http_status);
    const bool ours = row.code == ErrorCode::internal || row.code == ErrorCode::transient ||
                      row.code == ErrorCode::timeout;
    EXPECT_EQ(response.body,
              std::string(R"({"resourceType":"OperationOutcome","issue":[{"severity":")") +
                  (ours ? "fatal" : "error") + R"(","code":")" + std::string(row.issue_type) +
                  R"(","details":{"text":"what is wrong"},"diagnostics":"line 2, column 5",)"
                  R"("location":["Line[2] Col[5]"],"expression":["Bundle.type"]}]})");
    EXPECT_EQ(field(response, "Retry-After"), row.retryable ? "5" : "");
    EXPECT_THAT(response.body, Not(HasSubstr("kept inside")));
    EXPECT_EQ(calling.logged.size(), row.http_status >= 500 ? 1U : 0U);
  }
}

TEST(Errors, OutcomeIsXmlWhenXmlIsAskedFor) {
  Calling calling;
  calling.fails = make_error(ErrorCode::invalid, "text with < & \"", "Bundle.id");
  const auto response =
      calling.call({"POST",
                    "/FHIR/R4/$process-message",
                    {{"content-type", "application/fhir+xml"}, {"accept", "application/fhir+xml"}},
                    "<Bundle/>"});
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(field(response, "Content-Type"), "application/fhir+xml; charset=utf-8");
  EXPECT_THAT(
      response.body,
      HasSubstr(
          R"(<OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"/><code value="invalid"/><details><text value="text with &lt; &amp; )"));
  EXPECT_THAT(response.body,
              HasSubstr(R"(<expression value="Bundle.id"/></issue></OperationOutcome>)"));
}

TEST(Errors, UnknownAddressUnknownMethodAndUnknownTypesAreToldApart) {
  Calling calling;
  EXPECT_EQ(calling.call({.target = "/"}).status, 404);
  EXPECT_EQ(calling.call({.target = "/FHIR/R4/Patient/1"}).status, 404);
  EXPECT_EQ(calling.call({.target = "/FHIR/R4/Task/"}).status, 404);
  EXPECT_EQ(calling.call({.target = "/FHIR/R4/Task/t1/extra"}).status, 404);
  EXPECT_EQ(calling.call({.target = "/FHIR/R4/metadata/"}).status, 404);
  const auto wrong = calling.call({.method = "DELETE", .target = "/FHIR/R4/Task/t1"});
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(field(wrong, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(wrong.body, HasSubstr("OperationOutcome"));
  const auto get = calling.call({.target = "/FHIR/R4/$process-message"});
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(field(get, "Allow"), "POST, OPTIONS");
  const auto options = calling.call({.method = "OPTIONS", .target = "/FHIR/R4/$transform"});
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(field(options, "Allow"), "POST, OPTIONS");
  EXPECT_EQ(
      calling.call({.target = "/FHIR/R4/metadata", .fields = {{"accept", "text/csv"}}}).status,
      406);
  EXPECT_EQ(calling.call({.target = "/FHIR/R4/metadata?_format=ttl"}).status, 406);
  EXPECT_EQ(
      calling.call({"POST", "/FHIR/R4/$process-message", {{"content-type", "text/plain"}}, "x"})
          .status,
      415);
  EXPECT_EQ(calling.call({"POST", "/FHIR/R4/$process-message", {}, "{}"}).status, 415);
  EXPECT_TRUE(calling.arrivals.empty());
}

TEST(Errors, RefusalsOfTheEdgeAreOutcomesInTheFormatAskedFor) {
  Calling calling;
  const Api api(calling.services);
  http::Request request;
  EXPECT_THAT(api.refuse(request, 400, make_error(ErrorCode::malformed, "bad head")).body,
              HasSubstr(R"("code":"structure","details":{"text":"bad head"})"));
  request.fields.push_back({"accept", "application/fhir+xml"});
  const auto response = api.refuse(request, 413, make_error(ErrorCode::too_long, "too long"));
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr(R"(<code value="too-long"/>)"));
}

TEST(Task, IsReadInBothFormatsWithItsVersion) {
  Calling calling;
  const auto json = calling.call({.target = "/FHIR/R4/Task/t1"});
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.body, kTask);
  EXPECT_EQ(field(json, "ETag"), "W/\"3\"");
  EXPECT_EQ(json.route, "/FHIR/R4/Task/{id}") << "no id in logs";
  const auto xml = calling.call({.target = "/FHIR/R4/Task/t1?_format=xml"});
  EXPECT_THAT(
      xml.body,
      HasSubstr(
          R"(<Task xmlns="http://hl7.org/fhir"><id value="t1"/><status value="accepted"/><intent value="order"/></Task>)"));
  const auto pretty = calling.call({.target = "/FHIR/R4/Task/t1?_pretty=true"});
  EXPECT_THAT(pretty.body, HasSubstr("\n  \"id\": \"t1\""));
  const auto same = calling.call(
      {.target = "/FHIR/R4/Task/t1", .fields = {{"if-none-match", "W/\"2\", W/\"3\""}}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(calling.call({.method = "HEAD", .target = "/FHIR/R4/Task/t1"}).status, 200);
}

TEST(Task, UnknownAndImpossibleIdsAreNotFoundAndNotEchoed) {
  Calling calling;
  const std::vector<std::string> ids{"t2", "%24x", "a b", "..", "<script>", std::string(65, 'a')};
  for (const std::string& id : ids) {
    const auto response = calling.call({.target = "/FHIR/R4/Task/" + id});
    EXPECT_EQ(response.status, 404);
    EXPECT_THAT(response.body, Not(HasSubstr(id))) << id;
  }
}

TEST(Metadata, ListsWhatTheTableServesAndNothingElse) {
  Calling calling;
  const auto response = calling.call({.target = "/metadata"});
  EXPECT_EQ(response.status, 200);
  const auto read = json::read(response.body, calling.symbols);
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(response.body, HasSubstr(R"("software":{"name":"Concord","version":"9.9.9"})"));
  EXPECT_THAT(response.body, HasSubstr(R"("fhirVersion":"4.0.1")"));
  EXPECT_THAT(response.body, HasSubstr(R"({"type":"Task","interaction":[{"code":"read")"));
  std::size_t operations = 0;
  const EndpointTable table = EndpointTable::standard(EndpointTable::Stored::no);
  for (const auto& row : table.rows()) {
    if (row.endpoint->operation.empty()) continue;
    operations += row.endpoint->resources.empty();
    EXPECT_THAT(response.body,
                HasSubstr("{\"name\":\"" + std::string(row.endpoint->operation) +
                          "\",\"definition\":\"" + std::string(row.endpoint->definition) + "\""));
  }
  EXPECT_EQ(operations, 6U);
  EXPECT_EQ(calling.call({.target = "/FHIR/R4/metadata"}).body, response.body);
  EXPECT_THAT(calling.call({.target = "/metadata?_format=application/fhir+xml"}).body,
              HasSubstr("<CapabilityStatement xmlns=\"http://hl7.org/fhir\">"));
}

TEST(Describe, NamesEveryCall) {
  const EndpointTable table = EndpointTable::standard();
  const std::string text = table.describe();
  EXPECT_GE(table.rows().size(), 8U);
  for (const auto& row : table.rows()) {
    EXPECT_THAT(
        text, HasSubstr(std::string(row.endpoint->method) + " " + std::string(row.endpoint->path)));
    EXPECT_FALSE(row.endpoint->documentation.empty());
  }
}

TEST(Health, LiveAlwaysReadyOnlyBetweenStartAndStopAndWithAStore) {
  Calling calling;
  EXPECT_EQ(calling.call({.target = "/health/live"}).status, 200);
  EXPECT_EQ(calling.call({.target = "/health/ready"}).status, 503);
  calling.readiness.ready();
  EXPECT_EQ(calling.call({.target = "/health/ready", .fields = {{"accept", "text/html"}}}).status,
            200);
  calling.fails = make_error(ErrorCode::transient, "the store does not answer");
  EXPECT_EQ(calling.call({.target = "/health/ready"}).status, 503);
  calling.fails.reset();
  calling.readiness.stopping();
  const auto stopping = calling.call({.target = "/health/ready"});
  EXPECT_EQ(stopping.status, 503);
  EXPECT_THAT(stopping.body, HasSubstr("the gateway is stopping"));
  EXPECT_EQ(calling.call({.target = "/health/live"}).status, 200);
}

TEST(Services, TheirOwnPortServesHealthAndMetricsOnly) {
  Calling calling;
  const auto at = [&](const char* target) {
    return calling.call_with({.target = target}, &Api::handle_service).status;
  };
  EXPECT_EQ(at("/health/live"), 200);
  EXPECT_EQ(at("/metrics"), 200);
  EXPECT_EQ(at("/metadata"), 404);
  EXPECT_EQ(at("/FHIR/R4/Task/t1"), 404);
}

TEST(Transform, AnswersTheMessageItsDigestTheDecisionsAndTheWarnings) {
  Calling calling;
  calling.dry_run.message_kind = "prescription-order";
  calling.dry_run.destination = "spine";
  calling.dry_run.bytes = "<PORX/>";
  calling.dry_run.content_type = "application/xml";
  calling.dry_run.digest = "abc";
  calling.dry_run.hops = {{"decode", std::chrono::microseconds(17)}};
  agreements::Decision decision;
  decision.agreement = "a1";
  decision.version = 3;
  decision.rule = "r1";
  calling.dry_run.decisions.all.push_back(decision);
  const auto response = calling.post("/FHIR/R4/$transform");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(calling.traced);
  EXPECT_THAT(response.body, HasSubstr(R"({"name":"kind","valueString":"prescription-order"})"));
  EXPECT_THAT(
      response.body,
      HasSubstr(
          R"({"name":"message","resource":{"resourceType":"Binary","contentType":"application/xml","data":")" +
          base64_encode("<PORX/>")));
  EXPECT_THAT(
      response.body,
      HasSubstr(
          R"({"name":"decision","part":[{"name":"agreement","valueString":"a1"},{"name":"version","valueInteger":3},{"name":"rule","valueString":"r1"})"));
  EXPECT_THAT(response.body, HasSubstr(R"({"name":"microseconds","valueInteger":17})"));
  EXPECT_THAT(response.body,
              HasSubstr(R"({"name":"issues","resource":{"resourceType":"OperationOutcome")"));
  EXPECT_THAT(json::read(response.body, calling.symbols), IsOk());
  EXPECT_EQ(calling.post("/FHIR/R4/$transform?_trace=false").status, 200);
  EXPECT_FALSE(calling.traced);
}

}  // namespace
}  // namespace concord::api
