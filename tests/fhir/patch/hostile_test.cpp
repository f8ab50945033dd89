// Patches meant to cost: depth, width, growth, and expressions without end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "fhir/json/writer.h"
#include "fhir/patch/patch.h"
#include "tests/fhir/patch/r4.h"
#include "tests/support/result_matchers.h"

namespace concord::patch {
namespace {

using test::r4;
using test::resource_of;
using testing::Not;

std::string repeated(std::size_t count, const std::string& text, const std::string& between) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) all += between;
    all += text;
  }
  return all;
}

Result<tree::Document> json_patch(const tree::Document& resource, const std::string& patch,
                                  const Limits& limits = {}) {
  return apply_json_patch(resource, patch, r4().definitions, limits);
}

Result<tree::Document> path_patch(const tree::Document& resource, const std::string& operations,
                                  const Limits& limits = {}) {
  const std::string text = R"({"resourceType":"Parameters","parameter":[)" + operations + "]}";
  return apply_fhirpath_patch(resource, resource_of(text), r4().definitions, r4().functions,
                              limits);
}

std::string path_operation(const std::string& type, const std::string& path,
                           const std::string& more = "") {
  return R"({"name":"operation","part":[{"name":"type","valueCode":")" + type +
         R"("},{"name":"path","valueString":")" + path + "\"}" + more + "]}";
}

const std::string kPatient = R"({"resourceType":"Patient","active":true,"name":[{"text":"a"}]})";

