// Hostile input: a clear error each, nothing stored, memory bounded.

#include "tests/e2e/hostile.h"

#include <gmock/gmock.h>

#include <fstream>

#include "fhir/json/reader.h"
#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kMemoryKib = 1'500 * 1024;  // shadow memory and quarantine
#else
constexpr std::size_t kMemoryKib = 256 * 1024;
#endif

/// An OperationOutcome whose first issue has a severity, a code and words.
void expect_clear_outcome(const std::string& body, const std::string& name) {
  tree::Symbols symbols;
  const auto outcome = json::read(body, symbols);
  ASSERT_TRUE(outcome.has_value()) << name << ": " << body.substr(0, 300);
  const auto text_of = [&](const tree::Node& node, std::string_view child) {
    const tree::Node* found = node.child(outcome->find(child));
    return found == nullptr ? std::string() : std::string(found->text());
  };
  EXPECT_EQ(outcome->text(outcome->root().type()), "OperationOutcome") << name;
  const tree::Node* issue = outcome->root().child(outcome->find("issue"));
  ASSERT_NE(issue, nullptr) << name;
  EXPECT_THAT(text_of(*issue, "severity"), testing::AnyOf("error", "fatal")) << name;
  EXPECT_NE(text_of(*issue, "code"), "") << name;
  // Words of ours, or those the national service publishes.
  const tree::Node* details = issue->child(outcome->find("details"));
  const std::string words =
      details == nullptr ? text_of(*issue, "diagnostics") : text_of(*details, "text");
  EXPECT_GT(words.size(), 8u) << name;
  EXPECT_LT(body.size(), 100'000u) << name;
}

TEST(Hostile, EveryKindGetsAClearErrorFromProcessMessageAndNothingIsStored) {
  World world;
  const std::string good = renewed(example_prescription(), "hostile", 1).bundle;
  const auto kinds = hostile_inputs();
  ASSERT_GE(kinds.size(), 30u);
  for (const Hostile& kind : kinds) {
    const std::string body = kind.make(good);
    ASSERT_NE(body, "the example has changed") << kind.name;
    const HttpAnswer answer = world.post("/FHIR/R4/$process-message", kind.content_type, body,
                                         {{"Accept", "application/fhir+json"}});
    EXPECT_GE(answer.status, 400) << kind.name << ": " << answer.body.substr(0, 300);
    EXPECT_LT(answer.status, 500) << kind.name << ": " << answer.body.substr(0, 300);
    expect_clear_outcome(answer.body, kind.name);
    ASSERT_TRUE(world.gateway().running()) << kind.name << ": " << world.gateway().log();
  }
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 0);
  EXPECT_LT(world.gateway().peak_memory_kib(), kMemoryKib);
  EXPECT_EQ(world.process(good).status, 202) << "the good one still goes through";
}

TEST(Hostile, EveryKindGetsAClearErrorFromTranslate) {
  const TemporaryFolder folder;
  const std::string good = renewed(example_prescription(), "hostile", 2).bundle;
  for (const Hostile& kind : hostile_inputs()) {
    // What only a wrong Content-Type makes hostile is a good prescription to a command line.
    if (kind.make(good) == good) continue;
    // A published cancellation has one: here it is passed over with a warning.
    if (kind.name == "an empty array") continue;
    const auto input = folder.path() / "input", output = folder.path() / "output",
               log = folder.path() / "log";
    std::filesystem::remove(log);
    std::ofstream(input, std::ios::binary) << kind.make(good);
    const auto status = run(built_program("concord"),
                            {.arguments = {"translate", "--from", "fhir", "--to", "eps"},
                             .log = log,
                             .input = input,
                             .output = output},
                            std::chrono::seconds(60));
    ASSERT_TRUE(status.has_value()) << kind.name << " took more than a minute";
    EXPECT_NE(*status, 0) << kind.name;
    EXPECT_LT(*status, 128) << kind.name << ": died of a signal: " << read_file(log);
    EXPECT_EQ(read_file(output), "") << kind.name << ": standard output is for results only";
    expect_clear_outcome(read_file(log), kind.name);
  }
}

}  // namespace
}  // namespace concord::test
