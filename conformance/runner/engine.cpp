#include "conformance/runner/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "conformance/runner/assertions.h"
#include "conformance/runner/compare.h"
#include "conformance/runner/detail/members.h"
#include "conformance/runner/request.h"
#include "conformance/runner/requirements.h"
#include "conformance/runner/session.h"

namespace concord::runner {

namespace {

std::string text_of(const Error& error) {
  return error.issues.empty() ? to_string(error) : error.issues.front().text;
}

bool bad(Outcome outcome) { return outcome == Outcome::fail || outcome == Outcome::error; }

}  // namespace

Timing system_timing() {
  return {system_clock(),
          [] {
            return std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::steady_clock::now().time_since_epoch());
          },
          [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); }};
}

/// One run of one script.
class Engine::Run {
 public:
  Run(Engine& engine, const Script& script)
      : engine_(engine),
        script_(script),
        session_(script, engine.standard_, engine.settings_, engine.transport_) {}

  ScriptResult run() {
    const auto begun = engine_.timing_.ticks();
    result_.file = script_.file.string();
    result_.folder = script_.file.parent_path().filename().string();
    result_.id = script_.id;
    result_.name = script_.name.empty() ? script_.file.stem().string() : script_.name;
    result_.url = script_.url;
    result_.title = script_.title;
    result_.issued = engine_.timing_.now();
    for (const Issue& issue : script_.issues) {
      if (issue.severity <= Severity::error) {
        note(fmt::format("{}:{} {}: {}", issue.position.line, issue.position.column,
                         issue.expression, issue.text));
      }
    }
    if (auto reason = not_for_this_server()) {
      skip_everything(*reason);
    } else {
      run_parts();
    }
    for (const auto& exchange : session_.exchanges()) {
      result_.exchanges.push_back(engine_.mask_.exchange(*exchange));
    }
    conclude();
    result_.took = engine_.timing_.ticks() - begun;
    return std::move(result_);
  }

 private:
  void note(std::string text) {
    if (!text.empty()) result_.notes.push_back(std::move(text));
  }

  std::set<std::string> types_used() const {
    std::set<std::string> types;
    const auto look = [&](const std::vector<Action>& actions) {
      for (const Action& action : actions) {
        if (action.operation && !action.operation->resource.empty() &&
            action.operation->resource.find('$') == std::string::npos) {
          types.insert(action.operation->resource);
        }
      }
    };
    look(script_.setup);
    for (const Test& test : script_.tests) look(test.actions);
    return types;
  }

  std::optional<std::string> not_for_this_server() {
    std::string said;
    if (auto reason = unmet(script_.conditions, engine_.statement(1), engine_.standard_, said)) {
      return reason;
    }
    note(said);
    for (const Capability& capability : script_.capabilities) {
      said.clear();
      if (auto reason =
              unmet(capability, types_used(), engine_.statement(capability.destination.value_or(1)),
                    engine_.standard_, said)) {
        return reason;
      }
      note(said);
    }
    return std::nullopt;
  }

  bool chosen(const TestResult& test) const {
    const std::string& filter = engine_.settings_.filter;
    return filter.empty() || full_name(result_, test).find(filter) != std::string::npos;
  }

  static TestResult described(const Test& test, std::size_t number, std::string parameter) {
    TestResult made;
    made.id = test.id;
    made.name = test.name;
    made.description = test.description;
    made.number = number;
    made.parameter = std::move(parameter);
    return made;
  }

  /// Calls `use` for each test and each value it runs with.
  template <typename Use>
  void each_test(Use&& use) {
    for (std::size_t i = 0; i < script_.tests.size(); ++i) {
      const Test& test = script_.tests[i];
      if (test.parameter.empty() || test.values.empty()) {
        use(test, described(test, i, {}), std::string{});
        continue;
      }
      for (const std::string& value : test.values) {
        use(test, described(test, i, test.parameter + "=" + value), value);
      }
    }
  }

  void skip_everything(const std::string& reason) {
    result_.reason = reason;
    each_test([&](const Test&, TestResult test, const std::string&) {
      if (!chosen(test)) return;
      test.outcome = Outcome::skip;
      test.reason = reason;
      result_.tests.push_back(std::move(test));
    });
  }

  void run_parts() {
    bool any = false;
    each_test([&](const Test&, const TestResult& test, const std::string&) {
      any = any || chosen(test);
    });
    if (!any) return;
    autocreate();
    run_actions(script_.setup, result_.setup, true);
    const Outcome setup = outcome_of(result_.setup);
    each_test([&](const Test& test, TestResult made, const std::string& value) {
      if (!chosen(made)) return;
      if (bad(setup)) {
        made.outcome = Outcome::skip;
        made.reason = "setup did not succeed";
      } else {
        run_test(test, made, value);
      }
      result_.tests.push_back(std::move(made));
    });
    run_actions(script_.teardown, result_.teardown, false);
    autodelete();
  }

