// Batch and transaction.

#include <filesystem>

#include "tests/gateway/resources/fixture.h"
#include "tests/support/files.h"
#include "tests/support/places.h"

namespace concord {
namespace {

namespace fs = std::filesystem;
using test::ResourcesTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string bundle_of(std::string_view type, std::string_view entries) {
  return R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[)" +
         std::string(entries) + "]}";
}
std::string transaction(std::string_view entries) { return bundle_of("transaction", entries); }

class Bundles : public ResourcesTest {};

TEST_F(Bundles, OnlyBatchesAndTransactionsAreCarriedOut) {
  EXPECT_THAT(bundle(R"({"resourceType":"Observation","status":"final","code":{"text":"x"}})"),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(bundle(R"({"resourceType":"Bundle"})"), FailsWith(ErrorCode::malformed));
  for (const char* type : {"message", "history", "collection", "searchset", "document"}) {
    EXPECT_THAT(bundle(bundle_of(type, R"({"resource":{"resourceType":"Patient"}})")),
                FailsWith(ErrorCode::unsupported))
        << type;
  }
}

TEST_F(Bundles, EntriesAreBounded) {
  settings_.bundle_entries = 1;
  restart();
  constexpr std::string_view kEntry = R"({"request":{"method":"GET","url":"Patient"}})";
  EXPECT_THAT(bundle(transaction(kEntry)), IsOk());
  EXPECT_THAT(bundle(transaction(std::string(kEntry) + "," + std::string(kEntry))),
              FailsWith(ErrorCode::too_long));
}

TEST_F(Bundles, AnEmptyTransactionIsAnsweredEmpty) {
  EXPECT_EQ(*bundle(R"({"resourceType":"Bundle","type":"transaction"})"),
            R"({"resourceType":"Bundle","type":"transaction-response"})");
}

class Batch : public Bundles {};

TEST_F(Batch, EntriesAreIndependent) {
  const auto answer = bundle(bundle_of("batch", R"(
    {"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}},
    {"request":{"method":"GET","url":"Patient/nobody"}},
    {"resource":{"resourceType":"Observation"},"request":{"method":"POST","url":"Observation"}},
    {"request":{"method":"GET"}},
    {"resource":{"resourceType":"Patient","id":"mine"},"request":{"method":"PUT","url":"Patient/mine"}},
    {"request":{"method":"GET","url":"Patient?_id=mine"}},
    {"request":{"method":"DELETE","url":"Patient/mine"}},
    {"request":{"method":"POST","url":"Patient/mine/$everything"}})"));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.type"), "batch-response");
  EXPECT_EQ(eval(*answer, "Bundle.entry.response.status"),
            "201 Created,404 Not Found,400 Bad Request,400 Bad Request,201 Created,200 OK,204 No "
            "Content,400 Bad Request");
  EXPECT_EQ(eval(*answer, "Bundle.entry[2].response.outcome.issue[0].expression"),
            "Bundle.entry[2].resource.status");
  EXPECT_EQ(eval(*answer, "Bundle.entry[5].resource.entry.resource.id"), "mine");
  EXPECT_EQ(eval(*answer, "Bundle.entry[0].response.location"), "Patient/id-1/_history/1");
  EXPECT_EQ(eval(*answer, "Bundle.entry[0].response.etag"), "W/\"1\"");
  EXPECT_EQ(eval(*answer, "Bundle.entry[0].response.lastModified.exists()"), "true");
}

TEST_F(Batch, ConditionalCreateTwiceMakesOne) {
  const std::string batch = bundle_of("batch", R"(
    {"resource":{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]},
     "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:x|1"}})");
  EXPECT_EQ(eval(*bundle(batch), "Bundle.entry.response.status"), "201 Created");
  EXPECT_EQ(eval(*bundle(batch), "Bundle.entry.response.status"), "200 OK");
  EXPECT_EQ(search("Patient", "")->entries.size(), 1u);
}

TEST_F(Batch, PreferSaysWhatGoesBack) {
  const std::string batch = bundle_of("batch", R"(
    {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})");
  EXPECT_EQ(eval(*bundle(batch, "minimal"), "Bundle.entry.resource.exists()"), "false");
  EXPECT_EQ(eval(*bundle(batch, "representation"), "Bundle.entry.resource.exists()"), "true");
  EXPECT_EQ(eval(*bundle(batch, "OperationOutcome"), "Bundle.entry.response.outcome.exists()"),
            "true");
}

TEST_F(Batch, ReadsAreConditional) {
  put(R"({"resourceType":"Patient","id":"a"})");
  const auto answer = bundle(bundle_of("batch", R"(
    {"request":{"method":"GET","url":"Patient/a","ifNoneMatch":"W/\"1\""}},
    {"request":{"method":"GET","url":"Patient/a","ifNoneMatch":"W/\"2\""}},
    {"request":{"method":"GET","url":"Patient/a","ifModifiedSince":"2999-01-01T00:00:00Z"}},
    {"request":{"method":"HEAD","url":"Patient/a"}},
    {"request":{"method":"GET","url":"Patient/a/_history/1"}},
    {"request":{"method":"GET","url":"/Patient/a/_history"}},
    {"request":{"method":"GET","url":"https://concord.example/FHIR/R4/Patient/a"}})"));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.entry.response.status"),
            "304 Not Modified,200 OK,304 Not Modified,200 OK,200 OK,200 OK,200 OK");
  EXPECT_EQ(eval(*answer, "Bundle.entry.select(resource.exists())"),
            "false,true,false,false,true,true,true");
}

