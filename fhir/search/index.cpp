#include "fhir/search/index.h"

#include "fhir/core/digest.h"

namespace concord::search {

std::int64_t index_hash(std::string_view text) {
  const Sha256 digest = sha256(text);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | digest[i];
  return static_cast<std::int64_t>(value);
}

std::int32_t short_hash(std::string_view text) {
  const Sha256 digest = sha256(text);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | digest[i];
  return value == 0 ? 1 : static_cast<std::int32_t>(value);
}

std::int64_t resource_hash(std::string_view type, std::string_view id) {
  std::string text;
  text.reserve(type.size() + 1 + id.size());
  text.append(type).append("/").append(id);
  return index_hash(text);
}

}  // namespace concord::search