  void run_test(const Test& test, TestResult& made, const std::string& value) {
    const auto begun = engine_.timing_.ticks();
    std::string said;
    if (auto reason = unmet(test.conditions, engine_.statement(1), engine_.standard_, said)) {
      made.outcome = Outcome::skip;
      made.reason = *std::move(reason);
      return;
    }
    note(said);
    if (!test.parameter.empty() && !test.values.empty()) session_.bind(test.parameter, value);
    run_actions(test.actions, made.actions, true);
    session_.unbind(test.parameter);
    made.outcome = outcome_of(made.actions);
    if (made.outcome == Outcome::skip) made.reason = made.actions.front().message;
    made.took = engine_.timing_.ticks() - begun;
  }

  /// `stops`: an operation that cannot be sent ends the rest (tests and setup); in teardown every
  /// action has its turn.
  void run_actions(const std::vector<Action>& actions, std::vector<ActionResult>& results,
                   bool stops) {
    std::string stopped;
    const std::size_t first = results.size();
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const Action& action = actions[i];
      ActionResult result;
      if (!stopped.empty()) {
        result.is_operation = action.operation.has_value();
        result.outcome = Outcome::skip;
        result.message = stopped;
        result.label = label_of(action);
      } else if (!action.fault.empty()) {
        result.is_operation = action.operation.has_value();
        result.outcome = Outcome::error;
        result.message = "the script is wrong here: " + action.fault;
        result.label = label_of(action);
      } else if (action.operation) {
        result = operate(*action.operation, action, following(actions, i));
        if (stops && result.outcome == Outcome::error)
          stopped = "the operation before could not run";
      } else if (action.assertion) {
        result = assert_one(action);
        if (action.assertion->stop_on_fail && bad(result.outcome)) {
          stopped = "the assertion before ends the test when it fails";
        }
      }
      result.place = action.place;
      result.message = engine_.mask_.text(result.message);
      result.expected = engine_.mask_.text(result.expected);
      result.actual = engine_.mask_.text(result.actual);
      result.request = engine_.mask_.text(result.request);
      results.push_back(std::move(result));
    }
    settle_groups(actions, results, first);
  }

  static std::string label_of(const Action& action) {
    if (action.operation) {
      return action.operation->label.empty() ? action.operation->description
                                             : action.operation->label;
    }
    if (!action.assertion) return {};
    return action.assertion->label.empty() ? action.assertion->description
                                           : action.assertion->label;
  }

  /// The assertions behind an operation, up to the next.
  static std::vector<const Assertion*> following(const std::vector<Action>& actions,
                                                 std::size_t at) {
    std::vector<const Assertion*> found;
    for (++at; at < actions.size() && actions[at].assertion; ++at) {
      if (actions[at].fault.empty()) found.push_back(&*actions[at].assertion);
    }
    return found;
  }

  ActionResult operate(const Operation& operation, const Action& action,
                       const std::vector<const Assertion*>& after) {
    last_operation_ = &operation;
    last_place_ = action.place;
    ActionResult result = send(operation, action.place);
    if (!action.wait || result.outcome == Outcome::error) return result;
    const auto until = engine_.timing_.ticks() + action.wait->limit;
    while (!reached(*action.wait, after) && engine_.timing_.ticks() < until) {
      engine_.timing_.sleep(action.wait->interval);
      result = send(operation, action.place);
      if (result.outcome == Outcome::error) break;
    }
    return result;
  }

  bool reached(const Wait& wait, const std::vector<const Assertion*>& after) {
    const Exchange* const last = session_.last();
    if (last == nullptr) return false;
    if (!wait.status.empty() && !status_in(last->response.status, wait.status)) return false;
    if (!wait.expression.empty()) {
      const auto text = session_.substitute(wait.expression);
      const auto body = session_.body(*last);
      if (!text || !body) return false;
      const auto holds = engine_.standard_.holds(*text, **body);
      return holds && *holds;
    }
    if (!wait.status.empty()) return true;
    return std::all_of(after.begin(), after.end(), [&](const Assertion* one) {
      const Outcome outcome = evaluate(*one, session_).outcome;
      return outcome == Outcome::pass || outcome == Outcome::skip;
    });
  }

  ActionResult assert_one(const Action& action) {
    ActionResult result = evaluate(*action.assertion, session_);
    if (action.wait && last_operation_ != nullptr) {
      const auto until = engine_.timing_.ticks() + action.wait->limit;
      while (result.outcome != Outcome::pass && engine_.timing_.ticks() < until) {
        engine_.timing_.sleep(action.wait->interval);
        if (send(*last_operation_, last_place_).outcome == Outcome::error) break;
        result = evaluate(*action.assertion, session_);
      }
    }
    if (!session_.exchanges().empty()) result.exchange = session_.exchanges().size() - 1;
    return result;
  }

  ActionResult send(const Operation& operation, const std::string& place) {
    ActionResult result;
    result.is_operation = true;
    result.label = operation.label.empty() ? operation.description : operation.label;
    auto prepared = prepare(operation, session_);
    if (!prepared) {
      result.outcome = Outcome::error;
      result.message = text_of(prepared.error());
      return result;
    }
    Exchange exchange = ask(*std::move(prepared), place);
    result.request = exchange.request.method + " " + exchange.request.url;
    if (exchange.response.status == 0) {
      result.outcome = Outcome::error;
      result.message = "no answer: " + exchange.failure;
    } else {
      result.message = fmt::format("{} → {}", result.request, exchange.response.status);
    }
    session_.keep(std::move(exchange), operation.request_id, operation.response_id);
    result.exchange = session_.exchanges().size() - 1;
    return result;
  }

  Exchange ask(Prepared prepared, const std::string& place) {
    Exchange exchange;
    exchange.request = std::move(prepared.request);
    exchange.destination = prepared.destination;
    exchange.place = place;
    exchange.type = prepared.type;
    exchange.interaction = prepared.interaction;
    const auto begun = engine_.timing_.ticks();
    auto response = engine_.transport_(exchange.request);
    exchange.took = engine_.timing_.ticks() - begun;
    if (response) {
      exchange.response = *std::move(response);
    } else {
      exchange.failure = text_of(response.error());
    }
    const bool made = exchange.response.status == 200 || exchange.response.status == 201;
    if (!prepared.fixture.empty() && made &&
        (exchange.interaction == "create" || exchange.interaction == "update")) {
      remember_id(prepared.fixture, exchange);
    }
    return exchange;
  }

  void remember_id(const std::string& fixture, const Exchange& exchange) {
    const auto location = header(exchange.response.headers, "Location");
    std::string_view path = location ? *location : std::string_view{};
    if (const auto history = path.find("/_history/"); history != std::string_view::npos) {
      path = path.substr(0, history);
    }
    const auto slash = path.rfind('/');
    if (slash != std::string_view::npos && slash + 1 < path.size()) {
      session_.set_server_id(fixture, std::string(path.substr(slash + 1)));
    }
  }

  void autocreate() {
    for (const Fixture& fixture : script_.fixtures) {
      if (!fixture.autocreate) continue;
      Operation operation;
      operation.description = "autocreate of fixture " + fixture.id;
      operation.source_id = fixture.id;
      const auto document = session_.source(fixture.id);
      const std::string id = document ? std::string(root_text(**document, "id")) : std::string{};
      operation.resource = document ? std::string(resource_type(**document)) : std::string{};
      // With an id of its own others may refer to it.
      operation.type = id.empty() ? "create" : "update";
      for (std::size_t server = 1; server <= engine_.settings_.servers.size(); ++server) {
        operation.destination = static_cast<int>(server);
        ActionResult result = send(operation, "TestScript.fixture");
        const Exchange* const last = session_.last();
        if (result.outcome == Outcome::pass && last->response.status / 100 != 2) {
          result.outcome = Outcome::error;
        }
        if (!document) {
          result.outcome = Outcome::error;
          result.message = text_of(document.error());
        }
        result_.setup.push_back(std::move(result));
      }
      created_.push_back(&fixture);
    }
  }

  void autodelete() {
    for (auto at = script_.fixtures.rbegin(); at != script_.fixtures.rend(); ++at) {
      if (!at->autodelete) continue;
      const auto document = session_.source(at->id);
      if (!document) continue;  // what was never made
      Operation operation;
      operation.type = "delete";
      operation.description = "autodelete of fixture " + at->id;
      operation.resource = std::string(resource_type(**document));
      operation.target_id = at->id;
      for (std::size_t server = 1; server <= engine_.settings_.servers.size(); ++server) {
        operation.destination = static_cast<int>(server);
        result_.teardown.push_back(send(operation, "TestScript.fixture"));
      }
    }
  }

  /// Groups of which one member must hold: when one does, the others say so; when none does, the
  /// first is a failure, whatever warningOnly says.
  static void settle_groups(const std::vector<Action>& actions, std::vector<ActionResult>& results,
                            std::size_t first) {
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (actions[i].assertion && !actions[i].assertion->any_of.empty()) {
        groups[actions[i].assertion->any_of].push_back(first + i);
      }
    }
    for (const auto& [name, members] : groups) {
      const bool all_skipped = std::all_of(members.begin(), members.end(), [&](std::size_t i) {
        return results[i].outcome == Outcome::skip;
      });
      if (all_skipped) continue;
      const bool held = std::any_of(members.begin(), members.end(), [&](std::size_t i) {
        return results[i].outcome == Outcome::pass;
      });
      bool told = false;
      for (const std::size_t i : members) {
        ActionResult& result = results[i];
        if (result.outcome == Outcome::pass || result.outcome == Outcome::skip) continue;
        if (held) {
          result.outcome = Outcome::skip;
          result.message = "another of the group " + name + " holds";
        } else if (result.outcome != Outcome::error) {
          result.outcome = told ? Outcome::skip : Outcome::fail;
          result.message = "none of the group " + name + " holds: " + result.message;
          told = true;
        }
      }
    }
  }

  void conclude() {
    Outcome worst = Outcome::pass;
    bool all_skipped = !result_.tests.empty();
    for (const TestResult& test : result_.tests) {
      if (test.outcome != Outcome::skip) {
        all_skipped = false;
        worst = std::max(worst, test.outcome);
      }
    }
    result_.outcome = all_skipped ? Outcome::skip : worst;
    const Outcome setup = outcome_of(result_.setup);
    if (bad(setup)) {
      result_.outcome = setup;
      if (result_.reason.empty()) result_.reason = "setup did not succeed";
    }
  }

  Engine& engine_;
  const Script& script_;
  Session session_;
  ScriptResult result_;
  std::vector<const Fixture*> created_;
  const Operation* last_operation_ = nullptr;
  std::string last_place_;
};

