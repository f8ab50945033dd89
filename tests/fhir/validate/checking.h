#pragma once
// Depth full over profiles that a test writes itself: differentials in short form.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "tests/fhir/validate/validating.h"

namespace concord::validate::test {

/// A StructureDefinition of `type` with these elements of a differential (JSON, comma separated).
inline std::string profile(const std::string& name, const std::string& type,
                           const std::string& elements, const std::string& more = {}) {
  return R"({"resourceType":"StructureDefinition","url":"https://concord.example/)" + name +
         R"(","version":"1","name":")" + name +
         R"(","status":"draft","fhirVersion":"4.0.1","kind":")" +
         (type == "Extension" || type == "HumanName" || type == "Address" ? "complex-type"
                                                                          : "resource") +
         R"(","abstract":false,"type":")" + type +
         R"(","baseDefinition":"http://hl7.org/fhir/StructureDefinition/)" + type +
         R"(","derivation":"constraint",)" + more + R"("differential":{"element":[)" + elements +
         "]}}";
}

class Checking {
 public:
  explicit Checking(const std::vector<std::string>& definitions) : registry_(r4().definitions) {
    std::size_t number = 0;
    for (const std::string& text : definitions) {
      auto added = registry_.add_text("definition-" + std::to_string(number++), text);
      EXPECT_TRUE(added) << (added ? "" : to_string(added.error()));
    }
    validator_ = std::make_unique<Validator>(
        Validator::compile({&r4().definitions, &registry_, &profiles_, &terminology_}));
  }

  Report report(const std::string& instance, std::vector<std::string> profiles = {},
                const Options& options = Options::reference(),
                const Neighbours* neighbours = nullptr) const {
    for (std::string& name : profiles) {
      if (!name.starts_with("http")) name = "https://concord.example/" + name;
    }
    Validator::Request request{profiles, neighbours};
    return validate_text(instance, *validator_, r4().definitions, options, {}, request);
  }

  /// Errors as "message id @expression", without warnings.
  std::vector<std::string> errors(const std::string& instance,
                                  std::vector<std::string> profiles = {},
                                  const Options& options = Options::reference(),
                                  const Neighbours* neighbours = nullptr) const {
    std::vector<std::string> lines;
    for (const Issue& issue : report(instance, std::move(profiles), options, neighbours).issues) {
      if (issue.severity <= Severity::error) {
        lines.push_back(issue.detail_code + " @" + issue.expression);
      }
    }
    return lines;
  }

 private:
  packages::Registry registry_;
  snapshot::Profiles profiles_{registry_};
  terminology::Terminology terminology_{registry_};
  std::unique_ptr<Validator> validator_;
};

}  // namespace concord::validate::test
