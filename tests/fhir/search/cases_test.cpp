#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>
#include <string>

#include "fhir/search/criteria_text.h"
#include "tests/fhir/search/engine.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

// Golden rows and conditions. Stores keep keys and hashes: a change here makes every index old, and
// must come with another Parameters::version().

namespace concord::search::test {
namespace {

std::string hex(std::uint64_t value, int digits) {
  char buffer[20];
  std::snprintf(buffer, sizeof buffer, "%0*llx", digits, static_cast<unsigned long long>(value));
  return buffer;
}
std::string short_hex(std::int32_t value) { return hex(static_cast<std::uint32_t>(value), 8); }
std::string long_hex(std::int64_t value) { return hex(static_cast<std::uint64_t>(value), 16); }

std::string text_of(const IndexValues& values) {
  std::ostringstream out;
  for (const Token& row : values.tokens) {
    out << "token " << short_hex(row.key) << " code " << long_hex(row.code) << " system "
        << short_hex(row.system) << "\n";
  }
  for (const Text& row : values.texts) {
    std::string value = row.value;
    for (char& c : value) c = c == '\n' ? '/' : c;
    out << "text " << short_hex(row.key) << " '" << value << "'";
    if (!row.exact.empty()) out << " exactly '" << row.exact << "'";
    out << "\n";
  }
  for (const Period& row : values.periods) {
    out << "period " << short_hex(row.key) << " " << row.low << " " << row.high << "\n";
  }
  for (const Number& row : values.numbers) {
    out << "number " << short_hex(row.key) << " " << row.low << " " << row.high << " system "
        << short_hex(row.system) << " code " << short_hex(row.code);
    if (row.unit != 0) out << " unit " << short_hex(row.unit);
    if (row.mark != 0) out << " mark " << short_hex(row.mark);
    out << "\n";
  }
  for (const Link& row : values.links) {
    out << "link " << short_hex(row.key) << " to " << long_hex(row.target) << " type "
        << short_hex(row.type) << "\n";
  }
  return out.str();
}

TEST(Cases, RowsAndConditionsAreAsWrittenDown) {
  const auto folders = concord::test::case_folders(
      std::filesystem::path(concord::test::source_dir()) / "tests/fhir/search/cases");
  ASSERT_FALSE(folders.empty());
  for (const auto& folder : folders) {
    SCOPED_TRACE(folder.filename().string());
    const tree::Document document = resource(concord::test::read_file(folder / "resource.json"));
    const auto values = engine().parameters->extract(document, document.root());
    ASSERT_THAT(values, IsOk());
    concord::test::expect_golden(folder / "rows.txt", text_of(*values));

    std::istringstream queries(concord::test::read_file(folder / "queries.txt"));
    std::string conditions;
    for (std::string query; std::getline(queries, query);) {
      const auto parsed = parse(document.text(document.root().type()), query);
      ASSERT_THAT(parsed, IsOk()) << query;
      conditions += query + "\n  " + to_text(parsed->where.front(), true) + "\n";
    }
    concord::test::expect_golden(folder / "conditions.txt", conditions);
  }
}

}  // namespace
}  // namespace concord::search::test
