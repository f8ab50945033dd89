#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "fhir/search/criteria_text.h"
#include "tests/fhir/search/engine.h"
#include "tests/support/result_matchers.h"

namespace concord::search::test {
namespace {

std::string text_of(const Result<Query>& query) {
  return query ? to_text(query->where.front(), true) : to_string(query.error());
}

template <typename T>
const T* only(const Result<Query>& query) {
  return query ? std::get_if<T>(&query->where.front().is) : nullptr;
}

// ---- what is asked for -----------------------------------------------------------------------

TEST(Parse, EmptyQueryAsksForEverythingOfItsType) {
  const auto query = parse("Patient", "");
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->types, std::vector<std::string>{"Patient"});
  ASSERT_EQ(query->where.size(), 1u);
  EXPECT_EQ(text_of(query), "all()");
  EXPECT_EQ(query->count, 20u);
  EXPECT_TRUE(query->sort.empty());
  EXPECT_FALSE(query->total_asked);
}

TEST(Parse, ParametersThatMeanTheSameElementShareItsKey) {
  EXPECT_EQ(text_of(parse("Observation", "value-quantity=5")).substr(0, 30),
            text_of(parse("Observation", "value-quantity=5")).substr(0, 30));
  const auto keys = [](std::string_view query) {
    const auto parsed = parse("Patient", query);
    return text_of(parsed).substr(0, std::string("token 00000000").size());
  };
  EXPECT_EQ(keys("phone=1"), keys("telecom=1"));
  EXPECT_EQ(keys("email=1"), keys("telecom=1"));
  const auto patient = parse("Observation", "patient=1"),
             subject = parse("Observation", "subject=1");
  ASSERT_NE(only<LinkIs>(patient), nullptr);
  ASSERT_NE(only<LinkIs>(subject), nullptr);
  EXPECT_EQ(only<LinkIs>(patient)->key, only<LinkIs>(subject)->key);
  EXPECT_EQ(only<LinkIs>(patient)->targets.size(), 1u);
  EXPECT_GT(only<LinkIs>(subject)->targets.size(), 1u);
  const auto combo = parse("Observation", "combo-code=c");
  ASSERT_NE(only<Any>(combo), nullptr);
  EXPECT_EQ(to_text(only<Any>(combo)->of.front()),
            to_text(parse("Observation", "code=c")->where[0]));
}

TEST(Parse, KeysOfDifferentTypesDiffer) {
  EXPECT_NE(text_of(parse("Patient", "identifier=1")),
            text_of(parse("Practitioner", "identifier=1")));
}

TEST(Parse, CommasAreOrAndRepeatsAreAnd) {
  const auto any = parse("Patient", "gender=male,female");
  ASSERT_NE(only<Any>(any), nullptr);
  EXPECT_EQ(only<Any>(any)->of.size(), 2u);
  const auto all = parse("Patient", "gender=male&active=true");
  ASSERT_NE(only<All>(all), nullptr);
  EXPECT_EQ(only<All>(all)->of.size(), 2u);
}

TEST(Parse, ChainFollowsALinkToATypeThatHasTheParameter) {
  const auto typed = parse("Observation", "subject:Patient.family=Smith");
  ASSERT_NE(only<Chain>(typed), nullptr) << text_of(typed);
  EXPECT_EQ(only<Chain>(typed)->types, std::vector<std::string>{"Patient"});
  EXPECT_NE(std::get_if<TextIs>(&only<Chain>(typed)->inner.front().is), nullptr);

  const auto open = parse("Observation", "subject.identifier=1");
  ASSERT_NE(only<Chain>(open), nullptr);
  EXPECT_EQ(only<Chain>(open)->types,
            (std::vector<std::string>{"Device", "Group", "Location", "Patient"}));
  ASSERT_EQ(only<Chain>(open)->inner.size(), 1u);

  const auto narrowed = parse("Observation", "patient.birthdate=1980");
  ASSERT_NE(only<Chain>(narrowed), nullptr);
  EXPECT_EQ(only<Chain>(narrowed)->types, std::vector<std::string>{"Patient"});

  const auto family = parse("Observation", "subject.family=Smith");
  ASSERT_NE(only<Chain>(family), nullptr);
  EXPECT_EQ(only<Chain>(family)->types, std::vector<std::string>{"Patient"});
}

TEST(Parse, ChainWithNegationAsksEachTypeApart) {
  const auto query = parse("Observation", "subject.identifier:not=1");
  ASSERT_NE(only<Any>(query), nullptr) << text_of(query);
  for (const Condition& one : only<Any>(query)->of) {
    const Chain* chain = std::get_if<Chain>(&one.is);
    ASSERT_NE(chain, nullptr);
    EXPECT_EQ(chain->types.size(), 1u);
  }
}

TEST(Parse, ChainsOfTwoLinksNest) {
  const auto query = parse("Observation", "subject:Patient.organization.name=Acme");
  ASSERT_NE(only<Chain>(query), nullptr) << text_of(query);
  const Chain* inner = std::get_if<Chain>(&only<Chain>(query)->inner.front().is);
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->types, std::vector<std::string>{"Organization"});
}

