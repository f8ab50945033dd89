// The table of retry classes, row by row. Source: reliability.md section 2.4.
#include "gateway/channels/http/ending.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <map>

namespace concord::channels::http {
namespace {

TEST(Ending, OfEveryStatus) {
  std::map<long, Carried> table;
  for (long status = 200; status < 300; ++status) table[status] = Carried::answered;
  for (const long status : {408, 425, 429, 502, 503}) table[status] = Carried::not_sent;
  for (long status = 500; status < 600; ++status) table.try_emplace(status, Carried::unknown);
  table[501] = table[505] = Carried::turned_away;
  for (long status = 0; status < 1000; ++status) {
    const auto row = table.find(status);
    EXPECT_EQ(carried_by_status(status), row == table.end() ? Carried::turned_away : row->second)
        << status;
  }
}

TEST(Ending, OfEveryFailureBeforeTheRequestBeganIsNotSent) {
  for (int code = 1; code < CURL_LAST; ++code) {
    EXPECT_EQ(carried_by_code(code, false), Carried::not_sent)
        << curl_easy_strerror(CURLcode(code));
  }
}

TEST(Ending, OfAFailureAfterTheRequestBegan) {
  const struct {
    int code;
    Carried carried;
  } kTable[] = {
      {CURLE_COULDNT_RESOLVE_HOST, Carried::not_sent},
      {CURLE_COULDNT_CONNECT, Carried::not_sent},
      {CURLE_SSL_CONNECT_ERROR, Carried::not_sent},
      {CURLE_PEER_FAILED_VERIFICATION, Carried::not_sent},
      {CURLE_SSL_CERTPROBLEM, Carried::not_sent},
      {CURLE_SSL_CIPHER, Carried::not_sent},
      {CURLE_SSL_CACERT_BADFILE, Carried::not_sent},
      {CURLE_SSL_CRL_BADFILE, Carried::not_sent},
      {CURLE_SSL_ISSUER_ERROR, Carried::not_sent},
      {CURLE_OUT_OF_MEMORY, Carried::not_sent},
      {CURLE_OPERATION_TIMEDOUT, Carried::unknown},
      {CURLE_SEND_ERROR, Carried::unknown},
      {CURLE_RECV_ERROR, Carried::unknown},
      {CURLE_GOT_NOTHING, Carried::unknown},
      {CURLE_PARTIAL_FILE, Carried::unknown},
      {CURLE_WRITE_ERROR, Carried::unknown},
      {CURLE_ABORTED_BY_CALLBACK, Carried::unknown},
      {CURLE_WEIRD_SERVER_REPLY, Carried::unknown},
      {CURLE_UNSUPPORTED_PROTOCOL, Carried::unknown},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(carried_by_code(row.code, true), row.carried)
        << curl_easy_strerror(CURLcode(row.code));
  }
}

TEST(Ending, AWishIsBoundedAndNothingIsNoWish) {
  EXPECT_FALSE(retry_after(0).has_value());
  EXPECT_FALSE(retry_after(-1).has_value());
  EXPECT_EQ(retry_after(1), std::chrono::seconds(1));
  EXPECT_EQ(retry_after(3600), std::chrono::seconds(3600));
  EXPECT_EQ(retry_after(3601), kLongestRetryAfter);
  EXPECT_EQ(retry_after(INT64_MAX), kLongestRetryAfter);
}

}  // namespace
}  // namespace concord::channels::http