Engine::Engine(Standard& standard, Settings settings, Transport transport, Timing timing)
    : standard_(standard),
      settings_(std::move(settings)),
      transport_(std::move(transport)),
      timing_(std::move(timing)),
      servers_(settings_.servers.size()) {
  for (const HeaderLine& line : settings_.headers) {
    if (!Mask::is_secret_field(line.field)) continue;
    mask_.add(line.value);
    // "Bearer x": the token alone is a secret as well.
    if (const auto space = line.value.find(' '); space != std::string::npos) {
      mask_.add(line.value.substr(space + 1));
    }
  }
}

void Engine::look_at_servers() {
  looked_ = true;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Request request{"GET", settings_.servers[i] + "/metadata", settings_.headers, {}};
    request.headers.push_back({"Accept", "application/fhir+json"});
    auto response = transport_(request);
    if (!response) {
      servers_[i].unreadable = text_of(response.error());
      continue;
    }
    if (response->status != 200) {
      servers_[i].unreadable = "/metadata answers " + std::to_string(response->status);
      continue;
    }
    auto document = standard_.read(std::move(response->body));
    if (!document || resource_type(*document) != "CapabilityStatement") {
      servers_[i].unreadable = "/metadata is no CapabilityStatement";
      continue;
    }
    servers_[i].statement = *std::move(document);
  }
}

