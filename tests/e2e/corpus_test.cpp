// Every published request, from the HTTP request to the other side's record.

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "fhir/core/digest.h"
#include "gateway/app/config.h"
#include "gateway/app/gateway.h"
#include "gateway/ops/log.h"
#include "tests/e2e/world.h"

namespace concord::test {
namespace {

/// The corpus was made with these identities at this instant: its manifests say so.
app::Config corpus_config(const std::filesystem::path& folder, const std::string& url) {
  const std::string text =
      "http: {port: 0}\nadmin: {enabled: false}\ncaller: {identifier_policy: examples}\n"
      "eps: {from_asid: '200000001285', to_asid: '567456789789', user_id: '555254239107', "
      "role_id: '555254240100'}\n"
      "store: {path: " +
      (folder / "store.db").string() + "}\n";
  const auto environment = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "CONCORD_DESTINATIONS_SPINE_URL") return url;
    return std::nullopt;
  };
  auto config = app::make_config({{"corpus.yaml", text}}, environment);
  EXPECT_TRUE(config.has_value()) << to_string(config.error());
  return *std::move(config);
}

/// "[ ]" outside of texts: published requests have brackets nowhere else.
bool has_empty_list(std::string_view json) {
  for (auto at = json.find('['); at != std::string_view::npos; at = json.find('[', at + 1)) {
    const auto next = json.find_first_not_of(" \t\r\n", at + 1);
    if (next != std::string_view::npos && json[next] == ']') return true;
  }
  return false;
}

/// A folder of the corpus and the door its requests go through.
struct Door {
  const char* folder;
  const char* path;
};

class PublishedRequests : public testing::TestWithParam<Door> {};

TEST_P(PublishedRequests, AreDeliveredAsExactlyThePublishedBytes) {
  const auto eps = corpus("eps");
  if (!eps) return;
  const auto cases = case_folders(*eps / "convert" / GetParam().folder);
  ASSERT_FALSE(cases.empty());

  for (const auto& folder : cases) {
    const std::string manifest = read_file(folder / "manifest.json");
    // Releases carry new identities; some published files hold ids that are not in their requests.
    const bool exact = manifest.find("subject/*/id/@root") == std::string::npos &&
                       manifest.find("stale") == std::string::npos;
    std::string expected = read_file(folder / "expected.xml");
    if (expected.ends_with('\n')) expected.pop_back();  // the files end with one, the message not
    // Several published requests share one Bundle.identifier: each gets a gateway of its own.
    const TemporaryFolder temporary;
    OtherSide other_side(temporary.path());
    ops::Log log(STDERR_FILENO, ops::LogLevel::error, "concord", system_clock());
    const Instant instant = *parse_instant("2022-02-01T00:00:00Z");
    auto gateway = app::Gateway::start(
        corpus_config(temporary.path(), other_side.url()), log, [=] { return instant; },
        random_uuids());
    ASSERT_TRUE(gateway.has_value()) << to_string(gateway.error());
    HttpClient http((*gateway)->http_port());
    const std::string request = read_file(folder / "request.json");
    const auto answer = http.request(
        "POST", GetParam().path,
        {{"Content-Type", "application/fhir+json"}, {"Prefer", "respond-async"}}, request);
    ASSERT_TRUE(answer.has_value()) << folder;
    if (has_empty_list(request)) {
      // No FHIR JSON: hl7.org/fhir/R4/json.html, "an array can not be empty".
      EXPECT_EQ(answer->status, 422) << folder;
      EXPECT_TRUE(other_side.arrivals().empty()) << folder;
      continue;
    }
    ASSERT_EQ(answer->status, 202) << folder << answer->body;
    for (int waited = 0; waited < 500 && other_side.arrivals().empty(); ++waited) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto arrivals = other_side.arrivals();
    ASSERT_EQ(arrivals.size(), 1u) << folder;
    EXPECT_EQ(arrivals[0].kind, "new") << folder;
    if (exact) {
      EXPECT_EQ(arrivals[0].digest, to_hex(sha256(expected))) << folder;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, PublishedRequests,
                         testing::Values(Door{"send", "/FHIR/R4/$process-message"},
                                         Door{"cancel", "/FHIR/R4/$process-message"},
                                         Door{"dispense", "/FHIR/R4/$process-message"},
                                         Door{"dispenseamend", "/FHIR/R4/$process-message"},
                                         Door{"claim", "/FHIR/R4/Claim"},
                                         Door{"amend", "/FHIR/R4/Claim"},
                                         Door{"release", "/FHIR/R4/Task/$release"},
                                         Door{"return", "/FHIR/R4/Task"},
                                         Door{"withdraw", "/FHIR/R4/Task"}),
                         [](const auto& door) { return std::string(door.param.folder); });

}  // namespace
}  // namespace concord::test
