// Packages, folders, dependencies and the cache.

#include <gmock/gmock.h>

#include "fhir/packages/registry.h"
#include "tests/fhir/packages/loaded.h"
#include "tests/fhir/packages/packing.h"
#include "tests/support/files.h"

namespace concord::packages {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::NotNull;

class Loading : public testing::Test {
 protected:
  /// A .tgz of one value set below the test's folder.
  fs::path package(const std::string& id, const std::string& version,
                   const std::string& dependencies = "", const std::string& name = "colours") {
    const fs::path file = folder.path() / (id + "-" + version + ".tgz");
    write_file(file, tgz({{"package/package.json", manifest_text(id, version, dependencies)},
                          {"package/ValueSet-x.json", value_set_text(name, version)}}));
    return file;
  }
  Loaded add(const fs::path& what, AddOptions options = {}) {
    auto loaded = registry.add(what, options);
    if (!loaded) ADD_FAILURE() << to_string(loaded.error());
    return loaded ? *std::move(loaded) : Loaded{};
  }
  AddOptions here() const { return {.folders = {folder.path()}, .cache = {}}; }

  test::TemporaryFolder folder;
  Registry registry{r4().definitions};
};

constexpr const char* kColours = "https://example.org/ValueSet/colours";

TEST_F(Loading, APackageBringsItsResources) {
  const Loaded loaded = add(package("test.a", "1.0.0"));
  EXPECT_THAT(loaded.packages, ElementsAre("test.a#1.0.0"));
  EXPECT_EQ(loaded.resources, 1u);
  EXPECT_THAT(loaded.warnings, IsEmpty());
  const Entry* entry = registry.find("ValueSet", kColours);
  ASSERT_THAT(entry, NotNull());
  EXPECT_EQ(entry->package, "test.a#1.0.0");
  EXPECT_EQ(entry->file, "ValueSet-x.json");
  EXPECT_EQ(entry->fhir_version, "4.0.1");
  EXPECT_THAT(registry.document(*entry), IsOk());
}

TEST_F(Loading, TheSamePackageTwiceIsLoadedOnce) {
  const fs::path file = package("test.a", "1.0.0");
  add(file);
  EXPECT_THAT(add(file).packages, IsEmpty());
  EXPECT_EQ(registry.all().size(), 1u);
}

TEST_F(Loading, DependenciesComeFirstAndOnce) {
  package("test.a", "1.0.0", "", "a");
  package("test.b", "1.0.0", R"("test.a":"1.0.0")", "b");
  const Loaded loaded =
      add(package("test.c", "1.0.0", R"("test.b":"1.0.0","test.a":"1.0.0")"), here());
  EXPECT_THAT(loaded.packages, ElementsAre("test.a#1.0.0", "test.b#1.0.0", "test.c#1.0.0"));
}

TEST_F(Loading, AMissingDependencyIsAWarningThatNamesIt) {
  const Loaded loaded = add(package("test.c", "1.0.0", R"("test.none":"1.0.0")"), here());
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0].text,
            "package test.c#1.0.0 depends on test.none#1.0.0, which was not found");
  EXPECT_EQ(loaded.resources, 1u);
}

TEST_F(Loading, ADependencyThatCannotBeReadIsAWarning) {
  write_file(folder.path() / "test.bad.tgz",
             tgz({{"package/package.json", manifest_text("test.bad", "1.0.0")},
                  {"package/x", "", AE_IFLNK, "/etc/passwd"}}));
  const Loaded loaded = add(package("test.c", "1.0.0", R"("test.bad":"1.0.0")"), here());
  ASSERT_FALSE(loaded.warnings.empty());
  EXPECT_THAT(loaded.warnings.back().text, HasSubstr("symbolic link"));
}

