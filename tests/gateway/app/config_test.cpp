#include "gateway/app/config.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <map>

#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Environment no_environment() {
  return [](const std::string&) { return std::nullopt; };
}

Environment with(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
}

Result<Config> from(const std::string& yaml, const Environment& environment = no_environment()) {
  return make_config({{"site.yaml", yaml}}, environment);
}

std::vector<std::string> texts(const Result<Config>& failed) {
  std::vector<std::string> lines;
  if (failed) return lines;
  for (const Issue& issue : failed.error().issues) lines.push_back(issue.text);
  return lines;
}

TEST(DefaultConfig, SaysTheMeaningAndSinceOfEveryKeyAndHasNoOther) {
  // Each key's comment: the lines above it, up to the key before.
  std::map<std::string, std::string> commented;
  std::vector<std::string> path;
  std::string comment;
  std::istringstream lines{std::string(default_config())};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos) {
      comment.clear();
      continue;
    }
    if (line[indent] == '#') {
      comment += line.substr(indent + 1) + "\n";
      continue;
    }
    path.resize(indent / 2);
    path.push_back(line.substr(indent, line.find(':') - indent));
    std::string key;
    for (const std::string& step : path) key += (key.empty() ? "" : ".") + step;
    commented[key] += comment;
    comment.clear();
  }
  for (const std::string& key : config_keys()) {
    std::string shown = key;
    for (const auto& [section, name] :
         std::map<std::string, std::string>{{"identifier_policies.*", "identifier_policies.strict"},
                                            {"destinations.*", "destinations.spine"},
                                            {"doors.*", "doors.in"},
                                            {"routes.*", "routes.prescription-order"}}) {
      if (shown.starts_with(section)) shown.replace(0, section.size(), name);
    }
    ASSERT_TRUE(commented.contains(shown)) << key << " is not in default.yaml";
    EXPECT_THAT(commented[shown], HasSubstr("Since 0.")) << shown;
    EXPECT_GT(commented[shown].size(), 30U) << shown;
  }
  EXPECT_THAT(make_config({}, no_environment()), IsOk()) << "default.yaml holds a key nobody knows";
}

TEST(Config, FileGoesBeforeDefaultsAndEnvironmentBeforeFile) {
  const auto config =
      from("http: { port: 9000, hosts: [a.example, b.example] }\nlimits: { max_depth: 32 }",
           with({{"CONCORD_HTTP_PORT", "9001"},
                 {"CONCORD_DESTINATIONS_SPINE_URL", "http://127.0.0.1:1/"},
                 {"CONCORD_STORE_PATH", "/tmp/x.db"}}));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->http.port, 9001);
  EXPECT_THAT(config->http.hosts, ElementsAre("a.example", "b.example"));
  EXPECT_EQ(config->limits.max_depth, 32U);
  EXPECT_EQ(config->limits.max_bytes, 5242880U);
  EXPECT_EQ(config->destinations.at("spine").url, "http://127.0.0.1:1/");
  EXPECT_EQ(config->store_path, "/tmp/x.db");
  EXPECT_EQ(config->identifier_policies.at("strict").nhs_number, "refuse");
}

TEST(Config, UnknownKeysAreRefusedWithFileLineAndColumn) {
  EXPECT_THAT(texts(from("http:\n  prot: 1\nstroe: {}\nlimits: { max_depth: { a: 1 } }\n")),
              ElementsAre("site.yaml:2:3: unknown key \"http.prot\"",
                          "site.yaml:3:1: unknown key \"stroe\"",
                          "site.yaml:4:11: \"limits.max_depth\" takes a single value"));
  EXPECT_THAT(texts(from("destinations:\n  spine: { url: 'http://a/', colour: red }")),
              ElementsAre("site.yaml:2:30: unknown key \"destinations.spine.colour\""));
}

