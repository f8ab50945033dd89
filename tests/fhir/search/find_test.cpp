#include <gtest/gtest.h>

#include <string>

#include "tests/fhir/search/engine.h"

// Which resources a query finds. Source of each rule: hl7.org/fhir/R4/search.html.

namespace concord::search::test {
namespace {

std::string observation(const std::string& rest) {
  return R"({"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":)"
         R"("http://codes.example/a","code":"c1","display":"Heart rate"}],"text":"Pulse"})" +
         (rest.empty() ? "" : "," + rest) + "}";
}

std::string patient(const std::string& rest) {
  return R"({"resourceType":"Patient","id":"p1",)" + rest + "}";
}

// ---- token
// ---------------------------------------------------------------------------------------

TEST(Token, CodeIsFoundBySystemAndCodeByEitherAndNotByAnother) {
  const std::string one = observation("");
  EXPECT_TRUE(finds(one, "code=http://codes.example/a|c1"));
  EXPECT_TRUE(finds(one, "code=c1"));
  EXPECT_TRUE(finds(one, "code=http://codes.example/a|"));
  EXPECT_FALSE(finds(one, "code=http://codes.example/b|c1"));
  EXPECT_FALSE(finds(one, "code=|c1"));
  EXPECT_FALSE(finds(one, "code=c2"));
  EXPECT_FALSE(finds(one, "code=C1"));
  EXPECT_TRUE(finds(one, "code=c2,http://codes.example/a|c1"));
  EXPECT_FALSE(finds(one, "code=c1&code=c2"));
}

TEST(Token, CodeWithoutSystemIsFoundByAnEmptySystem) {
  const std::string one =
      R"({"resourceType":"Observation","id":"o1","code":{"coding":[{"code":"c3"}]}})";
  EXPECT_TRUE(finds(one, "code=|c3"));
  EXPECT_TRUE(finds(one, "code=c3"));
  EXPECT_FALSE(finds(one, "code=http://codes.example/a|c3"));
}

TEST(Token, TextModifierLooksIntoTextAndDisplayWithoutCase) {
  const std::string one = observation("");
  EXPECT_TRUE(finds(one, "code:text=pulse"));
  EXPECT_TRUE(finds(one, "code:text=heart"));
  EXPECT_TRUE(finds(one, "code:text=RATE"));
  EXPECT_FALSE(finds(one, "code:text=c1"));
}

TEST(Token, NotFindsWhatHasNoSuchValueAndWhatHasNone) {
  EXPECT_FALSE(finds(observation(""), "code:not=c1"));
  EXPECT_TRUE(finds(observation(""), "code:not=c2"));
  EXPECT_TRUE(finds(observation(""), "category:not=c1"));
  EXPECT_FALSE(finds(observation(""), "code:not=c2,c1"));
}

TEST(Token, MissingAsksWhetherThereIsAValue) {
  EXPECT_TRUE(finds(observation(""), "category:missing=true"));
  EXPECT_FALSE(finds(observation(""), "category:missing=false"));
  EXPECT_FALSE(finds(observation(""), "code:missing=true"));
  EXPECT_TRUE(finds(observation(""), "status:missing=false"));
}

TEST(Token, CodeElementHasTheSystemItsBindingImplies) {
  const std::string one = observation("");
  EXPECT_TRUE(finds(one, "status=final"));
  EXPECT_TRUE(finds(one, "status=http://hl7.org/fhir/observation-status|final"));
  EXPECT_TRUE(finds(one, "status=http://hl7.org/fhir/observation-status|"));
  EXPECT_TRUE(finds(one, "status=|final"));
  EXPECT_FALSE(finds(one, "status=http://hl7.org/fhir/task-status|final"));
  EXPECT_FALSE(finds(one, "status=amended"));
}

TEST(Token, BooleanAndComputedBooleanAreFound) {
  EXPECT_TRUE(finds(patient(R"("active":true)"), "active=true"));
  EXPECT_FALSE(finds(patient(R"("active":true)"), "active=false"));
  EXPECT_TRUE(finds(patient(R"("deceasedBoolean":true)"), "deceased=true"));
  EXPECT_TRUE(finds(patient(R"("deceasedDateTime":"2020-01-01")"), "deceased=true"));
  EXPECT_TRUE(finds(patient(R"("deceasedBoolean":false)"), "deceased=false"));
  EXPECT_FALSE(finds(patient(R"("active":true)"), "deceased=true"));
}

TEST(Token, IdentifierIsFoundByValueSystemAndType) {
  const std::string one =
      patient(R"("identifier":[{"type":{"coding":[{"system":"http://types.example","code":"MR"}],)"
              R"("text":"Hospital number"},"system":"http://ids.example","value":"12345"}])");
  EXPECT_TRUE(finds(one, "identifier=http://ids.example|12345"));
  EXPECT_TRUE(finds(one, "identifier=12345"));
  EXPECT_TRUE(finds(one, "identifier=http://ids.example|"));
  EXPECT_FALSE(finds(one, "identifier=|12345"));
  EXPECT_TRUE(finds(one, "identifier:of-type=http://types.example|MR|12345"));
  EXPECT_FALSE(finds(one, "identifier:of-type=http://types.example|SS|12345"));
  EXPECT_FALSE(finds(one, "identifier:of-type=http://types.example|MR|1234"));
  EXPECT_TRUE(finds(one, "identifier:text=hospital"));
}

TEST(Token, PhoneAndEmailAreTelecomOfThatSystem) {
  const std::string one = patient(R"("telecom":[{"system":"phone","value":"020 7946 0000"},)"
                                  R"({"system":"email","value":"Someone@Example.org"}])");
  EXPECT_TRUE(finds(one, "phone=020 7946 0000"));
  EXPECT_FALSE(finds(one, "email=020 7946 0000"));
  EXPECT_TRUE(finds(one, "email=someone@example.org"));
  EXPECT_TRUE(finds(one, "telecom=SOMEONE@example.org"));
  EXPECT_TRUE(finds(one, "telecom=email|someone@example.org"));
  EXPECT_FALSE(finds(one, "telecom=phone|someone@example.org"));
  EXPECT_TRUE(finds(one, "phone:missing=false"));
  EXPECT_TRUE(finds(patient(R"("telecom":[{"system":"email","value":"a@b.example"}])"),
                    "phone:missing=true"));
}

TEST(Token, ValueSetAndHierarchyModifiersUseTheTerminologyThatIsThere) {
  const std::string one = patient(R"("gender":"female")");
  EXPECT_TRUE(finds(one, "gender:in=http://hl7.org/fhir/ValueSet/administrative-gender"));
  EXPECT_FALSE(finds(one, "gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender"));
  EXPECT_FALSE(finds(one, "gender:in=http://hl7.org/fhir/ValueSet/observation-status"));
  EXPECT_TRUE(finds(patient(R"("gender":"male")"), "gender:not=female"));
  EXPECT_TRUE(
      finds(R"({"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"system":)"
            R"("http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}]}})",
            "clinical-status:below=http://terminology.hl7.org/CodeSystem/"
            "condition-clinical|active"));
  EXPECT_FALSE(
      finds(R"({"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"system":)"
            R"("http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}})",
            "clinical-status:below=http://terminology.hl7.org/CodeSystem/"
            "condition-clinical|relapse"));
  EXPECT_TRUE(
      finds(R"({"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"system":)"
            R"("http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}})",
            "clinical-status:above=http://terminology.hl7.org/CodeSystem/"
            "condition-clinical|relapse"));
}

