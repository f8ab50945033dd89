// Golden cases: a resource, a patch, and what becomes of it or why nothing does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/patch/patch.h"
#include "tests/fhir/patch/r4.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::patch {
namespace {

using test::r4;

enum class Form { json, fhirpath };

void run_case(const std::filesystem::path& folder, Form form) {
  SCOPED_TRACE(folder.string());
  const std::string written = test::read_file(folder / "resource.json");
  const tree::Document resource = test::resource_of(written);
  const std::string before = *json::write(resource);
  const std::string patch = test::read_file(folder / "patch.json");
  const auto result = form == Form::json ? apply_json_patch(resource, patch, r4().definitions)
                                         : apply_fhirpath_patch(resource, test::resource_of(patch),
                                                                r4().definitions, r4().functions);
  EXPECT_EQ(*json::write(resource), before) << "the resource itself was changed";
  if (std::filesystem::exists(folder / "error.txt")) {
    ASSERT_FALSE(result.has_value()) << *json::write(*result);
    test::expect_golden(folder / "error.txt", to_string(result.error()) + "\n");
    return;
  }
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*json::write(*result),
            *json::write(test::resource_of(test::read_file(folder / "expected.json"))));
  EXPECT_NE(result->root().first_child()->type(), tree::Symbol::kNone) << "not annotated";
}

TEST(JsonPatch, DoesWhatItsCasesSay) {
  const auto folders =
      test::case_folders(std::filesystem::path(concord::test::test_dir()) / "cases" / "json");
  ASSERT_GT(folders.size(), 50u);
  for (const auto& folder : folders) run_case(folder, Form::json);
}

TEST(FhirPathPatch, DoesWhatItsCasesSay) {
  const auto folders =
      test::case_folders(std::filesystem::path(concord::test::test_dir()) / "cases" / "fhirpath");
  ASSERT_GT(folders.size(), 60u);
  for (const auto& folder : folders) run_case(folder, Form::fhirpath);
}

TEST(FhirPathPatch, LeavesTheSharedNamesAsTheyWere) {
  const auto folders =
      test::case_folders(std::filesystem::path(concord::test::test_dir()) / "cases" / "fhirpath");
  const std::size_t before = r4().symbols.size();
  for (const auto& folder : folders) {
    const tree::Document resource = test::resource_of(test::read_file(folder / "resource.json"));
    const tree::Document patch = test::resource_of(test::read_file(folder / "patch.json"));
    static_cast<void>(apply_fhirpath_patch(resource, patch, r4().definitions, r4().functions));
  }
  EXPECT_LE(r4().symbols.size(), before + 20) << "only words of FHIRPath itself";
  EXPECT_EQ(r4().symbols.find("zzNobodyKnowsThisName"), tree::Symbol::kNone);
  EXPECT_EQ(r4().symbols.find("frobnicate"), tree::Symbol::kNone);
}

}  // namespace
}  // namespace concord::patch
