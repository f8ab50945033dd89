#pragma once
/// Value sets that can be listed from the definitions alone. Built once at load, then read only.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/definitions/definitions.h"

namespace concord::validate {

/// The codes of a value set.
class CodeList {
 public:
  /// False when the set cannot be listed: it draws on a code system that is not here or not whole,
  /// or on a filter other than is-a and descendent-of.
  bool is_known() const noexcept { return known_; }
  bool has(std::string_view code) const noexcept;
  bool has(std::string_view system, std::string_view code) const noexcept;

 private:
  friend class CodeLists;
  using Row = std::pair<std::string_view, std::string_view>;  // code, system
  bool known_ = true;
  std::vector<Row> rows_;  // sorted
};

/// Lists each value set once.
class CodeLists {
 public:
  explicit CodeLists(const definitions::Definitions& definitions) : definitions_(definitions) {}

  /// The list of a value set by canonical url; lives as long as this object.
  const CodeList& list(std::string_view url);

 private:
  void read(CodeList& list, std::string_view url, int depth);

  const definitions::Definitions& definitions_;
  std::map<std::string, CodeList, std::less<>> lists_;
};

}  // namespace concord::validate