TEST(HostilePatch, NestedTenThousandDeepIsRefusedBeforeAnythingIsDone) {
  const tree::Document resource = resource_of(kPatient);
  for (const char* bracket : {"[", "{\"a\":"}) {
    const auto result = json_patch(
        resource, R"([{"op":"add","path":"/x","value":)" + repeated(100'000, bracket, ""));
    EXPECT_THAT(result, FailsWith(ErrorCode::too_long));
  }
}

TEST(HostilePatch, TenThousandOperationsAreTooMany) {
  const tree::Document resource = resource_of(kPatient);
  const std::string operations =
      repeated(10'000, R"({"op":"replace","path":"/active","value":false})", ",");
  EXPECT_THAT(json_patch(resource, "[" + operations + "]"), FailsWith(ErrorCode::too_costly));
  Limits wide;
  wide.operations = 10'000;
  EXPECT_THAT(json_patch(resource, "[" + operations + "]", wide), IsOk());

  const std::string paths = repeated(501, path_operation("delete", "Patient.birthDate"), ",");
  EXPECT_THAT(path_patch(resource, paths), FailsWith(ErrorCode::too_costly));
}

TEST(HostilePatch, CopiesOfCopiesGrowToTheLimitAndNoFurther) {
  const tree::Document resource = resource_of(kPatient);
  // Each doubles the list; forty of them would be a million million.
  std::string patch = R"([{"op":"add","path":"/contact","value":[{"name":{"text":"x"}}]})";
  for (int i = 0; i < 40; ++i) {
    patch += R"(,{"op":"copy","from":"/contact","path":"/contact/-"})";
  }
  Limits narrow;
  narrow.document.max_nodes = 100'000;
  const auto result = json_patch(resource, patch + "]", narrow);
  EXPECT_THAT(result, FailsWith(ErrorCode::too_long));
  EXPECT_THAT(json_patch(resource, patch + "]"), FailsWith(ErrorCode::too_long));
}

TEST(HostilePatch, CopiesOfManyMembersEndAtTheLimitOfValues) {
  const tree::Document resource = resource_of(kPatient);
  std::string patch =
      R"([{"op":"add","path":"/name/0/given","value":[)" + repeated(200'000, R"("x")", ",") + "]}";
  for (int i = 0; i < 499; ++i) patch += R"(,{"op":"copy","from":"/name/0","path":"/name/1"})";
  EXPECT_THAT(json_patch(resource, patch + "]"), FailsWith(ErrorCode::too_long));
}

TEST(HostilePatch, MovingMuchAgainAndAgainEndsAtTheBudgetOfWork) {
  const tree::Document resource = resource_of(R"({"resourceType":"Patient","name":[{"given":[)" +
                                              repeated(200'000, R"("x")", ",") + "]}]}");
  std::string patch = R"([{"op":"test","path":"/name/0/given/0","value":"x"})";
  for (int i = 0; i < 499; ++i) {
    patch += i % 2 == 0 ? R"(,{"op":"move","from":"/name","path":"/x"})"
                        : R"(,{"op":"move","from":"/x","path":"/name"})";
  }
  EXPECT_THAT(json_patch(resource, patch + "]"), FailsWith(ErrorCode::too_costly));
}

TEST(HostilePatch, InsertingAtTheFrontOfALongListStaysQuick) {
  const tree::Document resource = resource_of(R"({"resourceType":"Patient","name":[{"given":[)" +
                                              repeated(200'000, R"("x")", ",") + "]}]}");
  std::string patch = "[";
  for (int i = 0; i < 500; ++i) {
    if (i > 0) patch += ',';
    patch += R"({"op":"add","path":"/name/0/given/0","value":"y"})";
  }
  const auto start = std::chrono::steady_clock::now();
  const auto result = json_patch(resource, patch + "]");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->root().first_child()->count(result->find("given")), 200'500u);
}

TEST(HostilePatch, AHugeIndexAndALongPathLeadNowhere) {
  const tree::Document resource = resource_of(kPatient);
  for (const std::string& path : {std::string("/name/999999999"), std::string("/name/4294967296"),
                                  "/name/" + std::string(100'000, '9'), repeated(100'000, "/a", ""),
                                  repeated(100'000, "/", "")}) {
    EXPECT_THAT(json_patch(resource, R"([{"op":"remove","path":")" + path + "\"}]"),
                FailsWith(ErrorCode::invalid));
    EXPECT_THAT(json_patch(resource, R"([{"op":"add","value":1,"path":")" + path + "\"}]"),
                Not(IsOk()));
  }
}

TEST(HostilePatch, GrowingDeeperStepByStepEndsAtTheLimit) {
  const tree::Document resource = resource_of(
      R"({"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group"}]})");
  std::string path = "Questionnaire.item[0]", operations;
  for (int i = 0; i < 200; ++i) {
    if (i > 0) operations += ',';
    operations += path_operation(
        "add", path,
        R"(,{"name":"name","valueString":"item"},{"name":"value","part":[{"name":"linkId",)"
        R"("valueString":"x"},{"name":"type","valueCode":"group"}]})");
    path += ".item";
  }
  const auto result = path_patch(resource, operations);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::too_long) << to_string(result.error());
}

TEST(HostilePatch, ExpressionsWithoutEndAreCutOff) {
  const tree::Document resource = resource_of(R"({"resourceType":"Patient","name":[{"given":[)" +
                                              repeated(2'000, R"("x")", ",") + "]}]}");
  const auto start = std::chrono::steady_clock::now();
  const std::string all = "%resource.name.given";
  const std::string costly =
      all + ".where(" + all + ".where(" + all + ".exists($this = 'q')).exists())";
  EXPECT_THAT(path_patch(resource, repeated(500, path_operation("delete", costly), ",")),
              FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(path_patch(resource, path_operation("delete", repeated(3'000, "(", ""))),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(path_patch(resource, path_operation("delete", std::string(5'000, 'a'))),
              FailsWith(ErrorCode::malformed));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(HostilePatch, TextsOfAnyBytesAreRefusedInWords) {
  const tree::Document resource = resource_of(kPatient);
  for (const std::string& text :
       {std::string(), std::string("\0[]", 3), std::string("[\xFF]"), std::string("[1e999999999]"),
        std::string("null"), std::string("[[]]"), std::string("[{}]"),
        std::string("\"\\ud800\"")}) {
    const auto result = json_patch(resource, text);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::malformed);
    ASSERT_FALSE(result.error().issues.empty());
    EXPECT_FALSE(result.error().issues.front().text.empty());
  }
}

TEST(HostilePatch, ErrorsNeverShowValues) {
  const tree::Document resource = resource_of(
      R"({"resourceType":"Patient","birthDate":"1980-02-29","name":[{"text":"Secret Person"}]})");
  for (const std::string& operation :
       {std::string(R"({"op":"test","path":"/birthDate","value":"9990000000"})"),
        std::string(R"({"op":"remove","path":"/9990000000"})"),
        std::string(R"({"op":"add","path":"/name/0/text/9990000000","value":1})"),
        std::string(R"({"op":"9990000000","path":""})")}) {
    const auto result = json_patch(resource, "[" + operation + "]");
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(to_string(result.error()), Not(testing::HasSubstr("9990000000")));
  }
  for (const char* path : {"Patient.name.where(text = '9990000000'", "Patient.name.9990000000",
                           "Patient.active & '9990000000'", "'9990000000'"}) {
    const auto result = path_patch(resource, path_operation("delete", path));
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(to_string(result.error()), Not(testing::HasSubstr("9990000000")));
  }
}

}  // namespace
}  // namespace concord::patch