TEST(Parse, ChainMayEndInAnId) {
  const auto query = parse("Observation", "subject:Patient._id=7");
  ASSERT_NE(only<Chain>(query), nullptr) << text_of(query);
  EXPECT_NE(std::get_if<IdIs>(&only<Chain>(query)->inner.front().is), nullptr);
}

TEST(Parse, TypeMayBeAskedForInAChainAndBesideAType) {
  const auto chain = parse("Observation", "subject._type=Patient");
  ASSERT_NE(only<Chain>(chain), nullptr) << text_of(chain);
  EXPECT_EQ(only<Chain>(chain)->types, std::vector<std::string>{"Patient"});
  EXPECT_EQ(text_of(parse("Observation", "subject._type=Practitioner")), "any()");
  EXPECT_EQ(text_of(parse("Patient", "_type=Patient")), "all()");
  EXPECT_EQ(text_of(parse("Patient", "_type=Observation")), "any()");
}

TEST(Parse, ReferenceToNoKnownTypeFindsNothingWhenLenient) {
  EXPECT_EQ(text_of(parse("Patient", "organization=organization/1", Handling::lenient)), "any()");
  EXPECT_THAT(parse("Patient", "organization=organization/1"), FailsWith(ErrorCode::malformed));
}

TEST(Parse, HasAsksForResourcesThatLeadHere) {
  const auto query = parse("Patient", "_has:Observation:subject:code=8867-4");
  ASSERT_NE(only<Reverse>(query), nullptr) << text_of(query);
  EXPECT_EQ(only<Reverse>(query)->type, "Observation");
  EXPECT_NE(std::get_if<TokenIs>(&only<Reverse>(query)->inner.front().is), nullptr);

  const auto nested = parse("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=x");
  ASSERT_NE(only<Reverse>(nested), nullptr) << text_of(nested);
  EXPECT_NE(std::get_if<Reverse>(&only<Reverse>(nested)->inner.front().is), nullptr);

  const auto inside =
      parse("Observation", "subject:Patient._has:Encounter:patient:status=finished");
  ASSERT_NE(only<Chain>(inside), nullptr) << text_of(inside);

  EXPECT_EQ(text_of(parse("Organization", "_has:Observation:patient:code=1")), "any()");
}

TEST(Parse, ListAsksForTheEntriesOfAList) {
  const auto query = parse("Patient", "_list=42");
  ASSERT_NE(only<Reverse>(query), nullptr) << text_of(query);
  EXPECT_EQ(only<Reverse>(query)->type, "List");
  EXPECT_THAT(parse("AllergyIntolerance", "_list=$current-allergies"),
              FailsWith(ErrorCode::unsupported));
}

TEST(Parse, LastUpdatedAndIdNeedNoRows) {
  const auto since = parse("Patient", "_lastUpdated=ge2020-01-01");
  ASSERT_NE(only<UpdatedIs>(since), nullptr);
  EXPECT_EQ(only<UpdatedIs>(since)->comparison, Comparison::ge);
  EXPECT_EQ(only<UpdatedIs>(since)->high - only<UpdatedIs>(since)->low, 86'400'000);
  const auto ids = parse("Patient", "_id=a,b");
  ASSERT_NE(only<IdIs>(ids), nullptr);
  EXPECT_EQ(only<IdIs>(ids)->ids, (std::vector<std::string>{"a", "b"}));
}

