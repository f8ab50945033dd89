#pragma once
/// Walks the chain and says where it breaks.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/record.h"

namespace concord::audit {

/// How a chain is broken.
enum class Fault : std::uint8_t {
  missing,    ///< a sequence number is not there
  reordered,  ///< a record stands where another sequence number belongs
  tampered,   ///< the record or its hash is not what was written
  truncated,  ///< the chain ends before, or elsewhere than, the recorded head
};

/// "missing", "reordered", …
std::string_view fault_name(Fault fault);

/// The first place where a chain breaks.
struct Break {
  Fault fault = Fault::tampered;
  std::int64_t sequence = 0;  ///< of the first link that does not hold
  std::string text;           ///< one sentence for people
};

/// What a walk found.
struct Verdict {
  std::int64_t links = 0;       ///< links that hold, counted from the start
  Sha256 head{};                ///< hash of the last of them
  std::optional<Break> broken;  ///< nothing when the chain is whole
};

/// The recorded end of a chain, kept apart from its links.
struct Head {
  std::int64_t sequence = 0;
  Sha256 hash{};
};

/// Gives up to `limit` links with a sequence greater than `after`, in the order stored.
using Source = std::function<Result<std::vector<Link>>(std::int64_t after, std::size_t limit)>;

/// Walks from the first link to the last, in bounded memory, and compares the end with `head`.
/// A broken chain is a Verdict, not an error. Errors: those of `source`.
Result<Verdict> verify(const Source& source, const Head& head);

}  // namespace concord::audit
