#include <gmock/gmock.h>

#include "mappers/core/mapper.h"
#include "tests/support/result_matchers.h"

namespace concord::mappers {
namespace {

using testing::ElementsAre;
using testing::IsNull;

class Fake final : public Mapper {
 public:
  Fake(std::string name, bool recognises, std::string answer = {})
      : name_(std::move(name)), recognises_(recognises), answer_(std::move(answer)) {}
  std::string_view name() const override { return name_; }
  bool recognises(const tree::Document&) const override { return recognises_; }
  Result<Encoded> encode(const tree::Document&, const Parameters&,
                         mapping::TraceSink*) const override {
    Encoded encoded;
    encoded.bytes = answer_;
    return encoded;
  }

 private:
  std::string name_;
  bool recognises_;
  std::string answer_;
};

TEST(Mappers, FindsByNameAndGivesNullForUnknownNames) {
  Mappers mappers;
  mappers.add(std::make_unique<Fake>("eps", false));
  ASSERT_NE(mappers.find("eps"), nullptr);
  EXPECT_EQ(mappers.find("eps")->name(), "eps");
  EXPECT_THAT(mappers.find("itk3"), IsNull());
}

TEST(Mappers, FirstMapperThatRecognisesTheBundleIsTaken) {
  tree::Symbols symbols;
  const tree::Document bundle(symbols);
  Mappers mappers;
  mappers.add(std::make_unique<Fake>("a", false));
  EXPECT_THAT(mappers.recognise(bundle), IsNull());
  mappers.add(std::make_unique<Fake>("b", true));
  mappers.add(std::make_unique<Fake>("c", true));
  ASSERT_NE(mappers.recognise(bundle), nullptr);
  EXPECT_EQ(mappers.recognise(bundle)->name(), "b");
}

TEST(Mappers, ALaterMapperOfTheSameNameTakesThePlaceOfTheEarlier) {
  tree::Symbols symbols;
  const tree::Document bundle(symbols);
  Mappers mappers;
  mappers.add(std::make_unique<Fake>("eps", true, "old"));
  mappers.add(std::make_unique<Fake>("itk3", true));
  mappers.add(std::make_unique<Fake>("eps", true, "new"));
  EXPECT_THAT(mappers.names(), ElementsAre("eps", "itk3"));
  const auto encoded = mappers.find("eps")->encode(bundle, {}, nullptr);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_EQ(encoded->bytes, "new");
}

TEST(Mapper, AFormatWithoutAcknowledgementsSaysSo) {
  EXPECT_THAT(Fake("csv", true).read_acknowledgement("<x/>", "application/xml"),
              FailsWith(ErrorCode::unsupported));
}

TEST(Parameters, AValueThatIsNotThereIsEmpty) {
  Parameters parameters;
  parameters.values["from_asid"] = "200000001285";
  EXPECT_EQ(parameters.value("from_asid"), "200000001285");
  EXPECT_EQ(parameters.value("to_asid"), "");
}

}  // namespace
}  // namespace concord::mappers
