// concord exchange: what became of messages, and a person's word on those that were given up.
#include <map>
#include <ostream>
#include <thread>

#include "fhir/json/reader.h"
#include "fhir/mapping/json_lines.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/open_store.h"
#include "gateway/app/reach.h"
#include "gateway/exchange/journey_search.h"
#include "gateway/exchange/journey_text.h"
#include "gateway/http/message.h"

namespace concord::app {
namespace {

using exchange::ExchangeSearch;
using exchange::Handled;
using exchange::HandledItem;

struct Options {
  std::string config;
  std::string url;
  std::string store;
  bool json = false;
  std::map<std::string, std::string> asked;  ///< by the names of a search
  std::vector<std::string> ids;
  exchange::PersonsWord word;
  bool dry_run = false;
};

/// The gateway or the store the commands work on.
class Exchanges {
 public:
  Exchanges(Exchanges&&) = default;

  static Result<Exchanges> open(const Options& options, const Config& config) {
    Exchanges all(options.json);
    if (!options.store.empty()) {
      Config of = config;
      const bool database = options.store.starts_with("postgresql://") ||
                            options.store.find('=') != std::string::npos;
      of.store_kind = database ? "postgresql" : "sqlite";
      if (database) {
        of.store_connection = options.store;
      } else {
        of.store_path = options.store;
      }
      CONCORD_ASSIGN(all.store_, open_store_for_reading(of, system_clock()));
      all.symbols_ = std::make_unique<tree::Symbols>();
      exchange::Journeys::Parts parts;
      parts.store = all.store_.get();
      parts.symbols = all.symbols_.get();
      parts.clock = system_clock();
      all.journeys_ = std::make_unique<exchange::Journeys>(std::move(parts));
      return all;
    }
    CONCORD_ASSIGN(all.reach_,
                   Reach::to(options.url.empty() ? "http://" + config.http.address + ":" +
                                                       std::to_string(config.admin.port)
                                                 : options.url));
    return all;
  }

  Result<std::string> list(const Options& options) const {
    if (reach_) {
      const std::string query = query_of(options);
      return reach_->get("/exchange" + query + (query.empty() ? "?" : "&") + format());
    }
    CONCORD_ASSIGN(const ExchangeSearch search, search_of(options));
    CONCORD_ASSIGN(const exchange::ExchangePage page, journeys_->search(search));
    return text_of(page);
  }

  Result<std::string> show(const std::string& id) const {
    if (reach_) return reach_->get("/exchange/" + http::percent_encode(id) + "?" + format());
    CONCORD_ASSIGN(const auto view, journeys_->journey(id));
    if (!view) return make_error(ErrorCode::not_found, "there is no exchange of this id");
    return text_of(*view);
  }

  /// One page of a replay or cancellation. `what` is "replay" or "cancel"; an empty id stands for
  /// what is asked for.
  Result<Handled> handle(const std::string& what, const std::string& id,
                         const Options& options) const {
    if (reach_) {
      const std::string target = id.empty() ? "/exchange/$" + what + query_of(options)
                                            : "/exchange/" + http::percent_encode(id) + "/$" + what;
      CONCORD_ASSIGN(std::string body, reach_->post(target, order_of(options)));
      return handled_from(std::move(body));
    }
    if (id.empty()) {
      CONCORD_ASSIGN(ExchangeSearch search, search_of(options));
      return journeys_->replay_found(std::move(search), options.word, options.dry_run);
    }
    return what == "replay" ? journeys_->replay(id, options.word, options.dry_run)
                            : journeys_->cancel(id, options.word, options.dry_run);
  }

 private:
  explicit Exchanges(bool json) : json_(json) {}

  std::string format() const { return json_ ? "_format=json" : "_format=text"; }

  template <typename Value>
  std::string text_of(const Value& value) const {
    return json_ ? exchange::to_json(value) : exchange::to_text(value);
  }

  static std::string query_of(const Options& options) {
    std::string query;
    for (const auto& [name, value] : options.asked) {
      if (value.empty()) continue;
      query += (query.empty() ? "?" : "&") + name + "=" + http::percent_encode(value);
    }
    return query;
  }

  static Result<ExchangeSearch> search_of(const Options& options) {
    ExchangeSearch search;
    for (const auto& [name, value] : options.asked) {
      if (value.empty()) continue;
      CONCORD_TRY(exchange::set_search(search, name, value, system_clock()()));
    }
    return search;
  }

