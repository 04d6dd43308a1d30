// SPDX-License-Identifier: Apache-2.0

#include "creche/io/directory.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "creche/io/read_write_file.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using std::string_literals::operator""s;

TEST(DirectoryTest, IsMadeRenamedAndRemoved) {
  auto main = []() -> Task<> {
    const std::string path = PathOf("made");
    EXPECT_THAT(co_await MakeDirectory(path), IsOk());
    absl::StatusOr<FileInfo> info = co_await GetFileInfo(path);
    EXPECT_TRUE(info.value().is_directory());
    EXPECT_THAT(co_await RenameFile(path, path + "2"), IsOk());
    EXPECT_THAT(co_await RemoveDirectory(path + "2"), IsOk());
    info = co_await GetFileInfo(path + "2");
    EXPECT_EQ(info.status().code(), absl::StatusCode::kNotFound);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(DirectoryTest, SaysWhatIsWrong) {
  auto main = []() -> Task<> {
    const std::string path = PathOf("wrong");
    EXPECT_THAT(co_await MakeDirectory(path), IsOk());
    absl::Status status = co_await MakeDirectory(path);
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
    EXPECT_THAT(co_await WriteFile(path + "/file", "x"), IsOk());
    status = co_await RemoveDirectory(path);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    status = co_await RemoveDirectory(path + "/file");
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    status = co_await MakeDirectory("a\0b"s);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    status = co_await RemoveDirectory("");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(co_await RemoveFile(path + "/file"), IsOk());
    EXPECT_THAT(co_await RemoveDirectory(path), IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(DirectoryTest, IsListed) {
  auto main = []() -> Task<absl::Status> {
    const std::string path = PathOf("listed");
    co_await Try(MakeDirectory(path));
    std::vector<std::string> names = co_await Try(ListDirectory(path));
    EXPECT_TRUE(names.empty());
    for (const char* name : {"/b", "/.hidden", "/a"}) {
      co_await Try(WriteFile(path + name, "x"));
    }
    names = co_await Try(ListDirectory(path));
    EXPECT_EQ(names, (std::vector<std::string>{".hidden", "a", "b"}));
    for (const std::string& name : names) {
      co_await Try(RemoveFile(path + "/" + name));
    }
    co_return co_await RemoveDirectory(path);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(DirectoryTest, SaysWhyItCannotBeListed) {
  auto main = []() -> Task<> {
    const std::string path = PathOf("missing");
    absl::Status status = (co_await ListDirectory(path)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
    status = (co_await ListDirectory("/dev/null")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    status = (co_await ListDirectory("a\0b"s)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(DirectoryTest, ListingSurvivesACancellation) {
  CancelEverywhere([]() -> Task<absl::Status> {
    co_return (co_await ListDirectory("/")).status();
  });
}

}  // namespace
}  // namespace creche