TEST(Config, ValuesOutsideTheirRangeAreRefusedWithWhatWouldBeRight) {
  EXPECT_THAT(
      texts(from("http:\n  port: 70000\n")),
      ElementsAre("site.yaml:2:9: \"http.port\": a whole number from 0 to 65535 is expected"));
  EXPECT_THAT(texts(from("limits: { max_depth: -1 }")), ElementsAre(HasSubstr("8 to 1000")));
  EXPECT_THAT(texts(from("limits: { max_depth: 1e2 }")), ElementsAre(HasSubstr("8 to 1000")));
  EXPECT_THAT(texts(from("admin: { enabled: yes }")), ElementsAre(HasSubstr("true or false")));
  EXPECT_THAT(texts(from("eps: { from_asid: 'abc' }")), ElementsAre(HasSubstr("digits")));
  EXPECT_THAT(texts(from("log: { level: loud }")),
              ElementsAre(HasSubstr("debug, info, warning, error")));
  EXPECT_THAT(texts(from("http: { hosts: ['a:80'] }")), ElementsAre(HasSubstr("without port")));
  EXPECT_THAT(texts(from("", with({{"CONCORD_HTTP_PORT", "x"}}))),
              ElementsAre("CONCORD_HTTP_PORT: a whole number from 0 to 65535 is expected"));
}

TEST(Config, BrokenYamlIsRefusedWithItsPlace) {
  EXPECT_THAT(texts(from("http: [1, 2")), ElementsAre(HasSubstr("site.yaml:1:")));
  EXPECT_THAT(texts(from("- a\n- b")), ElementsAre(HasSubstr("a map of keys is expected")));
  EXPECT_THAT(texts(from("http: { port: 1 }\nhttp: { port: 2 }")),
              ElementsAre("site.yaml:2:1: the key \"http\" is given twice"));
  EXPECT_THAT(from(""), IsOk());
}

TEST(Config, WhatBelongsTogetherIsCheckedTogether) {
  EXPECT_THAT(texts(from("routes: { '*': { destination: nowhere } }")),
              ElementsAre(HasSubstr("routes.*.destination names \"nowhere\"")));
  EXPECT_THAT(texts(from("caller: { identifier_policy: lax }")), ElementsAre(HasSubstr("\"lax\"")));
  EXPECT_THAT(texts(from("eps: { user_id: '1' }")), ElementsAre(HasSubstr("belong together")));
  EXPECT_THAT(
      texts(from("destinations: { pharmacy: { format: eps } }\n"
                 "routes: { claim: { destination: spine } }")),
      ElementsAre(HasSubstr("which is not in destinations"), HasSubstr("pharmacy.url is missing")));
  EXPECT_THAT(texts(from("limits: { max_bytes: 900000000 }")),
              ElementsAre(HasSubstr("max_buffered_bytes")));
}

TEST(Config, NamedSectionsAreTakenWholeFromTheFileThatHasThem) {
  const auto config = from(
      "destinations: { other: { url: 'https://spine.example/' } }\n"
      "routes: { '*': { destination: other } }\n");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->destinations.size(), 1U);
  EXPECT_EQ(config->destinations.at("other").timeout, std::chrono::milliseconds(30'000));
  EXPECT_EQ(config->routes.size(), 1U);
}

TEST(Config, WrittenOutAndReadAgainIsTheSame) {
  const auto config =
      from("http: { port: 9000, hosts: [a.example] }\neps: { from_asid: '200000001285' }");
  ASSERT_THAT(config, IsOk());
  const std::string written = to_yaml(*config);
  const auto again = make_config({{"written.yaml", written}}, no_environment());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(to_yaml(*again), written);
  EXPECT_THAT(written, HasSubstr("from_asid: 200000001285"));
}

TEST(Config, FileThatIsNotThereIsNamed) {
  const auto config = read_config("/nowhere/concord.yaml", no_environment());
  ASSERT_THAT(config, FailsWith(ErrorCode::not_found));
  EXPECT_THAT(config.error().issues[0].text, HasSubstr("/nowhere/concord.yaml"));
}

}  // namespace
}  // namespace concord::app
