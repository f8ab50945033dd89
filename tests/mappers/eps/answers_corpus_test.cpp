// The published answers of Spine: HL7 v3 and the tracker's JSON in, FHIR out.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "mappers/eps/signing/trust.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

tree::Document plain(const std::string& json) {
  auto read = json::read_plain(json, World::get().symbols);
  if (!read) {
    ADD_FAILURE() << to_string(read.error());
    return tree::Document(World::get().symbols);
  }
  return *std::move(read);
}

std::string text_at(const tree::Document& document, const tree::Node& node, std::string_view name) {
  const tree::Node* child = node.child(document.find(name));
  return child == nullptr ? std::string() : std::string(child->text());
}

/// Identities of resources in the order they appear, so that those a server makes compare.
std::map<std::string, std::string> numbered(const tree::Document& document) {
  std::map<std::string, std::string> ids;
  std::vector<const tree::Node*> open{&document.root()};
  while (!open.empty()) {
    const tree::Node& node = *open.back();
    open.pop_back();
    if (node.child(document.find("resourceType")) != nullptr) {
      const std::string id = text_at(document, node, "id");
      if (!id.empty()) ids.emplace(id, "#" + std::to_string(ids.size() + 1));
    }
    const std::size_t before = open.size();
    for (const tree::Node& child : node.children()) open.push_back(&child);
    std::reverse(open.begin() + static_cast<std::ptrdiff_t>(before), open.end());
  }
  return ids;
}

/// One line for each value, sorted: the path with indices, then the value with identities numbered.
/// The order of members does not count, that of lists does; nulls and empty lists leave no line.
std::vector<std::string> lines_of(const tree::Document& document,
                                  const std::set<std::string>& without) {
  const auto ids = numbered(document);
  std::vector<std::string> lines;
  std::vector<std::pair<const tree::Node*, std::string>> open{{&document.root(), ""}};
  while (!open.empty()) {
    const auto [node, path] = open.back();
    open.pop_back();
    std::map<tree::Symbol, std::size_t> seen;
    for (const tree::Node& child : node->children()) {
      std::string place = path + "." + std::string(document.name(child));
      if (child.is(tree::Flag::in_array)) {
        place += "[" + std::to_string(seen[child.name()]++) + "]";
      }
      if (child.has_value()) {
        std::string value(child.text());
        for (const auto& [id, number] : ids) {
          if (const std::size_t at = value.find(id); at != std::string::npos) {
            value.replace(at, id.size(), number);
          }
        }
        if (!without.contains(std::string(document.name(child)))) {
          lines.push_back(place + " = " + value);
        }
      }
      open.emplace_back(&child, place);
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string json_of(const tree::Document& resource) {
  auto written = json::write(resource);
  EXPECT_THAT(written, IsOk());
  return written ? *written : std::string();
}

/// A mapper that trusts what the manifests of the corpus name.
std::unique_ptr<mappers::Mapper> trusting(const fs::path& corpus) {
  TrustPolicy policy;
  policy.anchors.push_back(
      {"sub-CA", concord::test::read_file(corpus / "signature" / "certificates" /
                                          "NHS_INT_Level1D_Base64_pem.cer")});
  policy.unreachable = Unreachable::warn;
  policy.sha1_until = Instant::max();
  policy.least_key_bits = 1024;  // of the national test environment
  auto store = TrustStore::compile(policy);
  EXPECT_THAT(store, IsOk());
  MapperOptions options;
  options.trust = [store = *store] { return store; };
  auto mapper = make_mapper(World::get().definitions, options);
  EXPECT_THAT(mapper, IsOk());
  return *std::move(mapper);
}

std::string input_of(const fs::path& folder) {
  const fs::path xml = folder / "request.xml";
  return concord::test::read_file(fs::exists(xml) ? xml : folder / "request.json");
}

TEST(EpsAnswersCorpus, EveryPublishedAnswerBecomesTheSameResource) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const auto mapper = trusting(*corpus);
  std::size_t seen = 0;
  for (const fs::path& folder : concord::test::case_folders(*corpus / "spine-response")) {
    SCOPED_TRACE(folder.filename().string());
    const tree::Document manifest = plain(concord::test::read_file(folder / "manifest.json"));
    mappers::Parameters parameters;
    parameters.now = *parse_instant(text_at(manifest, manifest.root(), "clock"));
    const auto decoded = mapper->decode(input_of(folder), {}, parameters, nullptr);
    ASSERT_THAT(decoded, IsOk());
    const tree::Document ours = plain(json_of(*decoded->resource));
    const tree::Document theirs = plain(concord::test::read_file(folder / "response.json"));
    EXPECT_EQ(lines_of(ours, {}), lines_of(theirs, {}));
    const std::string status = text_at(manifest, manifest.root(), "httpStatus");
    EXPECT_EQ(std::to_string(decoded->status), status.empty() ? "200" : status);
    ++seen;
  }
  EXPECT_EQ(seen, 12u);
}

TEST(EpsAnswersCorpus, NothingOfAPublishedAnswerIsLostUnexpectedly) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  for (const fs::path& folder : concord::test::case_folders(*corpus / "spine-response")) {
    SCOPED_TRACE(folder.filename().string());
    const auto decoded =
        World::get().mapper->decode(input_of(folder), {}, case_parameters(), nullptr);
    ASSERT_THAT(decoded, IsOk());
    for (const Issue& loss : decoded->losses) {
      EXPECT_NE(loss.detail_code, "not-carried-unexpected") << told(loss);
      EXPECT_EQ(loss.severity, Severity::warning) << told(loss);
    }
  }
}

TEST(EpsAnswersCorpus, TheOrderOfTranslationChangesNoByte) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const auto folders = concord::test::case_folders(*corpus / "spine-response");
  const auto translate_one = [](const fs::path& folder) {
    const auto decoded =
        World::get().mapper->decode(input_of(folder), {}, case_parameters(), nullptr);
    EXPECT_THAT(decoded, IsOk()) << folder;
    return decoded ? json_of(*decoded->resource) : std::string();
  };
  std::vector<std::string> first;
  for (const fs::path& folder : folders) first.push_back(translate_one(folder));
  for (std::size_t at = folders.size(); at-- > 0;) {
    EXPECT_EQ(translate_one(folders[at]), first[at]) << folders[at];
  }
}

}  // namespace
}  // namespace concord::eps::test
