#include "fhir/definitions/definitions.h"

namespace concord::definitions {

const Type::Slot Type::kNoSlot{};

}  // namespace concord::definitions