// ---- string
// --------------------------------------------------------------------------------------

TEST(String, BeginningIsFoundWithoutCaseAndAccents) {
  const std::string one =
      patient(R"("name":[{"family":"Çelik-Śmith","given":["José  María","Ann"]}])");
  EXPECT_TRUE(finds(one, "family=celik"));
  EXPECT_TRUE(finds(one, "family=CELIK-S"));
  EXPECT_FALSE(finds(one, "family=smith"));
  EXPECT_TRUE(finds(one, "family:contains=smith"));
  EXPECT_TRUE(finds(one, "given=jose maria"));
  EXPECT_TRUE(finds(one, "given=ann"));
  EXPECT_TRUE(finds(one, "name=Ann"));
  EXPECT_TRUE(finds(one, "name=Celik"));
  EXPECT_FALSE(finds(one, "given=celik"));
}

TEST(String, ExactMeansAsWrittenAndWhole) {
  const std::string one = patient(R"("name":[{"family":"Smithson"}])");
  EXPECT_TRUE(finds(one, "family:exact=Smithson"));
  EXPECT_FALSE(finds(one, "family:exact=smithson"));
  EXPECT_FALSE(finds(one, "family:exact=Smith"));
  EXPECT_TRUE(finds(patient(R"("name":[{"family":"smith"}])"), "family:exact=smith"));
}