TEST(Parse, SearchOfTheWholeSystemTakesItsTypes) {
  const auto query = parse("", "_type=Patient,Observation&_id=1");
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->types, (std::vector<std::string>{"Observation", "Patient"}));
  EXPECT_EQ(query->where.size(), 2u);
  const auto every = parse("", "_tag=x");
  ASSERT_THAT(every, IsOk());
  EXPECT_GT(every->types.size(), 140u);
  EXPECT_THAT(parse("", "_type=Patient,Observation&birthdate=2000"),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(parse("", "_type=Nothing"), FailsWith(ErrorCode::malformed));
}

TEST(Parse, CompartmentNarrowsToItsMembers) {
  Parameters::Reading reading;
  reading.compartment = Compartment{"Patient", "123"};
  const auto one = engine().parameters->parse("Observation", {}, reading);
  ASSERT_THAT(one, IsOk());
  const Any* any = std::get_if<Any>(&one->where.front().is);
  ASSERT_NE(any, nullptr);
  for (const Condition& link : any->of) {
    ASSERT_NE(std::get_if<LinkIs>(&link.is), nullptr);
    EXPECT_EQ(std::get_if<LinkIs>(&link.is)->targets,
              std::vector<std::int64_t>{resource_hash("Patient", "123")});
  }
  const auto all = engine().parameters->parse("", {}, reading);
  ASSERT_THAT(all, IsOk());
  EXPECT_NE(std::find(all->types.begin(), all->types.end(), "Patient"), all->types.end());
  EXPECT_EQ(std::find(all->types.begin(), all->types.end(), "Organization"), all->types.end());
  const auto types = engine().parameters->compartment_types("Patient");
  EXPECT_NE(std::find(types.begin(), types.end(), "Observation"), types.end());
  EXPECT_EQ(std::find(types.begin(), types.end(), "Location"), types.end());
  EXPECT_TRUE(engine().parameters->compartment_types("Nothing").empty());
  const auto outside = engine().parameters->parse("Location", {}, reading);
  ASSERT_THAT(outside, IsOk());
  EXPECT_EQ(to_text(outside->where.front()), "any()");
}

// ---- what the answer is to be ----------------------------------------------------------------

TEST(Parse, ControlsAreRead) {
  const auto query = parse("Patient",
                           "_count=5&_total=accurate&_summary=data&_elements=name,birthDate&"
                           "_sort=-birthdate,family,_id,_lastUpdated&_cursor=abc&_format=json");
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->count, 5u);
  EXPECT_EQ(query->total, TotalMode::accurate);
  EXPECT_TRUE(query->total_asked);
  EXPECT_EQ(query->summary, SummaryMode::data);
  EXPECT_EQ(query->elements, (std::vector<std::string>{"name", "birthDate"}));
  EXPECT_EQ(query->cursor, "abc");
  ASSERT_EQ(query->sort.size(), 1u);
  ASSERT_EQ(query->sort[0].size(), 4u);
  EXPECT_EQ(query->sort[0][0].by, SortKey::By::value);
  EXPECT_EQ(query->sort[0][0].kind, IndexKind::period);
  EXPECT_TRUE(query->sort[0][0].descending);
  EXPECT_EQ(query->sort[0][1].kind, IndexKind::text);
  EXPECT_EQ(query->sort[0][2].by, SortKey::By::id);
  EXPECT_EQ(query->sort[0][3].by, SortKey::By::updated);
  EXPECT_EQ(query->used.size(), 6u);  // all but the cursor
}

TEST(Parse, CountIsBounded) {
  EXPECT_EQ(parse("Patient", "_count=0")->count, 0u);
  EXPECT_EQ(parse("Patient", "_count=100000")->count, 200u);
  EXPECT_EQ(parse("Patient", "_count=99999999999999999999999")->count, 200u);
  for (const char* wrong : {"_count=-1", "_count=ten", "_count=", "_count=1.5"}) {
    EXPECT_THAT(parse("Patient", wrong), FailsWith(ErrorCode::malformed)) << wrong;
  }
}

