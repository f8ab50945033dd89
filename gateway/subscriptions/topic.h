#pragma once
/// What may be subscribed to by name, read from data files (topics/*.json).
/// Source: hl7.org/fhir/uv/subscriptions-backport, "Subscription Topics".

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/store/resources.h"

namespace concord::definitions {
class Definitions;
}

namespace concord::subscriptions {

/// One topic. Plain values.
struct Topic {
  std::string url;  ///< canonical
  std::string title;
  std::string description;
  std::string resource;  ///< type of the resources it is about
  bool on_create = false;
  bool on_update = false;
  bool on_delete = false;
  std::vector<std::string> filters;  ///< search parameters a subscription may filter by
};

/// Reads one topic file. Errors: malformed, invalid (a member that is missing or of another kind,
/// an interaction or type nobody knows); each names the member.
Result<Topic> read_topic(std::string_view text, const definitions::Definitions& definitions);

/// The topics this program ships. Errors: as read_topic(), naming the file.
Result<std::vector<Topic>> shipped_topics(const definitions::Definitions& definitions);

/// The id of the resource of a topic: "topic-task-changes".
std::string topic_id(const Topic& topic);

/// A topic as a resource clients can find: a Basic of the code SubscriptionTopic with the elements
/// of R5 as extensions, FHIR JSON.
/// Source: hl7.org/fhir/R4/basic.html; build rules of cross-version extensions.
Result<std::string> as_basic(const Topic& topic, std::int64_t version, Instant updated_at);

}  // namespace concord::subscriptions
