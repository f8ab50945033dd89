#include "gateway/ops/metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace concord::ops {
namespace {

/// Seconds; a hop takes microseconds, a commit a disk's millisecond, a refusal by a peer seconds.
const prometheus::Histogram::BucketBoundaries kSeconds{
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30};

double seconds(std::chrono::microseconds took) { return static_cast<double>(took.count()) / 1e6; }

template <typename T, typename Builder>
prometheus::Family<T>& family(Builder builder, prometheus::Registry& registry, const char* name,
                              const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

/// The series of one family found before, by their label values as one text: a look-up instead of
/// building a metric. Bounded: what comes after kMostSeries shares one series.
template <typename T>
class Found {
 public:
  static constexpr std::size_t kMostSeries = 1000;

  /// @param make  makes the series, or with `true` the one that all further ones share
  template <typename Make>
  T& get(std::string_view key, Make&& make) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto at = metrics_.find(key); at != metrics_.end()) return *at->second;
    }
    const std::unique_lock lock(mutex_);
    if (metrics_.size() >= kMostSeries) return make(true);
    T& made = make(false);
    metrics_.emplace(std::string(key), &made);
    return made;
  }

 private:
  std::shared_mutex mutex_;
  std::map<std::string, T*, std::less<>> metrics_;
};

/// Labels as one text, on the stack for all usual lengths.
using Key = fmt::basic_memory_buffer<char, 256>;
template <typename... Part>
Key key_of(const Part&... parts) {
  Key key;
  (fmt::format_to(std::back_inserter(key), "{}\n", parts), ...);
  return key;
}
std::string_view view(const Key& key) { return {key.data(), key.size()}; }

/// Calls that shared a transaction.
const prometheus::Histogram::BucketBoundaries kGroup{1, 2, 4, 8, 16, 32, 64, 128};

using Labels = std::map<std::string, std::string>;

/// Families made at a scrape.
class Families {
 public:
  void gauge(const char* name, const char* help, double value, const Labels& labels = {}) {
    add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
  }
  void gauge(const char* name, const char* help, std::int64_t value, const Labels& labels = {}) {
    gauge(name, help, static_cast<double>(value), labels);
  }
  void gauge(const char* name, const char* help, bool value, const Labels& labels = {}) {
    gauge(name, help, value ? 1.0 : 0.0, labels);
  }
  void counter(const char* name, const char* help, double value, const Labels& labels = {}) {
    add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
  }
  void counter(const char* name, const char* help, std::int64_t value, const Labels& labels = {}) {
    counter(name, help, static_cast<double>(value), labels);
  }
  std::vector<prometheus::MetricFamily>& all() { return all_; }

 private:
  prometheus::ClientMetric& add(const char* name, const char* help, prometheus::MetricType type,
                                const Labels& labels) {
    auto at = std::find_if(all_.begin(), all_.end(),
                           [name](const auto& family) { return family.name == name; });
    if (at == all_.end()) {
      all_.push_back({name, help, type, {}});
      at = std::prev(all_.end());
    }
    prometheus::ClientMetric& metric = at->metric.emplace_back();
    for (const auto& [label, value] : labels) metric.label.push_back({label, value});
    return metric;
  }

  std::vector<prometheus::MetricFamily> all_;
};

void add_store(Families& out, const MetricsSnapshot& now) {
  out.gauge("concord_store_up", "1 when the store answers.", now.store_answers);
  if (!now.store_answers) return;  // no figure is better than a wrong one
  out.counter("concord_messages_accepted_total", "Messages ever committed.", now.accepted);
  constexpr const char* kState = "Messages by what has become of them.";
  out.gauge("concord_messages", kState, now.delivered, {{"state", "delivered"}});
  out.gauge("concord_messages", kState, now.pending, {{"state", "pending"}});
  out.gauge("concord_messages", kState, now.dead, {{"state", "dead"}});
  out.gauge("concord_messages", kState, now.rejected, {{"state", "rejected"}});
  out.gauge("concord_messages", kState, now.cancelled, {{"state", "cancelled"}});
  out.gauge("concord_messages_unaccounted",
            "accepted - delivered - pending - dead - rejected - cancelled. Anything but 0 is an "
            "alarm.",
            now.unaccounted());
  out.gauge("concord_unmatched_answers", "Answers that belong to nothing we know, for a person.",
            now.unmatched);
  out.counter("concord_audit_records_total", "Links of the audit chain.", now.audit_records);
  out.gauge("concord_store_size_bytes", "Tables and indexes of the store.", now.store_bytes);
  if (now.wal_bytes) {
    out.gauge("concord_store_wal_size_bytes", "Write-ahead log beside the store.", *now.wal_bytes);
  }
}

