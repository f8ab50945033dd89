/// concord-fault-proxy: stands between a program and the one it talks to, and does harm as told.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "conformance/simulators/fault_proxy/proxy.h"
#include "conformance/simulators/spine/http_server.h"

namespace {

using namespace concord;
using namespace concord::fault_proxy;

spine::Reply control(const spine::Request& request, Proxy& proxy, bool http) {
  if (request.method == "POST" && request.path == "/faults") {
    auto phases = read_phases(request.body, http);
    if (!phases) return {.status = 400, .body = to_string(phases.error()) + "\n"};
    proxy.set(std::move(*phases));
    return {.body = "ok\n"};
  }
  if (request.method == "GET" && request.path == "/counts") {
    const Counts counts = proxy.counts();
    return {.content_type = "application/json",
            .body = fmt::format("{{\"connections\":{},\"requests\":{},\"faults\":{}}}\n",
                                counts.connections, counts.requests, counts.faults)};
  }
  return {.status = 404, .body = "POST /faults, GET /counts\n"};
}

int complain(const Error& error) {
  fmt::print(stderr, "concord-fault-proxy: {}\n", to_string(error));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{"Stands between a program and the one it talks to, and does harm as told."};
  program.footer(
      "Examples:\n"
      "  concord-fault-proxy --port 9001 --upstream 9300 --seed 7 --record faults.jsonl "
      "--control 9002\n"
      "  curl -d '{\"faults\":[{\"kind\":\"cut\",\"bytes\":40,\"permille\":100}]}' "
      "http://127.0.0.1:9002/faults\n"
      "  curl -d '{}' http://127.0.0.1:9002/faults            # no faults any more\n"
      "  concord-fault-proxy --upstream 5432 --mode tcp --script phases.json\n"
      "Kinds: refuse delay cut half-open corrupt slow; with --mode http also duplicate reorder "
      "wrong-answer.\n"
      "Members: kind, direction (request, response), permille, ms, bytes, rate.");
  Options options;
  std::string mode = "http", script;
  std::uint16_t control_port = 0;
  bool controlled = false;
  program.add_option("--port", options.port, "on 127.0.0.1; 0 takes a free one");
  program.add_option("--upstream", options.upstream, "port on 127.0.0.1 of the other program")
      ->required();
  program.add_option("--mode", mode, "http: faults are of requests; tcp: of connections")
      ->check(CLI::IsMember({"http", "tcp"}));
  program.add_option("--seed", options.seed, "of what meets which fault");
  program.add_option("--script", script, "JSON file of faults, or of phases with seconds");
  program.add_option("--record", options.record, "file of faults that were done, one a line");
  const auto* const control_option = program.add_option(
      "--control", control_port, "port for POST /faults and GET /counts; 0 takes a free one");
  CLI11_PARSE(program, argc, argv);
  options.http = mode == "http";
  controlled = control_option->count() > 0;

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto proxy = Proxy::start(options);
  if (!proxy) return complain(proxy.error());
  if (!script.empty()) {
    std::ifstream in(script, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto phases = read_phases(text, options.http);
    if (!in || !phases) {
      return complain(phases ? make_error(ErrorCode::not_found, "cannot read " + script)
                             : phases.error());
    }
    (*proxy)->set(std::move(*phases));
  }
  std::unique_ptr<spine::HttpServer> server;
  if (controlled) {
    auto started = spine::HttpServer::start(
        control_port,
        [&](const spine::Request& request) { return control(request, **proxy, options.http); }, {});
    if (!started) return complain(started.error());
    server = std::move(*started);
  }
  fmt::print("fault proxy listening on http://127.0.0.1:{}{}\n", (*proxy)->port(),
             server ? fmt::format(" control http://127.0.0.1:{}", server->port()) : "");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}
