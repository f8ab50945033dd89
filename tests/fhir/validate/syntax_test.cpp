// What reading for validation says of how a resource is written. Severities, ids and numbers of
// findings are those of the reference validator unless a line says otherwise.
#include "fhir/validate/syntax.h"

#include <gmock/gmock.h>

#include "fhir/json/writer.h"
#include "tests/fhir/validate/validating.h"
#include "tests/support/trees.h"

namespace concord::validate {
namespace {

std::string told(const tree::Reading& reading) {
  std::string lines;
  for (const auto& finding : reading.findings) {
    if (!lines.empty()) lines += " | ";
    if (finding.severity != Severity::error) {
      lines += std::string(severity_name(finding.severity)) + " ";
    }
    lines += std::string(finding.message_id) + " " + finding.path;
  }
  return lines;
}

tree::Reading read(std::string text, SyntaxOptions options = {}) {
  return read_for_validation(std::move(text), r4().definitions, options);
}

struct Case {
  const char* text;
  const char* told;
};

void check(const Case& one) {
  const auto reading = read(one.text);
  EXPECT_EQ(told(reading), one.told) << one.text;
  // What is left holds to the definitions, so no later check has the same to say.
  if (!reading.document) {
    ASSERT_FALSE(reading.findings.empty());
    return;
  }
  auto written = json::write(*reading.document);
  if (written) {
    EXPECT_EQ(told(read(*written)), "") << *written;
  }
}

#define P R"({"resourceType":"Patient",)"

TEST(JsonSyntax, TextThatIsNearlyJsonIsReadAndEachMistakeReported) {
  for (const Case& one : {
           Case{P R"("active":true})", ""},
           {"\xEF\xBB\xBF" P R"("active":true})", ""},
           {"// c\n" P R"("active":true})", "JSON_COMMENTS_NOT_ALLOWED Patient"},
           {P "\n// a\n// b\n\"active\":true}",
            "JSON_COMMENTS_NOT_ALLOWED Patient.active | JSON_COMMENTS_NOT_ALLOWED Patient.active"},
           {P "/* c */\"active\":true}", "JSON_COMMENTS_NOT_ALLOWED Patient.active"},
           {P "\"active\":true}\n// the end", "JSON_COMMENTS_NOT_ALLOWED Patient"},
           {P R"("active":true,})", "JSON_COMMA_EXTRA Patient"},
           {P "\"active\":true, // c\n }",
            "JSON_COMMA_EXTRA Patient | JSON_COMMENTS_NOT_ALLOWED Patient"},
           {P R"("name":[{"family":"x"},]})", "JSON_COMMA_EXTRA Patient.name"},
           {P R"("name":[{"given":["x" , ]}]})", "JSON_COMMA_EXTRA Patient.name[0].given"},
           {R"({"resourceType":"Patient" "active":true})", "JSON_COMMA_MISSING Patient.active"},
           {P R"("name":[{"family":"x"}{"family":"y"}]})", "JSON_COMMA_MISSING Patient.name[1]"},
           {P R"("name":[{"given":["x" "y"]}]})", "JSON_COMMA_MISSING Patient.name[0].given[1]"},
           {P R"(active:true})", "JSON_PROPERTY_NO_QUOTES Patient.active"},
           {P R"("gender":male})", "JSON_PROPERTY_VALUE_NO_QUOTES Patient.gender"},
           {P R"("name":[{"given":[x,y]}]})",
            "JSON_PROPERTY_VALUE_NO_QUOTES Patient.name[0].given[0] | "
            "JSON_PROPERTY_VALUE_NO_QUOTES Patient.name[0].given[1]"},
           {P R"("active":True})",
            "Error_parsing_JSON_the_primitive_value_must_be_a_boolean Patient.active | "
            "JSON_PROPERTY_VALUE_NO_QUOTES Patient.active"},
           {P R"("maritalStatus":x})", "This_property_must_be__not_ Patient.maritalStatus"},
           {P "active:true \"gender\":male,}",
            "JSON_PROPERTY_NO_QUOTES Patient.active | JSON_COMMA_MISSING Patient.gender | "
            "JSON_PROPERTY_VALUE_NO_QUOTES Patient.gender | JSON_COMMA_EXTRA Patient"},
           // The reference lets these two pass.
           {P "\"name\":[{\"family\":\"a\tb\"}]}",
            "warning Error_parsing_JSON_ Patient.name[0].family"},
           {P R"("name":[{"family":"a\u0000b"}]})",
            "warning UNICODE_XML_BAD_CHARS Patient.name[0].family"},
           {P R"("name":[{"family":"a\ud800b"}]})", "Error_parsing_JSON_ Patient.name[0].family"},
           {P R"("name":[{"family":"a\udc00b"}]})", "Error_parsing_JSON_ Patient.name[0].family"},
       }) {
    check(one);
  }
}

TEST(JsonSyntax, NumbersThatAreNoneStayAsWrittenForTheChecksOfTheirType) {
  for (const char* number : {"01", "1.", "-", "1e400", "-0", "1e", "00.5"}) {
    const auto reading = read(std::string(P R"("multipleBirthInteger":)") + number + "}");
    EXPECT_EQ(told(reading), "");
    ASSERT_TRUE(reading.document);
    EXPECT_EQ(reading.document->root().first_child()->text(), number);
    EXPECT_EQ(reading.document->root().first_child()->kind(), tree::Kind::number);
  }
}

TEST(JsonSyntax, WhatCannotBeMendedIsOneFatalFinding) {
  for (const Case& one : {
           Case{"", "fatal Error_parsing_JSON_ "},
           {"[{\"resourceType\":\"Patient\"}]", "fatal Error_parsing_JSON_ "},
           {P R"("active":true} x)", "fatal Error_parsing_JSON_ "},
           {P R"("active":true}})", "fatal Error_parsing_JSON_ "},
           {P R"(,"active":true})", "fatal Error_parsing_JSON_ "},
           {P R"("active" true})", "fatal Error_parsing_JSON_ "},
           {P R"("active":true)", "fatal Error_parsing_JSON_ "},
           {P R"("name":[{"family":"x})", "fatal Error_parsing_JSON_ "},
           {P R"("name":[{"family":"a\xb"}]})", "fatal Error_parsing_JSON_ "},
           {P R"("name":[{"family":'a'}]})", "fatal Error_parsing_JSON_ "},
           {P "/* \"active\":true}", "fatal Error_parsing_JSON_ "},
           {P "/ \"active\":true}", "fatal Error_parsing_JSON_ "},
           {P "\"name\":[{\"family\":\"\xE9\"}]}", "fatal Error_parsing_JSON_ "},
           {"{'resourceType':'Patient'}", "fatal Error_parsing_JSON_ "},
       }) {
    check(one);
  }
}

TEST(JsonSyntax, ResourceTypeIsThereAStringAndKnown) {
  for (
      const Case& one : {
          Case{R"({"active":true,"resourceType":"Patient"})", ""},
          {R"({"id":"x"})", "fatal Unable_to_find_resourceType_property "},
          {R"({"resourceType":1})", "fatal RESOURCETYPE_PROPERTY_WRONG_TYPE resourceType"},
          {R"({"resourceType":null})", "fatal RESOURCETYPE_PROPERTY_WRONG_TYPE resourceType"},
          {R"({"resourceType":{"a":1}})", "fatal RESOURCETYPE_PROPERTY_WRONG_TYPE resourceType"},
          {R"({"resourceType":"Foo"})",
           "fatal This_does_not_appear_to_be_a_FHIR_resource_unknown_name_ Foo"},
          {R"({"resourceType":"HumanName"})",
           "fatal This_does_not_appear_to_be_a_FHIR_resource_unknown_name_ HumanName"},
          {P R"("name":[{"resourceType":"HumanName","family":"x"}]})",
           "Unrecognised_property_ Patient.name[0]"},
          {P R"("contained":[{"id":"a"}]})",
           "fatal Unable_to_find_resourceType_property Patient.contained[0]"},
          {P R"("contained":[{"resourceType":"Foo","id":"a"}]})",
           "fatal Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_ "
           "Patient.contained[0]"},
          {P R"("contained":[{"resourceType":7,"id":"a"},{"resourceType":"Patient","id":"b"}]})",
           "fatal RESOURCETYPE_PROPERTY_WRONG_TYPE Patient.contained[0].resourceType"},
          {P R"("contained":["x"]})", "This_property_must_be__not_ Patient.contained[0]"},
          {P R"("resourceType":"Patient"})", "DUPLICATE_JSON_PROPERTY_KEY Patient"},
          {R"({"resourceType":"ExampleScenario","status":"draft","instance":[{"resourceId":"a","resourceType":"Patient"}]})",
           ""},
          {R"({"resourceType":"CapabilityStatement","rest":[{"mode":"server","resource":[{"resourceType":"Patient","type":"Patient"}]}]})",
           "Unrecognised_property_ CapabilityStatement.rest[0].resource[0]"},
      }) {
    check(one);
  }
}

TEST(JsonSyntax, MembersAreKnownOnceAndOfTheirShape) {
  for (const Case& one : {
           Case{P R"("foo":{"bar":[]},"fhir_comments":["x"]})",
                "Unrecognised_property_ Patient | Unrecognised_property_ Patient"},
           {P R"("foo":null,"bar":[]})",
            "Unrecognised_property_ Patient | Unrecognised_property_ Patient"},
           {P R"("":1})", "Unrecognised_property_ Patient"},
           {P R"("gender":"male","gender":"female"})", "DUPLICATE_JSON_PROPERTY_KEY Patient"},
           {P R"("name":[{"family":"x"}],"name":[{"bad":1}]})",
            "DUPLICATE_JSON_PROPERTY_KEY Patient"},
           {P R"("deceasedBoolean":true,"deceasedDateTime":"2020-01-01"})",
            "Unrecognised_property_ Patient"},
           {P R"("deceasedString":"x"})", "Unrecognised_property_ Patient"},
           {P R"("deceased":true})", "Unrecognised_property_ Patient"},
           {P R"("name":[]})", "ARRAY_CANNOT_BE_EMPTY Patient.name"},
           // An error by the standard; the reference lets it pass.
           {P R"("name":[{"given":[]}]})", "warning ARRAY_CANNOT_BE_EMPTY Patient.name[0].given"},
           {P R"("name":[{}]})", "Object_must_have_some_content Patient.name[0]"},
           {P R"("maritalStatus":{}})", "Object_must_have_some_content Patient.maritalStatus"},
           {P R"("gender":null})", "This_property_must_be_an_simple_value_not_ Patient.gender"},
           {P R"("maritalStatus":null})", "This_property_must_be__not_ Patient.maritalStatus"},
           {P R"("name":null})",
            "This_property_must_be__not_ Patient.name | "
            "This_property_must_be_an_Array_not_ Patient.name"},
           {P R"("name":[{"given":null,"family":"x"}]})",
            "This_property_must_be_an_Array_not_ Patient.name[0].given"},
           {P R"("contained":[{}]})",
            "Object_must_have_some_content Patient.contained[0] | "
            "fatal Unable_to_find_resourceType_property Patient.contained[0]"},
           {P R"("name":[{"_given":[{}]}]})",
            "Object_must_have_some_content Patient.name[0].given[0]"},
           {P R"("name":[{"given":[null],"_given":[{}]}]})",
            "Object_must_have_some_content Patient.name[0].given[0]"},
           {P R"("name":[{"family":"x"},null]})", "JSON_PROPERTY_INVALID_ARRAY Patient.name[1]"},
           {P R"("name":[{"given":["a",null]}]})",
            "JSON_PROPERTY_INVALID_ARRAY Patient.name[0].given[1]"},
           {P R"("name":[{"given":"a"}]})",
            "This_property_must_be_an_Array_not_ Patient.name[0].given"},
           {P R"("name":{"family":"a"}})", "This_property_must_be_an_Array_not_ Patient.name"},
           {P R"("gender":["male","female"]})",
            "This_property_must_be_an_simple_value_not_ Patient.gender[0]"},
           {P R"("maritalStatus":[{"text":"x"}]})",
            "This_property_must_be__not_ Patient.maritalStatus[0]"},
           {P R"("maritalStatus":"x","name":["y"]})",
            "This_property_must_be__not_ Patient.maritalStatus | "
            "This_property_must_be__not_ Patient.name[0]"},
           {P R"("gender":{"a":1}})", "This_property_must_be_an_simple_value_not_ Patient.gender"},
           {P R"("name":[[{"family":"x"}]]})", "This_property_must_be__not_ Patient.name[0]"},
           {P R"("name":[{"given":[["x"]]}]})",
            "This_property_must_be__not_ Patient.name[0].given[0]"},
       }) {
    check(one);
  }
}

TEST(JsonSyntax, PrimitivesHaveTheJsonTypeOfTheirTypeAndKeepTheirValue) {
  for (const Case& one : {
           Case{P R"("active":"true"})",
                "Error_parsing_JSON_the_primitive_value_must_be_a_boolean Patient.active"},
           {P R"("multipleBirthInteger":"3"})",
            "Error_parsing_JSON_the_primitive_value_must_be_a_number "
            "Patient.multipleBirthInteger"},
           {P R"("birthDate":1980})",
            "Error_parsing_JSON_the_primitive_value_must_be_a_string Patient.birthDate"},
           {P R"("name":[{"family":true}]})",
            "Error_parsing_JSON_the_primitive_value_must_be_a_string Patient.name[0].family"},
       }) {
    check(one);
  }
  const auto reading = read(P R"("birthDate":1980})");
  EXPECT_EQ(*json::write(*reading.document), P R"("birthDate":"1980"})");
}

TEST(JsonSyntax, CompanionsFitTheirPrimitives) {
  for (const Case& one : {
           Case{P R"("name":[{"given":["a","b"],"_given":[{"id":"x"}]}]})", ""},
           {P R"("name":[{"_given":[null,{"id":"x"}],"given":["a","b"]}]})", ""},
           {P R"("_maritalStatus":{"id":"x"}})", "Unrecognised_property_ Patient"},
           {P R"("maritalStatus":{"text":"x"},"_maritalStatus":{"id":"x"}})",
            "Unrecognised_property_ Patient"},
           {P R"("_maritalStatus":{"id":"x"},"maritalStatus":{"text":"x"}})",
            "Unrecognised_property_ Patient"},
           {P R"("gender":"male","_gender":"x"})",
            "This_property_must_be_an_object_not_ Patient.gender"},
           {P R"("name":[{"given":["a"],"_given":{"id":"x"}}]})",
            "This_base_property_must_be_an_Array_not_ Patient.name[0].given"},
           {P R"("name":[{"_given":{"id":"x"},"given":["a"]}]})",
            "This_base_property_must_be_an_Array_not_ Patient.name[0].given"},
           {P R"("gender":"male","_gender":[{"id":"x"}]})",
            "This_property_must_be_an_object_not_ Patient.gender"},
           {P R"("_gender":[{"id":"x"}],"gender":"male"})",
            "This_property_must_be_an_object_not_ Patient.gender"},
           {P R"("name":[{"given":["a",null],"_given":[null,null]}]})",
            "JSON_PROPERTY_INVALID_ARRAY Patient.name[0].given[1]"},
           {P R"("gender":"male","_gender":{}})", "Object_must_have_some_content Patient.gender"},
           {P R"("_gender":{"value":"male"}})", "ILLEGAL_PROPERTY Patient.gender"},
           {P R"("gender":"female","_gender":{"value":"male"}})",
            "ILLEGAL_PROPERTY Patient.gender"},
           {P R"("_foo":{"id":"male"}})", "Unrecognised_property_ Patient"},
       }) {
    check(one);
  }
}

TEST(JsonSyntax, CommentsAreLetThroughWhenAllowed) {
  const auto reading =
      read("// c\n" P "/* d */\n\"active\": // e\n true}", {.allow_comments = true});
  EXPECT_EQ(told(reading), "");
  ASSERT_TRUE(reading.document);
  EXPECT_EQ(*json::write(*reading.document), P R"("active":true})");
  EXPECT_EQ(told(read("// c\n" P "\"active\": true,}", {.allow_comments = true})),
            "JSON_COMMA_EXTRA Patient");
}

TEST(JsonSyntax, PositionsAreThoseOfTheTextAsReceived) {
  const auto reading = read(
      "{\n  \"resourceType\" : \"Patient\",\n  // c\n  active : true\n  \"gender\" : male,\n"
      "  \"foo\" : 1,\n  \"birthDate\" : 1980\n}");
  std::vector<std::pair<std::string_view, Position>> places;
  for (const auto& finding : reading.findings) {
    places.emplace_back(finding.message_id, finding.position);
  }
  using Place = std::pair<std::string_view, Position>;
  EXPECT_THAT(
      places,
      testing::ElementsAre(
          Place{"JSON_COMMENTS_NOT_ALLOWED", {3, 3}}, Place{"JSON_PROPERTY_NO_QUOTES", {4, 3}},
          Place{"JSON_COMMA_MISSING", {5, 3}}, Place{"JSON_PROPERTY_VALUE_NO_QUOTES", {5, 14}},
          Place{"Unrecognised_property_", {6, 3}},
          Place{"Error_parsing_JSON_the_primitive_value_must_be_a_string", {7, 3}}));
  ASSERT_TRUE(reading.document);
  const tree::Node& birth_date = *reading.document->root().last_child();
  EXPECT_EQ(reading.document->position(birth_date), (Position{7, 3}));
}

// ---- XML
// -----------------------------------------------------------------------------------------

#define X R"(<Patient xmlns="http://hl7.org/fhir">)"
#define XS \
  R"(<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance")"

