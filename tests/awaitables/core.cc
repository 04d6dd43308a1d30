// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of core/ that wait by themselves.

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/function.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kCannotFail = "it has no errors";

Task<absl::Status> PlainCheckpoint() {
  co_return co_await AtOnce(Checkpoint());
}

Task<absl::Status> CancelPoint() {
  co_await CheckpointIfCancelled();
  co_return absl::OkStatus();
}

Task<absl::Status> SchedulePoint() {
  co_await ShieldedCheckpoint();
  co_return absl::OkStatus();
}

Task<absl::Status> SleepsForNoTime() {
  co_return co_await AtOnce(SleepFor(absl::ZeroDuration()));
}

Task<absl::Status> SleepsForASecond() {
  co_return co_await AtOnce(SleepFor(absl::Seconds(1)));
}

Task<absl::Status> SleepsUntilNow() {
  co_return co_await AtOnce(SleepUntil(Now()));
}

Task<absl::Status> SleepsUntilLater() {
  co_return co_await AtOnce(SleepUntil(Now() + absl::Seconds(1)));
}

Task<absl::Status> SleepsUntilCancelled() {
  co_return co_await AtOnce(MoveOnAfter(absl::Seconds(1), SleepForever()));
}

Task<absl::Status> IsUnparked() {
  ParkingLot lot;
  auto unpark = [&] { lot.Unpark(); };
  co_return co_await UntilItIsDone(lot.Park(), unpark);
}

// A door that is open, or not yet.
class Door {
 public:
  class [[nodiscard]] Pass : public ParkingOperation<Pass> {
   public:
    static constexpr const char* kName = "Door::Enter";

    explicit Pass(Door* door) : door_(door) {}
    bool TryComplete() { return door_->is_open_; }
    ParkingLot& lot() { return door_->lot_; }
    void await_resume() {}

   private:
    Door* door_;
  };

  Pass Enter() { return Pass(this); }
  void Open() {
    is_open_ = true;
    lot_.UnparkAll();
  }

 private:
  bool is_open_ = false;
  ParkingLot lot_;
};

Task<absl::Status> TheDoorIsOpen() {
  Door door;
  door.Open();
  co_return co_await AtOnce(door.Enter());
}

Task<absl::Status> TheDoorIsOpened() {
  Door door;
  auto open = [&] { door.Open(); };
  co_return co_await UntilItIsDone(door.Enter(), open);
}

Abort Gone() { return Abort::kDone; }

Task<absl::Status> IsWokenAtOnce() {
  auto wake = [](Waker waker) { waker.Wake(); };
  co_return co_await Awaited(Suspend(wake, Gone));
}

Task<absl::Status> IsWokenLater() {
  Waker waker;
  auto keep = [&](Waker w) { waker = std::move(w); };
  auto forget = [&] {
    waker = Waker();
    return Abort::kDone;
  };
  auto wake = [&] {
    if (waker) waker.Wake();
  };
  co_return co_await UntilItIsDone(Suspend(keep, forget), wake);
}

Task<> Empty() { co_return; }

Task<> Sleeps() { co_await SleepFor(absl::Seconds(1)); }

Task<absl::Status> CallsWhatDoesNotWait() {
  co_return co_await AtOnceWithoutCheckpoint(Empty());
}

Task<absl::Status> CallsWhatWaits() { co_return co_await AtOnce(Sleeps()); }

Task<absl::Status> Fails() {
  co_await Checkpoint();
  co_return absl::AbortedError("on purpose");
}

Task<absl::Status> Succeeds() {
  co_await Checkpoint();
  co_return absl::OkStatus();
}

Task<absl::Status> IsReady() { co_return absl::OkStatus(); }

Task<absl::Status> TriesWhatDoesNotWait() {
  auto body = []() -> Task<absl::Status> {
    co_await Try(IsReady());
    co_return absl::OkStatus();
  };
  co_return co_await AtOnceWithoutCheckpoint(body);
}

Task<absl::Status> TriesWhatWaits() {
  auto body = []() -> Task<absl::Status> {
    co_await Try(Succeeds());
    co_return absl::OkStatus();
  };
  co_return co_await AtOnce(body);
}

Task<absl::Status> TriesWhatFails() {
  auto body = []() -> Task<absl::Status> {
    co_await Try(Fails());
    co_return absl::OkStatus();
  };
  co_return co_await Refused(body, absl::IsAborted);
}

Task<> StartsAtOnce(TaskStatus<> status) {
  status.Started();
  co_return;
}

Task<> StartsLater(TaskStatus<> status) {
  co_await SleepFor(absl::Seconds(1));
  status.Started();
}

Task<absl::Status> NeverStarts(TaskStatus<>) {
  co_return absl::AbortedError("on purpose");
}

Task<absl::Status> ChildStartsAtOnce() {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    co_return co_await Awaited(nursery.Start(StartsAtOnce));
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> ChildStartsLater() {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    co_return co_await Awaited(nursery.Start(StartsLater));
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> ChildNeverStarts() {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    co_return co_await WithPlannedError(nursery.Start(NeverStarts),
                                        absl::IsAborted);
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> CallsAFunctionThatDoesNotWait() {
  const Function<void()> function = []() -> Task<> { co_return; };
  co_return co_await AtOnceWithoutCheckpoint(function());
}

Task<absl::Status> CallsAFunctionThatWaits() {
  const Function<void()> function = []() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
  };
  co_return co_await AtOnce(function());
}

}  // namespace

std::vector<Awaitable> CoreAwaitables() {
  return {
      {"Checkpoint", PlainCheckpoint, "it never waits", kCannotFail},
      {"CheckpointIfCancelled", CancelPoint, "it never waits", kCannotFail},
      {"ShieldedCheckpoint", SchedulePoint, "it never waits", kCannotFail},
      {"SleepFor", SleepsForNoTime, SleepsForASecond, kCannotFail},
      {"SleepUntil", SleepsUntilNow, SleepsUntilLater, kCannotFail},
      {"SleepForever", "it never completes", SleepsUntilCancelled, kCannotFail},
      {"ParkingLot::Park", "it never completes at once", IsUnparked,
       kCannotFail},
      {"ParkingOperation", TheDoorIsOpen, TheDoorIsOpened, kCannotFail},
      {"Suspend", IsWokenAtOnce, IsWokenLater, kCannotFail},
      {"Task", CallsWhatDoesNotWait, CallsWhatWaits, kCannotFail},
      {"Try", TriesWhatDoesNotWait, TriesWhatWaits, TriesWhatFails},
      {"Function::operator()", CallsAFunctionThatDoesNotWait,
       CallsAFunctionThatWaits, kCannotFail},
      {"Nursery::Start", ChildStartsAtOnce, ChildStartsLater, ChildNeverStarts},
  };
}

}  // namespace creche::awaitables
