#pragma once
/// A Subscription resource, understood: what is watched, who is told, and how. Pure functions, safe
/// from any thread. Source: hl7.org/fhir/R4/subscription.html;
/// hl7.org/fhir/uv/subscriptions-backport (R4, 1.1.0).

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::subscriptions {

inline constexpr std::string_view kBackportProfile =
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription";

/// Stored in events: append only.
enum class Content : std::uint8_t { empty, id_only, full_resource };

/// "empty", "id-only", "full-resource".
std::string_view content_name(Content content);
std::optional<Content> content_named(std::string_view name);

struct Definition {
  bool backport = false;             ///< the profile of the backport; else criteria are a search
  std::string status;                ///< requested, active, error, off
  std::string error;                 ///< why it is an error, as the server wrote it
  std::string criteria;              ///< "Observation?code=…", or the url of a topic
  std::vector<std::string> filters;  ///< of a topic: "Observation?status=final"
  std::string endpoint;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string mime;  ///< application/fhir+json or +xml; empty: notifications have no body
  Content content = Content::empty;
  std::chrono::seconds heartbeat{0};  ///< 0: none
  std::chrono::seconds timeout{0};    ///< 0: that of the settings
  std::optional<Instant> end;
};

/// Reads an annotated Subscription.
/// Errors: invalid (a channel other than rest-hook, no criteria or endpoint, a MIME type we do not
/// write, headers that are none or not the subscriber's to set, a period that is no number, …);
/// each issue names the element.
Result<Definition> read_definition(const tree::Document& subscription);

/// Whether two ask for the same: what was proven for one holds for the other.
bool same_channel(const Definition& left, const Definition& right);

}  // namespace concord::subscriptions
