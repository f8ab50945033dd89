#include "tests/gateway/exchange/fixture.h"

namespace concord::test {

namespace {

void replace_all(std::string& text, const std::string& place, const std::string& value) {
  for (std::size_t at = text.find(place); at != std::string::npos;
       at = text.find(place, at + value.size())) {
    text.replace(at, place.size(), value);
  }
}

std::string filled(std::string text, const SampleMessage& message) {
  replace_all(text, "@kind@", message.kind);
  replace_all(text, "@id@", message.id);
  replace_all(text, "@workflow@", message.workflow);
  replace_all(text, "@nhs@", message.nhs_number);
  replace_all(text, "@medication@", message.medication);
  return text;
}

constexpr const char* kJson = R"({"resourceType":"Bundle","id":"b1",
"identifier":{"system":"https://tools.ietf.org/html/rfc4122","value":"@id@"},
"type":"message","entry":[
{"fullUrl":"urn:uuid:3a5c2a9e-0000-4000-8000-000000000001","resource":{"resourceType":"MessageHeader",
"id":"3a5c2a9e-0000-4000-8000-000000000001",
"eventCoding":{"system":"https://fhir.nhs.uk/CodeSystem/message-event","code":"@kind@"},
"sender":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"X99001"}},
"source":{"endpoint":"https://practice.example/x99001"},
"focus":[{"reference":"urn:uuid:3a5c2a9e-0000-4000-8000-000000000002"}]}},
{"fullUrl":"urn:uuid:3a5c2a9e-0000-4000-8000-000000000002","resource":{"resourceType":"MedicationRequest",
"id":"3a5c2a9e-0000-4000-8000-000000000002","status":"active","intent":"order",
"medicationCodeableConcept":{"text":"@medication@"},
"subject":{"reference":"urn:uuid:3a5c2a9e-0000-4000-8000-000000000003"},
"groupIdentifier":{"system":"https://fhir.example/Id/workflow","value":"@workflow@"}}},
{"fullUrl":"urn:uuid:3a5c2a9e-0000-4000-8000-000000000003","resource":{"resourceType":"Patient",
"id":"3a5c2a9e-0000-4000-8000-000000000003",
"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"@nhs@"}]}}]})";

constexpr const char* kXml = R"(<Bundle xmlns="http://hl7.org/fhir"><id value="b1"/>
<identifier><system value="https://tools.ietf.org/html/rfc4122"/><value value="@id@"/></identifier>
<type value="message"/>
<entry><fullUrl value="urn:uuid:3a5c2a9e-0000-4000-8000-000000000001"/><resource><MessageHeader>
<id value="3a5c2a9e-0000-4000-8000-000000000001"/>
<eventCoding><system value="https://fhir.nhs.uk/CodeSystem/message-event"/><code value="@kind@"/></eventCoding>
<source><endpoint value="https://practice.example/x99001"/></source>
<focus><reference value="urn:uuid:3a5c2a9e-0000-4000-8000-000000000003"/></focus>
</MessageHeader></resource></entry>
<entry><fullUrl value="urn:uuid:3a5c2a9e-0000-4000-8000-000000000003"/><resource><Patient>
<id value="3a5c2a9e-0000-4000-8000-000000000003"/>
<identifier><system value="https://fhir.nhs.uk/Id/nhs-number"/><value value="@nhs@"/></identifier>
</Patient></resource></entry></Bundle>)";

}  // namespace

Loaded& loaded() {
  static Loaded* const once = [] {
    auto* made = new Loaded;
    auto definitions = definitions::Definitions::r4(made->symbols);
    EXPECT_THAT(definitions, IsOk());
    made->definitions = std::make_unique<definitions::Definitions>(std::move(*definitions));
    made->validator =
        std::make_unique<validate::Validator>(validate::Validator::compile(*made->definitions));
    return made;
  }();
  return *once;
}

std::string message_json(const SampleMessage& message) { return filled(kJson, message); }
std::string message_xml(const SampleMessage& message) { return filled(kXml, message); }

Result<mappers::Encoded> PlainMapper::encode(const tree::Document& bundle,
                                             const mappers::Parameters& parameters,
                                             mapping::TraceSink*) const {
  const std::string_view source = bundle.source();
  if (source.find("Untranslatable") != std::string_view::npos) {
    return make_error(ErrorCode::unsupported, "the format cannot carry this",
                      "Bundle.entry[1].resource");
  }
  mappers::Encoded encoded;
  const std::size_t at = source.find("\"value\":\"") + 9;
  encoded.message_id = source.substr(at, source.find('"', at) - at);
  encoded.message_kind = "sample-order";
  encoded.interaction = "PLAIN_IN01";
  encoded.content_type = "text/plain";
  encoded.bytes = "plain " + encoded.message_id + " from " +
                  std::string(parameters.value("from_asid")) + " at " +
                  format_instant(parameters.now) + " " + std::to_string(source.size());
  encoded.losses.push_back({Severity::warning,
                            "Bundle.entry[1].resource.note",
                            "plain has no place for notes",
                            {},
                            {},
                            "loss"});
  return encoded;
}

Result<mappers::Acknowledgement> PlainMapper::read_acknowledgement(std::string_view bytes,
                                                                   std::string_view) const {
  mappers::Acknowledgement acknowledgement;
  if (bytes.starts_with("AE")) {
    acknowledgement.verdict = mappers::Acknowledgement::Verdict::refused;
    acknowledgement.issues.push_back(
        {Severity::error, "", "Unable to process message", {}, {}, "5000"});
  } else if (bytes.starts_with("CA")) {
    acknowledgement.final = false;
  } else if (!bytes.starts_with("AA")) {
    return make_error(ErrorCode::unsupported, "not an acknowledgement");
  }
  acknowledgement.code = bytes.substr(0, 2);
  if (bytes.size() > 3) acknowledgement.refers_to = bytes.substr(3);
  return acknowledgement;
}

void ExchangeTest::SetUp() {
  store::sqlite::Options options;
  options.path = folder_.path() / "concord.db";
  auto opened = store::sqlite::open(options, clock_.clock());
  ASSERT_THAT(opened, IsOk());
  store_ = std::move(*opened);
  migrations_ = store_->audit_head()->sequence;
  mappers_.add(std::make_unique<PlainMapper>());
  policies_["strict"] = {};

  parts_.definitions = loaded().definitions.get();
  parts_.validator = loaded().validator.get();
  parts_.validation = [this](std::string_view name) -> const validate::Options* {
    const auto found = policies_.find(name);
    return found == policies_.end() ? nullptr : &found->second;
  };
  parts_.agreements = &agreements_;
  parts_.mappers = &mappers_;
  parts_.store = store_.get();
  parts_.clock = clock_.clock();
  parts_.uuids = [this] { return "uuid-" + std::to_string(++next_uuid_); };
  parts_.wake = [this](std::string_view destination) { woken_.emplace_back(destination); };

  settings_.callers.loopback = {"X99001", "prescriber", {}, "strict"};
  exchange::Route route;
  route.message_kind = "prescription-order";
  route.destination = "spine";
  route.channel = "fake";
  route.format = "plain";
  route.owner = "X99001";
  route.receiver = "FZZ99";
  route.parameters.values["from_asid"] = "567456789789";
  settings_.routes.routes = {route};
  make_service();
}

void ExchangeTest::make_service() {
  service_ = std::make_unique<exchange::ExchangeService>(parts_, settings_);
}

exchange::Arrival ExchangeTest::arrival(std::string bytes, std::string request_id) const {
  exchange::Arrival arrival;
  arrival.bytes = std::move(bytes);
  arrival.content_type = "application/fhir+json";
  arrival.door = "http";
  arrival.peer = "127.0.0.1:50000";
  arrival.loopback = true;
  arrival.request_id_given = !request_id.empty();
  arrival.request_id = request_id.empty() ? "made-at-the-door" : std::move(request_id);
  arrival.received_at = clock_.now();
  arrival.deadline = clock_.now() + std::chrono::seconds(30);
  return arrival;
}

Result<exchange::Answer> ExchangeTest::submit(exchange::Arrival arrival) {
  CONCORD_ASSIGN(exchange::Received received, service_->receive(std::move(arrival)));
  return service_->submit(std::move(received));
}

Result<exchange::DryRun> ExchangeTest::transform(exchange::Arrival arrival) {
  CONCORD_ASSIGN(exchange::Received received, service_->receive(std::move(arrival)));
  return service_->transform(std::move(received), nullptr);
}

store::Item ExchangeTest::item_of(const exchange::Answer&) const {
  auto items = store_->lease({"spine", "looking", 1, clock_.now(), clock_.now()});
  EXPECT_THAT(items, IsOk());
  EXPECT_EQ(items->size(), 1u);
  return items->empty() ? store::Item{} : (*items)[0];
}

tree::Document ExchangeTest::task(const std::string& body) const {
  auto read = json::read(body, loaded().symbols);
  EXPECT_THAT(read, IsOk());
  return read ? std::move(*read) : tree::Document(loaded().symbols);
}

std::string ExchangeTest::value(const std::string& body,
                                const std::vector<std::string>& path) const {
  const tree::Document document = task(body);
  const tree::Node* node = &document.root();
  for (const std::string& name : path) {
    node = node->child(document.find(name));
    if (node == nullptr) return {};
  }
  return std::string(node->text());
}

}  // namespace concord::test
