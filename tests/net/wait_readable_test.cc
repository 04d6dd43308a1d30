// SPDX-License-Identifier: Apache-2.0

#include "creche/net/wait_readable.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

FileDescriptor MakeEvent() {
  return FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void Signal(const FileDescriptor& event) {
  const std::uint64_t one = 1;
  EXPECT_EQ(write(event.get(), &one, sizeof(one)), 8);
}

TEST(WaitReadableTest, EndsWhenThereIsSomething) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor event = MakeEvent();
    bool is_ready = false;
    auto wait = [&]() -> Task<absl::Status> {
      co_await Try(WaitReadable(event.get()));
      is_ready = true;
      // It only looks: the next call finds it again.
      co_return co_await WaitReadable(event.get());
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await WaitAllTasksBlocked();
      EXPECT_FALSE(is_ready);
      Signal(event);
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(WaitReadableTest, BothDirectionsAtOnce) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor event = MakeEvent();
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        co_return co_await WaitReadable(event.get());
      });
      co_await WaitAllTasksBlocked();
      co_await Try(WaitWritable(event.get()));
      Signal(event);
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(WaitReadableTest, TheEndOfAPipeIsReadable) {
  auto main = []() -> Task<absl::Status> {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    FileDescriptor reader(fds[0]);
    close(fds[1]);
    co_return co_await WaitReadable(reader.get());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(WaitReadableTest, ATimerIsReadableWhenItHasExpired) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    const itimerspec soon = {{0, 0}, {0, 1'000'000}};
    EXPECT_EQ(timerfd_settime(timer.get(), 0, &soon, nullptr), 0);
    co_await Try(WaitReadable(timer.get()));
    std::uint64_t expirations = 0;
    EXPECT_EQ(read(timer.get(), &expirations, sizeof(expirations)), 8);
    EXPECT_EQ(expirations, 1U);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(WaitReadableTest, OneTaskInEachDirection) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor event = MakeEvent();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        co_return co_await WaitReadable(event.get());
      });
      co_await WaitAllTasksBlocked();
      const absl::Status second = co_await WaitReadable(event.get());
      EXPECT_TRUE(IsBusyResource(second)) << second;
      // The first is not disturbed.
      Signal(event);
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(WaitReadableTest, SaysWhatIsNoDescriptor) {
  auto main = []() -> Task<> {
    for (const int fd : {-1, 1'000'000}) {
      const absl::Status status = co_await WaitReadable(fd);
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
      EXPECT_TRUE(absl::StrContains(status.message(), "WaitReadable("))
          << status;
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(WaitReadableTest, ACancelledWaitLeavesTheDescriptorFree) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor event = MakeEvent();
    const auto first =
        co_await MoveOnAfter(absl::Milliseconds(1), WaitReadable(event.get()));
    EXPECT_FALSE(first.has_value());
    Signal(event);
    co_return co_await WaitReadable(event.get());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(NotifyClosingTest, EndsBothWaitsAndFreesTheNumber) {
  auto main = []() -> Task<absl::Status> {
    const FileDescriptor other = MakeEvent();
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    const int number = fds[0];
    FileDescriptor writer(fds[1]);
    absl::Status readable;
    absl::Status writable;
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(
          [&]() -> Task<> { readable = co_await WaitReadable(number); });
      // The end that is read from is never writable.
      nursery.StartSoon(
          [&]() -> Task<> { writable = co_await WaitWritable(number); });
      co_await WaitAllTasksBlocked();
      NotifyClosing(number);
      close(number);
      // In the same step, another file gets the number.
      FileDescriptor event(fcntl(other.get(), F_DUPFD_CLOEXEC, number));
      EXPECT_EQ(event.get(), number);
      Signal(event);
      co_return co_await WaitReadable(event.get());
    };
    absl::Status status = co_await WithNursery(body);
    EXPECT_TRUE(IsClosedResource(readable)) << readable;
    EXPECT_TRUE(IsClosedResource(writable)) << writable;
    co_return status;
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// A wait that the kernel has not heard of when the descriptor goes.
TEST(NotifyClosingTest, InTheStepAfterTheWaitBegan) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor event = MakeEvent();
    absl::Status status;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(
          [&]() -> Task<> { status = co_await WaitReadable(event.get()); });
      nursery.StartSoon([&]() -> Task<> {
        NotifyClosing(event.get());
        event = MakeEvent();
        Signal(event);
        co_return;
      });
      co_return;
    };
    co_await Try(WithNursery(body));
    EXPECT_TRUE(IsClosedResource(status)) << status;
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(NotifyClosingTest, ACancellationThatCameFirstStaysOne) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor event = MakeEvent();
    CancelScope scope;
    bool went_on = false;
    auto wait = [&]() -> Task<> {
      co_await scope.Run([&]() -> Task<> {
        (co_await WaitReadable(event.get())).IgnoreError();
        went_on = true;
      });
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await WaitAllTasksBlocked();
      scope.Cancel();
      NotifyClosing(event.get());
    };
    co_await Try(WithNursery(body));
    EXPECT_TRUE(scope.cancelled_caught());
    EXPECT_FALSE(went_on);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(NotifyClosingTest, OfWhatNobodyWaitsForDoesNothing) {
  NotifyClosing(0);  // Also outside of a run.
  auto main = []() -> Task<> {
    NotifyClosing(-1);
    co_return;
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

Task<absl::Status> Waiting() {
  FileDescriptor event = MakeEvent();
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      co_return co_await WaitReadable(event.get());
    });
    co_await Try(WaitWritable(event.get()));
    Signal(event);
    co_return absl::OkStatus();
  };
  co_await Try(WithNursery(body));
  co_return co_await WaitReadable(event.get());
}

Task<absl::Status> Closing() {
  FileDescriptor event = MakeEvent();
  auto wait = [&]() -> Task<> {
    const absl::Status status = co_await WaitReadable(event.get());
    EXPECT_FALSE(status.ok());
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(wait);
    co_await SleepFor(absl::Seconds(1));
    NotifyClosing(event.get());
  };
  co_return co_await WithNursery(body);
}

TEST(WaitReadableTest, SurvivesEverything) {
  CancelEverywhere(Waiting);
  FailEverywhere(Waiting);
  CancelEverywhere(Closing);
  FailEverywhere(Closing);
}

}  // namespace
}  // namespace creche
