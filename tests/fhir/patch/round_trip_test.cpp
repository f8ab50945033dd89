// A patch made from the difference of two documents turns one into the other, whatever they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fhir/json/reader.h"
#include "fhir/json/value.h"
#include "fhir/json/writer.h"
#include "fhir/patch/patch.h"
#include "tests/fhir/patch/r4.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::patch {
namespace {

using json::Member;
using json::Value;
using json::ValueKind;
using json::Values;
using test::r4;
using test::resource_of;

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

/// The operations that turn `from` into `to`, for which no cleverness is claimed.
class Difference {
 public:
  explicit Difference(Values& values) : values_(values), patch_(values.make(ValueKind::array)) {}

  Value* between(const Value& from, const Value& to) {
    compare(from, to, "");
    return patch_;
  }

 private:
  void compare(const Value& from, const Value& to, const std::string& at) {
    if (json::equal(from, to) && *json::write(from) == *json::write(to)) return;
    if (from.is(ValueKind::object) && to.is(ValueKind::object)) return objects(from, to, at);
    if (from.is(ValueKind::array) && to.is(ValueKind::array)) return arrays(from, to, at);
    add("replace", at, &to);
  }
  void objects(const Value& from, const Value& to, const std::string& at) {
    for (const Member& member : from.members) {
      if (to.find(member.name) == nullptr) add("remove", at + "/" + escaped(member.name), nullptr);
    }
    for (const Member& member : to.members) {
      const std::string below = at + "/" + escaped(member.name);
      const Member* old = from.find(member.name);
      if (old == nullptr) {
        add("add", below, member.value);
      } else {
        compare(*old->value, *member.value, below);
      }
    }
  }
  void arrays(const Value& from, const Value& to, const std::string& at) {
    const std::size_t common = std::min(from.members.size(), to.members.size());
    for (std::size_t i = 0; i < common; ++i) {
      compare(*from.members[i].value, *to.members[i].value, at + "/" + std::to_string(i));
    }
    for (std::size_t i = from.members.size(); i > common; --i) {
      add("remove", at + "/" + std::to_string(i - 1), nullptr);
    }
    for (std::size_t i = common; i < to.members.size(); ++i) {
      add("add", at + "/-", to.members[i].value);
    }
  }
  void add(const char* op, const std::string& path, const Value* value) {
    Value* operation = values_.make(ValueKind::object);
    operation->members.push_back({"op", values_.make(ValueKind::string, op)});
    operation->members.push_back({"path", values_.make(ValueKind::string, values_.keep(path))});
    if (value != nullptr) operation->members.push_back({"value", values_.copy(*value)});
    patch_->members.push_back({{}, operation});
  }

  Values& values_;
  Value* patch_;
};

/// Changes some of a document, so that it mostly stays FHIR JSON.
class Editor {
 public:
  Editor(Values& values, std::uint32_t seed) : values_(values), random_(seed) {}

  void edit(Value& value) {
    for (std::size_t i = 0; i < value.members.size(); ++i) {
      Member& member = value.members[i];
      if (member.name == "resourceType") continue;
      switch (random_() % 12) {
        case 0:
          if (member.value->is(ValueKind::string)) {
            member.value = values_.make(ValueKind::string, values_.keep(text()));
          } else if (member.value->is(ValueKind::number)) {
            member.value = values_.make(ValueKind::number, values_.keep(number()));
          }
          break;
        case 1:
          if (value.members.size() > 1) {
            value.members.erase(value.members.begin() + static_cast<std::ptrdiff_t>(i--));
          }
          break;
        case 2:
          if (value.is(ValueKind::array)) {
            value.members.insert(value.members.begin() + static_cast<std::ptrdiff_t>(i++),
                                 {{}, values_.copy(*member.value)});
          }
          break;
        case 3:
          if (value.is(ValueKind::array) && i > 0) {
            std::swap(value.members[i], value.members[i - 1]);
          } else if (value.is(ValueKind::object)) {
            const std::string_view name = values_.keep("x/~" + std::to_string(made_++));
            value.members.push_back({name, values_.make(ValueKind::string, values_.keep(text()))});
          }
          break;
        default:
          edit(*member.value);
      }
    }
  }

 private:
  std::string text() {
    static const char* const kTexts[] = {"a", "\"quoted\"", "zwölf ~/", "line\nfeed", "\\", "漢字"};
    return kTexts[random_() % std::size(kTexts)];
  }
  std::string number() {
    static const char* const kNumbers[] = {"0", "1.50", "1e400", "-0.0", "123456789012345678901"};
    return kNumbers[random_() % std::size(kNumbers)];
  }

  Values& values_;
  std::mt19937 random_;
  int made_ = 0;
};

int turn_into_edited_copies(const std::string& text, std::uint32_t seed) {
  const tree::Document resource = resource_of(text);
  const std::string before = *json::write(resource);
  Values values;
  Value* from = *values.read(before);
  Value* to = values.copy(*from);
  Editor(values, seed).edit(*to);
  const std::string target = *json::write(*to);
  const auto wanted = json::read(target, r4().symbols);
  if (!wanted) return 0;  // the edits made no FHIR JSON
  const std::string patch = *json::write(*Difference(values).between(*from, *to));
  Limits limits;
  limits.operations = 100'000;
  const auto result = apply_json_patch(resource, patch, r4().definitions, limits);
  EXPECT_THAT(result, IsOk()) << patch;
  if (!result) return 0;
  Values answers;
  EXPECT_TRUE(
      json::equal(**answers.read(*json::write(*result)), **answers.read(*json::write(*wanted))))
      << patch;
  return 1;
}

TEST(JsonPatch, TheDifferenceOfTwoDocumentsTurnsOneIntoTheOther) {
  const auto folders =
      test::case_folders(std::filesystem::path(concord::test::test_dir()) / "cases" / "json");
  int done = 0;
  for (const auto& folder : folders) {
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
      done += turn_into_edited_copies(test::read_file(folder / "resource.json"), seed);
    }
  }
  EXPECT_GT(done, 1'000);
}

TEST(JsonPatch, TurnsPublishedExamplesIntoEditedCopies) {
  const auto corpus = test::corpus("fhir");
  if (!corpus) return;
  int done = 0;
  for (const auto& file : std::filesystem::directory_iterator(*corpus / "examples-r4")) {
    if (file.path().extension() != ".json") continue;
    const std::string text = test::read_file(file.path());
    if (!json::read(text, r4().symbols)) continue;
    for (std::uint32_t seed = 1; seed <= 5; ++seed) done += turn_into_edited_copies(text, seed);
  }
  EXPECT_GT(done, 300);
}

TEST(FhirPathPatch, NumbersKeepTheirDigits) {
  const tree::Document resource =
      resource_of(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                  R"("valueQuantity":{"value":72.50}})");
  const tree::Document patch = resource_of(
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[)"
      R"({"name":"type","valueCode":"add"},{"name":"path","valueString":"Observation"},)"
      R"({"name":"name","valueString":"referenceRange"},{"name":"value","part":[)"
      R"({"name":"low","valueQuantity":{"value":0.010}}]}]}]})");
  const auto result = apply_fhirpath_patch(resource, patch, r4().definitions, r4().functions);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*json::write(*result),
            R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
            R"("valueQuantity":{"value":72.50},"referenceRange":[{"low":{"value":0.010}}]})");
}

}  // namespace
}  // namespace concord::patch
