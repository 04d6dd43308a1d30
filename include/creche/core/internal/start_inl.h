// SPDX-License-Identifier: Apache-2.0
//
// Nursery::Start(). Until Started() the child is in a temporary nursery of the
// caller. Started() moves the child, with everything below it, into the nursery
// that Start() was called on.

#ifndef CRECHE_CORE_INTERNAL_START_INL_H_
#define CRECHE_CORE_INTERNAL_START_INL_H_

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/child_task_inl.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/lent_arguments.h"
#include "creche/core/internal/nursery_access.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/internal/start_handshake.h"

namespace creche {
namespace internal {

class StartAccess {
 public:
  template <typename V>
  static TaskStatus<V> Status(std::shared_ptr<ValueHandshake<V>> handshake) {
    return TaskStatus<V>(std::move(handshake));
  }
};

// Keeps the nursery that a Start() is for open, and ends the handshake when the
// Start() does.
class PendingStart {
 public:
  PendingStart(NurseryState& target, std::shared_ptr<StartHandshake> handshake)
      : target_(target), handshake_(std::move(handshake)) {
    target_.CheckOpen("Start");
    handshake_->target = &target;
    target_.AddPendingStart();
  }
  PendingStart(const PendingStart&) = delete;
  PendingStart& operator=(const PendingStart&) = delete;
  ~PendingStart() {
    handshake_->child = nullptr;
    target_.RemovePendingStart();
  }

 private:
  NurseryState& target_;
  std::shared_ptr<StartHandshake> handshake_;
};

absl::Status EndedWithoutStarted();

#if defined(__cpp_exceptions)
// Inside a handler: rethrows what is in a group of one as it is.
[[noreturn]] void RethrowUnwrapped(const ExceptionGroup& group);
#endif

CRECHE_CORO_TEMPLATES_BEGIN
template <typename V, typename F, typename... Args>
CRECHE_CORO_OWNS_ARGUMENTS Task<StatusOrOf<V>> StartIn(
    NurseryState* target, F f, std::tuple<Args...> args) {
  auto handshake = std::make_shared<ValueHandshake<V>>();
  PendingStart pending(*target, handshake);
  auto start_child = [&f, &args, &handshake](Nursery& nursery) -> Task<> {
    NurseryState& starter = NurseryAccess::State(nursery);
    handshake->starter = &starter;
    handshake->child = std::apply(
        [&](Args&... arg) {
          return NewChild(starter, std::move(f), std::move(arg)...,
                          StartAccess::Status<V>(handshake));
        },
        args);
    starter.Adopt(handshake->child);
    co_return;
  };
  absl::Status ended;
#if defined(__cpp_exceptions)
  try {
    ended = co_await WithNursery(start_child);
  } catch (const ExceptionGroup& group) {
    RethrowUnwrapped(group);
  }
#else
  ended = co_await WithNursery(start_child);
#endif
  if (!ended.ok()) co_return ended;
  if (!handshake->is_started) co_return EndedWithoutStarted();
  if constexpr (std::is_void_v<V>) {
    co_return absl::OkStatus();
  } else {
    co_return std::move(*handshake->value);
  }
}
CRECHE_CORO_TEMPLATES_END

}  // namespace internal

template <typename V, typename F, typename... Args>
CRECHE_CORO_WRAPPER Task<StatusOrOf<V>> Nursery::Start(F&& f, Args&&... args) {
  CRECHE_REQUIRE_SAFE_CLOSURE(F);
  static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...,
                                    TaskStatus<V>>,
                "creche: Start<V>(f, args...) calls f with copies of args and, "
                "last, a creche::TaskStatus<V>");
  state_.CheckOpen("Start");
  internal::CheckLentArguments<F, Args...>(state_, "Start", f, args...);
  return internal::StartIn<V>(
      &state_, std::decay_t<F>(std::forward<F>(f)),
      internal::KeptArguments<F, Args...>(std::forward<Args>(args)...));
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_START_INL_H_
