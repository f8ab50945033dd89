// concord store: what an operator does to a store file.
#include <filesystem>
#include <ostream>

#include "fhir/core/digest.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/open_store.h"
#include "gateway/app/store_check.h"
#include "gateway/resources/reindex.h"
#include "gateway/store/postgresql/maintenance.h"
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

constexpr const char* kDatabase = "store.connection";  ///< what a database is called in messages

int failed(Streams& streams, std::string_view what, const Error& error) {
  print_error(streams.err, what, error);
  return kFailed;
}

// ---- migrate ----

/// `open` brings the schema of the store called `name` up to date.
int migrate(const std::string& name, const Result<store::SchemaState>& state,
            const std::function<Result<std::unique_ptr<store::Store>>()>& open,
            const Options& options, Streams& streams) {
  if (!state) return failed(streams, name, state.error());
  if (state->pending.empty()) {
    streams.out << "up to date: schema version " << state->version << '\n';
    return kDone;
  }
  for (const std::string& one : state->pending) {
    streams.out << (options.dry_run ? "would apply " : "applying ") << one << '\n';
  }
  if (options.dry_run) {
    streams.out << "schema version " << state->version << " would become " << state->known << '\n';
    return kDone;
  }
  if (const auto opened = open(); !opened) return failed(streams, name, opened.error());
  streams.out << "schema version " << state->version << " is now " << state->known << '\n';
  return kDone;
}

int migrate_file(const std::string& path, const Options& options, Streams& streams) {
  return migrate(
      path, sqlite::schema_state(path),
      [&path] {
        sqlite::Options opening;
        opening.path = path;
        return sqlite::open(opening, system_clock());
      },
      options, streams);
}

// ---- check ----

/// `inspect` begins the inspection of the store that is open.
int check_opened(const std::string& name, const Result<std::unique_ptr<store::Store>>& opened,
                 const std::function<Result<std::unique_ptr<store::Inspection>>()>& inspect,
                 const Config& config, const Options& options, Streams& streams) {
  if (!opened) return failed(streams, name, opened.error());
  const auto place = (*opened)->resources().changed("", {}, 1);
  if (!place) return failed(streams, name, place.error());
  const auto inspection = inspect();
  if (!inspection) return failed(streams, name, inspection.error());
  const auto report = check_store({inspection->get(), opened->get(), place->next,
                                   [&config] { return load_searching(config); }, options.all});
  if (!report) return failed(streams, name, report.error());
  streams.out << report->text;
  return report->sound ? kDone : kFailed;
}

int check(const std::string& path, const Config& config, const Options& options, Streams& streams) {
  if (auto state = sqlite::schema_state(path); !state) return failed(streams, path, state.error());
  sqlite::Options opening;
  opening.path = path;
  opening.read_only = true;
  return check_opened(
      path, sqlite::open(opening, system_clock()),
      [&path]() -> Result<std::unique_ptr<store::Inspection>> {
        CONCORD_ASSIGN(sqlite::Inspection inspection, sqlite::Inspection::open(path));
        return std::unique_ptr<store::Inspection>(
            std::make_unique<sqlite::Inspection>(std::move(inspection)));
      },
      config, options, streams);
}

// ---- backup, restore, quarantine, release ----

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

/// `ended`: whether there was a quarantine; `when`: deliveries begin.
int release(const std::string& name, const Result<bool>& ended, std::string_view when,
            Streams& streams) {
  if (!ended) return failed(streams, name, ended.error());
  if (*ended) {
    streams.out << "the quarantine is over: deliveries begin " << when << '\n';
  } else {
    streams.out << "this store is not in quarantine\n";
  }
  return kDone;
}

/// `begun`: whether there was none before.
int hold(const std::string& name, const Result<bool>& begun, Streams& streams) {
  if (!begun) return failed(streams, name, begun.error());
  streams.out << (*begun ? "in quarantine: messages are taken in and none is delivered until "
                           "concord store release\n"
                         : "this store was in quarantine already\n");
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

namespace database = store::postgresql;

int check_database(database::Options opening, const Config& config, const Options& options,
                   Streams& streams) {
  opening.read_only = true;
  const int status = check_opened(
      kDatabase, database::open(opening, system_clock()),
      [&opening] { return database::inspect(opening); }, config, options, streams);
  if (status != kUsage) streams.out << "pages are PostgreSQL's: pg_amcheck looks them over\n";
  return status;
}

/// The same commands where the store is a database: copies of it are PostgreSQL's business.
int on_database(std::string_view command, const Config& config, const Options& options,
                Streams& streams) {
  database::Options opening;
  opening.connection = config.store_connection;
  if (command == "migrate") {
    return migrate(
        kDatabase, database::schema_state(opening),
        [&opening] { return database::open(opening, system_clock()); }, options, streams);
  }
  if (command == "check") return check_database(opening, config, options, streams);
  if (command == "release") {
    return release(kDatabase, database::end_quarantine(opening, system_clock()()), "now", streams);
  }
  if (command == "quarantine") {
    return hold(kDatabase, database::begin_quarantine(opening, system_clock()()), streams);
  }
  if (command == "reindex") {
    const auto opened = open_store(config, system_clock());
    if (!opened) return failed(streams, kDatabase, opened.error());
    return reindex(**opened, kDatabase, config, streams);
  }
  streams.err
      << "concord store " << command
      << " is for a SQLite file. A PostgreSQL database is copied with pg_dump, or with base "
         "backups and WAL for a point in time.\nAfter a restore, before a gateway starts: concord "
         "store quarantine; nothing is delivered until concord store release.\n";
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
        return migrate_file(path, options, streams);
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
        return release(path, sqlite::end_quarantine(path, system_clock()()), "with the next start",
                       streams);
      },
      [](CLI::App&, Options&) {});
  add(
      "quarantine",
      "Hold back every delivery until release, as after a restore: messages are still taken in",
      "concord store quarantine --store restored.db",
      [](const std::string& path, const Config&, const Options&, Streams& streams) {
        return hold(path, sqlite::begin_quarantine(path, system_clock()()), streams);
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
