#pragma once
/// A running gateway as a tool of the operator reaches it: one request, one answer.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::app {

/// One thread at a time.
class Reach {
 public:
  /// `url` is scheme, host and port: "http://127.0.0.1:8081".
  /// Errors: invalid (not such a URL, plain http to another machine).
  static Result<Reach> to(std::string url);

  /// What came back, whatever its status.
  struct Reply {
    bool answered = false;  ///< false: nobody does, and the rest means nothing
    int status = 0;
    std::string body;
  };
  /// Errors: internal (this program cannot ask at all).
  Result<Reply> ask(const std::string& target) const;
  Result<Reply> tell(const std::string& target, std::string_view json) const;

  /// What comes back with a status of 2xx. `target` is path and query, the format wanted in it.
  /// Errors: transient (nobody answers); for other statuses not_found, conflict, throttled,
  /// malformed or transient with the texts of the OperationOutcome.
  Result<std::string> get(const std::string& target) const;
  Result<std::string> post(const std::string& target, std::string_view json) const;

 private:
  explicit Reach(std::string url) : url_(std::move(url)) {}
  std::string url_;
};

}  // namespace concord::app
