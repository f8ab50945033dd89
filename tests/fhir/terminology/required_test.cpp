// Every value set R4 requires can be answered without a server.

#include <set>

#include "fhir/definitions/r4_generated.h"
#include "tests/fhir/terminology/terms.h"

namespace concord::terminology {
namespace {

std::set<std::string, std::less<>> required_sets() {
  std::set<std::string, std::less<>> sets;
  for (const definitions::Type* type : core().types()) {
    if (type->is_model()) continue;
    for (const definitions::Element& element : type->elements()) {
      if (element.binding.strength == definitions::BindingStrength::required) {
        sets.emplace(element.binding.value_set);
      }
    }
  }
  return sets;
}

TEST(RequiredValueSets, AreAnsweredWithoutServer) {
  const Terms terms({});
  std::size_t listed = 0, by_syntax = 0;
  std::vector<std::string> neither;
  for (const std::string& url : required_sets()) {
    const auto set = terms->value_set(url);
    if (set == nullptr) {
      neither.push_back(url + ": not loaded");
      continue;
    }
    if (!set->gaps().empty()) {
      neither.push_back(url + ": " + set->gaps().front().text + " " + set->gaps().front().subject);
      continue;
    }
    const auto expansion = terms->expand(set);
    if (expansion && expansion->total > 0) {
      ++listed;
      // What the expansion lists is in the set, and nothing like it is.
      for (const ExpansionLine& line : expansion->lines) {
        EXPECT_EQ(set->contains(line.system, line.code), Answer::yes) << url << ' ' << line.code;
      }
      EXPECT_EQ(set->contains(expansion->lines.front().system, "no such code!"), Answer::no) << url;
      EXPECT_EQ(set->contains("http://example.org/nowhere", expansion->lines.front().code),
                Answer::no);
    } else {
      ++by_syntax;
    }
  }
  // An answer list of LOINC, which R4 names and does not publish.
  EXPECT_THAT(neither, testing::ElementsAre("http://loinc.org/vs/LL379-9: not loaded"));
  EXPECT_EQ(listed + by_syntax + neither.size(), required_sets().size());
  RecordProperty("listed", static_cast<int>(listed));
  std::cerr << "required value sets: " << listed << " listed, " << by_syntax << " by syntax, of "
            << required_sets().size() << '\n';
  EXPECT_EQ(listed, 221u);
  EXPECT_EQ(by_syntax, 2u);
}

TEST(RequiredValueSets, ThoseBySyntaxKnowRightFromWrong) {
  const Terms terms({});
  const auto holds = [&](std::string_view set, std::string_view code) {
    const auto found = terms->value_set(set);
    return found != nullptr && found->infer(code).answer == Answer::yes;
  };
  constexpr std::string_view kMime = "http://hl7.org/fhir/ValueSet/mimetypes";
  EXPECT_TRUE(holds(kMime, "application/fhir+json"));
  EXPECT_TRUE(holds(kMime, "text/plain; charset=utf-8"));
  EXPECT_TRUE(holds(kMime, "xml"));
  EXPECT_FALSE(holds(kMime, "[%payloadFormat%]"));
  EXPECT_FALSE(holds(kMime, "application"));
  constexpr std::string_view kCurrencies = "http://hl7.org/fhir/ValueSet/currencies";
  EXPECT_TRUE(holds(kCurrencies, "GBP"));
  EXPECT_FALSE(holds(kCurrencies, "GPB"));
  constexpr std::string_view kLanguages = "http://hl7.org/fhir/ValueSet/all-languages";
  EXPECT_TRUE(holds(kLanguages, "cy-GB"));
  EXPECT_FALSE(holds(kLanguages, "english"));
  constexpr std::string_view kUnits = "http://hl7.org/fhir/ValueSet/ucum-units";
  EXPECT_TRUE(holds(kUnits, "mg/dL"));
  EXPECT_FALSE(holds(kUnits, "tablets please"));
}

}  // namespace
}  // namespace concord::terminology