TEST(Parse, IncludesAreReadAndChecked) {
  const auto query = parse("Observation",
                           "_include=Observation:subject&_include:iterate=Patient:organization&"
                           "_revinclude=DiagnosticReport:result&_include=*&_include=Observation:"
                           "patient:Patient");
  ASSERT_THAT(query, IsOk());
  ASSERT_EQ(query->includes.size(), 5u);
  EXPECT_FALSE(query->includes[0].iterate);
  EXPECT_EQ(query->includes[0].source_type, "Observation");
  EXPECT_EQ(query->includes[0].keys.size(), 1u);
  EXPECT_TRUE(query->includes[0].types.empty());
  EXPECT_TRUE(query->includes[1].iterate);
  EXPECT_TRUE(query->includes[2].reverse);
  EXPECT_TRUE(query->includes[3].source_type.empty());
  EXPECT_TRUE(query->includes[3].keys.empty());
  EXPECT_EQ(query->includes[4].types, std::vector<std::string>{"Patient"});
  EXPECT_EQ(query->includes[4].keys, query->includes[0].keys);
  for (const char* wrong :
       {"_include=Patient:organization:NotAResourceType", "_include=Nothing:organization",
        "_include=Patient:nothing", "_include=Patient:name", "_include=Patient",
        "_include:sometimes=Patient:organization", "_include=Patient:organization:Observation",
        "_include=a:b:c:d", "_revinclude="}) {
    EXPECT_THAT(parse("Patient", wrong), FailsWith(ErrorCode::malformed)) << wrong;
  }
}

// ---- mistakes --------------------------------------------------------------------------------

TEST(Parse, ValuesThatCannotBeReadAreMalformedAndNotRepeated) {
  const struct {
    const char* type;
    const char* query;
  } rows[] = {
      {"Patient", "birthdate=***"},
      {"Patient", "birthdate=1973-02-30"},
      {"Patient", "birthdate=xx2000"},
      {"Patient", "birthdate=2000-13"},
      {"Patient", "birthdate=2000-01-01T25:00:00Z"},
      {"Patient", "birthdate=20000101"},
      {"Patient", "birthdate=eq"},
      {"Patient", "birthdate:exact=2000"},
      {"Patient", "gender:exact=male"},
      {"Patient", "gender:missing=perhaps"},
      {"Patient", "gender:=male"},
      {"Patient", "gender=|"},
      {"Patient", "gender:in=http://nothing.example"},
      {"Patient", "gender:below=female"},
      {"Patient", "identifier:of-type=a|b"},
      {"Patient", "gender:of-type=a|b|c"},
      {"Patient", "family:text=x"},
      {"Patient", "general-practitioner:Nothing=1"},
      {"Patient", "general-practitioner=Nothing/1"},
      {"Patient", "organization:Organization.nothing=1"},
      {"Patient", "organization:Nothing.name=1"},
      {"Patient", "organization:Patient.name=1"},
      {"Patient", "gender.name=1"},
      {"Patient", "organization.=1"},
      {"Patient", "_has:Observation:subject=1"},
      {"Patient", "_has:Nothing:subject:code=1"},
      {"Patient", "_has:Observation:nothing:code=1"},
      {"Patient", "_has:Observation:subject:nothing=1"},
      {"Patient", "_sort=nothing"},
      {"Patient", "_sort=identifier"},
      {"Patient", "_sort=-"},
      {"Patient", "_total=some"},
      {"Patient", "_summary=perhaps"},
      {"Patient", "_lastUpdated=yesterday"},
      {"Patient", "_id:exact=1"},
      {"Patient", "nothing=1"},
      {"Patient", "family="},
      {"Patient", "family=,"},
      {"Observation", "value-quantity=five"},
      {"Observation", "value-quantity=5|a|b|c"},
      {"Observation", "value-quantity=zz5"},
      {"Observation", "code-value-quantity=1"},
      {"Observation", "code-value-quantity=1$2$3"},
      {"Observation", "code-value-quantity=c$"},
      {"Observation", "code-value-quantity:missing=true"},
      {"Observation", "component-code-value-quantity=http://a.example|$1"},
      {"RiskAssessment", "probability=high"},
      {"Nothing", "a=b"},
  };
  for (const auto& row : rows) {
    const auto query = parse(row.type, row.query);
    EXPECT_THAT(query, FailsWith(ErrorCode::malformed)) << row.type << "?" << row.query;
    if (query) continue;
    const std::string said = to_string(query.error());
    for (const char* value : {"***", "1973", "perhaps", "five", "yesterday"}) {
      EXPECT_EQ(said.find(value), std::string::npos) << said;
    }
  }
}

