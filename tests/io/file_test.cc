// SPDX-License-Identifier: Apache-2.0

#include "creche/io/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/io/read_write_file.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using std::string_literals::operator""s;

std::string PathOf(absl::string_view name) {
  const char* folder = std::getenv("TEST_TMPDIR");
  return absl::StrCat(folder != nullptr ? folder : "/tmp", "/", name);
}

template <typename Main>
void RunChecked(Main main) {
  const size_t files = OpenFiles();
  const absl::Status status = RunToTest(main);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(OpenFiles(), files);
}

TEST(FileTest, ReadsAndWrites) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("rw");
    absl::StatusOr<File> file = co_await File::Open(path, File::kReadWrite);
    EXPECT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((co_await file->Write("hello ")).ok());
    EXPECT_TRUE((co_await file->Write("world")).ok());
    EXPECT_TRUE((co_await file->WriteAt(0, "J")).ok());
    EXPECT_TRUE((co_await file->Sync()).ok());
    char buffer[32];
    absl::StatusOr<size_t> size =
        co_await file->ReadAt(0, absl::MakeSpan(buffer));
    EXPECT_EQ(absl::string_view(buffer, size.value()), "Jello world");
    size = co_await file->ReadAt(11, absl::MakeSpan(buffer));
    EXPECT_EQ(size.value(), 0U) << "the end";
    EXPECT_TRUE((co_await file->Truncate(5)).ok());
    const absl::StatusOr<FileInfo> info = co_await file->Info();
    EXPECT_EQ(info->size, 5U);
    EXPECT_TRUE(info->is_regular());
    EXPECT_TRUE((co_await file->Close()).ok());
    EXPECT_TRUE(IsClosedResource(co_await file->Sync()));
  });
}

TEST(FileTest, HasModes) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("modes");
    EXPECT_TRUE((co_await WriteFile(path, "one ")).ok());
    {
      absl::StatusOr<File> file = co_await File::Open(path, File::kAppend);
      EXPECT_TRUE((co_await file->Write("two ")).ok());
      EXPECT_TRUE((co_await file->Write("three")).ok());
    }
    absl::StatusOr<std::string> text = co_await ReadFile(path);
    EXPECT_EQ(text.value(), "one two three");
    const absl::StatusOr<File> again =
        co_await File::Open(path, File::kCreateNew);
    EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE((co_await RenameFile(path, path + "2")).ok());
    EXPECT_EQ((co_await GetFileInfo(path)).status().code(),
              absl::StatusCode::kNotFound);
    EXPECT_TRUE((co_await RemoveFile(path + "2")).ok());
  });
}

TEST(FileTest, SaysWhatIsWrong) {
  RunChecked([]() -> Task<> {
    const absl::Status missing =
        (co_await File::Open("/no/such/file", File::kRead)).status();
    EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
    EXPECT_TRUE(absl::StrContains(missing.message(), "open /no/such/file"))
        << missing;
    for (const std::string& path : {""s, "a\0b"s, std::string(100'000, 'a')}) {
      const absl::Status bad = (co_await ReadFile(path)).status();
      EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument) << bad;
      EXPECT_LT(bad.message().size(), 1000U);
    }
    const absl::Status folder = (co_await ReadFile("/")).status();
    EXPECT_TRUE(absl::StrContains(folder.message(), "read /")) << folder;
  });
}

TEST(FileTest, RefusesOffsetsThatNoFileHas) {
  RunChecked([]() -> Task<> {
    absl::StatusOr<File> opened = co_await File::Open("/dev/zero", File::kRead);
    EXPECT_TRUE(opened.ok());
    if (!opened.ok()) co_return;
    std::array<char, 4> buffer = {};
    for (const std::uint64_t offset : {~std::uint64_t{0}, ~std::uint64_t{1}}) {
      const absl::Status read =
          (co_await opened->ReadAt(offset, absl::MakeSpan(buffer))).status();
      EXPECT_EQ(read.code(), absl::StatusCode::kInvalidArgument) << read;
      const absl::Status write = co_await opened->WriteAt(offset, "text");
      EXPECT_EQ(write.code(), absl::StatusCode::kInvalidArgument) << write;
    }
  });
}

TEST(FileTest, KeepsItsPathWhenClosed) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("closed");
    File file = (co_await File::Open(path, File::kWrite)).value();
    EXPECT_TRUE((co_await file.Close()).ok());
    EXPECT_EQ(file.path(), path);
    EXPECT_EQ(file.fd(), -1);
    const absl::Status status = co_await file.Write("x");
    EXPECT_TRUE(IsClosedResource(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
    EXPECT_TRUE((co_await file.Close()).ok());
    const File moved = std::move(file);
    EXPECT_TRUE(IsClosedResource(co_await file.Sync()));
  });
}

TEST(FileTest, CanBeDestroyedWhileInUse) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("destroyed");
    EXPECT_TRUE((co_await WriteFile(path, "content")).ok());
    std::optional<File> file((co_await File::Open(path, File::kRead)).value());
    auto body = [&](Nursery& nursery) -> Task<> {
      auto read = [&]() -> Task<> {
        char buffer[8];
        const absl::StatusOr<size_t> size =
            co_await file->ReadAt(0, absl::MakeSpan(buffer));
        EXPECT_EQ(size.value(), 7U);
      };
      auto read_on = [&]() -> Task<> {
        char buffer[8];
        const absl::StatusOr<size_t> size =
            co_await file->Read(absl::MakeSpan(buffer));
        EXPECT_EQ(size.value(), 7U);
      };
      nursery.StartSoon(read);
      nursery.StartSoon(read_on);
      auto destroy = [&]() -> Task<> {
        file.reset();
        co_return;
      };
      nursery.StartSoon(destroy);
      co_return;
    };
    (co_await WithNursery(body)).IgnoreError();
  });
}

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
