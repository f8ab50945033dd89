// concord destination: what waits for whom, and pause or resume one.
#include <iomanip>
#include <ostream>
#include <sstream>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/open_store.h"
#include "gateway/app/reach.h"
#include "gateway/audit/word.h"
#include "gateway/http/message.h"

namespace concord::app {
namespace {

struct Options {
  std::string config;
  std::string url;
  std::string name;
  std::string reason;
  std::string by;
  bool json = false;
};

std::string address(const Config& config, const Options& options) {
  if (!options.url.empty()) return options.url;
  const bool six = config.http.address.find(':') != std::string::npos;
  const std::string host = six ? "[" + config.http.address + "]" : config.http.address;
  const auto port = config.admin.enabled ? config.admin.port : config.http.port;
  return "http://" + host + ":" + std::to_string(port);
}

Result<Reach::Reply> tell(const Reach& gateway, const Options& options, std::string_view order) {
  const tree::Symbols symbols;
  tree::Document document(symbols);
  tree::Builder builder(document);
  const auto member = [&](std::string_view name, const std::string& value) {
    if (tree::Node* const node =
            builder.append(builder.root(), builder.symbol(name), tree::Kind::string)) {
      builder.set_copy(*node, value);
    }
  };
  member("reason", options.reason);
  member("by", options.by);
  CONCORD_ASSIGN(const std::string body, json::write(document));
  return gateway.tell(
      "/destination/" + http::percent_encode(options.name) + "/$" + std::string(order), body);
}

std::string text_of(const tree::Document& document, const tree::Node& node, std::string_view name) {
  for (const tree::Node& child : node.children()) {
    if (document.name(child) == name) return std::string(child.text());
  }
  return {};
}

/// The list as a table, or as it came.
int show(const std::string& body, const Options& options, Streams& streams) {
  if (options.json) {
    streams.out << body;
    return kDone;
  }
  const tree::Symbols symbols;
  const auto document = json::read_plain(body, symbols);
  if (!document) {
    print_error(streams.err, "", document.error());
    return kFailed;
  }
  streams.out << std::left << std::setw(24) << "destination" << std::setw(16) << "state"
              << std::right << std::setw(10) << "pending" << std::setw(8) << "dead" << std::setw(9)
              << "running"
              << "  "
              << "since" << '\n';
  for (const tree::Node& node : document->root().children()) {
    const auto text = [&](std::string_view name) { return text_of(*document, node, name); };
    const std::string paused = text("paused_since");
    const std::string oldest = text("oldest");
    std::string since;
    if (!paused.empty()) {
      since = "paused " + paused + " by " + text("paused_by") + ": " + text("paused_reason");
    } else if (!oldest.empty()) {
      since = "oldest " + oldest;
    }
    streams.out << std::left << std::setw(24) << text("name") << std::setw(16) << text("state")
                << std::right << std::setw(10) << text("pending") << std::setw(8) << text("dead")
                << std::setw(9) << text("running") << "  " << since << '\n';
  }
  return kDone;
}

int refused(const Reach::Reply& answer, Streams& streams) {
  streams.err << "the gateway answers " << answer.status << ": " << answer.body << '\n';
  return kFailed;
}

int list(const Options& options, Streams& streams) {
  const auto config = load_config(options.config, streams.err);
  if (!config) return kUsage;
  const std::string base = address(*config, options);
  const auto gateway = Reach::to(base);
  const auto answer =
      gateway ? gateway->ask("/destination") : Result<Reach::Reply>(gateway.error());
  if (!answer) {
    print_error(streams.err, base, answer.error());
    return kFailed;
  }
  if (!answer->answered) {
    streams.err << "no gateway answers at " << base << '\n';
    return kFailed;
  }
  if (answer->status != 200) return refused(*answer, streams);
  return show(answer->body, options, streams);
}

/// No gateway runs: the order is written to the store, where the next start finds it.
int write_order(const Config& config, const Options& options, bool pausing, Streams& streams) {
  const auto write = [&]() -> Result<bool> {
    if (!config.destinations.contains(options.name)) {
      return make_error(ErrorCode::not_found, "there is no destination of that name");
    }
    CONCORD_TRY(audit::check_word(options.by, options.reason, "reason"));
    CONCORD_ASSIGN(const auto store, open_store(config, system_clock()));
    const Instant now = system_clock()();
    return pausing ? store->pause({options.name, options.reason, options.by, now})
                   : store->resume({options.name, options.reason, options.by, now});
  };
  const auto changed = write();
  if (!changed) {
    print_error(streams.err, store_name(config), changed.error());
    return kFailed;
  }
  streams.out << options.name << (*changed ? "" : " was already")
              << (pausing ? " paused" : " resumed") << " (no gateway runs: written to the store)\n";
  return kDone;
}

int order(const Options& options, bool pausing, Streams& streams) {
  const auto config = load_config(options.config, streams.err);
  if (!config) return kUsage;
  const std::string base = address(*config, options);
  const auto gateway = Reach::to(base);
  const auto answer = gateway ? tell(*gateway, options, pausing ? "pause" : "resume")
                              : Result<Reach::Reply>(gateway.error());
  if (!answer) {
    print_error(streams.err, base, answer.error());
    return kFailed;
  }
  if (!answer->answered) return write_order(*config, options, pausing, streams);
  if (answer->status != 200) return refused(*answer, streams);
  return show(answer->body, options, streams);
}

}  // namespace

void register_destination(commands::Table& table) {
  CLI::App& command = table.add("destination", "What waits for whom; pause or resume a destination",
                                "concord destination list");
  command.require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto common = [options](CLI::App& one) {
    add_config_option(one, options->config);
    one.add_option("--url", options->url,
                   "Where the gateway listens; default: the admin port of the configuration");
    one.add_flag("--json", options->json, "As JSON");
  };
  CLI::App& listing = table.add("list", "State, backlog and pauses of every destination",
                                "concord destination list --json", &command);
  common(listing);
  table.on(listing, [options](Streams& streams) { return list(*options, streams); });
  for (const bool pausing : {true, false}) {
    CLI::App& one = table.add(
        pausing ? "pause" : "resume",
        pausing ? "Send nothing to a destination until it is resumed, from any gateway of the store"
                : "Send to a paused destination again",
        pausing ? "concord destination pause spine --reason \"certificate changes\" --by ops"
                : "concord destination resume spine --reason done --by ops",
        &command);
    common(one);
    one.add_option("name", options->name, "Name of the destination")->required();
    one.add_option("--reason", options->reason, "Why, for the record")->required();
    one.add_option("--by", options->by, "Who says so, for the record")->required();
    table.on(one,
             [options, pausing](Streams& streams) { return order(*options, pausing, streams); });
  }
}

}  // namespace concord::app
