// SPDX-License-Identifier: Apache-2.0

#include "creche/io/copy_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/race.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/core/when_all.h"
#include "creche/io/file.h"
#include "creche/io/read_write_file.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/forbid.h"
#include "tests/support/open_files.h"
#include "tests/support/path_of.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSmall = 64 << 10;  // Up to this, without a thread.
constexpr std::size_t kPiece = 4 << 20;   // That a thread copies at a time.

// No two pages of it are alike.
std::string Text(std::size_t size) {
  std::string text(size, '.');
  for (std::size_t at = 0; at < size; at += kPage) {
    const std::string number = std::to_string(at);
    number.copy(&text[at], size - at);
  }
  return text;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

unsigned ModeOf(const std::string& path) {
  struct stat found = {};
  stat(path.c_str(), &found);
  return found.st_mode & 07777U;
}

bool Exists(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0;
}

absl::StatusOr<std::uint64_t> Copy(std::string from, std::string to) {
  return RunToTest([&]() -> Task<absl::StatusOr<std::uint64_t>> {
    co_return co_await CopyFile(from, to);
  });
}

class CopyFileTest : public testing::Test {
 protected:
  CopyFileTest() {
    unlink(from_.c_str());
    unlink(to_.c_str());
  }
  const std::string from_ = PathOf("from");
  const std::string to_ = PathOf("to");
};

TEST_F(CopyFileTest, CopiesAllOfIt) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kSmall, kSmall + 1, kPiece - 1, kPiece,
        3 * kPiece + kPage + 1}) {
    const std::string text = Text(size);
    Write(from_, text);
    EXPECT_EQ(Copy(from_, to_).value_or(-1), size);
    EXPECT_TRUE(Read(to_) == text) << size;
  }
}

TEST_F(CopyFileTest, MakesItWithThePermissionsOfTheOther) {
  const mode_t umask_before = umask(0027);
  for (const unsigned mode : {0400U, 0640U, 0755U, 04755U}) {
    Write(from_, "text");
    chmod(from_.c_str(), mode);
    unlink(to_.c_str());
    EXPECT_THAT(Copy(from_, to_).status(), IsOk());
    EXPECT_EQ(ModeOf(to_), mode & 0750U);
    unlink(from_.c_str());
  }
  umask(umask_before);
}

TEST_F(CopyFileTest, OverwritesWhatIsThereAndKeepsItsPermissions) {
  Write(from_, "short");
  Write(to_, Text(kSmall));
  chmod(to_.c_str(), 0604);
  const std::string link = PathOf("link");
  unlink(link.c_str());
  ASSERT_EQ(symlink(to_.c_str(), link.c_str()), 0);
  EXPECT_EQ(Copy(from_, link).value_or(0), 5U);
  EXPECT_EQ(Read(to_), "short");
  EXPECT_EQ(ModeOf(to_), 0604U);
}

TEST_F(CopyFileTest, RefusesTheSameFile) {
  const std::string symbolic = PathOf("symbolic");
  const std::string hard = PathOf("hard");
  unlink(symbolic.c_str());
  unlink(hard.c_str());
  Write(from_, Text(kSmall + 1));
  ASSERT_EQ(symlink(from_.c_str(), symbolic.c_str()), 0);
  ASSERT_EQ(link(from_.c_str(), hard.c_str()), 0);
  for (const std::string& name : {from_, symbolic, hard}) {
    const absl::Status status = Copy(from_, name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), absl::StrCat("copy ", from_, " to ", name,
                                             ": they are the same file"));
    EXPECT_TRUE(Read(from_) == Text(kSmall + 1));
  }
}

