#pragma once
/// What nobody should send, by name.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::test {

struct Hostile {
  std::string name;  ///< what is wrong, for the test's message
  std::string content_type;
  std::function<std::string(const std::string& good)> make;  ///< from a good prescription-order
};

/// Every kind, each different from the others in what it attacks.
std::vector<Hostile> hostile_inputs();

}  // namespace concord::test
