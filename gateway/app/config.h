#pragma once
/// The configuration: default.yaml, then the operator's file, then the environment.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

namespace concord::app {

/// What to do about wrong identifiers, references and codes: the words of the file.
struct IdentifierPolicyConfig {
  std::string nhs_number = "refuse";
  std::string ods_code = "refuse";
  std::string snomed_code = "refuse";
  std::string prescription_id = "refuse";
  std::string references = "refuse";
  std::string bindings = "refuse";
};

struct DestinationConfig {
  std::string channel = "http";
  std::string format = "eps";
  std::string url;
  std::string ca_file;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{30'000};
  std::string client_certificate;
  std::string client_key;
  bool plain_http = false;
  std::size_t parallel = 32;
  std::size_t rate_per_second = 0;
  std::string window;
  std::string folder;
  std::string suffix = ".xml";
  std::chrono::hours give_up{72};
};

struct DoorConfig {
  std::string channel = "files";
  std::string folder;  ///< empty: the door is not there
  std::chrono::milliseconds poll{2000};
  std::chrono::milliseconds settle{500};
  std::size_t files = 10'000;
};

struct RouteConfig {
  std::string destination;
  std::string owner;
  std::string receiver;
  std::string answer = "later";
};

/// Every key of default.yaml, as a value. The meaning of each is written there.
struct Config {
  std::string node;
  struct Http {
    std::string address;
    std::uint16_t port = 0;
    std::vector<std::string> hosts;
    std::vector<std::string> cors_origins;
    std::filesystem::path crash_file;
    std::string base_url;
    std::size_t max_connections = 0;
    std::size_t max_connections_per_client = 0;
    std::size_t max_in_flight = 0;
    std::size_t thread_stack_kib = 0;
    std::size_t max_head_bytes = 0;
    std::size_t max_field_bytes = 0;
    std::size_t max_fields = 0;
    std::size_t max_target_bytes = 0;
    std::size_t max_buffered_bytes = 0;
    std::chrono::seconds idle{};
    std::chrono::seconds head{};
    std::chrono::seconds body{};
    std::size_t min_body_rate = 0;
    std::chrono::seconds write{};
    std::chrono::seconds drain{};
    std::chrono::seconds stop{};
  } http;
  struct Admin {
    bool enabled = true;
    std::uint16_t port = 0;
  } admin;
  std::string store_kind;            ///< "sqlite" or "postgresql"
  std::filesystem::path store_path;  ///< of "sqlite"
  std::string store_connection;      ///< of "postgresql": a connection string of libpq
  struct Limits {
    std::size_t max_bytes = 0;
    std::size_t max_depth = 0;
    std::size_t max_nodes = 0;
    std::chrono::seconds deadline{};
    std::chrono::milliseconds store_wait{};
    std::chrono::seconds queue_lag{};
    std::chrono::seconds queue_lag_urgent{};
    unsigned disk_warn_percent = 0;
    unsigned disk_refuse_percent = 0;
    unsigned memory_percent = 0;
    std::size_t memory_mib = 0;
  } limits;
  struct Caller {
    std::string organisation;
    std::string role;
    std::string identifier_policy;
  } caller;
  std::map<std::string, IdentifierPolicyConfig> identifier_policies;
  struct Agreements {
    std::string mode;
    std::filesystem::path folder;
  } agreements;
  struct Eps {
    std::string from_asid, to_asid, user_id, role_id;
    std::filesystem::path overlays;
    std::string rules;  ///< "translation" or "endpoint"
    std::string signatures;
    std::string algorithm;
    struct Trust {
      std::vector<std::string> anchors, authorities, revocation_lists;
      std::string unreachable;
      std::string sha1_until;
      int least_key_bits = 0;
    } trust;
  } eps;
  struct Fhir {
    std::vector<std::string> types;       ///< none: every type of R4
    std::vector<std::string> validation;  ///< "TYPE=off|warn|enforce"
    std::vector<std::string> profiles;    ///< "TYPE=URL"
    std::string handling;                 ///< "lenient" or "strict"
    bool update_creates = true;
    std::size_t delete_many = 0;
    std::size_t page_count = 0;
    std::size_t page_count_max = 0;
    std::chrono::seconds pages_kept{};
    std::size_t bundle_entries = 0;
  } fhir;
  struct Subscriptions {
    std::vector<std::string> endpoints;  ///< addresses subscribers may be told at
    std::size_t most = 0;
    std::chrono::seconds timeout{};
    std::chrono::seconds give_up{};
    std::chrono::seconds handshake_give_up{};
    std::size_t streams = 0;
  } subscriptions;
  struct Packages {
    std::vector<std::string> load;     ///< packages $validate knows
    std::vector<std::string> folders;  ///< where their dependencies are looked for
  } packages;
  std::map<std::string, DestinationConfig> destinations;
  struct Outbox {
    std::size_t workers = 0;
    std::chrono::milliseconds retry_base{};
    std::chrono::milliseconds retry_cap{};
    int circuit_failures = 0;
    std::chrono::milliseconds circuit_probe{};
    std::int32_t poison_crashes = 0;
    std::size_t isolation_mib = 0;
  } outbox;
  std::map<std::string, DoorConfig> doors;
  std::map<std::string, RouteConfig> routes;
  struct Acknowledgements {
    std::chrono::minutes due{};                   ///< for an answer that is still to come
    std::vector<std::string> escalation_minutes;  ///< after that; ascending numbers
  } acknowledgements;
  std::chrono::seconds reconcile{};
  std::string log_level;
};

/// Reads one variable of the environment; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of the process.
Environment process_environment();

/// A YAML text and the name its errors carry.
struct ConfigText {
  std::string name;
  std::string text;
};

/// Builds the configuration and checks it as a whole (names that must exist, pairs that belong
/// together).
///
/// Errors: invalid, one issue for each fault: not YAML, a key nobody knows, a value outside its
/// range (with "file:line:column: " in the text and the position), a variable of the environment
/// with a bad value (with its name), a route to no destination. not_found: read_config() and no
/// such file.
Result<Config> make_config(const std::vector<ConfigText>& files, const Environment& environment);
Result<Config> read_config(const std::optional<std::filesystem::path>& file,
                           const Environment& environment);

/// default.yaml as carried in the program.
std::string_view default_config();

/// The configuration as YAML, every key with its value.
std::string to_yaml(const Config& config);

/// Every key, with * for names chosen by the operator ("destinations.*.url").
std::vector<std::string> config_keys();

}  // namespace concord::app
