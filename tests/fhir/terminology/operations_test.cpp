// Codes in their systems, names, expansions, look-ups, subsumption, translation.

#include "fhir/terminology/detail/builtins.h"
#include "fhir/terminology/detail/text.h"
#include "tests/fhir/terminology/terms.h"

namespace concord::terminology {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// ---- codes and names

TEST(Codes, StandAsTheirSystemSays) {
  constexpr std::string_view kSupplement = R"({"resourceType": "CodeSystem", "status": "active",
    "url": "http://example.org/cs/more", "content": "supplement",
    "supplements": "http://example.org/cs/animals",
    "concept": [{"code": "bird", "designation": [{"language": "cy", "value": "Aderyn"}],
                 "property": [{"code": "wings", "valueInteger": 2}]}]})";
  const Terms terms({kAnimals, kSupplement});
  const auto standing = [&](std::string_view system, std::string_view code,
                            std::string_view version = {}) {
    return terms->check({system, code, {}, version}).standing;
  };
  EXPECT_EQ(standing(kSystem, "dog"), Standing::valid);
  EXPECT_EQ(standing(kSystem, "unicorn"), Standing::unknown_code);
  EXPECT_EQ(standing(kSystem, "dog", "1.2.0"), Standing::valid);
  EXPECT_EQ(standing(kSystem, "dog", "7.0.0"), Standing::unknown_version);
  EXPECT_EQ(standing("http://example.org/none", "dog"), Standing::unknown_system);
  EXPECT_EQ(standing({}, "dog"), Standing::no_system);
  EXPECT_EQ(standing("http://snomed.info/sct", "22298006"), Standing::not_checked);
  EXPECT_EQ(standing("http://example.org/cs/more", "bird"), Standing::supplement);
  EXPECT_EQ(standing("http://hl7.org/fhir/ValueSet/administrative-gender", "male"),
            Standing::value_set);
  EXPECT_EQ(standing("http://terminology.hl7.org/CodeSystem/v2-0203", "NNGBR"), Standing::valid);
  EXPECT_EQ(standing("http://terminology.hl7.org/CodeSystem/v2-0203", "NNQQQ"),
            Standing::unknown_code);
  EXPECT_TRUE(terms->check({kSystem, "dodo", {}, {}}).inactive);
  EXPECT_TRUE(terms->check({kSystem, "animal", {}, {}}).abstract);
  // What the supplement adds is there.
  EXPECT_EQ(terms->check({kSystem, "bird", "Aderyn", {}}, "cy").display, DisplayStanding::right);
  const auto bird = terms->lookup({kSystem, "bird", {}, {}});
  ASSERT_THAT(bird, IsOk());
  EXPECT_EQ(bird->properties.back().code, "wings");
}

TEST(Displays, FoldCaseAndKnowLanguages) {
  const Terms terms({kAnimals});
  const auto standing = [&](std::string_view display, std::string_view language) {
    return terms->check({kSystem, "dog", display, {}}, language).display;
  };
  EXPECT_EQ(standing("dOG", {}), DisplayStanding::right);
  EXPECT_EQ(standing("Hund", {}), DisplayStanding::right) << "any language when none is asked for";
  EXPECT_EQ(standing("Hund", "de-CH"), DisplayStanding::right);
  EXPECT_EQ(standing("Hund", "en-GB"), DisplayStanding::wrong);
  EXPECT_EQ(standing(" dog ", "en"), DisplayStanding::white_space);
  EXPECT_EQ(standing("Cat", "en"), DisplayStanding::wrong);
  EXPECT_EQ(standing("Dog", "fr"), DisplayStanding::default_language);
  EXPECT_EQ(standing("Chien", "fr"), DisplayStanding::none_in_language);
  EXPECT_EQ(standing({}, "en"), DisplayStanding::unknown);
  EXPECT_THAT(terms->check({kSystem, "dog", "Cat", {}}, "en").displays, ElementsAre("Dog"));
}

