#include "gateway/subscriptions/definition.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace concord::subscriptions {
namespace {

using tree::Node;

constexpr std::string_view kExtension =
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-";
constexpr std::size_t kMostHeaders = 10;
constexpr std::size_t kMostFilters = 10;
constexpr std::size_t kMostHeaderBytes = 4096;

/// What the connection and the message need for themselves.
constexpr std::array<std::string_view, 10> kOurHeaders{
    "connection", "content-encoding",  "content-length", "content-type", "expect",
    "host",       "transfer-encoding", "upgrade",        "x-request-id", "trailer"};

Error wrong(std::string element, std::string text) {
  return make_error(ErrorCode::invalid, std::move(text), "Subscription." + std::move(element));
}

/// Looks names up once per document.
class Reader {
 public:
  explicit Reader(const tree::Document& document) : document_(document) {}

  const Node* child(const Node& node, std::string_view name) const {
    const tree::Symbol symbol = document_.find(name);
    return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  }
  std::string text(const Node& node, std::string_view name) const {
    const Node* found = child(node, name);
    return found == nullptr ? std::string() : std::string(found->text());
  }
  /// The values of the extensions of that name (behind kExtension) on a node.
  std::vector<std::string> extensions(const Node* node, std::string_view name) const {
    std::vector<std::string> values;
    if (node == nullptr) return values;
    for (const Node& extension : node->children()) {
      if (document_.name(extension) != "extension") continue;
      const std::string url = text(extension, "url");
      if (url.size() != kExtension.size() + name.size() || !url.starts_with(kExtension) ||
          !url.ends_with(name)) {
        continue;
      }
      for (const Node& value : extension.children()) {
        if (document_.name(value).starts_with("value")) values.emplace_back(value.text());
      }
    }
    return values;
  }

 private:
  const tree::Document& document_;
};

Result<std::chrono::seconds> seconds_of(const Reader& read, const Node& channel,
                                        std::string_view name) {
  const std::vector<std::string> values = read.extensions(&channel, name);
  if (values.empty()) return std::chrono::seconds(0);
  std::uint32_t number = 0;
  const std::string& text = values.front();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::uint32_t kMost = 7 * 24 * 3600;
  if (values.size() > 1 || error != std::errc() || end != text.data() + text.size() ||
      number == 0 || number > kMost) {
    return wrong("channel", "the extension backport-" + std::string(name) +
                                " is no number from 1 to " + std::to_string(kMost));
  }
  return std::chrono::seconds(number);
}

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// "Name: value". Source: RFC 9110 section 5.
Result<std::pair<std::string, std::string>> header_of(std::string_view line) {
  const auto bad = [] {
    return wrong("channel.header",
                 "a header is not \"Name: value\", or not the subscriber's to set");
  };
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  const std::string name(line.substr(0, colon));
  if (!std::all_of(name.begin(), name.end(), &is_token_character)) return bad();
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (std::find(kOurHeaders.begin(), kOurHeaders.end(), lower) != kOurHeaders.end()) return bad();
  const std::size_t from = line.find_first_not_of(" \t", colon + 1);
  std::string value(from == std::string_view::npos ? std::string_view() : line.substr(from));
  const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
  // A brace would be read as a place of the channel's own.
  if (!clean || value.find('{') != std::string::npos) return bad();
  return std::pair(name, std::move(value));
}

/// "application/fhir+json" of "application/fhir+json; fhirVersion=4.0"; empty: not one of ours.
std::string_view known_mime(std::string_view text) {
  const std::string_view type = text.substr(0, text.find(';'));
  if (type == "application/fhir+json" || type == "application/json") return "application/fhir+json";
  if (type == "application/fhir+xml" || type == "application/xml") return "application/fhir+xml";
  return {};
}

Result<void> read_channel(const Reader& read, const tree::Document& document, const Node& channel,
                          Definition& definition) {
  if (read.text(channel, "type") != "rest-hook") {
    return wrong("channel.type", "only rest-hook is served");
  }
  definition.endpoint = read.text(channel, "endpoint");
  if (definition.endpoint.empty()) return wrong("channel.endpoint", "a rest-hook needs an address");
  std::size_t bytes = 0;
  for (const Node& header : channel.children()) {
    if (document.name(header) != "header") continue;
    CONCORD_ASSIGN(auto made, header_of(header.text()));
    bytes += header.text().size();
    definition.headers.push_back(std::move(made));
  }
  if (definition.headers.size() > kMostHeaders || bytes > kMostHeaderBytes) {
    return wrong("channel.header", "more than 10 headers, or more than 4096 bytes of them");
  }
  const Node* payload = read.child(channel, "payload");
  if (payload != nullptr && payload->has_value()) {
    definition.mime = known_mime(payload->text());
    if (definition.mime.empty()) {
      return wrong("channel.payload",
                   "only application/fhir+json and application/fhir+xml are sent");
    }
  }
  if (!definition.backport) {
    definition.content = definition.mime.empty() ? Content::empty : Content::full_resource;
    return {};
  }
  if (definition.mime.empty()) definition.mime = "application/fhir+json";
  const std::vector<std::string> content = read.extensions(payload, "payload-content");
  if (!content.empty()) {
    const auto named = content_named(content.front());
    if (!named || content.size() > 1) {
      return wrong("channel.payload", "the content is none of empty, id-only, full-resource");
    }
    definition.content = *named;
  }
  CONCORD_ASSIGN(definition.heartbeat, seconds_of(read, channel, "heartbeat-period"));
  CONCORD_ASSIGN(definition.timeout, seconds_of(read, channel, "timeout"));
  // Every notification carries one event, which is within any count.
  CONCORD_TRY(seconds_of(read, channel, "max-count"));
  return {};
}

}  // namespace