TEST_F(Batch, PatchesComeAsBinaryOrParameters) {
  put(R"({"resourceType":"Patient","id":"a","gender":"male"})");
  // [{"op":"replace","path":"/gender","value":"female"}]
  const auto answer = bundle(bundle_of("batch", R"(
    {"resource":{"resourceType":"Binary","contentType":"application/json-patch+json",
       "data":"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9nZW5kZXIiLCJ2YWx1ZSI6ImZlbWFsZSJ9XQ=="},
     "request":{"method":"PATCH","url":"Patient/a"}},
    {"resource":{"resourceType":"Parameters","parameter":[{"name":"operation","part":[
       {"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},
       {"name":"name","valueString":"active"},{"name":"value","valueBoolean":true}]}]},
     "request":{"method":"PATCH","url":"Patient/a"}},
    {"resource":{"resourceType":"Patient"},"request":{"method":"PATCH","url":"Patient/a"}})"));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.entry.response.status"), "200 OK,200 OK,400 Bad Request");
  const std::string body = service_->read("Patient", "a")->row.body;
  EXPECT_EQ(eval(body, "Patient.gender"), "female");
  EXPECT_EQ(eval(body, "Patient.active"), "true");
}

class Transaction : public Bundles {
 protected:
  /// The transaction fails with that code at that place, and nothing was stored.
  void expect_refused(std::string_view entries, ErrorCode code, std::string_view expression) {
    const std::size_t before = store_.writes();
    const auto answer = bundle(transaction(entries));
    ASSERT_THAT(answer, FailsWith(code));
    EXPECT_EQ(answer.error().issues[0].expression, expression);
    EXPECT_EQ(store_.writes(), before);
  }
};

TEST_F(Transaction, StoresEverythingInOneWriteAndAnswersInOrder) {
  put(R"({"resourceType":"Patient","id":"old"})");
  const auto answer = bundle(transaction(R"(
    {"request":{"method":"GET","url":"Patient/new"}},
    {"resource":{"resourceType":"Patient","id":"new"},"request":{"method":"PUT","url":"Patient/new"}},
    {"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}},
    {"request":{"method":"DELETE","url":"Patient/old"}})"));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.type"), "transaction-response");
  EXPECT_EQ(eval(*answer, "Bundle.entry.response.status"),
            "200 OK,201 Created,201 Created,204 No Content");
  EXPECT_EQ(eval(*answer, "Bundle.entry[0].resource.id"), "new");
  EXPECT_EQ(store_.writes(), 2u);
  EXPECT_EQ(store_.audit().size(), 4u);
}