TEST(Parse, MistakesNameTheParameter) {
  const auto query = parse("Patient", "birthdate=***");
  ASSERT_FALSE(query.has_value());
  EXPECT_EQ(query.error().issues.front().text,
            "search parameter 'birthdate': it is no date or time (it is compared with "
            "Patient.birthDate)");
  EXPECT_EQ(query.error().issues.front().expression, "http.birthdate");
  const auto chained = parse("Observation", "patient.birthdate:missing=perhaps");
  ASSERT_FALSE(chained.has_value());
  EXPECT_EQ(chained.error().issues.front().expression, "http.birthdate");
  const auto count = parse("Patient", "_count=many");
  ASSERT_FALSE(count.has_value());
  EXPECT_EQ(count.error().issues.front().expression, "http._count");
  const auto strange = parse("Patient", "<script>=1");
  ASSERT_FALSE(strange.has_value());
  EXPECT_EQ(to_string(strange.error()), "malformed: search parameter '?' is not known for Patient");
}

TEST(Parse, LenientPassesOverWhatNobodyKnows) {
  const auto query =
      parse("Patient", "nothing=1&gender=male&_sort=identifier&family=", Handling::lenient);
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->issues.size(), 3u);
  EXPECT_EQ(query->issues[0].severity, Severity::warning);
  EXPECT_EQ(query->issues[0].text, "search parameter 'nothing' is not known for Patient");
  ASSERT_EQ(query->used.size(), 2u);
  EXPECT_EQ(query->used[0].first, "gender");
  EXPECT_THAT(parse("Patient", "birthdate=***", Handling::lenient),
              FailsWith(ErrorCode::malformed));
}

TEST(Parse, WhatIsNotServedIsSaidSo) {
  for (const char* query : {"_text=a", "_content=a", "_filter=name eq a", "_query=x",
                            "_contained=true", "_containedType=container"}) {
    for (const Handling handling : {Handling::strict, Handling::lenient}) {
      EXPECT_THAT(parse("Patient", query, handling), FailsWith(ErrorCode::unsupported)) << query;
    }
  }
  EXPECT_THAT(parse("Patient", "_contained=false"), IsOk());
}

