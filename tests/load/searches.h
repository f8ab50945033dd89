#pragma once
/// The ten searches a practice or pharmacy system asks all day.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace concord::load {

struct Search {
  std::string_view name;
  /// The address below the FHIR base for the turn-th question over a population of that many.
  std::string (*target)(std::uint64_t turn, std::size_t patients);
};

const std::vector<Search>& usual_searches();

}  // namespace concord::load