TEST_F(Transaction, FailsWholeAndNamesTheEntry) {
  expect_refused(R"(
    {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
    {"resource":{"resourceType":"Patient","birthDate":"soon"},"request":{"method":"POST","url":"Patient"}})",
                 ErrorCode::malformed, "Bundle.entry[1].resource.birthDate");
  expect_refused(R"({"request":{"method":"GET","url":"Patient/none"}})", ErrorCode::not_found,
                 "Bundle.entry[0]");
  expect_refused(R"({"request":{"method":"GET","url":"Patient?birthdate=soon"}})",
                 ErrorCode::malformed, "Bundle.entry[0].request.url");
  expect_refused(
      R"({"resource":{"resourceType":"Nonsense"},"request":{"method":"POST","url":"Nonsense"}})",
      ErrorCode::not_found, "Bundle.entry[0]");
  expect_refused(R"({"request":{"method":"PUT","url":"Patient/a"}})", ErrorCode::malformed,
                 "Bundle.entry[0]");
  expect_refused(R"({"request":{"method":"POST","url":"$validate"}})", ErrorCode::unsupported,
                 "Bundle.entry[0]");
  expect_refused(R"({"request":{"method":"GET","url":"Patient/a/b/c/d"}})", ErrorCode::malformed,
                 "Bundle.entry[0]");
}

TEST_F(Transaction, AMisspeltConditionIsNotPassedOver) {
  const auto answer = bundle(transaction(
      R"({"resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a","ifmatch":"W/\"1\""}})"));
  ASSERT_THAT(answer, FailsWith(ErrorCode::malformed));
}

TEST_F(Transaction, TwoEntriesAboutOneResourceAreMalformed) {
  put(R"({"resourceType":"Patient","id":"a","identifier":[{"system":"urn:x","value":"1"}]})");
  expect_refused(R"(
    {"request":{"method":"DELETE","url":"Patient/a"}},
    {"resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a"}})",
                 ErrorCode::malformed, "Bundle.entry[1]");
  expect_refused(R"(
    {"request":{"method":"DELETE","url":"Patient?identifier=urn:x|1"}},
    {"resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a"}})",
                 ErrorCode::malformed, "Bundle.entry[1]");
  expect_refused(R"(
    {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:x|2"}},
    {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:x|2"}})",
                 ErrorCode::malformed, "Bundle.entry[1]");
}

TEST_F(Transaction, ConditionsOfEntriesHoldOrAllFails) {
  put(R"({"resourceType":"Patient","id":"a"})");
  expect_refused(
      R"({"resource":{"resourceType":"Patient","id":"a","active":true},"request":{"method":"PUT","url":"Patient/a","ifMatch":"W/\"7\""}})",
      ErrorCode::precondition, "Bundle.entry[0]");
  expect_refused(
      R"({"resource":{"resourceType":"Patient","id":"a","active":true},"request":{"method":"PUT","url":"Patient/a","ifNoneMatch":"*"}})",
      ErrorCode::precondition, "Bundle.entry[0]");
  EXPECT_THAT(
      bundle(transaction(
          R"({"resource":{"resourceType":"Patient","id":"a","active":true},"request":{"method":"PUT","url":"Patient/a","ifMatch":"W/\"1\""}})")),
      IsOk());
}

TEST_F(Transaction, AConditionalCreateThatFindsOneIsThatOneInReferences) {
  put(R"({"resourceType":"Patient","id":"a","identifier":[{"system":"urn:x","value":"1"}]})");
  const auto answer = bundle(transaction(R"(
    {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111",
     "resource":{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]},
     "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:x|1"}},
    {"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
      "subject":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"}},
     "request":{"method":"POST","url":"Observation"}})"));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.entry.response.status"), "200 OK,201 Created");
  EXPECT_EQ(eval(*answer, "Bundle.entry[1].resource.subject.reference"), "Patient/a");
}

TEST_F(Transaction, AConditionalReferenceFindsExactlyOne) {
  constexpr std::string_view kEntry = R"(
    {"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
      "subject":{"reference":"Patient?identifier=urn:x|1"}},
     "request":{"method":"POST","url":"Observation"}})";
  expect_refused(kEntry, ErrorCode::precondition, "Bundle.entry[0].resource.subject.reference");
  put(R"({"resourceType":"Patient","id":"a","identifier":[{"system":"urn:x","value":"1"}]})");
  const auto answer = bundle(transaction(kEntry));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.entry[0].resource.subject.reference"), "Patient/a");
  put(R"({"resourceType":"Patient","id":"b","identifier":[{"system":"urn:x","value":"1"}]})");
  expect_refused(kEntry, ErrorCode::precondition, "Bundle.entry[0].resource.subject.reference");
}

