// The compact trace says what the full one says, and nothing of the patient.

#include "fhir/mapping/lineage.h"

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

using mapping::Lineage;
using mapping::LineageRecorder;
using mapping::LineageWrite;
using mapping::RuleTable;

/// "target <- source @offset rule" for each write, taken while the documents of the run live.
class Lines final : public mapping::TraceSink {
 public:
  void write(const mapping::TargetWrite& write) override { recorder_.write(write); }
  void finished() override {
    for (const mapping::TargetWrite& write : recorder_.writes()) {
      std::string line = write.target_document->path(*write.target) + " <- ";
      if (write.source != nullptr) {
        line += write.source_document->path(*write.source) + " @" +
                std::to_string(write.source->source_offset());
      }
      lines.push_back(line + ' ' + std::string(write.file) + ' ' + std::string(write.rule));
    }
  }
  std::vector<std::string> lines;

 private:
  mapping::TraceRecorder recorder_;
};

std::vector<std::string> lines_of(const Lineage& lineage, const RuleTable& rules) {
  std::vector<std::string> lines;
  for (const LineageWrite& write : lineage.writes) {
    std::string line = lineage.targets[write.target].path + " <- ";
    if (write.source != LineageWrite::kNone) {
      const mapping::LineagePlace& source = lineage.sources[write.source];
      line += source.path + " @" + std::to_string(source.offset);
    }
    lines.push_back(line + ' ' + rules[write.rule].file + ' ' + rules[write.rule].rule);
  }
  return lines;
}

LineageRecorder::Taken lineage_of(const std::string& input) {
  LineageRecorder recorder;
  EXPECT_THAT(translate(input, case_parameters(), &recorder), IsOk());
  return recorder.take();
}

TEST(EpsLineage, HoldsEveryWriteOfEveryCaseWithPlaceOffsetAndRule) {
  for (const auto& folder : case_folders()) {
    if (!std::filesystem::exists(folder / "input.json") ||
        !std::filesystem::exists(folder / "expected.xml")) {
      continue;
    }
    SCOPED_TRACE(folder.filename().string());
    const std::string input = concord::test::read_file(folder / "input.json");
    Lines full;
    ASSERT_THAT(translate(input, case_parameters(), &full), IsOk());
    const auto taken = lineage_of(input);
    const auto lineage = mapping::read_lineage(taken.bytes);
    ASSERT_THAT(lineage, IsOk());
    ASSERT_EQ(taken.tables.size(), 1u);
    ASSERT_EQ(lineage->tables.size(), 1u);
    EXPECT_EQ(lineage->tables[0], taken.tables[0]->digest());
    EXPECT_EQ(lines_of(*lineage, *taken.tables[0]), full.lines);
    EXPECT_GT(full.lines.size(), 50u);
    EXPECT_LT(taken.bytes.size(), full.lines.size() * 40) << "compact";
  }
}

TEST(EpsLineage, IsTheSameForTheSameMessageAndEmptyOnceTaken) {
  LineageRecorder recorder;
  ASSERT_THAT(translate(case_input("unsigned"), case_parameters(), &recorder), IsOk());
  const auto first = recorder.take();
  EXPECT_TRUE(recorder.take().bytes.empty());
  ASSERT_THAT(translate(case_input("unsigned"), case_parameters(), &recorder), IsOk());
  EXPECT_EQ(recorder.take().bytes, first.bytes);
}

TEST(EpsLineage, HoldsNoValueOfTheMessage) {
  const std::string input = case_input("patient_demographics");
  const auto taken = lineage_of(input);
  const tree::Document bundle = typed(input);
  std::vector<const tree::Node*> open{&bundle.root()};
  std::size_t looked = 0;
  while (!open.empty()) {
    const tree::Node& node = *open.back();
    open.pop_back();
    for (const tree::Node& child : node.children()) open.push_back(&child);
    const std::string_view text = node.text();
    // Words that are element names as well ("text", "order") say nothing.
    if (text.size() < 8 || World::get().symbols.find(text) != tree::Symbol::kNone) continue;
    ++looked;
    EXPECT_EQ(taken.bytes.find(text), std::string::npos) << bundle.path(node);
  }
  EXPECT_GT(looked, 50u);
}

TEST(EpsLineage, TableOfRulesIsReadBackAsItWas) {
  const auto taken = lineage_of(case_input("unsigned"));
  ASSERT_EQ(taken.tables.size(), 1u);
  const RuleTable& table = *taken.tables[0];
  const auto again = RuleTable::read(table.bytes());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->digest(), table.digest());
  ASSERT_EQ(again->size(), table.size());
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_EQ((*again)[i], table[i]);
}

TEST(EpsLineage, CutOrChangedBytesAreRefusedOrReadWithinTheirBounds) {
  const auto taken = lineage_of(case_input("unsigned"));
  for (std::size_t size = 0; size < taken.bytes.size(); size += 7) {
    const auto cut = mapping::read_lineage(std::string_view(taken.bytes).substr(0, size));
    if (cut) {
      EXPECT_EQ(size, 4u) << "nothing but the mark is a lineage without runs";
    } else {
      EXPECT_EQ(cut.error().code, ErrorCode::malformed);
    }
  }
  for (std::size_t at = 0; at < taken.bytes.size(); at += 3) {
    std::string changed = taken.bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    const auto read = mapping::read_lineage(changed);
    if (!read) continue;
    for (const LineageWrite& write : read->writes) {
      ASSERT_LT(write.target, read->targets.size());
      ASSERT_TRUE(write.source == LineageWrite::kNone || write.source < read->sources.size());
    }
  }
  const std::string& table = taken.tables[0]->bytes();
  for (std::size_t size = 0; size < table.size(); size += 101) {
    EXPECT_FALSE(RuleTable::read(std::string_view(table).substr(0, size)).has_value());
  }
}

TEST(EpsLineage, MoreThanTheLimitsIsTooLong) {
  const auto taken = lineage_of(case_input("unsigned"));
  EXPECT_EQ(mapping::read_lineage(taken.bytes, {.max_writes = 10}).error().code,
            ErrorCode::too_long);
  EXPECT_EQ(mapping::read_lineage(taken.bytes, {.max_path_bytes = 1000}).error().code,
            ErrorCode::too_long);
}

}  // namespace
}  // namespace concord::eps::test
