// SPDX-License-Identifier: Apache-2.0
//
// Select: waits for the first of several operations; the others have no effect.
//
//   auto first = co_await creche::Select(jobs.Receive(), stop.Wait(),
//                                        creche::SleepFor(absl::Seconds(5)));
//   switch (first.index()) {
//     case 0:
//       co_await Work(std::get<0>(first));  // A std::optional<Job>.
//       break;
//     case 1:
//       co_return;
//     case 2:
//       co_await Ping();
//       break;
//   }
//
// To run several tasks and take what the first gives, use Race()
// (core/combinators.h): there, others may have completed, too.

#ifndef CRECHE_SYNC_SELECT_H_
#define CRECHE_SYNC_SELECT_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "creche/core/internal/await_result.h"
#include "creche/core/internal/contest.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/parking_operation.h"
#include "creche/core/sleep.h"

namespace creche {
namespace internal {

template <typename Operation>
concept SelectableOperation =
    requires { typename Operation::CrecheSelectable; };

// What std::variant holds for an operation.
template <typename Operation>
using Selected = std::conditional_t<std::is_void_v<AwaitResult<Operation>>,
                                    std::monostate, AwaitResult<Operation>>;

// `Operations` are the operations themselves, or references to them.
template <typename... Operations>
class [[nodiscard]] SelectOperation final : private Contest {
  static constexpr std::size_t kCount = sizeof...(Operations);
  static constexpr std::size_t kNone = kCount;

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;
  using Result = std::variant<Selected<std::remove_reference_t<Operations>>...>;

  explicit SelectOperation(Operations&&... operations)
      : operations_(std::forward<Operations>(operations)...) {}
  SelectOperation(SelectOperation&& other) noexcept
      : operations_(std::move(other.operations_)) {}
  ~SelectOperation() = default;

  bool await_ready() { return MayCompleteAtOnce() && TryComplete(); }

  bool SuspendIn(Frame leaf) {
    TaskRecord& task = *running.task;
    if (task.is_cancelled()) {
      task.Stop(leaf);
    } else if (!MayStillCompleteAtOnce() && TryComplete()) {
      task.Yield(leaf, /*cancellable=*/false);
    } else {
      ForEach([&](auto& operation) { operation.Enter(task, this); });
      task.Wait(leaf, &CallAbort, this, "Select");
    }
    return true;
  }

  Result await_resume() { return TakeResult<0>(); }

 private:
  template <typename Action>
  void ForEach(Action action) {
    std::apply([&](auto&... operation) { (action(operation), ...); },
               operations_);
  }

  // Starts anywhere, so that no operation is preferred. But what is ready goes
  // before a deadline that has passed.
  bool TryComplete() {
    const std::size_t start =
        kCount > 1 ? NextChoice(static_cast<std::uint32_t>(kCount)) : 0;
    return TryFrom<false>(start) || TryFrom<true>(start);
  }

  template <bool kDeadlines>
  bool TryFrom(std::size_t start) {
    return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      return (TryOne<kIndex, kDeadlines>(kIndex >= start) || ...) ||
             (TryOne<kIndex, kDeadlines>(kIndex < start) || ...);
    }(std::index_sequence_for<Operations...>());
  }

  template <std::size_t kIndex, bool kDeadlines>
  bool TryOne(bool is_its_turn) {
    auto& operation = std::get<kIndex>(operations_);
    using Operation = std::remove_reference_t<decltype(operation)>;
    if constexpr (std::is_same_v<Operation, SleepAwaiter> != kDeadlines) {
      return false;
    } else {
      if (!is_its_turn || !operation.TryComplete()) return false;
      winner_ = kIndex;
      return true;
    }
  }

  void Win(const void* wait) override {
    std::size_t index = 0;
    ForEach([&](auto& operation) {
      if (AddressOf(operation) == wait) {
        winner_ = index;
      } else {
        operation.Leave();
      }
      ++index;
    });
  }

  // As what an operation gives itself to its contest.
  static const void* AddressOf(const Parked& operation) { return &operation; }
  static const void* AddressOf(const SleepAwaiter& operation) {
    return &operation;
  }

  static Abort CallAbort(void* self) {
    static_cast<SelectOperation*>(self)->ForEach(
        [](auto& operation) { operation.Leave(); });
    return Abort::kDone;
  }

  template <std::size_t kIndex>
  Result TakeResult() {
    if constexpr (kIndex + 1 < kCount) {
      if (winner_ != kIndex) return TakeResult<kIndex + 1>();
    }
    auto& operation = std::get<kIndex>(operations_);
    if constexpr (std::is_void_v<decltype(operation.await_resume())>) {
      operation.await_resume();
      return Result(std::in_place_index<kIndex>);
    } else {
      return Result(std::in_place_index<kIndex>, operation.await_resume());
    }
  }

  std::tuple<Operations...> operations_;
  std::size_t winner_ = kNone;
};

}  // namespace internal

// Waits until the first of `operations` can complete, and completes that one.
// Gives a std::variant: its index() says which, and it holds what that
// operation gives when it is awaited alone (std::monostate for nothing).
//
// An operation is what these return: Sender::Send(), Receiver::Receive(),
// Event::Wait(), Lock::Acquire(), Semaphore::Acquire(),
// CapacityLimiter::Acquire(), WatchReader::Next(), Watch::WaitUntil(),
// Subscription::Receive(), SleepFor(), SleepUntil(), SleepForever(); or a
// ParkingOperation of your own. One that is given as an lvalue and loses is as
// it was before: it can take part in another Select() or be awaited, and a Send
// still has its value().
//
// Of several that can complete at once, each has the same chance, except that
// a deadline that has passed yields to all others. Of those that are waited for
// the one that can complete first does.
//
// Cancellation: safe. None of the operations has had any effect.
template <typename... Operations>
auto Select(Operations&&... operations) {
  static_assert(sizeof...(Operations) > 0,
                "creche: Select() needs something to wait for");
  static_assert(
      (internal::SelectableOperation<std::remove_cvref_t<Operations>> && ...),
      "creche: Select() takes operations of sync/ and sleeps, which have no "
      "effect unless they complete; for Tasks, use Race()");
  return internal::SelectOperation<Operations...>(
      std::forward<Operations>(operations)...);
}

}  // namespace creche

#endif  // CRECHE_SYNC_SELECT_H_
