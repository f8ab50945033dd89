#include "gateway/app/config_keys.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "fhir/core/instant.h"
#include "gateway/app/sending_window.h"

namespace concord::app {
namespace {

using Name = const std::string&;
using Text = const std::string&;
constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

Error wrong(std::string text) { return make_error(ErrorCode::invalid, std::move(text)); }

Result<std::uint64_t> number(Text text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || at != text.data() + text.size() || value < min || value > max) {
    return wrong("a whole number from " + std::to_string(min) +
                 (max == kMax ? std::string(" up") : " to " + std::to_string(max)) +
                 " is expected");
  }
  return value;
}

/// A key whose value is a number of anything that can be made from one.
template <typename Access>
KeyRow counted(std::string_view path, std::uint64_t min, std::uint64_t max, Access access) {
  return {path, KeyShape::scalar,
          [=](Config& config, Name name, Text text) -> Result<void> {
            CONCORD_ASSIGN(const std::uint64_t value, number(text, min, max));
            auto& field = access(config, name);
            field = static_cast<std::remove_reference_t<decltype(field)>>(value);
            return {};
          },
          [=](const Config& config, Name name) {
            const auto value = access(const_cast<Config&>(config), name);
            if constexpr (requires { value.count(); }) {
              return std::to_string(value.count());
            } else {
              return std::to_string(value);
            }
          }};
}

template <typename Access, typename Check>
KeyRow texted(std::string_view path, Access access, Check check) {
  return {path, KeyShape::scalar,
          [=](Config& config, Name name, Text text) -> Result<void> {
            CONCORD_TRY(check(text));
            access(config, name) = text;
            return {};
          },
          [=](const Config& config, Name name) -> std::string {
            return access(const_cast<Config&>(config), name);
          }};
}

Result<void> anything(Text) { return {}; }

Result<void> plain_name(Text text) {
  const bool good =
      !text.empty() && text.size() <= 64 &&
      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
          std::string::npos;
  if (!good) return wrong("1 to 64 of A-Z a-z 0-9 - _ . are expected");
  return {};
}

Result<void> digits_or_nothing(Text text) {
  if (text.find_first_not_of("0123456789") != std::string::npos || text.size() > 20) {
    return wrong("up to 20 digits are expected");
  }
  return {};
}

Result<void> url(Text text) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return wrong("an address that starts with http:// or https:// is expected");
  }
  if (text.find_first_of(" \t\r\n\"<>") != std::string::npos) return wrong("not an address");
  return {};
}

Result<void> url_or_nothing(Text text) {
  if (text.empty()) return {};
  if (text.back() == '/') return wrong("an address without slash at the end is expected");
  return url(text);
}

Result<void> url_or_none(Text text) { return text.empty() ? Result<void>{} : url(text); }

Result<void> suffix(Text text) {
  const bool good = text.size() >= 2 && text.size() <= 16 && text.front() == '.' &&
                    text.find('/') == std::string::npos && text != ".tmp";
  if (!good) return wrong("a dot and up to 15 characters are expected");
  return {};
}

Result<void> window(Text text) {
  if (text.empty()) return {};
  if (auto read = read_window(text); !read) return std::move(read).error();
  return {};
}

auto one_of(std::vector<std::string_view> words) {
  return [words = std::move(words)](Text text) -> Result<void> {
    if (std::find(words.begin(), words.end(), text) != words.end()) return {};
    std::string list;
    for (const std::string_view word : words)
      list += (list.empty() ? "" : ", ") + std::string(word);
    return wrong("one of " + list + " is expected");
  };
}

template <typename Access>
KeyRow flag(std::string_view path, Access access) {
  return {path, KeyShape::scalar,
          [=](Config& config, Name name, Text text) -> Result<void> {
            if (text != "true" && text != "false") return wrong("true or false is expected");
            access(config, name) = text == "true";
            return {};
          },
          [=](const Config& config, Name name) -> std::string {
            return access(const_cast<Config&>(config), name) ? "true" : "false";
          }};
}