TEST(Displays, OfTheValueSetAreAsGood) {
  const std::string set = value_set("x", R"("include": [{"system": "http://example.org/cs/animals",
      "concept": [{"code": "dog", "display": "Our dog"}, {"code": "bird"}]}])");
  const Terms terms({kAnimals, set});
  const auto at = [&](std::string_view display) {
    return terms->contains("http://example.org/vs/x", {kSystem, "dog", display, {}}, "en")
        .code.display;
  };
  EXPECT_EQ(at("our dog"), DisplayStanding::right);
  EXPECT_EQ(at("Dog"), DisplayStanding::right);
  EXPECT_EQ(at("Cat"), DisplayStanding::wrong);
}

// ---- built in

TEST(BuiltIn, MimeTypes) {
  using detail::is_mime_type;
  for (const std::string_view good :
       {"application/json", "Application/FHIR+JSON", "application/fhir+xml; fhirVersion=4.0",
        "text/plain;charset=\"utf-8\"", "application/vnd.oasis.opendocument.text", "x-custom/thing",
        "image/svg+xml", "multipart/form-data; boundary=\"a \\\" b\"; x=y"}) {
    EXPECT_TRUE(is_mime_type(good)) << good;
  }
  for (const std::string_view bad :
       {"", "json", "application/", "/json", "appl/json", "application/js on", " text/plain",
        "text/plain;", "text/plain; charset", "text/plain; charset=\"x", "text//x"}) {
    EXPECT_FALSE(is_mime_type(bad)) << bad;
  }
}

TEST(BuiltIn, Languages) {
  using detail::is_language_tag;
  for (const std::string_view good :
       {"en", "en-GB", "cy", "zh-Hans-CN", "de-1996", "sl-rozaj-biske", "x-private", "i-klingon",
        "es-419", "en-US-u-ca-gregory", "gsw-CH"}) {
    EXPECT_TRUE(is_language_tag(good)) << good;
  }
  for (const std::string_view bad :
       {"", "e", "en-", "-en", "english", "en--GB", "qz-GB", "en-a", "e n", "en_GB"}) {
    EXPECT_FALSE(is_language_tag(bad)) << bad;
  }
}

