/// concord-spine-simulator: the other side of the EPS channel, for demonstrations and tests.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "conformance/simulators/spine/behaviour.h"
#include "conformance/simulators/spine/elements.h"
#include "conformance/simulators/spine/http_server.h"
#include "conformance/simulators/spine/spine.h"

namespace {

using namespace concord;

std::string interaction_of(const spine::Request& request) {
  const auto found = request.headers.find("soapaction");
  if (found == request.headers.end()) return {};
  std::string_view action = found->second;
  if (action.size() >= 2 && action.front() == '"') action = action.substr(1, action.size() - 2);
  return std::string(action.substr(action.rfind('/') + 1));
}

spine::Reply take(const spine::Request& request, spine::Spine& side, spine::Conduct& conduct) {
  const auto type = request.headers.find("content-type");
  if (type == request.headers.end() || type->second.find("xml") == std::string::npos) {
    return {.status = 415, .body = "the message must be XML\n"};
  }
  const spine::Behaviour behaviour = conduct.next();
  std::this_thread::sleep_for(behaviour.delay);
  if (behaviour.drop == spine::Drop::before) return {.drop = true};
  if (behaviour.http_status != 0) {
    spine::Reply reply{.status = behaviour.http_status, .body = "told to refuse\n"};
    if (behaviour.retry_after >= 0) {
      reply.headers.emplace_back("Retry-After", std::to_string(behaviour.retry_after));
    }
    return reply;
  }
  auto answer = side.receive(request.body, interaction_of(request), behaviour);
  std::this_thread::sleep_for(behaviour.late);
  if (behaviour.drop == spine::Drop::after) return {.drop = true};
  return {.content_type = "application/xml; charset=utf-8",
          .body = std::move(answer.xml),
          .copies = behaviour.twice ? 2 : 1};
}

spine::Reply list(const spine::Spine& side) {
  std::ifstream in(side.record(), std::ios::binary);
  return {.content_type = "text/tab-separated-values; charset=utf-8",
          .body = {std::istreambuf_iterator<char>(in), {}}};
}

spine::Reply track(const spine::Request& request, spine::Spine& side, spine::Conduct& conduct) {
  const auto query = spine::read_tracker_query(request.path);
  if (!query) {
    const bool unknown = query.error().code == ErrorCode::not_found;
    return {.status = unknown ? 404 : 400, .body = to_string(query.error()) + "\n"};
  }
  const spine::Behaviour behaviour = conduct.next();
  std::this_thread::sleep_for(behaviour.delay);
  if (behaviour.drop != spine::Drop::never) return {.drop = true};
  if (behaviour.http_status != 0) {
    return {.status = behaviour.http_status, .body = "told to refuse\n"};
  }
  return {.content_type = "application/json", .body = side.track(*query)};
}

/// "hours=48": the simulated side's clock goes forward.
spine::Reply set_clock(const spine::Request& request, spine::Spine& side) {
  constexpr std::string_view kName = "hours=";
  constexpr int kMostHours = 24 * 366 * 10;
  const std::string_view body = request.body;
  const auto hours =
      body.starts_with(kName) ? spine::whole_number(body.substr(kName.size())) : std::nullopt;
  if (!hours || *hours > kMostHours) return {.status = 400, .body = "hours=NUMBER\n"};
  side.advance(std::chrono::hours(*hours));
  return {.body = "ok\n"};
}

spine::Reply summary(const spine::Spine& side) {
  const spine::Counts counts = side.counts();
  return {.content_type = "application/json",
          .body = fmt::format("{{\"arrivals\":{},\"accepted\":{},\"repeats\":{},\"refused\":{},"
                              "\"conflicts\":{}}}\n",
                              counts.arrivals, counts.accepted, counts.repeats, counts.refused,
                              counts.conflicts)};
}

spine::Reply behave(const spine::Request& request, spine::Conduct& conduct) {
  const auto behaviour = spine::read_behaviour(request.body);
  if (!behaviour) return {.status = 400, .body = to_string(behaviour.error()) + "\n"};
  conduct.set(*behaviour);
  return {.body = "ok\n"};
}

spine::Reply answer(const spine::Request& request, spine::Spine& side, spine::Conduct& conduct) {
  if (request.method == "POST" && request.path == "/Prescription") {
    return take(request, side, conduct);
  }
  if (request.method == "POST" && request.path == "/_behaviour") return behave(request, conduct);
  if (request.method == "POST" && request.path == "/_clock") return set_clock(request, side);
  if (request.method == "GET" && request.path == "/_arrivals") return list(side);
  if (request.method == "GET" && request.path == "/_summary") return summary(side);
  if (request.method == "GET" && request.path.starts_with("/mm/")) {
    return track(request, side, conduct);
  }
  return {.status = 404,
          .body =
              "POST /Prescription, GET /mm/nhs111itemdetails, GET /mm/nhs111itemsummary, POST "
              "/_behaviour, POST /_clock, GET /_arrivals, GET /_summary\n"};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{
      "The other side of the EPS channel: takes HL7 v3 messages about prescriptions, keeps their "
      "states, answers as the national service documents it."};
  std::uint16_t port = 0;
  std::string record = "arrivals.tsv";
  std::string behaviour_text;
  std::uint32_t flaky = 0;
  std::uint64_t seed = 1;
  bool any_check_digit = false;
  spine::Spine::Options options;
  program.add_option("--port", port, "port on 127.0.0.1; 0 takes a free one");
  program.add_option("--record", record, "file of arrivals, appended to and read at start");
  program.add_option("--asid", options.asid, "ASID of this side");
  program.add_option("--behaviour", behaviour_text, "as POST /_behaviour takes it");
  program.add_option("--flaky", flaky, "of 1000 requests, how many go wrong")
      ->check(CLI::Range(1000));
  program.add_option("--seed", seed, "for --flaky");
  program.add_flag("--signatures", options.check.signatures_needed,
                   "refuse orders without a signature");
  program.add_option("--deceased", options.check.deceased,
                     "NHS numbers of people recorded as dead");
  program.add_flag("--any-check-digit", any_check_digit,
                   "accept prescription ids with a wrong check character");
  CLI11_PARSE(program, argc, argv);
  options.check.check_digits = !any_check_digit;

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const auto complain = [](const Error& error) {
    fmt::print(stderr, "concord-spine-simulator: {}\n", to_string(error));
    return 1;
  };
  const auto behaviour = spine::read_behaviour(behaviour_text);
  if (!behaviour) return complain(behaviour.error());
  auto side = spine::Spine::open(record, options, system_clock());
  if (!side) return complain(side.error());
  spine::Conduct conduct(flaky, seed);
  conduct.set(*behaviour);
  auto server = spine::HttpServer::start(
      port, [&](const spine::Request& request) { return answer(request, **side, conduct); }, {});
  if (!server) return complain(server.error());
  fmt::print("spine simulator listening on http://127.0.0.1:{}\n", (*server)->port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}
