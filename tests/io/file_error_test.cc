// SPDX-License-Identifier: Apache-2.0

#include "lib/io/file_error.h"

#include <cerrno>
#include <climits>
#include <string>

#include "absl/status/status.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

using ::testing::HasSubstr;

TEST(FileErrorTest, SaysWhatFailedOnWhichFile) {
  const absl::Status error = FileError(-ENOENT, "open", "/no/such/file");
  EXPECT_TRUE(absl::IsNotFound(error));
  EXPECT_THAT(std::string(error.message()), HasSubstr("open /no/such/file"));
}

TEST(CheckPathTest, TakesWhatCanBeAPath) {
  EXPECT_THAT(CheckPath("a"), IsOk());
  EXPECT_THAT(CheckPath(std::string(PATH_MAX - 1, 'a')), IsOk());
}

TEST(CheckPathTest, RefusesWhatTheKernelWouldCutOrMistake) {
  EXPECT_TRUE(absl::IsInvalidArgument(CheckPath("")));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckPath(std::string(PATH_MAX, 'a'))));
  const absl::Status cut = CheckPath(std::string("a\0b", 3));
  EXPECT_TRUE(absl::IsInvalidArgument(cut));
  EXPECT_THAT(std::string(cut.message()), HasSubstr("which has 3"));
}

}  // namespace
}  // namespace creche::internal
