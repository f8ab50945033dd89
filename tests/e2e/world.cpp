#include "tests/e2e/world.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace concord::test {
namespace {

using namespace std::chrono_literals;

/// The number behind the last colon of `line` ("… http://127.0.0.1:8080").
std::uint16_t port_in(const std::optional<std::string>& line, std::string_view before) {
  if (!line) return 0;
  const auto at = line->find(before);
  if (at == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::strtoul(line->c_str() + at + before.size(), nullptr, 10));
}

}  // namespace

OtherSide::OtherSide(const std::filesystem::path& folder)
    : record_(folder / "arrivals.tsv"),
      program_(built_program("concord-spine-simulator"),
               {.arguments = {"--port", "0", "--record", record_.string(), "--any-check-digit"},
                .log = folder / "spine.log"}) {
  port_ = port_in(program_.wait_for_line("listening", 30s), "127.0.0.1:");
  EXPECT_NE(port_, 0) << program_.log();
}

void OtherSide::behave(std::string_view how) {
  HttpClient http(port_);
  const auto answer = http.request("POST", "/_behaviour", {}, how);
  EXPECT_TRUE(answer && answer->status == 200) << how;
}

std::string OtherSide::details(std::string_view short_id, int issue) {
  HttpClient http(port_);
  std::string id(short_id);
  if (id.ends_with('+')) id.replace(id.size() - 1, 1, "%2B");  // a check character
  const auto answer = http.request("GET", "/mm/nhs111itemdetails?prescriptionId=" + id +
                                              "&issueNumber=" + std::to_string(issue));
  EXPECT_TRUE(answer.has_value());
  return answer ? answer->body : std::string();
}

void OtherSide::advance(int hours) {
  HttpClient http(port_);
  const auto answer = http.request("POST", "/_clock", {}, "hours=" + std::to_string(hours));
  EXPECT_TRUE(answer && answer->status == 200);
}

std::vector<OtherSide::Arrival> OtherSide::arrivals() const {
  std::vector<Arrival> all;
  std::ifstream in(record_);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields;
    for (std::size_t at = 0; at <= line.size();) {
      const auto end = std::min(line.find('\t', at), line.size());
      fields.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    if (fields.size() >= 9) all.push_back({fields[2], fields[3], fields[5], fields[6], fields[8]});
  }
  return all;
}

World::World(std::map<std::string, std::string> settings) : other_side_(folder_.path()) {
  environment_ = {{"CONCORD_HTTP_PORT", "0"},
                  {"CONCORD_HTTP_DRAIN_SECONDS", "0"},
                  {"CONCORD_ADMIN_ENABLED", "false"},
                  {"CONCORD_STORE_PATH", (folder_.path() / "store.db").string()},
                  {"CONCORD_LOG_LEVEL", "warning"},
                  {"CONCORD_DESTINATIONS_SPINE_URL", other_side_.url()},
                  {"CONCORD_EPS_FROM_ASID", "200000001285"},
                  {"CONCORD_EPS_TO_ASID", "567456789789"},
                  {"CONCORD_EPS_USER_ID", "555254239107"},
                  {"CONCORD_EPS_ROLE_ID", "555254240100"},
                  {"CONCORD_OUTBOX_RETRY_BASE_MS", "50"},
                  {"CONCORD_OUTBOX_RETRY_CAP_MS", "200"}};
  for (auto& [name, value] : settings) environment_[name] = value;
  start();
}

void World::kill_and_restart() {
  gateway_.kill();
  start();
}

void World::start() {
  gateway_ = Process(
      built_program("concord"),
      {.arguments = {"serve"}, .environment = environment_, .log = folder_.path() / "gateway.log"});
  port_ = port_in(gateway_.wait_for_line("ready ", 60s), "http=127.0.0.1:");
  EXPECT_NE(port_, 0) << gateway_.log();
}

HttpAnswer World::process(std::string_view bundle, Headers headers) {
  return post("/FHIR/R4/$process-message", "application/fhir+json", bundle, std::move(headers));
}

HttpAnswer World::get(std::string_view path, Headers headers) {
  HttpClient http(port_);
  const auto answer = http.request("GET", path, headers);
  EXPECT_TRUE(answer.has_value()) << "no answer to GET " << path;
  return answer.value_or(HttpAnswer{});
}

HttpAnswer World::post(std::string_view path, std::string_view content_type, std::string_view body,
                       Headers headers) {
  HttpClient http(port_);
  headers.emplace_back("Content-Type", content_type);
  const auto answer = http.request("POST", path, headers, body);
  EXPECT_TRUE(answer.has_value()) << "no answer to POST " << path;
  return answer.value_or(HttpAnswer{});
}

HttpAnswer World::send(std::string_view method, std::string_view path, std::string_view body) {
  HttpClient http(port_);
  const Headers headers{{"Content-Type", "application/fhir+json"}};
  const auto answer = http.request(method, path, headers, body);
  EXPECT_TRUE(answer.has_value()) << "no answer to " << method << " " << path;
  return answer.value_or(HttpAnswer{});
}

std::string World::task_when(const std::string& location, std::vector<std::string_view> wanted) {
  std::string body;
  for (const auto end = std::chrono::steady_clock::now() + 20s;
       std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms)) {
    body = get(location).body;
    const std::string status = first_string(body, "status");
    if (std::find(wanted.begin(), wanted.end(), status) != wanted.end()) break;
  }
  return body;
}

long World::metric(std::string_view name) {
  const std::string body = "\n" + get("/metrics").body;
  const std::string start = "\n" + std::string(name) + " ";
  const auto at = body.find(start);
  return at == std::string::npos ? -1 : std::strtol(body.c_str() + at + start.size(), nullptr, 10);
}

std::string first_string(std::string_view json, std::string_view name) {
  const std::string member = "\"" + std::string(name) + "\"";
  const auto at = json.find(member);
  if (at == std::string_view::npos) return {};
  const auto open = json.find('"', at + member.size());
  if (open == std::string_view::npos) return {};
  return std::string(json.substr(open + 1, json.find('"', open + 1) - open - 1));
}

}  // namespace concord::test