void add_destinations(Families& out, const MetricsSnapshot& now) {
  for (const DestinationSnapshot& one : now.destinations) {
    const Labels name{{"destination", one.name}};
    if (now.store_answers) {
      out.gauge("concord_queue_messages", "Messages waiting for delivery.", one.pending, name);
      out.gauge("concord_queue_dead_messages", "Messages given up, waiting for a person.", one.dead,
                name);
      out.gauge("concord_queue_oldest_age_seconds", "Age of the oldest message waiting.",
                one.oldest_seconds, name);
      out.gauge("concord_acknowledgements_awaited", "Acknowledgements still to come.", one.awaited,
                name);
      out.gauge("concord_acknowledgements_overdue",
                "Acknowledgements still to come whose time has passed.", one.overdue, name);
    }
    out.gauge("concord_destination_circuit_open",
              "1 while this gateway leaves a destination alone after failures.", one.circuit_open,
              name);
    if (one.in_flight) {
      out.gauge("concord_deliveries_in_flight", "Delivery attempts running in this gateway.",
                *one.in_flight, name);
    }
    if (one.hung) {
      out.gauge("concord_deliveries_hung",
                "Delivery attempts whose channel has not returned though their time is over.",
                *one.hung, name);
    }
    if (one.leased) {
      out.gauge("concord_deliveries_leased",
                "Messages this gateway has leased for its next attempts.", *one.leased, name);
    }
    if (one.paused) {
      out.gauge("concord_destination_paused", "1 while a person has paused a destination.",
                *one.paused, name);
    }
  }
}

void add_doors(Families& out, const MetricsSnapshot& now) {
  for (const DoorSnapshot& one : now.doors) {
    const Labels name{{"door", one.name}};
    out.gauge("concord_door_files_waiting", "Files a door has seen and not taken yet.", one.waiting,
              name);
    out.gauge("concord_door_oldest_age_seconds", "Age of the oldest of them.", one.oldest_seconds,
              name);
    out.gauge("concord_door_usable", "1 while the folder of a door can be read and written.",
              one.usable, name);
  }
}

void add_admission(Families& out, const MetricsSnapshot& now) {
  for (const AdmissionSnapshot& one : now.admissions) {
    out.counter("concord_admissions_total",
                "Work let in or refused before it was accepted, by kind and reason.", one.count,
                {{"kind", one.kind}, {"outcome", one.outcome}, {"reason", one.reason}});
  }
  for (const PressureSnapshot& one : now.pressures) {
    out.gauge("concord_admission_pressure_ratio",
              "A reading as a share of its limit; from 1 on work is refused.", one.share,
              {{"reading", one.reading}});
  }
}

void add_server(Families& out, const MetricsSnapshot& now) {
  out.gauge("concord_build_info", "Version of the program; always 1.", true,
            {{"version", now.version}});
  out.gauge("concord_ready", "1 when the gateway takes messages.", now.ready);
  out.gauge("concord_http_connections", "Open HTTP connections.", now.connections);
  out.gauge("concord_http_requests_in_flight", "HTTP requests being worked on.", now.in_flight);
  out.counter("concord_http_connections_refused_total", "Connections turned away.",
              now.connections_refused);
  out.counter("concord_http_connections_evicted_total", "Idle connections closed to make room.",
              now.connections_evicted);
  out.counter("concord_log_lines_dropped_total",
              "Log lines lost because nobody read them fast enough.", now.log_lines_dropped);
  out.counter("process_cpu_seconds_total", "User and system time.", now.process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", now.process.resident_bytes);
  out.gauge("process_open_fds", "Open files and sockets.", now.process.open_files);
  out.gauge("process_max_fds", "Most files and sockets that may be open.", now.process.max_files);
  out.gauge("process_threads", "Threads.", now.process.threads);
  out.gauge("process_start_time_seconds", "Start, in seconds since 1970.", now.process.started_at);
}

}  // namespace

