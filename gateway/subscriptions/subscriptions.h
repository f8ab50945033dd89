#pragma once
/// Subscriptions as resources of this server: what changes is matched in the transaction of the
/// change, and told through the outbox. Nothing that matters is in memory only.
/// Source: hl7.org/fhir/R4/subscription.html; hl7.org/fhir/uv/subscriptions-backport (R4, 1.1.0);
/// reliability.md sections 2.1 and 2.4.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/core/uuid.h"
#include "gateway/outbox/judge.h"
#include "gateway/outbox/outbox.h"
#include "gateway/resources/service.h"
#include "gateway/subscriptions/endpoints.h"
#include "gateway/subscriptions/event.h"
#include "gateway/subscriptions/registry.h"

namespace concord::subscriptions {

inline constexpr std::string_view kChannel = "rest-hook";

struct Settings {
  std::size_t most = 200;            ///< subscriptions that are not off
  std::string base_url;              ///< "https://…/FHIR/R4"; empty: relative references
  std::string node = "concord";      ///< in audit records
  std::size_t concurrency = 4;       ///< notifications at once to one subscriber
  std::chrono::seconds timeout{10};  ///< of one notification, unless the subscription says less
  std::chrono::seconds give_up{72 * 3600};  ///< after it a notification is not tried any more
  std::chrono::seconds handshake_give_up{60};
  std::chrono::milliseconds fresh{500};  ///< how old a gateway's knowledge may be
};

/// Everything must outlive it.
struct Parts {
  store::Store* store = nullptr;
  store::Resources* resources = nullptr;
  const definitions::Definitions* definitions = nullptr;
  const search::Parameters* parameters = nullptr;
  const Endpoints* endpoints = nullptr;
  const std::vector<Topic>* topics = nullptr;
  outbox::Judge* others = nullptr;  ///< judges items that are not ours
  std::function<void()> wake;       ///< the outbox has work
  std::function<void(std::string_view subscription, std::string_view what)> tell;  ///< for the log
  Clock clock;
  UuidSource uuids;
};

/// The observer of changes, the judge of notifications and the keeper of time. Safe from any
/// thread.
class Subscriptions final : public resources::ChangeObserver, public outbox::Judge {
 public:
  Subscriptions(Parts parts, Settings settings);
  ~Subscriptions() override;

  /// Lists the topics as Basic resources and begins to keep time: heartbeats, ends.
  /// Errors: those of the store; internal.
  Result<void> start();
  void stop();

  // ---- resources::ChangeObserver ----

  /// Errors: invalid (a Subscription that is none we can serve: its endpoint is not registered, its
  /// criteria cannot be evaluated, it was never proven to be active, …), throttled (there are too
  /// many).
  Result<void> changing(const store::ResourceRow* before, const tree::Document* after,
                        const store::ResourceWrite& write,
                        store::ResourceChanges& changes) override;
  void changed(const store::ResourceChanges& changes) override;

  // ---- Tasks of exchanges, which change without the service of resources ----

  /// The notifications a Task brings as it is about to be stored, for the same transaction
  /// (exchange::TaskWatch). Errors: those of the store.
  Result<std::vector<store::NewExchange>> task_notices(const store::TaskRow& task);

  // ---- outbox::Judge ----

  /// Notifications: while the subscription is active; a handshake: while it is requested in the
  /// version it is for. Those of others go to them.
  Result<bool> wanted(const store::Item& item, Instant now) override;
  /// A handshake that was answered makes the subscription active.
  Result<outbox::Judgement> judge(const store::Item& item, const channels::Receipt& receipt,
                                  Instant now) override;
  /// A notification that is given up makes the subscription an error.
  Result<outbox::Handover> hand_over(const store::Item& item, std::string_view reason_class,
                                     std::string_view reason, Instant now) override;

  // ---- for the outbox ----

  /// Subscriptions as destinations: those that may have something to be sent, or called off.
  std::vector<outbox::DestinationSettings> destinations();

  // ---- operations ----

  struct StatusQuestion {
    std::vector<std::string> ids;       ///< empty: every subscription
    std::vector<std::string> statuses;  ///< empty: any
  };
  /// FHIR JSON. Errors: not_found (one id that is none).
  Result<std::string> status(const StatusQuestion& question);
  struct EventsQuestion {
    std::string id;
    std::int64_t from = 1;
    std::int64_t until = INT64_MAX;
    std::optional<Content> content;  ///< as the subscription has it
  };
  /// FHIR JSON; at most 100 events, the number of the last says where to go on.
  /// Errors: not_found.
  Result<std::string> events(const EventsQuestion& question);

  Registry& registry() noexcept { return registry_; }
  const Writing& writing() const noexcept { return writing_; }
  const Settings& settings() const noexcept { return settings_; }

 private:
  Result<void> check(const store::ResourceRow* before, const tree::Document& after,
                     const store::ResourceWrite& write, store::ResourceChanges& changes);
  /// A change of any resource, as subscriptions look at it. Points into what it was made from.
  struct Happening {
    store::Change change = store::Change::created;
    std::string_view type;
    std::string_view id;
    std::int64_t version = 0;  ///< the new one
    Instant at{};
    const search::IndexValues* index = nullptr;  ///< of the new version
    bool is_new = false;                         ///< it was not there, or was deleted
    const store::ResourceRow* before = nullptr;  ///< of a deleted one
  };
  Result<bool> matches(const Watch& watch, const Happening& happening) const;
  Result<void> add_notices(const Happening& happening, std::vector<store::NewExchange>& notices);
  Result<search::IndexValues> index_of(const std::string& body) const;
  store::NewExchange notice(const Event& event, std::string_view purpose, Instant now,
                            std::chrono::seconds give_up) const;
  Result<void> set_status(std::string_view id, std::string_view from, std::int64_t version,
                          std::string_view to, std::string_view error);
  Result<void> list_topics();
  Result<Standing> standing_of(const Watch& watch);
  void keep_time(const std::stop_token& stop);
  void beat(const Watch& watch, Instant now);

  Parts parts_;
  const Settings settings_;
  Writing writing_;
  Registry registry_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> leftovers_;  ///< destinations of subscriptions that went, with items
  std::map<std::string, std::int64_t> beats_;  ///< last heartbeat seen; only saves questions
  std::jthread timer_;
};

}  // namespace concord::subscriptions
