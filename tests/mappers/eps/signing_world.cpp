#include "tests/mappers/eps/signing_world.h"

#include "fhir/json/writer.h"
#include "fhir/xml/reader.h"

namespace concord::eps::test {

Instant verified_at() { return *parse_instant("2026-03-02T10:15:00Z"); }

TrustPolicy Authorities::policy() const {
  TrustPolicy policy;
  policy.anchors.push_back({"sub.pem", sub.pem()});
  policy.authorities.push_back({"root.pem", root.pem()});
  policy.revocation_lists.push_back({"sub.crl", sub.list()});
  policy.revocation_lists.push_back({"root.crl", root.list()});
  policy.sha1_until = Instant::max();
  return policy;
}

std::shared_ptr<const TrustStore> compiled(const TrustPolicy& policy) {
  auto store = TrustStore::compile(policy);
  if (store) return *std::move(store);
  ADD_FAILURE() << to_string(store.error());
  return TrustStore::unjudged();
}

std::string prepared(const std::string& bundle, const std::string& algorithm, Instant now) {
  mappers::Parameters parameters = case_parameters();
  parameters.now = now;
  parameters.values["algorithm"] = algorithm;
  const auto answer = World::get().mapper->signatures()->prepare(typed(bundle), parameters);
  if (!answer) {
    ADD_FAILURE() << to_string(answer.error());
    return {};
  }
  return json::write(*answer->resource).value_or("");
}

std::string signed_message(const concord::test::Signer& signer, const std::string& algorithm,
                           const std::string& case_name) {
  const std::string bundle = case_input(case_name);
  const auto encoded =
      translate(concord::test::signed_as_prepared(bundle, prepared(bundle, algorithm), signer));
  if (encoded) return encoded->bytes;
  ADD_FAILURE() << to_string(encoded.error());
  return {};
}

std::vector<std::string> found(const std::string& message, const TrustStore& trust, Instant now) {
  const auto read = xml::read(message, World::get().symbols);
  if (!read) return {"unreadable"};
  const tree::Node* prescription = &read->root();
  while (prescription != nullptr && read->name(*prescription) != "ParentPrescription") {
    prescription = prescription->last_child();  // ControlActEvent, subject, ParentPrescription
  }
  if (prescription == nullptr) return {"no prescription"};
  const auto issues = verify_prescription(*read, *prescription, trust, now);
  if (!issues) return {to_string(issues.error())};
  std::vector<std::string> lines;
  for (const Issue& issue : *issues) {
    EXPECT_EQ(issue.expression, "Provenance.signature.data");
    lines.push_back(std::string(severity_name(issue.severity)) + " " + issue.detail_code + ": " +
                    issue.text);
  }
  return lines;
}

}  // namespace concord::eps::test
