#pragma once
/// Stands between a program and the one it talks to, and does harm as told. Safe from any thread.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "conformance/simulators/fault_proxy/fault.h"
#include "conformance/simulators/fault_proxy/wire.h"
#include "fhir/core/result.h"

namespace concord::fault_proxy {

struct Options {
  std::uint16_t port = 0;      ///< on 127.0.0.1; 0 takes a free one
  std::uint16_t upstream = 0;  ///< on 127.0.0.1
  bool http = true;            ///< false: bytes only; faults are of connections, not of requests
  std::uint64_t seed = 1;
  std::filesystem::path record;       ///< one JSON line for each fault, appended; empty: none
  std::size_t max_connections = 512;  ///< further ones are closed at once
};

struct Counts {
  std::uint64_t connections = 0, requests = 0, faults = 0;
};

class Proxy {
 public:
  /// Errors: transient (the port is taken, the record cannot be opened).
  static Result<std::unique_ptr<Proxy>> start(const Options& options);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const { return port_; }
  /// From now on; requests under way keep what they drew.
  void set(std::vector<Phase> phases);
  Counts counts() const;

 private:
  explicit Proxy(const Options& options) : options_(options) {}
  void accept_all();
  void serve(Wire client, std::uint64_t connection);
  void serve_http(Wire& client, std::uint64_t connection);
  void serve_bytes(Wire& client, std::uint64_t connection);
  /// One request. False when the client's connection is over.
  bool exchange(Wire& client, Wire& upstream, std::string request, std::uint64_t connection);
  /// Sends it upstream and reads the answer.
  std::optional<std::string> ask(Wire& upstream, const std::string& request, std::uint64_t rate);
  bool answer(Wire& client, const std::string& response, const std::optional<Fault>& fault);
  std::optional<Fault> draw(std::uint64_t number, std::uint64_t connection);
  void wait(std::uint64_t ms) const;
  void wait_for_another(std::uint64_t ms);

  Options options_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  Stop stopping_{false};
  Faults faults_;
  std::atomic<std::uint64_t> connections_{0}, requests_{0}, harmed_{0}, passed_{0};

  std::mutex lock_;  ///< of all below
  std::condition_variable moved_;
  std::string kept_answer_;  ///< for the next one who gets a wrong answer
  std::ofstream record_;
  std::map<std::uint64_t, std::thread> threads_;
  std::vector<std::uint64_t> finished_;
  std::thread accepting_;
};

}  // namespace concord::fault_proxy