/// A list of names, for keys whose entries may be anything.
template <typename Access>
KeyRow names(std::string_view key, Access access) {
  return {key, KeyShape::list,
          [access](Config& config, Name name, Text text) -> Result<void> {
            std::vector<std::string>& list = access(config, name);
            list.clear();
            std::string_view rest = text;
            while (!rest.empty()) {
              const std::size_t comma = rest.find(',');
              std::string_view one = rest.substr(0, comma);
              while (one.starts_with(' ')) one.remove_prefix(1);
              while (one.ends_with(' ')) one.remove_suffix(1);
              rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
              if (!one.empty()) list.emplace_back(one);
            }
            return {};
          },
          [access](const Config& config, Name name) {
            std::string list;
            for (const std::string& one : access(const_cast<Config&>(config), name)) {
              // "*" would be an alias to YAML.
              const std::string shown = one.starts_with('*') ? '"' + one + '"' : one;
              list += (list.empty() ? "" : ", ") + shown;
            }
            return "[" + list + "]";
          }};
}

Result<void> day_or_nothing(Text text) {
  if (text.empty() || parse_instant(text + "T00:00:00Z")) return {};
  return wrong("a day is expected, YYYY-MM-DD, or nothing");
}

/// A key whose value is a list of texts, each looked at by `check`.
template <typename Access, typename Check>
KeyRow listed(std::string_view path, Access access, Check check) {
  return {path, KeyShape::list,
          [=](Config& config, Name name, Text text) -> Result<void> {
            std::vector<std::string>& list = access(config, name);
            list.clear();
            std::string_view rest = text;
            while (!rest.empty()) {
              const std::size_t comma = rest.find(',');
              std::string_view item = rest.substr(0, comma);
              while (item.starts_with(' ')) item.remove_prefix(1);
              while (item.ends_with(' ')) item.remove_suffix(1);
              rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
              CONCORD_TRY(check(item));
              list.emplace_back(item);
            }
            return {};
          },
          [=](const Config& config, Name name) {
            std::string list;
            for (const std::string& item : access(const_cast<Config&>(config), name)) {
              list += (list.empty() ? "" : ", ") + item;
            }
            return "[" + list + "]";
          }};
}

Result<void> host_name(std::string_view host) {
  if (!host.empty() && host.find_first_of(":/ ") == std::string_view::npos) return {};
  return wrong("names without port are expected");
}

/// As browsers send it. Never "*" and never "null", which any page can have.
Result<void> origin(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  const bool good =
      rest.size() < text.size() && !rest.empty() &&
      rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.:[]") == std::string_view::npos;
  if (good) return {};
  return wrong(
      "origins in lower case are expected: https://app.example or https://app.example:8443");
}

Result<void> some_minutes(std::string_view text) {
  std::uint64_t minutes = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), minutes);
  if (error == std::errc() && at == text.data() + text.size() && minutes > 0 && minutes <= 525'600)
    return {};
  return wrong("whole numbers from 1 to 525600 are expected");
}

#define HTTP(member) \
  [](Config & config, Name) -> auto& { return config.http.member; }
#define LIMIT(member) \
  [](Config & config, Name) -> auto& { return config.limits.member; }
#define OWN(expression) \
  [](Config & config, Name) -> auto& { return config.expression; }
#define POLICY(member) \
  [](Config & config, Name name) -> auto& { return config.identifier_policies[name].member; }
#define DESTINATION(member) \
  [](Config & config, Name name) -> auto& { return config.destinations[name].member; }
#define DOOR(member) \
  [](Config & config, Name name) -> auto& { return config.doors[name].member; }
#define ROUTE(member) \
  [](Config & config, Name name) -> auto& { return config.routes[name].member; }

