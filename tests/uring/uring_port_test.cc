// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/uring_port.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/counting_operation.h"
#include "tests/support/forbid.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

TEST(UringPortTest, LeavesNoDescriptorBehind) {
  const size_t files = OpenFiles();
  {
    UringPort port;
    ASSERT_THAT(port.Open(), IsOk());
    EXPECT_GT(OpenFiles(), files);
    port.Close();
    EXPECT_EQ(OpenFiles(), files);
    ASSERT_THAT(port.Open(), IsOk()) << "a port can serve several runs";
    port.Close();
  }
  EXPECT_EQ(OpenFiles(), files);
}

// Rings get the memory that others have just given back. That is no race, and
// ThreadSanitizer has to know.
TEST(UringPortTest, ManyThreadsHaveManyPortsEach) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 20; ++round) {
        UringPort port(8);
        EXPECT_THAT(port.Open(), IsOk());
        port.Poll();
        port.Close();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(UringPortTest, RunsAnOperation) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  CountingOperation operation;
  io_uring_sqe entry = {};
  io_uring_prep_nop(&entry);
  entry.user_data = 12345;  // The port's business, whatever is in there.

  port.Start(operation, entry);
  EXPECT_EQ(port.pending(), 1U);
  port.Poll();

  EXPECT_EQ(operation.completions, 1);
  EXPECT_EQ(port.pending(), 0U);
  port.Close();
}

TEST(UringPortTest, CountsAMultishotOperationUntilItsLastCompletion) {
  Pipe pipe;
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  CountingOperation operation;
  io_uring_sqe entry = {};
  io_uring_prep_poll_multishot(&entry, pipe.read_end(), POLLIN);

  port.Start(operation, entry);
  for (int round = 1; round <= 3; ++round) {
    ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
    port.Wait(absl::InfiniteDuration());
    EXPECT_EQ(operation.completions, round);
    EXPECT_EQ(port.pending(), 1U);
  }
  port.Cancel(operation);
  while (port.pending() > 0) port.Wait(absl::InfiniteDuration());

  EXPECT_EQ(operation.last_result, -ECANCELED);
  port.Close();
}

TEST(UringPortTest, StartsAtOnceAndKeepsTheOrderOfOthers) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  std::vector<int> order;
  class Noting final : public Operation {
   public:
    Noting(std::vector<int>* order, int number)
        : order_(order), number_(number) {}
    void Completed(int, unsigned) override { order_->push_back(number_); }

   private:
    std::vector<int>* order_;
    int number_;
  };
  Noting first(&order, 1), second(&order, 2), now(&order, 3), third(&order, 4);
  io_uring_sqe nop = {};
  io_uring_prep_nop(&nop);
  port.Start(first, nop);
  port.Start(second, nop);
  OperationResult completed = {-1, 99};
  EXPECT_TRUE(port.StartAtOnce(now, nop, completed));
  EXPECT_EQ(completed.result, 0);
  EXPECT_EQ(completed.flags, 0U);
  EXPECT_EQ(port.pending(), 2U);
  EXPECT_TRUE(order.empty());  // Only Poll() and Wait() call Completed().
  port.Start(third, nop);
  while (port.pending() > 0) port.Wait(absl::InfiniteDuration());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 4}));
  port.Close();
}

TEST(UringPortTest, WhatCannotCompleteAtOnceGoesOn) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  CountingOperation operation;
  io_uring_sqe entry = {};
  io_uring_prep_poll_add(&entry, ends[0], POLLIN);
  OperationResult completed;
  EXPECT_FALSE(port.StartAtOnce(operation, entry, completed));
  EXPECT_EQ(port.pending(), 1U);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  while (port.pending() > 0) port.Wait(absl::InfiniteDuration());
  EXPECT_EQ(operation.completions, 1);
  EXPECT_EQ(operation.last_result, POLLIN);
  close(ends[0]);
  close(ends[1]);
  port.Close();
}

TEST(UringPortTest, ACancellationsOwnEndDoesNotEndAWait) {
  UringFeatures features;
  features.skip_success = false;
  UringPort port(64, features);
  ASSERT_THAT(port.Open(), IsOk());
  Pipe pipe;
  CountingOperation operation;
  io_uring_sqe entry = {};
  char byte = 0;
  io_uring_prep_read(&entry, pipe.read_end(), &byte, 1, 0);
  port.Start(operation, entry);
  port.Cancel(operation);
  while (port.pending() > 0) port.Poll();
  port.Cancel(operation);  // Of what has ended: only says so.

  const absl::Time start = absl::Now();
  port.Wait(absl::Milliseconds(5));

  EXPECT_GE(absl::Now() - start, absl::Milliseconds(4));
  port.Close();
}

TEST(UringPortTest, AFullQueueIsFlushed) {
  constexpr int kOperations = 10'000;
  Pipe pipe;
  UringPort port(64);
  ASSERT_THAT(port.Open(), IsOk());
  std::vector<CountingOperation> operations(kOperations);
  io_uring_sqe entry = {};
  io_uring_prep_poll_add(&entry, pipe.read_end(), POLLIN);

  for (CountingOperation& operation : operations) port.Start(operation, entry);
  EXPECT_EQ(port.pending(), size_t{kOperations});
  // All complete at once, into a queue of 128 completions.
  ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  while (port.pending() > 0) port.Wait(absl::InfiniteDuration());

  for (const CountingOperation& operation : operations) {
    EXPECT_EQ(operation.completions, 1);
  }
  port.Close();
}

