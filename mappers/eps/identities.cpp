#include "mappers/eps/identities.h"

#include <utility>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"

namespace concord::eps {

UuidSource identities(const mappers::Parameters& parameters, std::function<std::string()> bytes) {
  if (parameters.uuids) return parameters.uuids;
  return [digest = std::string(), next = 0, now = format_instant(parameters.now),
          bytes = std::move(bytes)]() mutable {
    if (digest.empty()) digest = to_hex(sha256(bytes()));
    return uuid_v5("https://concord.example/eps/identity",
                   digest + ' ' + now + ' ' + std::to_string(next++));
  };
}

}  // namespace concord::eps
