#include "gateway/ops/metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

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

/// Metrics found before, by their labels as one text: a look-up instead of building a metric.
template <typename T>
class Found {
 public:
  template <typename Make>
  T& get(std::string_view key, Make&& make) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto at = metrics_.find(key); at != metrics_.end()) return *at->second;
    }
    T& made = make();
    const std::unique_lock lock(mutex_);
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

}  // namespace

struct Metrics::Impl {
  prometheus::Gauge& gauge(const char* name, const char* help) {
    return family<prometheus::Gauge>(prometheus::BuildGauge(), registry, name, help).Add({});
  }

  Found<prometheus::Counter> counters;
  Found<prometheus::Histogram> histograms;
  std::mutex scraping;  ///< gauges of one snapshot are served together
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = family<prometheus::Counter>(
      prometheus::BuildCounter(), registry, "concord_http_requests_total",
      "Answered HTTP requests by route template and status.");
  prometheus::Family<prometheus::Histogram>& request_seconds = family<prometheus::Histogram>(
      prometheus::BuildHistogram(), registry, "concord_http_request_seconds",
      "First byte in to last byte out, by route template.");
  prometheus::Family<prometheus::Histogram>& hop_seconds =
      family<prometheus::Histogram>(prometheus::BuildHistogram(), registry, "concord_hop_seconds",
                                    "Time of each hop of the chain.");
  prometheus::Family<prometheus::Counter>& hop_ends =
      family<prometheus::Counter>(prometheus::BuildCounter(), registry, "concord_hop_stops_total",
                                  "Messages a hop stopped, by hop and error code.");
  prometheus::Family<prometheus::Counter>& deliveries =
      family<prometheus::Counter>(prometheus::BuildCounter(), registry, "concord_deliveries_total",
                                  "Delivery attempts by destination and result.");
  prometheus::Family<prometheus::Histogram>& delivery_seconds = family<prometheus::Histogram>(
      prometheus::BuildHistogram(), registry, "concord_delivery_seconds",
      "Time of a delivery attempt, by destination.");
  prometheus::Gauge& accepted = gauge("concord_messages_accepted", "Messages ever committed.");
  prometheus::Gauge& delivered =
      gauge("concord_messages_delivered", "Messages their destination acknowledged.");
  prometheus::Gauge& pending = gauge("concord_outbox_depth", "Messages waiting for delivery.");
  prometheus::Gauge& oldest =
      gauge("concord_outbox_oldest_seconds", "Age of the oldest message waiting.");
  prometheus::Gauge& dead =
      gauge("concord_messages_dead", "Messages given up, waiting for a person.");
  prometheus::Gauge& rejected =
      gauge("concord_messages_rejected", "Messages their destination refused for good.");
  prometheus::Gauge& cancelled = gauge("concord_messages_cancelled", "Messages a person took out.");
  prometheus::Gauge& unaccounted = gauge(
      "concord_messages_unaccounted",
      "accepted - delivered - pending - dead - rejected - cancelled. Anything but 0 is an alarm.");
  prometheus::Gauge& store_up = gauge("concord_store_up", "1 when the store answers.");
  prometheus::Gauge& connections = gauge("concord_http_connections", "Open HTTP connections.");
  prometheus::Gauge& in_flight = gauge("concord_http_in_flight", "HTTP requests being worked on.");
  prometheus::Gauge& refused =
      gauge("concord_http_connections_refused", "Connections turned away since start.");
  prometheus::Gauge& evicted = gauge("concord_http_connections_evicted",
                                     "Idle connections closed to make room since start.");
  prometheus::Gauge& log_dropped =
      gauge("concord_log_lines_dropped", "Log lines lost since start.");
  prometheus::Gauge& ready = gauge("concord_ready", "1 when the gateway takes messages.");
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::request(std::string_view method, std::string_view route, int status,
                      std::chrono::microseconds took) {
  impl_->counters
      .get(view(key_of("request", method, route, status)),
           [&]() -> prometheus::Counter& {
             return impl_->requests.Add({{"method", std::string(method)},
                                         {"route", std::string(route)},
                                         {"status", std::to_string(status)}});
           })
      .Increment();
  impl_->histograms
      .get(view(key_of("request", route)),
           [&]() -> prometheus::Histogram& {
             return impl_->request_seconds.Add({{"route", std::string(route)}}, kSeconds);
           })
      .Observe(seconds(took));
}

void Metrics::hop(std::string_view hop, std::chrono::microseconds took, std::string_view end) {
  impl_->histograms
      .get(view(key_of("hop", hop)),
           [&]() -> prometheus::Histogram& {
             return impl_->hop_seconds.Add({{"hop", std::string(hop)}}, kSeconds);
           })
      .Observe(seconds(took));
  if (!end.empty()) {
    impl_->hop_ends.Add({{"hop", std::string(hop)}, {"code", std::string(end)}}).Increment();
  }
}

void Metrics::delivery(std::string_view destination, std::string_view result,
                       std::chrono::microseconds took) {
  impl_->counters
      .get(view(key_of("delivery", destination, result)),
           [&]() -> prometheus::Counter& {
             return impl_->deliveries.Add(
                 {{"destination", std::string(destination)}, {"result", std::string(result)}});
           })
      .Increment();
  impl_->histograms
      .get(view(key_of("delivery", destination)),
           [&]() -> prometheus::Histogram& {
             return impl_->delivery_seconds.Add({{"destination", std::string(destination)}},
                                                kSeconds);
           })
      .Observe(seconds(took));
}

std::string Metrics::text(const MetricsSnapshot& now) {
  const std::scoped_lock lock(impl_->scraping);
  const auto set = [](prometheus::Gauge& gauge, std::int64_t value) {
    gauge.Set(static_cast<double>(value));
  };
  set(impl_->accepted, now.accepted);
  set(impl_->delivered, now.delivered);
  set(impl_->pending, now.pending);
  set(impl_->oldest, now.oldest_pending_seconds);
  set(impl_->dead, now.dead);
  set(impl_->rejected, now.rejected);
  set(impl_->cancelled, now.cancelled);
  set(impl_->unaccounted, now.unaccounted());
  set(impl_->store_up, now.store_answers ? 1 : 0);
  set(impl_->connections, now.connections);
  set(impl_->in_flight, now.in_flight);
  set(impl_->refused, now.connections_refused);
  set(impl_->evicted, now.connections_evicted);
  set(impl_->log_dropped, now.log_lines_dropped);
  set(impl_->ready, now.ready ? 1 : 0);
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace concord::ops
