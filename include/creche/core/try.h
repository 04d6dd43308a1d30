// SPDX-License-Identifier: Apache-2.0
//
// Try: unwraps a result, or ends this coroutine with its error.
//
//   creche::Task<absl::Status> Greet() {
//     creche::TcpStream stream =
//         co_await creche::Try(creche::ConnectTcp("127.0.0.1", 80));
//     co_await creche::Try(stream.SendAll("hello"));
//     co_return absl::OkStatus();
//   }

#ifndef CRECHE_CORE_TRY_H_
#define CRECHE_CORE_TRY_H_

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/internal/try_awaiter.h"

namespace creche {

// Awaits `x` if it is an awaitable, and unwraps the absl::Status or
// absl::StatusOr<T> it gives: `co_await Try(x)` is of type void or T. On error
// the enclosing coroutine, which must return Task<absl::Status> or
// Task<absl::StatusOr<U>>, completes with that error; its locals are destroyed
// before its caller goes on, as with co_return.
//
// Cancellation: same as `x`.
inline internal::TryValue<absl::Status> Try(absl::Status status) {
  return internal::TryValue<absl::Status>(std::move(status));
}

// The same, for a value in place of nothing.
template <typename T>
internal::TryValue<absl::StatusOr<T>> Try(absl::StatusOr<T> result) {
  return internal::TryValue<absl::StatusOr<T>>(std::move(result));
}

// The same, for what an awaitable gives.
// Cancellation: same as `awaitable`.
template <typename Awaitable>
  requires internal::TaskAwaitable<std::remove_cvref_t<Awaitable>>
auto Try(Awaitable&& awaitable) {
  static_assert(!std::is_lvalue_reference_v<Awaitable>,
                "creche: a Task is awaited once, as an rvalue: pass "
                "std::move(task) to Try()");
  using Type = std::remove_cvref_t<Awaitable>;
  static_assert(internal::kIsStatusLike<internal::AwaitResult<Type>>,
                "creche: Try() takes what gives an absl::Status or an "
                "absl::StatusOr<T>");
  return internal::TryAwaiter<Type>(
      internal::AsyncBody<Type>(std::move(awaitable)));
}

// What is neither a Status nor an awaitable is refused, with a sentence.
template <internal::IsNotTried T>
auto Try(const T&) {
  static_assert(internal::kIsStatusLike<T>,
                "creche: Try() takes an absl::Status, an absl::StatusOr<T>, or "
                "an awaitable that gives one of them");
}

}  // namespace creche

#endif  // CRECHE_CORE_TRY_H_
