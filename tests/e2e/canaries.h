#pragma once
/// Messages in which every value is a mark that nothing may repeat: found by walking the Bundle, so
/// that elements added to the sample are covered without a line here.

#include <string>
#include <string_view>
#include <vector>

namespace concord::test {

/// A value of a resource, by its place in the order of the text.
struct Leaf {
  std::size_t number = 0;
  std::string path;  ///< FHIRPath with indices
  std::string name;  ///< of the element: "family"
  std::string value;
};

/// Every value written as text in a resource (FHIR JSON), resource types excepted.
std::vector<Leaf> leaves_of(const std::string& json);

/// A mark no program makes by itself: letters and digits, different for each number.
std::string canary(std::size_t number);
/// What all marks have in common.
inline constexpr std::string_view kCanary = "zqcanaryqz";

/// `json` with the leaves of these numbers replaced by their marks.
std::string marked(const std::string& json, const std::vector<std::size_t>& leaves);
/// `json` with an extension nobody knows in each resource, a mark its url and another its value.
std::string with_unknown_extensions(const std::string& json);
/// The same resource as FHIR XML, its elements in the order they have in JSON.
std::string as_xml(const std::string& json);

/// Marks and values of `secrets` that stand in `text`, in any case of letters, with some of what
/// stands around them: "log: …Smith…". Empty when there is none.
std::vector<std::string> found_in(std::string_view what, std::string_view text,
                                  const std::vector<std::string>& secrets);

}  // namespace concord::test