TEST(String, EscapedCommaIsPartOfTheValue) {
  const std::string one = patient(R"("name":[{"text":"Smith, John"}])");
  EXPECT_TRUE(finds(one, "name=Smith\\, John"));
  EXPECT_FALSE(finds(one, "name=Smith\\, Jane"));
  EXPECT_TRUE(finds(one, "name=Jones,Smith"));
}

TEST(String, AddressIsFoundByEachOfItsParts) {
  const std::string one =
      patient(R"("address":[{"line":["1 High Street"],"city":"Leeds","postalCode":"LS1 1AA"}])");
  EXPECT_TRUE(finds(one, "address=1 high"));
  EXPECT_TRUE(finds(one, "address=leeds"));
  EXPECT_TRUE(finds(one, "address-city=LEE"));
  EXPECT_TRUE(finds(one, "address-postalcode=ls1"));
  EXPECT_FALSE(finds(one, "address-city=ls1"));
}

TEST(String, TextBeyondTheBoundIsFoundByItsBeginning) {
  const std::string lorem(3000, 'x');
  const std::string one = R"({"resourceType":"Observation","id":"o","code":{"text":"t"},)"
                          R"("valueString":")" +
                          lorem + "\"}";
  EXPECT_TRUE(finds(one, "value-string=xxx"));
  EXPECT_TRUE(finds(one, "value-string=" + lorem));
  EXPECT_TRUE(finds(one, "value-string:exact=" + lorem));
}

// ---- date
// ----------------------------------------------------------------------------------------

std::string effective(const std::string& value) {
  return observation(R"("effectiveDateTime":")" + value + "\"");
}

TEST(Date, PrefixesCompareStretchesOfTime) {
  const struct {
    const char* prefix;
    bool before, within, behind;
  } rows[] = {
      {"eq", false, true, false}, {"ne", true, false, true},  {"lt", true, false, false},
      {"gt", false, false, true}, {"le", true, true, false},  {"ge", false, true, true},
      {"sa", false, false, true}, {"eb", true, false, false},
  };
  for (const auto& row : rows) {
    const std::string query = std::string("date=") + row.prefix + "2028";
    EXPECT_EQ(finds(effective("2026-06-15"), query), row.before) << query;
    EXPECT_EQ(finds(effective("2028-06-15"), query), row.within) << query;
    EXPECT_EQ(finds(effective("2030-06-15"), query), row.behind) << query;
  }
}

TEST(Date, RangeOfTwoConditionsFindsWhatOverlapsIt) {
  const std::string query = "date=gt1980-05-10&date=lt1980-05-12";
  for (const char* value :
       {"1980", "1980-05", "1980-05-11", "1980-05-11T16:32:15Z", "1980-05-11T16:32:15.500Z"}) {
    EXPECT_TRUE(finds(effective(value), query)) << value;
  }
  EXPECT_FALSE(finds(effective("1979-12-31"), query));
  EXPECT_FALSE(finds(effective("1981-01-01"), query));
  EXPECT_FALSE(
      finds(observation(R"("effectivePeriod":{"start":"1980-05-16","end":"1980-05-17"})"), query));
}

TEST(Date, MomentIsFoundInWhateverContainsIt) {
  const std::string query = "date=1980-05-16T16:32:15.500Z";
  EXPECT_TRUE(finds(effective("1980"), query));
  EXPECT_TRUE(finds(effective("1980-05"), query));
  EXPECT_TRUE(
      finds(observation(R"("effectivePeriod":{"start":"1980-05-16","end":"1980-05-17"})"), query));
  EXPECT_FALSE(finds(effective("1980-05-11"), query));
  EXPECT_FALSE(finds(effective("1980-05-16T16:32:15.400Z"), query));
  EXPECT_TRUE(finds(effective("1980-05-16T16:32:15.500Z"), query));
  EXPECT_TRUE(finds(effective("1980-05-16T17:32:15.500+01:00"), query));
}

