#pragma once
/// An Api over stored resources: R4 as it is, resources in memory, a clock and ids of the test.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/resources/service.h"
#include "tests/gateway/api/calling.h"
#include "tests/support/memory_resources.h"

namespace concord::api {

class Kept : public ::testing::Test {
 protected:
  Kept();
  ~Kept() override;

  using Fields = std::vector<std::pair<std::string, std::string>>;
  /// `target` is below the base.
  http::Response get(std::string target, Fields fields = {});
  http::Response send(std::string method, std::string target, std::string body, Fields fields = {});
  http::Response put(std::string target, std::string body, Fields fields = {}) {
    return send("PUT", std::move(target), std::move(body), std::move(fields));
  }
  http::Response post(std::string target, std::string body, Fields fields = {}) {
    return send("POST", std::move(target), std::move(body), std::move(fields));
  }
  http::Response remove(std::string target, Fields fields = {});
  /// With terminology of R4.
  void with_terminology();

  struct Known;
  static const Known& known();

  Calling calling;
  test::MemoryResources store;
  Instant now{std::chrono::seconds(1'780'000'000)};
  int next_id = 0;
  resources::Settings settings;
  std::unique_ptr<resources::ResourceService> service;
  void restart();
};

/// {"resourceType":"Patient", … with that family name and, when given, id.
std::string patient(std::string_view family, std::string_view id = {});

}  // namespace concord::api