TEST(BuiltIn, Uris) {
  using detail::is_absolute_uri;
  for (const std::string_view good :
       {"http://example.org/a?b#c", "urn:oid:1.2.840.10008", "mailto:a@example.org",
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:ietf:rfc:3986"}) {
    EXPECT_TRUE(is_absolute_uri(good)) << good;
  }
  for (const std::string_view bad :
       {"", "example.org", "urn:oid:1.02.3", "urn:oid:3.1", "urn:oid:1", "urn:uuid:c757873d",
        "http://a b", "http://x/%zz", "1http://x"}) {
    EXPECT_FALSE(is_absolute_uri(bad)) << bad;
  }
}

TEST(BuiltIn, CountriesCurrenciesAndZonesAreTables) {
  const Terms terms({});
  const auto valid = [&](std::string_view system, std::string_view code) {
    return terms->check({system, code, {}, {}}).standing == Standing::valid;
  };
  for (const std::string_view code : {"GB", "GBR", "826", "IE"}) {
    EXPECT_TRUE(valid("urn:iso:std:iso:3166", code)) << code;
  }
  EXPECT_FALSE(valid("urn:iso:std:iso:3166", "UKX"));
  for (const std::string_view code : {"GBP", "EUR", "XAU", "JPY"}) {
    EXPECT_TRUE(valid("urn:iso:std:iso:4217", code)) << code;
  }
  EXPECT_FALSE(valid("urn:iso:std:iso:4217", "EURO"));
  EXPECT_TRUE(valid("https://www.iana.org/time-zones", "Europe/London"));
  EXPECT_FALSE(valid("https://www.iana.org/time-zones", "Europe/Atlantis"));
  const auto sterling = terms->lookup({"urn:iso:std:iso:4217", "GBP", {}, {}});
  ASSERT_THAT(sterling, IsOk());
  EXPECT_EQ(sterling->display, "British Pound");
}

// ---- $expand

TEST(Expand, KeepsTheTreeOrNot) {
  const std::string set =
      value_set("all", R"("include": [{"system": "http://example.org/cs/animals"}])");
  const Terms terms({kAnimals, set});
  const auto tree = terms->expand("http://example.org/vs/all");
  ASSERT_THAT(tree, IsOk());
  std::map<std::string, std::string> parent_of;
  for (const ExpansionLine& line : tree->lines) {
    parent_of[std::string(line.code)] =
        line.parent == ExpansionLine::kTop ? "" : std::string(tree->lines[line.parent].code);
  }
  EXPECT_EQ(parent_of["puppy"], "dog");
  EXPECT_EQ(parent_of["dog"], "animal");
  EXPECT_EQ(parent_of["snake"], "animal");
  EXPECT_EQ(parent_of["animal"], "");
  EXPECT_EQ(tree->total, 6u);
  EXPECT_TRUE(tree->lines[0].abstract);
  EXPECT_THAT(tree->parameters,
              testing::Contains(testing::Pair("version", "http://example.org/cs/animals|1.2.0")));
  ExpandOptions options;
  options.exclude_nested = true;
  options.active_only = true;
  options.exclude_not_for_ui = true;
  EXPECT_THAT(codes_of(terms->expand("http://example.org/vs/all", options)),
              ElementsAre("dog", "puppy", "bird", "snake"));
}

TEST(Expand, PagesAndFilters) {
  const std::string set =
      value_set("all", R"("include": [{"system": "http://example.org/cs/animals"}])");
  const Terms terms({kAnimals, set});
  ExpandOptions page;
  page.offset = 2;
  page.count = 2;
  const auto expansion = terms->expand("http://example.org/vs/all", page);
  ASSERT_THAT(expansion, IsOk());
  EXPECT_THAT(codes_of(expansion), ElementsAre("puppy", "bird"));
  EXPECT_EQ(expansion->total, 6u);
  ExpandOptions text;
  text.filter = "D";
  EXPECT_THAT(codes_of(terms->expand("http://example.org/vs/all", text)),
              UnorderedElementsAre("dog", "dodo"));
  text.filter = "hun";
  EXPECT_THAT(codes_of(terms->expand("http://example.org/vs/all", text)), ElementsAre("dog"));
  text.filter = "og";
  EXPECT_TRUE(codes_of(terms->expand("http://example.org/vs/all", text)).empty())
      << "inside a word";
  ExpandOptions none;
  none.count = 0;
  EXPECT_TRUE(codes_of(terms->expand("http://example.org/vs/all", none)).empty());
  ExpandOptions few;
  few.max_codes = 3;
  const auto refused = terms->expand("http://example.org/vs/all", few);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::too_costly);
}

TEST(Expand, SpeaksTheLanguageAskedFor) {
  const std::string set =
      value_set("dog", R"("include": [{"system": "http://example.org/cs/animals",
      "concept": [{"code": "dog", "designation": [{"language": "fr", "value": "Chien"}]}]}])");
  const Terms terms({kAnimals, set});
  const auto display = [&](std::string language) {
    ExpandOptions options;
    options.display_language = std::move(language);
    const auto expansion = terms->expand("http://example.org/vs/dog", options);
    return expansion ? std::string(expansion->lines[0].display) : to_string(expansion.error());
  };
  EXPECT_EQ(display(""), "Dog");
  EXPECT_EQ(display("de"), "Hund");
  EXPECT_EQ(display("fr-FR, de;q=0.5"), "Chien");
  EXPECT_EQ(display("sv"), "Dog");
  ExpandOptions all;
  all.include_designations = true;
  auto expansion = terms->expand("http://example.org/vs/dog", all);
  ASSERT_THAT(expansion, IsOk());
  EXPECT_EQ(expansion->lines[0].designations.size(), 3u);
  all.designations = {"http://example.org/use|short"};
  expansion = terms->expand("http://example.org/vs/dog", all);
  ASSERT_EQ(expansion->lines[0].designations.size(), 1u);
  EXPECT_EQ(expansion->lines[0].designations[0].value, "Hond");
}

