#include "gateway/outbox/rate.h"

#include <algorithm>
#include <cmath>

namespace concord::outbox {

namespace {
/// Sums of fractions may miss a whole token by this much.
constexpr double kWhole = 1.0 - 1e-9;
}  // namespace

TokenBucket::TokenBucket(double rate, double capacity) : own_capacity_(capacity) { set_rate(rate); }

void TokenBucket::set_rate(double rate) {
  if (rate == rate_ && capacity_ > 0) return;
  rate_ = rate;
  capacity_ = std::max(1.0, own_capacity_ > 0 ? own_capacity_ : rate / 10);
  tokens_ = capacity_;
}

double TokenBucket::tokens_at(Instant now) const {
  if (now <= counted_at_) return tokens_;
  const double seconds = std::chrono::duration<double>(now - counted_at_).count();
  return std::min(capacity_, tokens_ + seconds * rate_);
}

bool TokenBucket::take(Instant now) {
  if (rate_ <= 0) return true;
  tokens_ = tokens_at(now);
  counted_at_ = now;  // also backwards: what the clock lost is not given twice
  if (tokens_ < kWhole) return false;
  tokens_ -= 1;
  return true;
}

Instant TokenBucket::ready_at(Instant now) const {
  if (rate_ <= 0) return now;
  const double missing = 1 - tokens_at(now);
  if (missing <= 1 - kWhole) return now;
  return now + std::chrono::milliseconds(
                   static_cast<std::int64_t>(std::ceil(missing / rate_ * 1000 - 1e-6)));
}

}  // namespace concord::outbox
