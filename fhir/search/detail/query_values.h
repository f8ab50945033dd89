#pragma once
/// What the values of one parameter ask for.
/// Source: hl7.org/fhir/R4/search.html, sections of the parameter types.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/search/detail/compiled.h"

namespace concord::search::detail {

/// Cut at `separator` where it is not escaped; escapes stay.
std::vector<std::string_view> split_escaped(std::string_view text, char separator);
/// `\,` `\|` `\$` `\\` as what they stand for.
std::string unescaped(std::string_view text);

/// Collapses what holds one condition.
Condition all_of(std::vector<Condition> conditions);
Condition any_of(std::vector<Condition> conditions);
Condition not_of(Condition condition);

/// Makes conditions of the values of one parameter.
class ValueReader {
 public:
  ValueReader(const Parameters::Compiled& compiled, const Parameters::Reading& reading,
              std::string_view name)
      : compiled_(compiled), catalogue_(compiled.catalogue), reading_(reading), name_(name) {}

  /// A list separated by commas, with the modifier (without colon; empty: none).
  /// Errors: malformed, too_costly.
  Result<Condition> read(const Parameter& parameter, std::string_view modifier,
                         std::string_view value) const;
  /// `:missing`.
  Condition present(const Parameter& parameter) const;

 private:
  Result<Condition> one(const Parameter& parameter, std::string_view modifier,
                        std::string_view value) const;
  Result<Condition> id(std::string_view modifier,
                       const std::vector<std::string_view>& values) const;
  Result<Condition> updated(std::string_view value) const;
  Result<Condition> token(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> token_text(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> of_type(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> in_value_set(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> hierarchy(const std::vector<Use>& uses, std::string_view value,
                              bool below) const;
  Result<Condition> near(const std::vector<Use>& uses, std::string_view value) const;
  void add_token(const Use& use, std::optional<std::string_view> system,
                 std::optional<std::string_view> code, std::vector<Condition>& into) const;
  Result<Condition> string(const std::vector<Use>& uses, std::string_view modifier,
                           std::string_view value) const;
  Result<Condition> date(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> number(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> quantity(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> reference(const Parameter& parameter, const std::vector<Use>& uses,
                              std::string_view modifier, std::string_view value) const;
  Result<Condition> identifier(const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> uri(const std::vector<Use>& uses, std::string_view modifier,
                        std::string_view value) const;
  Result<Condition> composite(const Parameter& parameter, std::string_view value) const;
  Result<Condition> component(const Parameter& parameter, std::size_t index,
                              const std::vector<Use>& uses, std::string_view value) const;
  Result<Condition> marked(const Parameter& parameter, const Composite& rows,
                           const std::vector<std::string_view>& values) const;

  Error bad_value(std::string_view why) const;

  const Parameters::Compiled& compiled_;
  const Catalogue& catalogue_;
  const Parameters::Reading& reading_;
  std::string_view name_;
};

}  // namespace concord::search::detail
