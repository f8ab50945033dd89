#pragma once
/// Whether a question is to be answered, given the answers to others.
/// Source: hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.

#include <map>
#include <string_view>
#include <vector>

#include "fhir/validate/questionnaire/form.h"

namespace concord::validate::questionnaire {

/// One answered item and what it answers: from the outermost in.
struct Step {
  std::uint32_t item = kNoItem;  ///< of the form
  const tree::Node* node = nullptr;
};
using Path = std::vector<Step>;

/// The conditions of one form over one response. One thread.
class EnableWhen {
 public:
  /// `document` is that of the response. Everything must outlive this object.
  EnableWhen(const Form& form, const Names& names, const tree::Document& document,
             const tree::Node& response);

  /// Whether `item` is enabled where `path` leads (the items around it, itself included or not). A
  /// condition that compares what cannot be compared is not met; without `enableBehavior` several
  /// conditions count for nothing (que-12 says so).
  bool is_enabled(std::uint32_t item, const Path& path);

  /// Comparisons done; past a bound every item counts as enabled and this is true.
  bool gave_up() const noexcept { return steps_ > kMostSteps; }

 private:
  static constexpr std::size_t kMostSteps = 20'000'000;

  bool is_met(const tree::Node& condition, std::uint32_t item, const Path& path);
  bool answers(const tree::Node& value, const tree::Node& expected, std::string_view operation);
  /// The answered items with a linkId that stand within a node of the response.
  std::vector<const tree::Node*> find(std::string_view link_id, const tree::Node& within);

  const Form& form_;
  const Names& names_;
  const tree::Document& document_;
  const tree::Node& response_;
  std::map<std::string_view, std::vector<const tree::Node*>> by_link_id_;
  std::size_t steps_ = 0;
};

}  // namespace concord::validate::questionnaire
