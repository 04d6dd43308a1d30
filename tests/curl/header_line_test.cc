// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/header_line.h"

#include <initializer_list>

#include "absl/strings/string_view.h"
#include "creche/curl/http_request.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using internal::AddHeaderLine;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

HttpResponse Of(std::initializer_list<absl::string_view> lines) {
  HttpResponse response;
  for (const absl::string_view line : lines) {
    EXPECT_TRUE(AddHeaderLine(line, response)) << line;
  }
  return response;
}

TEST(HeaderLineTest, NameAndValueAreWithoutTheSpaceAroundThem) {
  EXPECT_THAT(Of({"A: b\r\n", "C:d\n", "E : \t f g \r\n", "H:\r\n"}).headers,
              ElementsAre(Pair("A", "b"), Pair("C", "d"), Pair("E", "f g"),
                          Pair("H", "")));
}

TEST(HeaderLineTest, ValuesHaveColons) {
  EXPECT_THAT(Of({"Location: http://a:80/\r\n"}).headers,
              ElementsAre(Pair("Location", "http://a:80/")));
}

TEST(HeaderLineTest, AValueGoesOn) {
  EXPECT_THAT(Of({"A: b\r\n", "  c\r\n", "\td\r\n", "E: f\r\n"}).headers,
              ElementsAre(Pair("A", "b c d"), Pair("E", "f")));
}

TEST(HeaderLineTest, WhatIsNoHeaderIsLeftOut) {
  EXPECT_THAT(Of({" of nothing\r\n", "no colon\r\n"}).headers, IsEmpty());
}

TEST(HeaderLineTest, TheEndIsAnEmptyLine) {
  HttpResponse response;
  EXPECT_FALSE(AddHeaderLine("\r\n", response));
  EXPECT_FALSE(AddHeaderLine("\n", response));
  // A value that goes on with nothing.
  EXPECT_THAT(Of({"A: b\r\n", " \r\n", "\t\n", "C: d\r\n"}).headers,
              ElementsAre(Pair("A", "b"), Pair("C", "d")));
}

}  // namespace
}  // namespace creche