TEST(Date, DayIsFoundByWhatContainsItAndByWhatItContains) {
  EXPECT_TRUE(finds(patient(R"("birthDate":"2000-03-03")"), "birthdate=2000-03-03"));
  EXPECT_TRUE(finds(patient(R"("birthDate":"2000-03-03")"), "birthdate=2000"));
  EXPECT_TRUE(finds(patient(R"("birthDate":"2000")"), "birthdate=2000-03-03"));
  EXPECT_FALSE(finds(patient(R"("birthDate":"2000")"), "birthdate=2001-03-03"));
  EXPECT_FALSE(finds(patient(R"("birthDate":"1999-12-31")"), "birthdate=2000"));
}

TEST(Date, PeriodWithOneEndIsOpenAtTheOther) {
  const std::string open = observation(R"("effectivePeriod":{"start":"2020-01-01"})");
  EXPECT_TRUE(finds(open, "date=ge2025"));
  EXPECT_FALSE(finds(open, "date=lt2020"));
  EXPECT_TRUE(finds(open, "date=2020"));  // it covers that year
  EXPECT_FALSE(finds(open, "date=2019"));
  const std::string until = observation(R"("effectivePeriod":{"end":"2020-01-01"})");
  EXPECT_TRUE(finds(until, "date=lt1990"));
  EXPECT_FALSE(finds(until, "date=gt2021"));
}

TEST(Date, ApproximatelyIsATenthOfTheDistanceToNow) {
  EXPECT_TRUE(finds(patient(R"("birthDate":"1985-06-01")"), "birthdate=ap1986"));
  EXPECT_FALSE(finds(patient(R"("birthDate":"1975-06-01")"), "birthdate=ap1986"));
}

TEST(Date, TimingIsFoundByItsOuterLimits) {
  const std::string one = R"({"resourceType":"ServiceRequest","id":"s","occurrenceTiming":{)"
                          R"("event":["2013-01-31","2013-03-24"]}})";
  EXPECT_TRUE(finds(one, "occurrence=ge2013-02-01"));
  EXPECT_TRUE(finds(one, "occurrence=2013"));
  EXPECT_FALSE(finds(one, "occurrence=2013-01"));
}

// ---- number, quantity
// ----------------------------------------------------------------------------

std::string quantity(const std::string& value) { return observation("\"valueQuantity\":" + value); }

TEST(Quantity, PrefixesCompareValues) {
  const struct {
    const char* prefix;
    bool low, same, high;
  } rows[] = {{"", false, true, false},   {"eq", false, true, false}, {"ne", true, false, true},
              {"lt", true, false, false}, {"gt", false, false, true}, {"le", true, true, false},
              {"ge", false, true, true},  {"sa", false, false, true}, {"eb", true, false, false}};
  for (const auto& row : rows) {
    const std::string query = std::string("value-quantity=") + row.prefix + "5";
    EXPECT_EQ(finds(quantity(R"({"value":2})"), query), row.low) << query;
    EXPECT_EQ(finds(quantity(R"({"value":5,"unit":"u","system":"s","code":"u"})"), query), row.same)
        << query;
    EXPECT_EQ(finds(quantity(R"({"value":8.0})"), query), row.high) << query;
  }
}

TEST(Quantity, PrecisionOfWhatIsAskedDecides) {
  EXPECT_TRUE(finds(quantity(R"({"value":5.4})"), "value-quantity=5"));
  EXPECT_FALSE(finds(quantity(R"({"value":5.5})"), "value-quantity=5"));
  EXPECT_TRUE(finds(quantity(R"({"value":4.5})"), "value-quantity=5"));
  EXPECT_FALSE(finds(quantity(R"({"value":5.4})"), "value-quantity=5.0"));
  EXPECT_TRUE(finds(quantity(R"({"value":5})"), "value-quantity=5.00"));
  EXPECT_TRUE(finds(quantity(R"({"value":0.002})"), "value-quantity=2e-3"));
  EXPECT_TRUE(finds(quantity(R"({"value":104})"), "value-quantity=1e2"));
  EXPECT_FALSE(finds(quantity(R"({"value":151})"), "value-quantity=1e2"));
  EXPECT_TRUE(finds(quantity(R"({"value":100.4})"), "value-quantity=gt100"));
}

