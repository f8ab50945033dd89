#pragma once
// R4, loaded once, and registries over it with resources of a test.

#include <gmock/gmock.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "tests/support/result_matchers.h"

namespace concord::terminology {

inline const definitions::Definitions& core() {
  struct Loaded {
    tree::Symbols symbols;
    definitions::Definitions definitions;
    Loaded() : definitions(load(symbols)) {}
    static definitions::Definitions load(tree::Symbols& symbols) {
      auto loaded = definitions::Definitions::r4(symbols);
      if (!loaded) {
        ADD_FAILURE() << to_string(loaded.error());
        std::abort();
      }
      return *std::move(loaded);
    }
  };
  static const Loaded loaded;
  return loaded.definitions;
}

/// A terminology over R4 and the given resources in JSON.
struct Terms {
  packages::Registry registry{core()};
  std::unique_ptr<Terminology> terms;

  explicit Terms(std::initializer_list<std::string_view> resources, Limits limits = {}) {
    int number = 0;
    for (const std::string_view text : resources) {
      auto added =
          registry.add_text("test-" + std::to_string(++number) + ".json", std::string(text));
      EXPECT_TRUE(added.has_value()) << (added ? "" : to_string(added.error()));
    }
    terms = std::make_unique<Terminology>(registry, limits);
  }
  const Terminology* operator->() const { return terms.get(); }
  const Terminology& operator*() const { return *terms; }
};

/// "ITEM" or "UNKNOWN item: text" of each code, in order.
inline std::vector<std::string> codes_of(const Result<Expansion>& expansion) {
  if (!expansion) return {to_string(expansion.error())};
  std::vector<std::string> codes;
  for (const ExpansionLine& line : expansion->lines) codes.emplace_back(line.code);
  return codes;
}

/// A complete code system with a hierarchy both ways and properties, of animals.
inline constexpr std::string_view kAnimals = R"({
  "resourceType": "CodeSystem", "url": "http://example.org/cs/animals", "version": "1.2.0",
  "name": "Animals", "status": "active", "content": "complete", "caseSensitive": true,
  "hierarchyMeaning": "is-a", "language": "en",
  "property": [
    {"code": "legs", "type": "integer"}, {"code": "sound", "type": "string"},
    {"code": "kin", "type": "Coding"},
    {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"}],
  "concept": [
    {"code": "animal", "display": "Animal",
     "property": [{"code": "notSelectable", "valueBoolean": true}],
     "concept": [
      {"code": "dog", "display": "Dog", "definition": "Best friend of people",
       "designation": [{"language": "de", "value": "Hund"},
                       {"language": "nl", "use": {"system": "http://example.org/use", "code": "short"},
                        "value": "Hond"}],
       "property": [{"code": "legs", "valueInteger": 4}, {"code": "sound", "valueString": "woof"}],
       "concept": [{"code": "puppy", "display": "Puppy",
                    "property": [{"code": "legs", "valueInteger": 4}]}]},
      {"code": "bird", "display": "Bird",
       "property": [{"code": "legs", "valueInteger": 2}, {"code": "sound", "valueString": "tweet"},
                    {"code": "sound", "valueString": "squawk"}]},
      {"code": "dodo", "display": "Dodo",
       "property": [{"code": "legs", "valueInteger": 2}, {"code": "inactive", "valueBoolean": true},
                    {"code": "parent", "valueCode": "bird"}]}]},
    {"code": "snake", "display": "Snake",
     "property": [{"code": "parent", "valueCode": "animal"},
                  {"code": "kin", "valueCoding": {"system": "http://example.org/cs/other",
                                                  "code": "worm"}}]}]})";

/// A value set over `compose` (JSON of its inside).
inline std::string value_set(std::string_view name, std::string_view compose) {
  return R"({"resourceType": "ValueSet", "status": "active", "name": ")" + std::string(name) +
         R"(", "url": "http://example.org/vs/)" + std::string(name) + R"(", "compose": {)" +
         std::string(compose) + "}}";
}
/// A value set of one include over the animals.
inline std::string animals(std::string_view name, std::string_view filters) {
  return value_set(name, R"("include": [{"system": "http://example.org/cs/animals", "filter": [)" +
                             std::string(filters) + "]}]");
}

inline constexpr std::string_view kSystem = "http://example.org/cs/animals";

}  // namespace concord::terminology
