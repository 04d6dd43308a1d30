// SPDX-License-Identifier: Apache-2.0
//
// What an EpollPort gives to threads.

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "lib/epoll/epoll_port.h"
#include "lib/epoll/worker_threads.h"
#include "tests/support/counting_operation.h"
#include "tests/support/forbid.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

class BlockingCallsTest : public ::testing::Test {
 protected:
  BlockingCallsTest() : fifo_(::testing::TempDir() + "/blocking_calls_fifo") {
    unlink(fifo_.c_str());
    if (mkfifo(fifo_.c_str(), 0600) != 0) abort();
    EXPECT_THAT(port_.Open(), IsOk());
  }
  ~BlockingCallsTest() override { port_.Close(); }

  // Which waits for a reader.
  void StartOpeningFifo(Operation& operation) {
    io_uring_sqe entry = {};
    io_uring_prep_openat(&entry, AT_FDCWD, fifo_.c_str(), O_WRONLY | O_CLOEXEC,
                         0);
    port_.Start(operation, entry);
  }
  void WaitUntilDone() {
    while (port_.pending() > 0) port_.Wait(absl::InfiniteDuration());
  }

  const std::string fifo_;
  EpollPort port_;
};

void ExpectCancelled(const CountingOperation& operation) {
  EXPECT_EQ(operation.completions, 1);
  EXPECT_TRUE(operation.last_result == -ECANCELED ||
              operation.last_result == -EINTR)
      << operation.last_result;
}

TEST_F(BlockingCallsTest, AnOpenThatWaitsIsInterrupted) {
  CountingOperation open_it;
  StartOpeningFifo(open_it);
  EXPECT_FALSE(port_.is_idle());
  // Until the thread is in the call, and may be using the descriptor.
  while (port_.SubmitNow()) port_.Wait(absl::Milliseconds(1));
  EXPECT_EQ(open_it.completions, 0);
  port_.Cancel(open_it);
  WaitUntilDone();
  ExpectCancelled(open_it);
  EXPECT_TRUE(port_.SubmitNow());
}

// The first signal may come before the thread is in the call.
TEST_F(BlockingCallsTest, ManyAreInterruptedAtAnyMoment) {
  for (int round = 0; round < 200; ++round) {
    CountingOperation open_it;
    StartOpeningFifo(open_it);
    port_.Cancel(open_it);
    WaitUntilDone();
    ExpectCancelled(open_it);
  }
}

size_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST_F(BlockingCallsTest, MoreWaitThanThereAreThreads) {
  std::vector<CountingOperation> operations(WorkerThreads::kMost + 20);
  const size_t threads_before = ThreadsOfThisProcess();
  for (CountingOperation& operation : operations) StartOpeningFifo(operation);
  // They are made when the operations begin, and stay until the port closes.
  EXPECT_LE(ThreadsOfThisProcess() - threads_before, WorkerThreads::kMost);
  port_.Wait(absl::Milliseconds(5));
  for (CountingOperation& operation : operations) port_.Cancel(operation);
  WaitUntilDone();
  for (const CountingOperation& operation : operations) {
    ExpectCancelled(operation);
  }
}

TEST_F(BlockingCallsTest, ASignalDoesNotHitTheNextCall) {
  for (int round = 0; round < 50; ++round) {
    CountingOperation open_it;
    StartOpeningFifo(open_it);
    port_.Cancel(open_it);
    CountingOperation next;
    io_uring_sqe entry = {};
    struct statx found = {};
    io_uring_prep_statx(&entry, AT_FDCWD, "/", 0, STATX_BASIC_STATS, &found);
    port_.Start(next, entry);
    WaitUntilDone();
    EXPECT_EQ(next.last_result, 0);
    EXPECT_NE(found.stx_ino, 0U);
  }
}

TEST_F(BlockingCallsTest, ReadsWhatIsNotInMemory) {
  const std::string path = fifo_ + ".regular";
  const int fd =
      open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string data(size_t{1} << 20, 'd');
  ASSERT_EQ(write(fd, data.data(), data.size()),
            static_cast<ssize_t>(data.size()));
  fsync(fd);
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);

  std::string read_back(data.size() + 10, '\0');
  CountingOperation read_it;
  io_uring_sqe entry = {};
  io_uring_prep_read(&entry, fd, read_back.data(),
                     static_cast<unsigned>(read_back.size()), 0);
  port_.Start(read_it, entry);
  WaitUntilDone();
  EXPECT_EQ(read_it.last_result, static_cast<int>(data.size()));
  read_back.resize(data.size());
  EXPECT_EQ(read_back, data);
  close(fd);
  unlink(path.c_str());
}

TEST_F(BlockingCallsTest, PollsARegularFile) {
  const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CountingOperation poll_it;
  io_uring_sqe entry = {};
  io_uring_prep_poll_add(&entry, fd, POLLIN);
  port_.Start(poll_it, entry);
  WaitUntilDone();
  EXPECT_EQ(poll_it.last_result, POLLIN);
  close(fd);
}

// As where RLIMIT_NPROC is reached, in a process of its own.
TEST(BlockingCallsDeathTest, SaysThatThereIsNoThread) {
  const auto stat_without_threads = [] {
    EpollPort port;
    if (!port.Open().ok()) _exit(2);
    Forbid(SYS_clone3, EAGAIN);
    Forbid(SYS_clone, EAGAIN);
    CountingOperation operation;
    struct statx found = {};
    io_uring_sqe entry = {};
    io_uring_prep_statx(&entry, AT_FDCWD, "/", 0, STATX_BASIC_STATS, &found);
    port.Start(operation, entry);
    port.Poll();
    port.Close();
    _exit(operation.last_result == -ECANCELED ? 0 : 1);
  };
  EXPECT_EXIT(stat_without_threads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace creche::internal
