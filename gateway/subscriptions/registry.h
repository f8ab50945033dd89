#pragma once
/// The subscriptions of the store, compiled and kept at hand. A copy of what the store holds: it
/// looks for changes when its last look is older than a bound, so several gateways agree within
/// that bound. Safe from any thread.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/search/parameters.h"
#include "gateway/subscriptions/definition.h"
#include "gateway/subscriptions/topic.h"

namespace concord::subscriptions {

/// One subscription, ready to be asked of a change. `broken` when it cannot be compiled any more
/// (a topic that went): nothing matches it.
struct Watch {
  std::string id;
  std::int64_t version = 0;
  Instant updated_at{};
  Definition definition;
  const Topic* topic = nullptr;  ///< null for criteria
  std::string type;              ///< of the resources it watches
  search::Condition where;
  bool broken = false;
};
using WatchPointer = std::shared_ptr<const Watch>;

struct Watches {
  std::map<std::string, WatchPointer, std::less<>> by_id;  ///< every one that is not deleted
  std::map<std::string, std::vector<WatchPointer>, std::less<>> by_type;  ///< requested or active
};

class Registry {
 public:
  struct Parts {
    store::Resources* resources = nullptr;
    const definitions::Definitions* definitions = nullptr;
    const search::Parameters* parameters = nullptr;
    const std::vector<Topic>* topics = nullptr;
    std::string base_url;
    Clock clock;
    std::chrono::milliseconds fresh{500};  ///< how old a look may be
  };
  explicit Registry(Parts parts) : parts_(std::move(parts)) {}

  /// What is subscribed to. Errors: those of the store, when it could never be read; later the
  /// last look serves.
  Result<std::shared_ptr<const Watches>> current();
  /// The next current() looks at the store.
  void forget_age();

  /// As it would watch. Errors: invalid (criteria that are no search of this server or ask for
  /// other resources than the one that changes, a topic or filter nobody offers).
  Result<Watch> compile(std::string id, Definition definition) const;
  /// The subscription as it stands in the store now; null when it is deleted or was never there.
  Result<WatchPointer> read(std::string_view id) const;

 private:
  Result<void> load(Watches& watches);
  Result<bool> follow(Watches& watches);
  WatchPointer made(const store::ResourceRow& row) const;
  void put(Watches& watches, const store::ResourceRow& row) const;
  Result<search::Condition> condition(std::string_view type, std::string_view query,
                                      const Topic* topic) const;

  const Parts parts_;
  std::mutex looking_;  ///< one look at a time
  std::mutex mutex_;    ///< the members below
  std::shared_ptr<const Watches> watches_;
  std::string cursor_;
  Instant looked_at_{};
};

}  // namespace concord::subscriptions
