// What a store had, beside what the program carries: the words are the same for every kind.
#include "gateway/store/migrations.h"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

using store::AppliedMigration;
using store::Migration;
using store::Migrations;

constexpr Resource kFiles[] = {{"migrations/0010_third.sql", "CREATE TABLE c (x)"},
                               {"migrations/0001_first.sql", "CREATE TABLE a (x)"},
                               {"migrations/0002_second.sql", "CREATE TABLE b (x)"}};

AppliedMigration applied(std::int64_t version, std::string_view script) {
  const Sha256 digest = sha256(script);
  return {version, std::string(reinterpret_cast<const char*>(digest.data()), digest.size())};
}

const std::vector<AppliedMigration> kFirstTwo{applied(2, "CREATE TABLE b (x)"),
                                              applied(1, "CREATE TABLE a (x)")};

std::vector<std::string> names(std::span<const Migration> migrations) {
  std::vector<std::string> all;
  for (const Migration& one : migrations) all.emplace_back(store::file_name(one));
  return all;
}

void expect_text(const Result<void>& result, const std::string& text) {
  ASSERT_THAT(result, FailsWith(ErrorCode::conflict));
  EXPECT_EQ(result.error().issues[0].text, text);
}

TEST(Migrations, ComeInTheOrderOfTheirNumbersWithGaps) {
  const Migrations all(kFiles);
  EXPECT_EQ(all.version(), 10);
  EXPECT_EQ(names(all.after(0)),
            (std::vector<std::string>{"0001_first.sql", "0002_second.sql", "0010_third.sql"}));
  EXPECT_EQ(names(all.after(2)), std::vector<std::string>{"0010_third.sql"});
  EXPECT_EQ(names(all.after(7)), std::vector<std::string>{"0010_third.sql"});
  EXPECT_TRUE(all.after(10).empty());
  EXPECT_EQ(all.after(0)[0].checksum, sha256("CREATE TABLE a (x)"));
}

TEST(Migrations, OfAnEmptyStoreAreAllMissing) {
  EXPECT_THAT(Migrations(kFiles).check(0, {}), IsOk());
  EXPECT_EQ(Migrations({}).version(), 0);
  EXPECT_THAT(Migrations({}).check(0, {}), IsOk());
}

TEST(Migrations, ThatWereAppliedMustBeTheOnesCarried) {
  const Migrations all(kFiles);
  EXPECT_THAT(all.check(2, kFirstTwo), IsOk());
  const std::string words =
      " of the store is not the one this program carries: the store was made by a different build";
  expect_text(all.check(2, {applied(1, "CREATE TABLE a (x)"), applied(2, "CREATE TABLE z (x)")}),
              "migration 2" + words);
  expect_text(all.check(2, {applied(2, "CREATE TABLE b (x)")}), "migration 1" + words);
  expect_text(all.check(2, {applied(1, "CREATE TABLE a (x)"), {2, "short"}}),
              "migration 2" + words);
  std::vector<AppliedMigration> between = kFirstTwo;
  between.push_back(applied(5, "CREATE TABLE e (x)"));
  expect_text(all.check(5, between), "migration 5" + words);
}

TEST(Migrations, OfANewerProgramAreRefusedBeforeAnythingElse) {
  const std::string words =
      "the store has schema version 11, this program knows versions up to 10: start the newer "
      "program, or restore a backup from before its start";
  expect_text(Migrations(kFiles).check(11, {}), words);
  expect_text(Migrations(kFiles).must_be_current(11), words);
}

TEST(Migrations, OfAnOlderProgramMayBeAddedToButNotLeftSo) {
  EXPECT_THAT(Migrations(kFiles).check(2, kFirstTwo), IsOk());
  expect_text(Migrations(kFiles).must_be_current(2),
              "the store has schema version 2, this program needs version 10: start the gateway "
              "once to bring it up to date");
  EXPECT_THAT(Migrations(kFiles).must_be_current(10), IsOk());
}

TEST(Migrations, AreNamedInTheAuditChainWithTheirChecksums) {
  const Migrations all(kFiles);
  const audit::Record record = store::migration_record(all.after(2)[0], Instant{});
  EXPECT_EQ(record.event, audit::Event::store_migrated);
  EXPECT_EQ(record.digest, to_hex(sha256("CREATE TABLE c (x)")));
  EXPECT_EQ(record.detail, "version 10");
}

}  // namespace
}  // namespace concord::test
