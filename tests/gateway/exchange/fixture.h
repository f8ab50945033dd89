#pragma once
/// The whole service over a real store, with a format and an agreement made for the tests.

#include <gmock/gmock.h>

#include <atomic>
#include <map>

#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/validate/validator.h"
#include "gateway/agreements/agreement_set.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/settle.h"
#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/samples.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

/// R4 and its validator, loaded once for all tests of the program.
struct Loaded {
  tree::Symbols symbols;
  std::unique_ptr<definitions::Definitions> definitions;
  std::unique_ptr<validate::Validator> validator;
};
Loaded& loaded();

/// What a sample message may be told to be.
struct SampleMessage {
  std::string kind = "prescription-order";
  std::string id = "9b2f9d0c-5f0e-4a8e-8a55-0d5f5b3d6f01";
  std::string workflow = "A0B1C2-X99001-00001A";
  std::string nhs_number = "9990000018";
  std::string medication = "Paracetamol 500mg tablets";
};

/// A message Bundle in FHIR JSON: header, one request, its patient. All invented.
std::string message_json(const SampleMessage& message = {});
/// The same as FHIR XML.
std::string message_xml(const SampleMessage& message = {});

/// "plain" writes one line about the Bundle and reads answers "AA <message id>", "AE <message id>".
class PlainMapper final : public mappers::Mapper {
 public:
  std::string_view name() const override { return "plain"; }
  bool recognises(const tree::Document&) const override { return true; }
  Result<mappers::Encoded> encode(const tree::Document& bundle, const mappers::Parameters&,
                                  mapping::TraceSink*) const override;
  Result<mappers::Acknowledgement> read_acknowledgement(
      std::string_view bytes, std::string_view content_type) const override;
};

class ExchangeTest : public testing::Test {
 protected:
  void SetUp() override;

  /// An arrival from this machine, in time.
  exchange::Arrival arrival(std::string bytes, std::string request_id = "") const;

  Result<exchange::Answer> submit(exchange::Arrival arrival);
  Result<exchange::Answer> submit(const SampleMessage& message, std::string request_id = "") {
    return submit(arrival(message_json(message), std::move(request_id)));
  }
  Result<exchange::DryRun> transform(exchange::Arrival arrival);

  /// Builds the service anew from `parts_` and `settings_`.
  void make_service();

  std::int64_t accepted() const { return store_->counts()->accepted; }
  /// The only item of an exchange, by its Task's output.
  store::Item item_of(const exchange::Answer& answer) const;
  tree::Document task(const std::string& body) const;
  /// A value in a Task by a path of names, first of each.
  std::string value(const std::string& body, const std::vector<std::string>& path) const;

  TemporaryFolder folder_;
  FakeClock clock_;
  std::atomic<int> next_uuid_ = 0;
  std::unique_ptr<store::Store> store_;
  std::int64_t migrations_ = 0;  ///< audit links of a new store
  mappers::Mappers mappers_;
  agreements::AgreementSet agreements_;
  std::map<std::string, validate::Options, std::less<>> policies_;
  exchange::Parts parts_;
  exchange::Settings settings_;
  std::vector<std::string> woken_;
  std::vector<std::string> hops_;  ///< "name" or "name:code"
  std::unique_ptr<exchange::ExchangeService> service_;
};

}  // namespace concord::test