TEST(Expand, ErrorsNameTheReason) {
  const Terms terms({});
  const auto missing = terms->expand("http://example.org/vs/none");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  const auto syntax = terms->expand("http://hl7.org/fhir/ValueSet/mimetypes");
  ASSERT_FALSE(syntax.has_value());
  EXPECT_EQ(syntax.error().code, ErrorCode::too_costly);
}

TEST(Expand, AHierarchyInACircleIsListedOnce) {
  constexpr std::string_view kRound = R"({"resourceType": "CodeSystem", "status": "active",
    "content": "complete", "caseSensitive": true, "url": "http://example.org/cs/round", "concept": [
      {"code": "a", "property": [{"code": "parent", "valueCode": "b"}]},
      {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]}]})";
  const std::string set =
      value_set("round", R"("include": [{"system": "http://example.org/cs/round"}])");
  const Terms terms({kRound, set});
  EXPECT_THAT(codes_of(terms->expand("http://example.org/vs/round")),
              UnorderedElementsAre("a", "b"));
  EXPECT_EQ(*terms->subsumes("http://example.org/cs/round", {}, "a", "b"), Subsumption::subsumes);
}

// ---- $lookup, $subsumes

TEST(Lookups, TellWhatIsKnown) {
  const Terms terms({kAnimals});
  const auto dog = terms->lookup({kSystem, "dog", {}, {}}, "nl");
  ASSERT_THAT(dog, IsOk());
  EXPECT_EQ(dog->display, "Hond");
  EXPECT_EQ(dog->definition, "Best friend of people");
  ASSERT_EQ(dog->parents.size(), 1u);
  EXPECT_EQ(dog->system->code(dog->parents[0]), "animal");
  EXPECT_EQ(dog->system->code(dog->children.at(0)), "puppy");
  EXPECT_EQ(dog->designations.size(), 2u);
  EXPECT_EQ(terms->lookup({kSystem, "cat", {}, {}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(terms->lookup({"http://example.org/none", "cat", {}, {}}).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(terms->lookup({kSystem, {}, {}, {}}).error().code, ErrorCode::invalid);
  EXPECT_THAT(terms->lookup({"http://unitsofmeasure.org", "mg", {}, {}}), IsOk());
}

TEST(Subsumes, SeesBothWays) {
  const Terms terms({kAnimals});
  const auto relation = [&](std::string_view a, std::string_view b) {
    const auto result = terms->subsumes(kSystem, {}, a, b);
    return result ? std::string(subsumption_name(*result)) : to_string(result.error());
  };
  EXPECT_EQ(relation("animal", "puppy"), "subsumes");
  EXPECT_EQ(relation("puppy", "animal"), "subsumed-by");
  EXPECT_EQ(relation("dog", "dog"), "equivalent");
  EXPECT_EQ(relation("dog", "bird"), "not-subsumed");
  EXPECT_EQ(relation("bird", "dodo"), "subsumes");
  EXPECT_FALSE(terms->subsumes(kSystem, {}, "dog", "unicorn").has_value());
  EXPECT_FALSE(terms->subsumes("http://unitsofmeasure.org", {}, "mg", "g").has_value());
}

// ---- $translate

constexpr std::string_view kMap = R"({"resourceType": "ConceptMap", "status": "active",
  "url": "http://example.org/map", "sourceCanonical": "http://example.org/vs/a",
  "targetCanonical": "http://example.org/vs/b", "group": [{
    "source": "http://example.org/cs/animals", "target": "http://example.org/cs/other",
    "element": [
      {"code": "dog", "target": [
        {"code": "D", "display": "D dog", "equivalence": "equivalent",
         "product": [{"property": "kind", "system": "http://example.org/k", "value": "pet"}]},
        {"code": "W", "equivalence": "wider", "comment": "rather wide"}]},
      {"code": "bird", "target": [
        {"code": "B1", "equivalence": "equal", "dependsOn": [{"property": "size", "value": "big"}]},
        {"code": "B2", "equivalence": "equal", "dependsOn": [{"property": "size", "value": "small"}]}]},
      {"code": "dodo", "target": [{"equivalence": "unmatched"}]}],
    "unmapped": {"mode": "fixed", "code": "OTHER", "display": "Other"}}]})";

std::vector<std::string> matches(const Result<Translation>& result) {
  if (!result) return {to_string(result.error())};
  std::vector<std::string> lines;
  for (const auto& at : result->matches) {
    lines.push_back(std::string(at.equivalence) + " " + std::string(at.code));
  }
  return lines;
}

TEST(Translate, BothWays) {
  const Terms terms({kMap});
  TranslateOptions options;
  options.map = "http://example.org/map";
  const auto run = [&](std::string_view system, std::string_view code) {
    const Code one{system, code, {}, {}};
    return terms->translate({&one, 1}, options);
  };
  const auto dog = run(kSystem, "dog");
  EXPECT_THAT(matches(dog), ElementsAre("equivalent D", "wider W"));
  EXPECT_TRUE(dog->result);
  EXPECT_EQ(dog->matches[0].products.at(0).value, "pet");
  EXPECT_EQ(dog->matches[1].comment, "rather wide");
  EXPECT_THAT(matches(run(kSystem, "snake")), ElementsAre("inexact OTHER")) << "unmapped: fixed";
  const auto dodo = run(kSystem, "dodo");
  EXPECT_THAT(matches(dodo), ElementsAre("unmatched "));
  EXPECT_FALSE(dodo->result);
  EXPECT_THAT(matches(run(kSystem, "bird")), ElementsAre()) << "depends on what was not given";
  options.dependencies = {{"size", {{}, "small", {}, {}}}};
  EXPECT_THAT(matches(run(kSystem, "bird")), ElementsAre("equal B2"));
  options.reverse = true;
  EXPECT_THAT(matches(run("http://example.org/cs/other", "W")), ElementsAre("narrower dog"));
  options.target_system = "http://example.org/elsewhere";
  EXPECT_FALSE(run("http://example.org/cs/other", "W")->result);
}

TEST(Translate, FollowsOtherMapsAndChoosesAmongThem) {
  const auto unmapped = [](std::string_view name, std::string_view rest) {
    return R"({"resourceType": "ConceptMap", "status": "active", "url": "http://example.org/)" +
           std::string(name) + R"(", "sourceUri": "http://example.org/vs/s)" +
           R"(", "group": [{"source": "http://example.org/s", "target": "http://example.org/t",
             "element": [{"code": "one", "target": [{"code": "1", "equivalence": "equal"}]}],
             "unmapped": )" +
           std::string(rest) + "}]}";
  };
  const std::string first =
      unmapped("first", R"({"mode": "other-map", "url": "http://example.org/second"})");
  const std::string second = unmapped("second", R"({"mode": "provided"})");
  const std::string round =
      unmapped("round", R"({"mode": "other-map", "url": "http://example.org/round"})");
  const Terms terms({first, second, round});
  TranslateOptions options;
  options.map = "http://example.org/first";
  const Code two{"http://example.org/s", "two", {}, {}};
  EXPECT_THAT(matches(terms->translate({&two, 1}, options)), ElementsAre("equal two"));
  options.map = "http://example.org/round";
  EXPECT_FALSE(terms->translate({&two, 1}, options)->result) << "a map that leads to itself ends";
  options.map = "http://example.org/none";
  EXPECT_EQ(terms->translate({&two, 1}, options).error().code, ErrorCode::not_found);
  options.map.clear();
  EXPECT_EQ(terms->translate({&two, 1}, options).error().code, ErrorCode::invalid);
  options.source = "http://example.org/vs/s";
  const Code one{"http://example.org/s", "one", {}, {}};
  const auto all = terms->translate({&one, 1}, options);
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->matches.size(), 3u) << "one from each map";
  EXPECT_EQ(terms->translate({}, options).error().code, ErrorCode::invalid);
}

TEST(Translate, TheMapsOfR4Work) {
  const Terms terms({});
  TranslateOptions options;
  options.map = "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3";
  const Code female{"http://hl7.org/fhir/administrative-gender", "female", {}, {}};
  EXPECT_THAT(matches(terms->translate({&female, 1}, options)),
              testing::Contains(testing::HasSubstr("F")));
}

// ---- small things

TEST(Versions, FitByTheirFirstParts) {
  EXPECT_TRUE(detail::version_fits("4.0", "4.0.1"));
  EXPECT_TRUE(detail::version_fits("4.0.x", "4.0.1"));
  EXPECT_TRUE(detail::version_fits("", ""));
  EXPECT_FALSE(detail::version_fits("4.1", "4.0.1"));
  EXPECT_FALSE(detail::version_fits("4.0.1.2", "4.0.1"));
  EXPECT_FALSE(detail::version_fits("4", ""));
}

TEST(Large, ASystemPluggedInIsAskedByItsNumbers) {
  // A toy index: numbers in preorder, descendants as ranges.
  class Toy final : public LargeCodeSystem {
   public:
    std::string_view url() const noexcept override { return "http://snomed.info/sct"; }
    std::string_view version() const noexcept override { return "20260101"; }
    std::size_t size() const noexcept override { return 1'000'000; }
    Concept find(std::string_view code) const noexcept override {
      Concept value = 0;
      for (const char c : code) {
        if (c < '0' || c > '9' || value > 1'000'000) return kNoConcept;
        value = value * 10 + static_cast<Concept>(c - '0');
      }
      return !code.empty() && value < size() ? value : kNoConcept;
    }
    std::string_view code(Concept) const noexcept override { return "1"; }
    std::string_view display(Concept) const noexcept override { return "toy"; }
    bool is_a(Concept at, Concept ancestor) const override {
      return at == ancestor || descendants(ancestor).contains(at);
    }
    ConceptSet descendants(Concept at) const override {
      return ConceptSet::range(at + 1, at + 100);
    }
    Result<ConceptSet> select(const Filter& filter) const override {
      const Concept top = find(filter.value);
      if (filter.op != "is-a" || top == kNoConcept) {
        return make_error(ErrorCode::unsupported, "only is-a");
      }
      return ConceptSet::range(top, top + 1) | descendants(top);
    }
  };
  const std::string some = value_set("some", R"("include": [{"system": "http://snomed.info/sct",
      "filter": [{"property": "concept", "op": "is-a", "value": "5000"}]}])");
  const std::string all = value_set("all", R"("include": [{"system": "http://snomed.info/sct"}])");
  const Terms terms({some, all});
  terms.terms->plug(std::make_unique<Toy>());
  const auto set = terms->value_set("http://example.org/vs/some");
  EXPECT_TRUE(set->gaps().empty());
  EXPECT_EQ(set->contains("http://snomed.info/sct", "5099"), Answer::yes);
  EXPECT_EQ(set->contains("http://snomed.info/sct", "5100"), Answer::no);
  EXPECT_EQ(terms->value_set("http://example.org/vs/all")->contains("http://snomed.info/sct", "77"),
            Answer::yes);
  EXPECT_EQ(terms->check({"http://snomed.info/sct", "77", {}, {}}).standing, Standing::valid);
}

TEST(ConceptSets, Combine) {
  const ConceptSet range = ConceptSet::range(10, 200);
  const ConceptSet pieces = ConceptSet::ranges({{0, 20}, {150, 300}}, 1000);
  EXPECT_EQ((range & pieces).count(), 10u + 50u);
  EXPECT_EQ((range | pieces).count(), 300u);
  EXPECT_EQ((range - pieces).count(), 130u);
  EXPECT_EQ((pieces - range).next(11), 200u);
  EXPECT_TRUE((range - range).empty());
  EXPECT_EQ(ConceptSet::range(0, 128).next(127), 127u);
  EXPECT_EQ(ConceptSet::range(0, 128).next(128), kNoConcept);
  EXPECT_FALSE(pieces.contains(20));
  EXPECT_FALSE(ConceptSet().contains(0));
}

}  // namespace
}  // namespace concord::terminology
