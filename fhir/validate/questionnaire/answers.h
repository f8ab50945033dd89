#pragma once
/// One answer against the item it answers: its type, bounds, options, units. Findings carry the
/// message ids of the reference validator.
/// Source: hl7.org/fhir/R4/questionnaire.html, questionnaireresponse.html; the extensions of
/// hl7.org/fhir/R4/questionnaire-profiles.html and hl7.org/fhir/uv/sdc.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/path/text_pattern.h"
#include "fhir/validate/context.h"
#include "fhir/validate/questionnaire/form.h"

namespace concord::terminology {
class ValueSet;
}

namespace concord::validate::questionnaire {

/// The answers of one response. One thread; everything given must outlive it.
class Answers {
 public:
  Answers(const Form& form, const Names& names, Context& context)
      : form_(form), names_(names), context_(context) {}

  /// Checks one `answer` of an item that is neither group nor display; `count`: how many answers
  /// the item has.
  void check(const Item& item, const tree::Node& answer, std::size_t count);

 private:
  using Types = std::initializer_list<std::string_view>;
  /// False, with a finding, when the value is of none of the types.
  bool has_type(const tree::Node& value, Types types);

  void check_bounds(const Item& item, const tree::Node& value, std::string_view kind);
  void check_decimal_places(const Item& item, const tree::Node& value, std::string_view number);
  void check_string(const Item& item, const tree::Node& value);
  void check_pattern(const Item& item, const tree::Node& value);
  void check_attachment(const Item& item, const tree::Node& answer, const tree::Node& value);
  void check_reference(const Item& item, const tree::Node& value);
  void check_quantity(const Item& item, const tree::Node& value);
  void check_quantity_bound(const tree::Node& value, const tree::Node& bound, bool is_min);
  void check_units(const Item& item, const tree::Node& value);
  /// A primitive among the options of its type. `at`: where findings stand.
  void check_options(const Item& item, const tree::Node& value, const tree::Node& at,
                     std::string_view type, bool open);
  void check_choice(const Item& item, const tree::Node& answer, const tree::Node& value,
                    std::size_t count);
  void check_coding_option(const Item& item, const tree::Node& answer, const tree::Node& value,
                           std::size_t count);
  void check_coding_in_set(const Item& item, const tree::Node& answer, const tree::Node& value);
  void check_string_in_set(std::string_view canonical, const tree::Node& value);
  void check_unit_in_set(std::string_view canonical, std::string_view system, std::string_view code,
                         const tree::Node& value);
  /// The value set of a canonical, contained ones included; null when it is not here.
  std::shared_ptr<const terminology::ValueSet> value_set(std::string_view canonical);

  void error(std::string_view id, const tree::Node& node, std::string text);
  bool has_options(const Item& item) const;

  const Form& form_;
  const Names& names_;
  Context& context_;
  std::map<const tree::Node*, path::TextPattern> patterns_;
  std::map<std::string, std::shared_ptr<const terminology::ValueSet>, std::less<>> sets_;
};

}  // namespace concord::validate::questionnaire
