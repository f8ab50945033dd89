#include "gateway/api/message_answer.h"

#include <algorithm>
#include <charconv>

#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/arrival.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using Repeats = ResourceBuilder::Repeats;

/// As long as the national service is waited for. Source: eps.md section 3.3.
constexpr seconds kLongestWait{25};
/// Kept for writing the answer.
constexpr seconds kReserve{1};

/// Where an element stands in every DomainResource; everything else comes after.
int rank_of(std::string_view name) noexcept {
  constexpr std::string_view kFirst[] = {"id",       "meta", "implicitRules",
                                         "language", "text", "contained"};
  int rank = 0;
  for (const std::string_view first : kFirst) {
    if (first == name) return rank;
    ++rank;
  }
  return rank;
}

/// The Task with what its sender should hear.
Result<ResourceBuilder> task_with_issues(const exchange::Answer& answer, const Services& use) {
  CONCORD_ASSIGN(tree::Document task, json::read(answer.task, *use.symbols));
  ResourceBuilder out(std::move(task));
  if (answer.issues.empty()) return out;
  tree::Node& outcome = out.resource(out.root(), "contained", "OperationOutcome", Repeats::yes);
  out.text(outcome, "id", "issues");
  add_issues(out, outcome, "informational", answer.issues);
  tree::Node& output = out.element(out.root(), "output", Repeats::yes);
  out.text(out.element(output, "type"), "text", "issues");
  out.text(out.element(output, "valueReference"), "reference", "#issues");
  out.builder().sort_children(
      out.root(), [&](const tree::Node& node) { return rank_of(out.document().name(node)); });
  return out;
}

/// Until when the other side's answer is waited for; nothing: not at all.
std::optional<steady_clock::time_point> wait_until(const http::Request& request, bool awaited) {
  if (prefers(request, "respond-async")) return std::nullopt;
  seconds wait = awaited ? kLongestWait : seconds{0};
  const std::string wish = preference(request, "wait");
  int given = 0;
  const auto [end, failed] = std::from_chars(wish.data(), wish.data() + wish.size(), given);
  if (!wish.empty() && failed == std::errc{} && end == wish.data() + wish.size() && given >= 0) {
    wait = std::min(seconds{given}, kLongestWait);
  }
  if (wait == seconds{0}) return std::nullopt;
  return std::min(steady_clock::now() + wait, request.deadline - kReserve);
}

/// The Task, or what of it the caller wants. Whatever happens to the body, the message is ours.
http::Response accepted(const exchange::Answer& answer, std::string_view wanted, const Call& call,
                        const Services& use) {
  http::Response response;
  if (wanted == "OperationOutcome") {
    ResourceBuilder out(*use.symbols, "OperationOutcome");
    add_issues(out, out.root(), "informational", answer.issues);
    if (auto made = resource_response(202, out, call)) response = *std::move(made);
  } else if (wanted != "minimal") {
    if (auto task = task_with_issues(answer, use)) {
      if (auto made = resource_response(202, *task, call)) response = *std::move(made);
    }
  }
  response.status = 202;
  response.header("Location", link(use, "Task/" + answer.task_id));
  return response;
}

}  // namespace

Result<http::Response> peer_response(const exchange::PeerAnswer& answer, const Call& call,
                                     const Services& use) {
  if (answer.state != exchange::PeerAnswer::State::given) {
    return make_error(ErrorCode::timeout,
                      "the message could not be delivered in its time; its Task says who must act");
  }
  http::Response response;
  if (call.answering.format == Format::json && !call.answering.pretty) {
    response.status = answer.status;
    response.header("Content-Type", std::string(content_type(Format::json)));
    response.body = answer.body;
    return response;
  }
  CONCORD_ASSIGN(tree::Document read, json::read(answer.body, *use.symbols));
  return resource_response(answer.status, ResourceBuilder(std::move(read)), call);
}

bool is_message(const Call& call, const Services& use, std::string_view resource_type) {
  if (use.resources == nullptr || !use.is_message) return true;
  const auto format = body_format(call.request);
  if (!format) return true;
  const auto body = *format == Format::xml
                        ? xml::read_fhir(call.request.body, *use.symbols, use.limits)
                        : json::read(call.request.body, *use.symbols, use.limits);
  return !body || body->text(body->root().type()) != resource_type || use.is_message(*body);
}

Result<http::Response> take_message(Call& call, const Services& use,
                                    std::string_view resource_type) {
  const std::string wanted = preference(call.request, "return");
  exchange::Arrival arrival = arrival_from(call, use.clock);
  if (resource_type != "Bundle") arrival.resource_type = resource_type;
  CONCORD_ASSIGN(exchange::Answer answer, use.submit(std::move(arrival)));
  // From here on the message is ours: whatever happens to the answer's body, the sender gets 2xx or
  // what the other side says.
  const auto until = wait_until(call.request, answer.awaited);
  http::Response response;
  bool answered = false;
  if (until && use.peer_answer) {
    const auto peer = use.peer_answer(answer.task_id, *until);
    if (peer && *peer && (*peer)->state == exchange::PeerAnswer::State::given) {
      if (auto made = peer_response(**peer, call, use)) {
        response = *std::move(made);
        answered = true;
      }
    }
  }
  if (!answered) {
    response = accepted(answer, wanted, call, use);
    if (answer.awaited || until) {
      response.header("Content-Location", link(use, "_poll/" + answer.task_id));
    }
  }
  response.exchange_id = answer.exchange_id;
  response.header("X-Concord-Exchange", answer.exchange_id);
  response.header("X-Concord-Task", answer.task_id);
  if (answer.replayed) response.header("X-Concord-Replayed", "true");
  return response;
}

}  // namespace concord::api
