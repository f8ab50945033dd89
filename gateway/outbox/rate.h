#pragma once
/// A token bucket: how much may begin in a second. Plain values, one thread at a time.

#include "fhir/core/instant.h"

namespace concord::outbox {

/// Without a capacity of its own it holds at most a tenth of a second's tokens, and at least one:
/// short delays of whoever takes them cost no throughput, and there are no bursts to speak of. Full
/// when made.
class TokenBucket {
 public:
  /// @param rate  tokens a second; 0: as many as asked for
  /// @param capacity  most tokens it holds, 1 or more; 0: as above
  explicit TokenBucket(double rate, double capacity = 0);

  double rate() const { return rate_; }
  /// Another rate from now on.
  void set_rate(double rate);
  /// Takes one token if there is one. A clock that went back gives none and takes none.
  bool take(Instant now);
  /// When the next token is there: `now` or later.
  Instant ready_at(Instant now) const;

 private:
  double tokens_at(Instant now) const;

  double rate_ = 0;
  double own_capacity_ = 0;
  double capacity_ = 0;
  double tokens_ = 0;
  Instant counted_at_{};
};

}  // namespace concord::outbox
