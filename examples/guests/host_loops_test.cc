// SPDX-License-Identifier: Apache-2.0
//
// What every HostLoop does, and how guests live in it.

#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/guest_run.h"
#include "creche/testing/status_matchers.h"
#include "examples/guests/host_to_test.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"

namespace examples {
namespace {

using creche::GuestRun;
using creche::Nursery;
using creche::Pipe;
using creche::SleepFor;
using creche::Task;

struct Kind {
  const char* name;
  MakeHost make;
};

std::string NameOf(const testing::TestParamInfo<Kind>& info) {
  return info.param.name;
}

constexpr Kind kAsio = {"Asio", MakeAsioHost};
constexpr Kind kGLib = {"GLib", MakeGLibHost};
constexpr Kind kQt = {"Qt", MakeQtHost};
constexpr Kind kUv = {"Uv", MakeUvHost};

class HostLoopTest : public testing::TestWithParam<Kind> {
 protected:
  creche::HostLoop& loop() { return host_->loop(); }

  // A guest always has a descriptor, and some loops have timers only then.
  void WatchAsGuestsDo() {
    is_watching_ = true;
    loop().WatchReadable(idle_.read_end(), [] { ADD_FAILURE(); });
  }
  void TearDown() override {
    if (is_watching_) loop().Unwatch(idle_.read_end());
  }

  void QuitAfter(absl::Duration wait) {
    loop().CallAt(absl::Now() + wait, [this] { host_->Quit(); });
  }

  // What `main` gives as a guest.
  template <typename F>
  auto RunAsGuest(F main) {
    std::optional<typename GuestRun<F>::Result> result;
    GuestRun guest({}, loop(), main, [&](typename GuestRun<F>::Result got) {
      EXPECT_FALSE(result.has_value());
      result.emplace(std::move(got));
      host_->Quit();
    });
    host_->Run();
    return *std::move(result);
  }

  const std::unique_ptr<HostToTest> host_ = GetParam().make();

