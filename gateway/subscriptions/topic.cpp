#include "gateway/subscriptions/topic.h"

#include <algorithm>
#include <span>

#include "fhir/core/instant.h"
#include "fhir/core/resource.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/value.h"
#include "gateway/subscriptions/detail/made_json.h"

namespace concord::subscriptions {

std::span<const Resource> resources();  // generated: topics/*.json

namespace {

using json::Value;
using json::ValueKind;

Error wrong(std::string_view member) {
  return make_error(ErrorCode::invalid,
                    "topic: \"" + std::string(member) + "\" is missing or not what it must be");
}

Result<std::string> text_of(const Value& topic, std::string_view name) {
  const json::Member* member = topic.find(name);
  if (member == nullptr || !member->value->is(ValueKind::string) || member->value->text.empty()) {
    return wrong(name);
  }
  return std::string(member->value->text);
}

Result<std::vector<std::string>> texts_of(const Value& topic, std::string_view name) {
  const json::Member* member = topic.find(name);
  if (member == nullptr || !member->value->is(ValueKind::array)) return wrong(name);
  std::vector<std::string> texts;
  for (const json::Member& one : member->value->members) {
    if (!one.value->is(ValueKind::string)) return wrong(name);
    texts.emplace_back(one.value->text);
  }
  return texts;
}

constexpr std::string_view kR5 =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.";

}  // namespace

Result<Topic> read_topic(std::string_view text, const definitions::Definitions& definitions) {
  json::Values values;
  CONCORD_ASSIGN(const Value* read, values.read(std::string(text)));
  if (!read->is(ValueKind::object)) return wrong("topic");
  Topic topic;
  CONCORD_ASSIGN(topic.url, text_of(*read, "url"));
  CONCORD_ASSIGN(topic.title, text_of(*read, "title"));
  CONCORD_ASSIGN(topic.description, text_of(*read, "description"));
  CONCORD_ASSIGN(topic.resource, text_of(*read, "resource"));
  const definitions::Type* type = definitions.type(std::string_view(topic.resource));
  if (type == nullptr || !type->is_resource() || type->is_abstract()) return wrong("resource");
  CONCORD_ASSIGN(const std::vector<std::string> interactions, texts_of(*read, "interactions"));
  for (const std::string& interaction : interactions) {
    bool& on = interaction == "create"   ? topic.on_create
               : interaction == "update" ? topic.on_update
                                         : topic.on_delete;
    if (interaction != "create" && interaction != "update" && interaction != "delete") {
      return wrong("interactions");
    }
    on = true;
  }
  if (interactions.empty()) return wrong("interactions");
  CONCORD_ASSIGN(topic.filters, texts_of(*read, "filters"));
  return topic;
}

Result<std::vector<Topic>> shipped_topics(const definitions::Definitions& definitions) {
  std::vector<Topic> topics;
  for (const Resource& file : resources()) {
    auto topic = read_topic(file.bytes, definitions);
    if (!topic) {
      Error error = std::move(topic).error();
      for (Issue& issue : error.issues) issue.text += " (" + std::string(file.name) + ")";
      return error;
    }
    topics.push_back(*std::move(topic));
  }
  return topics;
}

std::string topic_id(const Topic& topic) {
  return "topic-" + topic.url.substr(topic.url.rfind('/') + 1);
}

Result<std::string> as_basic(const Topic& topic, std::int64_t version, Instant updated_at) {
  detail::MadeJson made;
  Value* basic = made.object(
      {{"resourceType", made.text("Basic")},
       {"id", made.text(topic_id(topic))},
       {"meta", made.object({{"versionId", made.text(std::to_string(version))},
                             {"lastUpdated", made.text(format_instant(updated_at))}})}});
  Value* extensions = made.array();
  const auto extension = [&](std::string_view name, std::string_view value_name, Value* value) {
    made.add(*extensions, made.object({{"url", made.text(std::string(kR5) + std::string(name))},
                                       {value_name, value}}));
  };
  extension("url", "valueUri", made.text(topic.url));
  extension("title", "valueString", made.text(topic.title));
  extension("status", "valueCode", made.text("active"));
  extension("description", "valueMarkdown", made.text(topic.description));
  Value* trigger = made.array();
  const auto part = [&](std::string_view name, std::string_view value_name, std::string_view text) {
    made.add(*trigger, made.object({{"url", made.text(std::string(name))},
                                    {value_name, made.text(std::string(text))}}));
  };
  part("resource", "valueUri", "http://hl7.org/fhir/StructureDefinition/" + topic.resource);
  if (topic.on_create) part("supportedInteraction", "valueCode", "create");
  if (topic.on_update) part("supportedInteraction", "valueCode", "update");
  if (topic.on_delete) part("supportedInteraction", "valueCode", "delete");
  made.add(*extensions, made.object({{"url", made.text(std::string(kR5) + "resourceTrigger")},
                                     {"extension", trigger}}));
  for (const std::string& filter : topic.filters) {
    Value* can = made.array();
    made.add(*can, made.object(
                       {{"url", made.text("resource")}, {"valueUri", made.text(topic.resource)}}));
    made.add(*can, made.object({{"url", made.text("filterParameter")},
                                {"valueString", made.text(filter)}}));
    made.add(*extensions, made.object({{"url", made.text(std::string(kR5) + "canFilterBy")},
                                       {"extension", can}}));
  }
  basic->members.push_back({"extension", extensions});
  Value* codings = made.array();
  made.add(*codings, made.object({{"system", made.text("http://hl7.org/fhir/fhir-types")},
                                  {"code", made.text("SubscriptionTopic")}}));
  basic->members.push_back(
      {"code", made.object({{"coding", codings}, {"text", made.text(topic.title)}})});
  return json::write(*basic);
}

}  // namespace concord::subscriptions
