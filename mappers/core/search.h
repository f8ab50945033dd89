#pragma once
/// Questions a format can put to the other side: FHIR searches that change nothing there.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "mappers/core/mapper.h"

namespace concord::mappers {

/// Names and values of a search as they came, decoded, in order. Names that begin with '_' are left
/// out.
using SearchParameters = std::vector<std::pair<std::string, std::string>>;

/// What is asked, in the format.
struct Query {
  std::string target;  ///< path and query below the other side's address
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The searches of one format. Immutable; safe from any thread.
class Search {
 public:
  virtual ~Search() = default;

  /// The question for a search of a resource type.
  /// Errors: unsupported (no such search), malformed (a parameter that is missing, unknown, given
  /// twice or of the wrong form; one issue for each).
  virtual Result<Query> query(std::string_view resource_type, const SearchParameters& search,
                              const Parameters& parameters) const = 0;

  /// The answer as FHIR, with what the search does not ask for taken out.
  /// Errors: as Mapper::decode().
  virtual Result<Decoded> found(std::string_view bytes, std::string_view content_type,
                                const SearchParameters& search,
                                const Parameters& parameters) const = 0;

 protected:
  Search() = default;
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
};

}  // namespace concord::mappers
