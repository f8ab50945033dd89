#pragma once
/// Which addresses subscribers may be told at: those an operator registered, and nobody else's.
/// Source: security-nhs.md IN-09, IN-10.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/channels/http/http_channel.h"

namespace concord::subscriptions {

/// Immutable, safe from any thread.
class Endpoints {
 public:
  /// `registered`: "https://consumer.example" (everything there) or
  /// "https://consumer.example/hooks" (that path and below). Errors: invalid (not a URL of http or
  /// https; plain http to another machine).
  static Result<Endpoints> make(const std::vector<std::string>& registered);

  /// Errors: invalid (not a URL; not below one that is registered), with `Subscription.channel.
  /// endpoint` as its place and never the address in its text.
  Result<void> check(const std::string& address) const;

 private:
  std::vector<channels::http::Address> registered_;
};

}  // namespace concord::subscriptions
