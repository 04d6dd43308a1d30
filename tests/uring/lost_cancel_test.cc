// SPDX-License-Identifier: Apache-2.0
//
// A cancellation that comes while the kernel does not find the operation. It
// does not find one that stands behind another in a chain of links, so here it
// answers -ENOENT as long as the test likes.

#include <liburing.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"
#include "lib/uring/restart_code.h"
#include "lib/uring/uring_port.h"
#include "tests/support/counting_operation.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

// With and without a word of cancellations that worked.
class LostCancelTest : public ::testing::TestWithParam<bool> {
 protected:
  LostCancelTest() : port_(64, Features()) {}

  static UringFeatures Features() {
    UringFeatures features;
    features.skip_success = GetParam();
    return features;
  }

  void SetUp() override {
    ASSERT_THAT(port_.Open(), IsOk());
    io_uring_sqe entry = {};
    io_uring_prep_read(&entry, first_pipe_.read_end(), &byte_, 1, 0);
    entry.flags |= IOSQE_IO_LINK;
    port_.Start(first_, entry);
    io_uring_prep_read(&entry, second_pipe_.read_end(), &byte_, 1, 0);
    port_.Start(hidden_, entry);
    port_.Poll();
    port_.Cancel(hidden_);
  }
  void TearDown() override { port_.Close(); }

  // From now on the kernel finds it.
  void Reveal() { EXPECT_EQ(write(first_pipe_.write_end(), "x", 1), 1); }

  // As Linux 6.1 says it of what a worker has (with a restart code in some of
  // its releases), or as others do.
  void ExpectHiddenCancelled() {
    const int result = WithoutRestartCode(hidden_.last_result);
    EXPECT_TRUE(result == -ECANCELED || result == -EINTR) << result;
  }

  Pipe first_pipe_;
  Pipe second_pipe_;
  char byte_ = 0;
  UringPort port_;
  CountingOperation first_;
  CountingOperation hidden_;
};
INSTANTIATE_TEST_SUITE_P(Kernels, LostCancelTest, ::testing::Bool());

TEST_P(LostCancelTest, IsAskedAgainByAWait) {
  port_.Wait(absl::Milliseconds(1));
  EXPECT_EQ(hidden_.completions, 0);
  Reveal();
  while (hidden_.completions == 0) port_.Wait(absl::InfiniteDuration());
  ExpectHiddenCancelled();
}

// A run whose tasks are busy never waits.
TEST_P(LostCancelTest, IsAskedAgainByAPoll) {
  port_.Poll();
  Reveal();
  while (hidden_.completions == 0) port_.Poll();
  ExpectHiddenCancelled();
}

TEST_P(LostCancelTest, IsAskedAgainAlthoughOthersComplete) {
  CountingOperation nop;
  io_uring_sqe entry = {};
  io_uring_prep_nop(&entry);
  for (int round = 0; hidden_.completions == 0; ++round) {
    port_.Start(nop, entry);
    port_.Wait(absl::InfiniteDuration());
    if (round == 100) Reveal();
  }
  ExpectHiddenCancelled();
}

absl::Duration ProcessorTime() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

// To ask all the time would take all of the wait. How long the pauses are:
// cancel_requests_test.cc. An emulated machine needs a third of the wait for
// what it asks.
TEST_P(LostCancelTest, IsNotAskedAgainAllTheTime) {
  constexpr absl::Duration kWait = absl::Milliseconds(300);
  const absl::Duration start = ProcessorTime();
  port_.Wait(kWait);
  EXPECT_LT(ProcessorTime() - start, kWait / 2);
  EXPECT_EQ(hidden_.completions, 0);
  Reveal();
  while (hidden_.completions == 0) port_.Wait(absl::InfiniteDuration());
}

// That it was not found, and asked again, is nothing that a run waits for.
TEST_P(LostCancelTest, DoesNotEndAWait) {
  const CancelRequests::Clock::time_point start = CancelRequests::Clock::now();
  port_.Wait(absl::Milliseconds(20));
  EXPECT_GE(absl::FromChrono(CancelRequests::Clock::now() - start),
            absl::Milliseconds(20));
  Reveal();
  while (hidden_.completions == 0) port_.Wait(absl::InfiniteDuration());
}

// The answer comes when the operation has ended and another has its address.
TEST_P(LostCancelTest, NeverHitsTheNextOperation) {
  Reveal();
  EXPECT_EQ(write(second_pipe_.write_end(), "x", 1), 1);
  while (hidden_.completions == 0) port_.Wait(absl::InfiniteDuration());
  io_uring_sqe entry = {};
  io_uring_prep_read(&entry, second_pipe_.read_end(), &byte_, 1, 0);
  hidden_.completions = 0;
  port_.Start(hidden_, entry);
  port_.Wait(absl::Milliseconds(20));
  if (hidden_.last_result == 1) {
    EXPECT_EQ(hidden_.completions, 0);
    EXPECT_EQ(write(second_pipe_.write_end(), "y", 1), 1);
    while (hidden_.completions == 0) port_.Wait(absl::InfiniteDuration());
  }
  EXPECT_EQ(hidden_.last_result, 1);
}

}  // namespace
}  // namespace creche::internal