const tree::Document* Engine::statement(int destination) const {
  const auto at = static_cast<std::size_t>(destination) - 1;
  return at < servers_.size() && servers_[at].statement ? &*servers_[at].statement : nullptr;
}

ScriptResult Engine::run(const Script& script) {
  if (!looked_) look_at_servers();
  return Run(*this, script).run();
}

RunResult Engine::run(std::span<const Script> scripts,
                      const std::function<void(const ScriptResult&)>& seen) {
  RunResult result;
  const auto begun = timing_.ticks();
  result.started = timing_.now();
  result.seed = settings_.seed;
  result.server = settings_.servers.front();
  if (!looked_) look_at_servers();
  if (const auto* document = statement(1)) {
    const detail::Members members(*document);
    result.fhir_version = root_text(*document, "fhirVersion");
    if (const auto* software = members.child(document->root(), "software")) {
      result.software = members.text(*software, "name");
      result.software_version = members.text(*software, "version");
    }
  } else {
    result.unreadable = servers_.front().unreadable;
  }
  for (const Script& script : scripts) {
    ScriptResult one = Run(*this, script).run();
    if (one.tests.empty() && !settings_.filter.empty()) continue;
    if (seen) seen(one);
    result.scripts.push_back(std::move(one));
  }
  result.took = timing_.ticks() - begun;
  return result;
}

}  // namespace concord::runner
