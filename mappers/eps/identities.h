#pragma once
/// New identities for messages that bring none.

#include <functional>
#include <string>

#include "fhir/core/uuid.h"
#include "mappers/core/mapper.h"

namespace concord::eps {

/// `Parameters::uuids`, or where it is empty version 5 UUIDs of the message's bytes, the time of
/// translation and a running number: the same message at the same time gets the same identities.
/// `bytes` is asked for when the first identity is. The source is for one translation and one
/// thread; `parameters` and what `bytes` refers to must outlive it.
UuidSource identities(const mappers::Parameters& parameters, std::function<std::string()> bytes);

}  // namespace concord::eps
