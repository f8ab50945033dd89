// Exchanges for people over HTTP: what is asked, what a body must be, what is shown.
#include <gtest/gtest.h>

#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class ExchangeEndpoints : public Calling, public testing::Test {};

TEST_F(ExchangeEndpoints, AreNotThereWithoutAStore) {
  EXPECT_EQ(call({.target = "/exchange"}).status, 422);
  EXPECT_EQ(call({.target = "/exchange/x1"}).status, 422);
}

TEST_F(ExchangeEndpoints, AreOnTheAdminPortAsWell) {
  EXPECT_EQ(call_with({.target = "/exchange"}, &Api::handle_service).status, 422);
  EXPECT_EQ(call_with({.target = "/FHIR/R4/Task/t1"}, &Api::handle_service).status, 404);
}

TEST_F(ExchangeEndpoints, KnowTheirMethods) {
  const http::Response response = call({.method = "DELETE", .target = "/exchange/x1"});
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(field(response, "Allow"), HasSubstr("GET"));
  EXPECT_EQ(call({.target = "/exchange/x1/$replay"}).status, 405);
}

TEST_F(ExchangeEndpoints, AreNoPartOfTheCapabilityStatement) {
  EXPECT_THAT(EndpointTable::standard().describe(), HasSubstr("POST /exchange/{id}/$replay"));
}

}  // namespace
}  // namespace concord::api
