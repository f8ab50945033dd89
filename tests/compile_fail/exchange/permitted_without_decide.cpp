// Nothing is permitted without a decision.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

const agreements::Decisions& road(const Permitted& permitted) { return permitted.decisions(); }

#ifdef COMPILE_FAIL
Permitted shortcut(ValidatedBundle validated) {
  return Permitted(std::move(validated), agreements::Decisions{}, Instant{});
}
#endif

}  // namespace concord::exchange
