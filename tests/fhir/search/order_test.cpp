#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "tests/fhir/search/engine.h"
#include "tests/support/result_matchers.h"

// What _sort asks for. Source: hl7.org/fhir/R4/search.html#sort.

namespace concord::search::test {
namespace {

using By = SortKey::By;

std::vector<SortKey> order(std::string_view type, const std::string& sort) {
  const auto query = parse(type, "_sort=" + sort);
  EXPECT_THAT(query, IsOk()) << sort;
  return query && !query->sort.empty() ? query->sort.front() : std::vector<SortKey>{};
}

TEST(Order, OfCodesIsThatOfTheListTheyAreFrom) {
  const auto keys = order("Patient", "-gender");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].by, By::value);
  EXPECT_EQ(keys[0].kind, IndexKind::token);
  EXPECT_TRUE(keys[0].descending);
  EXPECT_EQ(keys[0].codes, (std::vector<std::int64_t>{index_hash("female"), index_hash("male"),
                                                      index_hash("other"), index_hash("unknown")}));
  EXPECT_EQ(order("Patient", "active")[0].codes,
            (std::vector<std::int64_t>{index_hash("false"), index_hash("true")}));
  EXPECT_EQ(order("Task", "status")[0].codes.size(), 12u);
}

TEST(Order, OfCodedElementsIsThatOfTheirWords) {
  const auto keys = order("Observation", "code");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].kind, IndexKind::text);
  const IndexValues values = values_of(
      R"({"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"c1",)"
      R"("display":"Heart rate"}],"text":"Pulse"}})");
  const auto found = std::find_if(values.texts.begin(), values.texts.end(), [&](const Text& text) {
    return text.key == keys[0].keys.front();
  });
  ASSERT_NE(found, values.texts.end());
  EXPECT_EQ(found->value, "heart rate\npulse");
}

TEST(Order, OfReferencesIsThatOfWhatTheyLeadTo) {
  const auto subject = order("Observation", "subject"), patient = order("Observation", "patient");
  ASSERT_EQ(subject.size(), 1u);
  EXPECT_EQ(subject[0].by, By::target);
  EXPECT_TRUE(subject[0].types.empty());
  ASSERT_EQ(patient.size(), 1u);
  EXPECT_EQ(patient[0].by, By::target);
  EXPECT_EQ(patient[0].keys, subject[0].keys);
  EXPECT_EQ(patient[0].types, std::vector<std::int32_t>{type_number("Patient")});
}

TEST(Order, OfQuantitiesBeginsWithThoseInBaseUnits) {
  const auto keys = order("Observation", "-value-quantity");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].kind, IndexKind::number);
  EXPECT_EQ(keys[1].kind, IndexKind::number);
  EXPECT_TRUE(keys[0].descending && keys[1].descending);
  EXPECT_NE(keys[0].keys, keys[1].keys);
  const auto low_of = [&](const std::string& value, const std::string& unit) {
    const IndexValues values =
        values_of(R"({"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},)"
                  R"("valueQuantity":{"value":)" +
                  value + R"(,"system":"http://unitsofmeasure.org","code":")" + unit + "\"}}");
    for (const Number& number : values.numbers) {
      if (number.key == keys[0].keys.front()) return number.low;
    }
    return -1.0;
  };
  EXPECT_LT(low_of("150", "cm"), low_of("1.6", "m"));
  EXPECT_LT(low_of("999", "g"), low_of("1", "kg"));
  EXPECT_EQ(order("RiskAssessment", "probability").size(), 1u);
  EXPECT_EQ(order("RiskAssessment", "probability")[0].kind, IndexKind::number);
}

TEST(Order, OfSeveralTypesIsOneOverTheValuesOfAll) {
  const auto query = parse("", "_type=Observation,DiagnosticReport&_sort=date");
  ASSERT_THAT(query, IsOk());
  ASSERT_EQ(query->sort.size(), 2u);
  for (const std::vector<SortKey>& keys : query->sort) {
    ASSERT_EQ(keys.size(), 1u);
    for (const char* type : {"Observation", "DiagnosticReport"}) {
      const std::vector<SortKey> own = order(type, "date");
      ASSERT_EQ(own.size(), 1u);
      for (const IndexKey key : own[0].keys) {
        EXPECT_THAT(keys[0].keys, testing::Contains(key)) << type;
      }
    }
  }
  EXPECT_THAT(parse("", "_type=Observation,Patient&_sort=date"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(parse("", "_type=Task,Patient&_sort=status"), FailsWith(ErrorCode::malformed));
}

TEST(Order, OfPositionsIsTheDistanceFromTheOneAskedFor) {
  // Wherever _sort stands in the query.
  for (const char* text :
       {"near=51.5|-0.1|5|km&_sort=-near,name", "_sort=-near,name&near=51.5|-0.1"}) {
    const auto query = parse("Location", text);
    ASSERT_THAT(query, IsOk()) << text;
    ASSERT_EQ(query->sort.size(), 1u);
    ASSERT_EQ(query->sort[0].size(), 2u);
    const auto* near = std::get_if<NearIs>(&query->where[0].is);
    ASSERT_NE(near, nullptr);
    const SortKey& key = query->sort[0][0];
    EXPECT_EQ(key.by, By::value);
    EXPECT_EQ(key.kind, IndexKind::number);
    EXPECT_EQ(key.keys, (std::vector<IndexKey>{near->x_key, near->y_key, near->z_key}));
    EXPECT_TRUE(key.descending);
  }
}

TEST(Order, ByDistanceFromNowhereOrFromSeveralPlacesIsNone) {
  for (const char* text : {"_sort=near", "near=1|1,2|2&_sort=near", "near=1|1&near=2|2&_sort=near",
                           "near:missing=false&_sort=near"}) {
    EXPECT_THAT(parse("Location", text), FailsWith(ErrorCode::malformed)) << text;
    const auto lenient = parse("Location", text, Handling::lenient);
    ASSERT_THAT(lenient, IsOk()) << text;
    EXPECT_TRUE(lenient->sort.empty());
    ASSERT_EQ(lenient->issues.size(), 1u);
    EXPECT_EQ(lenient->issues[0].severity, Severity::warning);
  }
  const auto other = parse("Location", "_sort=near,name", Handling::lenient);
  ASSERT_THAT(other, IsOk());
  ASSERT_EQ(other->sort.size(), 1u);
  EXPECT_EQ(other->sort[0].size(), 1u) << "the other word of the order stays";
}

TEST(Order, ThatIsNoneIsAMistakeOrPassedOver) {
  for (const char* sort : {"identifier", "telecom", "_tag,identifier"}) {
    const std::string query = "_sort=" + std::string(sort);
    EXPECT_THAT(parse("Patient", query), FailsWith(ErrorCode::malformed)) << sort;
    const auto lenient = parse("Patient", query, Handling::lenient);
    ASSERT_THAT(lenient, IsOk());
    EXPECT_EQ(lenient->issues.size(), 1u);
  }
  EXPECT_THAT(parse("Observation", "_sort=code-value-quantity"), FailsWith(ErrorCode::malformed));
}

}  // namespace
}  // namespace concord::search::test
