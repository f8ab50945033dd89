#pragma once
/// What agreements are compiled and tried with: definitions, functions, one order to change.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/path/function_table.h"
#include "gateway/agreements/agreement_set.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::agreements {

inline std::filesystem::path cases_folder() {
  return std::filesystem::path(concord::test::source_dir()) / "gateway/agreements/cases";
}

struct World {
  tree::Symbols symbols;
  definitions::Definitions definitions;
  path::FunctionTable functions = path::FunctionTable::standard();

  World() : definitions(load(symbols)) {}

  static definitions::Definitions load(tree::Symbols& symbols) {
    auto made = definitions::Definitions::r4(symbols);
    EXPECT_THAT(made, IsOk());
    return *std::move(made);
  }

  /// A Bundle as the decision hop gets it.
  tree::Document bundle(std::string json) const {
    auto read = json::read(std::move(json), symbols);
    EXPECT_THAT(read, IsOk());
    tree::Document document = read ? *std::move(read) : tree::Document(symbols);
    tree::Builder builder(document);
    definitions::annotate(builder, definitions);
    return document;
  }

  Result<AgreementSet> compile(std::vector<Source> sources,
                               std::vector<Source> calendars = {}) const {
    return AgreementSet::compile(sources, calendars, definitions, functions);
  }
  AgreementSet compiled(std::string yaml) const { return compiled(std::vector{std::move(yaml)}); }
  AgreementSet compiled(std::vector<std::string> yaml) const {
    std::vector<Source> sources;
    for (std::string& text : yaml) {
      sources.push_back({"a" + std::to_string(sources.size()) + ".yaml", std::move(text)});
    }
    auto made = compile(sources);
    EXPECT_THAT(made, IsOk());
    return made ? *std::move(made) : AgreementSet();
  }
};

inline const World& world() {
  static const World made;
  return made;
}

inline std::string repeat_order() {
  return test::read_file(cases_folder() / "input/repeat_order.json");
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  EXPECT_NE(text.find(from), std::string::npos) << "nothing to replace: " << from;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

inline Instant utc(std::string_view text) {
  auto at = parse_instant(text);
  EXPECT_THAT(at, IsOk()) << text;
  return at ? *at : Instant{};
}

}  // namespace concord::agreements
