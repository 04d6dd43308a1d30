// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of sync/.

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/sync/barrier.h"
#include "creche/sync/broadcast.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/one_shot.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"
#include "creche/sync/watch.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kCannotFail = "it has no errors";

Task<absl::Status> EventIsSet() {
  Event event;
  event.Set();
  co_return co_await AtOnce(event.Wait());
}

Task<absl::Status> EventIsSetLater() {
  Event event;
  co_return co_await UntilItIsDone(event.Wait(), [&] { event.Set(); });
}

Task<absl::Status> BarrierOfOne() {
  Barrier barrier(1);
  co_return co_await AtOnce(barrier.Wait());
}

Task<absl::Status> AllHaveCome() {
  Barrier barrier(2);
  // What Wait() does first.
  auto arrive = [&] { (void)barrier.Wait().TryComplete(); };
  co_return co_await UntilItIsDone(barrier.Wait(), arrive);
}

Task<absl::Status> LockIsFree() {
  Lock lock;
  co_return co_await AtOnce(lock.Acquire());
}

Task<absl::Status> LockIsReleased() {
  Lock lock;
  std::optional<LockGuard> held;
  // By another task: a task must not wait for itself.
  auto hold = [&]() -> Task<> { held.emplace(co_await lock.Acquire()); };
  auto holder = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(hold);
    co_return;
  };
  (co_await WithNursery(holder)).IgnoreError();
  co_return co_await UntilItIsDone(lock.Acquire(), [&] { held.reset(); });
}

Task<absl::Status> PermitIsThere() {
  Semaphore semaphore(1);
  co_return co_await AtOnce(semaphore.Acquire());
}

Task<absl::Status> PermitIsReleased() {
  Semaphore semaphore(0);
  auto release = [&] { semaphore.Release(); };
  co_return co_await UntilItIsDone(semaphore.Acquire(), release);
}

Task<absl::Status> TokenIsThere() {
  CapacityLimiter limiter(1);
  co_return co_await AtOnce(limiter.Acquire());
}

Task<absl::Status> TokenIsReturned() {
  CapacityLimiter limiter(1);
  std::optional<CapacityToken> held = limiter.TryAcquire();
  co_return co_await UntilItIsDone(limiter.Acquire(), [&] { held.reset(); });
}

Task<absl::Status> IsNotified() {
  Lock lock;
  Condition condition(lock);
  LockGuard guard = co_await lock.Acquire();
  co_return co_await UntilItIsDone(condition.Wait(guard),
                                   [&] { condition.Notify(); });
}

Task<absl::Status> ThereIsRoom() {
  auto [sender, receiver] = MakeChannel<int>(1);
  co_return co_await AtOnce(sender.Send(1));
}

Task<absl::Status> ThereIsRoomLater() {
  auto [sender, receiver] = MakeChannel<int>(0);
  auto take = [&r = receiver] { r.TryReceive().IgnoreError(); };
  co_return co_await UntilItIsDone(sender.Send(1), take);
}

Task<absl::Status> SenderIsClosed() {
  auto [sender, receiver] = MakeChannel<int>(1);
  sender.Close();
  co_return co_await Refused(sender.Send(1), IsClosedResource);
}

Task<absl::Status> ValueIsThere() {
  auto [sender, receiver] = MakeChannel<int>(1);
  sender.TrySend(1).IgnoreError();
  co_return co_await AtOnce(receiver.Receive());
}

Task<absl::Status> ValueIsSent() {
  auto [sender, receiver] = MakeChannel<int>(1);
  auto send = [&s = sender] { s.TrySend(1).IgnoreError(); };
  co_return co_await UntilItIsDone(receiver.Receive(), send);
}

Task<absl::Status> ReceiverIsClosed() {
  auto [sender, receiver] = MakeChannel<int>(1);
  receiver.Close();
  co_return co_await AtOnce(receiver.Receive());
}

