#pragma once
/// An Api over a fake exchange, called as the server calls it.

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/json/reader.h"
#include "gateway/api/api.h"
#include "tests/support/result_matchers.h"

namespace concord::api {

inline constexpr std::string_view kTask =
    R"({"resourceType":"Task","id":"t1","status":"accepted","intent":"order"})";

class Calling {
 public:
  Calling() {
    services.submit = [this](exchange::Arrival arrival) -> Result<exchange::Answer> {
      arrivals.push_back(arrival);
      if (fails) return *fails;
      exchange::Answer answer;
      answer.exchange_id = "x1";
      answer.task_id = "t1";
      answer.task = kTask;
      answer.issues = issues;
      answer.replayed = arrivals.size() > 1;
      return answer;
    };
    services.transform = [this](exchange::Arrival arrival,
                                mapping::TraceSink* trace) -> Result<exchange::DryRun> {
      arrivals.push_back(arrival);
      if (fails) return *fails;
      traced = trace != nullptr;
      return dry_run;
    };
    services.task = [](std::string_view id) -> Result<std::optional<exchange::TaskView>> {
      if (id != "t1") return std::optional<exchange::TaskView>{};
      return std::optional<exchange::TaskView>{
          exchange::TaskView{"t1", 3, Instant{}, "accepted", std::string(kTask)}};
    };
    services.metrics = [] { return std::string("concord_messages_unaccounted 0\n"); };
    services.store_answers = [this]() -> Result<void> {
      if (fails) return *fails;
      return {};
    };
    services.failed = [this](const http::Request&, const Error& error) {
      logged.push_back(error.log_detail);
    };
    services.readiness = &readiness;
    services.symbols = &symbols;
    services.clock = [] { return Instant{} + std::chrono::hours(24 * 365 * 56); };
    services.version = "9.9.9";
    services.base_url = "";
  }

  struct Sent {
    std::string method = "GET";
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields = {};
    std::string body = {};
  };

  http::Response call(const Sent& sent) { return call_with(sent, &Api::handle); }

  http::Response call_with(const Sent& sent, http::Response (Api::*door)(http::Request&) const) {
    const Api api(services);
    http::Request request;
    request.method = sent.method;
    request.target = sent.target;
    std::string_view path = std::string_view(sent.target).substr(1);
    if (const auto mark = path.find('?'); mark != std::string_view::npos) {
      request.query = path.substr(mark + 1);
      path = path.substr(0, mark);
    }
    while (true) {
      const auto slash = path.find('/');
      request.segments.emplace_back(path.substr(0, slash));
      if (slash == std::string_view::npos) break;
      path.remove_prefix(slash + 1);
    }
    for (const auto& [name, value] : sent.fields) request.fields.push_back({name, value});
    request.body = sent.body;
    request.request_id = "r1";
    request.request_id_given = true;
    request.peer = "127.0.0.1";
    request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return (api.*door)(request);
  }

  http::Response post(std::string target, std::string body = "{}") {
    return call(
        {"POST", std::move(target), {{"content-type", "application/fhir+json"}}, std::move(body)});
  }

  Services services;
  tree::Symbols symbols;
  ops::Readiness readiness;
  std::vector<exchange::Arrival> arrivals;
  std::vector<std::string> logged;
  std::optional<Error> fails;
  std::vector<Issue> issues;
  exchange::DryRun dry_run;
  bool traced = false;
};

inline std::string field(const http::Response& response, std::string_view name) {
  for (const auto& [own, value] : response.headers) {
    if (own == name) return value;
  }
  return {};
}

}  // namespace concord::api
