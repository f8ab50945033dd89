#pragma once
// The full depth over small documents: what one family of findings says, whatever the others do.

#include <gmock/gmock.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "tests/fhir/validate/validating.h"

namespace concord::validate {

/// A validator with definitions of its own.
class RuleSets {
 public:
  explicit RuleSets(std::initializer_list<std::string_view> definitions)
      : registry_(r4().definitions),
        terminology_(load(definitions)),
        validator_(
            Validator::compile(Parts{&r4().definitions, &registry_, nullptr, &terminology_})) {}

  /// "error Questionnaire_QR_Item_Missing QuestionnaireResponse.item[0]": the findings whose id
  /// contains one of the words, in order.
  std::vector<std::string> findings(std::string text, std::initializer_list<std::string_view> words,
                                    Options options = Options::reference()) const {
    options.depth = Depth::full;
    std::vector<std::string> lines;
    const Report report = validate_text(std::move(text), validator_, r4().definitions, options);
    for (const Issue& issue : report.issues) {
      for (const std::string_view word : words) {
        if (issue.detail_code.find(word) == std::string::npos) continue;
        lines.push_back(std::string(severity_name(issue.severity)) + ' ' + issue.detail_code + ' ' +
                        issue.expression);
        break;
      }
    }
    return lines;
  }

 private:
  const packages::Registry& load(std::initializer_list<std::string_view> definitions) {
    for (const std::string_view text : definitions) {
      const auto added = registry_.add_text("definition", std::string(text));
      if (!added) ADD_FAILURE() << to_string(added.error());
    }
    return registry_;
  }

  packages::Registry registry_;
  terminology::Terminology terminology_;
  Validator validator_;
};

}  // namespace concord::validate
