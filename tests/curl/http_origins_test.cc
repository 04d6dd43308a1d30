// SPDX-License-Identifier: Apache-2.0
//
// What HttpOrigins says of a URL is what libcurl says, whatever it knows.

#include "lib/curl/http_origins.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/curl/http_target.h"

// For each host of other letters, libcurl 7.88 loses what libidn2 has given it.
extern "C" const char* __lsan_default_suppressions();   // NOLINT
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libcurl";
}

namespace creche::internal {
namespace {

using ::testing::Le;

std::string Show(const absl::StatusOr<HttpTarget>& target) {
  if (!target.ok()) return target.status().ToString();
  return absl::StrCat(target->url, " is ", target->scheme, " ", target->host,
                      " ", target->port, " ", target->addresses);
}

TEST(HttpOriginsTest, SaysWhatLibcurlSaysWhateverItKnows) {
  const std::vector<std::string> beginnings = {
      "http://example.org",
      "HTTP://Example.ORG",
      "https://example.org",
      "http://example.org:8080",
      "http://example.org:",
      "http://example.org:0",
      "http://example.org:65536",
      "http://example.org:08080",
      "http://127.0.0.1:80",
      "http://0x7f.1",
      "http://[::1]:80",
      "http://[::1",
      "http://[fe80::1%25eth0]",
      "http://user:secret@example.org",
      "http://example.org@other.org",
      "http://b\xc3\xbc"
      "cher.example",
      "http://example.org\xef\xbc\x8fother.org",
      "http://\xff.example",
      "http://%65xample.org",
      "http://exa mple.org",
      "http://example.org\\other.org",
      "http://a..b",
      "http://-",
      "http://",
      "http:///",
      "http:example.org",
      "ftp://example.org",
      "example.org",
      "example.org:80",
      "://example.org",
      "",
  };
  const std::vector<std::string> ends = {
      "",
      "/",
      "/a/../b?c=d#e",
      "?a=http://other.org/",
      "#://other.org",
      "/a b",
      "/a\tb",
      "/a\nb",
      "/a\x01",
      "/a\x7f",
      "/\xc3\xbc?\xff",
      std::string("/a\0b", 4),
      "/%zz%00",
      "/\\..\\{}|^`\"<>",
      "/" + std::string(5000, 'a'),
      "/" + std::string(9'000'000, 'a'),
  };
  HttpOrigins origins;
  // In the second round all are known that can be.
  for (int round = 0; round < 2; ++round) {
    for (const std::string& beginning : beginnings) {
      for (const std::string& end : ends) {
        const std::string url = beginning + end;
        EXPECT_EQ(Show(origins.ParseTarget(url)), Show(ParseTarget(url)));
      }
    }
  }
}

TEST(HttpOriginsTest, KnowsHostsAndNotPaths) {
  HttpOrigins origins;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(
        origins.ParseTarget(absl::StrCat("http://example.org/", i)).ok());
  }
  EXPECT_EQ(origins.size(), 1u);
}

TEST(HttpOriginsTest, KnowsNoPasswords) {
  HttpOrigins origins;
  EXPECT_TRUE(origins.ParseTarget("http://user:secret@example.org/").ok());
  EXPECT_EQ(origins.size(), 0u);
}

TEST(HttpOriginsTest, KnowsALimitedNumber) {
  HttpOrigins origins;
  for (std::size_t i = 0; i < 3 * HttpOrigins::kMost; ++i) {
    const std::string host = absl::StrCat("h", i, ".example");
    const absl::StatusOr<HttpTarget> target =
        origins.ParseTarget(absl::StrCat("http://", host));
    ASSERT_TRUE(target.ok());
    EXPECT_EQ(target->host, host);
    EXPECT_THAT(origins.size(), Le(HttpOrigins::kMost));
  }
}

}  // namespace
}  // namespace creche::internal