TEST(Quantity, SystemAndUnitNarrow) {
  const std::string one = quantity(R"({"value":5,"system":"system1","code":"unit1"})");
  EXPECT_TRUE(finds(one, "value-quantity=5|system1"));
  EXPECT_TRUE(finds(one, "value-quantity=5|system1|unit1"));
  EXPECT_TRUE(finds(one, "value-quantity=5||unit1"));
  EXPECT_FALSE(finds(one, "value-quantity=5|system2"));
  EXPECT_FALSE(finds(one, "value-quantity=5|system1|unit2"));
  EXPECT_FALSE(finds(one, "value-quantity=5||unit2"));
  const std::string human = quantity(
      R"({"value":72,"unit":"beats/minute","system":"http://unitsofmeasure.org","code":"/min"})");
  EXPECT_TRUE(finds(human, "value-quantity=72||beats/minute"));
  EXPECT_TRUE(finds(human, "value-quantity=72||/min"));
}

TEST(Quantity, UcumUnitsAreComparedInBaseUnits) {
  const std::string one =
      quantity(R"({"value":5.4,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"})");
  EXPECT_TRUE(finds(one, "value-quantity=5.4|http://unitsofmeasure.org|mg"));
  EXPECT_TRUE(finds(one, "value-quantity=0.0054|http://unitsofmeasure.org|g"));
  EXPECT_TRUE(finds(one, "value-quantity=gt5|http://unitsofmeasure.org|mg"));
  EXPECT_TRUE(finds(one, "value-quantity=lt1|http://unitsofmeasure.org|g"));
  EXPECT_TRUE(finds(one, "value-quantity=ge0.0054|http://unitsofmeasure.org|g"));
  EXPECT_FALSE(finds(one, "value-quantity=5.4|http://unitsofmeasure.org|g"));
  EXPECT_FALSE(finds(one, "value-quantity=5.4|http://unitsofmeasure.org|mL"));
  const std::string warm =
      quantity(R"({"value":37,"system":"http://unitsofmeasure.org","code":"Cel"})");
  EXPECT_TRUE(finds(warm, "value-quantity=310.15|http://unitsofmeasure.org|K"));
  const std::string score =
      quantity(R"({"value":10,"system":"http://unitsofmeasure.org","code":"{score}"})");
  EXPECT_TRUE(finds(score, "value-quantity=10|http://unitsofmeasure.org|{score}"));
  EXPECT_FALSE(finds(score, "value-quantity=10|http://unitsofmeasure.org|{tablet}"));
}

TEST(Quantity, ComparatorOpensAnEnd) {
  const std::string below = quantity(R"({"value":5,"comparator":"<"})");
  EXPECT_TRUE(finds(below, "value-quantity=lt3"));
  EXPECT_FALSE(finds(below, "value-quantity=gt5"));
  EXPECT_FALSE(finds(below, "value-quantity=5"));
  const std::string above = quantity(R"({"value":5,"comparator":">="})");
  EXPECT_TRUE(finds(above, "value-quantity=gt100"));
}

TEST(Quantity, RangeAndMoneyAreFound) {
  const std::string risk = R"({"resourceType":"RiskAssessment","id":"r","prediction":[)"
                           R"({"probabilityDecimal":0.25}]})";
  EXPECT_TRUE(finds(risk, "probability=0.25"));
  EXPECT_TRUE(finds(risk, "probability=gt0.2"));
  EXPECT_TRUE(finds(risk, "probability=ap0.26"));
  EXPECT_FALSE(finds(risk, "probability=ap0.3"));
  const std::string invoice = R"({"resourceType":"Invoice","id":"i","status":"issued","totalNet":{)"
                              R"("value":12.50,"currency":"GBP"}})";
  EXPECT_TRUE(finds(invoice, "totalnet=12.50|urn:iso:std:iso:4217|GBP"));
  EXPECT_FALSE(finds(invoice, "totalnet=12.50|urn:iso:std:iso:4217|EUR"));
  const std::string onset =
      R"({"resourceType":"Condition","id":"c","onsetRange":{"low":{"value":30,)"
      R"("system":"http://unitsofmeasure.org","code":"a"},"high":{"value":40,"system":)"
      R"("http://unitsofmeasure.org","code":"a"}}})";
  EXPECT_TRUE(finds(onset, "onset-age=gt35|http://unitsofmeasure.org|a"));
  EXPECT_FALSE(finds(onset, "onset-age=gt40|http://unitsofmeasure.org|a"));
}

// ---- reference
// -----------------------------------------------------------------------------------

TEST(Reference, IsFoundByIdTypeAndIdAndUrl) {
  const std::string one = observation(R"("subject":{"reference":"Patient/123"})");
  EXPECT_TRUE(finds(one, "subject=Patient/123"));
  EXPECT_TRUE(finds(one, "subject=123"));
  EXPECT_TRUE(finds(one, "subject:Patient=123"));
  EXPECT_TRUE(finds(one, "patient=123"));
  EXPECT_TRUE(finds(one, "patient=Patient/123"));
  EXPECT_TRUE(finds(one, "subject=https://here.example/FHIR/R4/Patient/123"));
  EXPECT_TRUE(finds(one, "subject=Patient/123/_history/4"));
  EXPECT_FALSE(finds(one, "subject=Group/123"));
  EXPECT_FALSE(finds(one, "subject:Group=123"));
  EXPECT_FALSE(finds(one, "subject=https://there.example/FHIR/R4/Patient/123"));
  EXPECT_FALSE(finds(one, "subject=124"));
}

TEST(Reference, PatientIsASubjectOfThatTypeOnly) {
  const std::string group = observation(R"("subject":{"reference":"Group/123"})");
  EXPECT_FALSE(finds(group, "patient=123"));
  EXPECT_FALSE(finds(group, "patient=Group/123"));
  EXPECT_TRUE(finds(group, "patient:missing=true"));
  EXPECT_TRUE(finds(group, "subject:missing=false"));
}

TEST(Reference, AbsoluteAndUrnReferencesAreFoundAsTheyStand) {
  const std::string far =
      observation(R"("subject":{"reference":"https://there.example/Patient/9"})");
  EXPECT_TRUE(finds(far, "subject=https://there.example/Patient/9"));
  EXPECT_FALSE(finds(far, "subject=Patient/9"));
  EXPECT_TRUE(finds(far, "patient=https://there.example/Patient/9"));
  const std::string here =
      observation(R"("subject":{"reference":"https://here.example/FHIR/R4/Patient/9"})");
  EXPECT_TRUE(finds(here, "subject=Patient/9"));
  const std::string urn =
      observation(R"("subject":{"reference":"urn:uuid:6b0f3a0c-0000-4000-8000-000000000001"})");
  EXPECT_TRUE(finds(urn, "subject=urn:uuid:6b0f3a0c-0000-4000-8000-000000000001"));
}

TEST(Reference, VersionOfAStoredReferenceIsIgnored) {
  EXPECT_TRUE(finds(observation(R"("subject":{"reference":"Patient/123/_history/2"})"),
                    "subject=Patient/123"));
}

TEST(Reference, ContainedIsNotFound) {
  EXPECT_TRUE(finds(observation(R"("subject":{"reference":"#p"})"), "subject:missing=true"));
}

TEST(Reference, IdentifierIsFoundWhetherOrNotThereIsAReference) {
  const std::string one = observation(
      R"("subject":{"type":"Patient","identifier":{"system":"http://ids.example","value":"77"}})");
  EXPECT_TRUE(finds(one, "subject:identifier=http://ids.example|77"));
  EXPECT_TRUE(finds(one, "subject:identifier=77"));
  EXPECT_TRUE(finds(one, "subject:identifier=http://ids.example|"));
  EXPECT_FALSE(finds(one, "subject:identifier=78"));
  EXPECT_TRUE(finds(one, "subject:missing=false"));
}

TEST(Reference, CanonicalIsFoundWithItsVersionOrWithout) {
  const std::string one = R"({"resourceType":"PlanDefinition","id":"p","library":[)"
                          R"("http://lib.example/Library/a|1.0"]})";
  EXPECT_TRUE(finds(one, "depends-on=http://lib.example/Library/a"));
  EXPECT_TRUE(finds(one, "depends-on=http://lib.example/Library/a|1.0"));
  EXPECT_FALSE(finds(one, "depends-on=http://lib.example/Library/a|2.0"));
}

TEST(Reference, ComposedResourceOfADocumentIsALink) {
  const std::string one =
      R"({"resourceType":"Bundle","id":"b","type":"document","entry":[{"resource":)"
      R"({"resourceType":"Composition","id":"c7"}}]})";
  EXPECT_TRUE(finds(one, "composition=Composition/c7"));
  EXPECT_TRUE(finds(one, "composition=c7"));
  EXPECT_FALSE(finds(one, "composition=c8"));
}

// ---- uri and meta
// --------------------------------------------------------------------------------

TEST(Uri, ProfileIsFoundWithoutVersionOrAsWritten) {
  const auto with = [](const std::string& profile) {
    return R"({"resourceType":"Observation","id":"o","meta":{"profile":[")" + profile + "\"]}}";
  };
  const std::string url = "http://profiles.example/lab";
  EXPECT_TRUE(finds(with(url), "_profile=" + url));
  EXPECT_TRUE(finds(with(url + "|2"), "_profile=" + url));
  EXPECT_TRUE(finds(with(url + "|1#f"), "_profile=" + url));
  EXPECT_TRUE(finds(with(url + "|1#f"), "_profile=" + url + "|1"));
  EXPECT_TRUE(finds(with(url + "|1#f"), "_profile=" + url + "|1#f"));
  EXPECT_FALSE(finds(with(url + "|2"), "_profile=" + url + "|1"));
  EXPECT_FALSE(finds(with(url + "-alt"), "_profile=" + url));
  EXPECT_TRUE(finds(with(url), "_profile:below=http://profiles.example/"));
  EXPECT_TRUE(finds(with(url), "_profile:below=http://profiles.example"));
}

TEST(Uri, BelowAndAboveFollowThePath) {
  const std::string one =
      R"({"resourceType":"ValueSet","id":"v","url":"http://acme.example/fhir/ValueSet/a"})";
  EXPECT_TRUE(finds(one, "url=http://acme.example/fhir/ValueSet/a"));
  EXPECT_FALSE(finds(one, "url=http://acme.example/fhir/ValueSet/A"));
  EXPECT_FALSE(finds(one, "url=http://acme.example/fhir"));
  EXPECT_TRUE(finds(one, "url:below=http://acme.example/fhir"));
  EXPECT_FALSE(finds(one, "url:below=http://acme.example/fh"));
  EXPECT_TRUE(finds(one, "url:below=http"));
  const std::string urn = R"({"resourceType":"ValueSet","id":"v","url":"urn://acme.example/a"})";
  EXPECT_TRUE(finds(urn, "url=urn://acme.example/a"));
  EXPECT_FALSE(finds(urn, "url:below=urn"));
  EXPECT_FALSE(finds(urn, "url:below=urn://acme.example"));
  EXPECT_TRUE(finds(one, "url:above=http://acme.example/fhir/ValueSet/a/b/c"));
  EXPECT_TRUE(finds(one, "url:above=http://acme.example/fhir/ValueSet/a"));
  EXPECT_FALSE(finds(one, "url:above=http://acme.example/fhir"));
}

TEST(Meta, TagSecuritySourceAndIdAreFoundOnEveryType) {
  const std::string one =
      R"({"resourceType":"Flag","id":"f1","meta":{"source":"http://src.example#1",)"
      R"("tag":[{"system":"http://tags.example","code":"t"}],"security":[{"code":"R"}]}})";
  EXPECT_TRUE(finds(one, "_tag=http://tags.example|t"));
  EXPECT_TRUE(finds(one, "_security=R"));
  EXPECT_TRUE(finds(one, "_source=http://src.example#1"));
  EXPECT_TRUE(finds(one, "_id=x,f1"));
  EXPECT_FALSE(finds(one, "_id=f2"));
  EXPECT_FALSE(finds(one, "_id:not=f1,f2"));
}

// ---- composite
// -----------------------------------------------------------------------------------

constexpr const char* kPressure =
    R"("component":[{"code":{"coding":[{"system":"http://loinc.org",)"
    R"("code":"8480-6"}]},"valueQuantity":{"value":107,"unit":"mmHg","system":)"
    R"("http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org",)"
    R"("code":"8462-4"}]},"valueQuantity":{"value":60,"unit":"mmHg","system":)"
    R"("http://unitsofmeasure.org","code":"mm[Hg]"}}])";

TEST(Composite, BothPartsMustStandInTheSameComponent) {
  const std::string one = observation(kPressure);
  EXPECT_TRUE(finds(one, "component-code-value-quantity=8480-6$107"));
  EXPECT_TRUE(finds(one, "component-code-value-quantity=http://loinc.org|8480-6$107"));
  EXPECT_TRUE(finds(
      one,
      "combo-code-value-quantity=http://loinc.org|8480-6$107|http://unitsofmeasure.org|mm[Hg]"));
  EXPECT_FALSE(finds(one, "combo-code-value-quantity=http://loinc.org|8480-6$60"));
  EXPECT_FALSE(finds(one, "component-code-value-quantity=http://other.example|8480-6$107"));
  EXPECT_FALSE(finds(one, "component-code-value-quantity=|8480-6$107"));
  EXPECT_TRUE(finds(one, "component-code-value-quantity=8462-4$lt80,8480-6$gt140"));
}

TEST(Composite, OfTheRootIsBothConditions) {
  const std::string one =
      quantity(R"({"value":10,"system":"http://unitsofmeasure.org","code":"{score}"})");
  EXPECT_TRUE(finds(one, "code-value-quantity=c1$10"));
  EXPECT_TRUE(finds(one,
                    "code-value-quantity=http://codes.example/a|c1$eq10|"
                    "http://unitsofmeasure.org|{score}"));
  EXPECT_FALSE(finds(one,
                     "code-value-quantity=http://codes.example/a|c1$ne10|"
                     "http://unitsofmeasure.org|{score}"));
  EXPECT_FALSE(finds(one, "code-value-quantity=unknown|c1$10"));
  EXPECT_TRUE(finds(one, "combo-code-value-quantity=c1$10"));
  EXPECT_TRUE(finds(observation(R"("valueString":"Blue eyes")"), "code-value-string=c1$blue"));
  EXPECT_FALSE(finds(observation(R"("valueString":"Blue")"), "code-value-string=c1$Bluenot"));
  EXPECT_TRUE(finds(observation(R"("valueDateTime":"2020-05-01")"), "code-value-date=c1$2020"));
}

TEST(Composite, RelationOfDocumentsIsTargetAndCode) {
  const std::string one =
      R"({"resourceType":"DocumentReference","id":"d","relatesTo":[{"code":)"
      R"("transforms","target":{"reference":"DocumentReference/a"}},{"code":"replaces","target":)"
      R"({"reference":"DocumentReference/b"}}]})";
  EXPECT_TRUE(finds(one, "relationship=DocumentReference/b$replaces"));
  EXPECT_TRUE(finds(one, "relationship=b$replaces"));
  EXPECT_TRUE(finds(one,
                    "relationship=DocumentReference/b$"
                    "http://hl7.org/fhir/document-relationship-type|replaces"));
  EXPECT_FALSE(finds(one, "relationship=DocumentReference/a$replaces"));
  EXPECT_FALSE(finds(one, "relationship=DocumentReference/b$appends"));
}

TEST(Composite, ContextOfUseIsCodeAndValue) {
  const std::string one =
      R"({"resourceType":"PlanDefinition","id":"p","useContext":[{"code":{"system":)"
      R"("http://c.example","code":"age"},"valueRange":{"low":{"value":18}}},{"code":{"code":"focus"},)"
      R"("valueCodeableConcept":{"coding":[{"code":"asthma"}]}}]})";
  EXPECT_TRUE(finds(one, "context-type-quantity=age$gt20"));
  EXPECT_FALSE(finds(one, "context-type-quantity=focus$gt20"));
  EXPECT_TRUE(finds(one, "context-type-value=focus$asthma"));
  EXPECT_FALSE(finds(one, "context-type-value=age$asthma"));
}

}  // namespace
}  // namespace concord::search::test