struct Metrics::Impl {
  template <typename T, typename Builder>
  prometheus::Family<T>& made(Builder builder, const char* name, const char* help) {
    return family<T>(builder, registry, name, help);
  }
  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return made<prometheus::Counter>(prometheus::BuildCounter(), name, help);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return made<prometheus::Gauge>(prometheus::BuildGauge(), name, help);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const char* name, const char* help) {
    return made<prometheus::Histogram>(prometheus::BuildHistogram(), name, help);
  }

  prometheus::Registry registry;

  prometheus::Family<prometheus::Counter>& requests = counters(
      "concord_http_requests_total", "Answered HTTP requests by route template and status.");
  Found<prometheus::Counter> request_series;
  prometheus::Family<prometheus::Histogram>& request_seconds =
      histograms("concord_http_request_duration_seconds",
                 "First byte in to last byte out, by route template.");
  Found<prometheus::Histogram> request_seconds_series;
  prometheus::Histogram& accept_seconds =
      histograms("concord_accept_duration_seconds",
                 "First byte in to last byte out, of requests that became an exchange.")
          .Add({}, kSeconds);
  prometheus::Family<prometheus::Histogram>& hop_seconds =
      histograms("concord_hop_duration_seconds", "Time of each hop of the chain.");
  Found<prometheus::Histogram> hop_series;
  prometheus::Family<prometheus::Counter>& hop_ends =
      counters("concord_hop_stops_total", "Messages a hop stopped, by hop and error code.");
  Found<prometheus::Counter> hop_end_series;
  prometheus::Histogram& group_calls =
      histograms("concord_commit_group_calls", "Calls that shared a transaction of the store.")
          .Add({}, kGroup);
  prometheus::Histogram& group_seconds =
      histograms("concord_commit_duration_seconds", "Begin to durable, of a shared transaction.")
          .Add({}, kSeconds);
  prometheus::Family<prometheus::Counter>& deliveries =
      counters("concord_delivery_attempts_total", "Delivery attempts by destination and outcome.");
  Found<prometheus::Counter> delivery_series;
  prometheus::Family<prometheus::Histogram>& delivery_seconds = histograms(
      "concord_delivery_duration_seconds", "Time of a delivery attempt, by destination.");
  Found<prometheus::Histogram> delivery_seconds_series;
  prometheus::Family<prometheus::Counter>& door_files =
      counters("concord_door_files_total", "Files by door and what became of them.");
  Found<prometheus::Counter> door_series;
  prometheus::Family<prometheus::Counter>& escalations =
      counters("concord_acknowledgement_escalations_total",
               "Steps of escalation of late acknowledgements, by destination and step.");
  Found<prometheus::Counter> escalation_series;
  prometheus::Family<prometheus::Counter>& reconciliations = counters(
      "concord_reconciliations_total", "Times the messages were counted over, by outcome.");
  Found<prometheus::Counter> reconciliation_series;
  prometheus::Gauge& difference =
      gauges("concord_reconciliation_difference",
             "What the last count found accepted and nowhere. Anything but 0 is an alarm.")
          .Add({});
  prometheus::Family<prometheus::Gauge>& lags =
      gauges("concord_timer_lag_seconds", "How much later than planned a timer last did its work.");
  Found<prometheus::Gauge> lag_series;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::request(std::string_view method, std::string_view route, int status,
                      std::chrono::microseconds took) {
  const auto one_of_many = [](bool shared, std::string_view value) {
    return shared ? std::string("other") : std::string(value);
  };
  impl_->request_series
      .get(view(key_of(method, route, status)),
           [&](bool shared) -> prometheus::Counter& {
             return impl_->requests.Add({{"method", one_of_many(shared, method)},
                                         {"route", one_of_many(shared, route)},
                                         {"status", std::to_string(status)}});
           })
      .Increment();
  impl_->request_seconds_series
      .get(route,
           [&](bool shared) -> prometheus::Histogram& {
             return impl_->request_seconds.Add({{"route", one_of_many(shared, route)}}, kSeconds);
           })
      .Observe(seconds(took));
}

