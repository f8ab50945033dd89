#pragma once
/// A gateway and the simulated other side, as programs, on free ports, in a folder of their own.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"

namespace concord::test {

/// The simulated Spine.
class OtherSide {
 public:
  explicit OtherSide(const std::filesystem::path& folder);

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/Prescription"; }
  /// As POST /_behaviour of the simulator takes it: "delay_ms=200&for=3".
  void behave(std::string_view how);

  /// The tracker's answer about one issue of a prescription, as JSON.
  std::string details(std::string_view short_id, int issue = 1);
  /// Moves its clock forward.
  void advance(int hours);

  /// One message as it came.
  struct Arrival {
    std::string verdict;  ///< AA, AE, AR
    std::string kind;     ///< new, repeat, conflict, unreadable
    std::string message_id;
    std::string digest;  ///< lower-case hex SHA-256 of the bytes
    std::string short_id;
  };
  std::vector<Arrival> arrivals() const;

 private:
  std::filesystem::path record_;
  Process program_;
  std::uint16_t port_ = 0;
};

/// Both, with the gateway as `concord serve`.
class World {
 public:
  /// `settings` are environment variables of the gateway, over those of the test.
  explicit World(std::map<std::string, std::string> settings = {});

  OtherSide& other_side() { return other_side_; }
  Process& gateway() { return gateway_; }
  /// SIGKILL, and a new gateway over the same store.
  void kill_and_restart();
  const std::filesystem::path& folder() const { return folder_.path(); }
  /// Of the gateway: "http://127.0.0.1:8080".
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::uint16_t port() const { return port_; }

  /// POST /FHIR/R4/$process-message as FHIR JSON.
  HttpAnswer process(std::string_view bundle, Headers headers = {});
  HttpAnswer get(std::string_view path, Headers headers = {});
  HttpAnswer post(std::string_view path, std::string_view content_type, std::string_view body,
                  Headers headers = {});
  /// Any method, with FHIR JSON.
  HttpAnswer send(std::string_view method, std::string_view path, std::string_view body);

  /// The Task at `location` once its status is one of `wanted`; as it is when 20 s have passed.
  std::string task_when(const std::string& location, std::vector<std::string_view> wanted);
  /// The value of a metric without labels; -1 when it is absent.
  long metric(std::string_view name);

 private:
  void start();

  TemporaryFolder folder_;
  OtherSide other_side_;
  std::map<std::string, std::string> environment_;
  Process gateway_;
  std::uint16_t port_ = 0;
};

/// The text of a JSON member's first string value, by its name, anywhere: enough for status words.
std::string first_string(std::string_view json, std::string_view name);

}  // namespace concord::test