Task<absl::Status> BroadcastHasSent() {
  Broadcast<int> broadcast(1);
  Subscription<int> subscription = broadcast.Subscribe();
  broadcast.Send(1).IgnoreError();
  co_return co_await AtOnce(subscription.Receive());
}

Task<absl::Status> BroadcastSends() {
  Broadcast<int> broadcast(1);
  Subscription<int> subscription = broadcast.Subscribe();
  auto send = [&] { broadcast.Send(1).IgnoreError(); };
  co_return co_await UntilItIsDone(subscription.Receive(), send);
}

Task<absl::Status> BroadcastIsClosed() {
  Broadcast<int> broadcast(1);
  Subscription<int> subscription = broadcast.Subscribe();
  broadcast.Close();
  co_return co_await Refused(subscription.Receive(), IsEndOfStream);
}

Task<absl::Status> OneShotIsSet() {
  OneShot<int> shot;
  shot.Set(1);
  co_return co_await AtOnce(shot.Get());
}

Task<absl::Status> OneShotIsSetLater() {
  OneShot<int> shot;
  co_return co_await UntilItIsDone(shot.Get(), [&] { shot.Set(1); });
}

Task<absl::Status> OneShotIsBroken() {
  OneShot<int> shot;
  shot.TakeSetter();
  co_return co_await Refused(shot.Get(), IsBrokenResource);
}

constexpr auto kIsOne = [](int value) { return value == 1; };

Task<absl::Status> WatchIsOne() {
  Watch<int> watch(1);
  co_return co_await AtOnce(watch.WaitUntil(kIsOne));
}

Task<absl::Status> WatchBecomesOne() {
  Watch<int> watch(0);
  co_return co_await UntilItIsDone(watch.WaitUntil(kIsOne),
                                   [&] { watch.Set(1); });
}

Task<absl::Status> WatchHasNewValue() {
  Watch<int> watch(0);
  WatchReader<int> reader(watch);
  co_return co_await AtOnce(reader.Next());
}

Task<absl::Status> WatchGetsNewValue() {
  Watch<int> watch(0);
  WatchReader<int> reader(watch);
  co_await reader.Next();
  co_return co_await UntilItIsDone(reader.Next(), [&] { watch.Set(1); });
}

Task<absl::Status> OneIsReady() {
  Event never;
  Event event;
  event.Set();
  co_return co_await AtOnce(Select(never.Wait(), event.Wait()));
}

Task<absl::Status> OneBecomesReady() {
  Event event;
  co_return co_await UntilItIsDone(
      Select(event.Wait(), SleepFor(absl::Hours(1))), [&] { event.Set(); });
}

}  // namespace

std::vector<Awaitable> SyncAwaitables() {
  return {
      {"Event::Wait", EventIsSet, EventIsSetLater, kCannotFail},
      {"Barrier::Wait", BarrierOfOne, AllHaveCome, kCannotFail},
      {"Lock::Acquire", LockIsFree, LockIsReleased, kCannotFail},
      {"Semaphore::Acquire", PermitIsThere, PermitIsReleased, kCannotFail},
      {"CapacityLimiter::Acquire", TokenIsThere, TokenIsReturned, kCannotFail},
      {"Condition::Wait", "it always waits", IsNotified, kCannotFail},
      {"Sender::Send", ThereIsRoom, ThereIsRoomLater, SenderIsClosed},
      {"Receiver::Receive", ValueIsThere, ValueIsSent, ReceiverIsClosed},
      {"Subscription::Receive", BroadcastHasSent, BroadcastSends,
       BroadcastIsClosed},
      {"OneShot::Get", OneShotIsSet, OneShotIsSetLater, OneShotIsBroken},
      {"Watch::WaitUntil", WatchIsOne, WatchBecomesOne, kCannotFail},
      {"WatchReader::Next", WatchHasNewValue, WatchGetsNewValue, kCannotFail},
      {"Select", OneIsReady, OneBecomesReady, kCannotFail},
  };
}

}  // namespace creche::awaitables
