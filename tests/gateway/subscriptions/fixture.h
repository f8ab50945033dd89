#pragma once
/// Resources, subscriptions and an outbox over a SQLite store, as the gateway puts them together.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "gateway/store/sqlite/sqlite_store.h"
#include "gateway/subscriptions/rest_hook.h"
#include "tests/support/files.h"
#include "tests/support/receiver.h"

namespace concord::subscriptions {

/// What is compiled once for all tests of the program.
struct Knowledge {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  path::FunctionTable functions = path::FunctionTable::standard();
  search::Parameters parameters =
      *search::Parameters::compile({&definitions, &functions, nullptr, {}});
  packages::Registry registry{definitions};
  snapshot::Profiles profiles{registry};
  terminology::Terminology terminology{registry};
  validate::Validator validator = compile();
  std::vector<Topic> topics = *shipped_topics(definitions);

  static Knowledge& shared() {
    static Knowledge known;
    return known;
  }

 private:
  validate::Validator compile() {
    validate::Parts parts;
    parts.definitions = &definitions;
    parts.registry = &registry;
    parts.profiles = &profiles;
    parts.terminology = &terminology;
    return validate::Validator::compile(parts);
  }
};

/// One gateway over a store file; several over the same file follow one another.
struct Node {
  Node(const std::filesystem::path& file, const std::vector<std::string>& registered,
       bool deliver = true, Settings chosen = quick())
      : endpoints(*Endpoints::make(registered)), settings(std::move(chosen)) {
    store::sqlite::Options options;
    options.path = file;
    store = *store::sqlite::open(options, system_clock());
    Parts parts;
    parts.store = store.get();
    parts.resources = &store->resources();
    parts.definitions = &known.definitions;
    parts.parameters = &known.parameters;
    parts.endpoints = &endpoints;
    parts.topics = &known.topics;
    parts.wake = [this] {
      if (outbox != nullptr) outbox->wake();
    };
    parts.clock = system_clock();
    parts.uuids = random_uuids();
    subscriptions = std::make_unique<Subscriptions>(parts, settings);
    channels.add(*make_rest_hook(*subscriptions, *store, endpoints));

    resources::Parts serving;
    serving.definitions = &known.definitions;
    serving.parameters = &known.parameters;
    serving.validator = &known.validator;
    serving.functions = &known.functions;
    serving.store = &store->resources();
    serving.of_exchange = [](std::string_view) -> Result<bool> { return false; };
    serving.observer = subscriptions.get();
    serving.clock = system_clock();
    serving.uuids = random_uuids();
    resources::Settings service_settings;
    service_settings.validation["*"] = {resources::Validation::Mode::off, {}};
    service_settings.base_url = settings.base_url;
    service = std::make_unique<resources::ResourceService>(std::move(serving), service_settings);
    EXPECT_THAT(subscriptions->start(), IsOk());
    if (deliver) start_outbox();
  }
  ~Node() {
    if (outbox != nullptr) outbox->stop(std::chrono::seconds(5));
    subscriptions->stop();
  }

  static Settings quick() {
    Settings settings;
    settings.base_url = "https://concord.example/FHIR/R4";
    settings.fresh = std::chrono::milliseconds(20);
    settings.timeout = std::chrono::seconds(2);
    settings.give_up = std::chrono::seconds(3600);
    settings.handshake_give_up = std::chrono::seconds(5);
    return settings;
  }

  void start_outbox() {
    outbox::Parts parts;
    parts.store = store.get();
    parts.channels = &channels;
    parts.judge = subscriptions.get();
    parts.more = [this] { return subscriptions->destinations(); };
    parts.clock = system_clock();
    parts.random = [] { return 0.5; };
    outbox::Settings chosen;
    chosen.poll = std::chrono::milliseconds(20);
    chosen.backoff = {std::chrono::milliseconds(20), std::chrono::milliseconds(100)};
    chosen.circuit = {1000, std::chrono::milliseconds(50)};
    chosen.workers = 8;
    outbox = std::make_unique<outbox::Outbox>(parts, chosen);
    EXPECT_THAT(outbox->start(), IsOk());
  }

  tree::Document read(const std::string& json) const {
    auto document = json::read(json, known.symbols);
    EXPECT_THAT(document, IsOk());
    return document ? *std::move(document) : tree::Document(known.symbols);
  }
  Result<resources::Done> create(const std::string& json) {
    tree::Document body = read(json);
    const std::string type(body.text(body.root().type()));
    return service->create({"X99001", "r", {}}, type, std::move(body), {});
  }
  Result<resources::Done> update(const std::string& type, const std::string& id,
                                 const std::string& json) {
    return service->update({"X99001", "r", {}}, type, id, read(json), {});
  }
  Result<resources::Done> remove(const std::string& type, const std::string& id) {
    return service->remove({"X99001", "r", {}}, type, id, {});
  }
  /// The text of `Subscription.status`, waiting until it is `wanted`.
  std::string status(const std::string& id, const std::string& wanted,
                     std::chrono::milliseconds patience = std::chrono::seconds(15)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string now;
    do {
      const auto row = service->read("Subscription", id);
      if (row) {
        const tree::Document document = read(row->row.body);
        now = document.root().child(document.find("status"))->text();
      }
      if (now == wanted) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    } while (std::chrono::steady_clock::now() < until);
    return now;
  }

  Knowledge& known = Knowledge::shared();
  Endpoints endpoints;
  Settings settings;
  std::unique_ptr<store::Store> store;
  channels::Channels channels;
  std::unique_ptr<Subscriptions> subscriptions;
  std::unique_ptr<resources::ResourceService> service;
  std::unique_ptr<outbox::Outbox> outbox;
};

// ---- bodies ----

inline std::string by_criteria(const std::string& endpoint, const std::string& criteria,
                               const std::string& payload = R"("payload":"application/fhir+json",)",
                               const std::string& more = "") {
  return R"({"resourceType":"Subscription","status":"requested","reason":"test","criteria":")" +
         criteria + R"(","channel":{"type":"rest-hook",)" + payload + R"("endpoint":")" + endpoint +
         R"(","header":["Authorization: Bearer t"]})" + more + "}";
}

inline std::string by_topic(const std::string& endpoint, const std::string& topic,
                            const std::string& content, const std::string& filter = "",
                            const std::string& channel = "") {
  const std::string base =
      "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-";
  std::string filters;
  if (!filter.empty()) {
    filters = R"("_criteria":{"extension":[{"url":")" + base +
              R"(filter-criteria","valueString":")" + filter + R"("}]},)";
  }
  return R"({"resourceType":"Subscription","meta":{"profile":[")" + base +
         R"(subscription"]},"status":"requested","reason":"test",)" + filters +
         R"("criteria":"https://concord.example/SubscriptionTopic/)" + topic +
         R"(","channel":{"type":"rest-hook","endpoint":")" + endpoint +
         R"(","payload":"application/fhir+json","_payload":{"extension":[{"url":")" + base +
         R"(payload-content","valueCode":")" + content + "\"}]}" + channel + "}}";
}

inline std::string observation(const std::string& status, const std::string& code,
                               const std::string& id = "") {
  return R"({"resourceType":"Observation",)" + (id.empty() ? "" : R"("id":")" + id + "\",") +
         R"("status":")" + status + R"(","code":{"coding":[{"system":"http://loinc.org","code":")" +
         code + "\"}]}}";
}

class SubscriptionsTest : public ::testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "store.db"; }
  test::TemporaryFolder folder_;
};

}  // namespace concord::subscriptions
