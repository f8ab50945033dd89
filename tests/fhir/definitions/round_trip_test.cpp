// JSON to XML and back, and XML to JSON and back: the same resource each time.
#include <gmock/gmock.h>

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/writer.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/fhir/definitions/loaded.h"
#include "tests/support/files.h"

namespace concord::definitions {
namespace {

namespace fs = std::filesystem;

void settle(tree::Document& document) {
  tree::Builder builder(document);
  annotate(builder, r4().definitions);
  put_in_order(builder, r4().definitions);
}

/// Every node has a type and is written as JSON writes that type, so definitions say how it is
/// written in either format.
bool all_known(const tree::Document& document) {
  std::vector<const tree::Node*> open{&document.root()};
  while (!open.empty()) {
    const tree::Node& node = *open.back();
    open.pop_back();
    const Type* type = r4().definitions.type(node.type());
    if (type == nullptr || (node.has_value() && node.kind() != type->value_kind())) return false;
    for (const tree::Node& child : node.children()) {
      const Child found = type->child(child.name());
      if (found && found.element->is_array != child.is(tree::Flag::in_array)) return false;
      open.push_back(&child);
    }
  }
  return true;
}

void expect_json_survives(tree::Document from_json) {
  settle(from_json);
  const auto before = json::write(from_json);
  ASSERT_THAT(before, IsOk());
  const auto as_xml = xml::write_fhir(from_json);
  ASSERT_THAT(as_xml, IsOk());
  auto from_xml = xml::read_fhir(*as_xml, r4().symbols);
  ASSERT_THAT(from_xml, IsOk());
  settle(*from_xml);
  EXPECT_EQ(*json::write(*from_xml), *before);
  EXPECT_EQ(*xml::write_fhir(*from_xml), *as_xml);
}

void expect_xml_survives(tree::Document from_xml) {
  settle(from_xml);
  const auto before = xml::write_fhir(from_xml);
  ASSERT_THAT(before, IsOk());
  const auto as_json = json::write(from_xml);
  ASSERT_THAT(as_json, IsOk());
  auto from_json = json::read(*as_json, r4().symbols);
  ASSERT_THAT(from_json, IsOk()) << *as_json;
  settle(*from_json);
  EXPECT_EQ(*xml::write_fhir(*from_json), *before);
  EXPECT_EQ(*json::write(*from_json), *as_json);
}

TEST(RoundTrip, NumbersArraysIdsExtensionsAndNarrativeComeBackAsWritten) {
  const std::string text =
      R"({"resourceType":"Observation","id":"o","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"a &amp; b\">x &lt; y</p>\n<br/></div>"},)"
      R"("contained":[{"resourceType":"Patient","id":"p","name":[{"given":["A",null,"C"],"_given":[null,{"id":"g","extension":[{"url":"http://a.example","valueCode":"x"}]},null]}]}],)"
      R"("status":"final","code":{"text":" two  spaces\tand\nlines "},"subject":{"reference":"#p"},"_effectiveDateTime":{"extension":[{"url":"http://a.example","valueBoolean":false}]},)"
      R"("issued":"2024-02-29T10:00:00.120Z","_issued":{"id":"i"},"valueQuantity":{"value":1.10,"unit":"mg"},)"
      R"("component":[{"code":{"text":"a"},"valueQuantity":{"value":-0}},{"code":{"text":"b"},"valueQuantity":{"value":1e400}},{"code":{"text":"c"},"valueQuantity":{"value":0.000}},{"code":{"text":"d"},"valueInteger":-12}]})";
  auto document = json::read(text, r4().symbols);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(*json::write(*document), text);
  settle(*document);
  EXPECT_EQ(*json::write(*document), text) << "annotating changes nothing that JSON said";
  expect_json_survives(*std::move(document));
}

TEST(RoundTrip, XmlIsInTheOrderOfTheDefinitionAndJsonStaysAsItWas) {
  const std::string text =
      R"({"birthDate":"1970-01-01","name":[{"family":"F","use":"old"}],"resourceType":"Patient","active":true,"id":"p"})";
  auto document = json::read(text, r4().symbols);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(
      *json::write(*document),
      R"({"resourceType":"Patient","birthDate":"1970-01-01","name":[{"family":"F","use":"old"}],"active":true,"id":"p"})");
  settle(*document);
  EXPECT_EQ(
      *xml::write_fhir(*document, {.declaration = false, .indent = 0}),
      R"(<Patient xmlns="http://hl7.org/fhir"><id value="p"/><active value="true"/><name>)"
      R"(<use value="old"/><family value="F"/></name><birthDate value="1970-01-01"/></Patient>)");
  expect_json_survives(*std::move(document));
}

TEST(RoundTrip, PrimitivesWithExtensionsOnlyComeBackFromXml) {
  const std::string text =
      R"(<Patient xmlns="http://hl7.org/fhir"><name><given id="a"><extension url="http://a.example"><valueString value="x"/></extension></given><given value="B"/></name><birthDate><extension url="http://a.example"><valueString value="x"/></extension></birthDate></Patient>)";
  auto document = xml::read_fhir(text, r4().symbols);
  ASSERT_THAT(document, IsOk());
  settle(*document);
  EXPECT_EQ(
      *json::write(*document),
      R"({"resourceType":"Patient","name":[{"given":[null,"B"],"_given":[{"id":"a","extension":[{"url":"http://a.example","valueString":"x"}]},null]}],"_birthDate":{"extension":[{"url":"http://a.example","valueString":"x"}]}})");
  EXPECT_EQ(*xml::write_fhir(*document, {.declaration = false, .indent = 0}), text);
  expect_xml_survives(*std::move(document));
}

struct Folder {
  const char* name;
  std::size_t at_least;
};

TEST(RoundTrip, EveryPublishedInstanceComesBackFromTheOtherFormat) {
  const auto corpus = test::corpus("fhir");
  if (!corpus) GTEST_SKIP();
  for (const Folder folder : {Folder{"examples-r4", 224}, Folder{"validator/cases", 150},
                              Folder{"ukcore/examples", 100}}) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(*corpus / folder.name)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::size_t json_files = 0, xml_files = 0;
    for (const fs::path& file : files) {
      SCOPED_TRACE(file.string());
      // What cannot be read, or holds elements R4 does not have, is other tests' business.
      if (file.extension() == ".json" && file.filename() != "manifest.json") {
        auto document = json::read(test::read_file(file), r4().symbols);
        if (!document) continue;
        settle(*document);
        if (!all_known(*document)) continue;
        expect_json_survives(*std::move(document));
        ++json_files;
      } else if (file.extension() == ".xml") {
        auto document = xml::read_fhir(test::read_file(file), r4().symbols);
        if (!document) continue;
        settle(*document);
        if (!all_known(*document)) continue;
        expect_xml_survives(*std::move(document));
        ++xml_files;
      }
    }
    EXPECT_GE(json_files + xml_files, folder.at_least) << folder.name;
    std::cout << folder.name << ": " << json_files << " JSON, " << xml_files << " XML, of "
              << files.size() << " files\n";
  }
}

}  // namespace
}  // namespace concord::definitions
