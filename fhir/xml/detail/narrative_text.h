#pragma once
/// A narrative written out so that it stands for itself: its namespaces are declared where they
/// change, without prefixes.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/output.h"
#include "fhir/xml/detail/tokeniser.h"

namespace concord::xml::detail {

/// Fed with the events of one element. `text()` is well-formed XML once the element is closed.
/// Comments and prefixes are not kept; CDATA becomes text.
class NarrativeText {
 public:
  explicit NarrativeText(std::size_t most_bytes) : out_(0, most_bytes) {}

  void begin(const Element& element);
  void end();
  void text(std::string_view run);

  /// Whether a view of the source would do instead: the outermost element declares its namespace,
  /// and nothing has a prefix.
  bool source_stands_alone() const noexcept { return stands_alone_; }
  bool over_limit() const noexcept { return out_.over_limit(); }
  std::string take() { return out_.take(); }

 private:
  struct Open {
    std::string_view name;
    std::string_view name_space;
  };
  Output out_;
  std::vector<Open> open_;
  bool tag_open_ = false;
  bool stands_alone_ = true;
};

}  // namespace concord::xml::detail
