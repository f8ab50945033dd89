// Requests read back: HL7 v3 → FHIR → HL7 v3 gives the same bytes, FHIR → HL7 v3 → FHIR loses what
// the lists beside this file name.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "fhir/json/writer.h"
#include "mappers/eps/message_kind.h"
#include "tests/mappers/eps/corpus.h"
#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

/// Requests whose HL7 v3 form is read back to the FHIR form they came from. Orders come back as
/// Spine releases them (tests/mappers/eps/answers_corpus_test.cpp).
const std::set<std::string> kReadBack{"prescription-order-update",
                                      "dispense-notification",
                                      "claim",
                                      "patient-release",
                                      "nominated-release",
                                      "return",
                                      "withdraw"};

/// Supplies of one item that did not stand side by side: the message has them under their line, so
/// the care record names them in the order of the lines afterwards. Nothing else changes.
const std::set<std::string> kCareRecordInOrderOfLines{"dispense_parts_of_one_item"};

/// The lines of a text, sorted: the same lines in another order are equal.
std::vector<std::string> lines_in_order(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

struct Sample {
  std::string name;
  std::string fhir;
  std::string v3;
  std::string kind;
  mappers::Parameters parameters;
};

/// Identities that begin anew with each copy of the parameters.
mappers::Parameters numbered_parameters(mappers::Parameters parameters) {
  parameters.uuids = [next = 0]() mutable {
    return "00000000-0000-4000-8000-00000000000" + std::string(1, static_cast<char>('0' + next++));
  };
  return parameters;
}

/// Every published request and every case of our own that is read back.
const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> made;
    const auto add = [&](std::string name, std::string fhir,
                         const mappers::Parameters& parameters) {
      Sample sample{std::move(name), std::move(fhir), {}, {}, numbered_parameters(parameters)};
      const auto encoded = translate(sample.fhir, numbered_parameters(parameters));
      if (!encoded || !kReadBack.contains(encoded->message_kind)) return;
      sample.v3 = encoded->bytes;
      sample.kind = encoded->message_kind;
      made.push_back(std::move(sample));
    };
    for (const PublishedPair& pair : published_pairs())
      add(pair.name, pair.request, pair.parameters);
    for (const fs::path& folder : case_folders()) {
      add(folder.filename().string(), concord::test::read_file(folder / "input.json"),
          case_parameters());
    }
    return made;
  }();
  return all;
}

Result<mappers::Decoded> read_back(const std::string& v3, const mappers::Parameters& parameters) {
  return World::get().mapper->decode(v3, "application/xml", parameters, nullptr);
}

std::string text_of(const mappers::Decoded& decoded) {
  auto written = json::write(*decoded.resource);
  EXPECT_THAT(written, IsOk());
  return written ? *written : std::string();
}

TEST(EpsReverse, EveryRequestIsReadAsTheMessageItIs) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    const auto decoded = read_back(sample.v3, case_parameters());
    EXPECT_THAT(decoded, IsOk());
    if (!decoded) continue;
    EXPECT_EQ(decoded->message_kind, sample.kind);
    EXPECT_EQ(decoded->status, 200);
    EXPECT_EQ(event_of(*decoded->resource).kind, message_kind(sample.kind));
    for (const Issue& loss : decoded->losses) {
      EXPECT_EQ(loss.detail_code, "not-carried") << told(loss);
    }
  }
}

TEST(EpsReverse, WhatIsReadIsWrittenAsTheSameBytes) {
  std::size_t seen = 0;
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    const auto decoded = read_back(sample.v3, case_parameters());
    ASSERT_THAT(decoded, IsOk());
    const auto encoded = translate(text_of(*decoded), numbered_parameters(sample.parameters));
    EXPECT_THAT(encoded, IsOk());
    if (!encoded) continue;
    ++seen;
    if (kCareRecordInOrderOfLines.contains(sample.name)) {
      EXPECT_NE(encoded->bytes, sample.v3) << "an exception that is none any more";
      EXPECT_EQ(lines_in_order(encoded->bytes), lines_in_order(sample.v3));
      continue;
    }
    EXPECT_EQ(encoded->bytes, sample.v3);
  }
  EXPECT_EQ(seen, samples().size());
  EXPECT_GE(seen, 23u);
}

/// Elements of a resource as path and value; the paths have types in the place of indices, and what
/// only serves references (ids, fullUrls, references) is left out.
void flatten(const tree::Document& document, const tree::Node& node, const std::string& path,
             std::multiset<std::string>& into) {
  for (const tree::Node& child : node.children()) {
    const std::string_view name = document.name(child);
    if (name == "id" || name == "fullUrl" || name == "reference" || name == "url") continue;
    std::string here = child.is(tree::Flag::resource) ? std::string(document.text(child.type()))
                                                      : path + '.' + std::string(name);
    const tree::Node* url = child.child(document.find("url"));
    if (name == "extension" && url != nullptr) {
      const std::string_view whole = url->text();
      here += '(' + std::string(whole.substr(whole.rfind('/') + 1)) + ')';
    }
    if (child.has_value()) into.insert(here + " = " + std::string(child.text()));
    flatten(document, child, here, into);
  }
}

std::multiset<std::string> flat(const tree::Document& document) {
  std::multiset<std::string> all;
  flatten(document, document.root(), std::string(document.text(document.root().type())), all);
  return all;
}

std::string path_of(const std::string& element) { return element.substr(0, element.find(" = ")); }

/// What became of the elements of the cases of one kind: the paths only, each once.
std::string changes(const std::string& kind) {
  std::set<std::string> lost, changed, added;
  for (const Sample& sample : samples()) {
    if (sample.kind != kind || sample.name.starts_with("convert")) continue;
    const auto decoded = read_back(sample.v3, case_parameters());
    EXPECT_THAT(decoded, IsOk()) << sample.name;
    if (!decoded) continue;
    const auto before = flat(typed(sample.fhir));
    const auto after = flat(*decoded->resource);
    std::vector<std::string> only_before, only_after;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(only_before));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(only_after));
    std::set<std::string> paths_after;
    for (const std::string& element : only_after) paths_after.insert(path_of(element));
    for (const std::string& element : only_before) {
      (paths_after.contains(path_of(element)) ? changed : lost).insert(path_of(element));
    }
    for (const std::string& path : paths_after) {
      if (!changed.contains(path)) added.insert(path);
    }
  }
  std::string text;
  for (const std::string& path : lost) text += "lost     " + path + "\n";
  for (const std::string& path : changed) text += "changed  " + path + "\n";
  for (const std::string& path : added) text += "added    " + path + "\n";
  return text;
}

TEST(EpsReverse, WhatAWayThereAndBackLosesIsWrittenDown) {
  for (const std::string& kind : kReadBack) {
    SCOPED_TRACE(kind);
    concord::test::expect_golden(fs::path(concord::test::test_dir()) / "reverse" / (kind + ".txt"),
                                 changes(kind));
  }
}

}  // namespace
}  // namespace concord::eps::test