  static std::string order_of(const Options& options) {
    namespace lines = mapping::json_lines;
    std::string json = "{";
    if (!options.word.by.empty()) lines::member(json, "by", options.word.by);
    if (!options.word.why.empty()) lines::member(json, "why", options.word.why);
    if (!options.word.second_approver.empty()) {
      lines::member(json, "secondApprover", options.word.second_approver);
    }
    lines::member(json, "dryRun", options.dry_run);
    return json + "}";
  }

  /// What exchange::to_json(Handled) wrote.
  static Result<Handled> handled_from(std::string body) {
    const tree::Symbols symbols;
    CONCORD_ASSIGN(const tree::Document document, json::read_plain(std::move(body), symbols));
    const auto text = [&](const tree::Node& of, std::string_view name) {
      const tree::Node* found = of.child(document.find(name));
      return found == nullptr ? std::string() : std::string(found->text());
    };
    Handled handled;
    const tree::Node& root = document.root();
    handled.dry_run = text(root, "dryRun") == "true";
    handled.next = text(root, "next");
    if (!text(root, "waitSeconds").empty()) handled.wait = std::chrono::seconds{1};
    for (const tree::Node* at = root.child(document.find("items")); at != nullptr;
         at = at->next_same()) {
      HandledItem& item = handled.items.emplace_back();
      item.exchange = text(*at, "exchange");
      item.item = text(*at, "item");
      item.task = text(*at, "task");
      item.destination = text(*at, "destination");
      item.message_id = text(*at, "messageId");
      item.reason = text(*at, "reason");
      const std::string result = text(*at, "result");
      item.end = result == "done"            ? HandledItem::End::done
                 : result == "would be done" ? HandledItem::End::would_be
                                             : HandledItem::End::refused;
      if (const auto accepted = parse_instant(text(*at, "acceptedAt"))) {
        item.accepted_at = *accepted;
      }
    }
    return handled;
  }

