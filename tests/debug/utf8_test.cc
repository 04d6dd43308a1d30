// SPDX-License-Identifier: Apache-2.0

#include "lib/debug/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace creche::internal {
namespace {

TEST(Utf8Test, ReplacesWhatIsNoCharacter) {
  const std::string none = kReplacementCharacter;
  for (const char* valid : {"", "a", "\xC3\xA9", "\xE2\x82\xAC",
                            "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(ToUtf8(valid), valid);
  }
  EXPECT_EQ(ToUtf8("a\xC0\x80z"), "a" + none + none + "z");
  EXPECT_EQ(ToUtf8("\xED\xA0\x80"), none + none + none);
  EXPECT_EQ(ToUtf8("\xE0\x80\x80"), none + none + none);
  EXPECT_EQ(ToUtf8("\xF0\x80\x80\x80"), none + none + none + none);
  EXPECT_EQ(ToUtf8("\xF4\x90\x80\x80"), none + none + none + none);
  EXPECT_EQ(ToUtf8("\xE2\x82"), none + none);
}

}  // namespace
}  // namespace creche::internal
