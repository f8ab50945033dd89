// Searches of Task put to the tracker: eps.md section 15.
#include "mappers/eps/tracker_search.h"

#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "tests/support/result_matchers.h"

namespace concord::eps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr const char* kFound =
    R"({"resourceType":"Bundle","type":"searchset","total":2,"entry":[)"
    R"({"resource":{"resourceType":"Task","status":"requested","businessStatus":{"coding":[{"code":"0001"}]},)"
    R"("focus":{"identifier":{"value":"24F5DA-A83008-7EFE6Z"}},"for":{"identifier":{"value":"9990000018"}},)"
    R"("authoredOn":"2026-03-02"}},)"
    R"({"resource":{"resourceType":"Task","status":"completed","businessStatus":{"coding":[{"code":"0006"}]},)"
    R"("focus":{"identifier":{"value":"E3E6FA-A83008-41F09Y"}},"for":{"identifier":{"value":"9990000018"}},)"
    R"("authoredOn":"2026-04-01"}}]})";

/// Reads every answer as the Bundle above.
class FixedMapper final : public mappers::Mapper {
 public:
  std::string_view name() const override { return "eps"; }
  bool recognises(const tree::Document&) const override { return false; }
  Result<mappers::Encoded> encode(const tree::Document&, const mappers::Parameters&,
                                  mapping::TraceSink*) const override {
    return make_error(ErrorCode::unsupported, "reads only");
  }
  Result<mappers::Decoded> decode(std::string_view, std::string_view, const mappers::Parameters&,
                                  mapping::TraceSink*) const override {
    CONCORD_ASSIGN(tree::Document bundle, json::read(kFound, symbols_));
    mappers::Decoded decoded;
    decoded.resource = std::make_shared<tree::Document>(std::move(bundle));
    return decoded;
  }

 private:
  tree::Symbols symbols_;
};

class TrackerSearchTest : public testing::Test {
 protected:
  std::string target(const mappers::SearchParameters& search) {
    auto query = search_->query("Task", search, {});
    EXPECT_THAT(query, IsOk());
    return query ? query->target : std::string();
  }
  std::string found(const mappers::SearchParameters& search) {
    auto decoded = search_->found("{}", "application/json", search, {});
    EXPECT_THAT(decoded, IsOk());
    return decoded ? json::write(*decoded->resource).value_or("") : std::string();
  }
  FixedMapper mapper_;
  std::unique_ptr<mappers::Search> search_ = make_tracker_search(mapper_);
};

TEST_F(TrackerSearchTest, APrescriptionIsAskedForByItsFirstIssue) {
  const std::string expected =
      "/mm/nhs111itemdetails?prescriptionId=24F5DA-A83008-7EFE6Z&issueNumber=1";
  EXPECT_EQ(target({{"focus:identifier", "24F5DA-A83008-7EFE6Z"}}), expected);
  EXPECT_EQ(target({{"identifier",
                     "https://fhir.nhs.uk/Id/prescription-order-number|24F5DA-A83008-7EFE6Z"}}),
            expected);
  EXPECT_EQ(target({{"identifier", "24F5DA-A83008-7EFE6+"}}),
            "/mm/nhs111itemdetails?prescriptionId=24F5DA-A83008-7EFE6%2B&issueNumber=1");
}

TEST_F(TrackerSearchTest, APatientIsAskedForWithStatusAndDays) {
  EXPECT_EQ(target({{"patient:identifier", "9990000018"},
                    {"business-status", "0003"},
                    {"authored-on", "ge2026-03-01"},
                    {"authored-on", "le2026-03-31"}}),
            "/mm/nhs111itemsummary?nhsNumber=9990000018&prescriptionStatus="
            "With%20Dispenser%20-%20Active&earliestDate=20260301&latestDate=20260331");
  EXPECT_EQ(target({{"patient:identifier", "9990000018"}, {"authored-on", "2026-03-02"}}),
            "/mm/nhs111itemsummary?nhsNumber=9990000018&earliestDate=20260302&latestDate=20260302");
}

TEST_F(TrackerSearchTest, WhoAsksIsNamedInHeaders) {
  mappers::Parameters parameters;
  parameters.values = {{"from_asid", "1"}, {"user_id", "2"}};
  const auto query = search_->query("Task", {{"identifier", "A"}}, parameters);
  ASSERT_THAT(query, IsOk());
  EXPECT_THAT(query->headers, ElementsAre(Pair("Spine-From-Asid", "1"), Pair("Spine-UserId", "2")));
}

TEST_F(TrackerSearchTest, EachWrongParameterIsTold) {
  const auto issues = [&](const mappers::SearchParameters& search) {
    const auto query = search_->query("Task", search, {});
    EXPECT_THAT(query, FailsWith(ErrorCode::malformed));
    return query ? std::size_t{0} : query.error().issues.size();
  };
  EXPECT_EQ(issues({}), 1u);
  EXPECT_EQ(issues({{"business-status", "0001"}}), 1u) << "nothing says whose";
  EXPECT_EQ(issues({{"identifier", "A"}, {"identifier", "B"}}), 1u);
  EXPECT_EQ(issues({{"identifier", "https://example.org|A"}}), 1u);
  EXPECT_EQ(issues({{"identifier", ""}}), 1u);
  EXPECT_EQ(issues({{"patient:identifier", "9990000019"}}), 1u);
  EXPECT_EQ(issues({{"identifier", "A"},
                    {"business-status", "1"},
                    {"authored-on", "gt2026-01-01"},
                    {"authored-on", "s|2026-01-01"},
                    {"name", "x"}}),
            4u);
  EXPECT_THAT(search_->query("Patient", {{"identifier", "A"}}, {}),
              FailsWith(ErrorCode::unsupported));
}

TEST_F(TrackerSearchTest, WhatIsNotAskedForIsTakenOut) {
  EXPECT_THAT(found({{"patient:identifier", "9990000018"}}), HasSubstr("\"total\":2"));
  const std::string one =
      found({{"patient:identifier", "9990000018"}, {"business-status", "0006"}});
  EXPECT_THAT(one, HasSubstr("\"total\":1"));
  EXPECT_THAT(one, HasSubstr("E3E6FA"));
  EXPECT_THAT(one, Not(HasSubstr("24F5DA")));
  EXPECT_THAT(found({{"identifier", "24f5da-a83008-7efe6z"}}), HasSubstr("\"total\":1"));
  const std::string none =
      found({{"patient:identifier", "9990000018"}, {"authored-on", "ge2026-05-01"}});
  EXPECT_THAT(none, HasSubstr("\"total\":0"));
  EXPECT_THAT(none, Not(HasSubstr("entry")));
}

}  // namespace
}  // namespace concord::eps
