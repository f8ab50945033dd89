#include <algorithm>

#include "mappers/core/mapper.h"

namespace concord::mappers {

Recognised Mapper::recognise(const tree::Document&) const { return {}; }

Result<Decoded> Mapper::decode(std::string_view, std::string_view, const Parameters&,
                               mapping::TraceSink*) const {
  return make_error(ErrorCode::unsupported, "the format " + std::string(name()) + " is not read");
}

Result<Acknowledgement> Mapper::read_acknowledgement(std::string_view, std::string_view) const {
  return make_error(ErrorCode::unsupported, "this format has no acknowledgements");
}

void Mappers::add(std::unique_ptr<Mapper> mapper) {
  for (auto& present : mappers_) {
    if (present->name() == mapper->name()) {
      present = std::move(mapper);
      return;
    }
  }
  mappers_.push_back(std::move(mapper));
}

const Mapper* Mappers::find(std::string_view name) const {
  const auto found = std::find_if(mappers_.begin(), mappers_.end(),
                                  [&](const auto& mapper) { return mapper->name() == name; });
  return found == mappers_.end() ? nullptr : found->get();
}

const Mapper* Mappers::recognise(const tree::Document& bundle) const {
  const auto found = std::find_if(mappers_.begin(), mappers_.end(),
                                  [&](const auto& mapper) { return mapper->recognises(bundle); });
  return found == mappers_.end() ? nullptr : found->get();
}

std::vector<std::string_view> Mappers::names() const {
  std::vector<std::string_view> names;
  names.reserve(mappers_.size());
  for (const auto& mapper : mappers_) names.push_back(mapper->name());
  return names;
}

}  // namespace concord::mappers
