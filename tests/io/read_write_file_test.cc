// SPDX-License-Identifier: Apache-2.0

#include "creche/io/read_write_file.h"

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
    EXPECT_TRUE((co_await WriteFile(path, large)).ok());
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
    EXPECT_TRUE((co_await WriteFile(path, "old")).ok());
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
      EXPECT_TRUE((co_await WriteFile(path, "old")).ok());
    }
    EXPECT_TRUE(
        (co_await WriteFile(path, "x", WriteFileOptions().set_atomic(true)))
            .ok());
    const absl::StatusOr<std::string> text = co_await ReadFile(path);
    EXPECT_EQ(text.value(), "x");
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
    EXPECT_TRUE(status.ok()) << status;
    const absl::StatusOr<std::string> text = co_await ReadFile(path);
    EXPECT_EQ(text.value(), "new");
  });
}

}  // namespace
}  // namespace creche
