// SPDX-License-Identifier: Apache-2.0

#include "creche/io/read_write_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

TEST(ReadFileTest, ReadsFilesWhoseSizeIsUnknown) {
  RunChecked([]() -> Task<> {
    const absl::StatusOr<std::string> status =
        co_await ReadFile("/proc/self/status");
    EXPECT_TRUE(absl::StrContains(status.value(), "Pid:"));
    const std::string path = PathOf("large");
    const std::string large(1'000'000, 'x');
    EXPECT_THAT(co_await WriteFile(path, large), IsOk());
    const absl::StatusOr<std::string> read = co_await ReadFile(path);
    EXPECT_TRUE(read.value() == large);
  });
}

// Those of /proc/sys give nothing to who asks for the rest.
TEST(ReadFileTest, ReadsFilesThatComeInOnePiece) {
  RunChecked([]() -> Task<> {
    const std::string path = "/proc/sys/kernel/pid_max";
    std::string expected;
    std::getline(std::ifstream(path), expected);
    const absl::StatusOr<std::string> read = co_await ReadFile(path);
    EXPECT_EQ(read.value(), expected + "\n");
  });
}

TEST(ReadFileTest, HasALimit) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("limit");
    CO_ASSERT_OK(co_await WriteFile(path, std::string(10'000, 'x')));
    auto exact = ReadFile(path, ReadFileOptions().set_max_size(10'000));
    EXPECT_EQ((co_await std::move(exact)).value().size(), 10'000U);
    for (const std::string& large : {path, std::string("/dev/zero")}) {
      auto read = ReadFile(large, ReadFileOptions().set_max_size(9'999));
      const absl::Status status = (co_await std::move(read)).status();
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
      EXPECT_TRUE(absl::StrContains(status.message(), large)) << status;
    }
    auto none = ReadFile("/dev/null", ReadFileOptions().set_max_size(0));
    EXPECT_EQ((co_await std::move(none)).value(), "");
    EXPECT_EQ(ReadFileOptions().max_size(), size_t{1} << 30);
  });
}

size_t FilesIn(const std::string& folder) {
  const std::filesystem::directory_iterator files(folder);
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Wherever it is cancelled, the file has all of the old content or of the new,
// and nothing is left beside it.
TEST(WriteFileTest, AtomicallyReplacesOrDoesNothing) {
  RunChecked([]() -> Task<> {
    const std::string folder = PathOf("atomic");
    std::filesystem::create_directory(folder);
    const std::string path = folder + "/file";
    EXPECT_THAT(co_await WriteFile(path, "old"), IsOk());
    int replaced = 0;
    for (int steps = 0; steps < 200 && replaced < 3; ++steps) {
      CancelScope scope;
      auto body = [&](Nursery& nursery) -> Task<> {
        auto cancel = [&]() -> Task<> {
          for (int i = 0; i < steps; ++i) co_await Checkpoint();
          scope.Cancel();
        };
        nursery.StartSoon(cancel);
        auto write =
            WriteFile(path, "new", WriteFileOptions().set_atomic(true));
        co_await scope.Run(std::move(write));
      };
      (co_await WithNursery(body)).IgnoreError();
      const absl::StatusOr<std::string> text = co_await ReadFile(path);
      EXPECT_TRUE(*text == "old" || *text == "new") << *text;
      EXPECT_EQ(FilesIn(folder), 1U);
      if (*text == "new") ++replaced;
      EXPECT_THAT(co_await WriteFile(path, "old"), IsOk());
    }
    EXPECT_THAT(
        co_await WriteFile(path, "x", WriteFileOptions().set_atomic(true)),
        IsOk());
    const absl::StatusOr<std::string> text = co_await ReadFile(path);
    EXPECT_EQ(text.value(), "x");
  });
}

Task<absl::Status> Replace(std::string path, std::string data) {
  auto write = WriteFile(std::move(path), std::move(data),
                         WriteFileOptions().set_atomic(true));
  co_return co_await std::move(write);
}

unsigned PermissionsOf(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : ~0U;
}

TEST(WriteFileTest, KeepsThePermissionsOfWhatItReplaces) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("permissions");
    CO_ASSERT_OK(co_await Replace(path, "new"));
    const mode_t mask = umask(0);
    umask(mask);
    EXPECT_EQ(PermissionsOf(path), 0666U & ~mask);
    for (const unsigned permissions : {0600U, 0444U, 0777U, 04711U}) {
      EXPECT_EQ(chmod(path.c_str(), permissions), 0);
      CO_ASSERT_OK(co_await Replace(path, "newer"));
      EXPECT_EQ(PermissionsOf(path), permissions);
    }
    unlink(path.c_str());
  });
}

TEST(WriteFileTest, KeepsTheOwnerOfWhatItReplaces) {
  const std::string path = PathOf("owner");
  std::ofstream(path) << "old";
  if (chown(path.c_str(), 12, 34) != 0) {
    GTEST_SKIP() << "this process may not give files away";
  }
  RunChecked([&]() -> Task<> {
    CO_ASSERT_OK(co_await Replace(path, "new"));
    struct stat info = {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 12U);
    EXPECT_EQ(info.st_gid, 34U);
    unlink(path.c_str());
  });
}

TEST(WriteFileTest, FollowsSymbolicLinks) {
  namespace fs = std::filesystem;
  RunChecked([]() -> Task<> {
    const std::string folder = PathOf("links");
    fs::create_directories(folder + "/sub");
    fs::create_symlink("sub/link", folder + "/link");
    fs::create_symlink("file", folder + "/sub/link");
    fs::create_symlink(folder + "/link", folder + "/absolute");
    // First the file does not exist.
    for (const std::string& text : {std::string("new"), std::string("newer")}) {
      CO_ASSERT_OK(co_await Replace(folder + "/absolute", text));
      const absl::StatusOr<std::string> read =
          co_await ReadFile(folder + "/sub/file");
      EXPECT_EQ(read.value(), text);
      EXPECT_TRUE(fs::is_symlink(folder + "/absolute"));
      EXPECT_TRUE(fs::is_symlink(folder + "/link"));
      EXPECT_TRUE(fs::is_symlink(folder + "/sub/link"));
      EXPECT_FALSE(fs::is_symlink(folder + "/sub/file"));
    }
    fs::create_symlink("loop", folder + "/loop");
    EXPECT_FALSE((co_await Replace(folder + "/loop", "x")).ok());
    fs::remove_all(folder);
  });
}

TEST(WriteFileTest, ReplacesOnlyRegularFiles) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("fifo");
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    const absl::Status refused = co_await Replace(path, "x");
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_TRUE(std::filesystem::is_fifo(path));
    unlink(path.c_str());
  });
}

// In a container, processes may have the same number each time.
TEST(WriteFileTest, ReplacesBesideWhatAnEarlierProcessHasLeft) {
  constexpr int kLeft = 500;
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("left");
    for (int i = 0; i < kLeft; ++i) {
      std::ofstream(absl::StrCat(path, ".", getpid(), ".", i, ".tmp")) << "x";
    }
    auto write = WriteFile(path, "new", WriteFileOptions().set_atomic(true));
    const absl::Status status = co_await std::move(write);
    EXPECT_THAT(status, IsOk());
    const absl::StatusOr<std::string> text = co_await ReadFile(path);
    EXPECT_EQ(text.value(), "new");
  });
}

}  // namespace
}  // namespace creche
