// SPDX-License-Identifier: Apache-2.0

#include "tests/model/library_run.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/sync/channel.h"
#include "creche/sync/select.h"
#include "tests/model/library_script.h"
#include "tests/model/script.h"

namespace creche::model {

std::string LibraryRun::NameOfReason(const std::string& reason) {
  if (reason.find("a child task failed") == 0) return "child";
  if (reason.find("the nursery's body failed") == 0) return "body";
  if (reason.find("another body of the Race()") == 0) return "race";
  return reason;
}

Task<absl::Status> LibraryRun::RunBlock(int task, const Block& block) {
  BlockGuard guard(this, block.id);
  for (const Step& step : block.steps) {
    if (step.op != Op::kJanitor) {
      Record("t" + std::to_string(task) + " at " + std::to_string(step.id));
    }
    absl::Status status;
    const std::string name = "e" + std::to_string(step.id);
    switch (step.op) {
      case Op::kCheckpoint:
        co_await Checkpoint();
        break;
      case Op::kShieldedCheckpoint:
        co_await ShieldedCheckpoint();
        break;
      case Op::kCheckpointIfCancelled:
        co_await CheckpointIfCancelled();
        break;
      case Op::kSleep:
        co_await SleepFor(absl::Seconds(step.amount));
        break;
      case Op::kTryFail:
        co_await Try(absl::UnknownError(name));
        break;
      case Op::kThrow:
#if defined(__cpp_exceptions)
        throw Thrown(name);
#else
        [[fallthrough]];
#endif
      case Op::kFail:
        co_return absl::UnknownError(name);
      case Op::kCall:
        status = co_await RunBlock(task, step.body);
        break;
      case Op::kTryCall:
        co_await Try(RunBlock(task, step.body));
        break;
      case Op::kScope:
      case Op::kMoveOn:
      case Op::kShield:
        status = co_await RunScope(task, step);
        break;
      case Op::kFailAfter:
        status = co_await RunFailAfter(task, step);
        break;
      case Op::kCleanup:
        status = co_await RunCleanup(task, step);
        break;
      case Op::kNursery:
        status = co_await RunNursery(task, step);
        break;
      case Op::kWhenAll:
        status = co_await RunWhenAll(step);
        break;
      case Op::kRace:
        status = co_await RunRace(step);
        break;
      case Op::kWith:
        status = co_await local_.With(step.id, RunBlock(task, step.body));
        break;
      case Op::kSpawn:
        nurseries_[Index(step.target)]->StartSoon(
            &LibraryRun::RunBlock, this, step.id, std::cref(step.body));
        break;
      case Op::kStart:
        status = co_await RunStart(step);
        break;
      case Op::kStarted:
        if (auto& start = starts_[Index(step.target)]; start.has_value()) {
          std::exchange(start, std::nullopt)->Started();
        }
        break;
      case Op::kCancel:
      case Op::kSetDeadline:
      case Op::kSetShield:
      case Op::kQuery:
        RunOnScope(step);
        break;
      case Op::kAdvance:
        clock_.Advance(absl::Seconds(step.amount));
        break;
      case Op::kPark:
        co_await lots_[step.target].Park();
        break;
      case Op::kUnpark:
        lots_[step.target].Unpark(Index(step.amount));
        break;
      case Op::kSlow:
        co_await RunSlow(step);
        break;
      case Op::kFinishSlow:
        FinishSlow();
        break;
      case Op::kLocal:
        Record("local " + std::to_string(local_.Get().value_or(-1)));
        break;
      case Op::kSend:
        co_await RunSend(step);
        break;
      case Op::kReceive:
        co_await RunReceive(step);
        break;
      case Op::kSelect:
        co_await RunSelect(step);
        break;
      case Op::kCloseSender:
        channels_[step.target].first.Close();
        break;
      case Op::kCloseReceiver:
        channels_[step.target].second.Close();
        break;
      case Op::kJanitor:
        for (;;) {
          for (ParkingLot& lot : lots_) lot.UnparkAll();
          FinishSlow();
          ServeChannels();
          if (done_) break;
          co_await SleepFor(absl::Seconds(25));
        }
        break;
      case Op::kDone:
        done_ = true;
        break;
    }
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

Task<> LibraryRun::RunSend(const Step& step) {
  RecordSend(co_await channels_[step.target].first.Send(step.id), step);
}

void LibraryRun::RecordSend(const absl::Status& sent, const Step& step) {
  if (sent.ok()) {
    Record("sent " + std::to_string(step.id));
  } else {
    Record(IsBrokenResource(sent) ? "send: broken" : "send: closed");
  }
}

Task<> LibraryRun::RunReceive(const Step& step) {
  const std::optional<int> value =
      co_await channels_[step.target].second.Receive();
  Record("received " + std::to_string(value.value_or(-1)));
}

Task<> LibraryRun::RunSelect(const Step& step) {
  auto first = co_await creche::Select(
      channels_[step.target].second.Receive(),
      channels_[(step.target + 1) % kChannels].first.Send(step.id),
      SleepFor(absl::Seconds(step.amount)));
  if (first.index() == 0) {
    Record("received " + std::to_string(std::get<0>(first).value_or(-1)));
  } else if (first.index() == 1) {
    RecordSend(std::get<1>(first), step);
  } else {
    Record("selected 2");
  }
}

// On a channel of which an end is closed nobody waits.
void LibraryRun::ServeChannels() {
  for (auto& [sender, receiver] : channels_) {
    while (sender.statistics().tasks_waiting_to_send > 0) {
      receiver.TryReceive().IgnoreError();
    }
    while (sender.statistics().tasks_waiting_to_receive > 0) {
      sender.TrySend(0).IgnoreError();
    }
  }
}

Task<> LibraryRun::RunSlow(const Step& step) {
  auto wait = std::make_shared<SlowWait>();
  wait->completes = step.flag;
  wait->is_aborting = false;
  co_await Suspend(
      [&](Waker waker) {
        wait->waker = std::move(waker);
        slow_.push_back(wait);
      },
      [&] {
        Record("abort of " + std::to_string(step.id));
        wait->is_aborting = true;
        return Abort::kPending;
      });
}

void LibraryRun::FinishSlow() {
  for (const auto& wait : std::exchange(slow_, {})) {
    if (wait->is_aborting && !wait->completes) {
      std::move(wait->waker).Aborted();
    } else {
      std::move(wait->waker).Wake();
    }
  }
}

void LibraryRun::RunOnScope(const Step& step) {
  CancelScope* scope = Referred(step);
  if (scope == nullptr) return;
  if (step.op == Op::kCancel) {
    scope->Cancel("c" + std::to_string(step.id));
  } else if (step.op == Op::kSetDeadline) {
    scope->set_deadline(step.amount == kNever
                            ? absl::InfiniteFuture()
                            : start_ + absl::Seconds(step.amount));
  } else if (step.op == Op::kSetShield) {
    scope->set_shield(step.flag);
  } else {
    const std::string scope_says = Describe(*scope);
    const absl::Time until = CurrentEffectiveDeadline();
    const auto seconds = until == absl::InfiniteFuture() ? std::int64_t{kNever}
                         : until == absl::InfinitePast()
                             ? std::int64_t{-1}
                             : absl::ToInt64Seconds(until - start_);
    Record("scope " + std::to_string(step.target) + ": " + scope_says +
           (CurrentlyCancelled() ? ", cancelled" : "") + ", until " +
           std::to_string(seconds));
  }
}

Trace RunLibrary(const Script& script,
                 std::optional<std::uint64_t> schedule_seed) {
  return LibraryRun(script).Run(schedule_seed);
}

}  // namespace creche::model
