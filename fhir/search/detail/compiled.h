#pragma once
/// What stands behind Parameters.

#include <map>
#include <string>
#include <vector>

#include "fhir/search/detail/catalogue.h"
#include "fhir/search/parameters.h"

namespace concord::search {

struct Parameters::Compiled {
  Compiled(const definitions::Definitions& definitions, const path::FunctionTable& known_functions,
           const terminology::Terminology* known_terminology)
      : catalogue(definitions, known_functions),
        functions(&known_functions),
        terminology(known_terminology) {}

  detail::Catalogue catalogue;
  const path::FunctionTable* functions;
  const terminology::Terminology* terminology;
  std::string base_url;
  /// Compartment → type → parameters by which a resource of it belongs; empty: it does not.
  std::map<std::string, std::map<std::string, std::vector<std::string>>, std::less<>> compartments;
};

namespace detail {
/// What a SearchParameter resource says.
Definition read_definition(const tree::Document& document, const tree::Node& resource);
}  // namespace detail

}  // namespace concord::search
