// What the other side said to a message, asked for later. Source: eps.md sections 1 and 3.3.
#include "gateway/api/api.h"
#include "gateway/api/arrival.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "poll",
    .method = "GET",
    .path = "/FHIR/R4/_poll/{id}",
    .scope = "Task.read",
    .documentation =
        "The answer of the other side to the message of this Task, as the first call would have "
        "had "
        "it; 202 with Retry-After while there is none; 504 when delivery was given up. The same "
        "answer however often it is asked for."};

Result<http::Response> poll(Call& call, const Services& use) {
  const std::string_view id = call.path_value("id");
  std::optional<exchange::PeerAnswer> answer;
  if (use.peer_answer && !id.empty() && id.size() <= 64) {
    CONCORD_ASSIGN(answer, use.peer_answer(id, std::chrono::steady_clock::now()));
  }
  if (!answer) return make_error(ErrorCode::not_found, "there is no message of this id");
  if (answer->state != exchange::PeerAnswer::State::pending) {
    return peer_response(*answer, call, use);
  }
  http::Response response;
  response.status = 202;
  response.header("Content-Location", link(use, "_poll/" + std::string(id)));
  response.header("Location", link(use, "Task/" + std::string(id)));
  response.header("Retry-After", "5");
  return response;
}

}  // namespace

void register_poll(endpoints::Table& table) { table.add(kEndpoint, &poll); }

}  // namespace concord::api