void Metrics::accepted(std::chrono::microseconds took) {
  impl_->accept_seconds.Observe(seconds(took));
}

void Metrics::hop(std::string_view hop, std::chrono::microseconds took, std::string_view end) {
  impl_->hop_series
      .get(hop,
           [&](bool) -> prometheus::Histogram& {
             return impl_->hop_seconds.Add({{"hop", std::string(hop)}}, kSeconds);
           })
      .Observe(seconds(took));
  if (end.empty()) return;
  impl_->hop_end_series
      .get(view(key_of(hop, end)),
           [&](bool) -> prometheus::Counter& {
             return impl_->hop_ends.Add({{"hop", std::string(hop)}, {"code", std::string(end)}});
           })
      .Increment();
}

void Metrics::commit_group(std::size_t calls, std::chrono::microseconds took) {
  impl_->group_calls.Observe(static_cast<double>(calls));
  impl_->group_seconds.Observe(seconds(took));
}

void Metrics::delivery(std::string_view destination, std::string_view outcome,
                       std::chrono::microseconds took) {
  const auto name = [&](bool shared) {
    return shared ? std::string("other") : std::string(destination);
  };
  impl_->delivery_series
      .get(view(key_of(destination, outcome)),
           [&](bool shared) -> prometheus::Counter& {
             return impl_->deliveries.Add(
                 {{"destination", name(shared)}, {"outcome", std::string(outcome)}});
           })
      .Increment();
  impl_->delivery_seconds_series
      .get(destination,
           [&](bool shared) -> prometheus::Histogram& {
             return impl_->delivery_seconds.Add({{"destination", name(shared)}}, kSeconds);
           })
      .Observe(seconds(took));
}

void Metrics::door(std::string_view door, std::string_view outcome) {
  impl_->door_series
      .get(view(key_of(door, outcome)),
           [&](bool shared) -> prometheus::Counter& {
             return impl_->door_files.Add(
                 {{"door", shared ? std::string("other") : std::string(door)},
                  {"outcome", std::string(outcome)}});
           })
      .Increment();
}

void Metrics::escalation(std::string_view destination, std::int32_t step) {
  impl_->escalation_series
      .get(view(key_of(destination, step)),
           [&](bool shared) -> prometheus::Counter& {
             return impl_->escalations.Add(
                 {{"destination", shared ? std::string("other") : std::string(destination)},
                  {"step", std::to_string(step)}});
           })
      .Increment();
}

void Metrics::reconciliation(std::string_view outcome, std::optional<std::int64_t> difference) {
  if (difference) impl_->difference.Set(static_cast<double>(*difference));
  impl_->reconciliation_series
      .get(outcome,
           [&](bool) -> prometheus::Counter& {
             return impl_->reconciliations.Add({{"outcome", std::string(outcome)}});
           })
      .Increment();
}

void Metrics::timer(std::string_view name, std::chrono::milliseconds late) {
  impl_->lag_series
      .get(name,
           [&](bool) -> prometheus::Gauge& {
             return impl_->lags.Add({{"timer", std::string(name)}});
           })
      .Set(std::chrono::duration<double>(late).count());
}

std::string Metrics::text(const MetricsSnapshot& now) {
  Families families;
  families.all() = impl_->registry.Collect();
  add_server(families, now);
  add_store(families, now);
  add_destinations(families, now);
  add_doors(families, now);
  add_admission(families, now);
  return prometheus::TextSerializer().Serialize(families.all());
}

}  // namespace concord::ops