TEST_F(Loading, CirclesOfDependenciesEnd) {
  package("test.a", "1.0.0", R"("test.b":"1.0.0")", "a");
  const Loaded loaded = add(package("test.b", "1.0.0", R"("test.a":"1.0.0")"), here());
  EXPECT_THAT(loaded.packages, ElementsAre("test.a#1.0.0", "test.b#1.0.0"));
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST_F(Loading, TheDefinitionsOfTheCoreAreNotLoadedAgain) {
  package("hl7.fhir.r4.core", "4.0.1");
  const Loaded loaded = add(package("test.c", "1.0.0", R"("hl7.fhir.r4.core":"4.0.1")"), here());
  EXPECT_THAT(loaded.packages, ElementsAre("test.c#1.0.0"));
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST_F(Loading, WildcardsAndNoVersionFindTheHighestRelease) {
  package("test.a", "1.0.9", "", "a");
  package("test.a", "1.0.10", "", "a");
  package("test.a", "1.1.0", "", "a");
  package("test.a", "2.0.0-ballot", "", "a");
  EXPECT_THAT(add(package("test.b", "1", R"("test.a":"1.0.x")"), here()).packages,
              ElementsAre("test.a#1.0.10", "test.b#1"));
  EXPECT_THAT(add("test.a", here()).packages, ElementsAre("test.a#1.1.0"));
  EXPECT_THAT(add("test.a#2.0.0-ballot", here()).packages, ElementsAre("test.a#2.0.0-ballot"));
}

TEST_F(Loading, WhatIsNowhereIsNotFound) {
  EXPECT_THAT(registry.add("test.none#1.0.0", here()), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(registry.add("/no/such/file.json"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(registry.add(""), FailsWith(ErrorCode::not_found));
}

TEST_F(Loading, TheClosureOfTheAskingPackageGoesBeforeTheRest) {
  package("test.a", "1.0.0");
  package("test.a", "2.0.0");
  add(package("test.b", "1.0.0", R"("test.a":"1.0.0")", "b"), here());
  add("test.a#2.0.0", here());
  const Entry* asking = registry.find("ValueSet", "https://example.org/ValueSet/b");
  ASSERT_THAT(asking, NotNull());
  EXPECT_EQ(registry.find("ValueSet", kColours, asking)->version, "1.0.0");
  EXPECT_EQ(registry.find("ValueSet", kColours)->version, "2.0.0");
  EXPECT_EQ(registry.find("ValueSet", std::string(kColours) + "|2.0.0", asking)->version, "2.0.0");
}

TEST_F(Loading, TheVeryVersionAskedForGoesBeforeAnotherPatchOfTheClosure) {
  package("test.a", "1.0.1");
  package("test.a", "1.0.0");
  add(package("test.b", "1.0.0", R"("test.a":"1.0.1")", "b"), here());
  add("test.a#1.0.0", here());
  const Entry* asking = registry.find("ValueSet", "https://example.org/ValueSet/b");
  EXPECT_EQ(registry.find("ValueSet", std::string(kColours) + "|1.0.0", asking)->version, "1.0.0");
  EXPECT_EQ(registry.find("ValueSet", std::string(kColours) + "|1.0", asking)->version, "1.0.1");
}

TEST_F(Loading, AnUnpackedPackageAndAFolderOfPackagesAreRead) {
  write_file(folder.path() / "one/package/package.json", manifest_text("test.a", "1.0.0"));
  write_file(folder.path() / "one/package/vs.json", value_set_text("colours", "1.0.0"));
  write_file(folder.path() / "one/package/other/vs.json", value_set_text("other", "1.0.0"));
  package("test.b", "1.0.0", R"("test.a":"1.0.0")", "b");
  write_file(folder.path() / "loose/deep/vs.json", value_set_text("loose", "1.0.0"));
  write_file(folder.path() / "loose/notes.json", R"({"hello":"world"})");
  write_file(folder.path() / "examples/vs.json", value_set_text("example", "1.0.0"));
  const Loaded loaded = add(folder.path());
  EXPECT_THAT(loaded.packages, testing::UnorderedElementsAre("test.a#1.0.0", "test.b#1.0.0"));
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.resources, 3u);
  EXPECT_THAT(registry.find("ValueSet", "https://example.org/ValueSet/loose"), NotNull());
  EXPECT_THAT(registry.find("ValueSet", "https://example.org/ValueSet/other"), IsNull());
}

TEST_F(Loading, ExamplesAreReadWhenAskedFor) {
  write_file(folder.path() / "package.json", manifest_text("test.a", "1.0.0"));
  write_file(folder.path() / "sets/vs.json", value_set_text("colours", "1.0.0"));
  write_file(folder.path() / "examples/vs.json", value_set_text("example", "1.0.0"));
  AddOptions options;
  options.examples = true;
  EXPECT_EQ(add(folder.path(), options).resources, 2u);
}

TEST_F(Loading, AFileThatCannotBeReadIsAWarningAndTheRestIsLoaded) {
  write_file(folder.path() / "a.json", value_set_text("colours", "1.0.0"));
  write_file(folder.path() / "b.json", R"({"resourceType":"ValueSet",)");
  write_file(folder.path() / "c.xml", R"(<ValueSet xmlns="http://hl7.org/fhir"><url value="u")");
  const Loaded loaded = add(folder.path());
  EXPECT_EQ(loaded.resources, 1u);
  EXPECT_EQ(loaded.warnings.size(), 2u);
}

TEST_F(Loading, DefinitionsInXmlAreRead) {
  write_file(
      folder.path() / "vs.xml",
      "\xEF\xBB\xBF<?xml version=\"1.0\"?><ValueSet xmlns=\"http://hl7.org/fhir\"><url value=\""
      "https://example.org/ValueSet/colours\"/><version value=\"1.0.0\"/></ValueSet>");
  add(folder.path() / "vs.xml");
  ASSERT_THAT(registry.find("ValueSet", kColours), NotNull());
  EXPECT_TRUE(registry.value_set(kColours));
}

TEST_F(Loading, TheIndexOfAPackageSparesTheReading) {
  const std::string index =
      R"({"index-version":2,"files":[{"filename":"vs.json","resourceType":"ValueSet",)"
      R"("url":"https://example.org/ValueSet/colours","version":"1.0.0","id":"x"}]})";
  write_file(folder.path() / "p.tgz",
             tgz({{"package/package.json", manifest_text("test.a", "1.0.0")},
                  {"package/vs.json", value_set_text("colours", "1.0.0")},
                  {"package/new.json", value_set_text("unlisted", "1.0.0")},
                  {"package/.index.json", index}}));
  EXPECT_EQ(add(folder.path() / "p.tgz").resources, 2u);
  const Entry* entry = registry.find("ValueSet", kColours);
  ASSERT_THAT(entry, NotNull());
  EXPECT_EQ(entry->name, "") << "the index has no names";
  EXPECT_THAT(registry.find("ValueSet", "https://example.org/ValueSet/unlisted"), NotNull());
}

TEST_F(Loading, AnIndexThatLiesIsFoundOutAtFirstUse) {
  const std::string index =
      R"({"index-version":2,"files":[{"filename":"vs.json","resourceType":"ValueSet",)"
      R"("url":"https://example.org/ValueSet/false","version":"1.0.0","id":"x"}]})";
  write_file(folder.path() / "p.tgz",
             tgz({{"package/package.json", manifest_text("test.a", "1.0.0")},
                  {"package/vs.json", value_set_text("colours", "1.0.0")},
                  {"package/.index.json", index}}));
  add(folder.path() / "p.tgz");
  const Entry* entry = registry.find("ValueSet", "https://example.org/ValueSet/false");
  ASSERT_THAT(entry, NotNull());
  EXPECT_THAT(registry.document(*entry), FailsWith(ErrorCode::conflict));
  EXPECT_FALSE(registry.value_set("https://example.org/ValueSet/false"));
}

TEST_F(Loading, AnArchiveWithoutPackageJsonIsNoPackage) {
  write_file(folder.path() / "p.tgz", tgz({{"package/vs.json", value_set_text("colours", "1")}}));
  const auto loaded = registry.add(folder.path() / "p.tgz");
  ASSERT_THAT(loaded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(loaded.error().issues[0].text, "p.tgz: no FHIR package (no package/package.json)");
}

TEST_F(Loading, OneResourceIsAddedByItsFile) {
  write_file(folder.path() / "vs.json", value_set_text("colours", "1.0.0"));
  add(folder.path() / "vs.json");
  EXPECT_EQ(registry.find("ValueSet", kColours)->package, (folder.path() / "vs.json").string());
  write_file(folder.path() / "bad.json", "{}");
  EXPECT_FALSE(registry.add(folder.path() / "bad.json"));
}

class Cache : public Loading {
 protected:
  void cached(const std::string& folder_name, const std::string& id, const std::string& version,
              const std::string& dependencies = "") {
    const fs::path at = cache() / folder_name / "package";
    write_file(at / "package.json", manifest_text(id, version, dependencies));
    write_file(at / "vs.json", value_set_text(id, version));
  }
  fs::path cache() const { return folder.path() / ".fhir/packages"; }
  AddOptions options() const { return {.folders = {}, .cache = cache()}; }
};

TEST_F(Cache, PackagesAreFoundByIdAndVersion) {
  write_file(cache() / "packages.ini", "[cache]\nversion = 4\n");
  cached("test.a#1.0.0", "test.a", "1.0.0");
  cached("test.b#1.0.0", "test.b", "1.0.0", R"("test.a":"1.0.0")");
  EXPECT_THAT(add("test.b#1.0.0", options()).packages, ElementsAre("test.a#1.0.0", "test.b#1.0.0"));
}

TEST_F(Cache, CurrentAndDevAreFoundThereOnly) {
  cached("test.a#current", "test.a", "1.1.0-cibuild");
  cached("test.a#1.0.0", "test.a", "1.0.0");
  EXPECT_THAT(add("test.a#current", options()).packages, ElementsAre("test.a#current"));
  EXPECT_THAT(add("test.a", options()).packages, ElementsAre("test.a#1.0.0"));
  package("test.b", "current");
  EXPECT_THAT(registry.add("test.b#current", here()), FailsWith(ErrorCode::not_found));
}

TEST_F(Cache, APackageAnotherProgramIsWritingIsLeftOut) {
  cached("test.a#1.0.0", "test.a", "1.0.0");
  write_file(cache() / "test.a#1.0.0.lock", "");
  EXPECT_THAT(registry.add("test.a#1.0.0", options()), FailsWith(ErrorCode::not_found));
}

TEST_F(Cache, OfAnUnknownVersionIsNotUsed) {
  write_file(cache() / "packages.ini", "[cache]\nversion = 99\n");
  cached("test.a#1.0.0", "test.a", "1.0.0");
  EXPECT_THAT(registry.add("test.a#1.0.0", options()), FailsWith(ErrorCode::not_found));
}

TEST_F(Cache, IsNeverWritten) {
  cached("test.a#1.0.0", "test.a", "1.0.0");
  const auto state = [&] {
    std::vector<std::pair<std::string, fs::file_time_type>> found;
    for (const auto& at : fs::recursive_directory_iterator(cache())) {
      found.emplace_back(at.path().string(), at.last_write_time());
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  const auto before = state();
  add("test.a#1.0.0", options());
  EXPECT_EQ(state(), before);
}

TEST_F(Cache, OneThatIsNotThereIsNoError) {
  EXPECT_THAT(add(package("test.b", "1.0.0"), options()).warnings, IsEmpty());
}

}  // namespace
}  // namespace concord::packages
