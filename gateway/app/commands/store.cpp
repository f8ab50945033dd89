// concord store: what an operator does to a store file.
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <tuple>

#include "fhir/core/digest.h"
#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"
#include "gateway/app/open_store.h"
#include "gateway/app/resource_settings.h"
#include "gateway/resources/reindex.h"
#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/maintenance.h"
#include "gateway/store/sqlite/sqlite_store.h"

namespace concord::app {
namespace {

namespace sqlite = store::sqlite;

struct Options {
  std::string config;
  std::string store;
  std::string file;  ///< the backup
  bool dry_run = false;
  bool all = false;
  bool force = false;
};

/// Resources whose index rows are compared without --all.
constexpr std::int64_t kSample = 1000;

int failed(Streams& streams, std::string_view what, const Error& error) {
  print_error(streams.err, what, error);
  return kFailed;
}

// ---- migrate ----

int migrate(const std::string& path, const Options& options, Streams& streams) {
  const auto state = sqlite::schema_state(path);
  if (!state) return failed(streams, path, state.error());
  if (state->pending.empty()) {
    streams.out << "up to date: schema version " << state->version << '\n';
    return kDone;
  }
  for (const std::string& name : state->pending) {
    streams.out << (options.dry_run ? "would apply " : "applying ") << name << '\n';
  }
  if (options.dry_run) {
    streams.out << "schema version " << state->version << " would become " << state->known << '\n';
    return kDone;
  }
  sqlite::Options opening;
  opening.path = path;
  if (const auto opened = sqlite::open(opening, system_clock()); !opened) {
    return failed(streams, path, opened.error());
  }
  streams.out << "schema version " << state->version << " is now " << state->known << '\n';
  return kDone;
}

// ---- check ----

/// The search parameters the configuration asks for, and what they stand on.
struct Searching {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Checking> checking;
  std::optional<search::Parameters> parameters;
};

Result<Searching> load_searching(const Config& config) {
  Searching searching;
  CONCORD_ASSIGN(searching.engine, Engine::load());
  CheckingSources sources;
  sources.packages = config.packages.load;
  sources.folders.assign(config.packages.folders.begin(), config.packages.folders.end());
  CONCORD_ASSIGN(searching.checking, Checking::load(searching.engine->definitions(), sources));
  std::vector<Issue> left_out;
  CONCORD_ASSIGN(search::Parameters compiled,
                 compile_parameters(*searching.engine, *searching.checking, config, left_out));
  searching.parameters.emplace(std::move(compiled));
  return searching;
}

/// In one order, so that two can be compared.
search::IndexValues in_order(search::IndexValues values) {
  const auto sort = [](auto& list, auto&& as_tuple) {
    std::sort(list.begin(), list.end(),
              [&](const auto& a, const auto& b) { return as_tuple(a) < as_tuple(b); });
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  sort(values.tokens, [](const auto& v) { return std::tie(v.key, v.code, v.system); });
  sort(values.texts, [](const auto& v) { return std::tie(v.key, v.value, v.exact); });
  sort(values.periods, [](const auto& v) { return std::tie(v.key, v.low, v.high); });
  sort(values.numbers,
       [](const auto& v) { return std::tie(v.key, v.low, v.high, v.system, v.code); });
  sort(values.links, [](const auto& v) { return std::tie(v.key, v.target, v.type); });
  return values;
}

/// Compares index rows with the values of the bodies. Every resource, or one in so many.
Result<std::int64_t> compare_index(const std::string& path, const Searching& searching,
                                   store::Resources& resources, bool all,
                                   std::vector<std::string>& faults) {
  CONCORD_ASSIGN(const sqlite::Inspection inspection, sqlite::Inspection::open(path));
  CONCORD_ASSIGN(const auto counts, resources.resource_counts());
  std::int64_t current = 0;
  for (const store::ResourceCounts& count : counts) current += count.current;
  const std::int64_t stride = all ? 1 : std::max<std::int64_t>(1, current / kSample);
  std::int64_t compared = 0;
  for (std::int64_t after = 0;;) {
    CONCORD_ASSIGN(const auto rows, resources.rows_after(after, stride == 1 ? 200 : 1));
    if (rows.empty()) return compared;
    for (const store::ResourceRow& row : rows) {
      after = row.row + stride - 1;
      ++compared;
      const std::string name = row.type + "/" + row.id;
      auto document = json::read(row.body, searching.engine->symbols());
      if (!document) {
        faults.push_back(name + ": its body cannot be read");
        continue;
      }
      tree::Builder builder(*document);
      definitions::annotate(builder, searching.engine->definitions());
      const auto made = searching.parameters->extract(*document, document->root());
      const auto kept = inspection.index_of(row.row);
      if (!made || !kept) {
        faults.push_back(name + ": its index cannot be made");
      } else if (in_order(*made) != in_order(*kept)) {
        faults.push_back(name + ": is found by other values than it has");
      }
      if (faults.size() >= 100) return compared;
    }
  }
}

int check(const std::string& path, const Config& config, const Options& options, Streams& streams) {
  std::vector<std::string> faults;
  sqlite::Inspection::Looked looked;
  {
    const auto inspection = sqlite::Inspection::open(path);
    if (!inspection) return failed(streams, path, inspection.error());
    auto found = inspection->faults(looked);
    if (!found) return failed(streams, path, found.error());
    faults = *std::move(found);
  }
  streams.out << "payloads " << looked.payloads << ", resources " << looked.resources
              << ", older versions " << looked.versions << ", index rows " << looked.index_rows
              << '\n';
  sqlite::Options opening;
  opening.path = path;
  opening.read_only = true;
  auto opened = sqlite::open(opening, system_clock());
  if (!opened) return failed(streams, path, opened.error());
  store::Store& store = **opened;
  const auto verdict = store::verify_audit(store);
  if (!verdict) return failed(streams, path, verdict.error());
  if (verdict->broken) {
    faults.push_back("audit chain broken at " + std::to_string(verdict->broken->sequence) + ": " +
                     verdict->broken->text);
  }
  streams.out << "audit chain: " << verdict->links << " records\n";
  if (faults.empty()) {
    const auto searching = load_searching(config);
    if (!searching) return failed(streams, "search parameters", searching.error());
    const auto version = store.resources().index_version();
    if (!version) return failed(streams, path, version.error());
    if (*version != searching->parameters->version()) {
      streams.out << "index: made with other search parameters, not compared; concord store "
                     "reindex makes it anew\n";
    } else {
      const auto compared = compare_index(path, *searching, store.resources(), options.all, faults);
      if (!compared) return failed(streams, path, compared.error());
      streams.out << "index: compared for " << *compared << " resources\n";
    }
  }
  for (const std::string& fault : faults) streams.out << "fault: " << fault << '\n';
  if (const auto held = sqlite::in_quarantine(path); held && *held) {
    streams.out << "in quarantine: nothing is delivered until concord store release\n";
  }
  streams.out << (faults.empty() ? "sound\n" : "not sound\n");
  return faults.empty() ? kDone : kFailed;
}

// ---- backup, restore, release ----

int backup(const std::string& path, const Options& options, Streams& streams) {
  const auto made = sqlite::backup(path, options.file, system_clock()());
  if (!made) return failed(streams, path, made.error());
  streams.out << options.file << ": " << made->bytes << " bytes, schema version " << made->schema
              << ", sha256 " << to_hex(made->digest) << '\n';
  return kDone;
}

int restore(const std::string& path, const Options& options, Streams& streams) {
  std::error_code ignored;
  if (!options.force && std::filesystem::exists(path, ignored)) {
    streams.err << path
                << ": error: there is already a store; --force puts the backup in its place\n";
    return kFailed;
  }
  const auto made = sqlite::restore(options.file, path, options.force, system_clock()());
  if (!made) return failed(streams, path, made.error());
  streams.out
      << path << ": restored from a backup of schema version " << made->schema << ", sha256 "
      << to_hex(made->digest)
      << "\nin quarantine: messages are taken in and none is delivered, since some may have "
         "been delivered after the backup was made;\ncompare the outbox with what partners "
         "have, then: concord store release --store "
      << path << '\n';
  return kDone;
}

int release(const std::string& path, Streams& streams) {
  const auto ended = sqlite::end_quarantine(path, system_clock()());
  if (!ended) return failed(streams, path, ended.error());
  streams.out << (*ended ? "the quarantine is over: deliveries begin with the next start\n"
                         : "this store is not in quarantine\n");
  return kDone;
}

// ---- reindex ----

int reindex(store::Store& store, const std::string& name, const Config& config, Streams& streams) {
  const auto searching = load_searching(config);
  if (!searching) return failed(streams, "search parameters", searching.error());
  const auto done = resources::reindex(store.resources(), *searching->parameters,
                                       searching->engine->definitions(), {}, true);
  if (!done) return failed(streams, name, done.error());
  streams.out << "index made anew for " << done->resources << " resources";
  if (done->not_readable != 0) streams.out << ", " << done->not_readable << " could not be read";
  streams.out << '\n';
  return done->not_readable == 0 ? kDone : kFailed;
}

int reindex(const std::string& path, const Config& config, Streams& streams) {
  if (auto state = sqlite::schema_state(path); !state) return failed(streams, path, state.error());
  sqlite::Options opening;
  opening.path = path;
  auto opened = sqlite::open(opening, system_clock());
  if (!opened) return failed(streams, path, opened.error());
  return reindex(**opened, path, config, streams);
}

// ---- on PostgreSQL ----

int migrate_database(const Config& config, const Options& options, Streams& streams) {
  const auto opened = options.dry_run ? open_store_for_reading(config, system_clock())
                                      : open_store(config, system_clock());
  if (!opened) return failed(streams, store_name(config), opened.error());
  streams.out << "up to date: schema version " << store::postgresql::schema_version() << '\n';
  return kDone;
}

int check_database(const Config& config, Streams& streams) {
  const auto opened = open_store_for_reading(config, system_clock());
  if (!opened) return failed(streams, store_name(config), opened.error());
  store::Store& store = **opened;
  std::vector<std::string> faults;
  const auto verdict = store::verify_audit(store);
  if (!verdict) return failed(streams, store_name(config), verdict.error());
  if (verdict->broken) {
    faults.push_back("audit chain broken at " + std::to_string(verdict->broken->sequence) + ": " +
                     verdict->broken->text);
  }
  const auto counts = store.counts();
  if (!counts) return failed(streams, store_name(config), counts.error());
  if (counts->difference() != 0) {
    faults.push_back("accepted items and those of the outbox differ by " +
                     std::to_string(counts->difference()));
  }
  const auto wrong = store.watch().wrong_counters();
  if (!wrong) return failed(streams, store_name(config), wrong.error());
  if (*wrong != 0) {
    faults.push_back("counters that are not what a full count gives: " + std::to_string(*wrong));
  }
  std::int64_t resources = 0;
  for (std::int64_t after = 0;;) {
    // Reading a row unpacks its body, or says that it is damaged.
    const auto rows = store.resources().rows_after(after, 500);
    if (!rows) return failed(streams, store_name(config), rows.error());
    if (rows->empty()) break;
    after = rows->back().row;
    resources += static_cast<std::int64_t>(rows->size());
  }
  streams.out << "audit chain: " << verdict->links << " records\nresources read: " << resources
              << "\npages and indexes are PostgreSQL's: pg_amcheck looks them over\n";
  for (const std::string& fault : faults) streams.out << "fault: " << fault << '\n';
  streams.out << (faults.empty() ? "sound\n" : "not sound\n");
  return faults.empty() ? kDone : kFailed;
}

/// The same commands where the store is a database: copies of it are PostgreSQL's business.
int on_database(std::string_view command, const Config& config, const Options& options,
                Streams& streams) {
  if (command == "migrate") return migrate_database(config, options, streams);
  if (command == "check") return check_database(config, streams);
  if (command == "reindex") {
    const auto opened = open_store(config, system_clock());
    if (!opened) return failed(streams, store_name(config), opened.error());
    return reindex(**opened, store_name(config), config, streams);
  }
  streams.err
      << "concord store " << command
      << " is for a SQLite file. A PostgreSQL database is copied with pg_dump, or with base "
         "backups and WAL for a point in time.\nAfter a restore, before a gateway starts: "
         "UPDATE concord.quarantine SET active = 1; nothing is delivered until it is 0 "
         "again.\n";
  return kUsage;
}

}  // namespace

void register_store(commands::Table& table) {
  CLI::App& command = table.add("store", "The store file: schema, soundness, copies",
                                "concord store check --store concord.db");
  command.require_subcommand(1);
  using Work = std::function<int(const std::string&, const Config&, const Options&, Streams&)>;
  const auto add = [&](std::string name, std::string description, std::string_view example,
                       const Work& work, auto&& more) {
    const std::string command_name = name;
    CLI::App& below = table.add(std::move(name), std::move(description), example, &command);
    const auto options = std::make_shared<Options>();
    add_config_option(below, options->config);
    below.add_option("--store", options->store, "A SQLite file; without it the configured store");
    more(below, *options);
    table.on(below, [options, work, command_name](Streams& streams) -> int {
      const auto config = load_config(options->config, streams.err);
      if (!config) return kUsage;
      if (options->store.empty() && config->store_kind == "postgresql") {
        return on_database(command_name, *config, *options, streams);
      }
      const std::string path =
          options->store.empty() ? config->store_path.string() : options->store;
      return work(path, *config, *options, streams);
    });
  };
  add(
      "migrate", "Bring the schema up to date; also a start of the gateway does",
      "concord store migrate --dry-run --store concord.db",
      [](const std::string& path, const Config&, const Options& options, Streams& streams) {
        return migrate(path, options, streams);
      },
      [](CLI::App& below, Options& options) {
        below.add_flag("--dry-run", options.dry_run, "Say what would be done and do nothing");
      });
  add("check",
      "Look everything over, also beside a running gateway: pages, references, stored bytes, the "
      "audit chain, index rows of a sample; status 1 when something is wrong",
      "concord store check --all --store concord.db", &check,
      [](CLI::App& below, Options& options) {
        below.add_flag("--all", options.all, "Compare the index rows of every resource");
      });
  add(
      "backup", "Copy the store into one file, also beside a running gateway, with a manifest",
      "concord store backup --store concord.db concord-backup.db",
      [](const std::string& path, const Config&, const Options& options, Streams& streams) {
        return backup(path, options, streams);
      },
      [](CLI::App& below, Options& options) {
        below.add_option("file", options.file, "Where the copy goes")->required();
      });
  add(
      "restore", "Put a backup in the place of the store; deliveries stay paused until release",
      "concord store restore --store restored.db concord-backup.db",
      [](const std::string& path, const Config&, const Options& options, Streams& streams) {
        return restore(path, options, streams);
      },
      [](CLI::App& below, Options& options) {
        below.add_option("file", options.file, "The backup; its manifest stands beside it")
            ->required();
        below.add_flag("--force", options.force, "Also when there is a store");
      });
  add(
      "release", "End the quarantine of a restored store, so that it delivers again",
      "concord store release --store restored.db",
      [](const std::string& path, const Config&, const Options&, Streams& streams) {
        return release(path, streams);
      },
      [](CLI::App&, Options&) {});
  add(
      "reindex", "Make the search index anew from the stored resources, the gateway being stopped",
      "concord store reindex --store concord.db",
      [](const std::string& path, const Config& config, const Options&, Streams& streams) {
        return reindex(path, config, streams);
      },
      [](CLI::App&, Options&) {});
}

}  // namespace concord::app
