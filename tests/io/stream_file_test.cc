// SPDX-License-Identifier: Apache-2.0
//
// FIFOs and terminals, opened like files.

#include <pthread.h>
#include <pty.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <ctime>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/file.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

// The ends of a pipe, opened once more, as files.
Task<absl::StatusOr<File>> OpenReadEnd(const Pipe& pipe) {
  auto open =
      File::Open(absl::StrCat("/proc/self/fd/", pipe.read_end()), File::kRead);
  co_return co_await std::move(open);
}
Task<absl::StatusOr<File>> OpenWriteEnd(const Pipe& pipe) {
  auto open = File::Open(absl::StrCat("/proc/self/fd/", pipe.write_end()),
                         File::kWrite);
  co_return co_await std::move(open);
}

bool IsSigpipePending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

TEST(StreamFileTest, WithoutAReaderWritingIsAnErrorAndNoSignal) {
  struct sigaction before = {};
  sigaction(SIGPIPE, nullptr, &before);
  EXPECT_EQ(before.sa_handler, SIG_DFL) << "else this shows nothing";
  RunChecked([]() -> Task<> {
    Pipe pipe;
    absl::StatusOr<File> file = co_await OpenWriteEnd(pipe);
    CO_ASSERT_OK(file);
    CO_ASSERT_OK(co_await file->Write("for somebody"));
    pipe.CloseFirst();
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = co_await file->Write("for nobody");
      EXPECT_TRUE(absl::StrContains(status.message(), "write /proc/self/fd/"))
          << status;
    }
  });
  EXPECT_FALSE(IsSigpipePending());
  struct sigaction after = {};
  sigaction(SIGPIPE, nullptr, &after);
  EXPECT_EQ(after.sa_handler, SIG_DFL) << "it is the program's";
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGPIPE), 0);
}

// A FIFO in a directory of this test.
std::string MakeFifo(absl::string_view name) {
  std::string path = absl::StrCat(::testing::TempDir(), "/", name);
  unlink(path.c_str());
  EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  return path;
}

TEST(StreamFileTest, ReadingAFifoWaitsForItsFirstWriter) {
  const std::string path = MakeFifo("awaits_writer");
  RunChecked([&]() -> Task<> {
    absl::StatusOr<File> file = co_await File::Open(path, File::kRead);
    CO_ASSERT_OK(file);
    char buffer[16];
    auto early = co_await MoveOnAfter(absl::Milliseconds(5),
                                      file->Read(absl::MakeSpan(buffer)));
    EXPECT_FALSE(early.has_value()) << "an end, before anybody has come";
    absl::StatusOr<File> writer = co_await File::Open(path, File::kWrite);
    CO_ASSERT_OK(writer);
    CO_ASSERT_OK(co_await writer->Write("late"));
    CO_ASSERT_OK(co_await writer->Close());
    const absl::StatusOr<size_t> size =
        co_await file->Read(absl::MakeSpan(buffer));
    CO_ASSERT_OK(size);
    EXPECT_EQ(absl::string_view(buffer, *size), "late");
    EXPECT_THAT(co_await file->Read(absl::MakeSpan(buffer)), IsOkAndHolds(0));
  });
}

// Its writers have been there: that is an end, as of any pipe.
TEST(StreamFileTest, APipeWhoseWritersHaveGoneIsAtItsEnd) {
  RunChecked([]() -> Task<> {
    Pipe pipe;
    absl::StatusOr<File> file = co_await OpenReadEnd(pipe);
    CO_ASSERT_OK(file);
    pipe.CloseSecond();
    char buffer[16];
    EXPECT_THAT(co_await file->Read(absl::MakeSpan(buffer)), IsOkAndHolds(0));
  });
}

// One that somebody else has sent is not swallowed.
TEST(StreamFileTest, LeavesAPendingSignalAlone) {
  RunChecked([]() -> Task<> {
    sigset_t sigpipe;
    sigset_t before;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    raise(SIGPIPE);
    Pipe pipe;
    absl::StatusOr<File> file = co_await OpenWriteEnd(pipe);
    CO_ASSERT_OK(file);
    pipe.CloseFirst();
    EXPECT_FALSE((co_await file->Write("for nobody")).ok());
    EXPECT_TRUE(IsSigpipePending());
    const timespec at_once = {};
    sigtimedwait(&sigpipe, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  });
}

// The reader goes while the writer waits.
TEST(StreamFileTest, AReaderThatGoesIsAnErrorAndNoSignal) {
  RunChecked([]() -> Task<> {
    Pipe pipe;
    absl::StatusOr<File> file = co_await OpenWriteEnd(pipe);
    CO_ASSERT_OK(file);
    const std::string much(1'000'000, 'x');
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(
          [&]() -> Task<> { EXPECT_FALSE((co_await file->Write(much)).ok()); });
      char buffer[100];
      File reader = (co_await OpenReadEnd(pipe)).value();
      pipe.CloseFirst();
      EXPECT_EQ((co_await reader.Read(absl::MakeSpan(buffer))).value(), 100U);
    };
    CO_ASSERT_OK(co_await WithNursery(body));
  });
}

TEST(StreamFileTest, CarriesMuchAndEnds) {
  RunChecked([]() -> Task<> {
    Pipe pipe;
    File reader = (co_await OpenReadEnd(pipe)).value();
    File writer = (co_await OpenWriteEnd(pipe)).value();
    pipe.CloseFirst();
    pipe.CloseSecond();
    const std::string much(1'000'000, 'x');
    size_t received = 0;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        EXPECT_THAT(co_await writer.Write(much), IsOk());
        EXPECT_THAT(co_await writer.Close(), IsOk());
      });
      for (size_t size = 1; size > 0; received += size) {
        char buffer[10'000];
        size = (co_await reader.Read(absl::MakeSpan(buffer))).value();
      }
    };
    CO_ASSERT_OK(co_await WithNursery(body));
    EXPECT_EQ(received, much.size());
  });
}

TEST(StreamFileTest, AReadWaitsAndCanBeCancelled) {
  RunChecked([]() -> Task<> {
    Pipe pipe;
    File file = (co_await OpenReadEnd(pipe)).value();
    char buffer[10];
    auto read = file.Read(absl::MakeSpan(buffer));
    EXPECT_FALSE((co_await MoveOnAfter(absl::Milliseconds(1), std::move(read)))
                     .has_value());
    EXPECT_EQ(write(pipe.write_end(), "text", 4), 4);
    EXPECT_EQ((co_await file.Read(absl::MakeSpan(buffer))).value(), 4U);
  });
}

// The kernel would block the thread in a terminal's write.
TEST(StreamFileTest, ATerminalThatNobodyReadsStopsNobody) {
  int user = -1;
  int program = -1;
  if (openpty(&user, &program, nullptr, nullptr, nullptr) != 0) {
    GTEST_SKIP() << "this machine has no pseudo terminals";
  }
  const std::string path = ttyname(program);
  RunChecked([&]() -> Task<> {
    File file = (co_await File::Open(path, File::kWrite)).value();
    const std::string much(1'000'000, 'x');
    auto write = file.Write(much);
    EXPECT_FALSE((co_await MoveOnAfter(absl::Milliseconds(1), std::move(write)))
                     .has_value());
  });
  close(program);
  close(user);
}

}  // namespace
}  // namespace creche
