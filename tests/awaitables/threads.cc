// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of threads/ and cores/.

#include <vector>

#include "absl/status/status.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/threads/run_in_thread.h"
#include "creche/threads/thread_channel.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kNeedsCores =
    "it needs a RunOnCores(), which is no part of a run";

constexpr auto kNothing = [] {};

Task<absl::Status> ThreadReturns() {
  co_return co_await AtOnce(RunInThread(kNothing));
}

Task<absl::Status> ThereIsRoom() {
  auto [sender, receiver] = MakeThreadChannel<int>(1);
  co_return co_await AtOnce(sender.Send(1));
}

Task<absl::Status> ThereIsRoomLater() {
  auto [sender, receiver] = MakeThreadChannel<int>(0);
  auto take = [&r = receiver] { r.TryReceive().IgnoreError(); };
  co_return co_await UntilItIsDone(sender.Send(1), take);
}

Task<absl::Status> SenderIsClosed() {
  auto [sender, receiver] = MakeThreadChannel<int>(1);
  sender.Close();
  co_return co_await Refused(sender.Send(1), IsClosedResource);
}

Task<absl::Status> ValueIsThere() {
  auto [sender, receiver] = MakeThreadChannel<int>(1);
  sender.TrySend(1).IgnoreError();
  co_return co_await AtOnce(receiver.Receive());
}

Task<absl::Status> ValueIsSent() {
  auto [sender, receiver] = MakeThreadChannel<int>(1);
  auto send = [&s = sender] { s.TrySend(1).IgnoreError(); };
  co_return co_await UntilItIsDone(receiver.Receive(), send);
}

Task<absl::Status> ReceiverIsClosed() {
  auto [sender, receiver] = MakeThreadChannel<int>(1);
  receiver.Close();
  co_return co_await AtOnce(receiver.Receive());
}

}  // namespace

std::vector<Awaitable> ThreadAwaitables() {
  return {
      {"RunInThread", ThreadReturns,
       "what it waits for is a thread, not a task",
       "it is refused only where there is no thread"},
      {"ThreadSender::Send", ThereIsRoom, ThereIsRoomLater, SenderIsClosed},
      {"ThreadReceiver::Receive", ValueIsThere, ValueIsSent, ReceiverIsClosed},
      {"Core::RunOn", kNeedsCores, kNeedsCores, kNeedsCores},
      {"ServeTcpOnCores", kNeedsCores, kNeedsCores, kNeedsCores},
  };
}

}  // namespace creche::awaitables