TEST(Parse, CostIsBounded) {
  std::string many;
  for (int at = 0; at < 31; ++at) many += "gender=male&";
  EXPECT_THAT(parse("Patient", many), FailsWith(ErrorCode::too_costly));
  std::string values = "gender=a";
  for (int at = 0; at < 50; ++at) values += ",a";
  EXPECT_THAT(parse("Patient", values), FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(parse("Observation", "subject:Patient.organization.partof.name=1"),
              FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(parse("Patient",
                    "_has:Observation:subject:_has:AuditEvent:entity:_has:Provenance:"
                    "target:agent=1"),
              FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(parse("Patient", "_include=*&_include=*&_include=*&_include=*&_include=*&_include=*"),
              FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(parse("Patient", "language:in=http://hl7.org/fhir/ValueSet/all-types"), IsOk());
}

// ---- of the whole room -----------------------------------------------------------------------

TEST(Parameters, ViewsListWhatATypeIsFoundBy) {
  const auto views = engine().parameters->of_type("Patient");
  const auto birth = std::find_if(views.begin(), views.end(), [](const ParameterView& view) {
    return view.code == "birthdate";
  });
  ASSERT_NE(birth, views.end());
  EXPECT_EQ(birth->type, "date");
  EXPECT_EQ(birth->url, "http://hl7.org/fhir/SearchParameter/individual-birthdate");
  EXPECT_TRUE(std::is_sorted(views.begin(), views.end(),
                             [](const auto& a, const auto& b) { return a.code < b.code; }));
  EXPECT_TRUE(std::none_of(views.begin(), views.end(),
                           [](const ParameterView& view) { return view.code == "_text"; }));
  const auto includes = engine().parameters->includes_of("Patient");
  EXPECT_EQ(includes, (std::vector<std::string>{"Patient:general-practitioner", "Patient:link",
                                                "Patient:organization"}));
  EXPECT_TRUE(engine().parameters->of_type("Nothing").empty());
}

TEST(Parameters, VersionIsTheSameForTheSameParametersAndAnotherForOthers) {
  Parameters::Sources sources;
  sources.definitions = engine().definitions.get();
  sources.functions = &engine().functions;
  const auto again = Parameters::compile(sources);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->version(), engine().parameters->version());
  const tree::Document more = resource(
      R"({"resourceType":"SearchParameter","url":"http://sp.example/nickname","code":"nickname",)"
      R"("base":["Patient"],"type":"string","expression":"Patient.name.where(use='nickname').given"})");
  sources.more = {&more};
  const auto other = Parameters::compile(sources);
  ASSERT_THAT(other, IsOk());
  EXPECT_NE(other->version(), engine().parameters->version());
  Parameters::Reading reading;
  reading.handling = Handling::strict;
  EXPECT_THAT(other->parse("Patient", {{"nickname", "Jo"}}, reading), IsOk());
  const tree::Document patient =
      resource(R"({"resourceType":"Patient","name":[{"use":"official","given":["Joanna"]},)"
               R"({"use":"nickname","given":["Jo"]}]})");
  const auto values = other->extract(patient, patient.root());
  ASSERT_THAT(values, IsOk());
  const auto jo = other->parse("Patient", {{"nickname:exact", "Jo"}}, reading);
  const auto joanna = other->parse("Patient", {{"nickname:exact", "Joanna"}}, reading);
  EXPECT_TRUE(meets(*values, "", jo->where.front()));
  EXPECT_FALSE(meets(*values, "", joanna->where.front()));
}

TEST(Parameters, OneOfAPackageTakesThePlaceOfItsNamesake) {
  Parameters::Sources sources;
  sources.definitions = engine().definitions.get();
  sources.functions = &engine().functions;
  const tree::Document more = resource(
      R"({"resourceType":"SearchParameter","url":"http://sp.example/family","code":"family",)"
      R"("base":["Patient"],"type":"string","expression":"Patient.contact.name.family"})");
  sources.more = {&more};
  const auto other = Parameters::compile(sources);
  ASSERT_THAT(other, IsOk());
  const auto views = other->of_type("Patient");
  EXPECT_TRUE(std::any_of(views.begin(), views.end(), [](const ParameterView& view) {
    return view.code == "family" && view.url == "http://sp.example/family";
  }));
}

TEST(Parameters, BadOneOfAPackageIsNotServedAndTakesNobodysPlace) {
  Parameters::Sources sources;
  sources.definitions = engine().definitions.get();
  sources.functions = &engine().functions;
  const tree::Document unknown =
      resource(R"({"resourceType":"SearchParameter","url":"http://sp.example/bad","code":"bad",)"
               R"("base":["Patient"],"type":"string","expression":"Patient.nothing"})");
  const tree::Document namesake = resource(
      R"({"resourceType":"SearchParameter","url":"http://sp.example/family","code":"family",)"
      R"("base":["Patient"],"type":"quantity","expression":"Patient.name.family"})");
  sources.more = {&unknown, &namesake};
  const auto made = Parameters::compile(sources);
  ASSERT_THAT(made, IsOk());
  const auto left_out = made->not_served();
  const auto bad = std::find_if(left_out.begin(), left_out.end(),
                                [](const NotServed& one) { return one.code == "bad"; });
  ASSERT_NE(bad, left_out.end());
  EXPECT_EQ(bad->type, "Patient");
  EXPECT_EQ(bad->why, "there is no element 'Patient.nothing'");
  EXPECT_THAT(made->parse("Patient", {{"bad", "x"}}, {}), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(made->parse("Patient", {{"family", "x"}}, {}), IsOk());
}

}  // namespace
}  // namespace concord::search::test