TEST_F(CopyFileTest, RefusesDirectories) {
  const std::string directory = PathOf("directory");
  mkdir(directory.c_str(), 0777);
  Write(from_, "text");
  const absl::Status source = Copy(directory, to_).status();
  EXPECT_EQ(source.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(source.ToString(), HasSubstr("read " + directory));
  EXPECT_FALSE(Exists(to_));
  const absl::Status target = Copy(from_, directory).status();
  EXPECT_EQ(target.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(target.ToString(), HasSubstr("write " + directory));
}

TEST_F(CopyFileTest, SaysWhichFileIsMissing) {
  const absl::Status no_source = Copy(from_, to_).status();
  EXPECT_EQ(no_source.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(no_source.ToString(),
              HasSubstr(absl::StrCat("copy ", from_, " to ", to_, ": open ",
                                     from_, ": ")));
  EXPECT_FALSE(Exists(to_));
  Write(from_, "text");
  const std::string nowhere = PathOf("nowhere/to");
  const absl::Status no_target = Copy(from_, nowhere).status();
  EXPECT_EQ(no_target.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(no_target.ToString(),
              AllOf(HasSubstr("copy " + from_), HasSubstr("open " + nowhere)));
  EXPECT_EQ(Copy(std::string("\0", 1), to_).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Copy(from_, "").status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Its size is 0, whatever it contains.
TEST_F(CopyFileTest, CopiesAFileOfTheKernels) {
  EXPECT_GT(Copy("/proc/version", to_).value_or(0), 0U);
  EXPECT_EQ(Read(to_), Read("/proc/version"));
}

TEST_F(CopyFileTest, CopiesFromAndToWhatIsNoRegularFile) {
  EXPECT_EQ(Copy("/dev/null", to_).value_or(1), 0U);
  EXPECT_TRUE(Exists(to_));
  Write(from_, Text(3 * kSmall));
  EXPECT_EQ(Copy(from_, "/dev/null").value_or(0), 3 * kSmall);
  const absl::Status status = Copy(from_, "/dev/full").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.ToString(), HasSubstr("write /dev/full"));
}

// Both ends wait for each other, and nobody else does.
TEST_F(CopyFileTest, CopiesThroughAFifo) {
  const std::string fifo = PathOf("fifo");
  unlink(fifo.c_str());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  Write(from_, Text(5 * kSmall));
  const auto both = RunToTest([&]() -> Task<absl::Status> {
    auto copies =
        co_await Try(WhenAll(CopyFile(from_, fifo), CopyFile(fifo, to_)));
    EXPECT_EQ(std::get<0>(copies), 5 * kSmall);
    EXPECT_EQ(std::get<1>(copies), 5 * kSmall);
    co_return absl::OkStatus();
  });
  EXPECT_THAT(both, IsOk());
  EXPECT_TRUE(Read(to_) == Text(5 * kSmall));
}

// Where the file systems differ, as those of memory and of the disk do, the
// kernel does not copy.
TEST_F(CopyFileTest, CopiesBetweenFileSystems) {
  const int memory = memfd_create("from", MFD_CLOEXEC);
  const std::string name = absl::StrCat("/proc/self/fd/", memory);
  Write(name, Text(kPiece));
  EXPECT_EQ(Copy(name, to_).value_or(0), kPiece);
  EXPECT_TRUE(Read(to_) == Text(kPiece));
  close(memory);
}

using CopyFileDeathTest = CopyFileTest;

TEST_F(CopyFileDeathTest, CopiesWhereTheKernelMayNot) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string text = Text(kPiece + 1);
  Write(from_, text);
  EXPECT_EXIT(
      {
        Forbid(SYS_copy_file_range, ENOSYS);
        const bool is_copied =
            Copy(from_, to_).value_or(0) == text.size() && Read(to_) == text;
        exit(is_copied ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

// The thread copies, and the run goes on.
TEST_F(CopyFileTest, KeepsNobodyWaiting) {
  constexpr std::size_t kSize = 32 * kPiece;
  Write(from_, "");
  ASSERT_EQ(truncate(from_.c_str(), kSize), 0);
  int turns = 0;
  const absl::Status status = RunToTest([&]() -> Task<absl::Status> {
    auto others = [&]() -> Task<> {
      for (;; ++turns) co_await Checkpoint();
    };
    auto first = co_await Race(CopyFile(from_, to_), others);
    co_return std::get<0>(first)->status();
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_GT(turns, 1000);
}

// It has ended when the task has: nobody writes any more.
TEST_F(CopyFileTest, IsCancelledInTheMiddle) {
  constexpr std::size_t kSize = std::size_t{1} << 36;
  Write(from_, "");
  if (truncate(from_.c_str(), kSize) != 0) {
    GTEST_FAIL() << "the file system has no files of 64 GiB with holes";
  }
  const std::size_t open_before = OpenFiles();
  const auto copied = RunToTest([&]() -> Task<bool> {
    auto late =
        co_await MoveOnAfter(absl::Milliseconds(20), CopyFile(from_, to_));
    co_return late.has_value();
  });
  EXPECT_EQ(copied.value_or(true), false);
  EXPECT_EQ(OpenFiles(), open_before);
  struct stat found = {};
  EXPECT_EQ(stat(to_.c_str(), &found), 0);
  EXPECT_LT(found.st_size, static_cast<off_t>(kSize));
  truncate(to_.c_str(), 0);
}

// Whatever has happened, what there is is a beginning of the other.
class CopyFileSweepTest : public CopyFileTest {
 protected:
  void MakeFiles(std::size_t size) {
    text_ = Text(size);
    Write(from_, text_);
  }
  void Check() {
    const std::string copy = Read(to_);
    EXPECT_TRUE(copy == text_.substr(0, copy.size()));
    EXPECT_TRUE(Read(from_) == text_);
    unlink(to_.c_str());
  }
  Task<absl::Status> CopyOnce() {
    EXPECT_EQ(co_await Try(CopyFile(from_, to_)), text_.size());
    EXPECT_TRUE(Read(to_) == text_);
    co_return absl::OkStatus();
  }
  std::string text_;
};

TEST_F(CopyFileSweepTest, IsCancelledAnywhere) {
  auto body = [this]() -> Task<absl::Status> { co_return co_await CopyOnce(); };
  for (const std::size_t size : {kPage, kSmall + kPage}) {
    MakeFiles(size);
    CancelEverywhere(body, [this] { Check(); });
  }
}

TEST_F(CopyFileSweepTest, SurvivesTheKernel) {
  auto body = [this]() -> Task<absl::Status> { co_return co_await CopyOnce(); };
  for (const std::size_t size : {kPage, kSmall + kPage}) {
    MakeFiles(size);
    FailEverywhere(body, [this] { Check(); });
  }
}

}  // namespace
}  // namespace creche
