#include "fhir/search/index.h"

#include "fhir/core/digest.h"

namespace concord::search {
namespace {

std::uint64_t leading(const Sha256& digest, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | digest[static_cast<std::size_t>(i)];
  return value;
}

}  // namespace

std::int64_t index_hash(std::string_view text) {
  return static_cast<std::int64_t>(leading(sha256(text), 8));
}

std::int32_t short_hash(std::string_view text) {
  const auto value = static_cast<std::int32_t>(leading(sha256(text), 4));
  return value == 0 ? 1 : value;
}

std::int64_t resource_hash(std::string_view type, std::string_view id) {
  std::string text;
  text.reserve(type.size() + 1 + id.size());
  text.append(type).append(1, '/').append(id);
  return index_hash(text);
}

}  // namespace concord::search