TEST(XmlSyntax, WhatOnlyFhirForbidsIsReadAndReported) {
  for (const Case& one : {
           Case{X R"(<active value="true"/></Patient>)", ""},
           {R"(<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>)", ""},
           {X R"(<active xmlns="urn:x" value="true"/></Patient>)",
            "Wrong_namespace__expected_ Patient.active"},
           {X R"(<active xmlns="" value="true"/></Patient>)",
            "Wrong_namespace__expected_ Patient.active"},
           {X R"(<foo xmlns="urn:x" value="true"/></Patient>)", "Undefined_element_ Patient"},
           {R"(<?foo bar?>)" X R"(<active value="true"/></Patient>)",
            "No_processing_instructions_allowed_in_resources Patient"},
           {X R"(<active value="true"/></Patient><?foo bar?>)",
            "No_processing_instructions_allowed_in_resources Patient"},
           {X R"(<?foo bar?><active value="true"/></Patient>)",
            "Node_type__is_not_allowed Patient"},
           {X R"(<active value="true" foo="x"/></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.active"},
           {XS R"( id="x" xsi:schemaLocation="a b"><active value="true"/></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient | "
            "Undefined_attribute__on__for_type__properties__ Patient"},
           {X R"(<name value="x"><family value="y"/></name></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.name"},
           {X R"(<name value="x"/></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.name"},
           {X R"(<name url="x"><family value="y"/></name></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.name"},
           {X R"(<name xml:lang="en"><family value="y"/></name></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.name"},
           {X R"(<name><id value="a"/><family value="y"/></name></Patient>)",
            "Undefined_element_ Patient.name"},
           {X
            R"(<extension><url value="http://a.b"/><valueString value="y"/></extension></Patient>)",
            "Undefined_element_ Patient.extension"},
           {X R"(hello<active value="true"/></Patient>)", "Text_should_not_be_present Patient"},
           {X R"(<active value="true">hello</active></Patient>)",
            "Text_should_not_be_present Patient.active"},
           {X R"(a<active value="true"/>b</Patient>)",
            "Text_should_not_be_present Patient | Text_should_not_be_present Patient"},
           {X R"(<![CDATA[x]]><active value="true"/></Patient>)", "CDATA_is_not_allowed Patient"},
           {X R"(<![CDATA[ ]]><active value="true"/></Patient>)", ""},
           {X R"(<active value="true"/><maritalStatus/></Patient>)",
            "Element_must_have_some_content Patient.maritalStatus"},
           {X R"(<active/></Patient>)", "Element_must_have_some_content Patient.active"},
           {R"(<Patient xmlns="http://hl7.org/fhir"/>)", "Element_must_have_some_content Patient"},
           {XS R"(><active xsi:type="boolean" value="true"/></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.active | "
            "information XSI_TYPE_UNNECESSARY Patient.active"},
           {XS R"(><active xsi:type="string" value="true"/></Patient>)",
            "Undefined_attribute__on__for_type__properties__ Patient.active | "
            "XSI_TYPE_WRONG Patient.active"},
           {R"(<?xml version="1.0" encoding="us-ascii"?>)" X R"(<active value="true"/></Patient>)",
            "xml_encoding_invalid Patient"},
           {X R"(<foo><bar/></foo><active value="true"/></Patient>)", "Undefined_element_ Patient"},
           {X R"(<deceasedString value="x"/></Patient>)", "Undefined_element_ Patient"},
           {X R"(<deceased value="true"/></Patient>)", "Undefined_element_ Patient"},
           {X R"(<active><value value="true"/></active></Patient>)",
            "Undefined_element_ Patient.active"},
           {X R"(<name><Patient><id value="a"/></Patient></name></Patient>)",
            "Undefined_element_ Patient.name"},
       }) {
    check(one);
  }
}

TEST(XmlSyntax, ElementsStandInTheOrderOfTheirDefinition) {
  for (
      const Case& one : {
          Case{X
               R"(<gender value="male"/><active value="true"/><birthDate value="1980"/></Patient>)",
               "Validation_VAL_Profile_OutOfOrder Patient.active"},
          {X
           R"(<name><family value="x"/></name><gender value="male"/><name><family value="y"/></name></Patient>)",
           "Validation_VAL_Profile_OutOfOrder Patient.name[1]"},
          {X R"(<birthDate value="1980"/><gender value="male"/><active value="true"/></Patient>)",
           "Validation_VAL_Profile_OutOfOrder Patient.gender | "
           "Validation_VAL_Profile_OutOfOrder Patient.active"},
          {X
           R"(<maritalStatus><text value="x"/></maritalStatus><deceasedBoolean value="true"/></Patient>)",
           "Validation_VAL_Profile_OutOfOrder Patient.deceasedBoolean"},
      }) {
    check(one);
  }
  EXPECT_EQ(
      told(read(X "<deceasedBoolean value=\"true\"/><deceasedDateTime value=\"2020\"/></Patient>")),
      "")
      << "too many is for the count of the elements";
  const auto apart = read(
      X
      R"(<name><family value="x"/></name><gender value="male"/><name><family value="y"/></name></Patient>)");
  EXPECT_EQ(*json::write(*apart.document),
            P R"("name":[{"family":"x"},{"family":"y"}],"gender":"male"})");
}

TEST(XmlSyntax, ResourcesStandAloneInTheirElement) {
  for (
      const Case& one : {
          // The reference drops the second one without a word.
          Case{
              X
              R"(<contained><Patient><id value="a"/></Patient><Patient><id value="b"/></Patient></contained></Patient>)",
              "Undefined_element_ Patient.contained"},
          {X R"(<contained/></Patient>)",
           "fatal Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_ "
           "Patient.contained"},
          {X R"(<contained><Foo><id value="a"/></Foo></contained></Patient>)",
           "fatal Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_ "
           "Patient.contained"},
          {X R"(<contained><id value="a"/></contained></Patient>)",
           "fatal Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_ "
           "Patient.contained"},
          {X R"(<contained id="x"><Patient id="y"><id value="a"/></Patient></contained></Patient>)",
           "Undefined_attribute__on__for_type__properties__ Patient.contained | "
           "Undefined_attribute__on__for_type__properties__ Patient.contained"},
          {X
           R"(<contained><Patient xmlns="urn:x"><id xmlns="http://hl7.org/fhir" value="a"/></Patient></contained></Patient>)",
           "Wrong_namespace__expected_ Patient.contained"},
      }) {
    check(one);
  }
}

TEST(XmlSyntax, WhatIsNoFhirXmlIsOneFatalFinding) {
  const auto fatal = [](const std::string& text, std::string_view id, Position position) {
    const auto reading = read(text);
    EXPECT_FALSE(reading.document) << text;
    ASSERT_EQ(reading.findings.size(), 1u) << text << told(reading);
    EXPECT_EQ(reading.findings[0].severity, Severity::fatal) << text;
    EXPECT_EQ(reading.findings[0].message_id, id) << text;
    EXPECT_EQ(reading.findings[0].position, position) << text;
  };
  constexpr std::string_view kUnknown =
      "This_does_not_appear_to_be_a_FHIR_resource_unknown_namespacename_";
  fatal("<Patient xmlns=\"urn:x\"/>", kUnknown, {1, 1});
  fatal("<Patient/>", kUnknown, {1, 1});
  fatal("<patient xmlns=\"http://hl7.org/fhir\"/>", kUnknown, {1, 1});
  fatal("\n<Foo xmlns=\"http://hl7.org/fhir\"><id value=\"a\"/></Foo>", kUnknown, {2, 1});
  fatal("<!DOCTYPE Patient>" X "</Patient>", "Error_parsing_XML_", {1, 1});
  fatal(X "\n<active value=\"true\"></Patient>", "Error_parsing_XML_", {2, 32});
  fatal(X "<gender value=\"&nbsp;\"/></Patient>", "Error_parsing_XML_", {1, 59});
  fatal(X "<gender value=\"\xE9\"/></Patient>", "Error_parsing_XML_", {1, 53});
  fatal(std::string("\xFF\xFE<\0P\0", 6), "xml_encoding_invalid", {1, 1});
}

TEST(XmlSyntax, NarrativesStandForThemselves) {
  const auto narrative = [](const std::string& text) {
    auto reading = read(text);
    if (!reading.document) return std::string("nothing");
    const tree::Node& div = *reading.document->root().first_child()->last_child();
    return told(reading) + std::string(div.text());
  };
#define T "<text><status value=\"generated\"/>"
#define H "http://www.w3.org/1999/xhtml"
  const std::string plain = "<div xmlns=\"" H "\"> <p class=\"a\">x &amp; y<!-- c --></p></div>";
  EXPECT_EQ(narrative(X T + plain + "</text></Patient>"), plain);
  EXPECT_EQ(narrative(X T + plain + "</text><foo/></Patient>"),
            "Undefined_element_ Patient" + plain);
  EXPECT_EQ(narrative("<Patient xmlns=\"http://hl7.org/fhir\" xmlns:h=\"" H "\">" T
                      "<h:div xml:lang=\"en\"><h:p title='\"'>x &lt; y<h:br/></h:p></h:div></text>"
                      "</Patient>"),
            "<div xmlns=\"" H "\" xml:lang=\"en\"><p title=\"&quot;\">x &lt; y<br/></p></div>");
  EXPECT_EQ(narrative(X T "<div><p>x</p></div></text></Patient>"),
            "<div xmlns=\"http://hl7.org/fhir\"><p>x</p></div>");
  EXPECT_EQ(narrative(X T "<div xmlns=\"" H "\"><p xmlns=\"urn:x\">x</p></div></text></Patient>"),
            "<div xmlns=\"" H "\"><p xmlns=\"urn:x\">x</p></div>");
  EXPECT_EQ(narrative(X T "<div xmlns=\"" H "\"><![CDATA[<b>x</b>]]></div></text></Patient>"),
            "<div xmlns=\"" H "\"><![CDATA[<b>x</b>]]></div>");
#undef T
#undef H
}

}  // namespace
}  // namespace concord::validate