  bool json_ = false;
  std::optional<Reach> reach_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<tree::Symbols> symbols_;
  std::unique_ptr<exchange::Journeys> journeys_;
};

int failed(Streams& streams, const Error& error) {
  print_error(streams.err, "", error);
  return kFailed;
}

int print(Streams& streams, const Result<std::string>& text) {
  if (!text) return failed(streams, text.error());
  streams.out << *text;
  return kDone;
}

/// Adds a page to what was done so far; an item that is refused on every page counts once.
void add(Handled& all, Handled page) {
  all.dry_run = page.dry_run;
  for (HandledItem& item : page.items) {
    const bool known = std::any_of(all.items.begin(), all.items.end(), [&](const HandledItem& one) {
      return one.item == item.item && one.end == item.end;
    });
    if (!known) all.items.push_back(std::move(item));
  }
}

int report(Streams& streams, const Options& options, const Handled& all) {
  streams.out << (options.json ? exchange::to_json(all) : exchange::to_text(all));
  const bool refused = std::any_of(all.items.begin(), all.items.end(), [](const HandledItem& one) {
    return one.end == HandledItem::End::refused;
  });
  return refused ? kFailed : kDone;
}

/// Those named, each for itself: one that fails does not keep the others back.
int handle_named(const Exchanges& exchanges, const std::string& what, const Options& options,
                 Streams& streams) {
  Handled all;
  all.dry_run = options.dry_run;
  bool some_failed = false;
  for (const std::string& id : options.ids) {
    auto done = exchanges.handle(what, id, options);
    while (!done && done.error().code == ErrorCode::throttled) {
      std::this_thread::sleep_for(std::chrono::seconds{1});
      done = exchanges.handle(what, id, options);
    }
    if (done) {
      add(all, *std::move(done));
    } else {
      print_error(streams.err, id, done.error());
      some_failed = true;
    }
  }
  const int status = all.items.empty() ? kDone : report(streams, options, all);
  return some_failed ? kFailed : status;
}

/// All that are found, page after page, at the pace of the gateway.
int replay_found(const Exchanges& exchanges, Options options, Streams& streams) {
  Handled all;
  while (true) {
    auto page = exchanges.handle("replay", "", options);
    if (!page) {
      if (!all.items.empty()) report(streams, options, all);
      return failed(streams, page.error());
    }
    const std::chrono::seconds wait = page->wait;
    options.asked["cursor"] = page->next;
    add(all, *std::move(page));
    if (wait.count() > 0) {
      std::this_thread::sleep_for(wait);
    } else if (options.asked["cursor"].empty()) {
      return report(streams, options, all);
    }
  }
}

using Work = std::function<int(const Exchanges&, const Options&, Streams&)>;

/// A command below `exchange` with what all of them have.
std::shared_ptr<Options> add_command(commands::Table& table, CLI::App& exchange, std::string name,
                                     std::string description, std::string_view example,
                                     const Work& work, CLI::App** made) {
  CLI::App& below = table.add(std::move(name), std::move(description), example, &exchange);
  const auto options = std::make_shared<Options>();
  add_config_option(below, options->config);
  CLI::Option* url =
      below.add_option("--url", options->url,
                       "The gateway, as http://127.0.0.1:8081; without it the admin port of "
                       "the configuration");
  below
      .add_option("--store", options->store,
                  "A SQLite file or a PostgreSQL connection, read beside a gateway or without one")
      ->excludes(url);
  below.add_flag("--json", options->json, "JSON instead of text");
  table.on(below, [options, work](Streams& streams) -> int {
    const auto config = load_config(options->config, streams.err);
    if (!config) return kUsage;
    const auto exchanges = Exchanges::open(*options, *config);
    if (!exchanges) return failed(streams, exchanges.error());
    return work(*exchanges, *options, streams);
  });
  *made = &below;
  return options;
}

void add_search(CLI::App& below, Options& options) {
  for (const exchange::SearchName& one : exchange::kSearchNames) {
    below.add_option("--" + std::string(one.name), options.asked[std::string(one.name)],
                     std::string(one.what));
  }
}

void add_word(CLI::App& below, Options& options) {
  below.add_option("--by", options.word.by, "Who wants it: becomes part of the audit chain");
  below.add_option("--why", options.word.why,
                   "Why: likewise; no names of patients, no NHS numbers");
  below.add_flag("--dry-run", options.dry_run, "Say what would be done and do nothing");
}

}  // namespace

void register_exchange(commands::Table& table) {
  CLI::App& command =
      table.add("exchange", "What became of messages, and what to do with those given up",
                "concord exchange list --state dead");
  command.require_subcommand(1);
  CLI::App* below = nullptr;

  auto options = add_command(
      table, command, "list", "Exchanges, newest first",
      "concord exchange list --state dead,open --destination spine --since 12h\n"
      "  concord exchange list --store concord.db --sender X99001 --json",
      [](const Exchanges& exchanges, const Options& asked, Streams& streams) {
        return print(streams, exchanges.list(asked));
      },
      &below);
  add_search(*below, *options);

  options = add_command(
      table, command, "show",
      "The journey of one exchange: decision, steps, attempts, acknowledgements, dead letter",
      "concord exchange show 5b0f1c6e-6f0e-4d0e-9f5c-2f6f1f0c7a11\n"
      "  concord exchange show --store concord.db TASK-ID --json",
      [](const Exchanges& exchanges, const Options& asked, Streams& streams) {
        return print(streams, exchanges.show(asked.ids.front()));
      },
      &below);
  below->add_option("id", options->ids, "Id of the exchange, or of its Task")
      ->required()
      ->expected(1);

  options = add_command(
      table, command, "replay",
      "Send dead letters again with their ids and bytes: those named, or all a search finds. Older "
      "than 7 days, or overtaken by a later message of its workflow: with a second approver only",
      "concord exchange replay --destination spine --since 12h --dry-run\n"
      "  concord exchange replay ID --by 'A Smith' --why 'INC-1234: certificate renewed'",
      [](const Exchanges& exchanges, const Options& asked, Streams& streams) {
        if (!asked.ids.empty()) return handle_named(exchanges, "replay", asked, streams);
        return replay_found(exchanges, asked, streams);
      },
      &below);
  below->add_option("id", options->ids, "Ids of exchanges, or of their Tasks");
  add_search(*below, *options);
  add_word(*below, *options);
  below->add_option("--second-approver", options->word.second_approver,
                    "Another person who agrees");

  options = add_command(
      table, command, "cancel",
      "Take dead letters out of the queue: their Tasks are cancelled, what waits behind them goes "
      "on",
      "concord exchange cancel ID --by 'A Smith' --why 'sent on paper, INC-1234'",
      [](const Exchanges& exchanges, const Options& asked, Streams& streams) {
        return handle_named(exchanges, "cancel", asked, streams);
      },
      &below);
  below->add_option("id", options->ids, "Ids of exchanges, or of their Tasks")->required();
  add_word(*below, *options);
}

}  // namespace concord::app
