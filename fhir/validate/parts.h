#pragma once
/// What a validator stands on. Everything outlives the validator.

namespace concord::definitions {
class Definitions;
}
namespace concord::packages {
class Registry;
struct Entry;
}  // namespace concord::packages
namespace concord::snapshot {
class Profiles;
}
namespace concord::terminology {
class Terminology;
}

namespace concord::validate {

/// Only `definitions` must be given. Without `registry` no profile but those of R4 is known,
/// without `profiles` no profile at all is checked, without `terminology` no binding.
struct Parts {
  const definitions::Definitions* definitions = nullptr;
  const packages::Registry* registry = nullptr;
  const snapshot::Profiles* profiles = nullptr;
  const terminology::Terminology* terminology = nullptr;
};

}  // namespace concord::validate