 private:
  Pipe idle_;
  bool is_watching_ = false;
};

INSTANTIATE_TEST_SUITE_P(Loops, HostLoopTest,
                         testing::Values(kAsio, kGLib, kQt, kUv), NameOf);

TEST_P(HostLoopTest, CallsWhileReadableUntilUnwatched) {
  WatchAsGuestsDo();
  Pipe pipe;
  int calls = 0;
  loop().WatchReadable(pipe.read_end(), [&] {
    if (++calls < 3) return;  // It stays readable.
    loop().Unwatch(pipe.read_end());
    QuitAfter(absl::Milliseconds(5));
  });
  EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
  EXPECT_EQ(calls, 0);
  host_->Run();
  EXPECT_EQ(calls, 3);
}

TEST_P(HostLoopTest, WatchesAgain) {
  Pipe pipe;
  std::string calls;
  loop().WatchReadable(pipe.read_end(), [&] {
    calls += "a";
    loop().Unwatch(pipe.read_end());
    loop().WatchReadable(pipe.read_end(), [&] {
      calls += "b";
      loop().Unwatch(pipe.read_end());
      host_->Quit();
    });
  });
  EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
  host_->Run();
  EXPECT_EQ(calls, "ab");
}

// A later, an earlier, one that is over, and one that will not come.
TEST_P(HostLoopTest, CallsAtTheirTimes) {
  WatchAsGuestsDo();
  std::string calls;
  const absl::Time start = absl::Now();
  const absl::Time later = start + absl::Milliseconds(20);
  const absl::Time earlier = start + absl::Milliseconds(10);
  loop().CallAt(start + absl::Hours(24 * 365), [&] { calls += "never"; });
  loop().CallAt(absl::InfiniteFuture(), [&] { calls += "never"; });
  loop().CallAt(later, [&] {
    EXPECT_GE(absl::Now(), later);
    calls += "c";
    host_->Quit();
  });
  loop().CallAt(earlier, [&] {
    EXPECT_GE(absl::Now(), earlier);
    calls += "b";
  });
  loop().CallAt(start - absl::Hours(1), [&] { calls += "a"; });
  loop().CallAt(absl::InfinitePast(), [&] { calls += "a"; });
  EXPECT_EQ(calls, "");
  host_->Run();
  EXPECT_EQ(calls, "aabc");
}

TEST_P(HostLoopTest, CallsSoonAndNeverAtOnce) {
  std::string calls;
  loop().CallSoon([&] {
    calls += "a";
    loop().CallSoon([&] {
      calls += "c";
      loop().CallSoon([&] {
        calls += "e";
        host_->Quit();
      });
      calls += "d";
    });
    calls += "b";
  });
  EXPECT_EQ(calls, "");
  host_->Run();
  EXPECT_EQ(calls, "abcde");
}

// Who always asks for more leaves everybody else their turn: it ends by the
// last of these.
TEST_P(HostLoopTest, WhoIsAlwaysBusyLeavesOthersTheirTurn) {
  WatchAsGuestsDo();
  Pipe pipe;
  EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
  bool is_over = false;
  int readable = 0;
  int ticks = 0;
  std::function<void()> soon = [&] {
    if (!is_over) loop().CallSoon(soon);
  };
  std::function<void()> now = [&] {
    if (!is_over) loop().CallAt(absl::Now(), now);
  };
  soon();
  now();
  loop().WatchReadable(pipe.read_end(), [&] { ++readable; });
  host_->Tick([&] {
    if (++ticks < 3 || is_over) return;
    is_over = true;
    loop().Unwatch(pipe.read_end());
    QuitAfter(absl::Milliseconds(2));
  });
  host_->Run();
  EXPECT_GE(readable, 3);
  EXPECT_GE(ticks, 3);
}

TEST_P(HostLoopTest, ToldWhatTheGuestHasGiven) {
  auto fails = []() -> Task<absl::Status> {
    co_await SleepFor(absl::Milliseconds(1));
    co_return absl::NotFoundError("gone");
  };
  EXPECT_EQ(RunAsGuest(fails), absl::NotFoundError("gone"));
  const absl::StatusOr<int> number =
      RunAsGuest([]() -> Task<int> { co_return 7; });
  EXPECT_EQ(number.value_or(0), 7);
}

TEST_P(HostLoopTest, GuestWaitsForTheKernel) {
  Pipe pipe;
  int ticks = 0;
  host_->Tick([&] {
    if (++ticks == 3) {
      EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
    }
  });
  const absl::Status status = RunAsGuest([&]() -> Task<absl::Status> {
    co_return co_await creche::WaitReadable(pipe.read_end());
  });
  EXPECT_THAT(status, creche::IsOk());
  EXPECT_GE(ticks, 3);
}

TEST_P(HostLoopTest, GuestWaitsForAThread) {
  const absl::StatusOr<int> answer =
      RunAsGuest([]() -> Task<absl::StatusOr<int>> {
        co_return co_await creche::RunInThread([] { return 8; });
      });
  EXPECT_EQ(answer.value_or(0), 8);
}

// A deadline that is far away does not hide one that comes first.
TEST_P(HostLoopTest, GuestHasEarlierDeadlines) {
  const absl::Status status = RunAsGuest([]() -> Task<absl::Status> {
    auto waits = [](Nursery& nursery) -> Task<> {
      nursery.StartSoon([]() -> Task<> { co_await SleepFor(absl::Hours(1)); });
      for (int i = 5; i > 0; --i) {
        co_await creche::MoveOnAfter(absl::Minutes(i),
                                     SleepFor(absl::Milliseconds(2)));
      }
      nursery.cancel_scope().Cancel();
    };
    co_return co_await creche::WithNursery(waits);
  });
  EXPECT_THAT(status, creche::IsOk());
}

// The task waits for nothing but its turn, and so has one all the time.
TEST_P(HostLoopTest, GoesOnWhileTheGuestIsBusy) {
  int ticks = 0;
  host_->Tick([&] { ++ticks; });
  const absl::Status status = RunAsGuest([&]() -> Task<> {
    while (ticks < 5) co_await creche::Checkpoint();
  });
  EXPECT_THAT(status, creche::IsOk());
}

TEST_P(HostLoopTest, CancelsTheGuest) {
  absl::AnyInvocable<void()> cancel;
  int ticks = 0;
  host_->Tick([&] {
    if (++ticks == 2) cancel();
  });
  absl::Status status;
  GuestRun guest(
      {}, loop(), []() -> Task<> { co_await creche::SleepForever(); },
      [&](absl::Status got) {
        status = std::move(got);
        host_->Quit();
      });
  cancel = [&] { guest.Cancel("the window was closed"); };
  host_->Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_NE(status.ToString().find("the window was closed"), std::string::npos);
}

// Loops that end when nothing is left for them to do.
using EndingHostLoopTest = HostLoopTest;
INSTANTIATE_TEST_SUITE_P(Loops, EndingHostLoopTest, testing::Values(kAsio, kUv),
                         NameOf);

TEST_P(EndingHostLoopTest, EndsWithItsGuestsWhateverDeadlinesTheyHad) {
  bool is_done = false;
  GuestRun guest(
      {}, loop(),
      []() -> Task<> {
        co_await creche::MoveOnAfter(absl::Hours(1),
                                     SleepFor(absl::Milliseconds(1)));
      },
      [&](absl::Status) { is_done = true; });
  host_->Run();
  EXPECT_TRUE(is_done);
}

// Loops that can be run in their own callbacks.
using NestingHostLoopTest = HostLoopTest;
INSTANTIATE_TEST_SUITE_P(Loops, NestingHostLoopTest,
                         testing::Values(kAsio, kGLib, kQt), NameOf);

// A task with a modal dialog: its run waits, the loop and another guest do not.
// `before` is what the task waits for first: so it has its turn by each kind of
// callback.
template <typename Before>
void RunNested(HostToTest& host, Before before) {
  bool is_nested = false;
  bool ran_inside = false;
  bool is_done = false;
  int ticks_inside = 0;
  std::optional<creche::RunHandle> other_run;
  creche::Event dialog;
  host.Tick([&] {
    if (is_nested && ++ticks_inside == 3) {
      other_run->Post([&] { dialog.Set(); });
    }
  });
  auto sibling = [&]() -> Task<> {
    for (int i = 0; i < 3; ++i) {
      co_await SleepFor(absl::Milliseconds(1));
      if (is_nested) ran_inside = true;
    }
  };
  auto main = [&]() -> Task<absl::Status> {
    auto children = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(sibling);
      co_await before();
      is_nested = true;
      host.Run();  // Until the other guest has ended.
      is_nested = false;
    };
    co_return co_await creche::WithNursery(children);
  };
  GuestRun other(
      {}, host.loop(),
      [&]() -> Task<> {
        other_run = creche::RunHandle::Current();
        co_await dialog.Wait();
        co_await SleepFor(absl::Milliseconds(5));
        other_run.reset();
      },
      [&](absl::Status) { host.Quit(); });
  GuestRun guest({}, host.loop(), main, [&](absl::Status status) {
    EXPECT_THAT(status, creche::IsOk());
    is_done = true;
    host.Quit();
  });
  host.Run();
  EXPECT_TRUE(is_done);
  EXPECT_FALSE(ran_inside);
  EXPECT_GE(ticks_inside, 3);
}

TEST_P(NestingHostLoopTest, TaskOfATurnRunsTheLoop) {
  RunNested(*host_, []() -> Task<> { co_await creche::Checkpoint(); });
}

TEST_P(NestingHostLoopTest, TaskOfATimerRunsTheLoop) {
  RunNested(*host_,
            []() -> Task<> { co_await SleepFor(absl::Milliseconds(2)); });
}

TEST_P(NestingHostLoopTest, TaskOfADescriptorRunsTheLoop) {
  RunNested(*host_, []() -> Task<> {
    Pipe pipe;
    EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
    EXPECT_THAT(co_await creche::WaitReadable(pipe.read_end()), creche::IsOk());
    // By a thread, so that the descriptor tells of it.
    EXPECT_THAT(co_await creche::RunInThread([] { usleep(1000); }),
                creche::IsOk());
  });
}

}  // namespace
}  // namespace examples
