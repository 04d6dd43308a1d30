// SPDX-License-Identifier: Apache-2.0

#include "creche/io/file.h"

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/io/read_write_file.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using std::string_literals::operator""s;

TEST(FileTest, ReadsAndWrites) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("rw");
    absl::StatusOr<File> file = co_await File::Open(path, File::kReadWrite);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT(co_await file->Write("hello "), IsOk());
    EXPECT_THAT(co_await file->Write("world"), IsOk());
    EXPECT_THAT(co_await file->WriteAt(0, "J"), IsOk());
    EXPECT_THAT(co_await file->Sync(), IsOk());
    char buffer[32];
    absl::StatusOr<size_t> size =
        co_await file->ReadAt(0, absl::MakeSpan(buffer));
    EXPECT_EQ(absl::string_view(buffer, size.value()), "Jello world");
    size = co_await file->ReadAt(11, absl::MakeSpan(buffer));
    EXPECT_EQ(size.value(), 0U) << "the end";
    EXPECT_THAT(co_await file->Truncate(5), IsOk());
    const absl::StatusOr<FileInfo> info = co_await file->Info();
    EXPECT_EQ(info->size, 5U);
    EXPECT_TRUE(info->is_regular());
    EXPECT_THAT(co_await file->Close(), IsOk());
    EXPECT_TRUE(IsClosedResource(co_await file->Sync()));
  });
}

TEST(FileTest, HasModes) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("modes");
    EXPECT_THAT(co_await WriteFile(path, "one "), IsOk());
    {
      absl::StatusOr<File> file = co_await File::Open(path, File::kAppend);
      EXPECT_THAT(co_await file->Write("two "), IsOk());
      EXPECT_THAT(co_await file->Write("three"), IsOk());
    }
    absl::StatusOr<std::string> text = co_await ReadFile(path);
    EXPECT_EQ(text.value(), "one two three");
    const absl::StatusOr<File> again =
        co_await File::Open(path, File::kCreateNew);
    EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_THAT(co_await RenameFile(path, path + "2"), IsOk());
    EXPECT_EQ((co_await GetFileInfo(path)).status().code(),
              absl::StatusCode::kNotFound);
    EXPECT_THAT(co_await RemoveFile(path + "2"), IsOk());
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
    EXPECT_THAT(opened, IsOk());
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
    EXPECT_THAT(co_await file.Close(), IsOk());
    EXPECT_EQ(file.path(), path);
    EXPECT_EQ(file.fd(), -1);
    const absl::Status status = co_await file.Write("x");
    EXPECT_TRUE(IsClosedResource(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
    EXPECT_THAT(co_await file.Close(), IsOk());
    const File moved = std::move(file);
    EXPECT_TRUE(IsClosedResource(co_await file.Sync()));
  });
}

TEST(FileTest, CanBeDestroyedWhileInUse) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("destroyed");
    EXPECT_THAT(co_await WriteFile(path, "content"), IsOk());
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

}  // namespace
}  // namespace creche