std::string_view content_name(Content content) {
  constexpr std::array<std::string_view, 3> kNames{"empty", "id-only", "full-resource"};
  return kNames[static_cast<std::size_t>(content)];
}

std::optional<Content> content_named(std::string_view name) {
  for (const Content content : {Content::empty, Content::id_only, Content::full_resource}) {
    if (content_name(content) == name) return content;
  }
  return std::nullopt;
}

Result<Definition> read_definition(const tree::Document& subscription) {
  const Reader read(subscription);
  const Node& root = subscription.root();
  Definition definition;
  if (const Node* meta = read.child(root, "meta")) {
    for (const Node& child : meta->children()) {
      const std::string_view profile = child.text().substr(0, child.text().find('|'));
      definition.backport = definition.backport ||
                            (subscription.name(child) == "profile" && profile == kBackportProfile);
    }
  }
  definition.status = read.text(root, "status");
  constexpr std::array<std::string_view, 4> kStatuses{"requested", "active", "error", "off"};
  if (std::find(kStatuses.begin(), kStatuses.end(), definition.status) == kStatuses.end()) {
    return wrong("status", "none of requested, active, error, off");
  }
  definition.error = read.text(root, "error");
  const Node* criteria = read.child(root, "criteria");
  definition.criteria = criteria == nullptr ? std::string() : std::string(criteria->text());
  if (definition.criteria.empty()) return wrong("criteria", "there are none");
  if (definition.backport) {
    definition.filters = read.extensions(criteria, "filter-criteria");
    if (definition.filters.size() > kMostFilters) {
      return wrong("criteria", "more than 10 filter criteria");
    }
  }
  if (const std::string end = read.text(root, "end"); !end.empty()) {
    auto at = parse_instant(end);
    if (!at) return wrong("end", "no instant");
    definition.end = *at;
  }
  const Node* channel = read.child(root, "channel");
  if (channel == nullptr) return wrong("channel", "there is none");
  CONCORD_TRY(read_channel(read, subscription, *channel, definition));
  return definition;
}

bool same_channel(const Definition& left, const Definition& right) {
  return left.backport == right.backport && left.criteria == right.criteria &&
         left.filters == right.filters && left.endpoint == right.endpoint &&
         left.headers == right.headers && left.mime == right.mime && left.content == right.content;
}

}  // namespace concord::subscriptions
