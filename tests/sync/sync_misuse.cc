// SPDX-License-Identifier: Apache-2.0
//
// What must not compile, and what the compiler is to say.

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/sync/channel.h"
#include "creche/sync/lock.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"

namespace creche {

struct ThrowsOnMove {
  ThrowsOnMove() = default;
  ThrowsOnMove(ThrowsOnMove&&) {}
};

Task<int> Answer() { co_return 42; }

Task<> Use() {
  Lock lock;
  Semaphore semaphore(1);
  auto [send, receive] = MakeChannel<int>(1);
  LockGuard guard = co_await lock.Acquire();
  Permit permit = co_await semaphore.Acquire();
  auto receiving = receive.Receive();
  std::optional<int> value = co_await std::move(receiving);
  if (!value.has_value()) co_return;

#if defined(CHANNEL_OF_WHAT_THROWS_ON_MOVE)
  auto bad = MakeChannel<ThrowsOnMove>(1);
#elif defined(SENDER_COPIED)
  Sender<int> copy = send;
#elif defined(GUARD_COPIED)
  LockGuard copy = guard;
#elif defined(NOT_AWAITED)
  receive.Receive();
#elif defined(AWAITED_AS_AN_LVALUE)
  auto named = receive.Receive();
  value = co_await named;
#elif defined(SELECT_OF_A_TASK)
  auto first = co_await Select(Answer(), receive.Receive());
#elif defined(SELECT_OF_NOTHING)
  co_await Select();
#endif
}

}  // namespace creche