TEST_F(Transaction, AReadOfWhatItDeletesFailsAll) {
  put(R"({"resourceType":"Patient","id":"a"})");
  expect_refused(R"(
    {"request":{"method":"DELETE","url":"Patient/a"}},
    {"request":{"method":"GET","url":"Patient/a"}})",
                 ErrorCode::gone, "Bundle.entry[1]");
}

TEST_F(Transaction, ThatLosesARaceIsPlannedAnew) {
  bool once = false;
  store_.before_write([&] {
    if (once) return;
    once = true;
    put(R"({"resourceType":"Patient","id":"rival","identifier":[{"system":"urn:x","value":"1"}]})");
  });
  const auto answer = bundle(transaction(R"(
    {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111",
     "resource":{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]},
     "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:x|1"}},
    {"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
      "subject":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"}},
     "request":{"method":"POST","url":"Observation"}})"));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(eval(*answer, "Bundle.entry[1].resource.subject.reference"), "Patient/rival");
  EXPECT_EQ(search("Patient", "")->entries.size(), 1u);
}

TEST_F(Transaction, StopsAtTheDeadlineWithNothingStored) {
  caller_.deadline = now_;
  const auto answer = bundle(transaction(
      R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})"));
  EXPECT_THAT(answer, FailsWith(ErrorCode::timeout));
  EXPECT_EQ(store_.writes(), 0u);
}

TEST_F(Transaction, ConditionalReferencesAreBounded) {
  settings_.bundle_entries = 2;
  restart();
  std::string focus;
  for (const char* id : {"a", "b", "c"}) {
    put(R"({"resourceType":"Patient","id":")" + std::string(id) + "\"}");
    focus += std::string(focus.empty() ? "" : ",") + R"({"reference":"Patient?_id=)" + id + "\"}";
  }
  expect_refused(
      R"({"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"focus":[)" +
          focus + R"(]},"request":{"method":"POST","url":"Observation"}})",
      ErrorCode::too_costly, "Bundle.entry[0].resource.focus[2].reference");
}

TEST_F(Transaction, ThousandEntriesAreOneWrite) {
  std::string entries;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = "urn:uuid:00000000-0000-4000-8000-" + std::to_string(100000000000 + i);
    entries +=
        std::string(i == 0 ? "" : ",") + R"({"fullUrl":")" + uuid +
        R"(","resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":")" +
        uuid + R"("}},"request":{"method":"POST","url":"Basic"}})";
  }
  const auto answer = bundle(transaction(entries), "minimal");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(store_.writes(), 1u);
  EXPECT_THAT(service_->read("Basic", "id-7")->row.body, HasSubstr("\"Basic/id-7\""));
}

TEST_F(Transaction, DeepAndLongUrlsAreOnlyRefused) {
  const std::string deep(5000, '/');
  EXPECT_THAT(bundle(transaction(R"({"request":{"method":"GET","url":")" + deep + R"("}})")),
              ::testing::Not(IsOk()));
  const std::string query = "Patient?" + std::string(5000, '&') + "%";
  EXPECT_THAT(bundle(transaction(R"({"request":{"method":"GET","url":")" + query + R"("}})")),
              IsOk());
}

/// Golden folders: input.json is carried out, expected.ndjson is what the store holds afterwards.
class References : public ResourcesTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(References, BecomeWhatTheEntriesAreCalledHere) {
  const fs::path folder = fs::path(concord::test::test_dir()) / "cases" / GetParam();
  ASSERT_THAT(bundle(test::read_file(folder / "input.json")), IsOk());
  std::string stored;
  for (const audit::Record& record : store_.audit()) {
    const std::string name = record.detail.substr(0, record.detail.rfind('/'));
    const std::size_t slash = name.find('/');
    const auto done = service_->read(name.substr(0, slash), name.substr(slash + 1));
    ASSERT_THAT(done, IsOk());
    std::string body = done->row.body;
    const std::string at = format_instant(done->row.updated_at);
    body.replace(body.find(at), at.size(), "now");
    stored += body + '\n';
  }
  test::expect_golden(folder / "expected.ndjson", stored);
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const fs::path& folder : test::case_folders(fs::path(concord::test::test_dir()) / "cases")) {
    names.push_back(folder.filename().string());
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, References, ::testing::ValuesIn(case_names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace concord
