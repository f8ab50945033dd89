#include "gateway/api/arrival.h"

#include <chrono>

namespace concord::api {

exchange::Arrival arrival_from(Call& call, const Clock& clock) {
  http::Request& request = call.request;
  exchange::Arrival arrival;
  arrival.content_type = request.joined_field("content-type");
  arrival.door = "http";
  arrival.peer = request.peer;
  arrival.loopback = request.peer == "::1" || request.peer.starts_with("127.");
  arrival.request_id = request.request_id;
  arrival.request_id_given = request.request_id_given;
  arrival.received_at = request.received_at;
  arrival.deadline = clock() + std::chrono::duration_cast<std::chrono::milliseconds>(
                                   request.deadline - std::chrono::steady_clock::now());
  arrival.bytes = std::move(request.body);
  return arrival;
}

namespace {

/// The next preference, without the spaces around it.
std::string_view next_preference(std::string_view& rest) {
  const std::size_t end = rest.find_first_of(",;");
  std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
  while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
  return part;
}

}  // namespace

bool prefers(const http::Request& request, std::string_view name) {
  const std::string all = request.joined_field("prefer");
  std::string_view rest = all;
  while (!rest.empty()) {
    if (next_preference(rest) == name) return true;
  }
  return false;
}

std::string preference(const http::Request& request, std::string_view name) {
  const std::string all = request.joined_field("prefer");
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::string_view part = next_preference(rest);
    if (part.size() > name.size() && part.substr(0, name.size()) == name &&
        part[name.size()] == '=') {
      std::string_view value = part.substr(name.size() + 1);
      if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
  }
  return {};
}

}  // namespace concord::api