TEST(UringPortDeathTest, PollIsFreeWhenThereIsNothingToDo) {
  const auto poll_without_enter = [] {
    Pipe pipe;
    UringPort port;
    if (!port.Open().ok()) exit(1);
    CountingOperation operation;
    io_uring_sqe entry = {};
    io_uring_prep_poll_add(&entry, pipe.read_end(), POLLIN);
    port.Start(operation, entry);
    port.Poll();
    Forbid(__NR_io_uring_enter, 0);
    for (int i = 0; i < 100; ++i) port.Poll();
    _exit(port.pending() == 1 ? 0 : 1);
  };
  EXPECT_EXIT(poll_without_enter(), ::testing::ExitedWithCode(0), "");
}

TEST(UringPortDeathTest, MustNotCloseWithOperationsUnderWay) {
  const auto close_too_early = [] {
    UringPort port;
    if (!port.Open().ok()) exit(1);
    CountingOperation operation;
    io_uring_sqe entry = {};
    io_uring_prep_nop(&entry);
    port.Start(operation, entry);
    port.Close();
  };
  EXPECT_DEATH(close_too_early(), "with kernel operations under way");
}

// With as many descriptors as `allow` leaves, in a process of its own.
void ExpectNoDescriptor(void (*allow)()) {
  const auto open = [&] {
    const size_t files = OpenFiles();
    allow();
    UringPort port;
    const absl::Status status = port.Open();
    struct rlimit limit = {1024, 1024};
    setrlimit(RLIMIT_NOFILE, &limit);
    const bool is_expected =
        status.code() == absl::StatusCode::kResourceExhausted &&
        absl::StrContains(status.message(), "ulimit -n") &&
        OpenFiles() == files;
    if (!is_expected) fprintf(stderr, "%s\n", status.ToString().c_str());
    _exit(is_expected ? 0 : 1);
  };
  EXPECT_EXIT(open(), ::testing::ExitedWithCode(0), "");
}

void AllowDescriptors(rlim_t files) {
  struct rlimit limit = {files, 1024};
  setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(UringPortDeathTest, SaysThatThereAreNoDescriptors) {
  if (creche::kHasAddressSanitizer) {
    GTEST_SKIP() << "the sanitizer cannot work without descriptors";
  }
  // None for the ring; one for the ring and none for notifications.
  ExpectNoDescriptor([] { AllowDescriptors(3); });
  ExpectNoDescriptor([] {
    const int next = dup(0);
    close(next);
    AllowDescriptors(static_cast<rlim_t>(next) + 1);
  });
}

TEST(UringPortTest, TriesWithFewerFeaturesOnAnOlderKernel) {
  static std::vector<unsigned> tried;
  tried.clear();
  const Ring::SetupFunction old_kernel = [](unsigned entries, io_uring* ring,
                                            io_uring_params* params) {
    tried.push_back(params->flags);
    if (params->flags != IORING_SETUP_CLAMP) return -EINVAL;
    return io_uring_queue_init_params(entries, ring, params);
  };
  UringPort port(8, {}, old_kernel);

  ASSERT_THAT(port.Open(), IsOk());

  EXPECT_EQ(tried.size(), 5U);
  EXPECT_TRUE(tried.front() & IORING_SETUP_DEFER_TASKRUN);
  port.Close();
}

// The memory of earlier rings is not free yet; then it is.
TEST(UringPortTest, HasPatienceWhenMemoryIsShort) {
  static int failures;
  static unsigned opened_with;
  failures = 3;
  const Ring::SetupFunction late = [](unsigned entries, io_uring* ring,
                                      io_uring_params* params) {
    if (failures-- > 0) return -ENOMEM;
    opened_with = entries;
    return io_uring_queue_init_params(entries, ring, params);
  };
  UringPort port(256, {}, late);

  ASSERT_THAT(port.Open(), IsOk());

  EXPECT_EQ(opened_with, 256U);
  port.Close();
}

TEST(UringPortTest, MakesDoWithASmallerRing) {
  static unsigned opened_with;
  const Ring::SetupFunction short_of_memory =
      [](unsigned entries, io_uring* ring, io_uring_params* params) {
        if (entries > 128) return -ENOMEM;
        opened_with = entries;
        return io_uring_queue_init_params(entries, ring, params);
      };
  UringPort port(1024, {}, short_of_memory);

  ASSERT_THAT(port.Open(), IsOk());

  EXPECT_EQ(opened_with, 128U);
  port.Close();
}

TEST(UringPortTest, SaysThatThereIsNoMemory) {
  const Ring::SetupFunction refuse = [](unsigned, io_uring*, io_uring_params*) {
    return -ENOMEM;
  };
  UringPort port(1024, {}, refuse);

  const absl::Status status = port.Open();

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(status.message(), "ulimit -l")) << status;
}

TEST(UringPortTest, RefusesAKernelThatIsTooOld) {
  const size_t files = OpenFiles();
  const Ring::SetupFunction ancient = [](unsigned entries, io_uring* ring,
                                         io_uring_params* params) {
    const int result = io_uring_queue_init_params(entries, ring, params);
    params->features = IORING_FEAT_SINGLE_MMAP;
    return result;
  };
  UringPort port(8, {}, ancient);

  const absl::Status status = port.Open();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(status.message(), "too old")) << status;
  EXPECT_EQ(OpenFiles(), files);
}

}  // namespace
}  // namespace creche::internal
