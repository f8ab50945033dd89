// Messages of Spine and the tracker: any bytes become a resource that can be written, twice the
// same, or are refused, never for a fault of ours; the verdict of an answer likewise.
// DEPENDS mappers/eps fhir/json fhir/definitions

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/json/writer.h"
#include "mappers/eps/eps.h"

namespace {

using namespace concord;

struct World {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  std::unique_ptr<mappers::Mapper> mapper = *eps::make_mapper(definitions);
};

std::string written(const mappers::Decoded& decoded) {
  const auto json = json::write(*decoded.resource);
  if (json) return *json;
  if (json.error().code != ErrorCode::too_long) std::abort();
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto decoded = world.mapper->decode(bytes, {}, {}, nullptr);
  const auto verdict = world.mapper->read_acknowledgement(bytes, {});
  if (!verdict && verdict.error().code == ErrorCode::internal) std::abort();
  if (!decoded) {
    if (decoded.error().code == ErrorCode::internal || decoded.error().issues.empty()) std::abort();
    return 0;
  }
  const std::string first = written(*decoded);
  const auto again = world.mapper->decode(bytes, {}, {}, nullptr);
  if (!again || written(*again) != first) std::abort();
  return 0;
}