std::vector<KeyRow> make_rows() {
  const auto policy = one_of({"refuse", "warn", "accept"});
  std::vector<KeyRow> rows;
  rows.push_back(texted("node", OWN(node), plain_name));
  rows.push_back(texted("http.address", HTTP(address), anything));
  rows.push_back(counted("http.port", 0, 65535, HTTP(port)));
  rows.push_back(listed("http.hosts", HTTP(hosts), host_name));
  rows.push_back(listed("http.cors_origins", HTTP(cors_origins), origin));
  rows.push_back(texted("http.crash_file", HTTP(crash_file), anything));
  rows.push_back(texted("http.base_url", HTTP(base_url), url_or_nothing));
  rows.push_back(counted("http.max_connections", 1, 20'000, HTTP(max_connections)));
  rows.push_back(
      counted("http.max_connections_per_client", 0, 20'000, HTTP(max_connections_per_client)));
  rows.push_back(counted("http.max_in_flight", 1, 20'000, HTTP(max_in_flight)));
  rows.push_back(counted("http.thread_stack_kib", 256, 65'536, HTTP(thread_stack_kib)));
  rows.push_back(counted("http.max_head_bytes", 1024, 1 << 20, HTTP(max_head_bytes)));
  rows.push_back(counted("http.max_field_bytes", 256, 1 << 20, HTTP(max_field_bytes)));
  rows.push_back(counted("http.max_fields", 8, 1000, HTTP(max_fields)));
  rows.push_back(counted("http.max_target_bytes", 256, 1 << 20, HTTP(max_target_bytes)));
  rows.push_back(counted("http.max_buffered_bytes", 1 << 20, kMax, HTTP(max_buffered_bytes)));
  rows.push_back(counted("http.idle_seconds", 1, 3600, HTTP(idle)));
  rows.push_back(counted("http.head_seconds", 1, 3600, HTTP(head)));
  rows.push_back(counted("http.body_seconds", 1, 3600, HTTP(body)));
  rows.push_back(counted("http.min_body_rate", 0, kMax, HTTP(min_body_rate)));
  rows.push_back(counted("http.write_seconds", 1, 3600, HTTP(write)));
  rows.push_back(counted("http.drain_seconds", 0, 3600, HTTP(drain)));
  rows.push_back(counted("http.stop_seconds", 0, 3600, HTTP(stop)));
  rows.push_back(flag("admin.enabled", OWN(admin.enabled)));
  rows.push_back(counted("admin.port", 0, 65535, OWN(admin.port)));
  rows.push_back(texted("store.kind", OWN(store_kind), one_of({"sqlite", "postgresql"})));
  rows.push_back(texted("store.connection", OWN(store_connection), anything));
  rows.push_back(texted("store.path", OWN(store_path), [](Text text) -> Result<void> {
    if (text.empty()) return wrong("a path is expected");
    return {};
  }));
  rows.push_back(counted("limits.max_bytes", 1024, std::uint64_t{1} << 30, LIMIT(max_bytes)));
  rows.push_back(counted("limits.max_depth", 8, 1000, LIMIT(max_depth)));
  rows.push_back(counted("limits.max_nodes", 100, 100'000'000, LIMIT(max_nodes)));
  rows.push_back(counted("limits.deadline_seconds", 1, 3600, LIMIT(deadline)));
  rows.push_back(counted("limits.store_wait_ms", 0, 60'000, LIMIT(store_wait)));
  rows.push_back(counted("limits.queue_lag_seconds", 0, 86'400, LIMIT(queue_lag)));
  rows.push_back(counted("limits.queue_lag_urgent_seconds", 0, 604'800, LIMIT(queue_lag_urgent)));
  rows.push_back(counted("limits.disk_warn_percent", 0, 100, LIMIT(disk_warn_percent)));
  rows.push_back(counted("limits.disk_refuse_percent", 0, 100, LIMIT(disk_refuse_percent)));
  rows.push_back(counted("limits.memory_percent", 0, 99, LIMIT(memory_percent)));
  rows.push_back(counted("limits.memory_mib", 0, 1 << 24, LIMIT(memory_mib)));
  rows.push_back(texted("caller.organisation", OWN(caller.organisation), plain_name));
  rows.push_back(texted("caller.role", OWN(caller.role), plain_name));
  rows.push_back(texted("caller.identifier_policy", OWN(caller.identifier_policy), plain_name));
  rows.push_back(texted("identifier_policies.*.nhs_number", POLICY(nhs_number), policy));
  rows.push_back(texted("identifier_policies.*.ods_code", POLICY(ods_code), policy));
  rows.push_back(texted("identifier_policies.*.snomed_code", POLICY(snomed_code), policy));
  rows.push_back(texted("identifier_policies.*.prescription_id", POLICY(prescription_id), policy));
  rows.push_back(texted("identifier_policies.*.references", POLICY(references), policy));
  rows.push_back(texted("identifier_policies.*.bindings", POLICY(bindings), policy));
  rows.push_back(texted("agreements.mode", OWN(agreements.mode), one_of({"as-written", "off"})));
  rows.push_back(texted("agreements.folder", OWN(agreements.folder), anything));
  rows.push_back(texted("eps.from_asid", OWN(eps.from_asid), digits_or_nothing));
  rows.push_back(texted("eps.to_asid", OWN(eps.to_asid), digits_or_nothing));
  rows.push_back(texted("eps.user_id", OWN(eps.user_id), digits_or_nothing));
  rows.push_back(texted("eps.role_id", OWN(eps.role_id), digits_or_nothing));
  rows.push_back(texted("eps.overlays", OWN(eps.overlays), anything));
  rows.push_back(texted("eps.rules", OWN(eps.rules), one_of({"translation", "endpoint"})));
  rows.push_back(texted("eps.signatures", OWN(eps.signatures), one_of({"off", "warn", "refuse"})));
  rows.push_back(texted("eps.algorithm", OWN(eps.algorithm), one_of({"RS256", "RS1"})));
  rows.push_back(names("eps.trust.anchors", OWN(eps.trust.anchors)));
  rows.push_back(names("eps.trust.authorities", OWN(eps.trust.authorities)));
  rows.push_back(names("eps.trust.revocation_lists", OWN(eps.trust.revocation_lists)));
  rows.push_back(
      texted("eps.trust.unreachable", OWN(eps.trust.unreachable), one_of({"refuse", "warn"})));
  rows.push_back(texted("eps.trust.sha1_until", OWN(eps.trust.sha1_until), day_or_nothing));
  rows.push_back(counted("eps.trust.least_key_bits", 1024, 16'384, OWN(eps.trust.least_key_bits)));
  rows.push_back(names("fhir.types", OWN(fhir.types)));
  rows.push_back(names("fhir.validation", OWN(fhir.validation)));
  rows.push_back(names("fhir.profiles", OWN(fhir.profiles)));
  rows.push_back(texted("fhir.handling", OWN(fhir.handling), one_of({"lenient", "strict"})));
  rows.push_back(flag("fhir.update_creates", OWN(fhir.update_creates)));
  rows.push_back(counted("fhir.delete_many", 0, 1000, OWN(fhir.delete_many)));
  rows.push_back(counted("fhir.page_count", 1, 1000, OWN(fhir.page_count)));
  rows.push_back(counted("fhir.page_count_max", 1, 1000, OWN(fhir.page_count_max)));
  rows.push_back(counted("fhir.pages_kept_seconds", 1, 604'800, OWN(fhir.pages_kept)));
  rows.push_back(counted("fhir.bundle_entries", 1, 100'000, OWN(fhir.bundle_entries)));
  rows.push_back(names("subscriptions.endpoints", OWN(subscriptions.endpoints)));
  rows.push_back(counted("subscriptions.most", 0, 1000, OWN(subscriptions.most)));
  rows.push_back(counted("subscriptions.timeout_seconds", 1, 20, OWN(subscriptions.timeout)));
  rows.push_back(
      counted("subscriptions.give_up_seconds", 1, 2'592'000, OWN(subscriptions.give_up)));
  rows.push_back(counted("subscriptions.handshake_give_up_seconds", 1, 86'400,
                         OWN(subscriptions.handshake_give_up)));
  rows.push_back(counted("subscriptions.streams", 0, 1000, OWN(subscriptions.streams)));
  rows.push_back(names("packages.load", OWN(packages.load)));
  rows.push_back(names("packages.folders", OWN(packages.folders)));
  rows.push_back(texted("destinations.*.channel", DESTINATION(channel), one_of({"http", "files"})));
  rows.push_back(texted("destinations.*.format", DESTINATION(format), one_of({"eps"})));
  rows.push_back(texted("destinations.*.url", DESTINATION(url), url_or_none));
  rows.push_back(texted("destinations.*.folder", DESTINATION(folder), anything));
  rows.push_back(texted("destinations.*.suffix", DESTINATION(suffix), suffix));
  rows.push_back(texted("destinations.*.ca_file", DESTINATION(ca_file), anything));
  rows.push_back(
      counted("destinations.*.connect_timeout_ms", 10, 600'000, DESTINATION(connect_timeout)));
  rows.push_back(counted("destinations.*.timeout_ms", 10, 600'000, DESTINATION(timeout)));
  rows.push_back(counted("destinations.*.parallel", 1, 256, DESTINATION(parallel)));
  rows.push_back(
      counted("destinations.*.rate_per_second", 0, 100'000, DESTINATION(rate_per_second)));
  rows.push_back(texted("destinations.*.window", DESTINATION(window), window));
  rows.push_back(
      texted("destinations.*.client_certificate", DESTINATION(client_certificate), anything));
  rows.push_back(texted("destinations.*.client_key", DESTINATION(client_key), anything));
  rows.push_back(flag("destinations.*.plain_http", DESTINATION(plain_http)));
  rows.push_back(counted("destinations.*.give_up_hours", 1, 8760, DESTINATION(give_up)));
  rows.push_back(texted("doors.*.channel", DOOR(channel), one_of({"files"})));
  rows.push_back(texted("doors.*.folder", DOOR(folder), anything));
  rows.push_back(counted("doors.*.poll_ms", 10, 3'600'000, DOOR(poll)));
  rows.push_back(counted("doors.*.settle_ms", 1, 3'600'000, DOOR(settle)));
  rows.push_back(counted("doors.*.files", 1, 100'000, DOOR(files)));
  rows.push_back(counted("outbox.workers", 1, 1000, OWN(outbox.workers)));
  rows.push_back(counted("outbox.retry_base_ms", 1, 86'400'000, OWN(outbox.retry_base)));
  rows.push_back(counted("outbox.retry_cap_ms", 1, 86'400'000, OWN(outbox.retry_cap)));
  rows.push_back(counted("outbox.circuit_failures", 1, 1000, OWN(outbox.circuit_failures)));
  rows.push_back(counted("outbox.circuit_probe_ms", 10, 86'400'000, OWN(outbox.circuit_probe)));
  rows.push_back(counted("outbox.poison_crashes", 1, 1000, OWN(outbox.poison_crashes)));
  rows.push_back(counted("outbox.isolation_mib", 0, 65'536, OWN(outbox.isolation_mib)));
  rows.push_back(texted("routes.*.destination", ROUTE(destination), plain_name));
  rows.push_back(texted("routes.*.owner", ROUTE(owner), anything));
  rows.push_back(texted("routes.*.receiver", ROUTE(receiver), anything));
  rows.push_back(texted("routes.*.answer", ROUTE(answer), one_of({"later", "awaited"})));
  rows.push_back(counted("acknowledgements.due_minutes", 1, 525'600, OWN(acknowledgements.due)));
  rows.push_back(listed("acknowledgements.escalation_minutes",
                        OWN(acknowledgements.escalation_minutes), some_minutes));
  rows.push_back(counted("reconcile.interval_seconds", 1, 3600, OWN(reconcile)));
  rows.push_back(
      texted("log.level", OWN(log_level), one_of({"debug", "info", "warning", "error"})));
  return rows;
}

#undef HTTP
#undef LIMIT
#undef OWN
#undef POLICY
#undef DESTINATION
#undef DOOR
#undef ROUTE

}  // namespace

const std::vector<KeyRow>& key_rows() {
  static const std::vector<KeyRow> kRows = make_rows();
  return kRows;
}

}  // namespace concord::app
